/* timestamp.h - times as text, in UTC. */
#ifndef SMTPWATCH_TEXT_TIMESTAMP_H
#define SMTPWATCH_TEXT_TIMESTAMP_H

#include "text/buffer.h"

/* The latest date as text, so that gmtime_r is called once a day of the input. Zero-fill before
 * first use. */
struct stamp {
	bool known;
	int64_t day; /* days since the epoch */
	char date[11];
};

/* Append ns, nanoseconds since the epoch, in UTC, rounded down. stamp_iso:
 * "2026-11-23T10:00:00.123456Z" (ISO 8601). stamp_plain, for people: "2026-11-23 10:00:00 UTC". */
void stamp_iso(struct stamp *s, struct outbuf *b, int64_t ns);
void stamp_plain(struct stamp *s, struct outbuf *b, int64_t ns);

#endif
