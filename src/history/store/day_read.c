/* day_read.c - reads a day's file. */
#include "history/store/day_file.h"
#include "history/store/day_own.h"

#include "smtpwatch/frame.h"

#include <stdio.h>
#include <stdlib.h>

struct day_cursor {
	struct day_file *d;
	sqlite3_stmt *s;
};

/* One place for the conditions of a query, in the order of the parameters. Indexes are of 31 bits
 * (schema.h). The plus signs keep SQLite from putting the value in place of the column there. */
static const char head[] =
	"SELECT at, fate, flags, sender, rcpt, msgid, site, domain, size, bytes, code, client, "
	"server, client_port, server_port, queue, verdict FROM attempt WHERE at >= ?1";
static const char by_rcpt[] = " AND (rcpt & 0x7fffffff) = (?2 & 0x7fffffff) AND +rcpt = ?2";
static const char by_sender[] = " AND (sender & 0x7fffffff) = (?3 & 0x7fffffff) AND sender IS NOT "
				"NULL AND +sender = ?3";
static const char by_msgid[] = " AND (msgid & 0x7fffffff) = (?4 & 0x7fffffff) AND msgid IS NOT "
			       "NULL AND +msgid = ?4";
static const char by_queue[] = " AND queue = ?5";

/* Returns the statement of a query, or NULL. That of a recipient is kept for the next one. */
static sqlite3_stmt *statement_of(struct day_file *d, const struct day_query *q, struct error *why)
{
	sqlite3_stmt **kept = &d->statements[DAY_BY_RCPT], *s;
	bool keep = q->rcpt && !q->sender && !q->msgid && !q->queue && !d->by_rcpt_used;
	char sql[1024];
	if (keep && *kept) {
		s = *kept;
		d->by_rcpt_used = true;
		return s;
	}
	snprintf(sql, sizeof sql, "%s%s%s%s%s ORDER BY at, id", head, q->rcpt ? by_rcpt : "",
		 q->sender ? by_sender : "", q->msgid ? by_msgid : "", q->queue ? by_queue : "");
	s = day_prepare(d, sql, why);
	if (s && keep) {
		*kept = s;
		d->by_rcpt_used = true;
	}
	return s;
}

struct day_cursor *day_cursor_open(struct day_file *d, const struct day_query *q, struct error *why)
{
	struct day_cursor *c = calloc(1, sizeof *c);
	if (!c) {
		error_set(why, "no memory");
		return NULL;
	}
	c->d = d;
	c->s = statement_of(d, q, why);
	if (!c->s) {
		free(c);
		return NULL;
	}
	d->api->bind_int64(c->s, 1, q->since);
	if (q->rcpt)
		d->api->bind_int64(c->s, 2, (int64_t)q->rcpt);
	if (q->sender)
		d->api->bind_int64(c->s, 3, (int64_t)q->sender);
	if (q->msgid)
		d->api->bind_int64(c->s, 4, (int64_t)q->msgid);
	if (q->queue)
		d->api->bind_text(c->s, 5, q->queue, -1, SQLITE_STATIC);
	return c;
}

static void addr_read(const struct day_file *d, sqlite3_stmt *s, int column, struct ip_addr *a)
{
	static const uint8_t v4[12] = {[10] = 0xff, [11] = 0xff};
	const void *b = d->api->column_blob(s, column);
	int n = d->api->column_bytes(s, column);
	*a = (struct ip_addr){{0}};
	if (b && n == 4) {
		memcpy(a->b, v4, sizeof v4);
		memcpy(a->b + 12, b, 4);
	} else if (b && n == 16) {
		memcpy(a->b, b, 16);
	}
}

static void text_read(const struct day_file *d, sqlite3_stmt *s, int column, char *out, size_t size)
{
	const unsigned char *text = d->api->column_text(s, column);
	snprintf(out, size, "%s", text ? (const char *)text : "");
}

static void row_read(const struct day_file *d, sqlite3_stmt *s, struct attempt *a)
{
	int i = 0;
	a->at = d->api->column_int64(s, i++);
	a->fate = (uint8_t)d->api->column_int64(s, i++);
	a->flags = (uint8_t)d->api->column_int64(s, i++);
	a->sender = (uint64_t)d->api->column_int64(s, i++);
	a->rcpt = (uint64_t)d->api->column_int64(s, i++);
	a->msgid = (uint64_t)d->api->column_int64(s, i++);
	a->site = (uint64_t)d->api->column_int64(s, i++);
	a->domain = (uint64_t)d->api->column_int64(s, i++);
	a->size = (uint64_t)d->api->column_int64(s, i++);
	a->bytes = (uint64_t)d->api->column_int64(s, i++);
	a->code = (uint16_t)d->api->column_int64(s, i++);
	addr_read(d, s, i++, &a->client);
	addr_read(d, s, i++, &a->server);
	a->client_port = (uint16_t)d->api->column_int64(s, i++);
	a->server_port = (uint16_t)d->api->column_int64(s, i++);
	text_read(d, s, i++, a->queue, sizeof a->queue);
	text_read(d, s, i, a->verdict, sizeof a->verdict);
}

