/* live.c - the main thread of a run on the network: starts the workers, delivers their results, and
 * handles signals. */
#include "app/live.h"

#include "app/interfaces.h"
#include "app/losses.h"
#include "app/settings_log.h"
#include "app/worker.h"
#include "base/log.h"
#include "options/read.h"
#include "os/privilege.h"
#include "os/processors.h"
#include "os/sandbox.h"
#include "os/sandbox_unknown.h"
#include "os/service.h"
#include "os/socket_broker.h"
#include "smtpwatch/correlate.h"
#include "stats/counters.h"
#include "text/clock.h"
#include "text/timestamp.h"
#include "transport/standard_error.h"
#include "tui/screen.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	SINK_FDS = 64,   /* descriptors of outputs in one poll */
	MESSAGES = 4096, /* of one worker in a row, before other workers, signals and outputs are
			    due */
	TICK_MS = 250    /* milliseconds of a wait without an event, while an interface is absent or
			    somebody looks on */
};

static const int64_t second = FRAME_SECOND;

struct live_run {
	const struct options *o; /* borrowed: as at the start */
	struct options *latest;  /* owned: of the latest reload; NULL: none yet */
	int64_t stats_interval;  /* nanoseconds; of the latest reload */
	struct run run;
	struct correlator *correlator;
	struct interfaces *interfaces;
	struct socket_broker *broker; /* NULL: none */
	struct worker **workers;      /* n of each of the three */
	struct monitor_stats *stats;  /* the latest of each worker */
	uint64_t *beats;              /* worker_beats at the latest look of the watchdog */
	unsigned n;
	char user[64]; /* that the program runs as */
	int signals;   /* signalfd(2) */
	/* Monotonic, nanoseconds. watchdog: an interval. */
	int64_t last_stats, second_due, watchdog, watchdog_due;
	struct losses losses;
	int64_t started; /* nanoseconds since the epoch */
	struct watched watched[WATCHED_MAX];
	bool records;  /* sessions were delivered since the outputs were flushed */
	bool stopping; /* a signal or the view has ended the run */
};

static struct monitor_stats stats_sum(const struct live_run *w)
{
	struct monitor_stats sum = {0};
	for (unsigned i = 0; i < w->n; i++)
		counters_add(&sum, &w->stats[i]);
	if (w->run.export) {
		sum.capture.pcaps_written += export_written(w->run.export);
		sum.capture.pcaps_lost += export_lost(w->run.export);
	}
	return sum;
}

static struct summary summary_of(struct live_run *w, const struct monitor_stats *sum, bool interim)
{
	struct summary s = run_summary(&w->run, sum, clock_read(CLOCK_REALTIME), w->stopping);
	s.interim = interim;
	s.started = w->started;
	s.watched = w->watched;
	s.watched_n = interfaces_watched(w->interfaces, w->watched, WATCHED_MAX);
	return s;
}

static void stats_emit(struct live_run *w, bool interim)
{
	struct monitor_stats sum = stats_sum(w);
	sinks_stats(w->run.sinks, summary_of(w, &sum, interim));
}

/* Handles SIGUSR1. Only this line shows that one worker has more to do than the others. */
static void print_so_far(const struct live_run *w)
{
	struct monitor_stats sum = stats_sum(w);
	struct outbuf packets = {0};
	char line[RUN_LINE];
	for (unsigned i = 0; i < w->n && w->n > 1; i++)
		outbuf_format(&packets, "%s%llu", i == 0 ? "; packets by worker: " : ", ",
			      (unsigned long long)w->stats[i].frames);
	log_line("so far %s; watching %s%.*s", run_line(&w->run, &sum, line), w->run.names,
		 (int)packets.n, packets.n > 0 ? packets.p : "");
	outbuf_free(&packets);
	sandbox_report(true);
}

/* If memory is exhausted, a worker keeps the old rules. The rules decide which sessions come with
 * their frames, and which may use RING_SPARE. */
