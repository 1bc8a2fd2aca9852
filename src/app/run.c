/* run.c - opens and closes what every run has, and delivers the records. */
#include "app/run.h"

#include "base/log.h"
#include "decrypt/decryptor.h"
#include "os/privilege.h"
#include "os/sandbox.h"
#include "os/sandbox_unknown.h"
#include "text/timestamp.h"
#include "transport/safe_open.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* TLS sessions whose secrets are kept; 20 MiB at most. */
enum { KEY_SESSIONS = 1 << 16 };

/* Names all interfaces, or the first of many captures. */
static void inputs_name(const struct options *o, char *out, size_t size)
{
	const struct options_list *reads = &o->reads, *all = &o->interfaces;
	size_t n = 0;
	if (reads->n > 0)
		n = (size_t)snprintf(out, size, "%s",
				     strcmp(reads->all[0], "-") == 0 ? "standard input"
								     : reads->all[0]);
	if (reads->n > 1 && n < size)
		snprintf(out + n, size - n, " and %zu other file%s", reads->n - 1,
			 reads->n > 2 ? "s" : "");
	for (size_t i = 0; i < all->n && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s",
				      i == 0           ? ""
				      : i + 1 < all->n ? ", "
						       : " and ",
				      all->all[i]);
}

static bool output_add(struct run *r, const char *spec)
{
	struct error why = {0};
	return sinks_add(r->sinks, spec, &why) || log_fail(&r->trouble, "%s", why.text);
}

/* Tells people who sent the text of a terminal into a pipe or a file why it is none. */
static void json_mention(const struct run *r)
{
	struct stat st;
	if (!r->terminal && fstat(STDOUT_FILENO, &st) == 0 && !S_ISCHR(st.st_mode))
		log_line("standard output is no terminal and gets JSON: -o text writes text, "
			 "and -o json leaves this line out");
}

