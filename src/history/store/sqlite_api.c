/* sqlite_api.c - loads the library. */
#include "history/store/sqlite_api.h"

#include <dlfcn.h>
#include <string.h>

/* The number of the binary interface, which no release of SQLite 3 changes. */
static const char library[] = "libsqlite3.so.0";

const struct sqlite_api *sqlite_api(struct error *why)
{
	static struct sqlite_api api;
	static bool loaded;
	void *handle = loaded ? NULL : dlopen(library, RTLD_NOW | RTLD_LOCAL), *f;
	if (loaded)
		return &api;
	if (!handle) {
		error_set(why, "the history needs SQLite: %s (Debian: libsqlite3-0)", dlerror());
		return NULL;
	}
	/* POSIX lets an object pointer of dlsym hold a function; C does not convert it. */
#define SQLITE_LOAD(name)                                                                          \
	f = dlsym(handle, "sqlite3_" #name);                                                       \
	if (!f) {                                                                                  \
		error_set(why, "%s lacks sqlite3_" #name, library);                                \
		return NULL;                                                                       \
	}                                                                                          \
	memcpy(&api.name, &f, sizeof f);
	SQLITE_FUNCTIONS(SQLITE_LOAD)
#undef SQLITE_LOAD
	loaded = true;
	return &api;
}