bool day_cursor_next(struct day_cursor *c, struct attempt *a, struct error *why)
{
	int code = c->d->api->step(c->s);
	if (code == SQLITE_ROW)
		row_read(c->d, c->s, a);
	else if (code != SQLITE_DONE)
		day_error(c->d, code, NULL, why);
	return code == SQLITE_ROW;
}

void day_cursor_close(struct day_cursor *c)
{
	if (!c)
		return;
	if (c->s == c->d->statements[DAY_BY_RCPT]) {
		c->d->api->reset(c->s);
		c->d->by_rcpt_used = false;
	} else {
		c->d->api->finalize(c->s);
	}
	free(c);
}

/* Steps a statement to its end; `row` reads each row. */
static bool each(struct day_file *d, const char *sql,
		 void (*row)(struct day_file *d, sqlite3_stmt *s, const void *take, void *arg),
		 const void *take, void *arg, struct error *why)
{
	sqlite3_stmt *s = day_prepare(d, sql, why);
	int code = SQLITE_ROW;
	if (!s)
		return false;
	while ((code = d->api->step(s)) == SQLITE_ROW)
		row(d, s, take, arg);
	if (code != SQLITE_DONE)
		day_error(d, code, NULL, why);
	d->api->finalize(s);
	return code == SQLITE_DONE;
}

struct unread_taker {
	void (*take)(void *arg, const struct attempt_unread *u);
};

static void unread_row(struct day_file *d, sqlite3_stmt *s, const void *take, void *arg)
{
	const struct unread_taker *t = take;
	struct attempt_unread u = {.at = d->api->column_int64(s, 0) * 3600 * 1000,
				   .site = (uint64_t)d->api->column_int64(s, 1)};
	addr_read(d, s, 2, &u.client);
	t->take(arg, &u);
}

bool day_read_unread(struct day_file *d, void (*take)(void *arg, const struct attempt_unread *u),
		     void *arg, struct error *why)
{
	struct unread_taker t = {take};
	return each(d, "SELECT hour, site, client FROM unread ORDER BY hour", unread_row, &t, arg,
		    why);
}

struct watched_taker {
	void (*take)(void *arg, const struct day_watched *w);
};

static void watched_row(struct day_file *d, sqlite3_stmt *s, const void *take, void *arg)
{
	const struct watched_taker *t = take;
	struct day_watched w = {.start = d->api->column_int64(s, 0),
				.end = d->api->column_int64(s, 1),
				.sessions = (uint64_t)d->api->column_int64(s, 2),
				.unread = (uint64_t)d->api->column_int64(s, 3),
				.dropped = (uint64_t)d->api->column_int64(s, 4),
				.lost = (uint64_t)d->api->column_int64(s, 5)};
	t->take(arg, &w);
}

bool day_read_watched(struct day_file *d, void (*take)(void *arg, const struct day_watched *w),
		      void *arg, struct error *why)
{
	struct watched_taker t = {take};
	const char *sql =
		d->schema < 2 ? "SELECT start, end, sessions, unread, dropped, 0 FROM watched "
				"ORDER BY start"
			      : "SELECT start, end, sessions, unread, dropped, lost FROM watched "
				"ORDER BY start";
	return each(d, sql, watched_row, &t, arg, why);
}

bool day_find_name(struct day_file *d, uint64_t key, char *out, size_t size)
{
	sqlite3_stmt **s = &d->statements[DAY_FIND_NAME];
	bool found;
	if (!*s)
		*s = day_prepare(d, "SELECT text FROM name WHERE key = ?1", NULL);
	if (!*s)
		return false;
	d->api->bind_int64(*s, 1, (int64_t)key);
	found = d->api->step(*s) == SQLITE_ROW;
	if (found)
		text_read(d, *s, 0, out, size);
	d->api->reset(*s);
	return found;
}

int64_t day_latest(struct day_file *d)
{
	sqlite3_stmt *s = day_prepare(d, "SELECT at FROM attempt ORDER BY id DESC LIMIT 1", NULL);
	int64_t at = s && d->api->step(s) == SQLITE_ROW ? d->api->column_int64(s, 0) : 0;
	d->api->finalize(s);
	return at;
}
