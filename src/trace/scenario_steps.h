/*
 * scenario_steps.h - one session's recording as the steps of a scenario: what the two TCP stacks of
 * the language (tests/lib/build_tcp.c) must be told to do the same.
 */
#ifndef SMTPWATCH_TRACE_SCENARIO_STEPS_H
#define SMTPWATCH_TRACE_SCENARIO_STEPS_H

#include "trace/scenario_text.h"

/* Bytes that did not arrive, and may be sent again. */
struct scenario_lost {
	uint64_t from, to;
};

enum { SCENARIO_LOST = 64 };

/* One side, as the language's stack has it. Offsets count from its first byte; a FIN is one more.
 */
struct scenario_side {
	struct scenario_text text;
	uint32_t base;
	uint64_t handed; /* of the recording */
	uint64_t sent;   /* in steps */
	struct scenario_lost lost[SCENARIO_LOST];
	size_t losts;
	bool fin, reset, vanished, shut;
	uint8_t ttl;
	uint16_t ip_id;
};

struct scenario_steps;

/* What all sessions of a scenario have in common. */
struct scenario_writer {
	struct outbuf *b;
	int64_t now;     /* when the last step was; 0: none was yet */
	unsigned number; /* of the session that the last step was of */
	bool several;
	struct scenario_steps *run; /* whose part of a message may go on; NULL: nobody's */
	uint64_t again;             /* segments that were left out: they had come */
};

/* One session under way. */
struct scenario_steps {
	struct scenario_writer *w;
	const struct recording *r;
	unsigned number;
	const struct recorded_packet *packet;
	const struct recorded_data *data;
	const struct recorded_icmp *icmp;
	size_t packets, datas, icmps;
	size_t at, data_at, icmp_at, end_at; /* what comes next; end_at: of FINs and RSTs */
	struct scenario_side side[2];
	uint64_t run_from; /* a part of a message that may go on: up to side[CLIENT].sent */
	bool over;
	bool unsaid;       /* a whole handshake, which need not be said unless a pause follows */
	unsigned joinable; /* 1 << side: whose segment was the last step, and may go on; 0: nobody's
			    */
};

/* number: behind "session"; clean: as of ladder_new. */
void scenario_steps_begin(struct scenario_steps *s, struct scenario_writer *w,
			  const struct recording *r, unsigned number, ladder_cleaner *clean,
			  void *arg);
void scenario_steps_free(struct scenario_steps *s);

/* The number of the frame that comes next; UINT64_MAX: there is none. */
uint64_t scenario_steps_next(const struct scenario_steps *s);

/* Writes what comes of that frame. */
void scenario_steps_take(struct scenario_steps *s);

/* Behind the last. until: the capture went on up to there, and that matters; 0: it does not. */
void scenario_steps_end(struct scenario_steps *s, int64_t until);

#endif
