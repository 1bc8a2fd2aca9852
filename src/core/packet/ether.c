/* ether.c - Ethernet and LLC, VLAN tags, the tags of switches and mirrors, MPLS, PPPoE. */
#include "core/packet/numbers.h"
#include "core/packet/walk.h"

enum { ETHER_LENGTH_MAX = 0x5ff /* up to here the type field is an 802.3 length */ };

static enum packet_kind ethertype_next(struct walk *w, uint32_t type)
{
	if (type > ETHER_LENGTH_MAX)
		return walk_next(w, SPACE_ETHERTYPE, type);
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

/* SNAP with an OUI of 0 (RFC 1042), or 802.1H's: an ethertype follows. All other LLC carries no IP
 * that anybody uses: it is named by DSAP and SSAP. */
enum packet_kind packet_read_llc(struct walk *w)
{
	static const uint8_t snap[] = {0xaa, 0xaa, 0x03, 0x00, 0x00};
	if (w->cap < 8)
		return walk_short(w, 8);
	if (memcmp(w->p, snap, sizeof snap) != 0 || (w->p[5] != 0 && w->p[5] != 0xf8))
		return walk_next(w, SPACE_LLC, walk_be16(w->p));
	uint32_t type = walk_be16(w->p + 6);
	walk_skip(w, 8);
	return walk_next(w, SPACE_ETHERTYPE, type);
}

/* VID 0 marks a priority only: such a tag names no VLAN, and often stands on one direction alone.
 */
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

#define NUMBER(number, name) number,

/* An ethertype that has a row in decode.c. */
static bool ethertype_known(uint32_t type)
{
	static const uint16_t known[] = {0x0800, 0x86dd, 0x8870,
					 PACKET_VLAN_TAGS(NUMBER) PACKET_ETHERTYPES(NUMBER)};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i] == type)
			return true;
	return false;
}

/* Whether an ethertype that may or may not be one stands at p[0..1], n bytes of p having been
 * captured: a known one, and the IP version behind it is the right one. */
static bool ethertype_fits(const uint8_t *p, uint32_t n)
{
	uint32_t type = walk_be16(p), version = type == 0x0800 ? 4 : type == 0x86dd ? 6 : 0;
	return ethertype_known(type) && (version == 0 || n < 3 || p[2] >> 4 == version);
}

/*
 * A tag of `usual` bytes, and an ethertype. Some tags are seen in another length: it is believed
 * where no ethertype that fits stands in the usual place, and one does in the other. other: 0 if
 * there is none.
 */
static enum packet_kind tag_read(struct walk *w, uint32_t usual, uint32_t other)
{
	uint32_t n = usual + 2;
	if (w->cap < n)
		return walk_short(w, n);
	if (other && other != usual && !ethertype_fits(w->p + usual, w->cap - usual)) {
		if (w->cap < other + 2 && walk_short(w, other + 2) == PACKET_CUT)
			return PACKET_CUT;
		if (w->cap >= other + 2 && ethertype_fits(w->p + other, w->cap - other))
			n = other + 2;
	}
	uint32_t type = walk_be16(w->p + n - 2);
	walk_skip(w, n);
	return ethertype_next(w, type);
}

/* Cisco's VN-Tag: direction, and the interfaces of a fabric extender. */
enum packet_kind packet_read_vntag(struct walk *w)
{
	return tag_read(w, 4, 0);
}

/* 802.1BR, what VN-Tag became. */
enum packet_kind packet_read_etag(struct walk *w)
{
	return tag_read(w, 6, 0);
}

/* 802.1CB: a sequence number. */
enum packet_kind packet_read_rtag(struct walk *w)
{
	return tag_read(w, 4, 0);
}

/* IEC 62439-3: path and size, a sequence number. */
enum packet_kind packet_read_hsr(struct walk *w)
{
	return tag_read(w, 4, 0);
}

/* Cisco's MetaData: version, length, and one option with a security group. The length counts units
 * of four bytes where there are more. */
enum packet_kind packet_read_cmd(struct walk *w)
{
	if (w->cap < 2)
		return walk_short(w, 8);
	return tag_read(w, 6, 2 + 4u * w->p[1]);
}

/* A time stamp that Cisco's switches put in: 48 bits of nanoseconds; of 32 bits in some captures.
 */
enum packet_kind packet_read_ttag(struct walk *w)
{
	return tag_read(w, 6, 4);
}

/* A time stamp that Arista's switches put in: subtype 1, a version whose last byte is 0x10 with 64
 * bits, 0x20 with 48. */
enum packet_kind packet_read_arista(struct walk *w)
{
	if (w->cap < 4)
		return walk_short(w, 4);
	if (walk_be16(w->p) != 1 || (w->p[3] != 0x10 && w->p[3] != 0x20))
		return PACKET_OTHER;
	return tag_read(w, w->p[3] == 0x10 ? 12 : 10, 0);
}

/* A header of n bytes, and a whole Ethernet frame. */
static enum packet_kind bridged_read(struct walk *w, uint32_t n)
{
	if (w->cap < n)
		return walk_short(w, n);
	walk_skip(w, n);
	return packet_read_ethernet(w);
}

/* Cisco's FabricPath: the outer addresses belong to the fabric. A tree and a time to live. */
enum packet_kind packet_read_fabricpath(struct walk *w)
{
	return bridged_read(w, 2);
}

/* 802.1ah: priority, and a service instance. */
enum packet_kind packet_read_pbb(struct walk *w)
{
	return bridged_read(w, 4);
}

/*
 * Nothing in a label stack says what it carries. The first nibble tells IP; two zero bytes are a
 * pseudowire's control word (RFC 4448 4.6), a nibble of 1 is an associated channel (RFC 4385); the
 * rest must be a pseudowire without the word. A MAC address that begins with 4 or 6 is mistaken, as
 * by routers.
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
		return walk_next(w, SPACE_ETHERTYPE, 0x0800);
	case 6:
		return walk_next(w, SPACE_ETHERTYPE, 0x86dd);
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
			return walk_next(w, SPACE_ETHERTYPE, ppp_rows[i].ethertype);
	return walk_next(w, SPACE_PPP, protocol);
}