static void workers_alerting(struct live_run *w)
{
	for (unsigned i = 0; i < w->n; i++)
		if (!worker_alerting(w->workers[i], &w->run.alerting))
			log_line("no memory to tell a worker of changed severities");
}

/* Applies the options that may change in a running program. The options of the start stay
 * allocated, because outputs and interfaces borrow their strings. */
static void options_take(struct live_run *w, struct options *fresh)
{
	memcpy(fresh->alerting.gateway, w->run.alerting.gateway, sizeof w->run.alerting.gateway);
	w->run.alerting = fresh->alerting;
	w->stats_interval = fresh->stats_interval;
	run_suppress(&w->run, fresh->suppression);
	if (w->latest)
		options_free(w->latest);
	free(w->latest);
	w->latest = fresh;
}

/* Prints the lines of a text, which begin with the program's name. Frees the text. */
static void lines_log(char *text)
{
	static const char begin[] = "smtpwatch: ";
	for (char *at = text; at && *at != '\0';) {
		size_t n = strcspn(at, "\n"), skip = strncmp(at, begin, 11) == 0 ? 11 : 0;
		log_line("%.*s", (int)(n - skip), at + skip);
		at += n + (at[n] == '\n');
	}
	free(text);
}

/* Reads the options again. Returns false after printing why not. */
static bool options_again(struct live_run *w, struct options *fresh)
{
	char *said = NULL;
	size_t n = 0;
	FILE *errors = open_memstream(&said, &n);
	unsigned bad =
		options_reload(w->latest ? w->latest : w->o, fresh, errors ? errors : stderr, NULL);
	if (errors)
		fclose(errors);
	lines_log(said);
	return bad == 0;
}

/* Handles SIGHUP. If the configuration has errors, the present one stays. */
static void reload(struct live_run *w)
{
	struct options *fresh = calloc(1, sizeof *fresh);
	service_reloading();
	if (fresh && options_again(w, fresh)) {
		options_take(w, fresh);
		workers_alerting(w);
		log_line("configuration read again");
	} else if (fresh) {
		options_free(fresh);
		free(fresh);
		log_line("the configuration has mistakes; nothing is changed");
	}
	/* An output reports its failure itself. */
	sinks_reopen(w->run.sinks);
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
	while (!w->stopping && read(w->signals, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGHUP)
			reload(w);
		else if (info.ssi_signo == SIGUSR1)
			print_so_far(w);
		else
			stop_begin(w);
	}
}

static void session_take(struct live_run *w, const struct record *record,
			 struct session_frames frames)
{
	run_deliver(&w->run, correlator_session(w->correlator, record),
		    interfaces_name(w->interfaces, record->conn->input), frames);
	w->records = true;
}

static void frames_take(struct live_run *w, const struct worker_frames *f)
{
	session_take(w, worker_frames_record(f),
		     (struct session_frames){worker_frames_block(f), f->omitted});
}

