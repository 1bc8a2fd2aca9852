/* redact.h - mail addresses taken out of a record before any output sees it. */
#ifndef SMTPWATCH_POLICY_REDACT_H
#define SMTPWATCH_POLICY_REDACT_H

#include "smtpwatch/record.h"

/* What becomes of bob@example.net: itself; ***@example.net; 12 hex digits of the SHA-256 of the
 * address in lower case; nothing. */
enum redact_mode { REDACT_NONE, REDACT_LOCAL, REDACT_HASH, REDACT_ALL, REDACT_MODES };

const char *redact_name(enum redact_mode mode);

/* REDACT_MODES if there is no such name. */
enum redact_mode redact_read(const char *name);

/* The one place where addresses are taken out. Outputs get its result and never the record itself,
 * so none can forget to redact. */
struct redactor;

/* NULL where there is no memory. */
struct redactor *redactor_new(enum redact_mode mode);
void redactor_free(struct redactor *r);

/*
 * A record in which senders, recipients and Message-IDs are redacted, and in every other text, the
 * evidence of its cause included, what looks like an address, or is the local part of one of the
 * session's own, with or without its tag: in what the server said within other words too. A text
 * that was cut loses its last word. With REDACT_NONE *in itself. Valid until the next call, and no
 * longer than *in.
 */
const struct record *redactor_record(struct redactor *r, const struct record *in);

/* Any text of that session (not redacted yet), treated as its replies are. Valid until the next
 * call of either. */
struct bytes redactor_text(struct redactor *r, const struct session_facts *facts,
			   struct bytes text);

#endif
