/*
 * mask.h - what may be shown of a client's line: no password, and no part of a message.
 */
#ifndef SMTPWATCH_TRACE_MASK_H
#define SMTPWATCH_TRACE_MASK_H

#include "smtpwatch/smtp.h"
#include "text/buffer.h"

/* What stands in the place of a secret, however long that was. */
extern const char mask_secret[];

/*
 * A command line without its line end, as it may be shown, of all verbs but SMTP_UNKNOWN and
 * SMTP_NOT_SMTP. said: how it was said; args: what follows the verb.
 */
void mask_command(struct outbuf *b, enum smtp_verb verb, struct bytes args);

/* Of these two: how many bytes of the line may be shown. all: it may be a password, or a body. */
size_t mask_unknown(struct bytes line, bool all);

/*
 * As many bytes as there are, with the same lines: line ends, blanks, NULs and, with `dots`, the
 * dots at the beginning of lines stay; every other byte becomes an x. begins: a line begins here.
 */
void mask_text(struct outbuf *b, struct bytes text, bool begins, bool dots);

#endif
