/* live.c - the main thread of a live run: delivers the workers' results to the outputs, and handles
 * signals. */
#include "app/live.h"

#include "app/live_parts.h"
#include "base/log.h"
#include "options/read.h"
#include "os/processors.h"
#include "os/sandbox.h"
#include "os/sandbox_unknown.h"
#include "os/service.h"
#include "sink/sink.h"
#include "stats/counters.h"
#include "transport/standard_error.h"
#include "tui/screen.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum {
	SINK_FDS = 64,   /* descriptors of outputs in one poll */
	MESSAGES = 4096, /* of one worker in a row, before other workers, signals and outputs are
			    due */
	TICK_MS = 250    /* milliseconds of a wait without an event */
};

static const int64_t second = FRAME_SECOND, losses_interval = 60 * FRAME_SECOND;

static int64_t clock_read(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return t.tv_sec * FRAME_SECOND + t.tv_nsec;
}

static struct monitor_stats stats_sum(const struct live_run *w)
{
	struct monitor_stats sum = {0};

	for (unsigned i = 0; i < w->n; i++)
		counters_add(&sum, &w->stats[i]);
	if (w->export != NULL) {
		sum.capture.pcaps_written += export_written(w->export);
		sum.capture.pcaps_lost += export_lost(w->export);
	}
	return sum;
}

static struct summary summary_of(const struct live_run *w, const struct monitor_stats *sum,
				 bool interim)
{
	struct summary s = {.core = sum,
			    .inputs = interfaces_names(w->interfaces),
			    .ports = w->o->ports,
			    .stopped = w->stopping,
			    .interim = interim,
			    .last = clock_read(CLOCK_REALTIME)};

	keys_count(&w->keys, &s);
	return s;
}

static void stats_emit(struct live_run *w, bool interim)
{
	struct monitor_stats sum = stats_sum(w);

	sinks_stats(w->sinks, summary_of(w, &sum, interim));
}

/* Prints new losses, once a minute at most. The statistics have the totals. */
static void losses_log(struct live_run *w, const struct monitor_stats *sum, int64_t now)
{
	uint64_t dropped = sum->capture.dropped - w->drops_logged,
		 lost = sum->capture.records_lost - w->lost_logged;
	uint64_t pcaps = sum->capture.pcaps_lost - w->pcaps_logged;

	if (now < w->losses_due || dropped + lost + pcaps == 0)
		return;
	if (dropped > 0)
		log_line("the kernel dropped %llu packets, because its buffer was full; --buffer "
			 "makes it larger, -j adds a worker",
			 (unsigned long long)dropped);
	if (lost > 0)
		log_line("%llu judged sessions were lost, because the outputs are too slow",
			 (unsigned long long)lost);
	if (pcaps > 0)
		log_line("of %llu alerts the packets were not kept", (unsigned long long)pcaps);
	w->pcaps_logged = sum->capture.pcaps_lost;
	w->drops_logged = sum->capture.dropped;
	w->lost_logged = sum->capture.records_lost;
	w->losses_due = now + losses_interval;
}

static void line_make(const struct live_run *w, const struct monitor_stats *sum, char *out,
		      size_t n)
{
	const struct totals *t = sinks_totals(w->sinks);

	snprintf(out, n,
		 "%llu packets, %llu dropped, %llu sessions, %llu alerts; %llu connections open; "
		 "watching %s",
		 (unsigned long long)sum->frames, (unsigned long long)sum->capture.dropped,
		 (unsigned long long)t->sessions, (unsigned long long)t->alerts,
		 (unsigned long long)sum->stream.conns_open, interfaces_names(w->interfaces));
}

/* Handles SIGUSR1. Only this line shows that one worker has more to do than the others. */
static void print_so_far(const struct live_run *w)
{
	struct monitor_stats sum = stats_sum(w);
	struct outbuf packets = {0};
	char line[512];

	line_make(w, &sum, line, sizeof(line));
	for (unsigned i = 0; i < w->n && w->n > 1; i++)
		outbuf_format(&packets, "%s%llu", i == 0 ? "; packets by worker: " : ", ",
			      (unsigned long long)w->stats[i].frames);
	log_line("so far %s%.*s", line, (int)packets.n, packets.n > 0 ? packets.p : "");
	outbuf_free(&packets);
	sandbox_report(true);
}

