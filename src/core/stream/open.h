/* open.h - finds the connection of a segment, or opens one. For native.c alone. */
#ifndef SMTPWATCH_CORE_STREAM_OPEN_H
#define SMTPWATCH_CORE_STREAM_OPEN_H

#include "core/stream/native_state.h"

/* Returns the connection of a segment; NULL: none. c: the open or closed connection of the tuple;
 * NULL: none. First c is closed or released if its time is over, or if the segment begins a new
 * connection of the tuple. A straggler of a closed connection is counted there. */
struct native_conn *native_conn_for(struct stream *s, struct native_conn *c, uint32_t hash,
				    enum side side, const struct packet *p);

#endif
