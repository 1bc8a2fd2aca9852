/* shards.c - one thread reads and decodes, several judge. Every chunk of segments goes to all
 * workers. Each worker skips the connections of the others. The records are merged in the order of
 * the frames. */
#include "app/shards.h"

#include "app/ring.h"
#include "core/decoder.h"
#include "os/sandbox_unknown.h"
#include "smtpwatch/correlate.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

/* Every worker gets every segment: that costs less than to distribute them, and all workers have
 * the same time. A chunk fits the second-level cache. */
enum {
	CHUNKS = 8,
	CHUNK_ITEMS = 1024,
	CHUNK_BYTES = 512 << 10,
	RING_SIZE = 4 << 20,
	SHARDS_MAX = 64
};

/* Segments with copies of their payloads, and ICMP errors, in the order of the frames. */
struct chunk {
	union packet_decoded items[CHUNK_ITEMS];
	bool icmp[CHUNK_ITEMS]; /* whether the item is an ICMP error */
	size_t n, used;
	uint32_t input;
	uint64_t frame; /* number of the last frame */
	uint8_t data[CHUNK_BYTES];
};

/* A message of more than half of a ring never fits, and the worker would wait for ever. */
static_assert(sizeof(struct stream_order) + RECORD_BYTES_MAX + 64 < RING_SIZE / 2,
	      "every record finds a place");

enum message { MESSAGE_ENDED, MESSAGE_RECORD, MESSAGE_PROGRESS };

/* The head of each message. PROGRESS: no later message of this worker has an earlier position. */
struct worker_message {
	_Alignas(16) struct stream_order order;
};

struct worker {
	struct shards *shards;
	struct monitor *monitor;
	struct ring *ring;
	pthread_t thread;
	bool started;
	uint64_t next;                     /* the next chunk of this worker; under the lock */
	const struct worker_message *head; /* its oldest message; used by the reader */
	uint32_t kind;
	bool done; /* no more messages; used by the reader */
};

struct shards {
	unsigned n;
	struct monitor *alone;   /* if there is one worker */
	struct decoder *decoder; /* if there are several: decodes in the reader's thread */
	uint32_t input;
	uint64_t frame; /* number of the last frame that was published */
	struct correlator *correlator;
	void (*session)(void *arg, const struct record *record);
	void *arg;
	struct worker *workers;
	struct open_sessions *open; /* of each worker; NULL: nobody has asked */
	struct chunk *chunks;
	pthread_mutex_t lock;
	pthread_cond_t work, room, progress; /* work: a chunk was published; room: the rings have
						room; progress: a worker has done something */
	uint64_t published;   /* number of chunks; this and the members below are under the lock */
	uint64_t events;      /* number of progress_signal calls */
	bool ending, aborted; /* ending: no more chunks come; aborted: the records are not wanted */
};

unsigned shards_possible(const struct monitor_config *config, unsigned wanted)
{
	return !config->engine->order ? 1 : wanted < SHARDS_MAX ? wanted : SHARDS_MAX;
}

/* Wakes the reader. Under the lock. */
static void progress_signal(struct shards *s)
{
	s->events++;
	pthread_cond_signal(&s->progress);
}

/* Returns room in the ring, and waits for the reader to empty it if it is full. Returns NULL if the
 * run is aborted. */
