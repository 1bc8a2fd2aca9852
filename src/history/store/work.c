/* work.c - the process that writes: takes jobs, commits once a second, begins each day's file. */
#include "history/store/job.h"

#include "base/log.h"
#include "history/store/folder.h"
#include "text/clock.h"
#include "transport/helper_process.h"
#include "transport/target_state.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

/* OPEN: days that are open at a time; rows of yesterday come after midnight. COMMIT: so many rows,
 * or so much time. PAUSE_MS: after a failure. KNOWN: names that need not be written again.
 * PRUNE_MS: a clock that was wrong for less prunes nothing. */
enum { OPEN = 2, COMMIT_ROWS = 4096, COMMIT_MS = 1000, PAUSE_MS = 1000, KNOWN = 1 << 14 };

static const int64_t prune_ms = INT64_C(3600) * 1000;

struct open_day {
	struct day_file *file; /* NULL: none */
	int64_t day;
	uint64_t used; /* when it was last written to, a serial number */
	bool begun;    /* a transaction is open */
	char name[FOLDER_NAME_MAX];
	uint64_t known[KNOWN];
};

struct store {
	const struct store_config *config;
	struct open_day days[OPEN];
	uint64_t serial;
	uint64_t jobs;     /* of the open transactions */
	uint64_t rows;     /* likewise */
	int64_t begun;     /* monotonic milliseconds: of the transactions */
	int64_t pause;     /* monotonic milliseconds: until then nothing is tried */
	int64_t newest;    /* the latest day with rows */
	int64_t newest_at; /* its first row, milliseconds since the epoch */
	int64_t pruned;    /* the day for which files were pruned */
	struct target_state state;
	int parent;
};

/* All transactions are over without effect: their jobs are lost. */
static void give_up(struct store *s, const char *why)
{
	for (unsigned i = 0; i < OPEN; i++) {
		day_close(s->days[i].file, false);
		s->days[i].file = NULL;
		s->days[i].begun = false;
	}
	target_state_down(&s->state, why);
	for (; s->jobs > 0; s->jobs--) {
		target_state_lose(&s->state);
		helper_report(s->parent, (struct helper_report){.lost = 1});
	}
	s->rows = 0;
	s->pause = clock_ms() + PAUSE_MS;
}

static void damaged(const struct store *s, const char *name, const char *why)
{
	bool moved = folder_set_aside(s->config->path, name);
	log_line("the history's file %s/%s is damaged (%s) and was %s", s->config->path, name, why,
		 moved ? "set aside; a new one begins" : "left; it cannot be set aside");
}

static void fail(struct store *s, struct open_day *d, enum day_fault fault, const char *why)
{
	char name[FOLDER_NAME_MAX];
	memcpy(name, d->name, sizeof name);
	give_up(s, why);
	if (fault == DAY_DAMAGED)
		damaged(s, name, why);
}

static void prune(struct store *s)
{
	unsigned n;
	if (s->pruned == s->newest || s->newest == 0)
		return;
	s->pruned = s->newest;
	n = folder_prune(s->config->path, s->config->gateway,
			 s->newest - (int64_t)s->config->days + 1);
	if (n > 0)
		log_line("history %s: %u file%s older than %u days removed", s->config->path, n,
			 n == 1 ? "" : "s", s->config->days);
}

static struct open_day *day_reopen(struct store *s, struct open_day *d)
{
	char path[sizeof s->config->path + FOLDER_NAME_MAX + 1];
	enum day_fault fault;
	struct error why = {0};
	folder_name(d->name, d->day, s->config->gateway, s->config->key_id);
	snprintf(path, sizeof path, "%s/%s", s->config->path, d->name);
	memset(d->known, 0, sizeof d->known);
	for (unsigned tries = 0; tries < 2 && !d->file; tries++) {
		d->file = day_open(path, DAY_WRITE, s->config->gateway, s->config->key_id, &fault,
				   &why);
		if (d->file || fault != DAY_DAMAGED)
			break;
		damaged(s, d->name, why.text);
	}
	if (d->file)
		return d;
	fail(s, d, DAY_TROUBLE, why.text);
	return NULL;
}

static bool commit(struct store *s);

