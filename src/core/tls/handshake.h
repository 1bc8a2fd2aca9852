/* handshake.h - the messages of a handshake out of the bodies of its records: cut over several,
 * or several in one (RFC 8446 4, 5.1; RFC 5246 7.4). */
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

/* So much of a message that is read here (hellos, extensions, certificates) is kept; the rest, and
 * other messages, are passed over. */
enum { TLS_MESSAGE_KEPT = 4096 };

/* The message under way of one side. Zero-filled at first. */
struct tls_messages {
	uint8_t head[4];
	uint8_t head_n;
	bool whole;    /* it was handed out */
	uint32_t left; /* of the message, behind what has come */
	uint32_t n;    /* kept */
	uint32_t room;
	uint8_t *body; /* borrowed from the pool; NULL: nothing is to be kept */
};

/* A whole message; body is cut to what is kept, borrowed until the next call. */
struct tls_message {
	uint8_t type;
	struct bytes body;
};

/* Takes the next bytes of handshake records off *in. True: a message is whole; call again with the
 * rest. */
bool tls_message_next(struct tls_messages *m, struct pool *pool, struct bytes *in,
		      struct tls_message *out);

/* Forgets the message under way, and gives its memory back. */
void tls_message_reset(struct tls_messages *m, struct pool *pool);

#endif
