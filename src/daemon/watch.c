/* watch.c - the main thread of a live run: it takes what the workers have judged to the outputs, and listens to signals. */
#include "daemon/watch.h"

#include "core/collate.h"
#include "daemon/errorout.h"
#include "daemon/export.h"
#include "daemon/interfaces.h"
#include "daemon/keys.h"
#include "daemon/opener.h"
#include "daemon/options_read.h"
#include "daemon/outputs.h"
#include "daemon/privilege.h"
#include "daemon/processors.h"
#include "daemon/sandbox.h"
#include "daemon/sandbox_unknown.h"
#include "daemon/service.h"
#include "daemon/viewer.h"
#include "daemon/worker.h"
#include "output/counters.h"
#include "output/screen.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum {
	SINK_FDS = 64,   /* of outputs, in one wait */
	MESSAGES = 4096, /* of one worker in a row, before the others, signals and outputs get their turn */
	TICK_MS = 250    /* a wait without an event */
};

static const int64_t second = FRAME_SECOND, losses_interval = 60 * FRAME_SECOND;

struct watch {
	const struct options *o;
	struct options *latest;   /* what was reloaded; NULL: nothing yet */
	struct alerting alerting; /* as of the latest reload */
	int64_t stats_interval;
	struct sinks *sinks;
	struct export *export;              /* NULL: packets are not written */
	const struct worker_frames *frames; /* those of the session that is being told; NULL: none came with it */
	char pcap[EXPORT_NAME];
	struct viewer *viewer; /* NULL: no --top */
	char names[256];       /* of the interfaces, for it */
	struct collate *collate;
	struct interfaces *interfaces;
	struct opener *opener;
	struct keys keys; /* none without --keylog */
	struct worker **workers;
	struct monitor_stats *stats; /* the latest of each worker */
	uint64_t *beats;
	unsigned n;
	int signals;
	int64_t started, told, stats_due, second_due, losses_due, watchdog, watchdog_due;
	uint64_t drops_told, lost_told, pcaps_told;
	int64_t last; /* the end of the latest session */
	bool records, stopping, usage, trouble;
};

static int64_t clock_read(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return t.tv_sec * FRAME_SECOND + t.tv_nsec;
}

/* Sets the flag that decides the exit code, and says why. */
static bool complain(bool *flag, const char *why)
{
	*flag = true;
	fprintf(stderr, "smtpwatch: %s\n", why);
	return false;
}

/* A second signal to end finds the default action: see stop_begin. */
static bool signals_catch(struct watch *w)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaction(SIGPIPE, &ignore, NULL);
	w->signals = sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC) : -1;
	return w->signals >= 0 || complain(&w->trouble, "cannot listen to signals");
}

/* The bounds are for all workers together. */
static struct monitor_config monitor_config_of(const struct watch *w)
{
	struct monitor_config config = w->o->monitor;
	unsigned share = config.stream.max_conns / w->n;

	config.opener = w->keys.opener;
	config.memory /= w->n;
	config.fragment_memory /= w->n;
	config.stream.max_conns = share > 0 ? share : 1;
	/* The flow table's key: secret, because whoever is captured chooses addresses and ports. No result depends on it. */
	if (getrandom(config.stream.seed, sizeof(config.stream.seed), GRND_NONBLOCK) < 0)
		memset(config.stream.seed, 0, sizeof(config.stream.seed));
	return config;
}

static void on_record(void *arg, const struct record *record)
{
	struct watch *w = arg;

	const char *name = interfaces_name(w->interfaces, record->conn->input);

	sinks_record(w->sinks, record, name);
	if (w->viewer != NULL)
		viewer_record(w->viewer, record, name, w->frames != NULL ? worker_frames_block(w->frames) : bytes_of(NULL, 0),
			      w->frames != NULL ? w->frames->omitted : 0);
	w->last = record->end;
	w->records = true;
}

/* Before the outputs are told of it. A disk that is slow fills the ring, and what finds no room there is counted. */
static void on_packets(void *arg, struct report *r)
{
	struct watch *w = arg;

	if (w->frames == NULL || !export_name(w->export, r, w->pcap))
		return;
	r->pcap_omitted = w->frames->omitted;
	if (export_save(w->export, w->pcap, worker_frames_block(w->frames), &r->pcap_omitted))
		r->pcap = w->pcap;
}

