/* handshake.c - records what the keys depend on. */
#include "decrypt/handshake.h"

/* A client hello that was cut has lost only extensions. */
bool handshake_client_hello(struct handshake *h, const struct tls_message *m)
{
	struct tls_hello hello;
	tls_hello_read(m, &hello);
	if (hello.random.n == 0)
		return false;
	memcpy(h->random[0], hello.random.p, TLS_RANDOM);
	h->early |= hello.early_data;
	return true;
}

/* A HelloRetryRequest refuses the client's early data, and the next hello offers none. Early data
 * that was sent before it may still come. */
bool handshake_server_hello(struct handshake *h, const struct tls_message *m)
{
	struct tls_hello hello;
	if (!tls_hello_read(m, &hello))
		return false;
	if (hello.retry)
		return true;
	memcpy(h->random[1], hello.random.p, TLS_RANDOM);
	h->server = true;
	h->tls13 = hello.version == TLS_1_3;
	h->encrypt_then_mac = hello.encrypt_then_mac;
	h->suite = tls_suite_find(hello.suite);
	return h->suite && h->suite->bulk < TLS_BULKS_DECRYPTED && hello.compression == 0 &&
	       (h->tls13 || hello.version == TLS_1_2) && h->tls13 == tls_suite_13(h->suite);
}
