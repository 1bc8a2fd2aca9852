/* sealer.c - records sealed with the contexts that cipher.c made to open them: an AEAD over a
 * stream cipher uses the same key schedule for both ways. */
#include "fuzz/sealer.h"

#include "core/tls/record.h"
#include "fuzz/fuzz.h"

#include <openssl/evp.h>

static const struct {
	const char *name;
	uint8_t value, n;
} secrets[KEYLOG_LABELS] = {{"CLIENT_RANDOM", 0x10, 48},
			    {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", 0x11, 32},
			    {"SERVER_HANDSHAKE_TRAFFIC_SECRET", 0x12, 32},
			    {"CLIENT_TRAFFIC_SECRET_0", 0x13, 32},
			    {"SERVER_TRAFFIC_SECRET_0", 0x14, 32}};

static size_t hex_put(char *out, uint8_t value, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = "0123456789abcdef"[value >> 4];
		out[2 * i + 1] = "0123456789abcdef"[value & 15];
	}
	return 2 * n;
}

struct bytes sealer_keys(void)
{
	static char text[1024];
	size_t n = 0;
	for (unsigned i = 0; i < KEYLOG_LABELS; i++) {
		n += (size_t)snprintf(text + n, sizeof text - n, "%s ", secrets[i].name);
		n += hex_put(text + n, SEALER_CLIENT_RANDOM, TLS_RANDOM);
		text[n++] = ' ';
		n += hex_put(text + n, secrets[i].value, secrets[i].n);
		text[n++] = '\n';
	}
	return bytes_of(text, n);
}

static struct keylog_secret secret_of(enum keylog_label label)
{
	struct keylog_secret s = {.n = secrets[label].n};
	memset(s.bytes, secrets[label].value, s.n);
	return s;
}

void sealer_begin(struct sealer *s, const struct cipher_kit *kit, uint16_t suite)
{
	*s = (struct sealer){.kit = kit, .suite = tls_suite_find(suite)};
	CHECK(s->suite);
}

static void keys_12(struct sealer *s)
{
	struct handshake h = {0};
	struct keylog_secret master = secret_of(KEYLOG_MASTER);
	memset(h.random[0], SEALER_CLIENT_RANDOM, TLS_RANDOM);
	memset(h.random[1], SEALER_SERVER_RANDOM, TLS_RANDOM);
	CHECK(cipher_keys_12(s->kit, s->suite, &master, &h, s->cipher));
}

void sealer_next(struct sealer *s, enum side side)
{
	bool again = s->sealed[side];
	s->sealed[side] = true;
	if (!tls_suite_13(s->suite)) {
		if (!s->cipher[side].ctx && s->suite->tag > 0)
			keys_12(s);
		return;
	}
	if (s->finished[side])
		return;
	s->finished[side] = again;
	struct keylog_secret secret = secret_of(
		again ? (side == CLIENT ? KEYLOG_CLIENT_TRAFFIC : KEYLOG_SERVER_TRAFFIC)
		      : (side == CLIENT ? KEYLOG_CLIENT_HANDSHAKE : KEYLOG_SERVER_HANDSHAKE));
	CHECK(cipher_keys_13(s->kit, s->suite, &secret, &s->cipher[side]));
}

void sealer_update(struct sealer *s, enum side side)
{
	if (s->finished[side] && s->cipher[side].tls13)
		CHECK(cipher_update_13(s->kit, &s->cipher[side]));
}

static void head_put(uint8_t *out, uint8_t type, size_t n)
{
	out[0] = type;
	out[1] = out[2] = 3;
	out[3] = (uint8_t)(n >> 8);
	out[4] = (uint8_t)n;
}

static void number_put(uint8_t out[8], uint64_t number)
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(number >> (56 - 8 * i));
}

/* text is sealed in place, and its tag put behind it. */
static void seal(struct cipher *c, const uint8_t nonce[CIPHER_IV], struct bytes aad, uint8_t *text,
		 size_t n)
{
	bool ccm = c->suite->bulk == TLS_BULK_AES_128_CCM || c->suite->bulk == TLS_BULK_AES_256_CCM;
	int length;
	if (ccm)
		CHECK(EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_SET_TAG, c->suite->tag, NULL) > 0);
	CHECK(EVP_EncryptInit_ex2(c->ctx, NULL, NULL, nonce, NULL) > 0);
	if (ccm)
		CHECK(EVP_EncryptUpdate(c->ctx, NULL, &length, NULL, (int)n) > 0);
	CHECK(EVP_EncryptUpdate(c->ctx, NULL, &length, aad.p, (int)aad.n) > 0);
	CHECK(EVP_EncryptUpdate(c->ctx, text, &length, text, (int)n) > 0);
	CHECK(EVP_EncryptFinal_ex(c->ctx, text + n, &length) > 0);
	CHECK(EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_GET_TAG, c->suite->tag, text + n) > 0);
}

static size_t seal_13(struct cipher *c, uint8_t type, struct bytes text, uint8_t *out)
{
	uint8_t nonce[CIPHER_IV], number[8];
	size_t n = text.n + 1 + c->suite->tag;
	head_put(out, TLS_APPLICATION, n);
	if (text.n > 0)
		memcpy(out + TLS_RECORD_HEAD, text.p, text.n);
	out[TLS_RECORD_HEAD + text.n] = type;
	memcpy(nonce, c->iv, sizeof nonce);
	number_put(number, c->number++);
	for (unsigned i = 0; i < 8; i++)
		nonce[4 + i] ^= number[i];
	seal(c, nonce, bytes_of(out, TLS_RECORD_HEAD), out + TLS_RECORD_HEAD, text.n + 1);
	return TLS_RECORD_HEAD + n;
}

/* RFC 5288 3 and RFC 7905 2: the nonce's second part is sent, or is none. */
static size_t seal_12(struct cipher *c, uint8_t type, struct bytes text, uint8_t *out)
{
	uint8_t nonce[CIPHER_IV], aad[13];
	size_t sent = c->suite->bulk == TLS_BULK_CHACHA20_POLY1305 ? 0 : 8,
	       n = sent + text.n + c->suite->tag;
	head_put(out, type, n);
	memcpy(nonce, c->iv, sizeof nonce);
	number_put(aad, c->number++);
	head_put(aad + 8, type, text.n);
	for (unsigned i = 0; i < 8; i++)
		nonce[4 + i] = sent ? aad[i] : nonce[4 + i] ^ aad[i];
	if (sent)
		memcpy(out + TLS_RECORD_HEAD, aad, sent);
	if (text.n > 0)
		memcpy(out + TLS_RECORD_HEAD + sent, text.p, text.n);
	seal(c, nonce, bytes_of(aad, sizeof aad), out + TLS_RECORD_HEAD + sent, text.n);
	return TLS_RECORD_HEAD + n;
}

size_t sealer_record(struct sealer *s, enum side side, uint8_t type, struct bytes text,
		     uint8_t *out)
{
	struct cipher *c = &s->cipher[side];
	if (s->sealed[side] && c->ctx)
		return c->tls13 ? seal_13(c, type, text, out) : seal_12(c, type, text, out);
	head_put(out, type, text.n);
	if (text.n > 0)
		memcpy(out + TLS_RECORD_HEAD, text.p, text.n);
	return TLS_RECORD_HEAD + text.n;
}

void sealer_end(struct sealer *s)
{
	cipher_reset(&s->cipher[CLIENT]);
	cipher_reset(&s->cipher[SERVER]);
}
