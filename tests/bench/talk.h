/* talk.h - one session on the wire, packet by packet: handshake, segments, acknowledgements, a
 * little loss, the end. */
#ifndef SMTPWATCH_BENCH_TALK_H
#define SMTPWATCH_BENCH_TALK_H

#include "bench/mail.h"
#include "bench/script.h"
#include "bench/wire.h"

/* What a session is to be. */
struct talk_plan {
	uint32_t number; /* of the session: its addresses and texts follow from it */
	uint64_t seed;
	enum course_id course;
	const struct ending *ending; /* NULL: as the course has it */
	uint32_t min, max;           /* bytes of a message */
	uint16_t messages, rcpts;
	uint8_t hold; /* the AT_ place where it is to stay, 0: none */
	bool v6, submission;
	uint16_t late; /* permille of segments that come out of order or twice */
};

/* A turn is what one party says at once: a text before, a run of a block, a text behind; either may
 * be empty. */
struct talk {
	struct talk_plan plan;
	struct chance chance;
	int64_t wake;                  /* nothing before this */
	const uint8_t *course;         /* or the ending's tail */
	uint32_t pos, envelope, ready; /* places in the course; the latter two to go back to */
	uint32_t seq[2];               /* next to send */
	uint32_t had[2];               /* what this party acknowledges */
	uint32_t at, before, content, behind, total; /* of the turn */
	uint32_t from, size,
		skipped; /* the message: its run, and where in it the turn's content begins */
	uint32_t late_at, late_n, tsval[2];
	uint16_t ip_id[2];
	uint16_t messages, rcpts; /* still to come */
	uint8_t step;             /* under way */
	uint8_t late_in;          /* segments before the late one comes; 0: none is due */
	uint8_t unacked;          /* segments of the turn that wait for an ACK */
	bool lost, ack_due, turning;
};

/* What all sessions share. */
struct talk_world {
	struct wire *wire;
	const struct mail *mail;
	int64_t now;
};

enum talk_state { TALK_ON, TALK_HELD, TALK_OVER };

void talk_begin(struct talk *t, const struct talk_plan *plan, const struct mail *mail);

/* Sends at most one packet at world->now. */
enum talk_state talk_step(struct talk *t, const struct talk_world *world);

/* The four numbers of a session, for the list of truths. */
struct talk_ends {
	uint32_t addr[2];
	uint16_t port[2];
};

struct talk_ends talk_ends(const struct talk_plan *plan);

#endif
