/* link.c - link layers but Ethernet: loopback, PPP and HDLC, Linux "any", firewall logs,
 * 802.11, Apple's PKTAP. */
#include "core/packet/walk.h"

static uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[1] << 8 | p[0]);
}

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)le16(p + 2) << 16 | le16(p);
}

/* Address families as the systems number them: a capture does not say which one it comes from. */
static enum packet_kind family_next(struct walk *w, uint32_t family)
{
	switch (family) {
	case 2:
		return walk_next(w, SPACE_ETHERTYPE, 0x0800);
	case 10: /* Linux */
	case 23: /* Windows */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* Darwin */
		return walk_next(w, SPACE_ETHERTYPE, 0x86dd);
	}
	return PACKET_OTHER;
}

/* The family in the byte order of the host that captured, or in the network's: it is below 256 in
 * one of them only. */
enum packet_kind packet_read_null(struct walk *w)
{
	if (w->cap < 4)
		return walk_short(w, 4);
	uint32_t family = walk_be32(w->p);
	walk_skip(w, 4);
	return family_next(w, family < 256 ? family : __builtin_bswap32(family));
}

/* FF 03 is HDLC-like framing, and may be left out (RFC 1661 6.6); 0F 00 and 8F 00 begin Cisco's
 * framing, which LINKTYPE_PPP_HDLC also allows. */
enum packet_kind packet_read_ppp(struct walk *w)
{
	if (w->cap < 2)
		return walk_short(w, 2);
	if ((w->p[0] == 0x0f || w->p[0] == 0x8f) && w->p[1] == 0)
		return packet_read_chdlc(w);
	if (w->p[0] == 0xff && w->p[1] == 0x03)
		walk_skip(w, 2);
	return packet_read_ppp_protocol(w);
}

enum packet_kind packet_read_chdlc(struct walk *w)
{
	if (w->cap < 4)
		return walk_short(w, 4);
	uint32_t type = walk_be16(w->p + 2);
	walk_skip(w, 4);
	return walk_next(w, SPACE_ETHERTYPE, type);
}

/* What Linux writes where an ethertype stands: 4 is LLC; other small numbers are no ethertypes and
 * have no row. */
static enum packet_kind sll_next(struct walk *w, uint32_t type)
{
	return type == 4 ? packet_read_llc(w) : walk_next(w, SPACE_ETHERTYPE, type);
}

enum packet_kind packet_read_sll(struct walk *w)
{
	if (w->cap < 16)
		return walk_short(w, 16);
	uint32_t type = walk_be16(w->p + 14);
	walk_skip(w, 16);
	return sll_next(w, type);
}

enum packet_kind packet_read_sll2(struct walk *w)
{
	if (w->cap < 20)
		return walk_short(w, 20);
	uint32_t type = walk_be16(w->p);
	walk_skip(w, 20);
	return sll_next(w, type);
}

/* The length is without the padding to four bytes. */
enum packet_kind packet_read_pflog(struct walk *w)
{
	if (w->cap < 4)
		return walk_short(w, 4);
	uint32_t length = (w->p[0] + 3u) & ~3u, family = w->p[1];
	if (length < 4)
		return PACKET_MALFORMED;
	if (w->cap < length)
		return walk_short(w, length);
	walk_skip(w, length);
	return family_next(w, family);
}

enum { NFLOG_PAYLOAD = 9 };

/*
 * Attributes in the byte order of the host that captured; types are below 256. The kernel itself
 * cuts the payload to the snaplen that libpcap asks for, and says so nowhere: the wire length is
 * open.
 */
enum packet_kind packet_read_nflog(struct walk *w)
{
	if (w->cap < 8)
		return walk_short(w, 8);
	walk_skip(w, 4);
	bool little = w->p[3] == 0;
	for (;;) {
		if (w->cap < 4)
			return w->len < 4 ? PACKET_OTHER : PACKET_CUT;
		uint32_t length = little ? le16(w->p) : walk_be16(w->p);
		uint32_t type = little ? le16(w->p + 2) : walk_be16(w->p + 2);
		if (length < 4 || length > w->len)
			return PACKET_MALFORMED;
		if ((type & 0x7fff) == NFLOG_PAYLOAD) {
			walk_trim(w, length);
			walk_skip(w, 4);
			w->open = true;
			return packet_read_ip(w);
		}
		length = (length + 3) & ~3u;
		if (w->cap < length)
			return length <= w->len ? PACKET_CUT : PACKET_OTHER;
		walk_skip(w, length);
	}
}

