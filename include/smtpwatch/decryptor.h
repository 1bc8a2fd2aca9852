/* decryptor.h - what the core asks of whoever has keys: the records of a session go in, what was
 * said inside comes out. */
#ifndef SMTPWATCH_DECRYPTOR_H
#define SMTPWATCH_DECRYPTOR_H

#include "smtpwatch/certificate.h"
#include "smtpwatch/pool.h"
#include "smtpwatch/stream.h"

enum { TLS_INSIDE_NAME = 128 };

/* What only keys tell; the hellos in clear the core reads itself. Names are bytes of the wire,
 * borrowed for the life of the stream, and cut to TLS_INSIDE_NAME. */
struct tls_inside {
	bool opened;                    /* keys were found, and they fitted */
	bool close_notify[2];           /* by enum side: it was read */
	bool alert;                     /* another alert was ... */
	uint8_t alert_side;             /* ... by this side (enum side) ... */
	uint8_t alert_description;      /* ... with this description (RFC 8446 6) */
	struct bytes protocol;          /* ALPN, the server's choice; n 0: not seen */
	struct certificate certificate; /* the server's, of TLS 1.3; subject n 0: not seen */
};

enum tls_item_kind {
	TLS_ITEM_OPEN, /* the keys fit: from here on it is known what is said inside. Once, and
			  before all others but FIN */
	TLS_ITEM_DATA, /* bytes of `side` */
	TLS_ITEM_GAP,  /* len bytes of `side` are missing, at most: a record that the capture does
			  not have as a whole */
	TLS_ITEM_FIN,  /* `side` has ended its stream, by close_notify or by its FIN. Once of each
			  side */
	TLS_ITEM_LOST  /* what follows cannot be read, nor whether anything does. Once, and nothing
			  but FIN comes after it */
};

/* Offsets are those of the TCP stream, so that acknowledgements can be compared with them:
 * plaintext ends where its record does. */
struct tls_item {
	enum tls_item_kind kind;
	enum side side;
	struct bytes data; /* borrowed until the next call with this stream */
	bool notified;     /* with FIN: it was a close_notify */
	bool clear;        /* with DATA: not sealed; no record follows */
	uint64_t len;      /* of a gap */
	uint64_t end;      /* offset in the stream of `side` behind the record */
	uint64_t acked;    /* as it was when the record came, of the other side's stream */
	int64_t ts;        /* ... */
};

/* Where in the stream of a side something was heard. */
struct tls_heard {
	enum side side;
	uint64_t end;   /* offset behind it */
	uint64_t acked; /* how much of the other side's stream was acknowledged with it */
	int64_t ts;
};

struct tls_stream;

/*
 * Made by the layer that has keys; one serves many monitors, in any threads. Of a stream: bytes,
 * gaps and FINs of both sides go in, in causal order; after each, next is asked until it has
 * nothing more. What comes before its secret is kept within a bound. last: nothing more will come,
 * so that nothing need be waited for.
 */
struct tls_opener {
	struct tls_stream *(*new)(const struct tls_opener *self,
				  struct pool *pool); /* NULL: no memory */
	void (*push)(struct tls_stream *t, const struct tls_heard *at, struct bytes data);
	void (*gap)(struct tls_stream *t, const struct tls_heard *at, uint64_t len);
	void (*fin)(struct tls_stream *t, const struct tls_heard *at);
	bool (*next)(struct tls_stream *t, bool last, struct tls_item *out);
	const struct tls_inside *(*inside)(const struct tls_stream *t);
	void (*free)(struct tls_stream *t);
};

#endif
