/* reader.c - two threads: one takes events as they come, the other looks for processes, which may
 * take its time. */
#include "keys/reader.h"

#include "base/log.h"
#include "keys/schedule.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* BATCH_MS: a handshake has several events, and each wake costs the server: after the first one the
 * reader waits so long. TICK_MS: between two looks at processes, and at the counters. TOLD:
 * seconds between two lines about losses. LATE: seconds after which a broker that does not answer
 * is told. */
enum { BATCH_MS = 1, TICK_MS = 1000, TOLD = 60, LATE = 10 };

struct reader {
	const struct reader_work *work;
	struct finder *finder;
	struct schedule *schedule;
	atomic_bool ended;         /* the broker */
	atomic_llong began;        /* seconds: when the pass of the finder began; 0: none runs */
	bool late;                 /* it was told that a pass takes long */
	uint64_t lost, lines_lost; /* as told last */
	int64_t told;
};

static int64_t seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static void event_take(void *arg, const struct keys_event *e)
{
	struct reader *r = arg;
	char line[SCHEDULE_ROOM];
	if (e->kind == KEYS_CONNECTS) {
		finder_connects(r->finder, e->pid);
		return;
	}
	size_t n = schedule_take(r->schedule, e, seconds(), line);
	if (n > 0)
		output_line(r->work->output, line, n);
	explicit_bzero(line, sizeof line);
}

/* Waits for the next look, or the end of the broker. */
static void socket_wait(struct reader *r)
{
	struct pollfd p = {r->work->fd, 0, 0};
	if (poll(&p, 1, TICK_MS) > 0 && p.revents & (POLLHUP | POLLERR))
		atomic_store(&r->ended, true);
}

static void *find(void *arg)
{
	struct reader *r = arg;
	int64_t report = r->work->report ? seconds() + r->work->report : INT64_MAX;
	bool ready = false;
	while (!atomic_load(&r->ended)) {
		atomic_store(&r->began, seconds());
		if (!finder_pass(r->finder, seconds()))
			atomic_store(&r->ended, true);
		atomic_store(&r->began, 0);
		if (seconds() >= report) {
			finder_report(r->finder, stdout);
			fflush(stdout);
			report = INT64_MAX;
		}
		if (!ready && report == INT64_MAX)
			finder_ready(r->finder);
		ready |= report == INT64_MAX;
		socket_wait(r);
	}
	return NULL;
}

static void losses_tell(struct reader *r, bool now)
{
	struct keys_counts c;
	probe_counts(r->work->probe, &c);
	uint64_t lost = c.lost + c.unplaced + c.unread, lines = r->work->output->lost;
	if ((lost == r->lost && lines == r->lines_lost) || (!now && seconds() < r->told + TOLD))
		return;
	if (lost != r->lost)
		log_line("%llu secrets were lost in the kernel: %llu for want of room in the ring, "
			 "%llu in the table of calls, %llu could not be read",
			 (unsigned long long)lost, (unsigned long long)c.lost,
			 (unsigned long long)c.unplaced, (unsigned long long)c.unread);
	if (lines != r->lines_lost)
		log_line("%llu lines were lost: nobody reads the output",
			 (unsigned long long)lines);
	r->lost = lost;
	r->lines_lost = lines;
	r->told = seconds();
}

static void tick(struct reader *r)
{
	long long began = atomic_load(&r->began);
	schedule_tick(r->schedule, seconds());
	losses_tell(r, false);
	if (!r->late && began && seconds() - began > LATE) {
		r->late = true;
		log_line("looking at processes takes longer than %d s: a process may be stuck in "
			 "the kernel; what is attached is read meanwhile",
			 LATE);
	}
}

static int work(struct reader *r)
{
	struct error why = {0};
	int64_t ticked = 0;
	while (!atomic_load(&r->ended)) {
		bool full = r->work->output->n > 0;
		struct pollfd p[] = {{probe_ring_fd(r->work->probe), POLLIN, 0},
				     {full ? r->work->output->fd : -1, POLLOUT, 0}};
		if (poll(p, 2, TICK_MS / 4) < 0 && errno != EINTR)
			return 3;
		if (p[0].revents)
			poll(NULL, 0, BATCH_MS);
		probe_ring_take(r->work->probe, event_take, r);
		if (!output_flush(r->work->output, &why)) {
			log_line("%s", why.text);
			return 3;
		}
		if (seconds() != ticked)
			tick(r);
		ticked = seconds();
	}
	return 0;
}

static void summary(struct reader *r)
{
	const struct schedule_counts *c = schedule_counts(r->schedule);
	log_line("%llu lines of %llu sessions; %llu secrets of sessions that had begun before",
		 (unsigned long long)c->lines, (unsigned long long)c->sessions,
		 (unsigned long long)c->unknown);
	losses_tell(r, true);
}

int reader_run(const struct reader_work *w)
{
	struct reader r = {.work = w};
	struct error why = {0};
	pthread_t finder;
	int code = 3;
	r.finder = finder_new(w->wishes, w->fd);
	r.schedule = schedule_new();
	if (!r.finder || !r.schedule) {
		log_line("no memory for what is read");
	} else if (pthread_create(&finder, NULL, find, &r) != 0) {
		log_line("no thread can be made");
	} else {
		code = work(&r);
		atomic_store(&r.ended, true);
		pthread_join(finder, NULL);
		probe_ring_take(w->probe, event_take, &r);
		output_flush(w->output, &why);
	}
	output_close(w->output);
	if (r.schedule)
		summary(&r);
	schedule_free(r.schedule);
	finder_free(r.finder);
	return code;
}
