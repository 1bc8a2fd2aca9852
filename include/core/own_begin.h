/* own_begin.h - which connection a segment goes to. For stream_own.c alone. */
#ifndef SMTPWATCH_CORE_OWN_BEGIN_H
#define SMTPWATCH_CORE_OWN_BEGIN_H

#include "core/own.h"

/* The connection that a segment goes to (c: that of its tuple; NULL: none), after what its coming
 * does to one before; NULL: none. */
struct own_conn *own_conn_for(struct stream *s, struct own_conn *c, uint32_t hash, enum side side,
			      const struct packet *p);

#endif
