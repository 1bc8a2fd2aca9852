/* report.c - reads the history into the engine, and shows what a question asks for. */
#include "history/report/report.h"

#include "history/report/mails.h"
#include "history/report/sums.h"

#include <stdlib.h>

/* MAILS: kept at a time, 80 bytes each. FOUND: recipients that a look-up follows. LOOKED_UP:
 * attempts that a look-up reads. */
enum { MAILS = 4000000, FOUND = 1000, LOOKED_UP = 1 << 18 };

struct row {
	struct attempt attempt;
	unsigned gateway;
};

struct report {
	const struct report_question *q;
	struct archive *archive;
	struct outfile *out;
	struct report_result *result;
	struct outcomes *outcomes;
	struct sums *sums;
	struct stamp stamp;
	uint32_t key_id; /* that is read now */
	int64_t now;
	uint64_t what, what_msgid; /* keys of what is looked up; 0: none */
	/* Of a look-up: */
	uint64_t *found; /* owned: recipients */
	size_t found_n;
	struct row *rows; /* owned */
	size_t rows_n;
	struct shown_mail shown;
	/* Owned: the mails to show. */
	struct mail_view *views;
	struct mail *mails;
	size_t views_n, views_capacity;
	bool no_memory;
};

static void feed(void *arg, const struct attempt *a, unsigned gateway)
{
	struct report *r = arg;
	if (r->sums)
		sums_attempt(r->sums, a);
	outcomes_attempt(r->outcomes, a, gateway);
}

static bool wanted(const struct report *r, const struct mail_view *v)
{
	return r->q->outcomes >> v->outcome & 1 && v->mail->first + v->mail->last >= r->q->since;
}

/* Keeps a mail until all are known: they are shown in the order of time. */
static void view_keep(struct report *r, const struct mail_view *v)
{
	if (r->views_n == r->views_capacity) {
		size_t capacity = r->views_capacity ? 2 * r->views_capacity : 256;
		void *views = realloc(r->views, capacity * sizeof *r->views);
		if (views)
			r->views = views;
		void *mails = realloc(r->mails, capacity * sizeof *r->mails);
		if (mails)
			r->mails = mails;
		if (!views || !mails) {
			r->no_memory = true;
			return;
		}
		r->views_capacity = capacity;
	}
	r->mails[r->views_n] = *v->mail;
	r->views[r->views_n++] = *v;
}

static void take(void *arg, const struct mail_view *v)
{
	struct report *r = arg;
	if (!wanted(r, v))
		return;
	r->result->mails++;
	r->result->of[v->outcome]++;
	if (r->sums)
		sums_mail(r->sums, v);
	else
		view_keep(r, v);
}

/* Adds an attempt to the mail that is shown. */
static void show_attempt(void *arg, const struct attempt *a, unsigned gateway)
{
	struct report *r = arg;
	struct shown_mail *m = &r->shown;
	bool same_site;
	if (!mail_has(&m->mail, a, &same_site) || a->fate == ATTEMPT_ABORTED)
		return;
	/* Other mails may have the same envelope. */
	if (same_site && (a->at < m->mail.first || a->at > m->mail.first + m->mail.last))
		return;
	if (same_site) {
		m->sender = a->sender;
		m->domain = a->domain;
	}
	if (m->n == SHOWN_ATTEMPTS) {
		m->omitted++;
		return;
	}
	m->attempts[m->n++] = (struct shown_attempt){*a, gateway};
}

static void show(struct report *r, const struct mail_view *v, const struct mail *mail)
{
	struct shown_mail *m = &r->shown;
	struct day_query q = {.since = r->q->since, .rcpt = mail->rcpt};
	*m = (struct shown_mail){.mail = *mail, .view = *v, .key_id = r->key_id};
	m->view.mail = &m->mail;
	if (r->rows)
		for (size_t i = 0; i < r->rows_n; i++)
			show_attempt(r, &r->rows[i].attempt, r->rows[i].gateway);
	else
		archive_read(r->archive, r->key_id, &q, r->now, show_attempt, r);
	if (r->q->format == REPORT_JSON)
		mail_json(r->archive, &r->stamp, &r->out->buf, m);
	else if (r->q->format == REPORT_CSV)
		mail_csv(r->archive, &r->stamp, &r->out->buf, m);
	else
		mail_text(r->archive, &r->stamp, &r->out->buf, m);
	outfile_put(r->out);
}

