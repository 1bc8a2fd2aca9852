/* outputs.c - opens the list of outputs of the options. */
#include "app/outputs.h"

#include "base/log.h"
#include "os/privilege.h"

#include <unistd.h>

static bool output_add(struct sinks *s, const char *spec)
{
	struct error why = {0};

	bool fine = sinks_add(s, spec, &why);
	if (!fine)
		log_line("%s", why.text);
	return fine;
}

struct sinks *outputs_open(const struct options *o, const struct alerting *alerting,
			   void (*packets)(void *arg, struct report *r), void *arg)
{
	struct sinks_config config = sinks_config_default(alerting);
	struct sinks *s;
	bool fine;

	config.redact = o->redact;
	config.packets = packets;
	config.arg = arg;
	config.repeat = o->repeat;
	config.digest = o->digest;
	config.mode.live = o->interfaces.n > 0;
	config.mode.become = privilege_target(o->user, &config.mode.uid, &config.mode.gid);
	s = sinks_new(&config);
	fine = s != NULL;

	if (s == NULL)
		log_line("no memory for the outputs");
	else if (o->outputs.n == 0 && o->explain == NULL && !o->top)
		fine = output_add(s, isatty(STDOUT_FILENO) ? "text" : "json");
	for (size_t i = 0; s != NULL && i < o->outputs.n; i++)
		fine &= output_add(s, o->outputs.all[i]);
	if (fine)
		return s;
	if (s != NULL)
		sinks_close(s);
	return NULL;
}
