/* reset.h - RST segments, and segments behind the close. For native.c and open.c alone. */
#ifndef SMTPWATCH_CORE_STREAM_RESET_H
#define SMTPWATCH_CORE_STREAM_RESET_H

#include "core/stream/native_state.h"

/* Processes an RST: the RST counts at once, is held until the bytes before it have come, or is
 * ignored. May close the connection. */
void native_rst_take(struct stream *s, struct native_conn *c, enum side side,
		     const struct packet *p);

/* Call for a segment of `side` while an RST of that side is held (DIRECTION_RST_WAITS). Bytes
 * beyond the RST's number, or any segment much later, show that this side did not send the RST. */
void native_rst_check(struct stream *s, struct native_conn *c, enum side side,
		      const struct packet *p);

/* Processes a segment behind the close: an RST of the other side, or bytes of a side that has sent
 * an RST. Other stragglers are ignored. */
void native_straggler_take(struct stream *s, struct native_conn *c, enum side side,
			   const struct packet *p);

#endif
