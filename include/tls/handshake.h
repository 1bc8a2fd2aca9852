/* handshake.h - handshake messages out of records: cut over several, or several in one; and what the hellos tell (RFC 8446 4, RFC 5246 7.4). */
#ifndef SMTPWATCH_TLS_HANDSHAKE_H
#define SMTPWATCH_TLS_HANDSHAKE_H

#include "core/bytes.h"
#include "core/pool.h"

enum handshake_type {
	HANDSHAKE_CLIENT_HELLO = 1,
	HANDSHAKE_SERVER_HELLO = 2,
	HANDSHAKE_ENCRYPTED_EXTENSIONS = 8,
	HANDSHAKE_FINISHED = 20,
	HANDSHAKE_KEY_UPDATE = 24
};

enum { HANDSHAKE_RANDOM = 32, HANDSHAKE_KEPT = 4096, HANDSHAKE_NAME = 256 };

/* The message under way of one side; zero-filled at first. The first bytes of messages that are read are kept, other messages (certificates) are passed over. */
struct handshake_side {
	uint8_t head[4];
	uint8_t head_n;
	bool whole;    /* it was handed out */
	uint32_t left; /* of the message, behind what has come */
	uint32_t n;    /* kept */
	uint32_t room;
	uint8_t *body; /* borrowed from the pool; NULL: nothing is to be kept */
};

/* A whole message; body is cut to what is kept, borrowed until the next call. */
struct handshake_message {
	uint8_t type;
	uint32_t length;
	struct bytes body;
};

/* Takes the next bytes of handshake records off *in. True: a message is whole; call again with the rest. */
bool handshake_next(struct handshake_side *h, struct pool *pool, struct bytes *in, struct handshake_message *out);

/* Forgets the message under way. */
void handshake_reset(struct handshake_side *h, struct pool *pool);

/* What both hellos tell. Zero-filled at first. */
struct handshake {
	uint8_t random[2][HANDSHAKE_RANDOM]; /* by enum side: client, server */
	bool client, server;                 /* seen */
	bool early;                          /* the client offered early data: its first sealed records may be such */
	bool early_accepted;
	bool encrypt_then_mac; /* RFC 7366: agreed */
	uint8_t compression;
	uint16_t version, suite;
	char sni[HANDSHAKE_NAME], alpn[HANDSHAKE_NAME]; /* ALPN: what the server chose */
	uint8_t sni_n, alpn_n;
};

/* False: it cannot be read. A HelloRetryRequest is read as none: another hello of each side follows. */
bool handshake_client_hello(struct handshake *h, struct bytes body);
bool handshake_server_hello(struct handshake *h, struct bytes body);
void handshake_encrypted_extensions(struct handshake *h, struct bytes body);

#endif
