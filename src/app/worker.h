/* worker.h - a thread that reads frames from interfaces, judges the sessions, and writes the
 * results into a ring. */
#ifndef SMTPWATCH_APP_WORKER_H
#define SMTPWATCH_APP_WORKER_H

#include "app/ring.h"
#include "capture/live.h"
#include "policy/session_report.h"
#include "smtpwatch/monitor.h"

/* The kinds of messages in the ring, and the type of each. */
enum worker_message {
	WORKER_ENDED,  /* struct server_event */
	WORKER_RECORD, /* struct record, packed; conn->input is the interface's number */
	WORKER_FRAMES, /* struct worker_frames: a record that may be an alert, with its frames */
	WORKER_STATS,  /* struct monitor_stats, once a second and at the end */
	WORKER_OPEN,   /* struct open_sessions, once a second, after worker_watch_open */
	WORKER_LINK    /* struct worker_link */
};

/* The state of an interface has changed. With LIVE_GONE the worker has closed the interface and
 * waits for worker_give. */
struct worker_link {
	uint32_t interface; /* its number */
	enum live_link link;
	char reason[256]; /* with LIVE_GONE; may be empty */
};

/* A packed record and the frames of its session in one message, so that both arrive or neither. The
 * record follows this struct, and the frames follow the record, as frame_store_copy writes them. */
struct worker_frames {
	_Alignas(16) size_t record_size; /* bytes */
	size_t frames_size;              /* bytes */
	uint32_t omitted;                /* frames of the session that are not included */
};

/* Return the record and the frames of a message. Borrowed from the message. */
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
 * Makes a worker without starting its thread.
 * config: ports, engine and limits, copied; the worker sets the callbacks. interfaces: their
 * number. store_memory: bytes for the frames of connections; 0: no frames are kept. alerting is
 * copied. Returns NULL if memory or descriptors are exhausted, or if the engine refuses.
 * worker_free frees the worker.
 */
struct worker *worker_new(const struct monitor_config *config, unsigned interfaces,
			  size_t store_memory, const struct alerting *alerting);

/* Gives the worker new rules of what is an alert; copied. Returns false if memory is exhausted: the
 * worker then goes on with the old rules. */
bool worker_alerting(struct worker *w, const struct alerting *alerting);

/* Gives an open interface to the worker, which closes it. Call before worker_start, or after the
 * worker's LIVE_GONE for that interface. */
void worker_give(struct worker *w, unsigned interface, struct live *live);

/* Makes the worker send its open sessions. Call before worker_start. Returns false if memory is
 * exhausted: it then sends none. */
bool worker_watch_open(struct worker *w);

/* Starts the thread. number: for the thread's name. Call with the signals of the main thread
 * blocked: the thread inherits the mask. Returns false if the system has no thread left. */
bool worker_start(struct worker *w, unsigned number);

/* Returns the ring of the worker's messages. Borrowed until worker_free. */
struct ring *worker_ring(struct worker *w);

/* Returns the time of the latest frame of an interface, nanoseconds since the epoch; 0: none yet.
 */
int64_t worker_last(const struct worker *w, unsigned interface);

/* Return the frames that were read of an interface, and those of it that the kernel or the
 * interface dropped, as of the latest look, several times a second. */
uint64_t worker_frames_read(const struct worker *w, unsigned interface);
uint64_t worker_frames_dropped(const struct worker *w, unsigned interface);

/* Returns a counter that grows several times a second while the worker's loop runs. */
uint64_t worker_beats(const struct worker *w);

/*
 * worker_stop asks the worker to end. The worker ends its open sessions as unfinished, and waits
 * for room in the ring: go on reading.
 *
 * worker_done returns true when the last message is in the ring, or if the thread was never
 * started.
 */
void worker_stop(struct worker *w);
bool worker_done(const struct worker *w);

/* Frees the worker at any time. Stops its thread first, and waits for the end; messages that were
 * not read are lost. w may be NULL. */
void worker_free(struct worker *w);

#endif
