/* hello.h - reads ClientHello, ServerHello, EncryptedExtensions and Certificate: version, cipher
 * suite, names (RFC 8446 4.1, 4.3.1; RFC 5246 7.4; RFC 6066 3; RFC 7301). */
#ifndef SMTPWATCH_CORE_TLS_HELLO_H
#define SMTPWATCH_CORE_TLS_HELLO_H

#include "core/tls/handshake.h"

enum { TLS_RANDOM = 32, TLS_1_2 = 0x0303, TLS_1_3 = 0x0304 };

/* The fields of a hello or of EncryptedExtensions. All bytes are as on the wire, borrowed from the
 * message. */
struct tls_hello {
	uint16_t version, suite; /* of a server: the values that it chose; 0: not read */
	uint8_t compression;
	bool encrypt_then_mac; /* RFC 7366 */
	bool early_data; /* offered by the client, or accepted by the server (RFC 8446 4.2.10) */
	bool retry;      /* a HelloRetryRequest: each side sends another hello */
	struct bytes random;      /* n = 0: the message was cut before its end */
	struct bytes server_name; /* n = 0: absent; so too for protocol */
	struct bytes protocol;    /* ALPN: the client's first offer, or the server's choice */
};

/* Reads a hello or EncryptedExtensions. Returns false if the message is cut, malformed or of
 * another type; *out then has the fields read so far. */
bool tls_hello_read(const struct tls_message *m, struct tls_hello *out);

/* Returns the first certificate of a Certificate message, cut as the message is; n = 0: there is
 * none. tls13: the message has the form of RFC 8446 4.4.2. Borrowed from m. */
struct bytes tls_hello_certificate(const struct tls_message *m, bool tls13);

#endif
