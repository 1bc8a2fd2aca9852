/* timestamp.h - times as text, in UTC. */
#ifndef SMTPWATCH_TEXT_TIMESTAMP_H
#define SMTPWATCH_TEXT_TIMESTAMP_H

#include "text/buffer.h"

/* The day that was shown last, so that the calendar is asked once a day. Zero-filled before first
 * use. */
struct stamp {
	bool known;
	int64_t day; /* since the epoch */
	char date[11];
};

/* Nanoseconds since the epoch as "2026-11-23T10:00:00.123456Z" (ISO 8601), or for people as
 * "2026-11-23 10:00:00 UTC". */
void stamp_iso(struct stamp *s, struct outbuf *b, int64_t ns);
void stamp_plain(struct stamp *s, struct outbuf *b, int64_t ns);

#endif
