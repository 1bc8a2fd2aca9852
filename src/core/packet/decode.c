/* decode.c - the decoder's tables, and the loop that goes from header to header. */
#include "core/packet/numbers.h"
#include "core/packet/walk.h"

/* LINKTYPE_ values, tcpdump.org/linktypes.html */
static const struct walk_row link_rows[] = {
	{1, packet_read_ethernet},   {113, packet_read_sll},
	{276, packet_read_sll2},     {101, packet_read_ip},
	{12, packet_read_ip}, /* DLT_RAW of most systems and of OpenBSD, as some programs write it
			       */
	{14, packet_read_ip},        {228, packet_read_ipv4},
	{229, packet_read_ipv6},     {0, packet_read_null},
	{108, packet_read_null},     {9, packet_read_ppp},
	{50, packet_read_ppp},       {51, packet_read_pppoe},
	{104, packet_read_chdlc},    {105, packet_read_wlan},
	{127, packet_read_radiotap}, {117, packet_read_pflog},
	{239, packet_read_nflog},    {258, packet_read_pktap},
	{149, packet_read_pktap}, /* LINKTYPE_USER2, which Apple took before there was a number */
};

#define PACKET_ROW(number, name) {number, packet_read_##name},

static const struct walk_row ethertype_rows[] = {
	{0x0800, packet_read_ipv4},
	{0x86dd, packet_read_ipv6},
	PACKET_VLAN_TAGS(PACKET_ROW) PACKET_ETHERTYPES(PACKET_ROW){
		0x8870,
		packet_read_llc}, /* LLC in jumbo frames, whose length field would be too small */
};

/* A fragment of a protocol without a row here goes to nobody. */
static const struct walk_row protocol_rows[] = {
	{6, packet_read_tcp},
	{17, packet_read_udp},
	{1, packet_read_icmp},
	{58, packet_read_icmp6},
	PACKET_PROTOCOLS(PACKET_ROW){0, packet_read_extensions},
	PACKET_EXTENSIONS(PACKET_ROW)};

static const struct {
	const struct walk_row *rows;
	size_t n;
} tables[SPACES] = {
	[SPACE_LINK] = {WALK_ROWS(link_rows)},
	[SPACE_ETHERTYPE] = {WALK_ROWS(ethertype_rows)},
	[SPACE_PROTOCOL] = {WALK_ROWS(protocol_rows)},
};

static const char *const kind_names[PACKET_KINDS] = {
#define KIND_COUNTER(kind, group, name, ...) [PACKET_##kind] = (name),
#include "smtpwatch/counters.def"
};

static inline const struct walk_row *row_find(enum packet_space space, uint32_t number)
{
	return walk_row_find(tables[space].rows, tables[space].n, number);
}

const char *packet_kind_name(enum packet_kind kind)
{
	return kind_names[kind];
}

bool packet_link_known(int link)
{
	return row_find(SPACE_LINK, (uint32_t)link) != NULL;
}

static enum packet_kind other_fill(union packet_decoded *out, enum packet_kind kind,
				   enum packet_space space, uint32_t number)
{
	out->other = (struct packet_other){space, number};
	return kind;
}

/* From the header at hand to the end. TCP or whatever ends the walk is one more than the headers
 * below it. */
static enum packet_kind walk_run(struct walk *w, const struct walk_row *row)
{
	enum packet_kind kind = PACKET_OTHER;
	enum packet_space space = w->space;
	uint32_t number = w->number;
	for (unsigned headers = 0; row; headers++) {
		kind = row->read(w);
		if (kind != WALK_ON)
			break;
		if (headers > PACKET_NESTING)
			return PACKET_NESTED;
		space = w->space;
		number = w->number;
		row = row_find(space, number);
		kind = PACKET_OTHER;
	}
	if (kind == PACKET_FRAGMENT && !row_find(SPACE_PROTOCOL, w->out->fragment.protocol))
		return other_fill(w->out, PACKET_OTHER, SPACE_PROTOCOL, w->out->fragment.protocol);
	return kind == PACKET_OTHER ? other_fill(w->out, kind, space, number) : kind;
}

/* Every frame but the usual one. What tells of the IP header read last is not set: nothing asks
 * before there was one. */
enum packet_kind packet_read_frame(const struct packet_decoder *d, const struct frame *f,
				   union packet_decoded *out)
{
	const struct walk_row *row = row_find(SPACE_LINK, (uint32_t)f->link);
	if (!row)
		return other_fill(out, PACKET_LINK, SPACE_LINK, (uint32_t)f->link);
	struct walk w;
	w.space = SPACE_LINK;
	w.number = (uint32_t)f->link;
	w.p = f->data;
	w.cap = f->caplen;
	w.len = f->len > f->caplen ? f->len : f->caplen;
	w.open = false;
	w.insist = d->insist_checksum;
	w.vlans = 0;
	memset(w.vlan, 0, sizeof w.vlan);
	w.ports = d->ports;
	w.out = out;
	w.ts = f->ts;
	return walk_run(&w, row);
}

enum packet_kind packet_decode_payload(const struct packet_decoder *d,
				       const struct packet_fragment *of, struct bytes payload,
				       union packet_decoded *out)
{
	/* A copy, because `of` may well be the member of *out. */
	const struct packet_fragment f = *of;
	bool v4 = ip_addr_is_v4(&f.src);
	struct walk w = {
		.p = payload.p,
		.cap = (uint32_t)payload.n,
		.len = (uint32_t)payload.n,
		.space = SPACE_PROTOCOL,
		.number = f.protocol,
		.insist = d->insist_checksum,
		.v6 = !v4,
		.df = !v4,
		.ttl = f.ttl,
		.addr_n = 16,
		.vlans = f.vlans,
		.vlan = {f.vlan[0], f.vlan[1]},
		.ip_id = v4 ? (uint16_t)f.id : 0,
		.src = f.src.b,
		.dst = f.dst.b,
		.ports = d->ports,
		.out = out,
		.ts = f.ts,
	};
	return walk_run(&w, row_find(SPACE_PROTOCOL, f.protocol));
}
