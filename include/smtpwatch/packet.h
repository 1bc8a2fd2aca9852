/* packet.h - from a frame to a TCP segment: link types, tags, tunnels, IP, TCP. No state, no
 * allocation. */
#ifndef SMTPWATCH_PACKET_H
#define SMTPWATCH_PACKET_H

#include "smtpwatch/bytes.h"
#include "smtpwatch/frame.h"
#include "smtpwatch/ip_addr.h"

/* The ports that are watched, one bit each. */
struct port_set {
	uint64_t bits[1024];
};

static inline void port_set_add(struct port_set *set, uint16_t port)
{
	set->bits[port >> 6] |= UINT64_C(1) << (port & 63);
}

static inline bool port_set_has(const struct port_set *set, uint16_t port)
{
	return set->bits[port >> 6] >> (port & 63) & 1;
}

/* a - b as sequence numbers (RFC 9293 3.4): negative where a is before b. */
static inline int32_t seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20
};

/* What a segment's options are beside those that struct packet has. */
enum packet_mark {
	MARK_SIGNED = 1, /* it bears TCP-MD5 (RFC 2385) or TCP-AO (RFC 5925) */
	MARK_CUT = 2     /* its options were not all captured */
};

/* WSCALE_MOST: RFC 7323 2.3. */
enum { PACKET_VLANS = 2, PACKET_NESTING = 8, WSCALE_MOST = 14 };

/* One TCP segment. All numbers are in host byte order. Offsets are RFC 9293's. */
struct packet {
	struct ip_addr src, dst;
	uint16_t src_port, dst_port;
	uint32_t seq, ack; /* ack means something only with TCP_ACK */
	uint16_t window;   /* as on the wire: not scaled */
	uint8_t flags;     /* enum tcp_flag */
	uint8_t ttl;       /* time to live, or hop limit */
	uint16_t ip_id;    /* 0 in IPv6 */
	bool df;           /* IPv4: don't fragment; true in IPv6 */
	uint8_t wscale;    /* with has_wscale: shift count, at most WSCALE_MOST */
	uint16_t mss;      /* 0: no option */
	bool has_wscale, has_tsopt;
	uint32_t tsval, tsecr; /* with has_tsopt (RFC 7323) */
	uint8_t vlans;         /* how many of vlan[] hold a tag; outermost first */
	uint8_t marks;         /* enum packet_mark */
	uint16_t vlan[PACKET_VLANS];
	const uint8_t *payload; /* borrowed from the frame (or from the defragmenter, until its next
				   call) */
	uint32_t payload_len;   /* bytes on the wire; a super-segment may have more than 64 KiB */
	uint32_t payload_cap; /* bytes captured at payload, at most payload_len: the rest was cut by
				 the snaplen */
	int64_t ts;           /* nanoseconds */
	uint64_t number;      /* of the frame that brought it, from 1; the monitor's */
};

/* An ICMP or ICMPv6 error that quotes a TCP segment (RFC 792, RFC 4443): the quoted segment's
 * tuple, and what the error says. */
struct packet_icmp {
	bool too_big; /* "fragmentation needed" or "packet too big", otherwise unreachable, time
			 exceeded ... */
	uint8_t type, code;
	uint32_t mtu;            /* with too_big, 0 if the router did not say */
	uint32_t seq;            /* of the quoted segment */
	struct ip_addr src, dst; /* of the quoted segment */
	uint16_t src_port, dst_port;
	int64_t ts;
};

/* One IP fragment, ready for the defragmenter. */
struct packet_fragment {
	struct ip_addr src, dst;
	uint32_t id;
	uint8_t protocol; /* the payload's protocol: IPPROTO_TCP ... (IPv6: the fragment header's
			     next header) */
	uint8_t ttl;
	bool more;         /* the more-fragments flag */
	uint32_t offset;   /* bytes */
	struct bytes data; /* what was captured of the fragment's payload */
	uint32_t data_len; /* what was on the wire */
	uint8_t vlans;
	uint16_t vlan[PACKET_VLANS];
	int64_t ts;
};

/* Whose number tells what the next header is. */
enum packet_space {
	SPACE_LINK,
	SPACE_ETHERTYPE,
	SPACE_PROTOCOL,
	SPACE_UDP,
	SPACE_LLC,
	SPACE_PPP,
	SPACES
};

/* What the decoder did not follow: the number of the header, and whose number it is. */
struct packet_other {
	enum packet_space space;
	uint32_t number; /* LINKTYPE_, ethertype, IP protocol, destination port, DSAP and SSAP, PPP
			    protocol */
};

/* What a frame turned out to be. Each kind but TCP is counted by the monitor under its name. */
enum packet_kind {
	PACKET_TCP,       /* struct packet is filled in; one of its ports is watched */
	PACKET_UNWATCHED, /* TCP, but neither port is watched */
	PACKET_FRAGMENT,  /* struct packet_fragment is filled in */
	PACKET_ICMP,      /* struct packet_icmp is filled in; one of the quoted ports is watched */
	PACKET_OTHER,     /* another protocol: ARP, UDP ...; struct packet_other is filled in */
	PACKET_CUT,       /* ends (snaplen) before the TCP header does */
	PACKET_MALFORMED, /* lengths or versions contradict each other */
	PACKET_CHECKSUM,  /* a wrong checksum, where the decoder was told to insist */
	PACKET_NESTED,    /* more than PACKET_NESTING headers below TCP */
	PACKET_LINK, /* no decode function for this link type; struct packet_other is filled in */
	PACKET_KINDS
};

/* The name of a kind as the statistics show it: "tcp", "unwatched" ... */
const char *packet_kind_name(enum packet_kind kind);

/* True if frames of this LINKTYPE_ can be decoded. */
bool packet_link_known(int link);

struct packet_decoder {
	const struct port_set
		*ports; /* borrowed; both ports are tested; NULL: every TCP segment is watched */
	bool insist_checksum; /* drop segments whose TCP checksum is wrong; off by default, because
				 offload leaves it unset */
};

/* Where a decoded frame is laid; which member is valid is told by the kind. */
union packet_decoded {
	struct packet tcp;
	struct packet_fragment fragment;
	struct packet_icmp icmp;
	struct packet_other other;
};

/*
 * Decodes one frame. The port test comes before options and checksum, so that background traffic
 * costs little. Every read is bounds-checked against caplen; a frame that is shorter than its
 * headers say is CUT if len explains it, else MALFORMED. Ethernet padding is not payload: the IP
 * length rules. An IPv4 total length of 0 (TSO on the capturing host) means "to the end of the
 * frame"; likewise an IPv6 payload length of 0 without a jumbo option.
 */
enum packet_kind packet_decode(const struct packet_decoder *d, const struct frame *f,
			       union packet_decoded *out);

/*
 * Decodes a whole reassembled IP payload (the defragmenter's answer) as if it had been in one
 * datagram. `of` is any fragment of it: addresses, tags, protocol and time are taken from there. A
 * tunnel inside fragments is followed.
 */
enum packet_kind packet_decode_payload(const struct packet_decoder *d,
				       const struct packet_fragment *of, struct bytes payload,
				       union packet_decoded *out);

#endif
