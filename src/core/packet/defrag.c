/* defrag.c - datagrams under reassembly: a table for the look-up, a list by age, and pages that are
 * taken only where bytes arrived. */
#include "smtpwatch/defrag.h"

#include "core/packet/flow_table.h"

#include <assert.h>

enum {
	UNIT = 8 /* bytes: fragments begin and, but for the last, end on these */,
	PAGE_UNITS = 504,
	PAGE_BYTES = PAGE_UNITS * UNIT
};
enum { DATAGRAM_MAX = 65535, PAGES = (DATAGRAM_MAX + PAGE_BYTES - 1) / PAGE_BYTES };

#define DEFRAG_TIMEOUT (uint64_t)(30 * FRAME_SECOND)

/* 4 KiB: a bit for each unit that is there, and the units. A tiny fragment far out costs one page,
 * not all the memory before it. */
struct page {
	uint64_t have[(PAGE_UNITS + 63) / 64];
	uint8_t data[PAGE_BYTES];
};

struct key {
	struct ip_addr src, dst;
	uint32_t id;
	uint32_t protocol; /* 0 in IPv6: there the fragments of one datagram may differ in it (RFC
			      8200 4.5) */
};

struct datagram {
	struct datagram *older, *newer; /* by the latest fragment's arrival */
	struct key key;
	uint32_t hash, number; /* the number is its index in all */
	uint32_t end;          /* 0 until the last fragment has come */
	uint32_t reach;        /* where the farthest byte so far ends */
	uint32_t units;        /* there */
	bool differs;          /* counted among the overlaps */
	int64_t last;
	struct page *pages[PAGES];
};

struct defrag {
	struct pool *pool;
	size_t budget, used;
	unsigned table, count;
	uint64_t seed[2];
	struct flow_table flows;
	struct datagram **all; /* `count` of `table` places are in use */
	struct datagram *oldest, *newest;
	uint8_t *whole; /* the latest complete datagram: what the caller borrows */
	struct defrag_stats stats;
};

static size_t all_size(const struct defrag *d)
{
	return d->table * sizeof *d->all;
}

/* The seed is where memory happened to be: unknown outside, and no result depends on the order in
 * the table. */
struct defrag *defrag_new(struct pool *pool, size_t budget, unsigned table)
{
	struct defrag *d = pool_get(pool, sizeof *d);
	if (!d)
		return NULL;
	*d = (struct defrag){.pool = pool, .budget = budget, .table = table ? table : 1};
	d->all = pool_get_large(pool, all_size(d));
	d->whole = pool_get(pool, DATAGRAM_MAX);
	if (d->all && d->whole && flow_table_init(&d->flows, pool)) {
		d->seed[0] = (uintptr_t)d;
		d->seed[1] = (uintptr_t)d->flows.slots;
		return d;
	}
	defrag_free(d);
	return NULL;
}

static uint32_t key_hash(const struct defrag *d, const struct key *k)
{
	struct packet tuple = {.src = k->src,
			       .dst = k->dst,
			       .src_port = (uint16_t)(k->id >> 16 ^ k->protocol),
			       .dst_port = (uint16_t)k->id};
	return flow_hash(d->seed, &tuple);
}

static struct key key_of(const struct packet_fragment *f)
{
	return (struct key){.src = f->src,
			    .dst = f->dst,
			    .id = f->id,
			    .protocol = ip_addr_is_v4(&f->src) ? f->protocol : 0};
}

static void age_unlink(struct defrag *d, struct datagram *dg)
{
	*(dg->older ? &dg->older->newer : &d->oldest) = dg->newer;
	*(dg->newer ? &dg->newer->older : &d->newest) = dg->older;
}

static void age_append(struct defrag *d, struct datagram *dg)
{
	dg->older = d->newest;
	dg->newer = NULL;
	*(d->newest ? &d->newest->newer : &d->oldest) = dg;
	d->newest = dg;
}

static void datagram_drop(struct defrag *d, struct datagram *dg)
{
	struct datagram *last = d->all[--d->count];
	flow_remove(&d->flows, dg->hash, dg->number);
	if (last != dg)
		flow_change(&d->flows, last->hash, last->number, dg->number);
	last->number = dg->number;
	d->all[last->number] = last;
	age_unlink(d, dg);
	for (unsigned i = 0; i < PAGES; i++) {
		if (!dg->pages[i])
			continue;
		pool_put(d->pool, dg->pages[i], sizeof(struct page));
		d->used -= sizeof(struct page);
	}
	pool_put(d->pool, dg, sizeof *dg);
	d->used -= sizeof *dg;
}

