/* packet_ether.c - Ethernet and LLC, VLAN tags, MPLS, PPPoE. */
#include "core/packet_walk.h"

enum { ETHER_LENGTH_MAX = 0x5ff /* up to here the type field is an 802.3 length */ };

static enum packet_kind ethertype_next(struct walk *w, uint32_t type)
{
	if (type > ETHER_LENGTH_MAX)
		return walk_next(w, WALK_ETHERTYPE, type);
	if (!walk_trim(w, type))
		return PACKET_MALFORMED;
	return packet_read_llc(w);
}

enum packet_kind packet_read_ethernet(struct walk *w)
{
	if (w->cap < 14)
		return walk_short(w, 14);
	uint32_t type = walk_be16(w->p + 12);
	walk_skip(w, 14);
	return ethertype_next(w, type);
}

/* SNAP with an OUI of 0 (RFC 1042), or 802.1H's: an ethertype follows. All other LLC carries no IP that anybody uses. */
enum packet_kind packet_read_llc(struct walk *w)
{
	static const uint8_t snap[] = {0xaa, 0xaa, 0x03, 0x00, 0x00};
	if (w->cap < 8)
		return walk_short(w, 8);
	if (memcmp(w->p, snap, sizeof snap) != 0 || (w->p[5] != 0 && w->p[5] != 0xf8))
		return PACKET_OTHER;
	uint32_t type = walk_be16(w->p + 6);
	walk_skip(w, 8);
	return walk_next(w, WALK_ETHERTYPE, type);
}

/* VID 0 marks a priority only: such a tag names no VLAN, and often stands on one direction alone. */
enum packet_kind packet_read_vlan(struct walk *w)
{
	if (w->cap < 4)
		return walk_short(w, 4);
	uint16_t vid = walk_be16(w->p) & 0x0fff;
	uint32_t type = walk_be16(w->p + 2);
	if (vid && w->vlans < PACKET_VLANS)
		w->vlan[w->vlans++] = vid;
	walk_skip(w, 4);
	return ethertype_next(w, type);
}

/*
 * Nothing in a label stack says what it carries. The first nibble tells IP; two zero bytes are a pseudowire's control word (RFC 4448 4.6), a nibble of 1 is an
 * associated channel (RFC 4385); the rest must be a pseudowire without the word. A MAC address that begins with 4 or 6 is mistaken, as by routers.
 */
enum packet_kind packet_read_mpls(struct walk *w)
{
	bool bottom = false;
	while (!bottom) {
		if (w->cap < 4)
			return walk_short(w, 4);
		bottom = w->p[2] & 1;
		walk_skip(w, 4);
	}
	if (w->cap < 4)
		return walk_short(w, 4);
	switch (w->p[0] >> 4) {
	case 4:
		return walk_next(w, WALK_ETHERTYPE, 0x0800);
	case 6:
		return walk_next(w, WALK_ETHERTYPE, 0x86dd);
	case 1:
		return PACKET_OTHER;
	}
	if (w->p[0] == 0 && w->p[1] == 0)
		walk_skip(w, 4);
	return packet_read_ethernet(w);
}

/* A session packet (RFC 2516): code 0. Its length says where Ethernet's padding begins. */
enum packet_kind packet_read_pppoe(struct walk *w)
{
	if (w->cap < 6)
		return walk_short(w, 6);
	if (w->p[0] != 0x11)
		return PACKET_MALFORMED;
	uint32_t code = w->p[1], length = walk_be16(w->p + 4);
	walk_skip(w, 6);
	if (code != 0)
		return PACKET_OTHER;
	return walk_trim(w, length) ? packet_read_ppp_protocol(w) : PACKET_MALFORMED;
}

static const struct {
	uint16_t ppp, ethertype;
} ppp_rows[] = {{0x0021, 0x0800}, {0x0057, 0x86dd}, {0x0281, 0x8847}, {0x0283, 0x8848}};

/* The protocol field may be compressed to one byte, which is then odd (RFC 1661 6.5). */
enum packet_kind packet_read_ppp_protocol(struct walk *w)
{
	if (w->cap < 2)
		return walk_short(w, 2);
	bool small = w->p[0] & 1;
	uint32_t protocol = small ? w->p[0] : walk_be16(w->p);
	walk_skip(w, small ? 1 : 2);
	for (size_t i = 0; i < sizeof ppp_rows / sizeof ppp_rows[0]; i++)
		if (ppp_rows[i].ppp == protocol)
			return walk_next(w, WALK_ETHERTYPE, ppp_rows[i].ethertype);
	return PACKET_OTHER;
}
