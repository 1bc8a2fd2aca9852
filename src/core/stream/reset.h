/* reset.h - RST, and what comes behind the close. For native.c and open.c alone. */
#ifndef SMTPWATCH_CORE_STREAM_RESET_H
#define SMTPWATCH_CORE_STREAM_RESET_H

#include "core/stream/native_state.h"

/* An RST: it counts, is held until it is its turn, or is ignored. The connection may be closed by
 * it. */
void own_reset_take(struct stream *s, struct own_conn *c, enum side side, const struct packet *p);

/* Bytes beyond an RST's number, or anything much later, show that the side which is said to have
 * sent it did not. Asked where one is held (HALF_RST_HELD). */
void own_reset_doubt(struct stream *s, struct own_conn *c, enum side side, const struct packet *p);

/* What comes behind the close: an RST of the other side, bytes of one that has sent an RST. Other
 * stragglers mean nothing. */
void own_straggler_take(struct stream *s, struct own_conn *c, enum side side,
			const struct packet *p);

#endif
