/* check.c - tries filter, outputs and user without opening, making or sending anything. */
#include "options/sources.h"

#include "capture/filters.h"
#include "os/privilege.h"
#include "sink/sink.h"

#include <string.h>

static bool filter_try(const struct options *o, const char *value, struct error *why)
{
	(void)o;
	return filters_check(value, why);
}

static bool user_try(const struct options *o, const char *value, struct error *why)
{
	(void)o;
	if (privilege_user_known(value))
		return true;
	return error_set(why, "there is no user \"%.99s\"", value);
}

static bool output_try(const struct options *o, const char *value, struct error *why)
{
	const struct run_mode mode = {.live = o->reads.n == 0};
	const char *target;
	const struct sink_kind *kind = sink_kind_read(value, &target);
	return !kind || !kind->check || kind->check(target, &mode, why);
}

/* How to try a value. If the value can never work, try_ returns false with a sentence. If it would
 * fail on this machine now, try_ returns true with a sentence. */
struct trial {
	const char *option;
	bool (*try_)(const struct options *o, const char *value, struct error *why);
};

static const struct trial trials[] = {
	{"filter", filter_try}, {"output", output_try}, {"user", user_try}};

static void value_check(const struct options *o, const struct trial *t, const struct setting *s,
			struct config_errors *m)
{
	struct error why = {0};
	bool fine = t->try_(o, s->value, &why);
	if (!fine)
		config_errors_add(m, s->line, s->line > 0 ? "%s: %s" : "--%s: %s", t->option,
				  why.text);
	else if (why.text[0] != '\0' && s->line > 0)
		fprintf(m->to, "smtpwatch: %s:%u: %s: as things are: %s\n", m->file, s->line,
			t->option, why.text);
	else if (why.text[0] != '\0')
		fprintf(m->to, "smtpwatch: --%s: as things are: %s\n", t->option, why.text);
}

void options_check(const struct options *o, struct config_errors *m)
{
	for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++) {
		const struct option_row *row =
			option_row_named(trials[i].option, strlen(trials[i].option));
		size_t at = 0;
		for (const struct setting *s; (s = settings_next(&o->settings, row, &at));)
			value_check(o, &trials[i], s, m);
	}
}
