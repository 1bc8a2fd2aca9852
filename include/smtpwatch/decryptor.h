/* decryptor.h - the interface between the core and a decryptor: TLS records go in, plaintext comes
 * out. */
#ifndef SMTPWATCH_DECRYPTOR_H
#define SMTPWATCH_DECRYPTOR_H

#include "smtpwatch/certificate.h"
#include "smtpwatch/pool.h"
#include "smtpwatch/stream.h"

enum { TLS_INSIDE_NAME = 128 };

/* What a decryptor finds out with keys. The core itself reads the hellos, which are in clear. Names
 * are bytes of the wire, borrowed for the life of the stream, and cut to TLS_INSIDE_NAME bytes. */
struct tls_inside {
	bool decrypted;            /* keys were found and decrypt the records */
	bool close_notify[2];      /* by enum side: its close_notify was read */
	bool alert;                /* an alert other than close_notify was read */
	uint8_t alert_side;        /* with alert: its sender (enum side) */
	uint8_t alert_description; /* with alert: its description (RFC 8446 6) */
	struct bytes protocol;     /* the ALPN protocol that the server chose; n 0: not seen */
	struct certificate
		certificate; /* the server's certificate in TLS 1.3; subject.n 0: not seen */
};

enum tls_item_kind {
	/* The keys decrypt the records: the dialogue is known from here on. Once, and before all
	 * other items but FIN. */
	TLS_ITEM_OPEN,
	/* Bytes of `side`. */
	TLS_ITEM_DATA,
	/* At most len bytes of `side` are missing: the capture lacks a part of a record. */
	TLS_ITEM_GAP,
	/* `side` has ended its stream, by close_notify or by its FIN. Once for each side. */
	TLS_ITEM_FIN,
	/* The rest of the dialogue cannot be read, and may be empty. Once; only FIN comes after. */
	TLS_ITEM_LOST
};

/* One item of a decrypted dialogue. Offsets are those of the TCP stream, so that acknowledgements
 * can be compared with them: plaintext ends where its record ends. */
struct tls_item {
	enum tls_item_kind kind;
	enum side side;
	struct bytes data; /* borrowed until the next call with this stream */
	bool notified;     /* with FIN: by close_notify */
	bool clear;        /* with DATA: not encrypted; no record follows */
	uint64_t len;      /* with GAP: bytes missing, at most */
	uint64_t end;      /* offset in the stream of `side` of the first byte behind the record */
	/* How much of the other side's stream was acknowledged when the record came: an offset. */
	uint64_t acked;
	int64_t ts; /* when the record came, nanoseconds */
};

/* The place in a side's stream at which bytes, a gap or a FIN end. */
struct tls_place {
	enum side side;
	uint64_t end; /* offset of the next byte behind */
	/* How much of the other side's stream was acknowledged with the bytes: an offset. */
	uint64_t acked;
	int64_t ts;
};

struct tls_stream;

/*
 * A decryptor; the layer that has keys makes it. One serves many monitors, in any threads.
 *
 * new: returns a stream for one session. pool: borrowed until free. Caller frees with free.
 *
 * push, gap, fin: take bytes, a gap or a FIN of either side, in causal order. Bytes are borrowed
 * for the call. Records that wait for their secret are kept within a bound.
 *
 * next: call after each push, gap and fin until the result is false. Returns true and fills in *out
 * if there is an item. last: no more input will come, so that no secret is waited for.
 *
 * inside: returns what was found out so far; borrowed until free.
 */
struct tls_decryptor {
	struct tls_stream *(*new)(const struct tls_decryptor *self,
				  struct pool *pool); /* returns NULL if there is no memory */
	void (*push)(struct tls_stream *t, const struct tls_place *at, struct bytes data);
	void (*gap)(struct tls_stream *t, const struct tls_place *at, uint64_t len);
	void (*fin)(struct tls_stream *t, const struct tls_place *at);
	bool (*next)(struct tls_stream *t, bool last, struct tls_item *out);
	const struct tls_inside *(*inside)(const struct tls_stream *t);
	void (*free)(struct tls_stream *t);
};

#endif
