/* sqlite_api.c - loads the library. */
#include "history/store/sqlite_api.h"

#include "base/late_library.h"

const struct sqlite_api *sqlite_api(struct error *why)
{
	static struct sqlite_api api;
	static bool loaded;
	static const struct late_symbol symbols[] = {
#define SQLITE_LOAD(name) {"sqlite3_" #name, &api.name},
		SQLITE_FUNCTIONS(SQLITE_LOAD)
#undef SQLITE_LOAD
	};
	struct error cause;
	/* The number of the binary interface, which no release of SQLite 3 changes. */
	if (loaded || late_library_load("libsqlite3.so.0", symbols,
					sizeof symbols / sizeof *symbols, &cause)) {
		loaded = true;
		return &api;
	}
	error_set(why, "the history needs SQLite: %s (Debian: libsqlite3-0)", cause.text);
	return NULL;
}
