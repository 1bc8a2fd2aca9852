/* record.h - what the records of a TLS connection show without keys: types, lengths, order (RFC
 * 8446 5.1, RFC 5246 6.2). */
#ifndef SMTPWATCH_CORE_TLS_RECORD_H
#define SMTPWATCH_CORE_TLS_RECORD_H

#include "smtpwatch/bytes.h"

enum tls_type {
	TLS_CHANGE_CIPHER_SPEC = 20,
	TLS_ALERT = 21,
	TLS_HANDSHAKE = 22,
	TLS_APPLICATION = 23
};

enum {
	TLS_RECORD_HEAD = 5,
	TLS_RECORD_MAX = (1 << 14) + 2048 /* RFC 5246 6.2.3; TLS 1.3 allows less */
};

/* Can a record begin so? And how long is its body? */
bool tls_record_sane(const uint8_t head[TLS_RECORD_HEAD]);
unsigned tls_record_length(const uint8_t head[TLS_RECORD_HEAD]);

/* One side's records under way. Zero-filled at its first byte. */
struct tls_side {
	uint8_t header[TLS_RECORD_HEAD];
	uint8_t n;      /* bytes at header */
	uint8_t seen;   /* 1 << (type - 20) of each type that was seen */
	bool encrypted; /* a ChangeCipherSpec was sent, or application data: what follows is
			   encrypted */
	bool alert;     /* an alert in clear was sent (two bytes long, before encryption) */
	uint8_t alert_level, alert_description;
	bool broken;   /* what came is no TLS record: a gap, or plaintext */
	uint32_t left; /* bytes still to come of the record */
	uint32_t records;
};

/* Takes the next bytes of the side's stream, cut anywhere. */
void tls_side_push(struct tls_side *t, struct bytes in);

/*
 * The same, a piece at a time: true where some bytes of a record's body, or a record without any,
 * were taken off `in`; body is what it was, header[0] its type, and the record is complete if
 * `left` is 0. False: nothing is left, or the side is broken; the header that broke it stays at
 * header.
 */
bool tls_side_next(struct tls_side *t, struct bytes *in, struct bytes *body);

/* The length of the record under way, or of the last one. */
unsigned tls_side_length(const struct tls_side *t);

/* Bytes are missing: if they lie within the record under way, the count goes on; otherwise the side
 * is broken. */
void tls_side_gap(struct tls_side *t, uint64_t len);

/* Has the handshake finished, as far as both sides' records show? */
bool tls_sides_done(const struct tls_side *client, const struct tls_side *server);

/* The name of an alert: "handshake_failure"; "unknown" of others (RFC 8446 6). */
const char *tls_alert_name(uint8_t description);

#endif
