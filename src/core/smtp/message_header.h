/* message_header.h - the header of a message as it passes: its Message-ID (RFC 5322 3.6.4). */
#ifndef SMTPWATCH_CORE_SMTP_MESSAGE_HEADER_H
#define SMTPWATCH_CORE_SMTP_MESSAGE_HEADER_H

#include "smtpwatch/bytes.h"

#define MESSAGE_ID_MAX 128

/* The header of a message under scan. Zero-filled at the beginning. */
struct message_header {
	uint8_t state;
	uint8_t matched;  /* letters of the field's name */
	uint8_t n;        /* bytes at id */
	bool done;        /* the header has ended, or the id is complete: no need to feed more */
	uint16_t scanned; /* saturating; at 65,535 the search is given up */
	char id[MESSAGE_ID_MAX]; /* without the angle brackets; cut at MESSAGE_ID_MAX */
};

/* Takes the next bytes of the content, cut anywhere. Field name in any case, folded lines, with or
 * without angle brackets. Stops at the empty line. */
void message_header_scan(struct message_header *h, struct bytes in);

#endif
