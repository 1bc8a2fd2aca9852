/* secrets.h - the TLS key logs inside a pcapng file (decryption secrets blocks), which libpcap
 * passes over. */
#ifndef SMTPWATCH_CAPTURE_SECRETS_H
#define SMTPWATCH_CAPTURE_SECRETS_H

#include "smtpwatch/bytes.h"

/* A walk over the blocks of a file, beside whoever reads it. Zero-filled at first. */
struct secrets {
	uint8_t head[16]; /* of the block under way */
	uint8_t head_n;
	bool big;        /* the section's byte order */
	bool off;        /* this is no pcapng, or not any more */
	uint32_t left;   /* of the block */
	uint32_t wanted; /* of its secrets */
	char *text;
	size_t n, capacity;
};

/* The next bytes of the file, cut anywhere. */
void secrets_push(struct secrets *s, struct bytes in);

/* What was found since the last call, whole blocks or not; borrowed until the next push. */
struct bytes secrets_take(struct secrets *s);

/* Wipes. */
void secrets_free(struct secrets *s);

#endif
