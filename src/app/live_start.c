/* live_start.c - the start of a live run, with the privileges that it needs, and its end. */
#include "app/live_parts.h"

#include "app/outputs.h"
#include "base/log.h"
#include "options/read.h"
#include "os/privilege.h"
#include "os/sandbox.h"
#include "os/service.h"
#include "os/socket_broker.h"
#include "transport/standard_error.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

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
	w->signals = sigprocmask(SIG_BLOCK, &set, NULL) == 0
			     ? signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)
			     : -1;
	return w->signals >= 0 || log_fail(&w->trouble, "cannot listen to signals");
}

/* Returns the configuration of one worker. The operator's bounds are for all workers together. */
static struct monitor_config monitor_config_of(const struct live_run *w)
{
	struct monitor_config config = w->o->monitor;
	unsigned share = config.stream.max_conns / w->n;

	config.decryptor = w->keys.decryptor;
	config.memory /= w->n;
	config.fragment_memory /= w->n;
	config.stream.max_conns = share > 0 ? share : 1;
	/* The key of the flow table is secret, because an attacker can choose addresses and ports.
	 * No result depends on the key. */
	if (getrandom(config.stream.seed, sizeof(config.stream.seed), GRND_NONBLOCK) < 0)
		memset(config.stream.seed, 0, sizeof(config.stream.seed));
	return config;
}

static void on_record(void *arg, const struct record *record)
{
	struct live_run *w = arg;

	const struct report *r =
		sinks_report(w->sinks, record, interfaces_name(w->interfaces, record->conn->input));

	sinks_record(w->sinks, record, r);
	if (w->viewer != NULL)
		viewer_record(w->viewer, record, r,
			      w->frames != NULL ? worker_frames_block(w->frames)
						: bytes_of(NULL, 0),
			      w->frames != NULL ? w->frames->omitted : 0);
	w->last = record->end;
	w->records = true;
}

/* Writes the frames of a session before the outputs get its report. If the disk is slow, the rings
 * fill, and what finds no room is counted. */
static void on_packets(void *arg, struct report *r)
{
	struct live_run *w = arg;

	if (w->frames == NULL || !export_name(w->export, r, w->pcap))
		return;
	r->pcap_omitted = w->frames->omitted;
	if (export_save(w->export, w->pcap, worker_frames_block(w->frames), &r->pcap_omitted))
		r->pcap = w->pcap;
}

/* Makes the workers. A monitor allocates little at its start. */
static bool workers_make(struct live_run *w)
{
	struct monitor_config config = monitor_config_of(w);
	size_t store_memory = w->export != NULL || w->viewer != NULL ? w->o->pcap_memory / w->n : 0;

	w->workers = calloc(w->n, sizeof(*w->workers));
	w->stats = calloc(w->n, sizeof(*w->stats));
	w->beats = calloc(w->n, sizeof(*w->beats));
	w->correlator = correlator_new(config.stream.seed, on_record, w);
	if (w->workers == NULL || w->stats == NULL || w->beats == NULL || w->correlator == NULL)
		return log_fail(&w->trouble, "no memory for the workers");
	for (unsigned i = 0; i < w->n; i++) {
		w->workers[i] = worker_new(&config, (unsigned)w->o->interfaces.n, store_memory,
					   &w->alerting);
		if (w->workers[i] == NULL)
			return log_fail(&w->trouble,
					i > 0 && config.engine != &stream_native
						? "this engine can serve one worker (-j 1)"
						: "no memory for the connections that are to be "
						  "watched; --memory, --max-connections and "
						  "--write-pcap-memory bound them");
	}
	return true;
}

/* Starts all threads at once, after privileges are given up. */
static bool workers_start(struct live_run *w)
{
	interfaces_give(w->interfaces, w->workers);
	for (unsigned i = 0; i < w->n; i++)
		if (!worker_start(w->workers[i], i))
			return log_fail(&w->trouble, "the system has no thread for a worker");
	return true;
}

/* Starts the socket broker if the process may open packet sockets now and will not later. Root that
 * stays root needs no broker. */
static void broker_try(struct live_run *w)
{
	struct error why;

	if (!sandbox_built() || !privilege_net_raw() ||
	    (geteuid() == 0 && !privilege_drop_due(w->o->user)))
		return;
	w->broker = socket_broker_start(w->o->user, &why);
	if (w->broker == NULL)
		log_line("%s", why.text);
}

