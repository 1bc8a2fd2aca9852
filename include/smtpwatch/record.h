/* record.h - one judged session, as the core hands it to the outputs. */
#ifndef SMTPWATCH_RECORD_H
#define SMTPWATCH_RECORD_H

#include "smtpwatch/cause.h"
#include "smtpwatch/session_info.h"
#include "smtpwatch/verdict.h"

#include <stddef.h>

/* Everything in it is borrowed, and valid for the length of the call that delivers it. */
struct record {
	const struct conn *conn;
	const struct session_facts *session;
	const struct ending *ending;
	struct judgement judgement;
	const struct cause *cause;
	uint32_t together; /* sessions of this server that were ended within a second of this one,
			      this one included; 1: it alone */
	uint64_t kernel_drops; /* packets that the kernel dropped while the session was open; whose
				  they were nobody knows */
	int64_t end; /* when the session was over, nanoseconds; conn->start is when it began */
};

/* No record is larger, whatever was said: who makes room for records may rely on it. */
enum { RECORD_MOST = 448 << 10 };

/* The bytes that record_pack needs: some 1.5 KB, up to RECORD_MOST for a session whose every note
 * is full. */
size_t record_size(const struct record *record);

/* A copy of a record and of all that it points to, for another thread or a later time. at:
 * record_size bytes, aligned to 16, and as long as they live the copy does. */
const struct record *record_pack(const struct record *record, void *at);

#endif
