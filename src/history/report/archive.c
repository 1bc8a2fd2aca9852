/* archive.c - opens the files, and merges them by time. */
#include "history/report/archive.h"

#include "base/log.h"
#include "history/store/folder.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

struct archive_file {
	struct day_file *file;
	int64_t day;
	unsigned gateway;
};

struct archive {
	struct archive_file *files; /* owned; by day, then gateway */
	size_t n;
	char gateways[ARCHIVE_GATEWAYS][FOLDER_GATEWAY_MAX];
	unsigned gateways_n;
	uint32_t *keys; /* owned */
	size_t keys_n;
	int64_t end;
	bool broken;
};

static bool complain(struct archive *a, const char *name, const char *why)
{
	log_line("%s: %s; its day counts as not watched", name, why);
	a->broken = true;
	return false;
}

/* More gateways than there are numbers share the last one. */
static unsigned gateway_number(struct archive *a, const char *gateway)
{
	for (unsigned i = 0; i < a->gateways_n; i++)
		if (strcmp(a->gateways[i], gateway) == 0)
			return i;
	if (a->gateways_n == ARCHIVE_GATEWAYS)
		return ARCHIVE_GATEWAYS - 1;
	snprintf(a->gateways[a->gateways_n], sizeof a->gateways[0], "%s", gateway);
	return a->gateways_n++;
}

static void key_note(struct archive *a, uint32_t key)
{
	for (size_t i = 0; i < a->keys_n; i++)
		if (a->keys[i] == key)
			return;
	a->keys[a->keys_n++] = key;
}

static void on_watched(void *arg, const struct day_watched *w)
{
	struct archive *a = arg;
	a->end = w->end > a->end ? w->end : a->end;
}

static void file_open(struct archive *a, const char *path, const struct folder_file *f)
{
	char full[PATH_MAX];
	enum day_fault fault;
	struct error why = {0};
	struct archive_file *one = &a->files[a->n];
	snprintf(full, sizeof full, "%s/%s", path, f->name);
	one->day = f->day;
	one->file = day_open(full, DAY_READ, NULL, 0, &fault, &why);
	if (!one->file) {
		complain(a, full, why.text);
		return;
	}
	if (!day_read_watched(one->file, on_watched, a, &why)) {
		complain(a, full, why.text);
		day_close(one->file, false);
		return;
	}
	/* Of a run that was killed, or goes on, the watched time is not written yet. */
	if (day_latest(one->file) > a->end)
		a->end = day_latest(one->file);
	one->gateway = gateway_number(a, day_gateway(one->file));
	key_note(a, day_key_id(one->file));
	a->n++;
}

struct archive *archive_open(const char *path, struct error *why)
{
	struct folder f;
	struct archive *a;
	if (!folder_read(path, &f, why))
		return NULL;
	a = calloc(1, sizeof *a);
	if (a && f.n > 0) {
		a->files = calloc(f.n, sizeof *a->files);
		a->keys = calloc(f.n, sizeof *a->keys);
	}
	if (!a || !a->files || !a->keys) {
		error_set(why, f.n > 0 ? "no memory" : "there is no history in %.200s", path);
		free(f.all);
		archive_close(a);
		return NULL;
	}
	for (size_t i = 0; i < f.n; i++)
		file_open(a, path, &f.all[i]);
	free(f.all);
	return a;
}

void archive_close(struct archive *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++)
		day_close(a->files[i].file, false);
	free(a->files);
	free(a->keys);
	free(a);
}

bool archive_is_broken(const struct archive *a)
{
	return a->broken;
}

int64_t archive_end(const struct archive *a)
{
	return a->end;
}

size_t archive_keys(const struct archive *a)
{
	return a->keys_n;
}

uint32_t archive_key(const struct archive *a, size_t i)
{
	return a->keys[i];
}

const char *archive_gateway(const struct archive *a, unsigned gateway)
{
	return a->gateways[gateway % ARCHIVE_GATEWAYS];
}

/* One file of a merge. */
struct stream {
	struct day_cursor *cursor;
	unsigned gateway;
	struct attempt next;
};

static bool stream_step(struct archive *a, struct stream *s)
{
	struct error why = {0};
	if (day_cursor_next(s->cursor, &s->next, &why))
		return true;
	if (why.text[0] != '\0')
		complain(a, a->gateways[s->gateway], why.text);
	day_cursor_close(s->cursor);
	return false;
}

