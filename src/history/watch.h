/* watch.h - which times were watched, and in which hours something could not be read. Private to
 * src/history. */
#ifndef SMTPWATCH_HISTORY_WATCH_H
#define SMTPWATCH_HISTORY_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* GATEWAYS: at most. UNREAD: pairs of an hour and a site or client that are kept; beyond, each
 * later hour counts as not read. */
enum { WATCH_GATEWAYS = 64, WATCH_UNREAD = 1 << 20, WATCH_HOUR_MS = 3600 * 1000 };

/* The hash that stands for all sites and clients. */
enum { WATCH_ALL = 0 };

struct watch_interval {
	int64_t start, end; /* milliseconds */
};

struct watch {
	struct {
		struct watch_interval *all; /* owned; in order, without overlap */
		uint32_t n, capacity;
	} gateways[WATCH_GATEWAYS];
	uint64_t *unread; /* owned: a hash table; 0: free */
	uint32_t unread_n;
	int64_t full_since; /* hour; INT64_MAX: the table has room */
};

/* Returns false if memory is exhausted. watch_free frees what *w points to. */
bool watch_init(struct watch *w);
void watch_free(struct watch *w);

/* Adds an interval; a start before the latest one is moved behind it. Returns false if memory is
 * exhausted: the interval is not known. */
bool watch_add(struct watch *w, unsigned gateway, int64_t start, int64_t end);

/* In the hour of `at` something about the hash could not be read. */
void watch_unread_add(struct watch *w, int64_t at, uint32_t hash);

/* Whether every gateway watched from start to end, but for pauses of a minute: a restart. Sets
 * *pauses if there was one. */
bool watch_covers(const struct watch *w, int64_t start, int64_t end, bool *pauses);

/* Whether all sessions of this site and this client were read from start to end. */
bool watch_read(const struct watch *w, int64_t start, int64_t end, uint32_t site, uint32_t client);

#endif
