/* tcp.h - reads a TCP header: for the end of the walk (tcp.c) and for fast_path.c. */
#ifndef SMTPWATCH_CORE_PACKET_TCP_H
#define SMTPWATCH_CORE_PACKET_TCP_H

#include "core/packet/walk.h"

enum { WALK_TCP = 20 /* a TCP header without options */ };

/* Reads the options between p and end into *out. */
void packet_tcp_options(struct packet *out, const uint8_t *p, const uint8_t *end);

static inline void packet_tcp_times(struct packet *out, const uint8_t *option)
{
	out->has_tsopt = true;
	out->tsval = walk_be32(option + 2);
	out->tsecr = walk_be32(option + 6);
}

/* Reads a TCP header of n bytes (at least WALK_TCP) into *out. Addresses, payload and time are not
 * set. */
static inline void packet_tcp_fill(struct packet *restrict out, const uint8_t *restrict p,
				   uint32_t n)
{
	out->src_port = walk_be16(p);
	out->dst_port = walk_be16(p + 2);
	out->seq = walk_be32(p + 4);
	out->ack = walk_be32(p + 8);
	out->flags = p[13] & 0x3f;
	out->window = walk_be16(p + 14);
	out->mss = 0;
	out->marks = out->wscale = 0;
	out->has_wscale = out->has_tsopt = false;
	out->tsval = out->tsecr = 0;
	/* The layout of nearly every segment in the middle of a connection (RFC 7323 appendix A).
	 */
	if (n == WALK_TCP + 12 && walk_be32(p + WALK_TCP) == 0x0101080a)
		packet_tcp_times(out, p + WALK_TCP + 2);
	else if (n > WALK_TCP)
		packet_tcp_options(out, p + WALK_TCP, p + n);
}

#endif
