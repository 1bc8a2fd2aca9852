/* redact.h - removes mail addresses from a record before any output gets it. */
#ifndef SMTPWATCH_POLICY_REDACT_H
#define SMTPWATCH_POLICY_REDACT_H

#include "smtpwatch/record.h"
#include "text/digest.h"

/* What replaces bob@example.net. NONE: nothing, it stays. LOCAL: ***@example.net. HASH: 64 bits of
 * the HMAC-SHA-256 of the address in lower case, in hex: the same for all who have the key. ALL:
 * the address is removed. */
enum redact_mode { REDACT_NONE, REDACT_LOCAL, REDACT_HASH, REDACT_ALL, REDACT_MODES };

struct redaction {
	enum redact_mode mode;
	uint8_t key[DIGEST_KEY]; /* with HASH: the site's */
};

const char *redact_name(enum redact_mode mode);

/* Returns REDACT_MODES if there is no mode of this name. */
enum redact_mode redact_read(const char *name);

/* The only place where addresses are removed. Outputs get the redacted record and never the
 * original. */
struct redactor;

/* how: NULL: nothing is redacted. Returns NULL if memory is exhausted. redactor_free frees it. */
struct redactor *redactor_new(const struct redaction *how);
void redactor_free(struct redactor *r);

/*
 * Returns a record with senders, recipients and Message-IDs redacted. In every other text,
 * including the evidence of the cause, it redacts:
 * - what looks like an address;
 * - the local part of an address of the session, with or without its tag; in the server's texts
 * also inside other words.
 * A text that was cut loses its last word. With REDACT_NONE returns in itself. Borrowed until the
 * next call, and no longer than *in.
 */
const struct record *redactor_record(struct redactor *r, const struct record *in);

/* Redacts a text of that session as one of its replies. facts: not redacted. Borrowed until the
 * next call of redactor_text or redactor_record. */
struct bytes redactor_text(struct redactor *r, const struct session_info *info, struct bytes text);

/* Returns the domain of an address in lower case, as outputs may show it: with HASH its hash, with
 * ALL nothing. Empty if the address has none. Borrowed until the next call of a function of r. */
struct bytes redactor_domain(struct redactor *r, struct bytes address);

#endif
