/* late_library.c - libraries that are loaded by dlopen(3). */
#include "base/late_library.h"

#include <dlfcn.h>
#include <string.h>

bool late_library_load(const char *name, const struct late_symbol *symbols, size_t n,
		       struct error *why)
{
	void *library = dlopen(name, RTLD_NOW);
	if (!library)
		return error_set(why, "cannot load %s: %s", name, dlerror());
	for (size_t i = 0; i < n; i++) {
		void *at = dlsym(library, symbols[i].name);
		if (!at)
			return error_set(why, "%s has no %s", name, symbols[i].name);
		/* C knows no conversion between pointers to objects and to functions; POSIX has
		 * both of one size. */
		memcpy(symbols[i].to, &at, sizeof at);
	}
	return true;
}
