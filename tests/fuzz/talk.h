/* talk.h - one session through the SMTP stage, its bytes cut in one way or another, and what is
 * told of it in the end. */
#ifndef SMTPWATCH_TESTS_FUZZ_TALK_H
#define SMTPWATCH_TESTS_FUZZ_TALK_H

#include "core/session/session.h"
#include "fuzz/fuzz.h"

enum talk_cut { TALK_WHOLE, TALK_BYTES, TALK_DICE, TALK_CUTS };

enum talk_how { TALK_SURE = 1, TALK_LMTP = 2, TALK_TLS_PORT = 4, TALK_RESET = 8 };

/* What was told; kept from one talk to the next, for its memory. */
struct talk_told {
	struct outbuf json, text;
};

struct talk {
	struct pool *pool;
	struct session *session;
	struct conn conn;
	struct conn_side sides[2];
	size_t before; /* bytes of the pool, without the session */
	unsigned how;  /* enum talk_how */
	enum talk_cut cut;
	uint64_t dice;
	enum side first; /* whose FIN came first */
	int64_t ts;      /* now; TALK_START at first, the caller's to change */
};

#define TALK_START INT64_C(1700000000000000000)

/* decryptor: NULL, or who has keys. t stays where it is until talk_end. */
void talk_begin(struct talk *t, const struct tls_decryptor *decryptor, unsigned how,
		enum talk_cut cut);

/* Of `side` at t->ts; acked: so much of the other side's stream. */
void talk_bytes(struct talk *t, enum side side, struct bytes b, uint64_t acked);
void talk_gap(struct talk *t, enum side side, uint64_t len, uint64_t acked);
void talk_fin(struct talk *t, enum side side, uint64_t acked);

/* Tells, and checks that all memory came back. */
void talk_end(struct talk *t, struct talk_told *told);

#endif
