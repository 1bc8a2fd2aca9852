/* queue_id.h - the id under which a server took a message, read from the text of its reply. */
#ifndef SMTPWATCH_CORE_SMTP_QUEUE_ID_H
#define SMTPWATCH_CORE_SMTP_QUEUE_ID_H

#include "smtpwatch/bytes.h"

/* Bounds: of an id (a longer one is none), and of the text that is searched. */
enum { QUEUE_ID_MAX = 128, QUEUE_ID_TEXT_MAX = 2048 };

/*
 * text: a reply that accepts a message, without its code, its lines joined by '\n'. Returns the id,
 * a part of text, or n = 0 where the text names none. An id has only letters, digits and - _ . + /
 * = : ,
 * @. RFC 5321 4.2 leaves the text to the server: queue_id.c has a row for each form that is known.
 */
struct bytes queue_id_read(struct bytes text);

#endif