/* If memory is exhausted, a worker keeps the old rules. The rules decide which sessions come with
 * their frames, and which may use RING_SPARE. */
static void workers_alerting(struct live_run *w)
{
	for (unsigned i = 0; i < w->n; i++)
		if (!worker_alerting(w->workers[i], &w->alerting))
			log_line("no memory to tell a worker of changed severities");
}

/* Applies the options that may change in a running program. The options of the start stay
 * allocated, because outputs and interfaces borrow their strings. */
static void options_take(struct live_run *w, struct options *fresh)
{
	w->alerting = fresh->alerting;
	w->stats_interval = fresh->stats_interval;
	if (w->latest != NULL)
		options_free(w->latest);
	free(w->latest);
	w->latest = fresh;
}

/* Handles SIGHUP. If the configuration has errors, the present one stays. */
static void reload(struct live_run *w)
{
	struct options *fresh = calloc(1, sizeof(*fresh));

	service_reloading();
	if (fresh != NULL &&
	    options_reload(w->latest != NULL ? w->latest : w->o, fresh, stderr, NULL) == 0) {
		options_take(w, fresh);
		workers_alerting(w);
		log_line("configuration read again");
	} else if (fresh != NULL) {
		options_free(fresh);
		free(fresh);
		log_line("the configuration has mistakes; nothing is changed");
	}
	/* An output reports its failure itself. */
	sinks_reopen(w->sinks);
	service_ready("reloaded");
}

