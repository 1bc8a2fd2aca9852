/* icmp.c - ICMP and ICMPv6 errors, for the TCP segment that they quote. */
#include "core/packet/walk.h"

enum {
	QUOTED_TCP = 8 /* ports and sequence number: all that RFC 792 promises */,
	QUOTED_EXTENSIONS = 8
};

/* The quoted segment, of which p may be all there is. Its ports are tested first, as those of a
 * live one. */
static enum packet_kind quoted_tcp(struct walk *w, struct packet_icmp *found)
{
	if (w->cap < QUOTED_TCP)
		return walk_short(w, QUOTED_TCP);
	found->src_port = walk_be16(w->p);
	found->dst_port = walk_be16(w->p + 2);
	found->seq = walk_be32(w->p + 4);
	if (w->ports && !port_set_has(w->ports, found->src_port) &&
	    !port_set_has(w->ports, found->dst_port))
		return PACKET_OTHER;
	found->ts = w->ts;
	w->out->icmp = *found;
	return PACKET_ICMP;
}

/* Lengths of the quoted packet are not held against the quotation: it is always shorter. */
static enum packet_kind quoted_ipv4(struct walk *w, struct packet_icmp *found)
{
	if (w->cap < 20)
		return walk_short(w, 20);
	uint32_t header = (w->p[0] & 0x0fu) * 4;
	if (w->p[0] >> 4 != 4 || header < 20)
		return PACKET_MALFORMED;
	if (w->p[9] != 6 || walk_be16(w->p + 6) & 0x1fff)
		return PACKET_OTHER;
	if (w->cap < header)
		return walk_short(w, header);
	packet_addr_set(&found->src, w->p + 12, 4);
	packet_addr_set(&found->dst, w->p + 16, 4);
	walk_skip(w, header);
	return quoted_tcp(w, found);
}

/* Steps over the extension header w->number. Not the live packet's reader: here a first fragment is
 * as good as a whole packet. */
static enum packet_kind quoted_extension(struct walk *w)
{
	bool fragment = w->number == 44;
	if (w->number != 0 && w->number != 43 && w->number != 60 && !fragment)
		return PACKET_OTHER;
	if (w->cap < 8)
		return walk_short(w, 8);
	if (fragment && walk_be16(w->p + 2) & 0xfff8)
		return PACKET_OTHER;
	uint32_t n = fragment ? 8 : (w->p[1] + 1u) * 8;
	if (w->cap < n)
		return walk_short(w, n);
	w->number = w->p[0];
	walk_skip(w, n);
	return WALK_ON;
}

static enum packet_kind quoted_ipv6(struct walk *w, struct packet_icmp *found)
{
	if (w->cap < 40)
		return walk_short(w, 40);
	if (w->p[0] >> 4 != 6)
		return PACKET_MALFORMED;
	w->number = w->p[6];
	packet_addr_set(&found->src, w->p + 8, 16);
	packet_addr_set(&found->dst, w->p + 24, 16);
	walk_skip(w, 40);
	for (unsigned i = 0; i < QUOTED_EXTENSIONS && w->number != 6; i++) {
		enum packet_kind kind = quoted_extension(w);
		if (kind != WALK_ON)
			return kind;
	}
	return w->number == 6 ? quoted_tcp(w, found) : PACKET_NESTED;
}

/* Unreachable, source quench, time exceeded, parameter problem: a redirect (5) is no error. */
enum packet_kind packet_read_icmp(struct walk *w)
{
	if (w->v6)
		return PACKET_OTHER;
	if (w->cap < 8)
		return walk_short(w, 8);
	struct packet_icmp found = {.type = w->p[0], .code = w->p[1]};
	if (found.type != 3 && found.type != 4 && found.type != 11 && found.type != 12)
		return PACKET_OTHER;
	found.too_big = found.type == 3 && found.code == 4;
	if (found.too_big)
		found.mtu = walk_be16(w->p + 6); /* RFC 1191 4 */
	walk_skip(w, 8);
	return quoted_ipv4(w, &found);
}

/* Types below 128 are errors (RFC 4443 2.1); 1 to 4 are the ones there are. */
enum packet_kind packet_read_icmp6(struct walk *w)
{
	if (!w->v6)
		return PACKET_OTHER;
	if (w->cap < 8)
		return walk_short(w, 8);
	struct packet_icmp found = {.type = w->p[0], .code = w->p[1]};
	if (found.type < 1 || found.type > 4)
		return PACKET_OTHER;
	found.too_big = found.type == 2;
	if (found.too_big)
		found.mtu = walk_be32(w->p + 4);
	walk_skip(w, 8);
	return quoted_ipv6(w, &found);
}
