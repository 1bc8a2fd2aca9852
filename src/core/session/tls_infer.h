/* tls_infer.h - what can be said of a dialogue under TLS without keys: whose turn it was, how much
 * was said, who broke off. */
#ifndef SMTPWATCH_CORE_SESSION_TLS_INFER_H
#define SMTPWATCH_CORE_SESSION_TLS_INFER_H

#include "core/tls/suite.h"
#include "smtpwatch/ending.h"

/*
 * A turn: the client's records since the server last spoke, and the server's answer to them.
 * Zero-filled at first. Call in the order of cause and effect; times are nanoseconds.
 */
struct tls_infer {
	const struct tls_suite *suite; /* NULL: nothing can be inferred */
	int64_t spoke[2];              /* when each side's last record of data was whole */
	int64_t heard[2];              /* ... and its last record of any type */
	uint64_t asked_end;     /* offset in the client's stream behind the turn's first record */
	uint32_t asked, answer; /* bytes of the turn, and of its answer */
	uint16_t asked_n, answer_n; /* in so many records */
	uint16_t turns;             /* that were answered */
	uint8_t finished; /* TLS 1.3: records of the client in which its Finished was looked for */
	bool encrypt_then_mac;
	bool begun;        /* the client has sent data */
	bool short_before; /* the turn before this one may have been a command of six bytes: DATA */
	bool short_now;    /* this one may be: QUIT, DATA, RSET, NOOP, HELP */
	bool unasked;      /* the server spoke once more, after silence */
	bool notify[2];    /* the side's last record is a close_notify, as far as lengths tell */
	struct ending_tls end;
};

/* A record of a side is complete. type and length are its header's; sealed: the side had begun to
 * encrypt; at: offset in its stream behind it. */
void tls_infer_record(struct tls_infer *i, enum side side, uint8_t type, uint32_t length,
		      uint64_t at, uint64_t acked, int64_t ts);

/*
 * The side's FIN, or its RST. acked: how much of the client's stream the server had acknowledged by
 * then.
 */
void tls_infer_close(struct tls_infer *i, enum side side, uint64_t acked, int64_t ts);

/* What was found. whole: no side's records were lost track of. done: the handshake was finished. */
struct ending_tls tls_infer_end(const struct tls_infer *i, bool whole, bool done);

#endif
