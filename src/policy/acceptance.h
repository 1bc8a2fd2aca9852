/* acceptance.h - the wait for the reply to a complete message: a client that gives up then sends a
 * duplicate (RFC 1047). */
#ifndef SMTPWATCH_POLICY_ACCEPTANCE_H
#define SMTPWATCH_POLICY_ACCEPTANCE_H

#include "smtpwatch/record.h"

/* The longest such wait of a session, from the end of the message to its reply or to the end of
 * the session. */
struct acceptance {
	int64_t waited;                    /* nanoseconds; 0: none is known */
	bool answered;                     /* the reply came */
	const struct transaction *message; /* NULL: the message was not kept */
};

/* Returns the longest wait whose beginning and end were both seen. A reply that may lie in a gap
 * counts for no wait. */
struct acceptance acceptance_slowest(const struct record *r);

/* Returns the wait for the final reply to one message, nanoseconds; negative: its end or its reply
 * was not captured. */
int64_t acceptance_wait(const struct transaction *t);

#endif
