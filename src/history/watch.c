/* watch.c - intervals of each gateway, and a set of hours in which something was not read. */
#include "history/watch.h"

#include <stdlib.h>

/* Of a restart. */
static const int64_t pause_max = 60 * 1000;

bool watch_init(struct watch *w)
{
	*w = (struct watch){.full_since = INT64_MAX};
	w->unread = calloc(2 * WATCH_UNREAD, sizeof *w->unread);
	return w->unread;
}

void watch_free(struct watch *w)
{
	for (unsigned i = 0; i < WATCH_GATEWAYS; i++)
		free(w->gateways[i].all);
	free(w->unread);
}

bool watch_add(struct watch *w, unsigned gateway, int64_t start, int64_t end)
{
	uint32_t n = w->gateways[gateway].n;
	struct watch_interval *all = w->gateways[gateway].all;
	if (n > 0 && start <= all[n - 1].end + 1) {
		all[n - 1].end = end > all[n - 1].end ? end : all[n - 1].end;
		return true;
	}
	if (n == w->gateways[gateway].capacity) {
		uint32_t capacity = n < 16 ? 16 : 2 * n;
		void *more = realloc(all, capacity * sizeof *all);
		if (!more)
			return false;
		w->gateways[gateway].all = all = more;
		w->gateways[gateway].capacity = capacity;
	}
	all[n] = (struct watch_interval){start, end};
	w->gateways[gateway].n = n + 1;
	return true;
}

static int64_t hour_of(int64_t at)
{
	return at / WATCH_HOUR_MS;
}

static uint64_t member(int64_t hour, uint32_t hash)
{
	return ((uint64_t)hour << 32 | hash) + 1;
}

/* The place of a member, or a free place; NULL: there is neither near by. */
static uint64_t *place_of(const struct watch *w, uint64_t what)
{
	enum { PLACES = 2 * WATCH_UNREAD, PROBES = 256 };
	uint64_t at = what * UINT64_C(0x9e3779b97f4a7c15) >> 43;
	for (unsigned i = 0; i < PROBES; i++, at++)
		if (w->unread[at % PLACES] == 0 || w->unread[at % PLACES] == what)
			return &w->unread[at % PLACES];
	return NULL;
}

void watch_unread_add(struct watch *w, int64_t at, uint32_t hash)
{
	uint64_t what = member(hour_of(at), hash), *place = place_of(w, what);
	if (place && *place == what)
		return;
	if (!place || w->unread_n == WATCH_UNREAD) {
		w->full_since = hour_of(at) < w->full_since ? hour_of(at) : w->full_since;
		return;
	}
	*place = what;
	w->unread_n++;
}

static bool gateway_covers(const struct watch_interval *all, uint32_t n, int64_t start, int64_t end,
			   bool *pauses)
{
	uint32_t low = 0, high = n;
	/* The last interval that begins at start or before. */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (all[middle].start <= start)
			low = middle + 1;
		else
			high = middle;
	}
	int64_t at = start;
	for (uint32_t i = low > 0 ? low - 1 : 0; i < n && at < end; i++) {
		if (all[i].end < at)
			continue;
		if (all[i].start > at + pause_max)
			return false;
		*pauses |= all[i].start > at;
		at = all[i].end;
	}
	*pauses |= at < end;
	return at + pause_max >= end;
}

bool watch_covers(const struct watch *w, int64_t start, int64_t end, bool *pauses)
{
	bool any = false;
	for (unsigned i = 0; i < WATCH_GATEWAYS; i++) {
		if (w->gateways[i].n == 0)
			continue;
		any = true;
		if (!gateway_covers(w->gateways[i].all, w->gateways[i].n, start, end, pauses))
			return false;
	}
	return any;
}

bool watch_read(const struct watch *w, int64_t start, int64_t end, uint32_t site, uint32_t client)
{
	const uint32_t hashes[] = {WATCH_ALL, site, client};
	for (int64_t hour = hour_of(start); hour <= hour_of(end); hour++) {
		if (hour >= w->full_since)
			return false;
		for (unsigned i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
			const uint64_t *place = place_of(w, member(hour, hashes[i]));
			if (!place || *place != 0)
				return false;
		}
	}
	return true;
}
