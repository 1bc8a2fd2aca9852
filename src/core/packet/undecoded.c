/* undecoded.c - the table of what was not decoded, and the names of what is often met. */
#include "smtpwatch/undecoded.h"

/* Each table is in the order of its numbers. */
struct name {
	uint32_t number;
	const char *name;
	bool ordinary;
};

static const struct name protocols[] = {
	{1, "ICMP", true},        {2, "IGMP", true},
	{17, "UDP", true},        {47, "GRE of an unknown form", false},
	{50, "IPsec ESP", false}, {58, "ICMPv6", true},
	{59, "nothing", true},    {88, "EIGRP", true},
	{89, "OSPF", true},       {94, "IPIP", false},
	{97, "EtherIP", false},   {103, "PIM", true},
	{112, "VRRP", true},      {115, "L2TPv3", false},
	{132, "SCTP", true},      {143, "Ethernet", false},
};

static const struct name ethertypes[] = {
	{0x0806, "ARP", true},
	{0x0842, "wake on LAN", true},
	{0x22f0, "audio and video bridging", true},
	{0x22f3, "TRILL", false},
	{0x22f4, "IS-IS", true},
	{0x8035, "RARP", true},
	{0x8137, "IPX", true},
	{0x8808, "pause", true},
	{0x8809, "LACP", true},
	{0x8863, "PPPoE discovery", true},
	{0x887b, "HomePlug", true},
	{0x888e, "EAPOL", true},
	{0x8892, "PROFINET", true},
	{0x8899, "Realtek's loop detection", true},
	{0x88a2, "ATA over Ethernet", true},
	{0x88a4, "EtherCAT", true},
	{0x88cc, "LLDP", true},
	{0x88e1, "HomePlug AV", true},
	{0x88e5, "MACsec", false},
	{0x88f5, "MVRP", true},
	{0x88f6, "MMRP", true},
	{0x88f7, "PTP", true},
	{0x8902, "CFM", true},
	{0x8906, "Fibre Channel", true},
	{0x8914, "Fibre Channel's initialization", true},
	{0x8915, "RoCE", true},
	{0x893a, "IEEE 1905", true},
	{0x894f, "NSH", false},
	{0x9000, "loopback test", true},
};

static const struct name ports[] = {
	{1701, "L2TP", false},
	{2152, "GTP-U", false},
	{3544, "Teredo", false},
	{4341, "LISP", false},
	{4500, "IPsec behind NAT", false},
	{4754, "GRE in UDP", false},
	{4790, "VXLAN-GPE", false},
	{5247, "CAPWAP", false},
	{6080, "GUE", false},
	{6343, "sFlow", false},
	{6635, "MPLS in UDP", false},
	{51820, "WireGuard", false},
};

static const struct name llcs[] = {
	{0x4242, "spanning tree", true}, {0xaaaa, "SNAP of a vendor", true},
	{0xe0e0, "IPX", true},           {0xf0f0, "NetBIOS", true},
	{0xfefe, "IS-IS", true},
};

static const struct name ppps[] = {
	{0x002d, "compressed TCP headers", false},
	{0x0053, "encryption", false},
	{0x00fd, "compression", false},
	{0xc021, "link control", true},
};

#define NAMES(table)                                                                               \
	{                                                                                          \
		table, sizeof(table) / sizeof((table)[0])                                          \
	}

static const struct {
	const struct name *rows;
	size_t n;
} tables[SPACES] = {
	[SPACE_PROTOCOL] = NAMES(protocols), [SPACE_ETHERTYPE] = NAMES(ethertypes),
	[SPACE_UDP] = NAMES(ports),          [SPACE_LLC] = NAMES(llcs),
	[SPACE_PPP] = NAMES(ppps),
};

static bool same(struct packet_other a, struct packet_other b)
{
	return a.number == b.number && a.space == b.space;
}

static const struct name *name_find(struct packet_other what)
{
	const struct name *rows = tables[what.space].rows;
	size_t i = 0, n = tables[what.space].n;
	while (i < n && rows[i].number < what.number)
		i++;
	return i < n && rows[i].number == what.number ? &rows[i] : NULL;
}

const char *undecoded_name(struct packet_other what)
{
	const struct name *row = name_find(what);
	return row ? row->name : NULL;
}

bool undecoded_ordinary(struct packet_other what)
{
	const struct name *row = name_find(what);
	if (row)
		return row->ordinary;
	return what.space == SPACE_LLC || (what.space == SPACE_PPP && what.number >= 0x8000);
}

/* The row of that number, else a free one, else the one that gives way. */
static struct undecoded_row *row_for(struct undecoded *u, struct packet_other what)
{
	struct undecoded_row *fewest = &u->row[0];
	for (struct undecoded_row *row = u->row; row < u->row + UNDECODED_ROWS; row++) {
		if (row->packets > 0 && same(row->what, what))
			return row;
		if (row->packets < fewest->packets)
			fewest = row;
	}
	return fewest;
}

void undecoded_count(struct undecoded *u, struct packet_other what, uint64_t packets)
{
	if (packets == 0)
		return;
	if (what.space == SPACE_UDP && !name_find(what))
		what = (struct packet_other){SPACE_PROTOCOL, 17};
	struct undecoded_row *row = row_for(u, what);
	if (row->packets > 0 && !same(row->what, what)) {
		u->others += row->packets;
		row->packets = 0;
	}
	row->what = what;
	row->packets += packets;
}

void undecoded_add(struct undecoded *to, const struct undecoded *one)
{
	for (size_t i = 0; i < UNDECODED_ROWS; i++)
		undecoded_count(to, one->row[i].what, one->row[i].packets);
	to->others += one->others;
}

size_t undecoded_sorted(const struct undecoded *u, struct undecoded_row out[UNDECODED_ROWS])
{
	size_t n = 0;
	for (size_t i = 0; i < UNDECODED_ROWS; i++) {
		if (u->row[i].packets == 0)
			continue;
		size_t at = n++;
		for (; at > 0 && out[at - 1].packets < u->row[i].packets; at--)
			out[at] = out[at - 1];
		out[at] = u->row[i];
	}
	return n;
}
