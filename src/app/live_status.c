/* live_status.c - joins socket, record and document. */
#include "app/live_status.h"

#include "status/document.h"
#include "status/place.h"
#include "text/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct live_status {
	const struct options *o;
	struct status_server *server; /* NULL: none */
	struct status_record record;
	char place[STATUS_PATH], words[ERROR_MAX + 32];
};

static void open_at(struct live_status *s, const char *path, const struct run_mode *mode)
{
	struct error why;
	s->server = status_server_open(path, mode, &why);
	if (s->server)
		snprintf(s->words, sizeof s->words, "status at %s", path);
	else
		snprintf(s->words, sizeof s->words, "no status: %s", why.text);
}

struct live_status *live_status_open(const struct options *o, const struct run_mode *mode)
{
	struct live_status *s = calloc(1, sizeof *s);
	const char *path;
	if (!s)
		return NULL;
	s->o = o;
	path = status_place_own(o->status_socket, s->place);
	if (path)
		open_at(s, path, mode);
	else
		snprintf(s->words, sizeof s->words, "no status: %s",
			 o->status_socket ? "it is off" : "XDG_RUNTIME_DIR names no folder for it");
	return s;
}

const char *live_status_words(const struct live_status *s)
{
	return s ? s->words : "no status: no memory";
}

void live_status_note(struct live_status *s, const struct report *r)
{
	if (s && s->server)
		status_note(&s->record, r);
}

void live_status_observe(struct live_status *s, const struct summary *sum)
{
	if (s)
		status_observe(&s->record, sum, clock_read(CLOCK_REALTIME));
}

void live_status_put(struct live_status *s, const struct summary *sum, struct outbuf *b)
{
	struct status_facts facts = {.configuration = s->o->config,
				     .pid = (long)getpid(),
				     .now = clock_read(CLOCK_REALTIME)};
	live_status_observe(s, sum);
	status_document(b, &facts, &s->record, sum);
}

struct status_server *live_status_server(struct live_status *s)
{
	return s ? s->server : NULL;
}

void live_status_close(struct live_status *s)
{
	if (s)
		status_server_close(s->server);
	free(s);
}
