/* handshake.h - what the keys depend on in both hellos (RFC 8446 4, RFC 5246 7.4). */
#ifndef SMTPWATCH_DECRYPT_HANDSHAKE_H
#define SMTPWATCH_DECRYPT_HANDSHAKE_H

#include "core/tls/hello.h"
#include "core/tls/suite.h"

/* Zero-fill before first use. */
struct handshake {
	uint8_t random[2][TLS_RANDOM]; /* by enum side */
	bool server;                   /* the server's hello was read */
	bool early; /* the client offered early data: its first encrypted records may be early data
		     */
	bool early_accepted;   /* the server accepted early data */
	bool encrypt_then_mac; /* both sides agreed on it (RFC 7366) */
	bool tls13;
	const struct tls_suite *suite;
};

/* Read a hello. Return false if the message cannot be read, or if the server's choice cannot be
 * decrypted. A HelloRetryRequest changes nothing: another hello of each side follows. */
bool handshake_client_hello(struct handshake *h, const struct tls_message *m);
bool handshake_server_hello(struct handshake *h, const struct tls_message *m);

#endif