enum {
	WLAN_TODS = 0x01,
	WLAN_FROMDS = 0x02,
	WLAN_PROTECTED = 0x40,
	WLAN_ORDER = 0x80,
	WLAN_QOS = 0x80,
	WLAN_NULL = 0x40,
	WLAN_AMSDU = 0x80
};

/* The length of a data frame's header: a fourth address between access points, QoS control, HT
 * control. */
static uint32_t wlan_length(uint8_t control, uint8_t flags)
{
	uint32_t n = 24;
	if ((flags & (WLAN_TODS | WLAN_FROMDS)) == (WLAN_TODS | WLAN_FROMDS))
		n += 6;
	if (control & WLAN_QOS)
		n += flags & WLAN_ORDER ? 6 : 2;
	return n;
}

/* pad: the adapter aligned the body to four bytes (radiotap's "data pad"). Of an A-MSDU the first
 * subframe is read: a frame yields one packet. */
static enum packet_kind wlan_read(struct walk *w, bool pad)
{
	if (w->cap < 2)
		return walk_short(w, 24);
	uint8_t control = w->p[0], flags = w->p[1];
	if ((control & 0x0f) != 0x08 || control & WLAN_NULL || flags & WLAN_PROTECTED)
		return PACKET_OTHER;
	uint32_t n = wlan_length(control, flags);
	if (w->cap < n)
		return walk_short(w, n);
	bool amsdu = false;
	if (control & WLAN_QOS)
		amsdu = w->p[n - (flags & WLAN_ORDER ? 6 : 2)] & WLAN_AMSDU;
	if (pad)
		n = (n + 3) & ~3u;
	if (w->cap < n)
		return walk_short(w, n);
	walk_skip(w, n);
	return amsdu ? packet_read_ethernet(w) : packet_read_llc(w);
}

enum packet_kind packet_read_wlan(struct walk *w)
{
	return wlan_read(w, false);
}

enum { RADIOTAP_TSFT = 0x01, RADIOTAP_FLAGS = 0x02, RADIOTAP_DATAPAD = 0x20 };

/* The flags byte of a radiotap header of n bytes, 0 without one: behind the bitmaps (each says in
 * its top bit whether another follows) and the timer. */
static uint8_t radiotap_flags(const uint8_t *p, uint32_t n)
{
	uint32_t at = 4;
	while (at + 4 <= n && p[at + 3] & 0x80)
		at += 4;
	at += 4;
	if (!(p[4] & RADIOTAP_FLAGS))
		return 0;
	if (p[4] & RADIOTAP_TSFT)
		at = ((at + 7) & ~7u) + 8;
	return at < n ? p[at] : 0;
}

enum packet_kind packet_read_radiotap(struct walk *w)
{
	if (w->cap < 8)
		return walk_short(w, 8);
	uint32_t n = le16(w->p + 2);
	if (w->p[0] != 0 || n < 8)
		return PACKET_MALFORMED;
	if (w->cap < n)
		return walk_short(w, n);
	bool pad = radiotap_flags(w->p, n) & RADIOTAP_DATAPAD;
	walk_skip(w, n);
	return wlan_read(w, pad);
}

enum {
	PKTAP = 108 /* the shortest header */,
	PKTAP_PACKET = 1 /* the only type of record with a packet */
};

/* Its length, its type, the link type of the packet behind it, then the interface and the process.
 * All of it little-endian: so are the machines that Apple has made since. */
enum packet_kind packet_read_pktap(struct walk *w)
{
	if (w->cap < 12)
		return walk_short(w, PKTAP);
	uint32_t n = le32(w->p), type = le32(w->p + 4), link = le32(w->p + 8);
	if (n < PKTAP)
		return PACKET_MALFORMED;
	if (w->cap < n)
		return walk_short(w, n);
	if (type != PKTAP_PACKET)
		return PACKET_OTHER;
	walk_skip(w, n);
	return walk_next(w, SPACE_LINK, link);
}
