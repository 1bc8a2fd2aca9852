/* ip.c - IPv4, IPv6 and its extension headers, the authentication header; fragments of both.
 */
#include "core/packet/numbers.h"
#include "core/packet/walk.h"

enum packet_kind packet_read_ip(struct walk *w)
{
	if (w->cap < 1)
		return walk_short(w, 20);
	switch (w->p[0] >> 4) {
	case 4:
		return packet_read_ipv4(w);
	case 6:
		return packet_read_ipv6(w);
	}
	return PACKET_MALFORMED;
}

/* w stands behind the headers that each fragment repeats. */
static enum packet_kind fragment_fill(const struct walk *w, uint32_t id, uint32_t offset, bool more)
{
	struct packet_fragment *f = &w->out->fragment;
	packet_addr_set(&f->src, w->src, w->addr_n);
	packet_addr_set(&f->dst, w->dst, w->addr_n);
	f->id = id;
	f->protocol = (uint8_t)w->number;
	f->ttl = w->ttl;
	f->more = more;
	f->offset = offset;
	f->data = bytes_of(w->p, w->cap);
	f->data_len = w->len;
	f->vlans = w->vlans;
	memcpy(f->vlan, w->vlan, sizeof f->vlan);
	f->ts = w->ts;
	return PACKET_FRAGMENT;
}

enum packet_kind packet_read_ipv4(struct walk *w)
{
	const uint8_t *p = w->p;
	if (w->cap < 20)
		return walk_short(w, 20);
	uint32_t header = (p[0] & 0x0fu) * 4, total = walk_be16(p + 2), fragment = walk_be16(p + 6);
	if (p[0] >> 4 != 4 || header < 20)
		return PACKET_MALFORMED;
	if (total == 0)
		walk_trim_none(w);
	else if (total < header || !walk_trim(w, total))
		return PACKET_MALFORMED;
	if (w->cap < header)
		return walk_short(w, header);
	if (w->insist && packet_sum(p, header, 0) != 0xffff)
		return PACKET_CHECKSUM;
	w->v6 = false;
	w->addr_n = 4;
	w->src = p + 12;
	w->dst = p + 16;
	w->ttl = p[8];
	w->df = fragment & 0x4000;
	w->ip_id = walk_be16(p + 4);
	walk_skip(w, header);
	walk_next(w, SPACE_PROTOCOL, p[9]);
	if (fragment & 0x3fff)
		return fragment_fill(w, w->ip_id, (fragment & 0x1fff) * 8, fragment & 0x2000);
	return WALK_ON;
}

static bool addr_is_mapped(const uint8_t *p)
{
	struct ip_addr a;
	packet_addr_set(&a, p, 16);
	return ip_addr_is_v4(&a);
}

/*
 * Mapped addresses do not belong on the wire (Linux drops them too): taken in here, they would let
 * an IPv6 packet speak in the name of an IPv4 connection. Without a payload length it is a
 * jumbogram, or a super-segment of the capturing host; the option, if there is one, comes first.
 */
enum packet_kind packet_read_ipv6(struct walk *w)
{
	const uint8_t *p = w->p;
	if (w->cap < 40)
		return walk_short(w, 40);
	uint32_t payload = walk_be16(p + 4);
	if (p[0] >> 4 != 6 || addr_is_mapped(p + 8) || addr_is_mapped(p + 24))
		return PACKET_MALFORMED;
	walk_skip(w, 40);
	if (payload == 0)
		walk_trim_none(w);
	else if (!walk_trim(w, payload))
		return PACKET_MALFORMED;
	w->v6 = true;
	w->addr_n = 16;
	w->src = p + 8;
	w->dst = p + 24;
	w->ttl = p[7];
	w->df = true;
	w->ip_id = 0;
	return walk_next(w, SPACE_PROTOCOL, p[6]);
}

enum { EXTENSIONS_MAX = 8, OPTION_PAD1 = 0, OPTION_JUMBO = 0xc2 };

/* The jumbo option (RFC 2675): the only one that changes what follows. n: bytes of the header at p;
 * the jumbo length counts from there. */
static bool jumbo_trim(struct walk *w, uint32_t n)
{
	const uint8_t *p = w->p;
	for (uint32_t at = 2; at + 2 <= n;) {
		if (p[at] == OPTION_PAD1) {
			at++;
			continue;
		}
		if (p[at] == OPTION_JUMBO && p[at + 1] == 4 && at + 6 <= n) {
			uint32_t length = walk_be32(p + at + 2);
			return length > 0xffff && walk_trim(w, length);
		}
		at += 2u + p[at + 1];
	}
	return true;
}

/* A route that is not yet gone to its end: the connection's other end is the last stop, not the
 * next (RFC 8200 8.1, RFC 8754 2, RFC 6275 6.4). */
static void route_follow(struct walk *w, uint32_t n)
{
	const uint8_t *p = w->p;
	uint32_t addresses = (n - 8) / 16;
	if (p[3] == 0 || addresses == 0)
		return;
	if (p[2] == 4)
		w->dst = p + 8;
	else if (p[2] == 0 || p[2] == 2)
		w->dst = p + 8 + 16 * (addresses - 1);
}

/* A fragment header with offset 0 and no more to come (RFC 6946) holds a whole packet. */
static enum packet_kind fragment_read(struct walk *w)
{
	uint32_t id = walk_be32(w->p + 4), field = walk_be16(w->p + 2);
	w->number = w->p[0];
	walk_skip(w, 8);
	return field & 0xfff9 ? fragment_fill(w, id, field & 0xfff8, field & 1) : WALK_ON;
}

static enum packet_kind extension_read(struct walk *w)
{
	if (w->cap < 8)
		return walk_short(w, 8);
	if (w->number == 44)
		return fragment_read(w);
	uint32_t n = (w->p[1] + 1u) * 8;
	if (w->cap < n)
		return walk_short(w, n);
	if (w->number == 0 && !jumbo_trim(w, n))
		return PACKET_MALFORMED;
	if (w->number == 43)
		route_follow(w, n);
	w->number = w->p[0];
	walk_skip(w, n);
	return WALK_ON;
}

static bool extension_is(uint32_t number)
{
	switch (number) {
#define CASE(n, reader) case n:
		PACKET_EXTENSIONS(CASE)
#undef CASE
	case 0: /* hop by hop, which stands first if at all */
		return true;
	default:
		return false;
	}
}

/* Hop-by-hop options, routing, fragment and destination options, in any order: the chain counts as
 * one header, and has a bound of its own. */
enum packet_kind packet_read_extensions(struct walk *w)
{
	if (!w->v6)
		return PACKET_OTHER;
	for (unsigned i = 0; i < EXTENSIONS_MAX; i++) {
		enum packet_kind kind = extension_read(w);
		if (kind != WALK_ON || !extension_is(w->number))
			return kind;
	}
	return PACKET_NESTED;
}

/* Unlike all others, AH counts its length in words of four bytes, less two (RFC 4302 2.2). */
enum packet_kind packet_read_ah(struct walk *w)
{
	if (w->cap < 12)
		return walk_short(w, 12);
	uint32_t n = (w->p[1] + 2u) * 4, next = w->p[0];
	if (n < 12)
		return PACKET_MALFORMED;
	if (w->cap < n)
		return walk_short(w, n);
	walk_skip(w, n);
	return walk_next(w, SPACE_PROTOCOL, next);
}
