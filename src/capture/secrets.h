/* secrets.h - finds the TLS key logs in a pcapng file (decryption secrets blocks), which libpcap
 * skips. */
#ifndef SMTPWATCH_CAPTURE_SECRETS_H
#define SMTPWATCH_CAPTURE_SECRETS_H

#include "smtpwatch/bytes.h"

/* A parser of the blocks of a file, which runs beside libpcap's. Zero-fill before first use. */
struct secrets {
	uint8_t head[16]; /* the first bytes of the current block, head_n so far */
	uint8_t head_n;
	bool big;        /* the section is big-endian */
	bool off;        /* the bytes are no pcapng, or no longer: all further bytes are ignored */
	uint32_t left;   /* bytes of the block still to come */
	uint32_t wanted; /* bytes of its key log still to come */
	char *text;      /* key logs that were not taken yet */
	size_t n, capacity;
};

/* Parses the next bytes of the file. A piece may end anywhere. If memory is exhausted, or above 16
 * MiB that were not taken, key logs are dropped. */
void secrets_push(struct secrets *s, struct bytes in);

/* Returns the text found since the last call; the last block may be incomplete. Borrowed until the
 * next secrets_push. */
struct bytes secrets_take(struct secrets *s);

/* Wipes and frees the text. */
void secrets_free(struct secrets *s);

#endif
