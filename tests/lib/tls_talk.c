/* tls_talk.c - two ends of OpenSSL, joined by memory. */
#include "lib/tls_talk.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

struct tls_talk {
	SSL_CTX *ctx[2];
	SSL *ssl[2];
	struct bytes early;
	bool accept;
};

const struct tls_way tls_ways[] = {
	{"TLS_AES_128_GCM_SHA256", true, false, false, false},
	{"TLS_AES_256_GCM_SHA384", true, false, false, false},
	{"TLS_CHACHA20_POLY1305_SHA256", true, false, false, false},
	{"TLS_AES_128_CCM_SHA256", true, false, false, false},
	{"TLS_AES_128_CCM_8_SHA256", true, false, false, false},
	{"AES128-GCM-SHA256", false, false, false, false},
	{"AES256-GCM-SHA384", false, false, false, false},
	{"DHE-RSA-AES128-GCM-SHA256", false, false, false, false},
	{"DHE-RSA-AES256-GCM-SHA384", false, false, false, false},
	{"ECDHE-RSA-AES128-GCM-SHA256", false, false, false, false},
	{"ECDHE-RSA-AES256-GCM-SHA384", false, false, false, false},
	{"ECDHE-ECDSA-AES128-GCM-SHA256", false, false, true, false},
	{"ECDHE-ECDSA-AES256-GCM-SHA384", false, false, true, false},
	{"ADH-AES128-GCM-SHA256", false, false, false, false},
	{"ADH-AES256-GCM-SHA384", false, false, false, false},
	{"AES128-CCM", false, false, false, false},
	{"AES256-CCM", false, false, false, false},
	{"AES128-CCM8", false, false, false, false},
	{"AES256-CCM8", false, false, false, false},
	{"DHE-RSA-AES128-CCM", false, false, false, false},
	{"DHE-RSA-AES256-CCM", false, false, false, false},
	{"DHE-RSA-AES128-CCM8", false, false, false, false},
	{"DHE-RSA-AES256-CCM8", false, false, false, false},
	{"ECDHE-ECDSA-AES128-CCM", false, false, true, false},
	{"ECDHE-ECDSA-AES256-CCM", false, false, true, false},
	{"ECDHE-ECDSA-AES128-CCM8", false, false, true, false},
	{"ECDHE-ECDSA-AES256-CCM8", false, false, true, false},
	{"ECDHE-RSA-CHACHA20-POLY1305", false, false, false, false},
	{"ECDHE-ECDSA-CHACHA20-POLY1305", false, false, true, false},
	{"DHE-RSA-CHACHA20-POLY1305", false, false, false, false},
	{"AES128-SHA", false, false, false, false},
	{"AES128-SHA", false, true, false, false},
	{"AES256-SHA", false, false, false, false},
	{"AES256-SHA", false, true, false, false},
	{"AES128-SHA256", false, false, false, false},
	{"AES128-SHA256", false, true, false, false},
	{"AES256-SHA256", false, false, false, false},
	{"AES256-SHA256", false, true, false, false},
	{"DHE-RSA-AES128-SHA", false, false, false, false},
	{"DHE-RSA-AES256-SHA", false, true, false, false},
	{"DHE-RSA-AES128-SHA256", false, true, false, false},
	{"DHE-RSA-AES256-SHA256", false, false, false, false},
	{"ADH-AES128-SHA", false, false, false, false},
	{"ADH-AES256-SHA", false, true, false, false},
	{"ADH-AES128-SHA256", false, false, false, false},
	{"ADH-AES256-SHA256", false, true, false, false},
	{"AECDH-AES128-SHA", false, false, false, false},
	{"AECDH-AES256-SHA", false, true, false, false},
	{"ECDHE-RSA-AES128-SHA", false, true, false, false},
	{"ECDHE-RSA-AES256-SHA", false, false, false, false},
	{"ECDHE-RSA-AES128-SHA256", false, false, false, false},
	{"ECDHE-RSA-AES128-SHA256", false, true, false, false},
	{"ECDHE-RSA-AES256-SHA384", false, false, false, false},
	{"ECDHE-RSA-AES256-SHA384", false, true, false, false},
	{"ECDHE-ECDSA-AES128-SHA", false, false, true, false},
	{"ECDHE-ECDSA-AES256-SHA", false, true, true, false},
	{"ECDHE-ECDSA-AES128-SHA256", false, true, true, false},
	{"ECDHE-ECDSA-AES256-SHA384", false, false, true, false},
	{NULL, false, false, false, false},
};

