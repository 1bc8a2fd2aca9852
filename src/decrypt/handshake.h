/* handshake.h - what of both hellos is needed to open what follows (RFC 8446 4, RFC 5246 7.4). */
#ifndef SMTPWATCH_DECRYPT_HANDSHAKE_H
#define SMTPWATCH_DECRYPT_HANDSHAKE_H

#include "core/tls/hello.h"
#include "core/tls/suite.h"

/* Zero-filled at first. */
struct handshake {
	uint8_t random[2][TLS_RANDOM]; /* by enum side: client, server */
	bool server;                   /* its hello was seen */
	bool early; /* the client offered early data: its first sealed records may be such */
	bool early_accepted;
	bool encrypt_then_mac; /* RFC 7366: agreed */
	bool tls13;
	const struct tls_suite *suite;
};

/* False: it cannot be read, or what it chose cannot be opened. Of a HelloRetryRequest nothing is
 * kept: another hello of each side follows. */
bool handshake_client_hello(struct handshake *h, const struct tls_message *m);
bool handshake_server_hello(struct handshake *h, const struct tls_message *m);

#endif
