/* transaction.h - one message of a session, from MAIL to its fate (RFC 5321 3.3). For events.c
 * alone; the facts are in session.h. */
#ifndef SMTPWATCH_CORE_SESSION_TRANSACTION_H
#define SMTPWATCH_CORE_SESSION_TRANSACTION_H

#include "core/smtp/content.h"
#include "smtpwatch/session_info.h"

/* Where no memory is, NULL: the session then counts the message and keeps nothing of it. */
struct transaction *transaction_new(struct pool *pool, struct bytes mail_args, int64_t ts);
void transaction_free(struct transaction *t, struct pool *pool);

/* Adds a recipient; the place of its note is returned. */
uint16_t transaction_rcpt(struct transaction *t, struct pool *pool, struct bytes args);
void transaction_rcpt_reply(struct transaction *t, uint16_t note, const struct smtp_reply *r);

/* Was every recipient refused? */
bool transaction_without_rcpt(const struct transaction *t);

/* Does it still wait for its end: MAIL not refused, no fate, and not every recipient or DATA
 * refused? */
bool transaction_open(const struct transaction *t);

/* The reply that decides it: to MAIL, DATA or the end. */
void transaction_refused(struct transaction *t, const struct smtp_reply *r);
void transaction_answered(struct transaction *t, struct pool *pool, const struct smtp_reply *r,
			  int64_t ts);

/* A reply inside the message, which the client will read as the answer to its end. A 421 settles
 * nothing until that is sent. */
void transaction_answered_early(struct transaction *t, struct pool *pool,
				const struct smtp_reply *r, int64_t ts);

/* The server's own answer to the end, where the client has read an earlier reply as that: tells
 * whether the server took the message, and what the sender believes of it. */
void transaction_answered_again(struct transaction *t, struct pool *pool,
				const struct smtp_reply *r, int64_t ts);

/* It is over without such a reply: what was refused is rejected or deferred, anything else has the
 * fate that is given. */
void transaction_over(struct transaction *t, enum fate otherwise);

#endif