static char keys[1 << 20];
static size_t keys_n;

static void keys_add(const SSL *ssl, const char *line)
{
	(void)ssl;
	assert(keys_n + strlen(line) + 2 < sizeof keys);
	keys_n += (size_t)snprintf(keys + keys_n, sizeof keys - keys_n, "%s\n", line);
}

struct bytes tls_talk_keys(void)
{
	return bytes_of(keys, keys_n);
}

/* The hellos of a client's end: what its transcript is made of. */
struct hellos {
	unsigned char text[4][16 << 10];
	size_t size[4];
	unsigned n;
};

/* Of each session of TLS 1.3: the client's random, and the hash, in hexadecimal. */
static struct {
	char random[65], hash[97];
} names[256];
static unsigned names_n;

static void hex(char *to, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		snprintf(to + 2 * i, 3, "%02x", p[i]);
}

/* Behind a HelloRetryRequest the first hello counts by its hash (RFC 8446 4.4.1). */
static void transcript_end(const struct hellos *h, const EVP_MD *md)
{
	unsigned char out[EVP_MAX_MD_SIZE], head[] = {254, 0, 0, 0};
	unsigned n = 0;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_DigestInit_ex(ctx, md, NULL);
	EVP_DigestUpdate(ctx, h->text[0], h->size[0]);
	if (h->n > 2) {
		EVP_DigestFinal_ex(ctx, out, &n);
		EVP_DigestInit_ex(ctx, md, NULL);
		head[3] = (unsigned char)n;
		EVP_DigestUpdate(ctx, head, sizeof head);
		EVP_DigestUpdate(ctx, out, n);
	}
	for (unsigned i = 1; i < h->n; i++)
		EVP_DigestUpdate(ctx, h->text[i], h->size[i]);
	EVP_DigestFinal_ex(ctx, out, &n);
	EVP_MD_CTX_free(ctx);
	assert(names_n < sizeof names / sizeof *names);
	hex(names[names_n].random, h->text[0] + 6, 32);
	hex(names[names_n++].hash, out, n);
}

/* A message of the client's end. */
static void message_note(int sent, int version, int type, const void *p, size_t n, SSL *ssl,
			 void *arg)
{
	static const unsigned char retry[] = {0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11};
	struct hellos *h = arg;
	const unsigned char *text = p;
	(void)version;
	if (type != SSL3_RT_HANDSHAKE || n < 39 || text[0] != (sent ? 1 : 2))
		return;
	assert(h->n < 4 && n <= sizeof h->text[0]);
	memcpy(h->text[h->n], text, n);
	h->size[h->n++] = n;
	if (text[0] != 2 || memcmp(text + 6, retry, sizeof retry) == 0)
		return;
	const unsigned char *suite = text + 39 + text[38];
	if (suite[0] == 0x13)
		transcript_end(h, suite[1] == 2 ? EVP_sha384() : EVP_sha256());
	h->n = 0;
	(void)ssl;
}

struct bytes tls_talk_keys_by_transcript(void)
{
	static char text[sizeof keys];
	size_t n = 0;
	for (size_t at = 0; at < keys_n;) {
		char label[64], random[65], secret[97];
		int used = 0;
		assert(sscanf(keys + at, "%63s %64s %96s%n", label, random, secret, &used) == 3);
		unsigned i = 0;
		while (i < names_n && strcmp(names[i].random, random) != 0)
			i++;
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s %s %s\n",
				      i < names_n ? "TRANSCRIPT_" : "", label,
				      i < names_n ? names[i].hash : random, secret);
		at += (size_t)used + 1;
	}
	return bytes_of(text, n);
}

void tls_talk_keys_forget(void)
{
	keys_n = 0;
	names_n = 0;
}

