/* writer.c - the program's side: from records to jobs, and what was watched. */
#include "history/store/writer.h"

#include "base/log.h"
#include "history/store/folder.h"
#include "history/store/job.h"
#include "history/store/sqlite_api.h"
#include "transport/helper_process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* BEAT_MS: how often the watched time is renewed, and rows lost or packets dropped are asked for.
 * STEP_MS: a beat that is so late, or before the latest one, comes from a clock that was set. */
static const int64_t beat_ms = 10 * 1000, step_ms = 60 * 1000;

struct history_writer {
	struct history_keys *keys;
	struct attempts *attempts;
	struct helper *helper;
	struct run_mode mode;
	struct store_config store;
	bool names;
	enum redact_mode redact;
	int lock;
	struct outbuf job; /* of the session under way */
	struct day_watched watched;
	int64_t beat;                    /* the latest, milliseconds since the epoch; 0: none */
	uint64_t dropped, lost, omitted; /* so far; lost and omitted as written */
	bool omitted_said;
};

static bool open_failed(struct history_writer *w, struct error *why, const char *text)
{
	if (text)
		error_set(why, "%s", text);
	if (w->lock >= 0)
		close(w->lock);
	attempts_free(w->attempts);
	history_keys_free(w->keys);
	free(w);
	return false;
}

/* The process stands in another folder. */
static bool path_resolve(struct history_writer *w, const char *path, struct error *why)
{
	char *real = realpath(path, NULL);
	bool fits = real && strlen(real) < sizeof w->store.path;
	if (fits)
		memcpy(w->store.path, real, strlen(real) + 1);
	else
		error_set(why, "the history %.200s: %s", path,
			  strerror(real ? ENAMETOOLONG : errno));
	free(real);
	return fits;
}

struct history_writer *history_writer_open(const struct history_writer_config *config,
					   struct error *why)
{
	struct history_writer *w = sqlite_api(why) ? calloc(1, sizeof *w) : NULL;
	if (!w)
		return NULL;
	w->lock = -1;
	w->mode = config->mode;
	w->names = config->names;
	w->redact = config->redact.mode;
	w->keys = history_keys_new(config->redact.key);
	w->attempts = w->keys ? attempts_new(w->keys) : NULL;
	if (!w->attempts) {
		open_failed(w, why, "no memory for the history");
		return NULL;
	}
	w->lock = folder_lock(config->path, config->gateway, w->mode.become, w->mode.uid,
			      w->mode.gid, why);
	if (w->lock < 0 || !path_resolve(w, config->path, why)) {
		open_failed(w, why, NULL);
		return NULL;
	}
	w->store.days = config->days;
	w->store.gateway = config->gateway;
	w->store.key_id = history_keys_id(w->keys);
	w->store.live = w->mode.live;
	w->helper = helper_start("history", &w->mode, store_work, &w->store, why);
	if (!w->helper) {
		open_failed(w, why, NULL);
		return NULL;
	}
	return w;
}

/* Adds a name, as the operator wants it shown. whole: a site or a domain, which is nobody's. */
static void name_add(const struct history_writer *w, struct job_item *item, struct outbuf *text,
		     uint64_t key, struct bytes name, bool whole)
{
	static const char mark[] = "***";
	size_t begin = text->n;
	bool local = w->redact == REDACT_LOCAL;
	if (key == 0 || name.n == 0 || item->names == JOB_NAMES)
		return;
	if (!whole && (!w->names || (w->redact != REDACT_NONE && !local)))
		return;
	if (!whole && local) {
		struct bytes domain = address_domain(name);
		outbuf_str(text, mark);
		outbuf_char(text, '@');
		name = domain;
	}
	outbuf_bytes(text, name.p, name.n);
	item->keys[item->names] = key;
	item->lengths[item->names++] = (uint16_t)(text->n - begin);
}

static void item_add(struct history_writer *w, const struct job_item *item,
		     const struct outbuf *text)
{
	outbuf_bytes(&w->job, item, sizeof *item);
	outbuf_bytes(&w->job, text->p, text->n);
}

static void on_attempt(void *arg, const struct attempt *a, const struct attempt_texts *texts)
{
	struct history_writer *w = arg;
	struct job_item item = {.kind = JOB_ATTEMPT, .attempt = *a};
	struct outbuf text = {0};
	uint8_t room[STRING_TEXT_MAX];
	name_add(w, &item, &text, a->site, texts->site, true);
	name_add(w, &item, &text, a->domain, texts->domain, true);
	name_add(w, &item, &text, a->sender, address_inner(texts->sender, room), false);
	name_add(w, &item, &text, a->rcpt, address_inner(texts->rcpt, room), false);
	name_add(w, &item, &text, a->msgid, texts->msgid, false);
	item_add(w, &item, &text);
	outbuf_free(&text);
}

