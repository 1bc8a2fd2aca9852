/* mail.h - what messages are made of: a block of text lines, and one of TLS records, from which
 * each message takes a run. */
#ifndef SMTPWATCH_BENCH_MAIL_H
#define SMTPWATCH_BENCH_MAIL_H

#include "bench/chance.h"

#include <stddef.h>

/* Units (lines, or records) one behind the other; a run that passes the end goes on at the
 * beginning. */
struct mail_block {
	uint8_t *bytes;
	uint32_t n, units;
	uint32_t *starts; /* of each unit */
};

struct mail {
	struct mail_block text, records;
};

bool mail_init(struct mail *m);
void mail_free(struct mail *m);

/* A run of whole units of about n bytes: where it begins; *n becomes its length. */
uint32_t mail_choose(const struct mail_block *b, struct chance *c, uint32_t *n);

/* Copies n bytes from `offset` on of the run that begins at `from`. */
void mail_copy(const struct mail_block *b, uint32_t from, uint32_t offset, uint8_t *to, size_t n);

#endif
