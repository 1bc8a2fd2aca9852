/* secrets.h - the TLS key logs that a capture file contained and that were not taken yet. */
#ifndef SMTPWATCH_CAPTURE_SECRETS_H
#define SMTPWATCH_CAPTURE_SECRETS_H

#include "smtpwatch/bytes.h"

/* Zero-fill before first use. */
struct secrets {
	char *text;
	size_t n, capacity;
};

/* Appends a part of a key log. If memory is exhausted, or above 16 MiB that were not taken, the
 * part is dropped. */
void secrets_add(struct secrets *s, struct bytes part);

/* Returns the text since the last call. Borrowed until the next secrets_add. */
struct bytes secrets_take(struct secrets *s);

/* Wipes and frees the text. */
void secrets_free(struct secrets *s);

#endif