/* Made once for each kind: nobody checks the certificate. */
static void certificate(SSL_CTX *ctx, bool ecdsa)
{
	static EVP_PKEY *pkeys[2];
	static X509 *certs[2];
	if (!certs[ecdsa]) {
		X509 *x = X509_new();
		pkeys[ecdsa] = ecdsa ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
		X509_set_version(x, 2);
		ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
		X509_gmtime_adj(X509_getm_notBefore(x), 0);
		X509_gmtime_adj(X509_getm_notAfter(x), 86400);
		X509_set_pubkey(x, pkeys[ecdsa]);
		X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
					   (const unsigned char *)"mx.example.net", -1, -1, 0);
		X509_set_issuer_name(x, X509_get_subject_name(x));
		assert(X509_sign(x, pkeys[ecdsa], EVP_sha256()) > 0);
		certs[ecdsa] = x;
	}
	assert(SSL_CTX_use_certificate(ctx, certs[ecdsa]) == 1);
	assert(SSL_CTX_use_PrivateKey(ctx, pkeys[ecdsa]) == 1);
}

static int alpn_choose(SSL *ssl, const unsigned char **out, unsigned char *n,
		       const unsigned char *in, unsigned in_n, void *arg)
{
	(void)ssl, (void)arg;
	*out = in + 1;
	*n = in[0];
	return in_n > in[0] ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

/* Puts as many bytes into the client's hello, where a key share of X25519MLKEM768 would stand:
 * before the server's name and ALPN. */
static int extension_add(SSL *ssl, unsigned type, unsigned where, const unsigned char **out,
			 size_t *n, X509 *x, size_t chain, int *alert, void *arg)
{
	static const unsigned char share[TLS_LONG_HELLO_MORE];
	(void)ssl, (void)type, (void)where, (void)x, (void)chain, (void)alert, (void)arg;
	*out = share;
	*n = sizeof share;
	return 1;
}

/* OpenSSL 3.5 adds a share of ML-KEM by itself: its hello would be longer than two segments. */
static void hello_lengthen(SSL_CTX *ctx)
{
	enum { PRIVATE_USE = 0xff77 };
	char groups[] = "X25519:P-256:P-384";
	assert(SSL_CTX_set1_groups_list(ctx, groups) == 1);
	assert(SSL_CTX_add_custom_ext(ctx, PRIVATE_USE, SSL_EXT_CLIENT_HELLO, extension_add, NULL,
				      NULL, NULL, NULL) == 1);
}

static SSL_CTX *context(const struct tls_way *way, enum side side, bool long_hello)
{
	char group[] = "P-384";
	int version = way->tls13 ? TLS1_3_VERSION : TLS1_2_VERSION;
	SSL_CTX *ctx = SSL_CTX_new(side == CLIENT ? TLS_client_method() : TLS_server_method());
	assert(ctx);
	/* OpenSSL 3.5 counts CCM with a short tag as level 0. The level within a list of ciphers
	 * holds for TLS 1.2 alone. */
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, version);
	SSL_CTX_set_max_proto_version(ctx, version);
	assert(way->tls13 ? SSL_CTX_set_ciphersuites(ctx, way->name)
			  : SSL_CTX_set_cipher_list(ctx, way->name));
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_options(ctx, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
	if (way->mac_then_encrypt)
		SSL_CTX_set_options(ctx, SSL_OP_NO_ENCRYPT_THEN_MAC);
	if (side == CLIENT) {
		static struct hellos hellos;
		hellos.n = 0;
		SSL_CTX_set_keylog_callback(ctx, keys_add);
		SSL_CTX_set_msg_callback(ctx, message_note);
		SSL_CTX_set_msg_callback_arg(ctx, &hellos);
		assert(SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)"\4smtp", 5) == 0);
		if (long_hello)
			hello_lengthen(ctx);
	} else {
		certificate(ctx, way->ecdsa);
		SSL_CTX_set_dh_auto(ctx, 1);
		SSL_CTX_set_max_early_data(ctx, 16384);
		if (way->retry)
			SSL_CTX_set1_groups_list(ctx, group);
		SSL_CTX_set_alpn_select_cb(ctx, alpn_choose, NULL);
	}
	return ctx;
}

static SSL *end(SSL_CTX *ctx, enum side side)
{
	SSL *ssl = SSL_new(ctx);
	assert(ssl);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	if (side == CLIENT)
		SSL_set_connect_state(ssl);
	else
		SSL_set_accept_state(ssl);
	return ssl;
}

