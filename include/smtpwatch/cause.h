/* cause.h - why a session ended as it did: a guess that shows its evidence, and says how sure it
 * is. */
#ifndef SMTPWATCH_CAUSE_H
#define SMTPWATCH_CAUSE_H

#include "smtpwatch/session_info.h"
#include "smtpwatch/verdict.h"

/* In the order of the catalogue. What is known of each stands in the table (cause/table.c). */
enum cause_id {
	CAUSE_SHUTDOWN,
	CAUSE_IDLE_TIMEOUT,
	CAUSE_SESSION_LIMIT,
	CAUSE_MESSAGE_LIMIT,
	CAUSE_TOO_MANY_ERRORS,
	CAUSE_AUTH_FAILURES,
	CAUSE_POLICY,
	CAUSE_SIZE_LIMIT,
	CAUSE_NOT_SMTP,
	CAUSE_TLS_FAILURE,
	CAUSE_SERVER_CRASH,
	CAUSE_REPLY_LOST,
	CAUSE_REPLY_UNFINISHED,
	CAUSE_MIDDLEBOX_RESET,
	CAUSE_MIDDLEBOX_REWRITE,
	CAUSE_PATH_MTU,
	CAUSE_PATH_LOSS,
	CAUSE_RECEIVER_STALLED,
	CAUSE_SLOW_FILTER,
	CAUSE_CLIENT_TIMEOUT,
	CAUSE_OUT_OF_STEP,
	CAUSE_UNEXPLAINED,
	CAUSES
};

enum { CAUSE_EVIDENCE = 4, CAUSE_EVIDENCE_TEXT = 120 };

/* Evidence: sentences about this session, with its own numbers, e.g. "the RST has TTL 61, the
 * server's other segments have 57". */
struct cause {
	enum cause_id id;
	enum confidence confidence;
	unsigned evidences;
	char evidence[CAUSE_EVIDENCE][CAUSE_EVIDENCE_TEXT];
};

/* What earlier and simultaneous sessions of the same server tell; all 0 where nothing is known
 * (server_history.h fills it in). */
struct cause_hints {
	uint32_t together;     /* sessions of this server that ended by its doing within a second of
				  this one, this one included */
	uint32_t together_rst; /* of these, by RST */
	uint32_t same_life; /* earlier sessions that this server ended by itself after the same life
			       time (within 2 %) */
	uint32_t same_messages; /* ... after the same number of messages, at least 2 */
};

/* All that a cause may be judged by. */
struct cause_facts {
	const struct conn *conn;
	const struct session_facts *session;
	const struct ending *ending;
	const struct judgement *judgement;
	const struct cause_hints *hints;
	int64_t end;                   /* when the first of the two closed it */
	const struct cause_said *said; /* what the farewell says; cause_find fills it in */
};

struct cause_row {
	const char *id;      /* "idle-timeout" */
	const char *meaning; /* one clause: "the server ended a session that had been idle for too
				long" */
	const char *advice;  /* what to look at next, more precisely than the verdict can say; NULL:
				nothing more */
	bool (*holds)(const struct cause_facts *f,
		      struct cause *c); /* true: it holds; it has then set the confidence and added
					   its evidence */
};

const struct cause_row *cause_row(enum cause_id id);

/* CAUSES if there is none of that id. */
enum cause_id cause_read(const char *id);

/* The best founded cause: the highest confidence, and among equals the one that stands first in the
 * table. Sessions that ended well have none: CAUSE_UNEXPLAINED without evidence. */
void cause_find(const struct cause_facts *f, struct cause *out);

#endif
