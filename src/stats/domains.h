/* domains.h - what became of the messages of each recipient domain, in a bounded table. */
#ifndef SMTPWATCH_STATS_DOMAINS_H
#define SMTPWATCH_STATS_DOMAINS_H

#include "policy/redact.h"
#include "stats/traffic.h"

/* DOMAINS_MAX: the most domains in the table. DOMAIN_NAME: bytes of a name with its NUL. */
enum { DOMAINS_MAX = 4096, DOMAIN_NAME = 256 };

/*
 * Counters of one domain. A session counts once for each domain of its recipients, with all its
 * alerts; a message once for each domain of its recipients. A recipient that was refused does not
 * have the message's fate: the message counts as deferred or rejected for a domain of which every
 * recipient was.
 */
struct domain {
	char name[DOMAIN_NAME]; /* lower case, off the wire: not escaped. With --redact local as it
				   is, with hash a keyed hash */
	struct traffic traffic;
	/* The most messages of this domain that may have been counted with the others, before it
	 * had a place in the table. */
	uint64_t missed;
};

/*
 * When the table is full, a new domain takes the place of the one with the fewest messages, which
 * is counted with the others from then on (space saving: Metwally et al., 2005). So each domain
 * with more than a DOMAINS_MAXth of all messages is in the table.
 */
struct domains;

/* how: decides which names are seen; with REDACT_ALL none. Returns NULL if memory is exhausted.
 * domains_free frees the result, and allows NULL. */
struct domains *domains_new(const struct redaction *how);
void domains_free(struct domains *d);

/* Counts one session. unredacted: the record of which r was made. */
void domains_count(struct domains *d, const struct record *unredacted, const struct report *r);

/* Finds the n domains with the most messages, the most first, then by name. Fills out, which has n
 * places, and returns how many. Borrowed until the next domains_count. */
size_t domains_top(const struct domains *d, const struct domain **out, size_t n);

/* Returns the number of domains in the table. */
size_t domains_number(const struct domains *d);

/* Returns the sum of all domains but n of the table: of the other ones there, of those that found
 * no place in it, of recipients without a domain, and of those whose domain may not be seen. */
struct traffic domains_rest(const struct domains *d, const struct domain *const *but, size_t n);

/* Returns the sum of sessions and messages without a known recipient. Borrowed until domains_free.
 */
const struct traffic *domains_without(const struct domains *d);

/* Returns the number of messages that are counted nowhere here, because their session had more than
 * SESSION_TRANSACTIONS. */
uint64_t domains_omitted(const struct domains *d);

#endif
