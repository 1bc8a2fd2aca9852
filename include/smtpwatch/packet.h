/* packet.h - decodes a frame to a TCP segment: link types, tags, tunnels, IP, TCP. No state, no
 * allocation. */
#ifndef SMTPWATCH_PACKET_H
#define SMTPWATCH_PACKET_H

#include "smtpwatch/bytes.h"
#include "smtpwatch/frame.h"
#include "smtpwatch/ip_addr.h"

/* A set of TCP ports, one bit each. */
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

/* Returns a - b as sequence numbers (RFC 9293 3.4): negative if a is before b. */
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

/* Facts about a segment's options for which struct packet has no other member. */
enum packet_mark {
	MARK_SIGNED = 1, /* has TCP-MD5 (RFC 2385) or TCP-AO (RFC 5925) */
	MARK_CUT = 2     /* the snaplen has cut its options */
};

/* WSCALE_MAX: RFC 7323 2.3. */
enum { PACKET_VLANS = 2, PACKET_NESTING = 8, WSCALE_MAX = 14 };

/* One TCP segment. All numbers are in host byte order. */
struct packet {
	struct ip_addr src, dst;
	uint16_t src_port, dst_port;
	uint32_t seq, ack; /* ack is valid with TCP_ACK */
	uint16_t window;   /* as on the wire: not scaled */
	uint8_t flags;     /* enum tcp_flag */
	uint8_t ttl;       /* time to live, or hop limit */
	uint16_t ip_id;    /* 0 in IPv6 */
	bool df;           /* IPv4: don't fragment; true in IPv6 */
	uint8_t wscale;    /* with has_wscale: shift count, at most WSCALE_MAX */
	uint16_t mss;      /* 0: no option */
	bool has_wscale, has_tsopt;
	uint32_t tsval, tsecr; /* with has_tsopt (RFC 7323) */
	uint8_t vlans;         /* how many of vlan[] hold a tag; outermost first */
	uint8_t marks;         /* enum packet_mark */
	uint16_t vlan[PACKET_VLANS];
	/* Borrowed from the frame, or from the defragmenter until its next call. */
	const uint8_t *payload;
	uint32_t payload_len; /* bytes on the wire; a super-segment may have more than 64 KiB */
	/* Bytes captured at payload, at most payload_len. The snaplen has cut the others. */
	uint32_t payload_cap;
	int64_t ts;      /* nanoseconds */
	uint64_t number; /* number of its frame, from 1; set by the monitor */
};

/* An ICMP or ICMPv6 error that quotes a TCP segment (RFC 792, RFC 4443): the quoted segment's
 * tuple, and what the error says. */
struct packet_icmp {
	/* True: "fragmentation needed" or "packet too big". False: unreachable, time exceeded ...
	 */
	bool too_big;
	uint8_t type, code;
	uint32_t mtu;            /* with too_big; 0: the router did not state it */
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
	struct bytes data; /* captured bytes of the fragment's payload */
	uint32_t data_len; /* bytes on the wire */
	uint8_t vlans;
	uint16_t vlan[PACKET_VLANS];
	int64_t ts;
};

/* The number space of a header's number. */
enum packet_space {
	SPACE_LINK,
	SPACE_ETHERTYPE,
	SPACE_PROTOCOL,
	SPACE_UDP,
	SPACE_LLC,
	SPACE_PPP,
	SPACES
};

/* A header that the decoder does not follow: its number, and the space of the number. */
struct packet_other {
	enum packet_space space;
	uint32_t number; /* LINKTYPE_, ethertype, IP protocol, destination port, DSAP and SSAP, PPP
			    protocol */
};

/* The result of decoding, PACKET_TCP to PACKET_LINK: rows of counters.def. The monitor counts each
 * kind under its name. */
enum packet_kind {
#define KIND_COUNTER(name, ...) PACKET_##name,
#include "smtpwatch/counters.def"
	PACKET_KINDS
};

/* Returns the name of a kind as the statistics show it: "tcp", "unwatched" ... The text is static.
 */
const char *packet_kind_name(enum packet_kind kind);

/* Returns true if frames of this LINKTYPE_ value can be decoded. */
bool packet_link_known(int link);

struct packet_decoder {
	/* Borrowed. A segment is watched if one of its two ports is in the set. NULL: every segment
	 * is watched. */
	const struct port_set *ports;
	/* True: segments with a wrong TCP checksum are PACKET_CHECKSUM. Off by default, because
	 * offload leaves checksums unset on the sending host. */
	bool insist_checksum;
};

/* A decoded frame. The kind tells which member is valid. */
union packet_decoded {
	struct packet tcp;
	struct packet_fragment fragment;
	struct packet_icmp icmp;
	struct packet_other other;
};

/*
 * Decodes one frame into *out and returns its kind. d and f are borrowed for the call; the payload
 * in *out is borrowed from f. Every read is checked against caplen. A frame that is shorter than
 * its headers say is PACKET_CUT if len explains that, else PACKET_MALFORMED.
 *
 * The IP length decides where the payload ends: Ethernet padding is not payload. An IPv4 total
 * length of 0 (TSO on the capturing host) means "to the end of the frame". So does an IPv6 payload
 * length of 0 without a jumbo option.
 *
 * Ports are tested before options and checksum, so that unwatched traffic costs little.
 */
enum packet_kind packet_decode(const struct packet_decoder *d, const struct frame *f,
			       union packet_decoded *out);

/* Decodes a reassembled IP payload, as defrag_push returned it, as if it had come in one datagram.
 * of: any fragment of the datagram; addresses, tags, protocol and time are taken from there.
 * Tunnels inside fragments are followed. The payload in *out is borrowed from `payload`. */
enum packet_kind packet_decode_payload(const struct packet_decoder *d,
				       const struct packet_fragment *of, struct bytes payload,
				       union packet_decoded *out);

#endif
