/* keylog.h - a table of TLS secrets from key logs (draft-ietf-tls-keylogfile). The search key is
 * the client's random, or in lines of smtpwatch-keys (docs/tls.md) a transcript hash. */
#ifndef SMTPWATCH_DECRYPT_KEYLOG_H
#define SMTPWATCH_DECRYPT_KEYLOG_H

#include "smtpwatch/bytes.h"

/* The secrets that decryption needs. */
enum keylog_label {
	KEYLOG_MASTER, /* CLIENT_RANDOM: the master secret of TLS 1.2 */
	/* KEYLOG_CLIENT_HANDSHAKE and the following labels are secrets of TLS 1.3 (RFC 8446 7.1).
	 * Their names in a key log are CLIENT_HANDSHAKE_TRAFFIC_SECRET,
	 * SERVER_HANDSHAKE_TRAFFIC_SECRET, CLIENT_TRAFFIC_SECRET_0 and SERVER_TRAFFIC_SECRET_0. */
	KEYLOG_CLIENT_HANDSHAKE,
	KEYLOG_SERVER_HANDSHAKE,
	KEYLOG_CLIENT_TRAFFIC,
	KEYLOG_SERVER_TRAFFIC,
	KEYLOG_LABELS
};

/* Sizes in bytes: of a random, of the longest secret. */
enum { KEYLOG_RANDOM = 32, KEYLOG_SECRET = 48 };

/* One secret. Wipe copies after use. */
struct keylog_secret {
	uint8_t n; /* bytes; 0: unknown */
	uint8_t bytes[KEYLOG_SECRET];
};

/* A table of secrets. keylog_add, keylog_find, keylog_waits and keylog_stats may be called by any
 * number of threads. */
struct keylog;

/* Counters of a table. */
struct keylog_stats {
	uint64_t secrets; /* lines with a secret, also if memory was exhausted and the secret was
			     dropped */
	/* Lines that cannot be read. Comments, empty lines, and known labels that are not needed
	 * (EXPORTER_SECRET) are not counted. */
	uint64_t bad_lines;
	uint64_t evicted; /* sessions whose secrets were removed to make room: the oldest first */
};

/* Makes a table for at most `sessions` sessions. Returns NULL if memory is exhausted or OpenSSL has
 * no randomness. */
struct keylog *keylog_new(unsigned sessions);

/*
 * Reads a key log, an open file or FIFO, and closes it in keylog_free: what it contains now, and a
 * FIFO's first MiB. Later lines are read when keylog_find misses a secret, at most a MiB each time.
 * If a file has become shorter, it is read from its beginning. fd: does not block; a FIFO must be
 * open for writing too, so that it never ends. Call at most once, before other threads use k.
 */
void keylog_read(struct keylog *k, int fd);

/* Adds the lines of a key log from elsewhere: the decryption secrets block of a pcapng file. The
 * last line needs no line end. text is borrowed for the call. */
void keylog_add(struct keylog *k, struct bytes text);

/* Finds a secret by the first KEYLOG_RANDOM bytes of the transcript hash, unless hash is NULL, else
 * by the random. Copies it to *out; the caller wipes the copy. Returns false if it is not known, or
 * not yet. */
bool keylog_find(struct keylog *k, const uint8_t random[KEYLOG_RANDOM], const uint8_t *hash,
		 enum keylog_label label, struct keylog_secret *out);

/* Returns true if a key log is open, which may grow. If not, there is no point in waiting for a
 * secret. */
bool keylog_waits(const struct keylog *k);

/* Copies the counters to *out. */
void keylog_stats(struct keylog *k, struct keylog_stats *out);

/* Wipes all secrets, closes the file and frees k. NULL is allowed. */
void keylog_free(struct keylog *k);

#endif
