/* content.h - where a message ends: the search for the lone dot of DATA (RFC 5321 4.1.1.4). */
#ifndef SMTPWATCH_CORE_SMTP_CONTENT_H
#define SMTPWATCH_CORE_SMTP_CONTENT_H

#include "core/smtp/message_header.h" /* what is scanned beside it */
#include "smtpwatch/bytes.h"

/* A scan under way: zero-filled at the beginning of the content, which counts as the beginning of a
 * line. */
struct content {
	uint8_t state;
};

enum content_end {
	CONTENT_MORE,     /* the input is used up; the message goes on */
	CONTENT_SOFT_END, /* a lone dot of which a line end, before or after it, is a bare LF: some
			     servers take it as the end, others do not (SMTP smuggling) */
	CONTENT_END       /* CRLF . CRLF */
};

/*
 * Scans content; *used is how many bytes of `in` belong to it, the end included: all of them for
 * CONTENT_MORE. After CONTENT_SOFT_END the scan can go on with the bytes that follow, if the server
 * did not take it as the end. Passes over bodies with a vector search for "\n.", several GB/s;
 * splitting the input otherwise changes no result.
 */
enum content_end content_scan(struct content *c, struct bytes in, size_t *used);

/* Tells the scan that bytes are missing here: a line may or may not begin after the gap (it is
 * taken that none does). */
void content_gap(struct content *c);

#endif
