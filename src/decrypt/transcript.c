/* transcript.c - keeps hellos until the server's choice tells which hash is due. */
#include "decrypt/transcript.h"

enum { HEAD = 4, MESSAGE_HASH = 254 };

/* A message that fills what is kept may have been longer. */
void transcript_add(struct transcript *t, struct pool *pool, enum side side,
		    const struct tls_message *m)
{
	uint32_t n = (uint32_t)m->body.n + HEAD;
	if (t->count[side] == 2 || m->body.n >= TLS_MESSAGE_KEPT)
		t->lost = true;
	uint8_t *bytes = t->lost ? NULL : pool_get(pool, n);
	if (!bytes) {
		t->lost = true;
		return;
	}
	const uint8_t head[HEAD] = {m->type, 0, (uint8_t)(m->body.n >> 8), (uint8_t)m->body.n};
	memcpy(bytes, head, HEAD);
	if (m->body.n > 0)
		memcpy(bytes + HEAD, m->body.p, m->body.n);
	t->hello[side][t->count[side]++] = (struct transcript_message){bytes, n};
}

static struct bytes hello_of(const struct transcript *t, enum side side, unsigned i)
{
	return bytes_of(t->hello[side][i].bytes, t->hello[side][i].n);
}

/* Behind a HelloRetryRequest the hash of the first ClientHello stands for it. */
static bool hash_make(const struct transcript *t, const struct cipher_kit *kit,
		      const struct tls_suite *suite, uint8_t hash[CIPHER_MAC])
{
	uint8_t size = tls_hash_size(suite->hash),
		first[HEAD + CIPHER_MAC] = {MESSAGE_HASH, 0, 0, size};
	bool retry = t->count[CLIENT] == 2;
	struct bytes parts[4] = {hello_of(t, CLIENT, 0), hello_of(t, SERVER, 0)};
	if (t->count[CLIENT] == 0 || t->count[SERVER] != t->count[CLIENT])
		return false;
	if (!retry)
		return cipher_hash(kit, suite, parts, 2, hash);
	if (!cipher_hash(kit, suite, parts, 1, first + HEAD))
		return false;
	parts[0] = bytes_of(first, HEAD + (size_t)size);
	parts[2] = hello_of(t, CLIENT, 1);
	parts[3] = hello_of(t, SERVER, 1);
	return cipher_hash(kit, suite, parts, 4, hash);
}

void transcript_end(struct transcript *t, struct pool *pool, const struct cipher_kit *kit,
		    const struct tls_suite *suite)
{
	uint8_t hash[CIPHER_MAC];
	t->known = !t->lost && kit && hash_make(t, kit, suite, hash);
	if (t->known)
		memcpy(t->hash, hash, KEYLOG_RANDOM);
	transcript_reset(t, pool);
}

const uint8_t *transcript_hash(const struct transcript *t)
{
	return t->known ? t->hash : NULL;
}

void transcript_reset(struct transcript *t, struct pool *pool)
{
	for (unsigned side = 0; side < 2; side++) {
		for (unsigned i = 0; i < t->count[side]; i++)
			pool_put(pool, t->hello[side][i].bytes, t->hello[side][i].n);
		t->count[side] = 0;
	}
}
