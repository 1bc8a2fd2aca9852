/* wire.h - frames for the tests of the decoder, from a line of words: "eth vlan:64 ip4 tcp". */
#ifndef SMTPWATCH_TESTS_WIRE_H
#define SMTPWATCH_TESTS_WIRE_H

#include "smtpwatch/frame.h"
#include "smtpwatch/packet.h"

enum {
	WIRE_MAX = 1 << 17,
	WIRE_SRC_PORT = 40000,
	WIRE_DST_PORT = 25,
	WIRE_SEQ = 1000,
	WIRE_ACK = 2000
};

/* A frame under construction, from its end to its beginning. */
struct wire {
	size_t at;            /* where in b the frame begins; it ends with b */
	struct bytes payload; /* of tcp, borrowed; "EHLO x\r\n" at the start */
	struct bytes options; /* of tcp, a multiple of four; borrowed */
	uint8_t flags;        /* of tcp; PSH and ACK at the start */
	uint16_t fragment;    /* what ip4 puts beside its id: flags and offset in units of eight */
	uint8_t b[WIRE_MAX];
};

/* An empty frame, everything at its default. */
void wire_start(struct wire *w);

/*
 * Puts headers before what is there, the last word first; lengths and checksums are right. Words:
 * eth eth8023 (a length in place of the type) vlan:ID svlan:ID qvlan:ID ip4 ip6 udp:PORT tcp tcp6
 * pppoe nflog nflogbe (one payload attribute), each with ":NUMBER" (hexadecimal) where the next
 * header's number is not what the next word says; =BYTES (hexadecimal) as they stand. Asserts that
 * it can be done.
 */
void wire_put(struct wire *w, const char *words);

/* Puts plain bytes before what is there. */
void wire_put_bytes(struct wire *w, struct bytes bytes);

/* The frame: borrowed, whole. */
struct bytes wire_bytes(const struct wire *w);
struct frame wire_frame(const struct wire *w, int link);

/*
 * Decodes a copy that ends where its block does, so that the sanitizer sees a read beyond it. *out
 * is filled with rubbish before: who forgets a member is found out. What it borrows is good until
 * the next call.
 */
enum packet_kind wire_decode(const struct packet_decoder *d, const struct frame *f,
			     union packet_decoded *out);

/* Hexadecimal digits to bytes; returns how many. */
size_t wire_hex(const char *hex, uint8_t *out);

/* The addresses that ip4 and ip6 write. */
extern const struct ip_addr wire_src4, wire_dst4, wire_src6, wire_dst6;

#endif
