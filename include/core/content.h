/* content.h - where a message ends: the search for the lone dot of DATA (RFC 5321 4.1.1.4), and the Message-ID on the way. */
#ifndef SMTPWATCH_CORE_CONTENT_H
#define SMTPWATCH_CORE_CONTENT_H

#include "core/bytes.h"

/* A scan under way: zero-filled at the beginning of the content, which counts as the beginning of a line. */
struct content {
	uint8_t state;
};

enum content_end {
	CONTENT_MORE,     /* the input is used up; the message goes on */
	CONTENT_SOFT_END, /* a lone dot of which a line end, before or after it, is a bare LF: some servers take it as the end, others do not (SMTP smuggling) */
	CONTENT_END       /* CRLF . CRLF */
};

/*
 * Scans content; *used is how many bytes of `in` belong to it, the end included: all of them for CONTENT_MORE. After CONTENT_SOFT_END the scan can go on with the bytes that follow, if
 * the server did not take it as the end. Passes over bodies with a vector search for "\n." (memmem or the like), several GB/s; splitting the input otherwise changes no result.
 */
enum content_end content_scan(struct content *c, struct bytes in, size_t *used);

/* Tells the scan that bytes are missing here: a line may or may not begin after the gap (it is taken that none does). */
void content_gap(struct content *c);

#define MESSAGE_ID_MAX 128

/* The header of a message under scan, for its Message-ID (RFC 5322 3.6.4). Zero-filled at the beginning. */
struct message_header {
	uint8_t state;
	uint8_t matched;
	uint8_t n;               /* bytes at id */
	bool done;               /* the header has ended, or the id is complete: no need to feed more */
	uint16_t scanned;        /* saturating; at 65,535 the search is given up */
	char id[MESSAGE_ID_MAX]; /* without the angle brackets; cut at MESSAGE_ID_MAX */
};

/* Takes the next bytes of the content, cut anywhere. Field name in any case, folded lines, with or without angle brackets. Stops at the empty line. */
void message_header_scan(struct message_header *h, struct bytes in);

#endif