struct tls_talk *tls_talk_new(const struct tls_way *way, struct tls_talk *before, bool long_hello)
{
	char host[] = "mx.example.net";
	struct tls_talk *t = calloc(1, sizeof *t);
	assert(t);
	for (enum side side = CLIENT; side <= SERVER; side++) {
		if (before && SSL_CTX_up_ref(before->ctx[side]))
			t->ctx[side] = before->ctx[side];
		else
			t->ctx[side] = context(way, side, long_hello);
		t->ssl[side] = end(t->ctx[side], side);
	}
	/* The macro for this casts const away. */
	SSL_ctrl(t->ssl[CLIENT], SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host);
	if (before)
		SSL_set_session(t->ssl[CLIENT], SSL_get_session(before->ssl[CLIENT]));
	return t;
}

void tls_talk_free(struct tls_talk *t)
{
	for (enum side side = CLIENT; side <= SERVER; side++) {
		SSL_free(t->ssl[side]);
		SSL_CTX_free(t->ctx[side]);
	}
	free(t);
}

/* What a side has written goes to the other, and to whoever listens. */
static bool flush(struct tls_talk *t, enum side side, tls_talk_emit *emit, void *arg)
{
	char *p;
	long n = BIO_get_mem_data(SSL_get_wbio(t->ssl[side]), &p);
	if (n <= 0)
		return false;
	emit(arg, side, bytes_of(p, (size_t)n));
	BIO_write(SSL_get_rbio(t->ssl[side_other(side)]), p, (int)n);
	(void)BIO_reset(SSL_get_wbio(t->ssl[side]));
	return true;
}

/* Reads whatever is there. */
static void drain(struct tls_talk *t, enum side side)
{
	char rest[4096];
	while (SSL_read(t->ssl[side], rest, sizeof rest) > 0)
		continue;
	ERR_clear_error();
}

void tls_talk_early(struct tls_talk *t, struct bytes text, bool accept)
{
	t->early = text;
	t->accept = accept;
}

static void early_run(struct tls_talk *t, tls_talk_emit *emit, void *arg)
{
	char text[1024];
	size_t n = 0;
	assert(SSL_write_early_data(t->ssl[CLIENT], t->early.p, t->early.n, &n) == 1 &&
	       n == t->early.n);
	flush(t, CLIENT, emit, arg);
	if (t->accept)
		assert(SSL_read_early_data(t->ssl[SERVER], text, sizeof text, &n) ==
		       SSL_READ_EARLY_DATA_SUCCESS);
}

void tls_talk_handshake(struct tls_talk *t, tls_talk_emit *emit, void *arg)
{
	bool any = true;
	if (t->early.n > 0)
		early_run(t, emit, arg);
	while (any) {
		any = false;
		for (enum side side = CLIENT; side <= SERVER; side++) {
			SSL_do_handshake(t->ssl[side]);
			any |= flush(t, side, emit, arg);
		}
	}
	drain(t, CLIENT);
	drain(t, SERVER);
	assert(SSL_is_init_finished(t->ssl[CLIENT]) && SSL_is_init_finished(t->ssl[SERVER]));
}

void tls_talk_say(struct tls_talk *t, enum side side, struct bytes text, tls_talk_emit *emit,
		  void *arg)
{
	if (text.n == 0)
		return;
	assert(SSL_write(t->ssl[side], text.p, (int)text.n) == (int)text.n);
	flush(t, side, emit, arg);
	drain(t, side_other(side));
}

void tls_talk_key_update(struct tls_talk *t, enum side side, tls_talk_emit *emit, void *arg)
{
	if (SSL_version(t->ssl[side]) != TLS1_3_VERSION)
		return;
	assert(SSL_key_update(t->ssl[side], SSL_KEY_UPDATE_REQUESTED) == 1);
	SSL_do_handshake(t->ssl[side]);
	flush(t, side, emit, arg);
	drain(t, side_other(side));
	flush(t, side_other(side), emit, arg);
	drain(t, side);
}

void tls_talk_renegotiate(struct tls_talk *t, tls_talk_emit *emit, void *arg)
{
	assert(SSL_renegotiate(t->ssl[CLIENT]) == 1);
	for (unsigned i = 0; i < 4; i++)
		for (enum side side = CLIENT; side <= SERVER; side++) {
			SSL_do_handshake(t->ssl[side]);
			drain(t, side);
			flush(t, side, emit, arg);
		}
}

void tls_talk_close_notify(struct tls_talk *t, enum side side, tls_talk_emit *emit, void *arg)
{
	SSL_shutdown(t->ssl[side]);
	flush(t, side, emit, arg);
}

bool tls_talk_resumed(const struct tls_talk *t)
{
	return SSL_session_reused(t->ssl[CLIENT]) == 1;
}