/* What each monitor takes at the start is little. */
static bool workers_make(struct watch *w)
{
	struct monitor_config config = monitor_config_of(w);
	size_t keep = w->export != NULL || w->viewer != NULL ? w->o->pcap_memory / w->n : 0;

	w->workers = calloc(w->n, sizeof(*w->workers));
	w->stats = calloc(w->n, sizeof(*w->stats));
	w->beats = calloc(w->n, sizeof(*w->beats));
	w->collate = collate_new(config.stream.seed, on_record, w);
	if (w->workers == NULL || w->stats == NULL || w->beats == NULL || w->collate == NULL)
		return complain(&w->trouble, "no memory for the workers");
	for (unsigned i = 0; i < w->n; i++) {
		w->workers[i] = worker_new(&config, (unsigned)w->o->interfaces.n, keep, &w->alerting);
		if (w->workers[i] == NULL)
			return complain(&w->trouble, i > 0 && config.engine != &stream_own
							     ? "this engine can serve one worker (-j 1)"
							     : "no memory for the connections that are to be watched; --memory, "
							       "--max-connections and --write-pcap-memory bound them");
	}
	return true;
}

/* They begin all at once, when the process is what it will be. */
static bool workers_start(struct watch *w)
{
	interfaces_give(w->interfaces, w->workers);
	for (unsigned i = 0; i < w->n; i++)
		if (!worker_start(w->workers[i], i))
			return complain(&w->trouble, "the system has no thread for a worker");
	return true;
}

/* Only the process that opens sockets again may still do so, if there has to be one: root that stays root needs none. */
static void opener_try(struct watch *w)
{
	char why[OPENER_WHY];

	if (!sandbox_built() || !privilege_net_raw() || (geteuid() == 0 && !privilege_held(w->o->user)))
		return;
	w->opener = opener_start(w->o->user, why);
	if (w->opener == NULL)
		fprintf(stderr, "smtpwatch: %s\n", why);
}

/* Nothing is parsed before this. */
static bool confine(struct watch *w)
{
	char why[PRIVILEGE_WHY + SANDBOX_WHY + EXPORT_WHY];
	bool stays_root = geteuid() == 0 && !privilege_held(w->o->user);
	int packet = -1;

	opener_try(w);
	if (!privilege_drop(w->o->user, PRIVILEGE_KEEP_NONE, why) ||
	    !sandbox_enter((stays_root ? SANDBOX_ROOT : SANDBOX_PROGRAM) | (w->viewer != NULL ? SANDBOX_TERMINAL : 0),
			   w->opener != NULL ? &packet : NULL, why))
		return complain(&w->usage, why);
	if (w->export != NULL && !export_check(w->export, why))
		return complain(&w->trouble, why);
	if (w->opener != NULL && (packet < 0 || !opener_serve(w->opener, packet)))
		fprintf(stderr, "smtpwatch: this kernel cannot let an interface be opened again that is removed and made anew\n");
	return true;
}

static bool outputs_start(struct watch *w)
{
	char why[EXPORT_WHY];

	w->sinks = outputs_open(w->o, &w->alerting, w->o->write_pcap != NULL ? on_packets : NULL, w);
	w->trouble = w->sinks == NULL;
	if (w->sinks == NULL || w->o->write_pcap == NULL)
		return w->sinks != NULL;
	w->export = export_open(w->o->write_pcap, w->o->user, why);
	return w->export != NULL || complain(&w->trouble, why);
}

/* Of a session whose packets came with it. */
static struct ladders *view_draw(void *arg, const struct board_session *s, exhibit_cleaner *clean, void *clean_arg,
				 struct ladder **out, char why[VIEWER_WHY])
{
	struct monitor_config config = monitor_config_of(arg);

	return viewer_draw_kept(&config, s, clean, clean_arg, out, why);
}

static bool view_save(void *arg, struct export *e, const struct board_session *s, const struct report *r, char why[VIEWER_WHY])
{
	(void)arg;
	return viewer_save_kept(e, s, r, why);
}