/* A view and its place among the mails. */
struct ordered {
	int64_t first;
	size_t at;
};

static int by_first(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

static void show_all(struct report *r)
{
	struct ordered *order = r->views_n ? calloc(r->views_n, sizeof *order) : NULL;
	r->no_memory |= r->views_n && !order;
	for (size_t i = 0; order && i < r->views_n; i++)
		order[i] = (struct ordered){r->mails[i].first, i};
	if (order)
		qsort(order, r->views_n, sizeof *order, by_first);
	for (size_t i = 0; order && i < r->views_n; i++)
		show(r, &r->views[order[i].at], &r->mails[order[i].at]);
	free(order);
	r->views_n = 0;
}

static bool engine_open(struct report *r, uint32_t mails)
{
	struct outcomes_config config = {
		.mails = mails, .give_up = r->q->give_up, .forgotten = take, .arg = r};
	r->outcomes = outcomes_new(&config);
	return r->outcomes;
}

/* Reads all mails of one of the site's keys. */
static void answer_all(struct report *r)
{
	struct day_query q = {.since = r->q->since};
	archive_watched(r->archive, r->key_id, r->q->since, r->now, r->outcomes);
	archive_read(r->archive, r->key_id, &q, r->now, feed, r);
	outcomes_each(r->outcomes, r->now, take, r);
}

static void rcpt_note(struct report *r, uint64_t rcpt)
{
	for (size_t i = 0; i < r->found_n; i++)
		if (r->found[i] == rcpt)
			return;
	if (r->found_n < FOUND)
		r->found[r->found_n++] = rcpt;
}

static void find(void *arg, const struct attempt *a, unsigned gateway)
{
	(void)gateway;
	rcpt_note(arg, a->rcpt);
}

static void row_keep(void *arg, const struct attempt *a, unsigned gateway)
{
	struct report *r = arg;
	if (r->rows_n < LOOKED_UP)
		r->rows[r->rows_n++] = (struct row){*a, gateway};
	else
		r->result->broken = true;
}

/* A message from <> to the sender of a mail. */
static void bounce_keep(void *arg, const struct attempt *a, unsigned gateway)
{
	if (a->flags & ATTEMPT_NULL_SENDER)
		row_keep(arg, a, gateway);
}

static int by_time(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	return x->attempt.at < y->attempt.at ? -1 : x->attempt.at > y->attempt.at;
}

/* Reads the attempts to all recipients that were found, and the bounces to the senders. */
static void rows_read(struct report *r)
{
	struct day_query q = {.since = r->q->since};
	size_t n;
	uint64_t sender = 0;
	for (size_t i = 0; i < r->found_n; i++) {
		q.rcpt = r->found[i];
		archive_read(r->archive, r->key_id, &q, r->now, row_keep, r);
	}
	n = r->rows_n;
	for (size_t i = 0; i < n; i++) {
		if (r->rows[i].attempt.sender == 0 || r->rows[i].attempt.sender == sender)
			continue;
		sender = q.rcpt = r->rows[i].attempt.sender;
		archive_read(r->archive, r->key_id, &q, r->now, bounce_keep, r);
	}
	qsort(r->rows, r->rows_n, sizeof *r->rows, by_time);
}

/* Whether the mail is one of those that were asked for. */
static bool is_asked(const struct report *r, const struct mail *m)
{
	bool same_site, by_address = false, by_queue = false;
	if (r->what_msgid && m->msgid == r->what_msgid)
		return true;
	for (size_t i = 0; i < r->rows_n; i++) {
		const struct attempt *a = &r->rows[i].attempt;
		if (!mail_has(m, a, &same_site) || !same_site)
			continue;
		by_address |= r->what && (a->rcpt == r->what || a->sender == r->what);
		by_queue |= strcmp(a->queue, r->q->what) == 0;
	}
	return by_address || by_queue;
}

static void take_asked(void *arg, const struct mail_view *v)
{
	struct report *r = arg;
	if (is_asked(r, v->mail))
		take(r, v);
}

static void answer_look_up(struct report *r)
{
	struct day_query queries[] = {{.rcpt = r->what},
				      {.sender = r->what},
				      {.msgid = r->what_msgid},
				      {.queue = r->q->what}};
	r->found_n = r->rows_n = 0;
	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
		struct day_query *q = &queries[i];
		q->since = r->q->since;
		if (q->rcpt || q->sender || q->msgid || q->queue)
			archive_read(r->archive, r->key_id, q, r->now, find, r);
	}
	rows_read(r);
	if (r->rows_n == 0)
		return;
	archive_watched(r->archive, r->key_id, r->rows[0].attempt.at,
			r->rows[r->rows_n - 1].attempt.at + r->q->give_up + OUTCOMES_PATIENCE,
			r->outcomes);
	for (size_t i = 0; i < r->rows_n; i++)
		outcomes_attempt(r->outcomes, &r->rows[i].attempt, r->rows[i].gateway);
	outcomes_each(r->outcomes, r->now, take_asked, r);
}