static struct run_mode run_mode(const struct run *r)
{
	const struct options *o = r->o;
	struct run_mode mode = {.live = r->live, .several = o->reads.n + o->interfaces.n > 1};
	mode.become = privilege_target(o->user, &mode.uid, &mode.gid);
	mode.caller = mode.become && privilege_is_caller(o->user);
	return mode;
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

void run_suppress(struct run *r, struct suppression *s)
{
	suppression_continue(s, r->suppression);
	r->suppression = s;
	sinks_suppress(r->sinks, s);
}

void run_expiries_log(struct run *r, int64_t now)
{
	const struct suppression_rule *rule;
	while ((rule = suppression_expired(r->suppression, now)))
		log_line("the suppression of line %u has expired, and held back %llu alert%s: "
			 "%.200s",
			 rule->line, (unsigned long long)rule->held, plural(rule->held),
			 rule->comment);
}

/* Without an output of the operator's, opens one, unless --explain or --top show the sessions.
 * Prints the errors of all outputs. */
static bool outputs_open(struct run *r)
{
	struct error why = {0};
	const struct options *o = r->o;
	struct sinks_config config = sinks_config_default(&r->alerting);
	config.redaction = o->redaction;
	config.metric_domains = o->metrics_domains;
	config.repeat = o->repeat;
	config.digest = o->digest;
	config.mode = run_mode(r);
	r->sinks = sinks_new(&config);
	if (!r->sinks)
		return log_fail(&r->trouble, "no memory for the outputs");
	run_suppress(r, o->suppression);
	if (o->outputs.n == 0 && !o->explain && !o->top) {
		output_add(r, r->terminal ? "text" : "json");
		json_mention(r);
	}
	for (size_t i = 0; i < o->outputs.n; i++)
		output_add(r, o->outputs.all[i]);
	if (!mail_history_open(&r->history, o, &config.mode, &why))
		log_fail(&r->trouble, "%s", why.text);
	return !r->trouble;
}

/* Returns the descriptor of a key log, or -1 after printing why. */
static int key_log_open(struct run *r)
{
	const char *path = r->o->keylog;
	struct stat st;
	/* A FIFO that is open for writing too never ends. */
	bool fifo = stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
	int fd = outpath_open(path, (fifo ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_CLOEXEC, 0,
			      geteuid());
	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		return fd;
	if (fd >= 0) {
		close(fd);
		errno = EISDIR;
	}
	log_fail(&r->trouble, "the key log %.200s cannot be read: %s", path, outpath_error(errno));
	return -1;
}

/* Offline without a key log the captures may still contain secrets. */
static bool keys_open(struct run *r)
{
	if (r->live && !r->o->keylog)
		return true;
	r->keylog = keylog_new(KEY_SESSIONS);
	r->decryptor = r->keylog ? decryptor_new(r->keylog, r->o->keylog != NULL) : NULL;
	r->config.decryptor = r->decryptor;
	if (!r->decryptor)
		return log_fail(&r->trouble, "%s", decryptor_lacking);
	int fd = r->o->keylog ? key_log_open(r) : -1;
	if (fd >= 0)
		keylog_read(r->keylog, fd);
	return !r->o->keylog || fd >= 0;
}

static bool packets_open(struct run *r)
{
	struct monitor_config *c = &r->config;
	struct error why;
	r->export = export_open(r->o->write_pcap, r->o->user, &why);
	if (!r->export)
		return log_fail(&r->trouble, "%s", why.text);
	if (!r->live)
		r->extract = extract_new(r->export, c->any_port ? NULL : &c->ports, c->stream.seed);
	return r->live || r->extract ||
	       log_fail(&r->trouble, "no memory for the packets of sessions");
}

bool run_open(struct run *r, const struct options *o, const struct viewer_source *source)
{
	struct error why;
	*r = (struct run){.o = o,
			  .live = o->interfaces.n > 0,
			  .alerting = o->alerting,
			  .config = o->monitor,
			  .terminal = isatty(STDOUT_FILENO)};
	/* No other port begins with TLS so often. */
	if (o->check_ports && !port_set_has(&o->monitor.ports, 465))
		monitor_config_port(&r->config, 465, PORT_TLS);
	inputs_name(o, r->names, sizeof r->names);
	if (o->local_time)
		stamp_local();
	/* The key of the flow table is secret, because an attacker can choose addresses and ports.
	 * No result depends on the key. */
	if (getrandom(r->config.stream.seed, sizeof r->config.stream.seed, GRND_NONBLOCK) < 0)
		memset(r->config.stream.seed, 0, sizeof r->config.stream.seed);
	if (o->top && !(r->viewer = viewer_new(o, r->names, source, &why)))
		return log_fail(&r->usage, "%s", why.text);
	if (!outputs_open(r) || (o->write_pcap && !packets_open(r)))
		return false;
	if (o->explain && !(r->query = query_new(o)))
		return log_fail(&r->trouble, "no memory for what is to be explained");
	return keys_open(r);
}

void run_status_open(struct run *r)
{
	struct run_mode mode = run_mode(r);
	r->status = live_status_open(r->o, &mode);
}

bool run_confine(struct run *r, int *packet)
{
	bool stays_root = r->live && geteuid() == 0 && !privilege_drop_due(r->o->user);
	unsigned role = (stays_root ? SANDBOX_ROOT : SANDBOX_PROGRAM) |
			(r->viewer ? SANDBOX_TERMINAL : 0);
	struct error why;
	if (!privilege_drop(r->o->user, PRIVILEGE_KEEP_NONE, &why) ||
	    !sandbox_enter(role, packet, &why))
		return log_fail(&r->usage, "%s", why.text);
	return !r->export || export_check(r->export, &why) || log_fail(&r->trouble, "%s", why.text);
}

/* Names the file with the packets of a session: the second pass will write it, or live this call,
 * before an output names it. If the disk is slow, the rings fill, and what finds no room is
 * counted. */
static void packets_name(struct run *r, struct report *report, struct session_frames frames,
			 char name[EXPORT_NAME])
{
	if (r->extract) {
		report->pcap = extract_note(r->extract, report);
	} else if (frames.block.n > 0 && export_name(r->export, report, name)) {
		report->pcap_omitted = frames.omitted;
		if (export_save(r->export, name, frames.block, &report->pcap_omitted))
			report->pcap = name;
	}
}

static void other_port_count(struct other_ports *o, uint16_t port)
{
	unsigned i = 0;
	while (i < o->n && o->all[i].port != port)
		i++;
	o->more |= i == RUN_OTHER_PORTS;
	if (i == RUN_OTHER_PORTS)
		return;
	o->all[i].port = port;
	o->all[i].sessions++;
	o->n += i == o->n;
}

/* Says on which ports beside those of --ports SMTP was seen, and how it is judged. */
static void other_ports_log(const struct run *r)
{
	const struct other_ports *o = &r->other_ports;
	struct outbuf seen = {0}, list = {0};
	for (unsigned i = 0; i < o->n; i++) {
		uint16_t port = o->all[i].port;
		outbuf_format(&seen, "%s%u (%llu session%s)", i > 0 ? ", " : "", port,
			      (unsigned long long)o->all[i].sessions, plural(o->all[i].sessions));
		outbuf_format(&list, ",%u%s", port,
			      port_set_has(&r->config.tls_ports, port) ? "/tls" : "");
	}
	if (o->n > 0 && !seen.failed && !list.failed)
		log_line("SMTP was also seen on port%s %.*s%s, and not judged; "
			 "-p %s%.*s judges it",
			 o->n == 1 ? "" : "s", (int)seen.n, seen.p, o->more ? " and others" : "",
			 r->o->ports, (int)list.n, list.p);
	else if (r->o->check_ports)
		log_line("no SMTP was seen on other ports than %s", r->o->ports);
	outbuf_free(&seen);
	outbuf_free(&list);
}

void run_deliver(struct run *r, const struct record *record, const char *input,
		 struct session_frames frames)
{
	uint16_t port = record->conn->port[SERVER];
	struct report *report;
	char name[EXPORT_NAME];
	if (r->o->check_ports && !port_set_has(&r->o->monitor.ports, port)) {
		other_port_count(&r->other_ports, port);
		return;
	}
	mail_history_record(r->history, record);
	report = sinks_report(r->sinks, record, input);
	if (r->export && report_stands_out(report))
		packets_name(r, report, frames, name);
	/* The default output writes only alerts. */
	if (r->progress.shown && r->terminal && (r->o->outputs.n > 0 || report->raised != 0))
		progress_hide(&r->progress);
	if (r->query)
		query_offer(r->query, record, report);
	if (r->viewer)
		viewer_record(r->viewer, record, report, frames);
	live_status_note(r->status, report);
	sinks_record(r->sinks, record, report);
}

struct summary run_summary(const struct run *r, const struct monitor_stats *core, int64_t last,
			   bool stopped)
{
	struct keylog_stats keys = {0};
	if (r->keylog)
		keylog_stats(r->keylog, &keys);
	return (struct summary){.core = core,
				.inputs = r->names,
				.ports = r->o->ports,
				.stopped = stopped,
				.keys = r->o->keylog || keys.secrets + keys.bad_lines > 0,
				.secrets = keys.secrets,
				.bad_key_lines = keys.bad_lines,
				.last = last};
}

const char *run_line(const struct run *r, const struct monitor_stats *core, char out[RUN_LINE])
{
	const struct totals *t = sinks_totals(r->sinks);
	char dropped[40] = "";
	if (r->live)
		snprintf(dropped, sizeof dropped, "%llu dropped, ",
			 (unsigned long long)core->capture.dropped);
	snprintf(out, RUN_LINE,
		 "%llu packet%s, %s%llu session%s, %llu alert%s; %llu connection%s open",
		 (unsigned long long)core->frames, plural(core->frames), dropped,
		 (unsigned long long)t->sessions, plural(t->sessions),
		 (unsigned long long)t->alerts, plural(t->alerts),
		 (unsigned long long)core->stream.conns_open, plural(core->stream.conns_open));
	return out;
}

/* Whether an alert has the severity of --fail-on or a higher one. */
static bool fails(const struct run *r)
{
	for (unsigned s = r->o->fail_on; s < SEVERITIES; s++)
		if (sinks_totals(r->sinks)->alert_severity[s] > 0)
			return true;
	return false;
}

/* Trouble takes precedence over alerts: what was not read may contain more alerts. */
enum exit_code run_close(struct run *r)
{
	bool alerts = !r->live && r->sinks && fails(r);
	if (r->sinks && !r->usage)
		other_ports_log(r);
	live_status_close(r->status);
	viewer_free(r->viewer);
	decryptor_free(r->decryptor);
	keylog_free(r->keylog);
	query_free(r->query);
	extract_free(r->extract);
	export_close(r->export);
	if (!mail_history_close(r->history))
		r->trouble = true;
	if (r->sinks && !sinks_close(r->sinks))
		r->trouble = true;
	sandbox_report(true);
	return r->usage ? EXIT_USAGE : r->trouble ? EXIT_TROUBLE : alerts ? EXIT_ALERTS : EXIT_DONE;
}
