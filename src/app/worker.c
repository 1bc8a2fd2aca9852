/* worker.c - the loop of a worker: frames of its interfaces go to its monitor. Also its timers. */
#include "app/worker.h"

#include "os/sandbox_unknown.h"

#include "core/frame_store.h"
#include "text/clock.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	FRAMES = 64, /* handed to the monitor in one call */
	TURNS = 32,  /* batches of one interface in a row, before the other interfaces and the clock
			are due */
	LAST_ROUNDS = 256,
	LAST_MS = 300, /* milliseconds: longer than the kernel keeps frames in a block of the ring
			  that is not full */
	LAST_WAIT_MS = 20,
	RING_ROUNDS = 10000,
	TICK_MS = 100,              /* milliseconds of a wait without a frame, while time_pass
				       may end a session */
	RING_SIZE = 8 << 20,        /* bytes; some 5,000 records */
	RING_SPARE = RING_SIZE / 4, /* bytes for alerts alone */
	BUSY_WAIT_NS = 1000000      /* pause while a stopped worker waits for room in the ring */
};

static_assert(RECORD_BYTES_MAX + 64 < RING_SIZE / 2 - RING_SPARE, "every record finds a place");

static const int64_t look_interval = FRAME_SECOND / 4, stats_interval = FRAME_SECOND;

/* So long after the latest frame the timers that judge a session by its silence may be due: those
 * of a second (core/stream). Timers of more than that may be late by a look. */
static const int64_t quiet_after = 3 * FRAME_SECOND;

/* Longest delay of a frame in the kernel, which delivers whole blocks. */
static const int64_t capture_lag = FRAME_SECOND / 10;

struct slot {
	_Atomic(struct live *) given;
	struct live *live;
	enum live_link reported; /* the state in the latest message to the main thread */
	char reason[256];
	struct live_counts counts;
	_Atomic int64_t last; /* time of the latest frame */
	_Atomic uint64_t frames_read, frames_dropped;
};

struct worker {
	struct monitor *monitor;
	struct frame_store *store; /* NULL: frames are not kept */
	struct alerting *alerting;
	_Atomic(struct alerting *) renewed; /* the replacement of alerting; NULL: none */
	struct ring *ring;
	struct slot *slots;
	struct pollfd *fds; /* one for each slot, and one for event */
	unsigned n;
	struct open_sessions *open; /* NULL: nobody wants to see them */
	struct port_set ports;      /* if store is set: its ports */
	int event;
	pthread_t thread;
	bool started, wake_due;
	atomic_bool stop, done;
	_Atomic uint64_t beats;
	struct capture_stats capture;
	int64_t looked, stats_sent; /* monotonic: time of the latest look at the interfaces, and of
				       the latest statistics */
	int64_t looked_wall;        /* the time of looked on the clock of the captures */
	int64_t frame_clock;        /* monotonic: when the latest frame was read */
};

/* Returns room in the ring, or NULL if there is none. A stopped worker captures nothing any more,
 * and waits for room. */
static void *message_reserve(struct worker *w, enum worker_message kind, size_t n, size_t spare)
{
	void *room;
	while (!(room = ring_reserve(w->ring, kind, n, spare)) && atomic_load(&w->stop) &&
	       n < RING_SIZE / 4) {
		ring_wake(w->ring);
		nanosleep(&(struct timespec){0, BUSY_WAIT_NS}, NULL);
	}
	return room;
}

static void message_commit(struct worker *w)
{
	ring_commit(w->ring);
	w->wake_due = true;
}

static bool message_put(struct worker *w, enum worker_message kind, const void *message, size_t n,
			size_t spare)
{
	void *room = message_reserve(w, kind, n, spare);
	if (!room)
		return false;
	memcpy(room, message, n);
	message_commit(w);
	return true;
}

static void on_ended(void *arg, const struct server_event *event)
{
	message_put(arg, WORKER_ENDED, event, sizeof *event, RING_SPARE);
}

