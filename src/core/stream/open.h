/* open.h - which connection a segment goes to. For native.c alone. */
#ifndef SMTPWATCH_CORE_STREAM_OPEN_H
#define SMTPWATCH_CORE_STREAM_OPEN_H

#include "core/stream/native_state.h"

/* The connection that a segment goes to (c: that of its tuple; NULL: none), after what its coming
 * does to one before; NULL: none. */
struct own_conn *own_conn_for(struct stream *s, struct own_conn *c, uint32_t hash, enum side side,
			      const struct packet *p);

#endif
