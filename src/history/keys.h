/* keys.h - what stands in the history in place of addresses and Message-IDs: 64 bits of a keyed
 * hash, which nobody can turn back who does not have the site's key. */
#ifndef SMTPWATCH_HISTORY_KEYS_H
#define SMTPWATCH_HISTORY_KEYS_H

#include "smtpwatch/strings.h"
#include "text/digest.h"

/* The hash with one key, and the latest results. */
struct history_keys;

/* Returns NULL if memory is exhausted. The key is copied. history_keys_free frees the result; NULL
 * is allowed there. */
struct history_keys *history_keys_new(const uint8_t key[DIGEST_KEY]);
void history_keys_free(struct history_keys *k);

/* Returns the first 8 bytes of HMAC-SHA-256(site's key, text); never 0, which means "none". An
 * empty text gives 0. */
uint64_t history_key(struct history_keys *k, struct bytes text);

/* Returns the key of an address: of the inner address in lower case (address_inner). The null
 * sender gives 0. */
uint64_t history_key_address(struct history_keys *k, struct bytes address);

/* Returns a number that tells one site's key from another, and tells nothing about the key. */
uint32_t history_keys_id(const struct history_keys *k);

/*
 * Returns the address without what a sending server puts around it, in lower case:
 * - BATV: prvs=4711abcdef=bob@example.org, btv1==4711==bob@example.org
 * - SRS: SRS0=hash=time=example.org=bob@forwarder.example, SRS1 likewise
 * Retries of one message may differ in these parts. Borrowed from room. Bounded by STRING_TEXT_MAX:
 * a longer text is cut.
 */
struct bytes address_inner(struct bytes address, uint8_t room[STRING_TEXT_MAX]);

/* Returns what stands behind the last "@" of an address; empty if there is none. Borrowed from
 * address. */
struct bytes address_domain(struct bytes address);

#endif
