/* sqlite_api.h - SQLite, loaded when a history is opened: who keeps none does not load it. The only
 * header of the project that includes <sqlite3.h>. */
#ifndef SMTPWATCH_HISTORY_STORE_SQLITE_API_H
#define SMTPWATCH_HISTORY_STORE_SQLITE_API_H

#include "base/error.h"

#include <sqlite3.h>

/* The functions of the library that are used, under their own names without "sqlite3_". */
#define SQLITE_FUNCTIONS(F)                                                                        \
	F(open_v2)                                                                                 \
	F(close)                                                                                   \
	F(errmsg)                                                                                  \
	F(exec)                                                                                    \
	F(prepare_v2)                                                                              \
	F(finalize)                                                                                \
	F(step)                                                                                    \
	F(reset)                                                                                   \
	F(bind_int64)                                                                              \
	F(bind_text)                                                                               \
	F(bind_blob)                                                                               \
	F(bind_null)                                                                               \
	F(column_int64)                                                                            \
	F(column_text)                                                                             \
	F(column_blob)                                                                             \
	F(column_bytes)                                                                            \
	F(busy_timeout)                                                                            \
	F(changes)                                                                                 \
	F(get_autocommit)

struct sqlite_api {
#define SQLITE_MEMBER(name) __typeof__(&sqlite3_##name) name;
	SQLITE_FUNCTIONS(SQLITE_MEMBER)
#undef SQLITE_MEMBER
};

/* Loads the library at the first call. Returns NULL with a sentence in why if it is not installed.
 * Static. Call first before threads start and before the sandbox closes. */
const struct sqlite_api *sqlite_api(struct error *why);

#endif