static void on_unread(void *arg, const struct attempt_unread *u)
{
	struct history_writer *w = arg;
	struct job_item item = {.kind = JOB_UNREAD, .unread = *u};
	struct outbuf text = {0};
	name_add(w, &item, &text, u->site, u->site_text, true);
	item.unread.site_text = bytes_of(NULL, 0);
	item_add(w, &item, &text);
	outbuf_free(&text);
	w->watched.unread++;
}

/* Hands the job over; a job that is too long, or for which memory is exhausted, is lost there. */
static void job_send(struct history_writer *w)
{
	struct outbuf *b = helper_job(w->helper);
	outbuf_bytes(b, w->job.p, w->job.n);
	b->failed |= w->job.failed;
	w->job.n = 0;
	w->job.failed = false;
	helper_send(w->helper);
}

void history_writer_record(struct history_writer *w, const struct record *record)
{
	const struct attempt_taker taker = {on_attempt, on_unread, w};
	uint64_t omitted = attempts_make(w->attempts, record, &taker);
	w->watched.sessions++;
	w->omitted += omitted;
	if (omitted > 0 && !w->omitted_said)
		log_line("history: a message has more recipients than are kept; the others are "
			 "counted and missing from the history; said once");
	w->omitted_said |= omitted > 0;
	if (w->job.n > 0 || w->job.failed)
		job_send(w);
}

static void watched_send(struct history_writer *w, const struct day_watched *watched)
{
	struct job_item item = {.kind = JOB_WATCHED, .watched = *watched};
	outbuf_bytes(&w->job, &item, sizeof item);
	job_send(w);
}

/* Ends the watched time at `end`, and begins another one behind it. */
static void watched_next(struct history_writer *w, int64_t end, int64_t start)
{
	w->watched.end = end;
	watched_send(w, &w->watched);
	w->watched = (struct day_watched){.start = start, .end = start};
}

/* What was lost since the latest beat stands in a time of its own, so that the rest stays good. */
static void losses_write(struct history_writer *w, int64_t now, uint64_t dropped)
{
	struct helper_counts counts = helper_counts(w->helper);
	struct day_watched lost = {.start = w->beat + 1,
				   .end = now,
				   .dropped = dropped - w->dropped,
				   .lost = counts.lost - w->lost};
	if (lost.dropped + lost.lost == 0)
		return;
	w->dropped = dropped;
	w->lost = counts.lost;
	watched_next(w, w->beat, now + 1);
	watched_send(w, &lost);
}

void history_writer_tick(struct history_writer *w, int64_t now, uint64_t dropped)
{
	int64_t ms = now / FRAME_MS;
	helper_tick(w->helper, now);
	if (w->beat == 0) {
		w->watched = (struct day_watched){.start = ms, .end = ms};
	} else if (ms < w->beat || ms > w->beat + step_ms) {
		watched_next(w, w->beat, ms);
	} else if (ms < w->beat + beat_ms) {
		return;
	} else if (ms / FOLDER_DAY_MS != w->watched.start / FOLDER_DAY_MS) {
		int64_t midnight = ms / FOLDER_DAY_MS * FOLDER_DAY_MS;
		watched_next(w, midnight - 1, midnight);
	}
	if (w->beat > 0 && ms > w->beat)
		losses_write(w, ms, dropped);
	w->watched.end = ms > w->watched.start ? ms : w->watched.start;
	watched_send(w, &w->watched);
	w->beat = ms;
	helper_flush(w->helper);
}

void history_writer_span(struct history_writer *w, int64_t start, int64_t end, uint64_t dropped)
{
	struct day_watched one = w->watched;
	int64_t from = start / FRAME_MS, to = end / FRAME_MS;
	one.dropped = dropped;
	/* A day's file has its part. */
	while (from <= to) {
		int64_t midnight = (from / FOLDER_DAY_MS + 1) * FOLDER_DAY_MS;
		one.start = from;
		one.end = to < midnight ? to : midnight - 1;
		watched_send(w, &one);
		one.sessions = one.unread = 0;
		from = midnight;
	}
	w->watched = (struct day_watched){0};
}

size_t history_writer_poll(const struct history_writer *w, struct pollfd *p)
{
	return helper_poll(w->helper, p);
}

void history_writer_ready(struct history_writer *w, const struct pollfd *p)
{
	helper_ready(w->helper, p);
}

void history_writer_flush(struct history_writer *w)
{
	helper_flush(w->helper);
}

bool history_writer_alive(const struct history_writer *w)
{
	return helper_alive(w->helper);
}

struct history_writer_counts history_writer_counts(const struct history_writer *w)
{
	struct helper_counts c = helper_counts(w->helper);
	return (struct history_writer_counts){c.offered, c.done, c.lost, w->omitted};
}

bool history_writer_close(struct history_writer *w)
{
	bool whole;
	if (!w)
		return true;
	if (w->mode.live && w->beat > 0)
		watched_send(w, &w->watched);
	whole = helper_close(w->helper);
	close(w->lock);
	attempts_free(w->attempts);
	history_keys_free(w->keys);
	outbuf_free(&w->job);
	free(w);
	return whole;
}
