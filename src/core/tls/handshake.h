/* handshake.h - assembles handshake messages from the bodies of TLS records. A message may span
 * several records; a record may hold several messages (RFC 8446 4, 5.1; RFC 5246 7.4). */
#ifndef SMTPWATCH_CORE_TLS_HANDSHAKE_H
#define SMTPWATCH_CORE_TLS_HANDSHAKE_H

#include "smtpwatch/bytes.h"
#include "smtpwatch/pool.h"

enum tls_message_type {
	TLS_CLIENT_HELLO = 1,
	TLS_SERVER_HELLO = 2,
	TLS_ENCRYPTED_EXTENSIONS = 8,
	TLS_CERTIFICATE = 11,
	TLS_FINISHED = 20,
	TLS_KEY_UPDATE = 24
};

/* At most this many bytes of a message are kept. Only hellos, EncryptedExtensions and certificates
 * are kept; other messages are passed over. */
enum { TLS_MESSAGE_KEPT = 4096 };

/* The message under way of one side. Zero-filled before first use. */
struct tls_messages {
	uint8_t head[4];
	uint8_t head_n;
	bool whole;    /* the message was returned; the next call discards it */
	uint32_t left; /* bytes of the message still to come */
	uint32_t n;    /* bytes kept at body */
	uint32_t capacity;
	uint8_t *body; /* borrowed from the pool; NULL: nothing of this message is kept */
};

/* A complete message. body is cut to TLS_MESSAGE_KEPT, empty for a message that is not kept, and
 * borrowed until the next call. */
struct tls_message {
	uint8_t type;
	struct bytes body;
};

/* Takes bytes of handshake records off the front of *in. Returns true with a complete message in
 * *out: call again with the rest. Returns false when *in is used up. */
bool tls_message_next(struct tls_messages *m, struct pool *pool, struct bytes *in,
		      struct tls_message *out);

/* Discards the message under way and returns its memory to the pool. */
void tls_message_reset(struct tls_messages *m, struct pool *pool);

#endif
