/*
 * mask.h - masks a client's line: no password and no part of a message is shown.
 */
#ifndef SMTPWATCH_TRACE_MASK_H
#define SMTPWATCH_TRACE_MASK_H

#include "smtpwatch/smtp.h"
#include "text/buffer.h"

/* What replaces a secret of any length. */
extern const char mask_secret[];

/*
 * Appends a command line without its line end, with secrets masked. verb: any but SMTP_UNKNOWN and
 * SMTP_NOT_SMTP. args: what follows the verb.
 */
void mask_command(struct outbuf *b, enum smtp_verb verb, struct bytes args);

/* For SMTP_UNKNOWN and SMTP_NOT_SMTP: returns how many bytes of the line may be shown. all: the
 * whole line may be a password or part of a body. */
size_t mask_unknown(struct bytes line, bool all);

/*
 * Appends as many bytes as text has, in the same lines. Line ends, blanks and NULs stay; with
 * `dots`, so do the dots at the beginning of lines. Every other byte becomes an x. begins: text
 * begins a line.
 */
void mask_text(struct outbuf *b, struct bytes text, bool begins, bool dots);

#endif
