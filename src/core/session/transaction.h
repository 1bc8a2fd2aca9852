/* transaction.h - one message of a session, from MAIL to its fate (RFC 5321 3.3). Private to
 * core/session; struct transaction stands in smtpwatch/session_info.h. */
#ifndef SMTPWATCH_CORE_SESSION_TRANSACTION_H
#define SMTPWATCH_CORE_SESSION_TRANSACTION_H

#include "core/smtp/content.h"
#include "smtpwatch/session_info.h"

/* Makes a transaction from the arguments of MAIL. Returns NULL if the pool is exhausted: the
 * session then counts the message and keeps nothing of it. ts: nanoseconds since the epoch. */
struct transaction *transaction_new(struct pool *pool, struct bytes mail_args, int64_t ts);
void transaction_free(struct transaction *t, struct pool *pool);

/* transaction_rcpt adds a recipient and returns the place of its string, or STRINGS_NONE.
 * transaction_rcpt_reply takes the reply to that RCPT. */
uint16_t transaction_rcpt(struct transaction *t, struct pool *pool, struct bytes args);
void transaction_rcpt_reply(struct transaction *t, uint16_t string, const struct smtp_reply *r);

/* Whether every recipient was refused; false if there was none. */
bool transaction_without_rcpt(const struct transaction *t);

/* Whether the transaction still waits for its end: its fate is open, and neither MAIL, nor DATA,
 * nor every recipient was refused. */
bool transaction_open(const struct transaction *t);

/* transaction_refused takes a refusal of MAIL, DATA or the last recipient. transaction_answered
 * takes the reply to the end, and settles the fate. */
void transaction_refused(struct transaction *t, const struct smtp_reply *r);
void transaction_answered(struct transaction *t, struct pool *pool, const struct smtp_reply *r,
			  int64_t ts);

/* Takes a reply that came inside the message: the client will read it as the answer to the end. A
 * 421 settles nothing until the end is sent. */
void transaction_answered_early(struct transaction *t, struct pool *pool,
				const struct smtp_reply *r, int64_t ts);

/* Takes the server's own answer to the end, after the client has read an earlier reply as the
 * answer. Sets whether the server accepted the message, and corrects the fate. */
void transaction_answered_again(struct transaction *t, struct pool *pool,
				const struct smtp_reply *r, int64_t ts);

/* Settles an open transaction that got no reply to its end. If it was refused, it is rejected or
 * deferred. If its content has a gap, its fate is unknown. Else its fate is `otherwise`. */
void transaction_over(struct transaction *t, enum fate otherwise);

#endif
