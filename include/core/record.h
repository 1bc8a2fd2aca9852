/* record.h - one judged session, as the core hands it to the outputs. */
#ifndef SMTPWATCH_CORE_RECORD_H
#define SMTPWATCH_CORE_RECORD_H

#include "core/cause.h"
#include "core/session_facts.h"
#include "core/verdict.h"

/* Everything in it is borrowed, and valid for the length of the call that delivers it. */
struct record {
	const struct conn *conn;
	const struct session_facts *session;
	const struct ending *ending;
	struct judgement judgement;
	const struct cause *cause;
	uint32_t together; /* sessions of this server that were ended within a second of this one, this one included; 1: it alone */
	int64_t end;       /* when the session was over, nanoseconds; conn->start is when it began */
};

#endif
