/* day_file.c - opens, makes, upgrades and writes a day's file. */
#include "history/store/day_file.h"

#include "history/store/day_own.h"
#include "history/store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* BUSY_MS: a reader that erases, or the writer, holds a file for so long at most. */
enum { BUSY_MS = 10000 };

/* WAL: readers and the writer do not wait for each other, and what was committed survives the
 * process. A checkpoint of 4000 pages comes every few seconds under load. */
static const char settings[] = "PRAGMA journal_mode=WAL;"
			       "PRAGMA synchronous=NORMAL;"
			       "PRAGMA wal_autocheckpoint=4000;"
			       "PRAGMA cache_size=-16384;";

bool day_error(const struct day_file *d, int code, enum day_fault *fault, struct error *why)
{
	int plain = code & 0xff;
	if (fault)
		*fault = plain == SQLITE_NOTADB || plain == SQLITE_CORRUPT ? DAY_DAMAGED
									   : DAY_TROUBLE;
	return error_set(why, "%s", d->db ? d->api->errmsg(d->db) : "no memory");
}

sqlite3_stmt *day_prepare(const struct day_file *d, const char *sql, struct error *why)
{
	sqlite3_stmt *s = NULL;
	int code = d->api->prepare_v2(d->db, sql, -1, &s, NULL);
	if (code != SQLITE_OK)
		day_error(d, code, NULL, why);
	return code == SQLITE_OK ? s : NULL;
}

static bool run(struct day_file *d, const char *sql, enum day_fault *fault, struct error *why)
{
	int code = d->api->exec(d->db, sql, NULL, NULL, NULL);
	return code == SQLITE_OK || day_error(d, code, fault, why);
}

static bool meta_put(struct day_file *d, const char *name, int64_t number, const char *text,
		     enum day_fault *fault, struct error *why)
{
	sqlite3_stmt *s =
		day_prepare(d, "INSERT OR REPLACE INTO meta(name, value) VALUES(?1, ?2)", why);
	int code;
	*fault = DAY_TROUBLE;
	if (!s)
		return false;
	d->api->bind_text(s, 1, name, -1, SQLITE_STATIC);
	if (text)
		d->api->bind_text(s, 2, text, -1, SQLITE_STATIC);
	else
		d->api->bind_int64(s, 2, number);
	code = d->api->step(s);
	d->api->finalize(s);
	return code == SQLITE_DONE || day_error(d, code, fault, why);
}

/* Fills a new file. */
static bool make(struct day_file *d, const char *gateway, uint32_t key_id, enum day_fault *fault,
		 struct error *why)
{
	return run(d, "BEGIN IMMEDIATE", fault, why) && run(d, schema_make, fault, why) &&
	       meta_put(d, "schema_version", DAY_SCHEMA, NULL, fault, why) &&
	       meta_put(d, "gateway", 0, gateway, fault, why) &&
	       meta_put(d, "key_id", key_id, NULL, fault, why) && run(d, "COMMIT", fault, why);
}

/* Reads what the file says of itself. schema 0: it is empty. */
static bool meta_read(struct day_file *d, enum day_fault *fault, struct error *why)
{
	sqlite3_stmt *s = NULL;
	int code = d->api->prepare_v2(
		d->db, "SELECT count(*) FROM sqlite_master WHERE name = 'meta'", -1, &s, NULL);
	code = code == SQLITE_OK ? d->api->step(s) : code;
	bool there = code == SQLITE_ROW && d->api->column_int64(s, 0) > 0;
	d->api->finalize(s);
	if (code != SQLITE_ROW)
		return day_error(d, code, fault, why);
	if (!there)
		return true;
	s = NULL;
	code = d->api->prepare_v2(d->db, "SELECT name, value FROM meta", -1, &s, NULL);
	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = d->api->step(s);
		const unsigned char *name = code == SQLITE_ROW ? d->api->column_text(s, 0) : NULL;
		if (!name)
			continue;
		if (strcmp((const char *)name, "schema_version") == 0)
			d->schema = (int)d->api->column_int64(s, 1);
		else if (strcmp((const char *)name, "key_id") == 0)
			d->key_id = (uint32_t)d->api->column_int64(s, 1);
		else if (strcmp((const char *)name, "gateway") == 0)
			snprintf(d->gateway, sizeof d->gateway, "%s", d->api->column_text(s, 1));
	}
	d->api->finalize(s);
	return code == SQLITE_DONE || day_error(d, code, fault, why);
}

static bool upgrade(struct day_file *d, enum day_fault *fault, struct error *why)
{
	if (!run(d, "BEGIN IMMEDIATE", fault, why))
		return false;
	size_t steps = sizeof schema_upgrades / sizeof *schema_upgrades;
	for (size_t step = d->schema > 0 ? (size_t)d->schema - 1 : 0; step < steps; step++)
		if (!run(d, schema_upgrades[step], fault, why))
			return false;
	d->schema = DAY_SCHEMA;
	return meta_put(d, "schema_version", DAY_SCHEMA, NULL, fault, why) &&
	       run(d, "COMMIT", fault, why);
}

