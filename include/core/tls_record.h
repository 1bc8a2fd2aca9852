/* tls_record.h - what the records of a TLS connection show without keys: types, lengths, order (RFC 8446 5.1, RFC 5246 6.2). */
#ifndef SMTPWATCH_CORE_TLS_RECORD_H
#define SMTPWATCH_CORE_TLS_RECORD_H

#include "core/bytes.h"

enum tls_type { TLS_CHANGE_CIPHER_SPEC = 20, TLS_ALERT = 21, TLS_HANDSHAKE = 22, TLS_APPLICATION = 23 };

/* One side's records under way. Zero-filled at its first byte. */
struct tls_side {
	uint8_t header[5];
	uint8_t n;      /* bytes at header */
	uint8_t seen;   /* 1 << (type - 20) of each type that was seen */
	bool encrypted; /* a ChangeCipherSpec was sent, or application data: what follows is encrypted */
	bool alert;     /* an alert in clear was sent (two bytes long, before encryption) */
	uint8_t alert_level, alert_description;
	bool broken;   /* what came is no TLS record: a gap, or plaintext */
	uint32_t left; /* bytes still to come of the record */
	uint32_t records;
};

/* Takes the next bytes of the side's stream, cut anywhere. */
void tls_side_push(struct tls_side *t, struct bytes in);

/* Bytes are missing: if they lie within the record under way, the count goes on; otherwise the side is broken. */
void tls_side_gap(struct tls_side *t, uint64_t len);

/* Has the handshake finished, as far as both sides' records show? */
bool tls_sides_done(const struct tls_side *client, const struct tls_side *server);

#endif
