/* queue_id.h - reads the queue id of an accepted message from the text of the server's reply. */
#ifndef SMTPWATCH_CORE_SMTP_QUEUE_ID_H
#define SMTPWATCH_CORE_SMTP_QUEUE_ID_H

#include "smtpwatch/bytes.h"

/* A longer id is not accepted as one. Only the first QUEUE_ID_TEXT_MAX bytes of the text are
 * searched. */
enum { QUEUE_ID_MAX = 128, QUEUE_ID_TEXT_MAX = 2048 };

/*
 * Finds the queue id in a reply that accepts a message. text: the reply's text without its code,
 * its lines joined by '\n'.
 * Returns the id as a part of text, or n = 0 if the text names none. An id has only letters,
 * digits and the characters - _ . + / = : , @
 * RFC 5321 4.2 leaves the text to the server: queue_id.c has a row for each known form.
 */
struct bytes queue_id_read(struct bytes text);

#endif