/* The keys of what is looked up, with the site's key of the files. */
static void what_hash(struct report *r)
{
	struct bytes what = bytes_str(r->q->what);
	r->what = r->what_msgid = 0;
	for (size_t i = 0; i < r->q->keys_n; i++) {
		struct history_keys *k = history_keys_new(r->q->keys[i]);
		if (k && history_keys_id(k) == r->key_id) {
			r->what = history_key_address(k, what);
			r->what_msgid = history_key(k, what);
		}
		history_keys_free(k);
	}
}

/* Answers for the files of one of the site's keys. */
static bool answer(struct report *r)
{
	bool look_up = r->q->what;
	if (!engine_open(r, look_up ? LOOKED_UP : MAILS))
		return false;
	if (look_up) {
		what_hash(r);
		answer_look_up(r);
	} else {
		answer_all(r);
	}
	outcomes_free(r->outcomes);
	r->outcomes = NULL;
	if (!r->sums)
		show_all(r);
	return !r->no_memory;
}

static bool open_all(struct report *r, struct error *why)
{
	r->archive = archive_open(r->q->path, why);
	if (!r->archive)
		return false;
	r->now = r->q->now >= 0 ? r->q->now : archive_end(r->archive);
	if (r->q->by != REPORT_MAILS)
		r->sums = sums_new(r->q->by);
	if (r->q->what) {
		r->found = calloc(FOUND, sizeof *r->found);
		r->rows = calloc(LOOKED_UP, sizeof *r->rows);
	}
	return (r->q->by == REPORT_MAILS || r->sums) && (!r->q->what || (r->found && r->rows))
		       ? true
		       : error_set(why, "no memory");
}

bool report_answer(const struct report_question *q, struct outfile *out,
		   struct report_result *result, struct error *why)
{
	struct report *r = calloc(1, sizeof *r);
	bool done;
	*result = (struct report_result){0};
	if (!r)
		return error_set(why, "no memory");
	r->q = q;
	r->out = out;
	r->result = result;
	done = open_all(r, why);
	if (done && q->format == REPORT_CSV && !r->sums)
		mail_csv_head(&out->buf);
	for (size_t i = 0; done && i < archive_keys(r->archive); i++) {
		r->key_id = archive_key(r->archive, i);
		done = answer(r) || error_set(why, "no memory");
	}
	if (done && r->sums)
		sums_put(r->sums, r->archive, q->format, out);
	result->broken |= r->archive && archive_is_broken(r->archive);
	archive_close(r->archive);
	sums_free(r->sums);
	free(r->found);
	free(r->rows);
	free(r->views);
	free(r->mails);
	free(r);
	return done;
}
