/* late_library.h - a foreign library that only one feature needs, loaded when that is asked for:
 * to load it with the program would cost every start. */
#ifndef SMTPWATCH_BASE_LATE_LIBRARY_H
#define SMTPWATCH_BASE_LATE_LIBRARY_H

#include "base/error.h"

#include <stddef.h>

/* A function of the library, and the pointer that gets its address. */
struct late_symbol {
	const char *name;
	void *to;
};

/* Loads a library by the name that the linker would look for, and sets the pointers of all n
 * symbols. It stays loaded. Call before the sandbox closes, which lets nobody open a library.
 * Returns false with why set if there is no such library, or if a symbol is missing. */
bool late_library_load(const char *name, const struct late_symbol *symbols, size_t n,
		       struct error *why);

#endif
