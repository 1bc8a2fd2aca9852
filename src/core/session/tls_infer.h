/* tls_infer.h - infers from TLS records, without keys, whose turn it was, how many bytes were
 * sent, and which side broke off. */
#ifndef SMTPWATCH_CORE_SESSION_TLS_INFER_H
#define SMTPWATCH_CORE_SESSION_TLS_INFER_H

#include "core/tls/suite.h"
#include "smtpwatch/ending.h"

/* The state of the inference. Zero-filled before first use. A turn is the client's records since
 * the server last spoke, and the server's answer to them. Call in the order of cause and effect;
 * times are nanoseconds since the epoch. */
struct tls_infer {
	const struct tls_suite *suite; /* NULL: nothing can be inferred */
	int64_t spoke[2];              /* when each side's last data record was complete */
	int64_t last_record[2];        /* when each side's last record of any type was complete */
	uint64_t asked_end;     /* offset in the client's stream behind the turn's first record */
	uint32_t asked, answer; /* plaintext bytes of the turn, and of its answer */
	uint16_t asked_n, answer_n; /* records of the turn, and of its answer */
	uint16_t turns;             /* turns that were answered */
	uint8_t finished; /* TLS 1.3: client records in which its Finished was looked for */
	bool encrypt_then_mac;
	bool begun;        /* the client has sent data */
	bool short_before; /* the turn before this one may have been a command of six bytes: DATA */
	bool short_now; /* this turn may be a command of six bytes: QUIT, DATA, RSET, NOOP, HELP */
	bool unasked;   /* the server spoke once more, after silence */
	bool notify[2]; /* the side's last record is a close_notify, judged by its length */
	struct ending_tls end;
};

/* A record of a side is complete. type and length stand in its header. at: offset in the side's
 * stream behind the record. acked: bytes of the client's stream that the server had acknowledged
 * by then. */
void tls_infer_record(struct tls_infer *i, enum side side, uint8_t type, uint32_t length,
		      uint64_t at, uint64_t acked, int64_t ts);

/* A side's FIN or RST. acked: bytes of the client's stream that the server had acknowledged by
 * then. */
void tls_infer_close(struct tls_infer *i, enum side side, uint64_t acked, int64_t ts);

/* Returns the result. whole: the records of both sides were followed without a break. done: the
 * handshake finished. */
struct ending_tls tls_infer_end(const struct tls_infer *i, bool whole, bool done);

#endif
