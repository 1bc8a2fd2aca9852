/* acceptance.h - the wait for the answer to a whole message: where duplicates are made (RFC 1047).
 */
#ifndef SMTPWATCH_POLICY_ACCEPTANCE_H
#define SMTPWATCH_POLICY_ACCEPTANCE_H

#include "smtpwatch/record.h"

/* The longest such wait of a session: from the end of the message to its reply, or to the end of
 * the session. */
struct acceptance {
	int64_t waited;                    /* nanoseconds; 0: none is known */
	bool answered;                     /* the reply came in the end */
	const struct transaction *message; /* NULL: one of those that were not kept */
};

/* Only waits whose two ends were seen: a reply that may lie in a hole makes none. */
struct acceptance acceptance_slowest(const struct record *r);

#endif