static bool view_start(struct watch *w)
{
	struct viewer_source source = {view_draw, view_save, w};
	char why[VIEWER_WHY];

	if (!w->o->top)
		return true;
	for (size_t i = 0, n = 0; i < w->o->interfaces.n && n < sizeof(w->names); i++)
		n += (size_t)snprintf(w->names + n, sizeof(w->names) - n, "%s%s", i > 0 ? ", " : "", w->o->interfaces.all[i]);
	w->viewer = viewer_new(w->o, &w->alerting, w->names, &source, why);
	return w->viewer != NULL || complain(&w->usage, why);
}

/* Outputs, interfaces and the pid file are opened with the rights that we were started with. */
static bool start(struct watch *w)
{
	char why[SERVICE_WHY], why_not[KEYLOG_WHY];

	/* Before there are processes and files, which would be root's. */
	if (privilege_held(w->o->user) && !privilege_user_known(w->o->user))
		return complain(&w->usage, "there is no user to become: neither the one of --user, nor smtpwatch or nobody");
	if (!view_start(w) || !outputs_start(w))
		return false;
	/* Behind the outputs, whose processes may wait to say something: that stops nobody else. */
	errorout_begin();
	if (!signals_catch(w))
		return false;
	w->interfaces = interfaces_open(w->o, w->n, &w->usage);
	if (w->interfaces == NULL) {
		w->trouble = true;
		return false;
	}
	if (w->o->pid_file != NULL && !service_pid_write(w->o->pid_file, why))
		return complain(&w->trouble, why);
	if (w->o->keylog != NULL && !keys_open(&w->keys, w->o->keylog, why_not))
		return complain(&w->trouble, why_not);
	return confine(w) && workers_make(w) && workers_start(w);
}

static struct monitor_stats stats_sum(const struct watch *w)
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

static struct summary summary_of(const struct watch *w, const struct monitor_stats *sum, bool interim)
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

static void stats_tell(struct watch *w, bool interim)
{
	struct monitor_stats sum = stats_sum(w);

	sinks_stats(w->sinks, summary_of(w, &sum, interim));
}

/* At most once a minute, and what is new since then: the numbers themselves are in the statistics. */
static void losses_tell(struct watch *w, const struct monitor_stats *sum, int64_t now)
{
	uint64_t drops = sum->capture.dropped - w->drops_told, lost = sum->capture.records_lost - w->lost_told;
	uint64_t pcaps = sum->capture.pcaps_lost - w->pcaps_told;

	if (now < w->losses_due || drops + lost + pcaps == 0)
		return;
	if (drops > 0)
		fprintf(stderr,
			"smtpwatch: the kernel dropped %llu packets, because its buffer was full; --buffer makes it larger, -j "
			"adds a worker\n",
			(unsigned long long)drops);
	if (lost > 0)
		fprintf(stderr, "smtpwatch: %llu judged sessions were lost, because the outputs are too slow\n",
			(unsigned long long)lost);
	if (pcaps > 0)
		fprintf(stderr, "smtpwatch: of %llu alerts the packets were not kept\n", (unsigned long long)pcaps);
	w->pcaps_told = sum->capture.pcaps_lost;
	w->drops_told = sum->capture.dropped;
	w->lost_told = sum->capture.records_lost;
	w->losses_due = now + losses_interval;
}

static void line_make(const struct watch *w, const struct monitor_stats *sum, char *out, size_t n)
{
	const struct totals *t = sinks_totals(w->sinks);

	snprintf(out, n, "%llu packets, %llu dropped, %llu sessions, %llu alerts; %llu connections open; watching %s",
		 (unsigned long long)sum->frames, (unsigned long long)sum->capture.dropped, (unsigned long long)t->sessions,
		 (unsigned long long)t->alerts, (unsigned long long)sum->stream.conns_open, interfaces_names(w->interfaces));
}

/* SIGUSR1. That one worker has more to do than the others cannot be seen anywhere else. */
static void say_so_far(const struct watch *w)
{
	struct monitor_stats sum = stats_sum(w);
	char line[512];

	line_make(w, &sum, line, sizeof(line));
	fprintf(stderr, "smtpwatch: so far %s", line);
	for (unsigned i = 0; i < w->n && w->n > 1; i++)
		fprintf(stderr, "%s%llu", i == 0 ? "; packets by worker: " : ", ", (unsigned long long)w->stats[i].frames);
	fputc('\n', stderr);
	sandbox_report(true);
}

