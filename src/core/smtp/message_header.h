/* message_header.h - finds the Message-ID in the header of a message (RFC 5322 3.6.4). */
#ifndef SMTPWATCH_CORE_SMTP_MESSAGE_HEADER_H
#define SMTPWATCH_CORE_SMTP_MESSAGE_HEADER_H

#include "smtpwatch/bytes.h"

#define MESSAGE_ID_MAX 128

/* A scan of one message's header. Zero-filled at the beginning of the message. */
struct message_header {
	uint8_t state;
	uint8_t matched; /* letters of the field name that match so far */
	uint8_t n;       /* bytes at id */
	bool done; /* the header has ended, the id is complete, or the search is given up: further
		      calls do nothing */
	uint16_t scanned;        /* bytes scanned; at 65,535 the search is given up */
	char id[MESSAGE_ID_MAX]; /* without angle brackets and without a NUL; cut at MESSAGE_ID_MAX
				  */
};

/* Scans the next bytes of the content, which may be cut anywhere. Accepts the field name in any
 * case, folded lines, and an id without angle brackets. Stops at the empty line. */
void message_header_scan(struct message_header *h, struct bytes in);

#endif
