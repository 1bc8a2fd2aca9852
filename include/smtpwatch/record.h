/* record.h - one judged session, as the core delivers it to the outputs. */
#ifndef SMTPWATCH_RECORD_H
#define SMTPWATCH_RECORD_H

#include "smtpwatch/judgement.h"
#include "smtpwatch/session_info.h"

#include <stddef.h>

struct cause;

/* All pointers are borrowed until the call that delivers the record returns. */
struct record {
	const struct conn *conn;
	const struct session_info *session;
	const struct ending *ending;
	struct judgement judgement;
	const struct cause *cause;
	/* Sessions that this server ended within a second of this one, this one included. 1: this
	 * session alone. */
	uint32_t together;
	/* Packets that the kernel dropped while the session was open. Which connections these
	 * packets belonged to is not known. */
	uint64_t kernel_drops;
	int64_t end; /* when the session was over, nanoseconds; conn->start: when it began */
};

/* Upper bound of record_size. A buffer of RECORD_BYTES_MAX bytes has room for any record. */
enum { RECORD_BYTES_MAX = 448 << 10 };

/* Returns the bytes that record_pack needs: about 1.5 KB, and at most RECORD_BYTES_MAX if every
 * string is full. */
size_t record_size(const struct record *record);

/* Copies a record and all that the record points to, for another thread or a later time. at:
 * record_size(record) bytes, aligned to 16. Returns the copy, which begins at `at` and is valid as
 * long as that memory. In the copy conn->user is NULL. */
const struct record *record_pack(const struct record *record, void *at);

#endif
