/* worker.h - a thread that takes frames from interfaces, judges the sessions in them, and tells of
 * it through a ring. It shares nothing else. */
#ifndef SMTPWATCH_APP_WORKER_H
#define SMTPWATCH_APP_WORKER_H

#include "app/ring.h"
#include "capture/live.h"
#include "policy/session_report.h"
#include "smtpwatch/monitor.h"

/* What comes through the ring, and what it holds. */
enum worker_message {
	WORKER_ENDED,  /* struct server_event */
	WORKER_RECORD, /* struct record, packed; its conn->input is the interface's number */
	WORKER_FRAMES, /* struct worker_frames, and with it a record that is an alert */
	WORKER_STATS,  /* struct monitor_stats, once a second, and last of all */
	WORKER_LINK    /* struct worker_link */
};

/* The state of an interface has changed. With LIVE_GONE the worker has closed it, and waits to be
 * given another one. */
struct worker_link {
	uint32_t interface;
	enum live_link link;
	char reason[256]; /* with LIVE_GONE; may be empty */
};

/* A record and its packets are one message, so that neither comes without the other. */
struct worker_frames {
	_Alignas(16) size_t record_size; /* the record stands behind this struct, then the frames
					    (frame_store.h) */
	size_t frames_size;
	uint32_t omitted; /* packets that are not among them */
};

static inline const struct record *worker_frames_record(const struct worker_frames *f)
{
	return (const struct record *)(const void *)(f + 1);
}

static inline struct bytes worker_frames_block(const struct worker_frames *f)
{
	return bytes_of((const uint8_t *)(f + 1) + f->record_size, f->frames_size);
}

struct worker;

/*
 * config: ports, engine, limits; the callbacks are the worker's. interfaces: how many there are.
 * keep: bytes for the packets of connections, 0: none are kept. alerting is copied. NULL where
 * there is no memory, or the engine refuses.
 */
struct worker *worker_new(const struct monitor_config *config, unsigned interfaces,
			  size_t store_memory, const struct alerting *alerting);

/* What is an alert has changed; alerting is copied. False: no memory, it goes on as before. */
bool worker_alerting(struct worker *w, const struct alerting *alerting);

/* An interface that is open is given away; it may be done at any time after that worker's
 * LIVE_GONE, or before the start. */
void worker_give(struct worker *w, unsigned interface, struct live *live);

/* All signals must be blocked, so that they are in the thread. False: the system has no thread. */
bool worker_start(struct worker *w, unsigned number);

/* What it has to say. The ring belongs to the worker. */
struct ring *worker_ring(struct worker *w);

/* Grows as long as the worker is well. */
uint64_t worker_beats(const struct worker *w);

/*
 * Asks it to end: open sessions are told as unfinished, for which it waits until there is room in
 * the ring. worker_done says when all that it had to say is in the ring.
 */
void worker_stop(struct worker *w);
bool worker_done(const struct worker *w);

/* Joins the thread, if it was started: it must be done by then. */
void worker_free(struct worker *w);

#endif
