/* cause.h - why a session ended as it did: the probable cause, its confidence and its evidence. */
#ifndef SMTPWATCH_CAUSE_H
#define SMTPWATCH_CAUSE_H

#include "smtpwatch/judgement.h"
#include "smtpwatch/session_info.h"

/* CAUSE_SHUTDOWN to CAUSE_UNEXPLAINED: the rows of causes.def, in their order. */
enum cause_id {
#define CAUSE(name, ...) CAUSE_##name,
#include "smtpwatch/causes.def"
	CAUSES
};

enum { CAUSE_EVIDENCE = 4, CAUSE_EVIDENCE_TEXT = 120 };

/* A cause that was found. evidence: `evidences` sentences about this session, with its own numbers.
 * Example: "the RST has TTL 61, the server's other segments have 57". */
struct cause {
	enum cause_id id;
	enum confidence confidence;
	unsigned evidences;
	char evidence[CAUSE_EVIDENCE][CAUSE_EVIDENCE_TEXT];
};

/* What other sessions of the same server tell about this ending. All members are 0 if nothing is
 * known. server_history_hints (server_history.h) fills them in. */
struct cause_hints {
	/* Sessions that this server ended within a second of this one, this one included. */
	uint32_t together;
	/* Sessions among `together` that the server ended by RST. */
	uint32_t together_rst;
	/* Earlier sessions that this server ended after the same life time, within 2 %. */
	uint32_t same_life;
	/* Earlier sessions that this server ended after the same number of messages, at least 2. */
	uint32_t same_messages;
};

/* All facts from which a cause is derived. All pointers are borrowed. */
struct cause_input {
	const struct conn *conn;
	const struct session_info *session;
	const struct ending *ending;
	const struct judgement *judgement;
	const struct cause_hints *hints;
	int64_t end; /* when the first closing segment came, nanoseconds (struct ending.closed) */
	const struct cause_text *text; /* what the farewell says; set by cause_find */
};

struct cause_row {
	/* Example: "idle-timeout". */
	const char *id;
	/* One clause. Example: "the server ended a session that had been idle for too long". */
	const char *meaning;
	/* What to look at next, more specific than the verdict's advice. NULL: nothing to add. */
	const char *advice;
	bool (*holds)(const struct cause_input *f,
		      struct cause *c); /* Returns true if the cause holds; then the confidence and
					   the evidence in *c are set. */
};

/* Returns the row of a cause: a static constant. */
const struct cause_row *cause_row(enum cause_id id);

/* Returns the cause of that id; CAUSES if there is none. */
enum cause_id cause_read(const char *id);

/* Finds the cause with the highest confidence; if several have the same, the first of them in the
 * table. *out is set in every case. If nothing is to be explained, the id is CAUSE_UNEXPLAINED and
 * there is no evidence. f->said need not be set. */
void cause_find(const struct cause_input *f, struct cause *out);

#endif