void defrag_free(struct defrag *d)
{
	if (!d)
		return;
	while (d->oldest)
		datagram_drop(d, d->oldest);
	if (d->flows.slots)
		flow_table_free(&d->flows);
	if (d->all)
		pool_put_large(d->pool, d->all, all_size(d));
	pool_put(d->pool, d->whole, DATAGRAM_MAX);
	pool_put(d->pool, d, sizeof *d);
}

const struct defrag_stats *defrag_stats(const struct defrag *d)
{
	return &d->stats;
}

/* False if there is nothing older than `spared` to give up. */
static bool oldest_evict(struct defrag *d, const struct datagram *spared)
{
	if (!d->oldest || d->oldest == spared)
		return false;
	datagram_drop(d, d->oldest);
	d->stats.evicted++;
	return true;
}

/* Memory within the budget, at the cost of any datagram but `spared`. */
static void *block_get(struct defrag *d, size_t size, const struct datagram *spared)
{
	do {
		void *block = d->used + size <= d->budget ? pool_get(d->pool, size) : NULL;
		if (block) {
			d->used += size;
			return block;
		}
	} while (oldest_evict(d, spared));
	return NULL;
}

static struct datagram *datagram_new(struct defrag *d, const struct key *key, uint32_t hash)
{
	if (d->count == d->table)
		oldest_evict(d, NULL);
	struct datagram *dg = block_get(d, sizeof *dg, NULL);
	if (!dg)
		return NULL;
	if (!flow_add(&d->flows, hash, d->count)) {
		pool_put(d->pool, dg, sizeof *dg);
		d->used -= sizeof *dg;
		return NULL;
	}
	*dg = (struct datagram){.key = *key, .hash = hash, .number = d->count};
	d->all[d->count++] = dg;
	age_append(d, dg);
	return dg;
}

/* Whether b is too long after a. Times come from files and may be anything: the difference need not
 * fit an int64_t. */
static bool time_out(int64_t a, int64_t b)
{
	return b > a && (uint64_t)b - (uint64_t)a > DEFRAG_TIMEOUT;
}

/* From the oldest on, as long as they are too old. Where the clock was set back, the oldest in
 * arrival may bear the latest time: datagram_find looks once more. */
static void aged_drop(struct defrag *d, int64_t now)
{
	while (d->oldest && time_out(d->oldest->last, now)) {
		datagram_drop(d, d->oldest);
		d->stats.timed_out++;
	}
}

static struct datagram *datagram_find(struct defrag *d, const struct key *key, int64_t now)
{
	uint32_t hash = key_hash(d, key), at = hash, i;
	struct datagram *dg = NULL;
	while (!dg && (i = flow_find(&d->flows, hash, &at)) != FLOW_NONE)
		dg = memcmp(&d->all[i]->key, key, sizeof *key) == 0 ? d->all[i] : NULL;
	if (dg && (time_out(dg->last, now) || time_out(now, dg->last))) {
		datagram_drop(d, dg);
		d->stats.timed_out++;
		dg = NULL;
	}
	if (!dg)
		return datagram_new(d, key, hash);
	age_unlink(d, dg);
	age_append(d, dg);
	return dg;
}

/* Unit by unit, where some are there already: the first arrival stays. Returns how many were not.
 */
static unsigned units_merge(struct page *page, unsigned at, struct bytes data, bool *differs)
{
	unsigned fresh = 0;
	for (; data.n; data = bytes_from(data, UNIT), at++) {
		size_t n = data.n < UNIT ? data.n : UNIT;
		uint8_t *unit = page->data + (size_t)at * UNIT;
		uint64_t bit = UINT64_C(1) << at % 64;
		if (page->have[at / 64] & bit) {
			*differs |= memcmp(unit, data.p, n) != 0;
			continue;
		}
		memcpy(unit, data.p, n);
		page->have[at / 64] |= bit;
		fresh++;
	}
	return fresh;
}

