/* sample.h - the facts of one session by hand, and the cause that is to be found for it. */
#ifndef SMTPWATCH_TESTS_LIB_SAMPLE_H
#define SMTPWATCH_TESTS_LIB_SAMPLE_H

#include "smtpwatch/cause.h"

#define S  FRAME_SECOND
#define MS FRAME_MS

/* Facts of one session, as far as they are not those of any; the verdict follows from them. */
struct sample {
	const char *name;
	struct ending e;
	struct session_info s;
	struct conn_side client, server;
	struct conn_flow client_flow, server_flow;
	struct cause_hints hints;
	const char *reply, *banner, *foreign;
	int64_t life; /* 0: 40 s */
	bool mute;    /* the client has not sent a byte */
	bool v6;
	enum cause_id cause;
	enum confidence confidence;
	const char *evidence; /* part of the last sentence */
};

struct sample_input {
	struct conn conn;
	struct conn_side sides[2];
	struct session_info session;
	struct ending ending;
	struct judgement judgement;
	struct cause_hints hints;
	struct cause_input all;
	struct pool *pool; /* set before sample_take */
};

void sample_take(struct sample_input *f, const struct sample *p);

/* The cause, its confidence and its last sentence are those that the sample names. */
void sample_check(const struct sample *p);

struct sample_list {
	const struct sample *samples;
	size_t n;
};

#define SAMPLES(table)                                                                             \
	{                                                                                          \
		(table), sizeof(table) / sizeof *(table)                                           \
	}

void samples_check(struct sample_list list);

/* Each of the causes from first to last has a sample. */
void samples_cover(const struct sample_list *lists, size_t n, enum cause_id first,
		   enum cause_id last);

/*
 * Facts thrown together from everywhere: sentences keep their bounds, the same facts give the same
 * cause, and the wire's bytes stay out. Prints its seed.
 */
void samples_mix(const char *test, const struct sample_list *lists, size_t n);

/* How it ended. */
#define BY_SERVER .closer = CLOSER_SERVER, .spoke = true
#define BY_CLIENT .closer = CLOSER_CLIENT, .spoke = true
#define DROP      BY_SERVER, .how = HOW_FIN
#define RESET     BY_SERVER, .how = HOW_RST
#define SAID_421  BY_SERVER, .how = HOW_FIN, .farewell = FAREWELL_421, .final_421 = PLACE_BETWEEN
#define REFUSED   BY_SERVER, .how = HOW_FIN, .farewell = FAREWELL_REFUSAL
#define VANISHED  .closer = CLOSER_NOBODY, .how = HOW_SILENCE, .vanished = true, .spoke = true

/* Who was silent for how long: the server has answered all, the client is to speak; or the other
 * way round. */
#define IDLE(time) .stage = STAGE_IDLE, .client_silence = (time), .server_silence = (time)-20 * MS
#define ASKED(stage_, time)                                                                        \
	.stage = (stage_), .client_silence = (time), .server_silence = (time) + 30 * MS
#define SENDING                                                                                    \
	.stage = STAGE_DATA, .content_open = true, .client_silence = 20 * MS,                      \
	.server_silence = 5 * S
#define DOT(time)                                                                                  \
	.stage = STAGE_END_OF_MESSAGE, .end_unanswered = true, .waited = (time),                   \
	.slowest_reply = (time), .client_silence = (time), .server_silence = (time) + S

#define TALKED         .commands = 4, .replies = 5, .last_code = 250
#define FAREWELL(code) .commands = 4, .replies = 5, .last_code = (code), .farewell_code = (code)
#define ENHANCED(...)  .farewell_enhanced = {__VA_ARGS__}

#define IS(cause_, confidence_, evidence_)                                                         \
	.cause = CAUSE_##cause_, .confidence = CONFIDENCE_##confidence_, .evidence = (evidence_)
#define IS_UNEXPLAINED IS(UNEXPLAINED, POSSIBLE, "nothing that was seen")
#define IS_NONE        IS(UNEXPLAINED, POSSIBLE, "")

/* One of the server's resets: the first five facts are those of a normal Linux server's. */
#define RST_OF(...)                                                                                \
	{                                                                                          \
		.df = true, .tsopt = true, .ip_id = 4711, .ttl = 57, .ttl_low = 57,                \
		.ttl_high = 57, .reset = {                                                         \
			.seen = true,                                                              \
			.ts = 5000 * S,                                                            \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

#endif