/* Gives up privileges and restricts system calls, before the first byte is parsed. */
static bool confine(struct live_run *w)
{
	struct error why;
	bool stays_root = geteuid() == 0 && !privilege_drop_due(w->o->user);
	int packet = -1;

	broker_try(w);
	if (!privilege_drop(w->o->user, PRIVILEGE_KEEP_NONE, &why) ||
	    !sandbox_enter((stays_root ? SANDBOX_ROOT : SANDBOX_PROGRAM) |
				   (w->viewer != NULL ? SANDBOX_TERMINAL : 0),
			   w->broker != NULL ? &packet : NULL, &why))
		return log_fail(&w->usage, "%s", why.text);
	if (w->export != NULL && !export_check(w->export, &why))
		return log_fail(&w->trouble, "%s", why.text);
	if (w->broker != NULL && (packet < 0 || !socket_broker_serve(w->broker, packet)))
		log_line("this kernel cannot let an interface be opened again that is removed and "
			 "made anew");
	return true;
}

static bool outputs_start(struct live_run *w)
{
	struct error why;

	w->sinks =
		outputs_open(w->o, &w->alerting, w->o->write_pcap != NULL ? on_packets : NULL, w);
	w->trouble = w->sinks == NULL;
	if (w->sinks == NULL || w->o->write_pcap == NULL)
		return w->sinks != NULL;
	w->export = export_open(w->o->write_pcap, w->o->user, &why);
	return w->export != NULL || log_fail(&w->trouble, "%s", why.text);
}

/* Draws the ladder of a session from the frames that came with its record. */
static struct ladders *view_draw(void *arg, const struct recent_session *s, session_cleaner *clean,
				 void *clean_arg, struct ladder **out, struct error *why)
{
	struct monitor_config config = monitor_config_of(arg);

	return viewer_draw_stored(&config, s, clean, clean_arg, out, why);
}

static bool view_save(void *arg, struct export *e, const struct recent_session *s,
		      const struct report *r, struct error *why)
{
	(void)arg;
	return viewer_save_stored(e, s, r, why);
}

static bool view_start(struct live_run *w)
{
	struct viewer_source source = {view_draw, view_save, w};
	struct error why;

	if (!w->o->top)
		return true;
	for (size_t i = 0, n = 0; i < w->o->interfaces.n && n < sizeof(w->names); i++)
		n += (size_t)snprintf(w->names + n, sizeof(w->names) - n, "%s%s", i > 0 ? ", " : "",
				      w->o->interfaces.all[i]);
	w->viewer = viewer_new(w->o, w->names, &source, &why);
	return w->viewer != NULL || log_fail(&w->usage, "%s", why.text);
}

bool live_run_start(struct live_run *w)
{
	struct error why;

	/* Checked before processes and files exist that would belong to root. */
	if (privilege_drop_due(w->o->user) && !privilege_user_known(w->o->user))
		return log_fail(&w->usage, "there is no user to become: neither the one of --user, "
					   "nor smtpwatch or nobody");
	if (!view_start(w) || !outputs_start(w))
		return false;
	/* After the outputs, whose helper processes may block on standard error without blocking
	 * the others. */
	errorout_begin();
	if (!signals_catch(w))
		return false;
	w->interfaces = interfaces_open(w->o, w->n, &w->usage);
	if (w->interfaces == NULL) {
		w->trouble = true;
		return false;
	}
	if (w->o->pid_file != NULL && !service_pid_write(w->o->pid_file, &why))
		return log_fail(&w->trouble, "%s", why.text);
	if (w->o->keylog != NULL && !keys_open(&w->keys, w->o->keylog, &why))
		return log_fail(&w->trouble, "%s", why.text);
	return confine(w) && workers_make(w) && workers_start(w);
}

void live_run_end(struct live_run *w)
{
	for (unsigned i = 0; w->workers != NULL && i < w->n; i++) {
		if (w->workers[i] != NULL)
			worker_stop(w->workers[i]);
		worker_free(w->workers[i]);
	}
	viewer_free(w->viewer);
	keys_close(&w->keys);
	interfaces_free(w->interfaces);
	correlator_free(w->correlator);
	if (w->sinks != NULL && !sinks_close(w->sinks))
		w->trouble = true;
	export_close(w->export);
	if (w->o->pid_file != NULL)
		service_pid_remove(w->o->pid_file);
	socket_broker_free(w->broker);
	if (w->latest != NULL)
		options_free(w->latest);
	free(w->latest);
	free(w->workers);
	free(w->stats);
	free(w->beats);
	if (w->signals >= 0)
		close(w->signals);
}
