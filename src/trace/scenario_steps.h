/*
 * scenario_steps.h - turns the recording of a session into the steps of a scenario. The steps tell
 * the language's two TCP stacks (tests/lib/build_tcp.c) how to repeat the session.
 */
#ifndef SMTPWATCH_TRACE_SCENARIO_STEPS_H
#define SMTPWATCH_TRACE_SCENARIO_STEPS_H

#include "trace/scenario_text.h"

/* A range of bytes that did not arrive, and may be retransmitted. */
struct scenario_lost {
	uint64_t from, to;
};

/* The most ranges of a side. */
enum { SCENARIO_LOST = 64 };

/* One side, as the language's stack sees it. Offsets count from the side's first byte; a FIN counts
 * as one byte. */
struct scenario_side {
	struct scenario_text text;
	uint32_t base;
	uint64_t delivered; /* offset up to which the recording was read */
	uint64_t sent;      /* offset up to which steps have sent */
	struct scenario_lost lost[SCENARIO_LOST];
	size_t losts;
	/* a step sent its FIN or RST, made it vanish, or closed its window */
	bool fin, reset, vanished, shut;
	uint8_t ttl; /* ttl and ip_id: of its latest segment */
	uint16_t ip_id;
};

struct scenario_steps;

/* The state that all sessions of a scenario share. */
struct scenario_writer {
	struct outbuf *b;
	int64_t now;                /* time of the latest step, nanoseconds; 0: no step yet */
	unsigned number;            /* of the session of the latest step */
	bool several;               /* the scenario has more than one session */
	struct scenario_steps *run; /* whose part of a message is not written yet; NULL: none */
	uint64_t again; /* retransmissions that were left out because the bytes had arrived */
};

/* The state of one session. */
struct scenario_steps {
	struct scenario_writer *w;
	const struct recording *r;
	unsigned number;
	const struct recorded_packet *packet;
	const struct recorded_data *data;
	const struct recorded_icmp *icmp;
	size_t packets, datas, icmps;
	size_t at, data_at, icmp_at; /* indices of the next elements */
	size_t end_at;               /* index of the next packet with FIN or RST */
	struct scenario_side side[2];
	uint64_t run_from; /* beginning of the unwritten part of a message, which ends at
			      side[CLIENT].sent */
	bool over;         /* nothing can follow the connection attempt */
	/* A whole handshake is the default of the language: "connect" is written only before a
	 * pause. */
	bool connect_pending;
	/* 1 << side: the latest step is a segment of this side, to which bytes can be joined; 0:
	 * none. */
	unsigned joinable;
};

/* Begins the steps of a session. w and r are borrowed until scenario_steps_free. number: of the
 * session, from 1. clean, arg: as for ladder_new. */
void scenario_steps_begin(struct scenario_steps *s, struct scenario_writer *w,
			  const struct recording *r, unsigned number, ladder_cleaner *clean,
			  void *arg);

/* Frees the texts of s. */
void scenario_steps_free(struct scenario_steps *s);

/* Returns the number of the next frame, or UINT64_MAX if there is none. */
uint64_t scenario_steps_next(const struct scenario_steps *s);

/* Writes the steps of the next frame. Call only if there is one. */
void scenario_steps_take(struct scenario_steps *s);

/* Call after the last frame. until: time up to which the capture shows that nothing followed,
 * nanoseconds; 0: that does not matter. */
void scenario_steps_end(struct scenario_steps *s, int64_t until);

#endif