static void message_take(struct live_run *w, unsigned worker, uint32_t kind, const void *message)
{
	switch ((enum worker_message)kind) {
	case WORKER_ENDED:
		correlator_ended(w->correlator, message);
		break;
	case WORKER_RECORD:
		session_take(w, message, (struct session_frames){0});
		break;
	case WORKER_FRAMES:
		frames_take(w, message);
		break;
	case WORKER_STATS:
		w->stats[worker] = *(const struct monitor_stats *)message;
		break;
	case WORKER_OPEN:
		viewer_open(w->run.viewer, worker, message);
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
	while (n < MESSAGES && (message = ring_peek(r, &kind))) {
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
	if (w->records) {
		sinks_flush(w->run.sinks);
		mail_history_flush(w->run.history);
	}
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

static void status_make(void *arg, struct outbuf *b)
{
	struct live_run *w = arg;
	struct monitor_stats sum = stats_sum(w);
	struct summary s = summary_of(w, &sum, true);
	sinks_summary(w->run.sinks, &s);
	live_status_put(w->run.status, &s, b);
}

static void second_tick(struct live_run *w, int64_t now)
{
	struct monitor_stats sum = stats_sum(w);
	char line[RUN_LINE], status[2 * RUN_LINE];
	if (now < w->second_due)
		return;
	w->second_due = now + second;
	losses_log(&w->losses, &sum.capture, now);
	sandbox_report(false);
	struct summary so_far = summary_of(w, &sum, true);
	sinks_summary(w->run.sinks, &so_far);
	sinks_observe(w->run.sinks, so_far);
	live_status_observe(w->run.status, &so_far);
	snprintf(status, sizeof status, "%s; watching %s", run_line(&w->run, &sum, line),
		 w->run.names);
	service_status(status);
	mail_history_tick(w->run.history, clock_read(CLOCK_REALTIME), sum.capture.dropped);
}

static void tick(struct live_run *w)
{
	int64_t now = clock_read(CLOCK_MONOTONIC);
	interfaces_tick(w->interfaces, now);
	sinks_tick(w->run.sinks, clock_read(CLOCK_REALTIME));
	run_expiries_log(&w->run, clock_read(CLOCK_REALTIME));
	second_tick(w, now);
	watchdog_notify(w, now);
	if (w->stats_interval > 0 && now - w->last_stats >= w->stats_interval) {
		w->last_stats = now;
		stats_emit(w, true);
		sinks_flush(w->run.sinks);
	}
}

/* The end of the view ends the run. */
static void view(struct live_run *w, bool keys)
{
	if (!w->run.viewer || w->stopping)
		return;
	if (!(keys ? viewer_turn(w->run.viewer, 0) : viewer_look(w->run.viewer)))
		stop_begin(w);
}

/* A process that has died cannot be started again from here: the program ends with exit status 3,
 * and whoever keeps it running starts all of them anew. */
static void helpers_check(struct live_run *w, bool broker_died)
{
	const char *dead = sinks_dead(w->run.sinks);
	if (!dead && !mail_history_alive(w->run.history))
		dead = "history";
	if (w->stopping || (!dead && !broker_died))
		return;
	if (broker_died)
		log_fail(&w->run.trouble,
			 "the process that opens interfaces again has died; ending, so that the "
			 "service is started anew");
	else
		log_fail(&w->run.trouble,
			 "the process of the output %s has died; ending, so that the service is "
			 "started anew",
			 dead);
	stop_begin(w);
}

/* Returns the milliseconds until there is something to do without an event. */
static int wait_of(const struct live_run *w)
{
	int64_t now = clock_read(CLOCK_MONOTONIC), due = w->second_due;
	if (w->watchdog != 0 && w->watchdog_due < due)
		due = w->watchdog_due;
	if (w->stats_interval > 0 && w->last_stats + w->stats_interval < due)
		due = w->last_stats + w->stats_interval;
	if (w->stopping || w->run.viewer || interfaces_absent(w->interfaces))
		return TICK_MS;
	return due > now ? (int)((due - now) / 1000000) + 1 : 0;
}

/* Waits for an event or the next thing to do. fds has the signals first, then rings, outputs,
 * keyboard, broker, history, status. */
static void await(struct live_run *w, struct pollfd *fds, bool more)
{
	size_t n = 1 + w->n, sinks = sinks_poll(w->run.sinks, fds + n, SINK_FDS);
	struct pollfd *keys = &fds[n + sinks], *broker = keys + 1, *history = broker + 1;
	struct pollfd *status = history + 1;
	struct status_server *server = live_status_server(w->run.status);
	size_t status_n = status_server_poll(server, status);
	*keys = (struct pollfd){.fd = w->run.viewer ? STDIN_FILENO : -1, .events = POLLIN};
	*broker = (struct pollfd){
		.fd = w->broker && !w->stopping ? socket_broker_descriptor(w->broker) : -1,
		.events = POLLIN};
	*history = mail_history_poll(w->run.history);
	if (poll(fds, (nfds_t)(n + sinks + 3 + status_n), more ? 0 : wait_of(w)) < 0) {
		/* A signal has interrupted poll: the terminal may have a new size. */
		view(w, true);
		return;
	}
	view(w, keys->revents != 0);
	if (fds[0].revents != 0)
		signals_take(w);
	sinks_ready(w->run.sinks, fds + n, sinks);
	status_server_ready(server, status, status_n, clock_ms(), status_make, w);
	mail_history_ready(w->run.history, history);
	helpers_check(w, broker->revents != 0);
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
	struct pollfd *fds = calloc(1 + w->n + SINK_FDS + 3 + STATUS_FDS, sizeof *fds);
	bool done = false, more = false;
	if (!fds) {
		log_fail(&w->run.trouble, "no memory");
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
		if (!w->stopping && !w->run.viewer && !sinks_listening(w->run.sinks)) {
			log_fail(&w->run.trouble, "no output takes anything any more");
			stop_begin(w);
		}
	}
	free(fds);
}

static void run(struct live_run *w)
{
	char line[2 * RUN_LINE];
	sandbox_count();
	w->last_stats = clock_read(CLOCK_MONOTONIC);
	w->watchdog = service_watchdog();
	snprintf(line, sizeof line, "watching %s, ports %.99s, %u worker%s", w->run.names,
		 w->o->ports, w->n, w->n == 1 ? "" : "s");
	log_line("%s", line);
	settings_log(&w->run, w->user);
	service_ready(line);
	loop(w);
	stats_emit(w, false);
}

/* stop_begin unblocks SIGTERM and SIGINT, so that a second one has its default action. */
static bool signals_catch(struct live_run *w)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaction(SIGPIPE, &ignore, NULL);
	/* A file at its limit of size is an output that takes no more. */
	sigaction(SIGXFSZ, &ignore, NULL);
	w->signals = sigprocmask(SIG_BLOCK, &set, NULL) == 0
			     ? signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)
			     : -1;
	return w->signals >= 0 || log_fail(&w->run.trouble, "cannot listen to signals");
}

/* Returns the configuration of one worker. The operator's bounds are for all workers together. */
static struct monitor_config worker_config(const struct live_run *w)
{
	struct monitor_config config = w->run.config;
	unsigned share = config.stream.max_conns / w->n;
	config.memory /= w->n;
	config.fragment_memory /= w->n;
	config.stream.max_conns = share > 0 ? share : 1;
	return config;
}

/* Makes the workers. A monitor allocates little at its start. */
static bool workers_make(struct live_run *w)
{
	struct monitor_config config = worker_config(w);
	size_t store_memory = w->run.export || w->run.viewer ? w->o->pcap_memory / w->n : 0;
	w->workers = calloc(w->n, sizeof *w->workers);
	w->stats = calloc(w->n, sizeof *w->stats);
	w->beats = calloc(w->n, sizeof *w->beats);
	w->correlator = correlator_new(config.stream.seed);
	if (!w->workers || !w->stats || !w->beats || !w->correlator)
		return log_fail(&w->run.trouble, "no memory for the workers");
	for (unsigned i = 0; i < w->n; i++) {
		w->workers[i] = worker_new(&config, (unsigned)w->o->interfaces.n, store_memory,
					   &w->run.alerting);
		if (!w->workers[i])
			return log_fail(&w->run.trouble,
					i > 0 && config.engine != &stream_native
						? "this engine can serve one worker (-j 1)"
						: "no memory for the connections that are to be "
						  "watched; --memory, --max-connections and "
						  "--write-pcap-memory bound them");
		if (w->run.viewer && !worker_watch_open(w->workers[i]))
			return log_fail(&w->run.trouble, "no memory for --top");
	}
	return true;
}

/* Starts all threads at once, after privileges are given up. */
static bool workers_start(struct live_run *w)
{
	interfaces_give(w->interfaces, w->workers);
	for (unsigned i = 0; i < w->n; i++)
		if (!worker_start(w->workers[i], i))
			return log_fail(&w->run.trouble, "the system has no thread for a worker");
	return true;
}

/* Starts the socket broker if the process may open packet sockets now and will not later. Root that
 * stays root needs no broker. */
static void broker_try(struct live_run *w)
{
	struct error why;
	if (!sandbox_built())
		log_line("this build does not restrict its system calls");
	if (!sandbox_built() || !privilege_net_raw() ||
	    (geteuid() == 0 && !privilege_drop_due(w->o->user)))
		return;
	w->broker = socket_broker_start(w->o->user, &why);
	if (!w->broker)
		log_line("%s", why.text);
}

static bool confine(struct live_run *w)
{
	int packet = -1;
	broker_try(w);
	if (!run_confine(&w->run, w->broker ? &packet : NULL))
		return false;
	if (w->broker && (packet < 0 || !socket_broker_serve(w->broker, packet)))
		log_line("this kernel cannot let an interface be opened again that is removed and "
			 "made anew");
	return true;
}

static struct ladders *view_draw(void *arg, struct stored_session *s, struct error *why)
{
	struct monitor_config config = worker_config(arg);
	return viewer_draw_stored(&config, s, why);
}

static bool view_save(void *arg, struct export *e, const struct stored_session *s,
		      char name[EXPORT_NAME], struct error *why)
{
	(void)arg;
	return viewer_save_stored(e, s, name, why);
}

/* Opens all that needs the initial privileges, gives them up, then starts the workers. Returns
 * false after printing why. */
static bool start(struct live_run *w)
{
	struct viewer_source source = {view_draw, view_save, w};
	struct error why;
	/* Checked before processes and files exist that would belong to root. */
	if (privilege_drop_due(w->o->user) && !privilege_user_known(w->o->user))
		return log_fail(&w->run.usage,
				"there is no user to become: neither the one of --user, "
				"nor smtpwatch or nobody");
	snprintf(w->user, sizeof w->user, "%s", privilege_name(w->o->user));
	if (!run_open(&w->run, w->o, &source))
		return false;
	/* After the outputs, whose helper processes may block on standard error without blocking
	 * the others. */
	errorout_begin();
	if (!signals_catch(w))
		return false;
	w->interfaces = interfaces_open(w->o, w->n, &w->run.usage);
	if (!w->interfaces) {
		w->run.trouble = true;
		return false;
	}
	if (w->o->pid_file && !service_pid_write(w->o->pid_file, &why))
		return log_fail(&w->run.trouble, "%s", why.text);
	run_status_open(&w->run);
	return confine(w) && workers_make(w) && workers_start(w);
}

/* Works after a failed start too. */
static enum exit_code end(struct live_run *w)
{
	enum exit_code code;
	for (unsigned i = 0; w->workers && i < w->n; i++)
		worker_free(w->workers[i]);
	interfaces_free(w->interfaces);
	correlator_free(w->correlator);
	code = run_close(&w->run);
	if (w->o->pid_file)
		service_pid_remove(w->o->pid_file);
	socket_broker_free(w->broker);
	if (w->latest)
		options_free(w->latest);
	free(w->latest);
	free(w->workers);
	free(w->stats);
	free(w->beats);
	if (w->signals >= 0)
		close(w->signals);
	return code;
}

static void stamp_now(char *out, size_t size)
{
	struct outbuf b = {0};
	struct stamp stamp = {0};
	stamp_plain(&stamp, &b, clock_read(CLOCK_REALTIME));
	snprintf(out, size, "%.*s", (int)b.n, b.p ? b.p : "");
	outbuf_free(&b);
}

enum exit_code live_run(const struct options *o)
{
	struct live_run w = {.o = o,
			     .run = {.o = o, .live = true},
			     .stats_interval = o->stats_interval,
			     .n = processors_or(o->workers),
			     .signals = -1,
			     .started = clock_read(CLOCK_REALTIME)};
	enum exit_code code;
	/* The journal has times of its own, and a terminal a reader. */
	if (!getenv("JOURNAL_STREAM") && !isatty(STDERR_FILENO))
		log_stamp(stamp_now);
	if (start(&w))
		run(&w);
	code = end(&w);
	errorout_end();
	return code;
}