/* What the file is, and what it has to be for the mode. */
static bool prepare(struct day_file *d, const char *gateway, uint32_t key_id, enum day_fault *fault,
		    struct error *why)
{
	d->api->busy_timeout(d->db, BUSY_MS);
	/* One lock for all that is read, and one state of the file. */
	if (d->mode == DAY_READ && !run(d, "BEGIN", fault, why))
		return false;
	if (!meta_read(d, fault, why))
		return false;
	if (d->schema > DAY_SCHEMA) {
		*fault = DAY_NEWER;
		return error_set(why, "was written by a later version of smtpwatch");
	}
	if (d->mode != DAY_WRITE) {
		*fault = DAY_DAMAGED;
		return d->schema > 0 || error_set(why, "is no history");
	}
	if (!run(d, settings, fault, why))
		return false;
	if (d->schema > 0)
		return d->schema == DAY_SCHEMA || upgrade(d, fault, why);
	snprintf(d->gateway, sizeof d->gateway, "%s", gateway);
	d->key_id = key_id;
	d->schema = DAY_SCHEMA;
	return make(d, gateway, key_id, fault, why);
}

/* The file is made here, with its permissions, before SQLite opens it; SQLite gives those to its
 * log. */
static bool file_make(const char *path, struct error *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0)
		return error_set(why, "%s", strerror(errno));
	bool made = fchmod(fd, 0640) == 0 || errno == EPERM;
	close(fd);
	return made || error_set(why, "%s", strerror(errno));
}

