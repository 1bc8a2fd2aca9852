/* mail_history.c - hands records to the files of a history, or to the engine. */
#include "app/mail_history.h"

#include "base/log.h"
#include "history/outcome.h"
#include "text/buffer.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

struct mail_history {
	struct history_writer *writer; /* NULL: within the run */
	struct outcomes *outcomes;     /* NULL: in files */
	struct history_keys *keys;
	struct attempts *attempts;
	char gateway[GATEWAY_MAX];
	int64_t latest; /* milliseconds: of sessions and watched times */
};

static bool writer_open(struct mail_history *h, const struct options *o,
			const struct run_mode *mode, struct error *why)
{
	char path[PATH_MAX];
	struct history_writer_config config = {.path = path,
					       .days = o->history.days,
					       .gateway = h->gateway,
					       .names = o->history_names,
					       .redact = o->redaction,
					       .mode = *mode};
	if (o->history.path_n >= sizeof path)
		return error_set(why, "the path of the history is too long");
	memcpy(path, o->history.path, o->history.path_n);
	path[o->history.path_n] = '\0';
	h->writer = history_writer_open(&config, why);
	return h->writer;
}

/* Its keys compare mails of this run alone, and are forgotten with it. */
static bool engine_open(struct mail_history *h, const struct options *o, struct error *why)
{
	uint8_t key[DIGEST_KEY] = {0};
	struct outcomes_config config = {.mails = OUTCOMES_MAILS, .give_up = o->give_up / FRAME_MS};
	if (getrandom(key, sizeof key, 0) == sizeof key)
		h->keys = history_keys_new(key);
	h->attempts = h->keys ? attempts_new(h->keys) : NULL;
	h->outcomes = h->attempts ? outcomes_new(&config) : NULL;
	return h->outcomes || error_set(why, "no memory for the history");
}

bool mail_history_open(struct mail_history **out, const struct options *o,
		       const struct run_mode *mode, struct error *why)
{
	struct mail_history *h;
	*out = NULL;
	if (!o->history.path && !o->history.memory)
		return true;
	h = calloc(1, sizeof *h);
	if (!h)
		return error_set(why, "no memory for the history");
	memcpy(h->gateway, o->alerting.gateway, sizeof h->gateway);
	if (o->history.memory ? engine_open(h, o, why) : writer_open(h, o, mode, why)) {
		*out = h;
		return true;
	}
	mail_history_close(h);
	return false;
}

static void on_attempt(void *arg, const struct attempt *a, const struct attempt_texts *texts)
{
	struct mail_history *h = arg;
	(void)texts;
	h->latest = a->at > h->latest ? a->at : h->latest;
	outcomes_attempt(h->outcomes, a, 0);
}

static void on_unread(void *arg, const struct attempt_unread *u)
{
	struct mail_history *h = arg;
	outcomes_unread(h->outcomes, u->at, u->site, &u->client);
}

void mail_history_record(struct mail_history *h, const struct record *record)
{
	const struct attempt_taker taker = {on_attempt, on_unread, h};
	if (h && h->writer)
		history_writer_record(h->writer, record);
	else if (h)
		attempts_make(h->attempts, record, &taker);
}

static void watched(struct mail_history *h, int64_t start, int64_t end)
{
	outcomes_watched(h->outcomes, 0, start / FRAME_MS, end / FRAME_MS);
	h->latest = end / FRAME_MS > h->latest ? end / FRAME_MS : h->latest;
}

void mail_history_tick(struct mail_history *h, int64_t now, uint64_t dropped)
{
	if (h && h->writer)
		history_writer_tick(h->writer, now, dropped);
	else if (h)
		watched(h, now - FRAME_SECOND, now);
}

void mail_history_span(struct mail_history *h, int64_t start, int64_t end, uint64_t dropped)
{
	if (h && h->writer)
		history_writer_span(h->writer, start, end, dropped);
	else if (h)
		watched(h, start, end);
}

void mail_history_flush(struct mail_history *h)
{
	if (h && h->writer)
		history_writer_flush(h->writer);
}

struct pollfd mail_history_poll(const struct mail_history *h)
{
	struct pollfd p = {.fd = -1};
	if (!h || !h->writer || history_writer_poll(h->writer, &p) == 0)
		p.fd = -1;
	return p;
}

void mail_history_ready(struct mail_history *h, const struct pollfd *p)
{
	if (h && h->writer && p->fd >= 0)
		history_writer_ready(h->writer, p);
}

bool mail_history_alive(const struct mail_history *h)
{
	return !h || !h->writer || history_writer_alive(h->writer);
}

static void count(void *arg, const struct mail_view *v)
{
	uint64_t *counts = arg;
	counts[v->outcome]++;
}

static void sum_log(const struct mail_history *h)
{
	uint64_t counts[OUTCOMES] = {0};
	struct outbuf b = {0};
	outcomes_each(h->outcomes, h->latest, count, counts);
	for (unsigned i = 0; i < OUTCOMES; i++)
		if (counts[i] > 0)
			outbuf_format(&b, "%s%llu %s", b.n > 0 ? ", " : "",
				      (unsigned long long)counts[i],
				      outcome_row((enum outcome)i)->name);
	if (b.n > 0 && !b.failed)
		log_line("mails, each to one recipient: %.*s", (int)b.n, b.p);
	outbuf_free(&b);
}

bool mail_history_close(struct mail_history *h)
{
	bool whole;
	if (!h)
		return true;
	if (h->outcomes)
		sum_log(h);
	whole = history_writer_close(h->writer);
	outcomes_free(h->outcomes);
	attempts_free(h->attempts);
	history_keys_free(h->keys);
	free(h);
	return whole;
}
