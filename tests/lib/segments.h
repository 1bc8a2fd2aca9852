/* segments.h - TCP conversations by hand or by dice, as the sequences of struct packet that an
 * engine takes. */
#ifndef SMTPWATCH_TESTS_SEGMENTS_H
#define SMTPWATCH_TESTS_SEGMENTS_H

#include "smtpwatch/stream.h"

/* Numbers that depend on the seed alone (splitmix64), so that a failing test can be run again. */
struct dice {
	uint64_t state;
};

/* The seed: $SMTPWATCH_SEED, or the one given. Prints it, with the name of the test. */
struct dice dice_new(const char *test, uint64_t seed);
uint32_t dice_roll(struct dice *d, uint32_t sides); /* 0 .. sides-1 */

/* A capture under construction. Owns the packets and their payloads. Zero-filled at first. */
struct segments {
	struct packet *packets;
	size_t n, capacity;
	uint8_t **payloads;
	size_t payload_count;
};

void segments_free(struct segments *w);

/* Appends a packet; its payload is copied. Returns it, for the test to bend; valid until the next
 * segments_add. */
struct packet *segments_add(struct segments *w, const struct packet *p);

/*
 * The packet at `from` moves to `to`; times stay in order. Removes it; repeats it (a captured
 * duplicate, same ip_id) behind itself.
 */
void segments_move(struct segments *w, size_t from, size_t to);
void segments_drop(struct segments *w, size_t at);
void segments_repeat(struct segments *w, size_t at);

/* Lays the packets of `more` at random places between those of w, each in its own order; more is
 * emptied. */
void segments_merge(struct segments *w, struct segments *more, struct dice *d);

/*
 * Weather inside libnids' fence: segments with payload of one direction change places within a run
 * (no segment of the other direction between them, no handshake, no FIN), and some packets are
 * captured twice. Chances in percent for each packet.
 */
void segments_shuffle(struct segments *w, struct dice *d, unsigned reorder, unsigned repeat);

/* One end's view of a connection under construction. */
struct talk {
	struct segments *out;
	struct ip_addr addr[2]; /* by enum side */
	uint16_t port[2];
	uint32_t isn[2];
	uint32_t next[2];  /* sequence number of the next byte of each side */
	uint32_t heard[2]; /* what each side acknowledges */
	uint16_t ip_id[2];
	uint16_t window, mss;
	int64_t now, step; /* the time of the next packet, and what each adds */
};

/* A connection to port 25 whose tuple and sequence numbers follow from n. */
struct talk talk_v4(struct segments *w, unsigned n);
struct talk talk_v6(struct segments *w, unsigned n);

/* SYN, SYN-ACK, ACK; or each alone. */
void talk_handshake(struct talk *t);
void talk_handshake_scaled(struct talk *t, uint8_t wscale);
struct packet *talk_syn(struct talk *t);
struct packet *talk_syn_ack(struct talk *t);

/* Sends a segment; the other side has heard it (its next segment acknowledges it). */
struct packet *talk_send(struct talk *t, enum side from, struct bytes payload);
struct packet *talk_say(struct talk *t, enum side from, const char *text);
struct packet *talk_ack(struct talk *t, enum side from);
struct packet *talk_fin(struct talk *t, enum side from);
struct packet *talk_rst(struct talk *t, enum side from);

/* Any segment: nothing is remembered of it. */
struct packet *talk_raw(struct talk *t, enum side from, uint8_t flags, uint32_t seq,
			struct bytes payload);

/* FIN of one side, the other's FIN, the last ACK. */
void talk_close(struct talk *t, enum side first);

/* A small mail session up to 221, without the end. Packets: 0-2 handshake, 3 banner, 4 EHLO a, 5
 * its reply, 6 QUIT, 7 its reply. */
void talk_mail(struct talk *t);

/* How a random conversation ends. */
enum talk_ending {
	TALK_CLIENT_FIN,
	TALK_SERVER_FIN,
	TALK_CROSSED_FINS,
	TALK_HALF_CLOSE,
	TALK_CLIENT_RST,
	TALK_SERVER_RST,
	TALK_RST_AFTER_FIN,
	TALK_OPEN,
	TALK_ENDINGS
};

/*
 * A whole conversation by dice: handshake, turns of small and large writes cut at random,
 * acknowledgements here and there, an ending.
 */
enum talk_ending talk_random(struct talk *t, struct dice *d);

/* A few dozen segments on one tuple of which hardly any fits the others: numbers, flags, cuts and
 * times by dice. */
void talk_absurd(struct segments *s, struct dice *d, unsigned n);

#endif