static bool frames_put(struct worker *w, const struct record *record,
		       const struct stored_conn *stored)
{
	size_t n = record_size(record), frames = frame_store_size(w->store, stored);
	struct worker_frames *f = message_reserve(w, WORKER_FRAMES, sizeof *f + n + frames, 0);
	if (!f)
		return false;
	*f = (struct worker_frames){
		.record_size = n, .frames_size = frames, .omitted = frame_store_omitted(stored)};
	record_pack(record, f + 1);
	frame_store_copy(w->store, stored, (uint8_t *)(f + 1) + n);
	message_commit(w);
	return true;
}

/* Whether the main thread may make an alert of the record. Under TLS the server's history, which
 * only the main thread knows, may make an alert of a record that is none here. */
static bool may_alert(const struct worker *w, const struct record *record)
{
	struct record habitual = *record;
	struct ending ending = *record->ending;
	if (report_make(w->alerting, record, "").raised != 0)
		return true;
	if (!ending.encrypted)
		return false;
	ending.tls.notifies = true;
	habitual.ending = &ending;
	habitual.judgement = verdict_judge(&ending);
	return report_make(w->alerting, &habitual, "").raised != 0;
}

/* RING_SPARE bytes of the ring are kept for alerts, so that other sessions cannot crowd them out.
 */
static bool record_put(struct worker *w, const struct record *record)
{
	size_t n = record_size(record);
	void *room = message_reserve(w, WORKER_RECORD, n, RING_SPARE);
	if (!room && may_alert(w, record))
		room = message_reserve(w, WORKER_RECORD, n, 0);
	if (!room)
		return false;
	record_pack(record, room);
	message_commit(w);
	return true;
}

/* Sends the record of an alert with its frames. Returns false if the caller must send the record
 * alone. */
static bool alert_put(struct worker *w, const struct record *record,
		      const struct stored_conn *stored)
{
	if (!may_alert(w, record))
		return false;
	if (stored && frames_put(w, record, stored))
		return true;
	w->capture.pcaps_lost++;
	return false;
}

static void on_session(void *arg, const struct record *record)
{
	struct worker *w = arg;
	struct stored_conn *stored = w->store ? frame_store_find(w->store, record->conn) : NULL;
	if ((!w->store || !alert_put(w, record, stored)) && !record_put(w, record))
		w->capture.records_lost++;
	if (stored)
		frame_store_remove(w->store, stored);
}

static void stats_send(struct worker *w)
{
	struct monitor_stats stats;
	monitor_stats(w->monitor, &stats);
	stats.capture = w->capture;
	message_put(w, WORKER_STATS, &stats, sizeof stats, 0);
}

static void slot_drop(struct slot *s, uint64_t n)
{
	atomic_fetch_add_explicit(&s->frames_dropped, n, memory_order_relaxed);
}

/* Packets that the kernel dropped since the last look may belong to any session that was open in
 * that time. */
static void slot_count(struct worker *w, struct slot *s, int64_t now_wall)
{
	struct live_counts now;
	if (!live_counts(s->live, &now))
		return;
	w->capture.received += now.received - s->counts.received;
	w->capture.dropped += now.dropped - s->counts.dropped;
	w->capture.dropped_by_interface += now.dropped_by_interface -
					   s->counts.dropped_by_interface;
	monitor_capture_loss(w->monitor, w->looked_wall, now_wall, now.dropped - s->counts.dropped);
	slot_drop(s, now.dropped - s->counts.dropped + now.dropped_by_interface -
			     s->counts.dropped_by_interface);
	s->counts = now;
}

/* Reads the last counts before the interface is closed. What is left in its ring is lost. */
static void slot_close(struct worker *w, struct slot *s, const char *reason)
{
	int64_t now_wall = clock_read(CLOCK_REALTIME);
	slot_count(w, s, now_wall);
	uint64_t unread = live_unread(s->live);
	w->capture.dropped += unread;
	slot_drop(s, unread);
	monitor_capture_loss(w->monitor, w->looked_wall, now_wall, unread);
	snprintf(s->reason, sizeof s->reason, "%.255s", reason);
	live_close(s->live);
	s->live = NULL;
}

