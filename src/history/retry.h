/* retry.h - whose habits the pauses between tries fit. */
#ifndef SMTPWATCH_HISTORY_RETRY_H
#define SMTPWATCH_HISTORY_RETRY_H

#include <stddef.h>
#include <stdint.h>

struct retry_row {
	const char *name;
	unsigned give_up; /* days */
};

/* Returns the server whose default pauses these are, n pauses in seconds from the first on; NULL if
 * none fits, or several do, or there are fewer than two. Static. */
const struct retry_row *retry_find(const uint32_t *pauses, size_t n);

#endif
