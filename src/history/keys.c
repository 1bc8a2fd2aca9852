/* keys.c - keyed hashes of addresses without BATV and SRS. */
#include "history/keys.h"

#include "base/ascii.h"

#include <stdlib.h>

/* CACHE: results that are kept; neighbouring messages have the same sites and domains. A longer
 * text than CACHED is hashed each time. */
enum { CACHE = 4096, CACHED = 55 };

struct cached {
	uint64_t key;
	uint8_t n;
	uint8_t text[CACHED];
};

struct history_keys {
	struct keyed_digest *digest;
	uint32_t id;
	struct cached cache[CACHE];
};

static uint64_t hash_of(struct history_keys *k, struct bytes text)
{
	uint8_t hash[DIGEST_SHA256];
	uint64_t key = 0;
	keyed_digest_hash(k->digest, text, hash);
	for (unsigned i = 0; i < sizeof key; i++)
		key = key << 8 | hash[i];
	return key ? key : 1;
}

struct history_keys *history_keys_new(const uint8_t key[DIGEST_KEY])
{
	struct history_keys *k = calloc(1, sizeof *k);
	if (!k)
		return NULL;
	k->digest = keyed_digest_new(key);
	if (!k->digest) {
		history_keys_free(k);
		return NULL;
	}
	k->id = (uint32_t)(hash_of(k, bytes_str("the number of this key")) >> 32);
	return k;
}

void history_keys_free(struct history_keys *k)
{
	if (!k)
		return;
	keyed_digest_free(k->digest);
	free(k);
}

uint32_t history_keys_id(const struct history_keys *k)
{
	return k->id;
}

/* Strangers choose the texts: a place of the cache that they fight for costs them nothing but the
 * time of a hash. */
static struct cached *place_of(struct history_keys *k, struct bytes text)
{
	uint32_t hash = 2166136261;
	for (size_t i = 0; i < text.n; i++)
		hash = (hash ^ text.p[i]) * 16777619;
	return &k->cache[(hash ^ hash >> 16) % CACHE];
}

uint64_t history_key(struct history_keys *k, struct bytes text)
{
	struct cached *c;
	if (text.n == 0)
		return 0;
	if (text.n > CACHED)
		return hash_of(k, text);
	c = place_of(k, text);
	if (c->n == text.n && memcmp(c->text, text.p, text.n) == 0)
		return c->key;
	c->key = hash_of(k, text);
	c->n = (uint8_t)text.n;
	memcpy(c->text, text.p, text.n);
	return c->key;
}

uint64_t history_key_address(struct history_keys *k, struct bytes address)
{
	uint8_t room[STRING_TEXT_MAX];
	return history_key(k, address_inner(address, room));
}

struct bytes address_domain(struct bytes address)
{
	for (size_t i = address.n; i > 0; i--)
		if (address.p[i - 1] == '@')
			return bytes_from(address, i);
	return bytes_of(NULL, 0);
}

static bool begins(struct bytes text, const char *with)
{
	size_t n = strlen(with);
	return text.n >= n && memcmp(text.p, with, n) == 0;
}

/* The place of the n-th of these characters, from 1; text.n: there are fewer. */
static size_t nth(struct bytes text, uint8_t c, unsigned n)
{
	size_t i = 0;
	while (i < text.n && (text.p[i] != c || --n > 0))
		i++;
	return i;
}

/* The place of the last of these characters; text.n: there is none. */
static size_t last(struct bytes text, uint8_t c)
{
	for (size_t i = text.n; i > 0; i--)
		if (text.p[i - 1] == c)
			return i - 1;
	return text.n;
}

/* prvs=tag=local@domain (draft-levine-smtp-batv), or with the tag last, prvs=local/tag@domain. */
static struct bytes batv_inner(struct bytes text, uint8_t *room)
{
	struct bytes rest = bytes_from(text, 5);
	size_t at = last(rest, '@'), slash = nth(bytes_first(rest, at), '/', 1);
	size_t sign = nth(bytes_first(rest, at), '=', 1);
	if (sign < at && sign + 1 < at)
		return bytes_from(rest, sign + 1);
	if (slash == 0 || slash >= at)
		return text;
	memmove(room, rest.p, slash);
	memmove(room + slash, rest.p + at, rest.n - at);
	return bytes_of(room, slash + rest.n - at);
}

/* SRS0=hash=time=domain=local@forwarder: local@domain. The separators are = + or -. */
static struct bytes srs0_inner(struct bytes text, struct bytes parts, uint8_t *room)
{
	uint8_t made[STRING_TEXT_MAX];
	struct bytes local = bytes_first(parts, last(parts, '@')), domain;
	size_t begin = nth(local, '=', 2), end;
	if (begin >= local.n)
		return text;
	local = bytes_from(local, begin + 1);
	end = nth(local, '=', 1);
	if (end == 0 || end + 1 >= local.n)
		return text;
	domain = bytes_first(local, end);
	local = bytes_from(local, end + 1);
	memcpy(made, local.p, local.n);
	made[local.n] = '@';
	memcpy(made + local.n + 1, domain.p, domain.n);
	memcpy(room, made, local.n + 1 + domain.n);
	return bytes_of(room, local.n + 1 + domain.n);
}

/* SRS1=hash=first-forwarder==hash=time=domain=local@forwarder */
static struct bytes srs_inner(struct bytes text, uint8_t *room)
{
	struct bytes parts = bytes_from(text, 5);
	if (text.p[3] == '0')
		return srs0_inner(text, parts, room);
	for (size_t i = 0; i + 2 < parts.n; i++)
		if (parts.p[i] == '=' &&
		    (parts.p[i + 1] == '=' || parts.p[i + 1] == '+' || parts.p[i + 1] == '-'))
			return srs0_inner(text, bytes_from(parts, i + 2), room);
	return text;
}

static bool is_srs(struct bytes text)
{
	return text.n > 6 && begins(text, "srs") && (text.p[3] == '0' || text.p[3] == '1') &&
	       (text.p[4] == '=' || text.p[4] == '+' || text.p[4] == '-');
}

struct bytes address_inner(struct bytes address, uint8_t room[STRING_TEXT_MAX])
{
	struct bytes text =
		bytes_of(room, address.n < STRING_TEXT_MAX ? address.n : STRING_TEXT_MAX);
	for (size_t i = 0; i < text.n; i++)
		room[i] = address.p[i] >= 'A' && address.p[i] <= 'Z' ? address.p[i] + ('a' - 'A')
								     : address.p[i];
	if (text.n > 6 && begins(text, "prvs="))
		return batv_inner(text, room);
	/* Two tags, each between "==". */
	if (begins(text, "btv1==") && nth(text, '=', 4) + 1 < last(text, '@') &&
	    last(text, '@') < text.n)
		return bytes_from(text, nth(text, '=', 4) + 1);
	return is_srs(text) ? srs_inner(text, room) : text;
}