/* Handles SIGTERM and SIGINT. A second signal ends the program at once. */
static void stop_begin(struct live_run *w)
{
	sigset_t set;

	w->stopping = true;
	service_stopping();
	for (unsigned i = 0; i < w->n; i++)
		worker_stop(w->workers[i]);
	screen_guard(SIGTERM);
	screen_guard(SIGINT);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void signals_take(struct live_run *w)
{
	struct signalfd_siginfo info;

	while (!w->stopping && read(w->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			reload(w);
		else if (info.ssi_signo == SIGUSR1)
			print_so_far(w);
		else
			stop_begin(w);
	}
}

static void frames_take(struct live_run *w, const struct worker_frames *frames)
{
	w->frames = frames;
	correlator_session(w->correlator, worker_frames_record(frames));
	w->frames = NULL;
}

static void message_take(struct live_run *w, unsigned worker, uint32_t kind, const void *message)
{
	switch ((enum worker_message)kind) {
	case WORKER_ENDED:
		correlator_ended(w->correlator, message);
		break;
	case WORKER_RECORD:
		correlator_session(w->correlator, message);
		break;
	case WORKER_FRAMES:
		frames_take(w, message);
		break;
	case WORKER_STATS:
		w->stats[worker] = *(const struct monitor_stats *)message;
		break;
	case WORKER_LINK:
		interfaces_link(w->interfaces, message, clock_read(CLOCK_MONOTONIC));
		break;
	}
}

/* Returns true if there may be more messages. */
static bool ring_take(struct live_run *w, unsigned worker)
{
	struct ring *r = worker_ring(w->workers[worker]);
	const void *message;
	uint32_t kind;
	unsigned n = 0;

	ring_clear(r);
	while (n < MESSAGES && (message = ring_peek(r, &kind)) != NULL) {
		message_take(w, worker, kind, message);
		ring_release(r);
		n++;
	}
	return n == MESSAGES;
}

/* Returns true if a ring may have more messages. */
static bool rings_take(struct live_run *w)
{
	bool more = false;

	for (unsigned i = 0; i < w->n; i++)
		more |= ring_take(w, i);
	if (w->records)
		sinks_flush(w->sinks);
	w->records = false;
	return more;
}

/* Notifies systemd's watchdog if every worker's loop has run since the last time. */
static void watchdog_notify(struct live_run *w, int64_t now)
{
	bool well = true;

	if (w->watchdog == 0 || now < w->watchdog_due)
		return;
	for (unsigned i = 0; i < w->n; i++) {
		uint64_t beats = worker_beats(w->workers[i]);

		well &= beats != w->beats[i];
		w->beats[i] = beats;
	}
	if (well)
		service_alive();
	w->watchdog_due = now + w->watchdog;
}

static void second_tick(struct live_run *w, int64_t now)
{
	struct monitor_stats sum = stats_sum(w);
	char line[512];

	if (now < w->second_due)
		return;
	w->second_due = now + second;
	losses_log(w, &sum, now);
	sandbox_report(false);
	sinks_observe(w->sinks, summary_of(w, &sum, true));
	line_make(w, &sum, line, sizeof(line));
	service_status(line);
}

static void tick(struct live_run *w)
{
	int64_t now = clock_read(CLOCK_MONOTONIC);

	interfaces_tick(w->interfaces, now);
	sinks_tick(w->sinks, clock_read(CLOCK_REALTIME));
	second_tick(w, now);
	watchdog_notify(w, now);
	if (w->stats_interval > 0 && now - w->last_stats >= w->stats_interval) {
		w->last_stats = now;
		stats_emit(w, true);
		sinks_flush(w->sinks);
	}
}

/* The end of the view ends the run. */
static void view(struct live_run *w, bool keys)
{
	if (w->viewer == NULL || w->stopping)
		return;
	if (!(keys ? viewer_turn(w->viewer, 0) : viewer_look(w->viewer)))
		stop_begin(w);
}

/* Waits for an event, TICK_MS at most. fds has the signals first, then rings, outputs and the
 * keyboard. */
static void await(struct live_run *w, struct pollfd *fds, bool more)
{
	size_t n = 1 + w->n, sinks = sinks_poll(w->sinks, fds + n, SINK_FDS);
	struct pollfd *keys = &fds[n + sinks];

	*keys = (struct pollfd){.fd = w->viewer != NULL ? STDIN_FILENO : -1, .events = POLLIN};
	if (poll(fds, (nfds_t)(n + sinks + 1), more ? 0 : TICK_MS) < 0) {
		/* A signal has interrupted poll: the terminal may have a new size. */
		view(w, true);
		return;
	}
	view(w, keys->revents != 0);
	if (fds[0].revents != 0)
		signals_take(w);
	sinks_ready(w->sinks, fds + n, sinks);
}

static bool workers_done(const struct live_run *w)
{
	for (unsigned i = 0; i < w->n; i++)
		if (!worker_done(w->workers[i]))
			return false;
	return true;
}

/* A worker puts its last message into the ring before worker_done returns true. */
static void loop(struct live_run *w)
{
	struct pollfd *fds = calloc(1 + w->n + SINK_FDS + 1, sizeof(*fds));
	bool done = false, more = false;

	if (fds == NULL) {
		log_fail(&w->trouble, "no memory");
		return;
	}
	fds[0] = (struct pollfd){.fd = w->signals, .events = POLLIN};
	for (unsigned i = 0; i < w->n; i++)
		fds[1 + i] = (struct pollfd){.fd = ring_descriptor(worker_ring(w->workers[i])),
					     .events = POLLIN};
	while (!done) {
		await(w, fds, more);
		done = w->stopping && workers_done(w);
		do
			more = rings_take(w);
		while (done && more);
		tick(w);
		if (!w->stopping && w->viewer == NULL && !sinks_listening(w->sinks)) {
			log_fail(&w->trouble, "no output takes anything any more");
			stop_begin(w);
		}
	}
	free(fds);
}

static void run(struct live_run *w)
{
	char line[512];

	sandbox_count();
	w->started = w->last_stats = clock_read(CLOCK_MONOTONIC);
	w->watchdog = service_watchdog();
	snprintf(line, sizeof(line), "watching %s, ports %.99s, %u worker%s",
		 interfaces_names(w->interfaces), w->o->ports, w->n, w->n == 1 ? "" : "s");
	log_line("%s", line);
	service_ready(line);
	loop(w);
	stats_emit(w, false);
	sandbox_report(true);
}

enum exit_code live_run(const struct options *o)
{
	struct live_run w = {.o = o,
			     .alerting = o->alerting,
			     .stats_interval = o->stats_interval,
			     .n = processors_or(o->workers),
			     .signals = -1};

	if (live_run_start(&w))
		run(&w);
	live_run_end(&w);
	errorout_end();
	return w.usage ? EXIT_USAGE : w.trouble ? EXIT_TROUBLE : EXIT_DONE;
}