/* Writes units that share one word of the map: the usual case is that none is there yet. */
static unsigned run_write(struct page *page, unsigned at, unsigned units, struct bytes data,
			  bool *differs)
{
	uint64_t *have = &page->have[at / 64];
	uint64_t bits = (units < 64 ? (UINT64_C(1) << units) - 1 : UINT64_MAX) << at % 64;
	if (*have & bits)
		return units_merge(page, at, data, differs);
	memcpy(page->data + (size_t)at * UNIT, data.p, data.n);
	*have |= bits;
	return units;
}

static struct page *page_of(struct defrag *d, struct datagram *dg, unsigned i)
{
	struct page *page = dg->pages[i];
	if (page)
		return page;
	page = block_get(d, sizeof *page, dg);
	if (page)
		memset(page->have, 0, sizeof page->have);
	return dg->pages[i] = page;
}

/* False without memory. */
static bool datagram_write(struct defrag *d, struct datagram *dg, uint32_t offset,
			   struct bytes data)
{
	bool differs = false;
	for (uint32_t unit = offset / UNIT; data.n;) {
		struct page *page = page_of(d, dg, unit / PAGE_UNITS);
		if (!page)
			return false;
		unsigned at = unit % PAGE_UNITS, word_end = (at | 63) + 1;
		unsigned units = (word_end < PAGE_UNITS ? word_end : PAGE_UNITS) - at;
		if (units > (data.n + UNIT - 1) / UNIT)
			units = (unsigned)(data.n + UNIT - 1) / UNIT;
		dg->units += run_write(page, at, units, bytes_first(data, (size_t)units * UNIT),
				       &differs);
		data = bytes_from(data, (size_t)units * UNIT);
		unit += units;
	}
	if (differs && !dg->differs) {
		dg->differs = true;
		d->stats.overlaps++;
	}
	return true;
}

/* A fragment of no bytes is none; one without its tail would leave a hole that nothing fills. */
static bool fragment_fits(const struct packet_fragment *f)
{
	if (f->data.n != f->data_len || f->data_len == 0 || f->offset % UNIT != 0)
		return false;
	if (f->more && f->data_len % UNIT != 0)
		return false;
	return f->offset <= DATAGRAM_MAX && f->data_len <= DATAGRAM_MAX - f->offset;
}

/* There is one end, and nothing beyond it. */
static bool end_agrees(const struct datagram *dg, const struct packet_fragment *f)
{
	uint32_t stop = f->offset + f->data_len;
	if (dg->end)
		return f->more ? stop <= dg->end : stop == dg->end;
	return f->more || stop >= dg->reach;
}

static struct bytes datagram_join(struct defrag *d, const struct datagram *dg)
{
	for (uint32_t at = 0; at < dg->end; at += PAGE_BYTES) {
		uint32_t n = dg->end - at < PAGE_BYTES ? dg->end - at : PAGE_BYTES;
		assert(dg->pages[at / PAGE_BYTES]);
		memcpy(d->whole + at, dg->pages[at / PAGE_BYTES]->data, n);
	}
	return bytes_of(d->whole, dg->end);
}

/* The fragment's bytes may lie in d->whole (a tunnel's fragment in a reassembled datagram): they
 * are in their pages before d->whole is written again. */
bool defrag_push(struct defrag *d, const struct packet_fragment *f, struct bytes *payload)
{
	d->stats.fragments++;
	aged_drop(d, f->ts);
	if (!fragment_fits(f)) {
		d->stats.malformed++;
		return false;
	}
	struct key key = key_of(f);
	struct datagram *dg = datagram_find(d, &key, f->ts);
	if (!dg) {
		d->stats.evicted++;
		return false;
	}
	if (!end_agrees(dg, f)) {
		d->stats.malformed++;
		return false;
	}
	dg->last = f->ts;
	uint32_t stop = f->offset + f->data_len;
	dg->end = f->more ? dg->end : stop;
	dg->reach = stop > dg->reach ? stop : dg->reach;
	if (!datagram_write(d, dg, f->offset, f->data)) {
		datagram_drop(d, dg);
		d->stats.evicted++;
		return false;
	}
	if (dg->end == 0 || dg->units < (dg->end + UNIT - 1) / UNIT)
		return false;
	*payload = datagram_join(d, dg);
	datagram_drop(d, dg);
	d->stats.reassembled++;
	return true;
}
