/* made.h - a record made by hand, for tests of what stands behind the core. */
#ifndef SMTPWATCH_TESTS_LIB_MADE_H
#define SMTPWATCH_TESTS_LIB_MADE_H

#include "policy/session_report.h"
#include "smtpwatch/cause.h"
#include "smtpwatch/monitor.h"
#include "smtpwatch/verdict.h"

enum { MADE_MESSAGES = 8 };

/* Everything in it may be changed before it is used. Free with made_free. */
struct made {
	struct pool *pool;
	struct conn conn;
	struct conn_side sides[2]; /* which conn points to */
	struct session_info info;
	struct ending ending;
	struct transaction messages[MADE_MESSAGES];
	unsigned n; /* messages */
	struct cause cause;
	struct record record;
	struct alerting alerting;
	const char *input;
	struct report report;
};

/*
 * A session from 192.0.2.10:40312 to 198.51.100.25:25 on 2026-11-23, 10:00:00 to 10:00:03.25 UTC,
 * with a greeting, EHLO and a last reply "221 2.0.0 closing", whose verdict is 221-for-message;
 * without a message so far.
 */
void made_init(struct made *m);
void made_free(struct made *m);

/* The same, with nothing but what every session has: 192.0.2.10:40313 connected, and that was all.
 */
void made_init_bare(struct made *m);

void made_string(struct made *m, struct strings *strings, enum string_tag tag, uint16_t value,
		 const char *text);

/* One more message; rcpt is taken with code 250. */
struct transaction *made_message(struct made *m, enum fate fate, const char *from,
				 const char *rcpt);

/* One that was accepted after so many nanoseconds. */
struct transaction *made_slow_message(struct made *m, int64_t waited);

/* Sets the verdict, and makes the report. */
void made_verdict(struct made *m, enum verdict v, uint64_t also);

/* Makes the report anew, as the record and the alerting are now. */
void made_report(struct made *m);

/* Sets the cause; evidence: up to two sentences, NULL: fewer. */
void made_cause(struct made *m, enum cause_id id, enum confidence confidence, const char *one,
		const char *two);

/* "192.0.2.1" or "2001:db8::1" */
struct ip_addr made_addr(const char *text);

#endif
