/* tunnel.c - GRE with ERSPAN, and tunnels in UDP: VXLAN, Geneve, the mirrors of TZSP and HP.
 */
#include "core/packet/numbers.h"
#include "core/packet/walk.h"

enum {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_VERSION = 0x0007
};

/* A mirror that truncates says so in the T bit, but not how much it took. */
static void erspan_header(struct walk *w, uint32_t n)
{
	bool truncated = w->p[2] & 0x04;
	walk_skip(w, n);
	w->open = w->open || truncated;
}

static enum packet_kind erspan2_read(struct walk *w)
{
	if (w->cap < 8)
		return walk_short(w, 8);
	if (w->p[0] >> 4 != 1)
		return PACKET_OTHER;
	erspan_header(w, 8);
	return packet_read_ethernet(w);
}

/* 12 bytes, and 8 more where the last bit (O) says so; the frame type tells Ethernet (0) from IP
 * (2). */
static enum packet_kind erspan3_read(struct walk *w)
{
	if (w->cap < 12)
		return walk_short(w, 12);
	if (w->p[0] >> 4 != 2)
		return PACKET_OTHER;
	uint32_t n = w->p[11] & 1 ? 20 : 12, type = w->p[10] >> 2 & 0x1f;
	if (w->cap < n)
		return walk_short(w, n);
	erspan_header(w, n);
	if (type == 2)
		return packet_read_ip(w);
	return type == 0 ? packet_read_ethernet(w) : PACKET_OTHER;
}

static const struct walk_row gre_rows[] = {
	{0x88be, erspan2_read},
	{0x22eb, erspan3_read},
};

/* Other protocol types are ethertypes. ERSPAN type I has no header and, unlike II, no sequence
 * number; source routing (RFC 1701) is long dead. */
enum packet_kind packet_read_gre(struct walk *w)
{
	if (w->cap < 4)
		return walk_short(w, 4);
	uint32_t flags = walk_be16(w->p), type = walk_be16(w->p + 2);
	if (flags & (GRE_ROUTING | GRE_VERSION))
		return PACKET_OTHER;
	uint32_t n = 4 + (flags & GRE_CHECKSUM ? 4 : 0) + (flags & GRE_KEY ? 4 : 0) +
		     (flags & GRE_SEQUENCE ? 4 : 0);
	if (w->cap < n)
		return walk_short(w, n);
	walk_skip(w, n);
	if (type == 0x88be && !(flags & GRE_SEQUENCE))
		return packet_read_ethernet(w);
	const struct walk_row *row = walk_row_find(WALK_ROWS(gre_rows), type);
	return row ? row->read(w) : walk_next(w, SPACE_ETHERTYPE, type);
}

static enum packet_kind vxlan_read(struct walk *w)
{
	if (w->cap < 8)
		return walk_short(w, 8);
	if (!(w->p[0] & 0x08))
		return PACKET_OTHER;
	walk_skip(w, 8);
	return packet_read_ethernet(w);
}

static enum packet_kind geneve_read(struct walk *w)
{
	if (w->cap < 8)
		return walk_short(w, 8);
	uint32_t n = 8 + (w->p[0] & 0x3fu) * 4, type = walk_be16(w->p + 2);
	if (w->p[0] >> 6 != 0)
		return PACKET_OTHER;
	if (w->cap < n)
		return walk_short(w, n);
	walk_skip(w, n);
	return walk_next(w, SPACE_ETHERTYPE, type);
}

enum { TZSP_RECEIVED = 0, TZSP_TRANSMIT = 1 /* types of TZSP that hold a frame */ };
enum { TZSP_PADDING = 0, TZSP_END = 1, TZSP_LENGTH = 41 /* tags; the first two have no length */ };

/* Steps over the tags. *full: the length of the frame before the mirror cut it, 0 without a tag
 * that says so. */
static enum packet_kind tzsp_tags_skip(struct walk *w, uint32_t *full)
{
	*full = 0;
	for (;;) {
		if (w->cap < 1)
			return walk_short(w, 1);
		uint8_t tag = w->p[0];
		if (tag == TZSP_PADDING || tag == TZSP_END) {
			walk_skip(w, 1);
			if (tag == TZSP_END)
				return WALK_ON;
			continue;
		}
		if (w->cap < 2)
			return walk_short(w, 2);
		uint32_t n = 2u + w->p[1];
		if (w->cap < n)
			return walk_short(w, n);
		if (tag == TZSP_LENGTH && n == 4)
			*full = walk_be16(w->p + 2);
		walk_skip(w, n);
	}
}

/* What TZSP holds, by its own numbers: Ethernet is 1, 802.11 is 18. */
static enum packet_kind tzsp_frame_read(struct walk *w, uint32_t encapsulation)
{
	if (encapsulation == 1)
		return packet_read_ethernet(w);
	return encapsulation == 18 ? packet_read_wlan(w) : PACKET_OTHER;
}

/* The sniffer of MikroTik's routers and of wireless sensors: a version, a type, what is inside,
 * tags, and the frame. Keepalives and configuration hold none. */
static enum packet_kind tzsp_read(struct walk *w)
{
	if (w->cap < 4)
		return walk_short(w, 4);
	uint32_t version = w->p[0], type = w->p[1], encapsulation = walk_be16(w->p + 2), full;
	if (version != 1 || (type != TZSP_RECEIVED && type != TZSP_TRANSMIT))
		return PACKET_OTHER;
	walk_skip(w, 4);
	enum packet_kind kind = tzsp_tags_skip(w, &full);
	if (kind != WALK_ON)
		return kind;
	w->len = full > w->len ? full : w->len;
	return tzsp_frame_read(w, encapsulation);
}

enum { HP_ERM = 12 /* HP publishes no layout: 12 bytes, as captures show */ };

/* Remote mirroring of HP's ProCurve switches. */
static enum packet_kind hp_erm_read(struct walk *w)
{
	if (w->cap < HP_ERM)
		return walk_short(w, HP_ERM);
	walk_skip(w, HP_ERM);
	return packet_read_ethernet(w);
}

#define UDP_ROW(port, name) {port, name##_read},

static const struct walk_row udp_rows[] = {PACKET_UDP_PORTS(UDP_ROW)};

/* Only the destination port names the tunnel: the source port is a hash of the flow inside. The
 * checksum is not looked at, tunnels leave it 0. */
enum packet_kind packet_read_udp(struct walk *w)
{
	if (w->cap < 8)
		return walk_short(w, 8);
	uint32_t port = walk_be16(w->p + 2);
	const struct walk_row *row = walk_row_find(WALK_ROWS(udp_rows), port);
	if (!row)
		return walk_next(w, SPACE_UDP, port);
	uint32_t length = walk_be16(w->p + 4);
	if (length && (length < 8 || !walk_trim(w, length)))
		return PACKET_MALFORMED;
	walk_skip(w, 8);
	return row->read(w);
}
