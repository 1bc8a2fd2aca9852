/* hello.h - what hellos and their like say: version, cipher, names (RFC 8446 4.1, 4.3.1; RFC
 * 5246 7.4; RFC 6066 3; RFC 7301). */
#ifndef SMTPWATCH_CORE_TLS_HELLO_H
#define SMTPWATCH_CORE_TLS_HELLO_H

#include "core/tls/handshake.h"

enum { TLS_RANDOM = 32, TLS_1_2 = 0x0303, TLS_1_3 = 0x0304 };

/* What a hello, or EncryptedExtensions, says. Borrowed from it; bytes of the wire. */
struct tls_hello {
	uint16_t version, suite; /* of a server: what it chose; 0: not read */
	uint8_t compression;
	bool encrypt_then_mac;    /* RFC 7366 */
	bool early_data;          /* offered, or taken (RFC 8446 4.2.10) */
	bool retry;               /* a HelloRetryRequest: another hello of each side follows */
	struct bytes random;      /* n 0: cut before its end */
	struct bytes server_name; /* n 0: none, as all that follow */
	struct bytes protocol;    /* ALPN: the client's first, or the server's choice */
};

/* False: cut, absurd, or another message; what was read until there is in *out all the same. */
bool tls_hello_read(const struct tls_message *m, struct tls_hello *out);

/* The first certificate of a Certificate message, cut as the message is; n 0: none. */
struct bytes tls_hello_certificate(const struct tls_message *m, bool tls13);

#endif