static void *message_reserve(struct worker *w, enum message kind, size_t n)
{
	struct shards *s = w->shards;
	void *place = ring_reserve(w->ring, kind, n, 0);
	if (place)
		return place;
	pthread_mutex_lock(&s->lock);
	while (!s->aborted && !(place = ring_reserve(w->ring, kind, n, 0))) {
		progress_signal(s);
		pthread_cond_wait(&s->room, &s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return place;
}

static struct worker_message *message_begin(struct worker *w, enum message kind, size_t n)
{
	struct worker_message *t = message_reserve(w, kind, sizeof *t + n);
	if (t)
		t->order = *monitor_order(w->monitor);
	return t;
}

static void on_ended(void *arg, const struct server_event *event)
{
	struct worker *w = arg;
	struct worker_message *t = message_begin(w, MESSAGE_ENDED, sizeof *event);
	if (!t)
		return;
	memcpy(t + 1, event, sizeof *event);
	ring_commit(w->ring);
}

static void on_session(void *arg, const struct record *record)
{
	struct worker *w = arg;
	struct worker_message *t = message_begin(w, MESSAGE_RECORD, record_size(record));
	if (!t)
		return;
	record_pack(record, t + 1);
	ring_commit(w->ring);
}

static void progress_put(struct worker *w, uint64_t step)
{
	struct worker_message *t = message_reserve(w, MESSAGE_PROGRESS, sizeof *t);
	if (!t)
		return;
	t->order = (struct stream_order){step, INT64_MAX, UINT64_MAX};
	ring_commit(w->ring);
}

/* Waits for the next chunk. Returns NULL at the end. */
static struct chunk *chunk_await(struct worker *w)
{
	struct shards *s = w->shards;
	struct chunk *c = NULL;
	pthread_mutex_lock(&s->lock);
	while (w->next == s->published && !s->ending && !s->aborted)
		pthread_cond_wait(&s->work, &s->lock);
	if (w->next != s->published && !s->aborted)
		c = &s->chunks[w->next % CHUNKS];
	pthread_mutex_unlock(&s->lock);
	return c;
}

static void chunk_done(struct worker *w)
{
	pthread_mutex_lock(&w->shards->lock);
	w->next++;
	progress_signal(w->shards);
	pthread_mutex_unlock(&w->shards->lock);
}

/* Whether the run was aborted rather than finished. */
static bool worker_is_aborted(struct worker *w)
{
	pthread_mutex_lock(&w->shards->lock);
	bool aborted = w->shards->aborted;
	pthread_mutex_unlock(&w->shards->lock);
	return aborted;
}

static void chunk_judge(struct monitor *m, const struct chunk *c)
{
	monitor_input(m, c->input);
	for (size_t from = 0, to; from < c->n; from = to) {
		for (to = from; to < c->n && !c->icmp[to];)
			to++;
		if (to > from)
			monitor_segments(m, &c->items[from].tcp, to - from);
		if (to < c->n)
			monitor_icmp(m, &c->items[to++].icmp);
	}
}

int64_t shards_last(const struct shards *s)
{
	return s->alone ? monitor_time(s->alone) : decoder_time(s->decoder);
}

static void *worker_run(void *arg)
{
	struct worker *w = arg;
	sandbox_count();
	for (struct chunk *c; (c = chunk_await(w)); chunk_done(w)) {
		chunk_judge(w->monitor, c);
		progress_put(w, stream_step_last(c->frame));
	}
	if (worker_is_aborted(w))
		return NULL;
	monitor_tick(w->monitor, shards_last(w->shards));
	monitor_finish(w->monitor);
	progress_put(w, UINT64_MAX);
	pthread_mutex_lock(&w->shards->lock);
	progress_signal(w->shards);
	pthread_mutex_unlock(&w->shards->lock);
	return NULL;
}

/* Returns the worker whose oldest message comes first. Returns NULL if that is not known yet, or if
 * no messages will come. */
static struct worker *first_head(struct shards *s)
{
	struct worker *first = NULL;
	for (unsigned i = 0; i < s->n; i++) {
		struct worker *w = &s->workers[i];
		if (w->done)
			continue;
		if (!w->head && !(w->head = ring_peek(w->ring, &w->kind)))
			return NULL;
		if (!first || stream_order_compare(&w->head->order, &first->head->order) < 0)
			first = w;
	}
	return first;
}

static void head_emit(struct shards *s, struct worker *w)
{
	if (w->kind == MESSAGE_ENDED)
		correlator_ended(s->correlator,
				 (const struct server_event *)(const void *)(w->head + 1));
	else if (w->kind == MESSAGE_RECORD)
		s->session(s->arg, correlator_session(s->correlator, (const void *)(w->head + 1)));
	else
		w->done = w->head->order.step == UINT64_MAX;
	ring_release(w->ring);
	w->head = NULL;
}

/* Delivers all messages whose order is known, and wakes workers that wait for room. */
static void drain(struct shards *s)
{
	bool any = false;
	for (struct worker *w; (w = first_head(s)); any = true)
		head_emit(s, w);
	if (!any)
		return;
	pthread_mutex_lock(&s->lock);
	pthread_cond_broadcast(&s->room);
	pthread_mutex_unlock(&s->lock);
}

/* Returns the number of chunks that all workers have done. Under the lock. */
static uint64_t chunks_done(const struct shards *s)
{
	uint64_t min = s->published;
	for (unsigned i = 0; i < s->n; i++)
		min = s->workers[i].next < min ? s->workers[i].next : min;
	return min;
}

/* Delivers messages and waits for more until `enough` returns true. */
static void await(struct shards *s, bool (*enough)(const struct shards *s))
{
	bool there = false;
	while (!there) {
		pthread_mutex_lock(&s->lock);
		uint64_t seen = s->events;
		pthread_mutex_unlock(&s->lock);
		drain(s);
		pthread_mutex_lock(&s->lock);
		while (!(there = enough(s)) && s->events == seen)
			pthread_cond_wait(&s->progress, &s->lock);
		pthread_mutex_unlock(&s->lock);
	}
}

static bool one_is_free(const struct shards *s)
{
	return s->published - chunks_done(s) < CHUNKS;
}

static bool none_is_under_way(const struct shards *s)
{
	return chunks_done(s) == s->published;
}

static bool all_are_done(const struct shards *s)
{
	for (unsigned i = 0; i < s->n; i++)
		if (!s->workers[i].done)
			return false;
	return true;
}

static struct chunk *chunk_open(struct shards *s)
{
	return &s->chunks[s->published % CHUNKS];
}

static void chunk_publish(struct shards *s)
{
	if (chunk_open(s)->n == 0)
		return;
	s->frame = chunk_open(s)->frame;
	pthread_mutex_lock(&s->lock);
	s->published++;
	pthread_cond_broadcast(&s->work);
	pthread_mutex_unlock(&s->lock);
	await(s, one_is_free);
	chunk_open(s)->n = chunk_open(s)->used = 0;
}

/* Returns the index of the next item in a chunk with room for `payload` bytes. */
static size_t item_place(struct shards *s, uint64_t frame, uint32_t payload)
{
	struct chunk *c = chunk_open(s);
	if (c->n == CHUNK_ITEMS || payload > CHUNK_BYTES - c->used ||
	    (c->n > 0 && c->input != s->input)) {
		chunk_publish(s);
		c = chunk_open(s);
	}
	c->input = s->input;
	c->frame = frame;
	return c->n++;
}

static void on_segments(void *arg, const struct packet *packets, size_t n)
{
	struct shards *s = arg;
	for (size_t i = 0; i < n; i++) {
		const struct packet *p = &packets[i];
		size_t at = item_place(s, p->number, p->payload_cap);
		struct chunk *c = chunk_open(s);
		c->icmp[at] = false;
		c->items[at].tcp = *p;
		if (p->payload_cap > 0)
			c->items[at].tcp.payload =
				memcpy(c->data + c->used, p->payload, p->payload_cap);
		c->used += p->payload_cap;
	}
}

/* An ICMP error has no frame number: it gets that of the item before. */
static void on_icmp(void *arg, const struct packet_icmp *icmp)
{
	struct shards *s = arg;
	struct chunk *c = chunk_open(s);
	size_t at = item_place(s, c->n > 0 ? c->frame : s->frame, 0);
	c = chunk_open(s);
	c->icmp[at] = true;
	c->items[at].icmp = *icmp;
}

static const struct decoder_output decoded = {on_segments, on_icmp};

void shards_frames(struct shards *s, uint32_t input, const struct frame *frames, size_t n)
{
	bool other = input != s->input;
	if (!s->alone) {
		if (other)
			decoder_break(s->decoder);
		s->input = input;
		decoder_frames(s->decoder, frames, n);
		return;
	}
	if (other)
		monitor_break(s->alone);
	s->input = input;
	monitor_input(s->alone, input);
	monitor_frames(s->alone, frames, n);
}

void shards_settle(struct shards *s)
{
	if (s->alone)
		return;
	chunk_publish(s);
	await(s, none_is_under_way);
	drain(s);
}

void shards_tick(struct shards *s, int64_t now)
{
	if (s->alone)
		monitor_tick(s->alone, now);
}

void shards_finish(struct shards *s)
{
	if (s->alone) {
		monitor_finish(s->alone);
		return;
	}
	decoder_break(s->decoder);
	shards_settle(s);
	pthread_mutex_lock(&s->lock);
	s->ending = true;
	pthread_cond_broadcast(&s->work);
	pthread_mutex_unlock(&s->lock);
	await(s, all_are_done);
}

/* Frames are counted where they are decoded, segments where they are judged. */
static void stats_add(struct stream_stats *sum, const struct stream_stats *one)
{
	uint64_t *to = (uint64_t *)(void *)sum;
	const uint64_t *from = (const uint64_t *)(const void *)one;
	static_assert(sizeof *sum % sizeof *to == 0,
		      "all members of stream_stats are of this type");
	for (size_t i = 0; i < sizeof *sum / sizeof *to; i++)
		to[i] += from[i];
}

void shards_stats(struct shards *s, struct monitor_stats *out)
{
	if (s->alone) {
		monitor_stats(s->alone, out);
		return;
	}
	decoder_stats(s->decoder, out);
	for (unsigned i = 0; i < s->n; i++) {
		struct monitor_stats one;
		monitor_stats(s->workers[i].monitor, &one);
		stats_add(&out->stream, &one.stream);
		out->memory_used += one.memory_used;
		out->memory_peak += one.memory_peak;
		out->memory_reserved += one.memory_reserved;
	}
}

const struct open_sessions *shards_open(struct shards *s, unsigned worker, int64_t now)
{
	if (!s->open)
		s->open = calloc(s->n, sizeof *s->open);
	if (worker >= s->n || !s->open)
		return NULL;
	monitor_open(s->alone ? s->alone : s->workers[worker].monitor, now, &s->open[worker]);
	return &s->open[worker];
}

/* Returns the configuration of one worker, with its part of the bounds. */
static struct monitor_config part_of(const struct monitor_config *config, unsigned worker,
				     unsigned n)
{
	struct monitor_config part = *config;
	part.stream.shard = worker;
	part.stream.shards = n;
	part.stream.max_conns = (part.stream.max_conns + n - 1) / n;
	part.stream.reorder_total /= n;
	part.memory /= n;
	part.session = on_session;
	part.ended = on_ended;
	return part;
}

static bool worker_start(struct shards *s, struct worker *w, const struct monitor_config *config)
{
	struct monitor_config part = part_of(config, (unsigned)(w - s->workers), s->n);
	w->shards = s;
	part.arg = w;
	w->ring = ring_new(RING_SIZE);
	w->monitor = monitor_new(&part);
	w->started = w->ring && w->monitor && pthread_create(&w->thread, NULL, worker_run, w) == 0;
	return w->started;
}

static bool workers_start(struct shards *s, const struct monitor_config *config)
{
	s->session = config->session;
	s->arg = config->arg;
	s->correlator = correlator_new(config->stream.seed);
	s->decoder = decoder_new(config, NULL, &decoded, s);
	s->chunks = malloc(CHUNKS * sizeof *s->chunks);
	s->workers = calloc(s->n, sizeof *s->workers);
	if (!s->correlator || !s->decoder || !s->chunks || !s->workers)
		return false;
	s->chunks[0].n = s->chunks[0].used = 0;
	for (unsigned i = 0; i < s->n; i++)
		if (!worker_start(s, &s->workers[i], config))
			return false;
	return true;
}

struct shards *shards_new(const struct monitor_config *config, unsigned workers)
{
	struct shards *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->n = workers;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->work, NULL);
	pthread_cond_init(&s->room, NULL);
	pthread_cond_init(&s->progress, NULL);
	if (workers == 1)
		s->alone = monitor_new(config);
	if (workers == 1 ? s->alone != NULL : workers_start(s, config))
		return s;
	shards_free(s);
	return NULL;
}

static void workers_stop(struct shards *s)
{
	pthread_mutex_lock(&s->lock);
	s->aborted = true;
	pthread_cond_broadcast(&s->work);
	pthread_cond_broadcast(&s->room);
	pthread_mutex_unlock(&s->lock);
	for (unsigned i = 0; i < s->n; i++) {
		struct worker *w = &s->workers[i];
		if (w->started)
			pthread_join(w->thread, NULL);
		monitor_free(w->monitor);
		ring_free(w->ring);
	}
}

void shards_free(struct shards *s)
{
	if (!s)
		return;
	if (s->workers)
		workers_stop(s);
	monitor_free(s->alone);
	decoder_free(s->decoder);
	correlator_free(s->correlator);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->work);
	pthread_cond_destroy(&s->room);
	pthread_cond_destroy(&s->progress);
	free(s->workers);
	free(s->open);
	free(s->chunks);
	free(s);
}
