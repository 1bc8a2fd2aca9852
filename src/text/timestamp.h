/* timestamp.h - times as text, in UTC or, for people, in local time. */
#ifndef SMTPWATCH_TEXT_TIMESTAMP_H
#define SMTPWATCH_TEXT_TIMESTAMP_H

#include "text/buffer.h"

/* The latest date as text, so that gmtime_r is called once a day of the input. Zero-fill before
 * first use. */
struct stamp {
	bool known;
	int64_t day; /* days since the epoch */
	char date[11];
	/* The latest second, up to the point before its parts. */
	bool second_known;
	int64_t second; /* since the epoch */
	char text[20];
	/* Local time: the offset from UTC in a quarter of an hour of the input. */
	bool located;
	int64_t quarter; /* since the epoch */
	int64_t offset;  /* seconds east of UTC */
};

/* From now on stamp_plain tells local time: of the environment variable TZ, or else of the system.
 * Call once, at the start, while files can be opened. */
void stamp_local(void);

/* Returns true after stamp_local. */
bool stamp_is_local(void);

/* Returns the local offset at a time as "+0100", or "UTC" without stamp_local. zone: at least
 * STAMP_ZONE bytes. */
enum { STAMP_ZONE = 16 };
const char *stamp_zone(struct stamp *s, int64_t ns, char zone[STAMP_ZONE]);

/* Append ns, nanoseconds since the epoch, rounded down. stamp_iso, always UTC:
 * "2026-11-23T10:00:00.123456Z" (ISO 8601). stamp_plain, for people: "2026-11-23 10:00:00 UTC", or
 * after stamp_local "2026-11-23 11:00:00 +0100". */
void stamp_iso(struct stamp *s, struct outbuf *b, int64_t ns);
void stamp_plain(struct stamp *s, struct outbuf *b, int64_t ns);

/* Returns the hour of the day that stamp_plain tells, 0 to 23. */
unsigned stamp_hour(struct stamp *s, int64_t ns);

/* As stamp_iso, to a place of the caller's: STAMP_ISO bytes, without a NUL. */
enum { STAMP_ISO = 27 };
void stamp_iso_put(struct stamp *s, char *at, int64_t ns);

#endif
