/* day_own.h - the inside of a day's file. Private to src/history/store. */
#ifndef SMTPWATCH_HISTORY_STORE_DAY_OWN_H
#define SMTPWATCH_HISTORY_STORE_DAY_OWN_H

#include "history/store/day_types.h"
#include "history/store/sqlite_api.h"

/* The statements that are prepared once, at the first use: a writer's, and what a reader asks for
 * each mail. */
enum day_statement {
	DAY_ATTEMPT,
	DAY_NAME,
	DAY_UNREAD,
	DAY_WATCHED,
	DAY_BY_RCPT,
	DAY_FIND_NAME,
	DAY_STATEMENTS
};

enum { DAY_GATEWAY_MAX = 64 };

struct day_file {
	const struct sqlite_api *api;
	sqlite3 *db;
	sqlite3_stmt *statements[DAY_STATEMENTS];
	enum day_mode mode;
	bool by_rcpt_used; /* a cursor has DAY_BY_RCPT */
	int schema;
	char gateway[DAY_GATEWAY_MAX];
	uint32_t key_id;
};

/* Returns a prepared statement, which the caller finalizes, or NULL with a sentence in why. */
sqlite3_stmt *day_prepare(const struct day_file *d, const char *sql, struct error *why);

/* Sets a sentence about the latest error of SQLite, and returns false. */
bool day_error(const struct day_file *d, int code, enum day_fault *fault, struct error *why);

#endif