/* For a worker without memory the old severities go on deciding of which sessions packets are written, and which find room in a full ring. */
static void workers_alerting(struct watch *w)
{
	for (unsigned i = 0; i < w->n; i++)
		if (!worker_alerting(w->workers[i], &w->alerting))
			fprintf(stderr, "smtpwatch: no memory to tell a worker of changed severities\n");
}

/* What can change while it runs. Strings of the options that we were started with stay: outputs and interfaces point to them. */
static void options_take(struct watch *w, struct options *fresh)
{
	w->alerting = fresh->alerting;
	w->stats_interval = fresh->stats_interval;
	if (w->latest != NULL)
		options_free(w->latest);
	free(w->latest);
	w->latest = fresh;
}

/* SIGHUP. A configuration with mistakes is told, and the one that is there stays. */
static void reload(struct watch *w)
{
	struct options *fresh = calloc(1, sizeof(*fresh));

	service_reloading();
	if (fresh != NULL && options_reload(w->latest != NULL ? w->latest : w->o, fresh, stderr, NULL) == 0) {
		options_take(w, fresh);
		workers_alerting(w);
		fprintf(stderr, "smtpwatch: configuration read again\n");
	} else if (fresh != NULL) {
		options_free(fresh);
		free(fresh);
		fprintf(stderr, "smtpwatch: the configuration has mistakes; nothing is changed\n");
	}
	/* Which output could not, it has said itself. */
	sinks_reopen(w->sinks);
	service_ready("reloaded");
}

/* SIGTERM, SIGINT. Another one will end us at once. */
static void stop_begin(struct watch *w)
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

