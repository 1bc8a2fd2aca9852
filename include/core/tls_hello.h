/* tls_hello.h - what the handshake says before it goes dark: version, cipher, names (RFC 8446 4.1, RFC 5246 7.4, RFC 6066 3, RFC 7301). */
#ifndef SMTPWATCH_CORE_TLS_HELLO_H
#define SMTPWATCH_CORE_TLS_HELLO_H

#include "core/bytes.h"
#include "core/pool.h"

enum tls_handshake { TLS_CLIENT_HELLO = 1, TLS_SERVER_HELLO = 2, TLS_CERTIFICATE = 11 };

/* One side's handshake messages in clear, put together. Zero-filled at first; the block is the pool's. */
struct tls_clear {
	uint8_t *block;
	uint16_t n;
	bool over; /* what is to be told was told, or cannot be */
};

/* So much of one message is kept: a longer one is told cut. */
enum { TLS_CLEAR_ROOM = 4096 };

/* A message: its type, and its body. */
struct tls_message {
	uint8_t type;
	struct bytes body;
};

/*
 * Takes the body of a handshake record off *in. True: a message is there, borrowed until tls_clear_done, which must follow. The block is borrowed from the pool with the first bytes; where there is
 * none it is over.
 */
bool tls_clear_next(struct tls_clear *c, struct pool *pool, struct bytes *in, struct tls_message *out);

/* The message was read: makes room for the next. */
void tls_clear_done(struct tls_clear *c);

/* Nothing more is wanted: gives the block back. */
void tls_clear_end(struct tls_clear *c, struct pool *pool);

/* What a hello says. Borrowed from it. */
struct tls_hello {
	uint16_t version, suite;  /* of a server: what it chose; 0: not read */
	bool encrypt_then_mac;    /* RFC 7366 */
	struct bytes server_name; /* n 0: none. Bytes of the wire, as all that follow */
	struct bytes protocol;    /* ALPN: the client's first, or the server's choice */
};

/* False: cut or absurd; what was read until there is in *out all the same. */
bool tls_hello_read(const struct tls_message *m, struct tls_hello *out);

/* The first certificate of a Certificate message of TLS 1.2 and before, cut as the message is; n 0: none. */
struct bytes tls_hello_certificate(const struct tls_message *m);

#endif
