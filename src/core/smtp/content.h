/* content.h - finds the end of a message's content: a line that is a lone dot (RFC 5321 4.1.1.4).
 */
#ifndef SMTPWATCH_CORE_SMTP_CONTENT_H
#define SMTPWATCH_CORE_SMTP_CONTENT_H

#include "core/smtp/message_header.h" /* the scan that runs beside this one */
#include "smtpwatch/bytes.h"

/* A scan under way. Zero-filled at the beginning of the content, which counts as the beginning of
 * a line. */
struct content {
	uint8_t state;
};

enum content_end {
	CONTENT_MORE,     /* the input is used up; the content goes on */
	CONTENT_SOFT_END, /* a lone dot with a bare LF before or behind it: some servers take it as
			     the end, others do not (SMTP smuggling) */
	CONTENT_END       /* CRLF . CRLF */
};

/*
 * Scans content for its end. `in` may be cut anywhere; the cuts change no result.
 * Sets *used to the number of bytes of `in` that belong to the content, its end included; for
 * CONTENT_MORE that is in.n. If the server does not accept a CONTENT_SOFT_END, scan on with the
 * bytes behind *used. A vector search for "\n." passes over bodies at several GB/s.
 */
enum content_end content_scan(struct content *c, struct bytes in, size_t *used);

/* Tells the scan that bytes are missing here. The scan assumes that no line begins right after the
 * gap. */
void content_gap(struct content *c);

#endif
