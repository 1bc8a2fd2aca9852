/* schema.h - the tables of a day's file, and the way from each older schema to this one. */
#ifndef SMTPWATCH_HISTORY_STORE_SCHEMA_H
#define SMTPWATCH_HISTORY_STORE_SCHEMA_H

/* Of a new file. Indexes are of 31 bits of a key, which halves them: a look-up compares the whole
 * key again. Most mails have no row in attempt_bad. */
static const char schema_make[] =
	"CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"CREATE TABLE watched(start INTEGER PRIMARY KEY, end INT NOT NULL, sessions INT NOT NULL, "
	"unread INT NOT NULL, dropped INT NOT NULL, lost INT NOT NULL);"
	"CREATE TABLE name(key INTEGER PRIMARY KEY, text TEXT NOT NULL);"
	"CREATE TABLE unread(hour INT NOT NULL, site INT NOT NULL, client BLOB NOT NULL, "
	"n INT NOT NULL, PRIMARY KEY(hour, site, client)) WITHOUT ROWID;"
	"CREATE TABLE attempt(id INTEGER PRIMARY KEY, at INT NOT NULL, fate INT NOT NULL, "
	"flags INT NOT NULL, sender INT, rcpt INT NOT NULL, msgid INT, site INT NOT NULL, "
	"domain INT, size INT, bytes INT, code INT, client BLOB NOT NULL, server BLOB NOT NULL, "
	"client_port INT NOT NULL, server_port INT NOT NULL, queue TEXT, verdict TEXT);"
	"CREATE INDEX attempt_rcpt ON attempt(rcpt & 0x7fffffff);"
	"CREATE INDEX attempt_sender ON attempt(sender & 0x7fffffff) WHERE sender IS NOT NULL;"
	"CREATE INDEX attempt_msgid ON attempt(msgid & 0x7fffffff) WHERE msgid IS NOT NULL;"
	"CREATE INDEX attempt_queue ON attempt(queue) WHERE queue IS NOT NULL;"
	"CREATE INDEX attempt_bad ON attempt(at) WHERE fate <> 1;";

/* What makes schema n + 1 of schema n; the first row is of schema 1, which had no column `lost`. */
static const char *const schema_upgrades[] = {
	"ALTER TABLE watched ADD COLUMN lost INT NOT NULL DEFAULT 0;",
};

#endif