/* Reads the files of one day, which stand from `begin` to `end`. */
static void day_merge(struct archive *a, size_t begin, size_t end, uint32_t key_id,
		      const struct day_query *q, archive_taker *take, void *arg)
{
	struct stream *streams = calloc(end - begin, sizeof *streams);
	struct error why = {0};
	size_t n = 0;
	for (size_t i = begin; streams && i < end; i++) {
		struct stream *s = &streams[n];
		if (day_key_id(a->files[i].file) != key_id)
			continue;
		s->gateway = a->files[i].gateway;
		s->cursor = day_cursor_open(a->files[i].file, q, &why);
		if (!s->cursor)
			complain(a, a->gateways[s->gateway], why.text);
		else if (stream_step(a, s))
			n++;
	}
	while (n > 0) {
		size_t first = 0;
		for (size_t i = 1; i < n; i++)
			if (streams[i].next.at < streams[first].next.at)
				first = i;
		take(arg, &streams[first].next, streams[first].gateway);
		if (!stream_step(a, &streams[first])) {
			for (size_t i = first; i + 1 < n; i++)
				streams[i] = streams[i + 1];
			n--;
		}
	}
	free(streams);
}

void archive_read(struct archive *a, uint32_t key_id, const struct day_query *q, int64_t until,
		  archive_taker *take, void *arg)
{
	for (size_t begin = 0, end; begin < a->n; begin = end) {
		int64_t day = a->files[begin].day;
		for (end = begin; end < a->n && a->files[end].day == day; end++)
			;
		if ((day + 1) * FOLDER_DAY_MS > q->since && day * FOLDER_DAY_MS <= until)
			day_merge(a, begin, end, key_id, q, take, arg);
	}
}

struct watch_taker {
	struct outcomes *outcomes;
	unsigned gateway;
};

/* Nobody knows what was in the packets and rows that were lost. */
static void take_watched(void *arg, const struct day_watched *w)
{
	const struct watch_taker *t = arg;
	outcomes_watched(t->outcomes, t->gateway, w->start, w->end);
	if (w->dropped + w->lost > 0)
		outcomes_blind(t->outcomes, w->start, w->end);
}

static void take_unread(void *arg, const struct attempt_unread *u)
{
	const struct watch_taker *t = arg;
	outcomes_unread(t->outcomes, u->at, u->site, &u->client);
}

void archive_watched(struct archive *a, uint32_t key_id, int64_t since, int64_t until,
		     struct outcomes *o)
{
	for (size_t i = 0; i < a->n; i++) {
		struct archive_file *f = &a->files[i];
		struct watch_taker t = {o, f->gateway};
		struct error why = {0};
		if (day_key_id(f->file) != key_id || (f->day + 1) * FOLDER_DAY_MS <= since ||
		    f->day * FOLDER_DAY_MS > until)
			continue;
		if (!day_read_watched(f->file, take_watched, &t, &why) ||
		    !day_read_unread(f->file, take_unread, &t, &why))
			complain(a, a->gateways[f->gateway], why.text);
	}
}

const char *archive_name(struct archive *a, uint64_t key, char out[ARCHIVE_NAME_MAX])
{
	out[0] = '\0';
	if (key == 0)
		return out;
	for (size_t i = a->n; i > 0; i--)
		if (day_find_name(a->files[i - 1].file, key, out, ARCHIVE_NAME_MAX))
			return out;
	snprintf(out, ARCHIVE_NAME_MAX, "%016llx", (unsigned long long)key);
	return out;
}

bool archive_erase(const char *path, uint32_t key_id, uint64_t address, uint64_t *rows,
		   struct error *why)
{
	struct folder f;
	bool done = true;
	*rows = 0;
	if (!folder_read(path, &f, why))
		return false;
	for (size_t i = 0; i < f.n && done; i++) {
		char full[PATH_MAX];
		enum day_fault fault;
		uint64_t n = 0;
		struct day_file *d;
		snprintf(full, sizeof full, "%s/%s", path, f.all[i].name);
		d = day_open(full, DAY_CHANGE, "", key_id, &fault, why);
		done = d && (day_key_id(d) != key_id || day_erase(d, address, &n, why));
		*rows += n;
		day_close(d, false);
	}
	free(f.all);
	return done;
}