static void signals_take(struct watch *w)
{
	struct signalfd_siginfo info;

	while (!w->stopping && read(w->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			reload(w);
		else if (info.ssi_signo == SIGUSR1)
			say_so_far(w);
		else
			stop_begin(w);
	}
}

static void frames_take(struct watch *w, const struct worker_frames *frames)
{
	w->frames = frames;
	collate_session(w->collate, worker_frames_record(frames));
	w->frames = NULL;
}

static void message_take(struct watch *w, unsigned worker, uint32_t kind, const void *message)
{
	switch ((enum worker_message)kind) {
	case WORKER_ENDED:
		collate_ended(w->collate, message);
		break;
	case WORKER_RECORD:
		collate_session(w->collate, message);
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

/* Whether there may be more. */
static bool ring_take(struct watch *w, unsigned worker)
{
	struct ring *r = worker_ring(w->workers[worker]);
	const void *message;
	uint32_t kind;
	unsigned n = 0;

	ring_awake(r);
	while (n < MESSAGES && (message = ring_peek(r, &kind)) != NULL) {
		message_take(w, worker, kind, message);
		ring_release(r);
		n++;
	}
	return n == MESSAGES;
}

/* Whether one had more than its turn allows. */
static bool rings_take(struct watch *w)
{
	bool more = false;

	for (unsigned i = 0; i < w->n; i++)
		more |= ring_take(w, i);
	if (w->records)
		sinks_flush(w->sinks);
	w->records = false;
	return more;
}

/* systemd hears from us as long as every worker goes round. */
static void watchdog_feed(struct watch *w, int64_t now)
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

static void second_tick(struct watch *w, int64_t now)
{
	struct monitor_stats sum = stats_sum(w);
	char line[512];

	if (now < w->second_due)
		return;
	w->second_due = now + second;
	losses_tell(w, &sum, now);
	sandbox_report(false);
	sinks_observe(w->sinks, summary_of(w, &sum, true));
	line_make(w, &sum, line, sizeof(line));
	service_status(line);
}

static void tick(struct watch *w)
{
	int64_t now = clock_read(CLOCK_MONOTONIC);

	interfaces_tick(w->interfaces, now);
	sinks_tick(w->sinks, clock_read(CLOCK_REALTIME));
	second_tick(w, now);
	watchdog_feed(w, now);
	if (w->stats_interval > 0 && now - w->told >= w->stats_interval) {
		w->told = now;
		stats_tell(w, true);
		sinks_flush(w->sinks);
	}
}

/* Who ends the view ends the run. */
static void view(struct watch *w, bool keys)
{
	if (w->viewer == NULL || w->stopping)
		return;
	if (!(keys ? viewer_turn(w->viewer, 0) : viewer_look(w->viewer)))
		stop_begin(w);
}

/* Until something happens, or it is time to look at the clock. Signals stand first, then rings, then outputs, then the keyboard. */
static void await(struct watch *w, struct pollfd *fds, bool more)
{
	size_t n = 1 + w->n, sinks = sinks_watch(w->sinks, fds + n, SINK_FDS);
	struct pollfd *keys = &fds[n + sinks];

	*keys = (struct pollfd){.fd = w->viewer != NULL ? STDIN_FILENO : -1, .events = POLLIN};
	if (poll(fds, (nfds_t)(n + sinks + 1), more ? 0 : TICK_MS) < 0) {
		/* The terminal has another size, perhaps. */
		view(w, true);
		return;
	}
	view(w, keys->revents != 0);
	if (fds[0].revents != 0)
		signals_take(w);
	sinks_ready(w->sinks, fds + n, sinks);
}

static bool workers_done(const struct watch *w)
{
	for (unsigned i = 0; i < w->n; i++)
		if (!worker_done(w->workers[i]))
			return false;
	return true;
}

/* What a worker says last is in its ring before it is done. */
static void loop(struct watch *w)
{
	struct pollfd *fds = calloc(1 + w->n + SINK_FDS + 1, sizeof(*fds));
	bool done = false, more = false;

	if (fds == NULL) {
		complain(&w->trouble, "no memory");
		return;
	}
	fds[0] = (struct pollfd){.fd = w->signals, .events = POLLIN};
	for (unsigned i = 0; i < w->n; i++)
		fds[1 + i] = (struct pollfd){.fd = ring_descriptor(worker_ring(w->workers[i])), .events = POLLIN};
	while (!done) {
		await(w, fds, more);
		done = w->stopping && workers_done(w);
		do
			more = rings_take(w);
		while (done && more);
		tick(w);
		if (!w->stopping && w->viewer == NULL && !sinks_listening(w->sinks)) {
			complain(&w->trouble, "no output takes anything any more");
			stop_begin(w);
		}
	}
	free(fds);
}

static void run(struct watch *w)
{
	char line[512];

	sandbox_count();
	w->started = w->told = clock_read(CLOCK_MONOTONIC);
	w->watchdog = service_watchdog();
	snprintf(line, sizeof(line), "watching %s, ports %.99s, %u worker%s", interfaces_names(w->interfaces), w->o->ports, w->n,
		 w->n == 1 ? "" : "s");
	fprintf(stderr, "smtpwatch: %s\n", line);
	service_ready(line);
	loop(w);
	stats_tell(w, false);
	sandbox_report(true);
}

static void end(struct watch *w)
{
	for (unsigned i = 0; w->workers != NULL && i < w->n; i++) {
		if (w->workers[i] != NULL)
			worker_stop(w->workers[i]);
		worker_free(w->workers[i]);
	}
	viewer_free(w->viewer);
	keys_close(&w->keys);
	interfaces_free(w->interfaces);
	collate_free(w->collate);
	if (w->sinks != NULL && !sinks_close(w->sinks))
		w->trouble = true;
	export_close(w->export);
	if (w->o->pid_file != NULL)
		service_pid_remove(w->o->pid_file);
	opener_free(w->opener);
	if (w->latest != NULL)
		options_free(w->latest);
	free(w->latest);
	free(w->workers);
	free(w->stats);
	free(w->beats);
	if (w->signals >= 0)
		close(w->signals);
}

enum exit_code watch_run(const struct options *o)
{
	struct watch w = {.o = o,
			  .alerting = o->alerting,
			  .stats_interval = o->stats_interval,
			  .n = processors_or(o->workers),
			  .signals = -1};

	if (start(&w))
		run(&w);
	end(&w);
	errorout_end();
	return w.usage ? EXIT_USAGE : w.trouble ? EXIT_TROUBLE : EXIT_DONE;
}