struct day_file *day_open(const char *path, enum day_mode mode, const char *gateway,
			  uint32_t key_id, enum day_fault *fault, struct error *why)
{
	const struct sqlite_api *api = sqlite_api(why);
	struct day_file *d = api ? calloc(1, sizeof *d) : NULL;
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOFOLLOW |
		    (mode == DAY_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
	int code;
	*fault = DAY_TROUBLE;
	if (!d || (mode == DAY_WRITE && !file_make(path, why))) {
		free(d);
		return NULL;
	}
	d->api = api;
	d->mode = mode;
	code = api->open_v2(path, &d->db, flags, NULL);
	if (code == SQLITE_OK && prepare(d, gateway, key_id, fault, why))
		return d;
	if (code != SQLITE_OK)
		day_error(d, code, fault, why);
	day_close(d, false);
	return NULL;
}

void day_close(struct day_file *d, bool last)
{
	if (!d)
		return;
	for (unsigned i = 0; i < DAY_STATEMENTS; i++)
		d->api->finalize(d->statements[i]);
	if (last && d->mode == DAY_WRITE)
		d->api->exec(d->db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
	d->api->close(d->db);
	free(d);
}

const char *day_gateway(const struct day_file *d)
{
	return d->gateway;
}

uint32_t day_key_id(const struct day_file *d)
{
	return d->key_id;
}

bool day_begin(struct day_file *d, enum day_fault *fault, struct error *why)
{
	return run(d, "BEGIN IMMEDIATE", fault, why);
}

static bool fail(struct day_file *d, int code, enum day_fault *fault, struct error *why)
{
	day_error(d, code, fault, why);
	if (!d->api->get_autocommit(d->db))
		d->api->exec(d->db, "ROLLBACK", NULL, NULL, NULL);
	return false;
}

bool day_commit(struct day_file *d, enum day_fault *fault, struct error *why)
{
	int code = d->api->exec(d->db, "COMMIT", NULL, NULL, NULL);
	return code == SQLITE_OK || fail(d, code, fault, why);
}

static sqlite3_stmt *statement(struct day_file *d, enum day_statement which, struct error *why)
{
	static const char *const sql[DAY_STATEMENTS] = {
		[DAY_ATTEMPT] = "INSERT INTO attempt(at, fate, flags, sender, rcpt, msgid, site, "
				"domain, size, bytes, code, client, server, client_port, "
				"server_port, queue, verdict) "
				"VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		[DAY_NAME] = "INSERT OR IGNORE INTO name(key, text) VALUES(?, ?)",
		[DAY_UNREAD] = "INSERT INTO unread(hour, site, client, n) VALUES(?, ?, ?, 1) "
			       "ON CONFLICT DO UPDATE SET n = n + 1",
		[DAY_WATCHED] = "INSERT OR REPLACE INTO watched(start, end, sessions, unread, "
				"dropped, lost) VALUES(?,?,?,?,?,?)",
	};
	if (!d->statements[which])
		d->statements[which] = day_prepare(d, sql[which], why);
	return d->statements[which];
}

static bool done(struct day_file *d, sqlite3_stmt *s, enum day_fault *fault, struct error *why)
{
	int code = d->api->step(s);
	if (code != SQLITE_DONE)
		fail(d, code, fault, why);
	d->api->reset(s);
	return code == SQLITE_DONE;
}

/* A number that is stored as NULL if it is 0. */
static void bind(const struct day_file *d, sqlite3_stmt *s, int column, uint64_t number)
{
	if (number == 0)
		d->api->bind_null(s, column);
	else
		d->api->bind_int64(s, column, (int64_t)number);
}

static void bind_addr(const struct day_file *d, sqlite3_stmt *s, int column,
		      const struct ip_addr *a)
{
	size_t skip = ip_addr_is_v4(a) ? 12 : 0;
	d->api->bind_blob(s, column, a->b + skip, (int)(sizeof a->b - skip), SQLITE_STATIC);
}

static void bind_text(const struct day_file *d, sqlite3_stmt *s, int column, const char *text)
{
	if (text[0] == '\0')
		d->api->bind_null(s, column);
	else
		d->api->bind_text(s, column, text, -1, SQLITE_STATIC);
}

bool day_put(struct day_file *d, const struct attempt *a, enum day_fault *fault, struct error *why)
{
	sqlite3_stmt *s = statement(d, DAY_ATTEMPT, why);
	int i = 0;
	*fault = DAY_TROUBLE;
	if (!s)
		return false;
	d->api->bind_int64(s, ++i, a->at);
	d->api->bind_int64(s, ++i, a->fate);
	d->api->bind_int64(s, ++i, a->flags);
	bind(d, s, ++i, a->sender);
	d->api->bind_int64(s, ++i, (int64_t)a->rcpt);
	bind(d, s, ++i, a->msgid);
	d->api->bind_int64(s, ++i, (int64_t)a->site);
	bind(d, s, ++i, a->domain);
	bind(d, s, ++i, a->size);
	bind(d, s, ++i, a->bytes);
	bind(d, s, ++i, a->code);
	bind_addr(d, s, ++i, &a->client);
	bind_addr(d, s, ++i, &a->server);
	d->api->bind_int64(s, ++i, a->client_port);
	d->api->bind_int64(s, ++i, a->server_port);
	bind_text(d, s, ++i, a->queue);
	bind_text(d, s, ++i, a->verdict);
	return done(d, s, fault, why);
}

bool day_put_name(struct day_file *d, struct day_name name, enum day_fault *fault,
		  struct error *why)
{
	sqlite3_stmt *s = statement(d, DAY_NAME, why);
	*fault = DAY_TROUBLE;
	if (!s)
		return false;
	d->api->bind_int64(s, 1, (int64_t)name.key);
	d->api->bind_text(s, 2, (const char *)name.text.p, (int)name.text.n, SQLITE_STATIC);
	return done(d, s, fault, why);
}

bool day_put_unread(struct day_file *d, const struct attempt_unread *u, enum day_fault *fault,
		    struct error *why)
{
	sqlite3_stmt *s = statement(d, DAY_UNREAD, why);
	*fault = DAY_TROUBLE;
	if (!s)
		return false;
	d->api->bind_int64(s, 1, u->at / (3600 * 1000));
	d->api->bind_int64(s, 2, (int64_t)u->site);
	bind_addr(d, s, 3, &u->client);
	return done(d, s, fault, why);
}

bool day_put_watched(struct day_file *d, const struct day_watched *w, enum day_fault *fault,
		     struct error *why)
{
	sqlite3_stmt *s = statement(d, DAY_WATCHED, why);
	int i = 0;
	*fault = DAY_TROUBLE;
	if (!s)
		return false;
	d->api->bind_int64(s, ++i, w->start);
	d->api->bind_int64(s, ++i, w->end);
	d->api->bind_int64(s, ++i, (int64_t)w->sessions);
	d->api->bind_int64(s, ++i, (int64_t)w->unread);
	d->api->bind_int64(s, ++i, (int64_t)w->dropped);
	d->api->bind_int64(s, ++i, (int64_t)w->lost);
	return done(d, s, fault, why);
}

static bool erase_run(struct day_file *d, const char *sql, uint64_t address, struct error *why)
{
	sqlite3_stmt *s = day_prepare(d, sql, why);
	int code;
	if (!s)
		return false;
	d->api->bind_int64(s, 1, (int64_t)address);
	code = d->api->step(s);
	d->api->finalize(s);
	return code == SQLITE_DONE || fail(d, code, NULL, why);
}

/* secure_delete overwrites what is taken out; the log beside the file is emptied. */
bool day_erase(struct day_file *d, uint64_t address, uint64_t *rows, struct error *why)
{
	static const char *const sql[] = {
		"DELETE FROM attempt WHERE (rcpt & 0x7fffffff) = (?1 & 0x7fffffff) AND +rcpt = ?1",
		("DELETE FROM attempt WHERE (sender & 0x7fffffff) = (?1 & 0x7fffffff) AND sender "
		 "IS "
		 "NOT NULL AND +sender = ?1"),
		"DELETE FROM name WHERE key = ?1"};
	enum day_fault fault;
	*rows = 0;
	if (!run(d, "PRAGMA secure_delete=ON", &fault, why) || !day_begin(d, &fault, why))
		return false;
	for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++) {
		if (!erase_run(d, sql[i], address, why))
			return false;
		*rows += (uint64_t)d->api->changes(d->db);
	}
	return day_commit(d, &fault, why) && run(d, "PRAGMA wal_checkpoint(TRUNCATE)", &fault, why);
}
