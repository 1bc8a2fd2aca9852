/* keylog.h - the secrets of TLS sessions, as programs write them into a key log
 * (draft-ietf-tls-keylogfile), found by the client's random. */
#ifndef SMTPWATCH_DECRYPT_KEYLOG_H
#define SMTPWATCH_DECRYPT_KEYLOG_H

#include "smtpwatch/bytes.h"

enum keylog_label {
	KEYLOG_MASTER,           /* CLIENT_RANDOM: the master secret of TLS 1.2 */
	KEYLOG_CLIENT_HANDSHAKE, /* CLIENT_HANDSHAKE_TRAFFIC_SECRET; the rest of TLS 1.3 (RFC
				    8446 7.1) */
	KEYLOG_SERVER_HANDSHAKE,
	KEYLOG_CLIENT_TRAFFIC, /* CLIENT_TRAFFIC_SECRET_0 */
	KEYLOG_SERVER_TRAFFIC,
	KEYLOG_LABELS
};

enum { KEYLOG_RANDOM = 32, KEYLOG_SECRET = 48, KEYLOG_WHY = 320 };

struct keylog_secret {
	uint8_t n; /* bytes; 0: not known */
	uint8_t bytes[KEYLOG_SECRET];
};

/* Serves any number of threads. */
struct keylog;

struct keylog_stats {
	uint64_t secrets;   /* lines that held one */
	uint64_t bad_lines; /* lines that nobody can read; what is known and not needed
			       (EXPORTER_SECRET, comments) is not counted */
	uint64_t evicted;   /* sessions whose secrets went to make room: the oldest go first */
};

/* sessions: how many are remembered at most. NULL: no memory. */
struct keylog *keylog_new(unsigned sessions);

/*
 * Opens a file or FIFO, and reads what is there. What is added later is read when a secret is
 * looked for and not found; a file that has become shorter is read anew. A FIFO never ends, whoever
 * closes it. False with a sentence in why. Once.
 */
bool keylog_open(struct keylog *k, const char *path, char why[KEYLOG_WHY]);

/* Whole lines, from elsewhere: the decryption secrets block of a pcapng file. */
void keylog_add(struct keylog *k, struct bytes text);

/* A copy, which the caller wipes. False: not known (yet). */
bool keylog_find(struct keylog *k, const uint8_t random[KEYLOG_RANDOM], enum keylog_label label,
		 struct keylog_secret *out);

/* Can more come by itself? Else what is not known need not be waited for. */
bool keylog_waits(const struct keylog *k);

void keylog_stats(struct keylog *k, struct keylog_stats *out);

/* Wipes every secret. */
void keylog_free(struct keylog *k);

#endif