/* Returns the file of a day, in a transaction, or NULL. */
static struct open_day *day_of(struct store *s, int64_t at)
{
	int64_t day = at / FOLDER_DAY_MS;
	struct open_day *d = &s->days[0];
	enum day_fault fault;
	struct error why = {0};
	for (unsigned i = 0; i < OPEN; i++) {
		struct open_day *one = &s->days[i];
		if (one->file && one->day == day) {
			d = one;
			break;
		}
		if (!one->file || (d->file && one->used < d->used))
			d = one;
	}
	if (d->file && d->day != day) {
		if (!commit(s))
			return NULL;
		day_close(d->file, true);
		d->file = NULL;
	}
	d->day = day;
	d->used = ++s->serial;
	if (!d->file && !day_reopen(s, d))
		return NULL;
	if (!d->begun && !day_begin(d->file, &fault, &why)) {
		fail(s, d, fault, why.text);
		return NULL;
	}
	d->begun = true;
	if (day > s->newest) {
		s->newest = day;
		s->newest_at = at;
	}
	return d;
}

/* Returns false if the rows are lost. */
static bool commit(struct store *s)
{
	for (unsigned i = 0; i < OPEN; i++) {
		struct open_day *d = &s->days[i];
		enum day_fault fault;
		struct error why = {0};
		if (d->begun && !day_commit(d->file, &fault, &why)) {
			fail(s, d, fault, why.text);
			return false;
		}
		d->begun = false;
	}
	if (s->jobs > 0)
		target_state_up(&s->state);
	helper_report(s->parent, (struct helper_report){.done = s->jobs});
	s->jobs = s->rows = 0;
	return true;
}

static bool names_put(struct open_day *d, const struct job_item *item, const uint8_t *text,
		      enum day_fault *fault, struct error *why)
{
	for (unsigned i = 0; i < item->names; i++) {
		struct day_name name = {item->keys[i], bytes_of(text, item->lengths[i])};
		uint64_t *known = &d->known[name.key % KNOWN];
		text += item->lengths[i];
		if (*known == name.key || name.key == 0)
			continue;
		if (!day_put_name(d->file, name, fault, why))
			return false;
		*known = name.key;
	}
	return true;
}

/* Returns false if the transaction is lost. */
static bool item_put(struct store *s, const struct job_item *item, const uint8_t *text)
{
	int64_t at = item->kind == JOB_ATTEMPT  ? item->attempt.at
		     : item->kind == JOB_UNREAD ? item->unread.at
						: item->watched.start;
	struct open_day *d = day_of(s, at);
	enum day_fault fault = DAY_TROUBLE;
	struct error why = {0};
	bool put;
	if (!d)
		return false;
	if (item->kind == JOB_ATTEMPT)
		put = day_put(d->file, &item->attempt, &fault, &why);
	else if (item->kind == JOB_UNREAD)
		put = day_put_unread(d->file, &item->unread, &fault, &why);
	else
		put = day_put_watched(d->file, &item->watched, &fault, &why);
	put = put && names_put(d, item, text, &fault, &why);
	if (!put)
		fail(s, d, fault, why.text);
	s->rows++;
	return put;
}

static void job_put(struct store *s, const uint8_t *job, size_t n)
{
	bool put = clock_ms() >= s->pause;
	if (s->jobs == 0)
		s->begun = clock_ms();
	for (size_t at = 0; put && at < n;) {
		struct job_item item;
		size_t begin = at + sizeof item;
		memcpy(&item, job + at, sizeof item);
		at = begin;
		for (unsigned i = 0; i < item.names; i++)
			at += item.lengths[i];
		put = item_put(s, &item, job + begin);
	}
	if (put) {
		s->jobs++;
		return;
	}
	target_state_lose(&s->state);
	helper_report(s->parent, (struct helper_report){.lost = 1});
}

void store_work(int fd, const void *arg)
{
	struct store *s = calloc(1, sizeof *s);
	uint8_t *job = malloc(HELPER_JOB_MAX);
	size_t n = 1;
	if (!s || !job) {
		free(s);
		free(job);
		return;
	}
	s->config = arg;
	s->parent = fd;
	s->state.name = s->config->path;
	while (n > 0) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		bool due = s->jobs > 0 && clock_ms() - s->begun >= COMMIT_MS;
		if ((due || s->rows >= COMMIT_ROWS) && commit(s) && s->config->live &&
		    clock_read(CLOCK_REALTIME) / FRAME_MS - s->newest_at > prune_ms)
			prune(s);
		if (poll(&p, 1, s->jobs > 0 ? COMMIT_MS : -1) > 0 && (n = helper_take(fd, job)) > 0)
			job_put(s, job, n);
	}
	if (commit(s) && !s->config->live)
		prune(s);
	for (unsigned i = 0; i < OPEN; i++)
		day_close(s->days[i].file, true);
	target_state_close(&s->state);
	free(job);
	free(s);
}
