/* day_types.h - what stands in a day's file. */
#ifndef SMTPWATCH_HISTORY_STORE_DAY_TYPES_H
#define SMTPWATCH_HISTORY_STORE_DAY_TYPES_H

#include "base/error.h"
#include "history/attempt.h"

/* The schema that is written. Older ones are upgraded when they are written to, and read as they
 * are. */
enum { DAY_SCHEMA = 2 };

enum day_mode { DAY_READ, DAY_WRITE, DAY_CHANGE };

/* What is wrong with a file that cannot be opened. */
enum day_fault {
	DAY_FINE,
	DAY_TROUBLE, /* the system: no permission, no room */
	DAY_DAMAGED, /* it is no database, or is damaged */
	DAY_NEWER    /* its schema is of a later version */
};

/* A text behind a key. */
struct day_name {
	uint64_t key;
	struct bytes text;
};

/* A time that was watched, milliseconds; sessions, those of them not wholly read, packets that the
 * kernel dropped, and rows that were lost. */
struct day_watched {
	int64_t start, end;
	uint64_t sessions, unread, dropped, lost;
};

/* Which attempts to read; 0: any. Keys as in struct attempt. */
struct day_query {
	int64_t since; /* milliseconds */
	uint64_t rcpt, sender, msgid;
	const char *queue; /* NULL: any */
};

#endif
