/* ask.h - gets the document from a daemon's socket. */
#ifndef SMTPWATCH_STATUS_ASK_H
#define SMTPWATCH_STATUS_ASK_H

#include "base/error.h"
#include "text/buffer.h"

/* BYTES: of an answer at most. MS: milliseconds until a daemon that does not answer is given up. */
enum { ASK_BYTES = 1 << 20, ASK_MS = 5000 };

/* SILENT: nobody listens there, or the daemon does not answer in time. FORBIDDEN: whether a daemon
 * runs cannot be told, as the socket may not be opened. */
enum asked { ASK_ANSWERED, ASK_SILENT, ASK_FORBIDDEN };

/* Connects to the socket at path and appends the answer to b. Returns with a sentence in why if
 * there is none. wait: milliseconds, ASK_MS but in tests. */
enum asked status_ask(struct outbuf *b, const char *path, int64_t wait, struct error *why);

#endif
