/* error.h - a sentence that tells the operator why something failed. */
#ifndef SMTPWATCH_BASE_ERROR_H
#define SMTPWATCH_BASE_ERROR_H

#include <stdbool.h>

enum { ERROR_MAX = 512 };

/* text: ends with NUL; without a full stop. */
struct error {
	char text[ERROR_MAX];
};

/* Sets the text; arguments may point into *e. A text of more than 511 bytes is cut before a UTF-8
 * character. e may be NULL. Returns false, for `return error_set(e, ...)`. */
bool error_set(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As error_set, but appends to the text. */
bool error_append(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
