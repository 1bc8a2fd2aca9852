/* symbols.h - finds functions in a library or program (ELF) that anybody may have made. */
#ifndef SMTPWATCH_KEYS_SYMBOLS_H
#define SMTPWATCH_KEYS_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sets offset[i] to the place in the file of the function names[i], 0: there is none. fd: the file,
 * borrowed. Returns false if this is no ELF of this machine, or a damaged one. */
bool symbols_find(int fd, const char *const *names, size_t n, uint64_t *offset);

#endif
