/* record.h - reads what TLS records show without keys: type, length, order (RFC 8446 5.1, RFC 5246
 * 6.2). */
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

/* tls_record_sane returns whether these bytes are a valid record header. tls_record_length returns
 * the length of the body, in bytes. */
bool tls_record_sane(const uint8_t head[TLS_RECORD_HEAD]);
unsigned tls_record_length(const uint8_t head[TLS_RECORD_HEAD]);

/* The records of one side. Zero-filled before the side's first byte. */
struct tls_side {
	uint8_t header[TLS_RECORD_HEAD];
	uint8_t n;      /* bytes at header */
	uint8_t seen;   /* bit 1 << (type - 20) for each record type seen; record.c adds two bits of
			   its own */
	bool encrypted; /* a ChangeCipherSpec or application data was sent: what follows is
			   encrypted */
	bool alert; /* an alert in clear was sent: a record of two bytes, the lengths of encrypted
		       alerts being greater */
	uint8_t alert_level, alert_description;
	bool broken;   /* the bytes are no TLS records: after a gap, or plaintext */
	uint32_t left; /* bytes of the record's body still to come */
	uint32_t records;
};

/* Reads the next bytes of the side's stream, which may be cut anywhere. */
void tls_side_push(struct tls_side *t, struct bytes in);

/*
 * Reads as tls_side_push does, one piece at a time; moves *in forward. Call until false.
 * Returns true with the next bytes of a record's body in *body, or n = 0 for an empty record.
 * header[0] is the record's type; if left is 0, the record is complete. *body is borrowed from
 * *in.
 * Returns false when *in is used up or the side is broken. The header that broke the side stays in
 * header.
 */
bool tls_side_next(struct tls_side *t, struct bytes *in, struct bytes *body);

/* Returns the body length, in bytes, of the record under way, or of the last one. */
unsigned tls_side_length(const struct tls_side *t);

/* len bytes are missing. If they lie within the body of the record under way, reading goes on
 * behind them; otherwise the side is broken. */
void tls_side_gap(struct tls_side *t, uint64_t len);

/* Whether the handshake has finished, as far as both sides' records show. */
bool tls_sides_done(const struct tls_side *client, const struct tls_side *server);

/* Returns the name of an alert, such as "handshake_failure", or "unknown" (RFC 8446 6). */
const char *tls_alert_name(uint8_t description);

#endif