static void slot_take(struct slot *s)
{
	struct live *live = atomic_exchange(&s->given, NULL);
	if (!live)
		return;
	assert(!s->live);
	s->live = live;
	s->reported = LIVE_UP; /* the main thread knows that */
	s->counts = (struct live_counts){0};
}

/* If the ring is full, the next look sends the message. */
static void slot_emit(struct worker *w, struct slot *s, enum live_link link)
{
	struct worker_link message = {.interface = (uint32_t)(s - w->slots), .link = link};
	if (link == s->reported)
		return;
	if (link == LIVE_GONE)
		memcpy(message.reason, s->reason, sizeof message.reason);
	if (message_put(w, WORKER_LINK, &message, sizeof message, 0))
		s->reported = link;
}

/* Returns the number of frames read. Fewer than TURNS * FRAMES: no more are there now. */
static size_t slot_read(struct worker *w, struct slot *s)
{
	struct frame frames[FRAMES];
	size_t all = 0;
	for (unsigned turn = 0; turn < TURNS && s->live; turn++) {
		int n = live_read(s->live, frames, FRAMES);
		if (n < 0)
			slot_close(w, s, live_reason(s->live));
		if (n <= 0)
			break;
		if (w->store)
			frame_store_frames(w->store, frames, (size_t)n);
		atomic_store_explicit(&s->last, frames[n - 1].ts, memory_order_relaxed);
		atomic_fetch_add_explicit(&s->frames_read, (uint64_t)n, memory_order_relaxed);
		monitor_input(w->monitor, (uint32_t)(s - w->slots));
		monitor_frames(w->monitor, frames, (size_t)n);
		all += (size_t)n;
	}
	return all;
}

/* Reads what the ring of an interface that has gone still has: RING_ROUNDS bounds it. */
static void slot_empty(struct worker *w, struct slot *s)
{
	for (unsigned round = 0; round < RING_ROUNDS && s->live; round++)
		if (slot_read(w, s) == 0)
			break;
}

static void slot_look(struct worker *w, struct slot *s, int64_t now_wall)
{
	enum live_link link = LIVE_GONE;
	slot_take(s);
	if (s->live) {
		slot_count(w, s, now_wall);
		link = live_link(s->live);
		if (link == LIVE_GONE)
			slot_empty(w, s);
		if (link == LIVE_GONE && s->live)
			slot_close(w, s, "");
	}
	slot_emit(w, s, link);
}

/* Advances the monitor's time on a quiet link, from the latest frame at the pace of the monotonic
 * clock. While frames arrive, their time stamps advance it. */
static void time_pass(struct worker *w, int64_t now)
{
	int64_t last = monitor_time(w->monitor), ts = last + (now - w->frame_clock) - capture_lag;
	if (w->frame_clock != 0 && ts > last)
		monitor_tick(w->monitor, ts);
}

/* Looks at some of the open connections, four times a second. On a quiet link their waits go on
 * with the monotonic clock. */
static void open_look(struct worker *w, int64_t now)
{
	int64_t quiet = w->frame_clock != 0 ? now - w->frame_clock : 0;
	if (w->open)
		monitor_open(w->monitor, monitor_time(w->monitor) + quiet, w->open);
}

static void alerting_take(struct worker *w)
{
	struct alerting *renewed = atomic_exchange(&w->renewed, NULL);
	if (!renewed)
		return;
	free(w->alerting);
	w->alerting = renewed;
}

static void look(struct worker *w, int64_t now)
{
	int64_t now_wall = clock_read(CLOCK_REALTIME);
	atomic_fetch_add(&w->beats, 1);
	alerting_take(w);
	for (unsigned i = 0; i < w->n; i++)
		slot_look(w, &w->slots[i], now_wall);
	open_look(w, now);
	w->looked = now;
	w->looked_wall = now_wall;
	if (now - w->stats_sent >= stats_interval) {
		w->stats_sent = now;
		stats_send(w);
		if (w->open)
			message_put(w, WORKER_OPEN, w->open, open_sessions_size(w->open),
				    RING_SPARE);
	}
}

