/* live_status.h - the status socket of a live run: smtpwatch that runs answers `smtpwatch status`.
 */
#ifndef SMTPWATCH_APP_LIVE_STATUS_H
#define SMTPWATCH_APP_LIVE_STATUS_H

#include "options/options.h"
#include "status/record.h"
#include "status/server.h"

struct live_status;

/* Opens the socket of o->status_socket, or the usual one. A socket that cannot be had stops
 * nothing: live_status_words says why. Call before privileges are given up, once. o is borrowed.
 * Returns NULL if memory is exhausted. All other functions allow NULL. */
struct live_status *live_status_open(const struct options *o, const struct run_mode *mode);

/* Returns "status at PATH", or "no status: " and why. Borrowed from s. */
const char *live_status_words(const struct live_status *s);

/* Notes the alerts of a session. Call in the order in which sessions end. */
void live_status_note(struct live_status *s, const struct report *r);

/* Notes what was lost. sum: so far, with the counts of outputs. Call once a second. */
void live_status_observe(struct live_status *s, const struct summary *sum);

/* Appends the document. */
void live_status_put(struct live_status *s, const struct summary *sum, struct outbuf *b);

/* Return the server for the poll loop (status/server.h); NULL: there is none. */
struct status_server *live_status_server(struct live_status *s);

void live_status_close(struct live_status *s);

#endif
