/*
 * writer.h - writes the history of a run. A process of its own does it: the disk may wait, capture
 * does not. What the process cannot take in time is lost, counted and told.
 *
 * Calls: history_writer_open while the program has one thread; history_writer_record for each
 * session; live history_writer_tick once a second, and the poll functions; offline
 * history_writer_span for each capture; history_writer_close.
 */
#ifndef SMTPWATCH_HISTORY_STORE_WRITER_H
#define SMTPWATCH_HISTORY_STORE_WRITER_H

#include "base/error.h"
#include "history/attempt.h"
#include "policy/redact.h"
#include "transport/run_mode.h"

#include <poll.h>

struct history_writer_config {
	const char *path;    /* the folder; borrowed for the call */
	unsigned days;       /* that are kept */
	const char *gateway; /* borrowed for the writer's life */
	bool names;          /* addresses and Message-IDs are written in clear, as redact says */
	struct redaction redact; /* key: the site's, whatever the mode */
	struct run_mode mode;
};

struct history_writer;

/* Locks the folder, starts the process. Returns NULL with a sentence in why. */
struct history_writer *history_writer_open(const struct history_writer_config *config,
					   struct error *why);

/* record: not redacted. Never waits live. */
void history_writer_record(struct history_writer *w, const struct record *record);

/* Live. now: nanoseconds since the epoch; dropped: packets that the kernel has dropped so far. */
void history_writer_tick(struct history_writer *w, int64_t now, uint64_t dropped);

/* Offline: a capture was read. Times of its first and last frame, nanoseconds. dropped: as its
 * writer says. */
void history_writer_span(struct history_writer *w, int64_t start, int64_t end, uint64_t dropped);

/* As in struct sink_kind. */
size_t history_writer_poll(const struct history_writer *w, struct pollfd *p);
void history_writer_ready(struct history_writer *w, const struct pollfd *p);
void history_writer_flush(struct history_writer *w);
bool history_writer_alive(const struct history_writer *w);

/* Sessions handed over, those that are in files, those that are lost; recipients that are missing
 * because their message has more than are kept. */
struct history_writer_counts {
	uint64_t sessions, written, lost, omitted;
};
struct history_writer_counts history_writer_counts(const struct history_writer *w);

/* Lets the process finish, and frees w; NULL is allowed. Returns false if something is missing. */
bool history_writer_close(struct history_writer *w);

#endif