/* Returns the milliseconds until there is something to do without a frame. */
static int wait_of(const struct worker *w, int64_t now)
{
	int64_t left = w->looked + look_interval - now;
	if (w->frame_clock != 0 && now - w->frame_clock < quiet_after)
		return TICK_MS;
	return left > 0 ? (int)(left / 1000000) + 1 : 0;
}

/* Waits for a frame, worker_wake or the next thing to do. libpcap's own wait would not return
 * before a packet came. */
static void await(struct worker *w, int64_t now)
{
	for (unsigned i = 0; i < w->n; i++)
		w->fds[i].fd = w->slots[i].live ? live_descriptor(w->slots[i].live) : -1;
	if (poll(w->fds, w->n + 1, wait_of(w, now)) > 0 && w->fds[w->n].revents != 0) {
		uint64_t count;
		if (read(w->event, &count, sizeof count) > 0)
			w->looked = 0;
	}
}

/* One round of the loop. If a descriptor has an error, poll does not wait, and the next read by
 * libpcap clears the error. */
static void turn(struct worker *w)
{
	size_t got = 0;
	int64_t now;
	for (unsigned i = 0; i < w->n; i++)
		got += slot_read(w, &w->slots[i]);
	now = clock_read(CLOCK_MONOTONIC);
	if (got > 0)
		w->frame_clock = now;
	else
		time_pass(w, now);
	if (now - w->looked >= look_interval || w->looked == 0)
		look(w, now);
	if (w->wake_due)
		ring_wake(w->ring);
	w->wake_due = false;
	if (got == 0)
		await(w, now);
}

/* Reads what is ready. LAST_ROUNDS bounds the time on a busy link. */
static void ready_read(struct worker *w)
{
	size_t got = 1;
	for (unsigned round = 0; round < LAST_ROUNDS && got > 0; round++) {
		got = 0;
		for (unsigned i = 0; i < w->n; i++)
			got += slot_read(w, &w->slots[i]);
	}
}

static bool rest_unread(const struct worker *w)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->slots[i].live && live_unread(w->slots[i].live) > 0)
			return true;
	return false;
}

/* Reads the frames that came before the stop. The kernel hands out its latest block only when that
 * is full or its time is over: as long as frames were counted and not read, they are waited for. */
static void rest_read(struct worker *w)
{
	int64_t end = clock_ms() + LAST_MS, now_wall = clock_read(CLOCK_REALTIME);
	for (unsigned i = 0; i < w->n; i++)
		if (w->slots[i].live)
			slot_count(w, &w->slots[i], now_wall);
	w->looked_wall = now_wall;
	ready_read(w);
	while (rest_unread(w) && clock_ms() < end) {
		nanosleep(&(struct timespec){0, LAST_WAIT_MS * 1000000L}, NULL);
		ready_read(w);
	}
}

static void *run(void *arg)
{
	struct worker *w = arg;
	sandbox_count();
	w->looked_wall = clock_read(CLOCK_REALTIME);
	while (!atomic_load(&w->stop))
		turn(w);
	rest_read(w);
	look(w, clock_read(CLOCK_MONOTONIC));
	monitor_finish(w->monitor);
	stats_send(w);
	atomic_store(&w->done, true);
	ring_wake(w->ring);
	return NULL;
}

bool worker_alerting(struct worker *w, const struct alerting *alerting)
{
	struct alerting *copy = malloc(sizeof *copy);
	if (!copy)
		return false;
	*copy = *alerting;
	free(atomic_exchange(&w->renewed, copy));
	return true;
}

static bool frame_store_start(struct worker *w, const struct monitor_config *config, size_t memory)
{
	struct frame_store_config copy = {.memory = memory > FRAME_STORE_MIN ? memory
									     : FRAME_STORE_MIN,
					  .ports = config->any_port ? NULL : &w->ports,
					  .seed = {config->stream.seed[0], config->stream.seed[1]}};
	w->ports = config->ports;
	w->store = frame_store_new(&copy);
	return w->store;
}

struct worker *worker_new(const struct monitor_config *config, unsigned interfaces,
			  size_t store_memory, const struct alerting *alerting)
{
	struct worker *w = calloc(1, sizeof *w);
	struct monitor_config copy = *config;
	if (!w)
		return NULL;
	copy.session = on_session;
	copy.ended = on_ended;
	copy.arg = w;
	w->n = interfaces;
	w->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	w->ring = ring_new(RING_SIZE);
	w->slots = calloc(interfaces, sizeof *w->slots);
	w->fds = calloc(interfaces + 1, sizeof *w->fds);
	w->monitor = monitor_new(&copy);
	if (w->event < 0 || !w->ring || !w->slots || !w->fds || !w->monitor ||
	    (store_memory > 0 && !frame_store_start(w, config, store_memory)) ||
	    !worker_alerting(w, alerting)) {
		worker_free(w);
		return NULL;
	}
	alerting_take(w);
	for (unsigned i = 0; i < interfaces; i++) {
		w->slots[i].reported = LIVE_GONE;
		w->fds[i].events = POLLIN;
	}
	w->fds[interfaces] = (struct pollfd){.fd = w->event, .events = POLLIN};
	return w;
}

bool worker_watch_open(struct worker *w)
{
	w->open = calloc(1, sizeof *w->open);
	return w->open;
}

static void worker_wake(struct worker *w)
{
	uint64_t one = 1;
	ssize_t n = write(w->event, &one, sizeof one);
	(void)n;
}

void worker_give(struct worker *w, unsigned interface, struct live *live)
{
	live_close(atomic_exchange(&w->slots[interface].given, live));
	worker_wake(w);
}

bool worker_start(struct worker *w, unsigned number)
{
	char name[16];
	snprintf(name, sizeof name, "worker %u", number);
	w->started = pthread_create(&w->thread, NULL, run, w) == 0;
	if (w->started)
		pthread_setname_np(w->thread, name);
	return w->started;
}

struct ring *worker_ring(struct worker *w)
{
	return w->ring;
}

int64_t worker_last(const struct worker *w, unsigned interface)
{
	return atomic_load_explicit(&w->slots[interface].last, memory_order_relaxed);
}

uint64_t worker_frames_read(const struct worker *w, unsigned interface)
{
	return atomic_load_explicit(&w->slots[interface].frames_read, memory_order_relaxed);
}

uint64_t worker_frames_dropped(const struct worker *w, unsigned interface)
{
	return atomic_load_explicit(&w->slots[interface].frames_dropped, memory_order_relaxed);
}

uint64_t worker_beats(const struct worker *w)
{
	return atomic_load(&w->beats);
}

void worker_stop(struct worker *w)
{
	atomic_store(&w->stop, true);
	worker_wake(w);
}

bool worker_done(const struct worker *w)
{
	return !w->started || atomic_load(&w->done);
}

/* Ends the thread. Discards its messages, because it waits for room in the ring. */
static void thread_end(struct worker *w)
{
	uint32_t kind;
	worker_stop(w);
	while (!worker_done(w)) {
		while (ring_peek(w->ring, &kind))
			ring_release(w->ring);
		nanosleep(&(struct timespec){0, BUSY_WAIT_NS}, NULL);
	}
	pthread_join(w->thread, NULL);
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	if (w->started)
		thread_end(w);
	for (unsigned i = 0; w->slots && i < w->n; i++) {
		live_close(w->slots[i].live);
		live_close(atomic_load(&w->slots[i].given));
	}
	monitor_free(w->monitor);
	frame_store_free(w->store);
	free(w->alerting);
	free(atomic_load(&w->renewed));
	ring_free(w->ring);
	free(w->open);
	free(w->slots);
	free(w->fds);
	if (w->event >= 0)
		close(w->event);
	free(w);
}
