/* offline.c - reads capture files one after the other, and a second time for ladders and packets.
 */
#include "app/offline.h"

#include "app/keys.h"
#include "app/outputs.h"
#include "app/shards.h"
#include "base/log.h"
#include "capture/source.h"
#include "os/privilege.h"
#include "os/processors.h"
#include "os/sandbox.h"
#include "os/sandbox_unknown.h"
#include "replay/ladder_pass.h"
#include "replay/pcap_extract.h"
#include "replay/query.h"
#include "replay/reread.h"
#include "tui/progress.h"
#include "tui/screen.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Frames in one call: enough for the core to overlap its look-ups, few enough to stay in the cache.
 */
enum { FRAMES = 64 };

struct input {
	const char *path;
	struct source *source; /* NULL: not open */
	struct source *again;  /* for the second pass; NULL: not open */
	uint64_t frames;       /* frames read in the first pass */
	bool bad;
};

struct offline {
	const struct options *o;
	struct sinks *sinks;
	struct shards *shards;
	struct keys keys;
	struct input *inputs;
	struct export *export; /* export and extract: NULL: packets are not written */
	struct extract *extract;
	struct query *query; /* query: NULL: nothing is explained. ladders: NULL: none are drawn */
	struct ladders *ladders;
	struct progress progress;
	struct viewer *viewer; /* NULL: no --top */
	struct reread reread;
	char names[512]; /* of the inputs, for people */
	struct monitor_config config;
	const char *current; /* the input that frames came from last */
	bool usage, trouble;
	bool terminal; /* standard output is a terminal */
	bool drawing;  /* an output shows ladders, which need a second pass */
};

/* State of the signal handlers. A second signal has its default action and ends the program. */
static volatile sig_atomic_t stopping, asked;
static struct source *volatile reading;

static void stop(int signal)
{
	stopping = 1;
	screen_guard(signal);
	if (reading != NULL)
		source_stop(reading);
}

static void ask(int signal)
{
	(void)signal;
	asked = 1;
}

static void signals_catch(void)
{
	/* Without SA_RESTART a wait on a pipe ends at once. Statistics can wait for the next
	 * frames. */
	struct sigaction stopper = {.sa_handler = stop, .sa_flags = SA_RESETHAND},
			 asker = {.sa_handler = ask, .sa_flags = SA_RESTART};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGINT, &stopper, NULL);
	sigaction(SIGTERM, &stopper, NULL);
	sigaction(SIGUSR1, &asker, NULL);
	/* A closed pipe is an error of write(2), and does not end the program. */
	sigaction(SIGPIPE, &ignore, NULL);
}

/* Opens an input. Returns false after printing why. If f->usage is set, no input can be opened. */
static bool input_open(struct offline *f, struct input *in)
{
	struct error why = {0};

	if (in->source != NULL)
		return true;
	if (in->bad)
		return false;
	in->source = source_open(in->path, f->o->filter, &why, &f->usage);
	in->bad = in->source == NULL;
	if (in->bad && !stopping)
		log_fail(f->usage ? &f->usage : &f->trouble, "%s", why.text);
	return !in->bad;
}

/* Whether the options need a second pass. */
static bool needs_second_pass(const struct options *o)
{
	return o->write_pcap != NULL || o->explain != NULL;
}

/* Whether an output shows ladders, and all captures are files that can be read twice. */
static bool drawing(const struct offline *f)
{
	struct stat st;

	for (size_t i = 0; i < f->o->reads.n; i++)
		if (stat(f->inputs[i].path, &st) != 0 || !S_ISREG(st.st_mode))
			return false;
	return sinks_show_worst(f->sinks);
}

/* Checks that inputs can be read twice, if the options need a second pass. */
static bool inputs_check(struct offline *f)
{
	struct stat st;

	for (size_t i = 0; needs_second_pass(f->o) && i < f->o->reads.n; i++)
		if (stat(f->inputs[i].path, &st) == 0 && !S_ISREG(st.st_mode) &&
		    !S_ISDIR(st.st_mode))
			log_fail(&f->usage,
				 "%.200s is no file and cannot be read twice, as %s has to",
				 f->inputs[i].path,
				 f->o->write_pcap != NULL ? "--write-pcap" : "--explain");
	return !f->usage;
}

/* Opens an input for the second pass. */
static bool input_open_again(struct offline *f, struct input *in)
{
	struct error why = {0};
	bool usage;

	if (in->again == NULL)
		in->again = source_open(in->path, f->o->filter, &why, &usage);
	if (in->again == NULL)
		log_fail(&f->trouble, "%s", why.text);
	return in->again != NULL;
}

/* Raises the limit of open files, because all inputs may be open at once. */
static void descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Gives up privileges and restricts system calls, before the first byte is parsed. */
static bool confine(struct offline *f)
{
	struct error why;

	if (!privilege_drop(f->o->user, PRIVILEGE_KEEP_NONE, &why) ||
	    !sandbox_enter(SANDBOX_PROGRAM | (f->viewer != NULL ? SANDBOX_TERMINAL : 0), NULL,
			   &why))
		return log_fail(&f->usage, "%s", why.text);
	return f->export == NULL || export_check(f->export, &why) ||
	       log_fail(&f->trouble, "%s", why.text);
}

/* As root, opens all inputs before root is given up. Without root each file is opened when its turn
 * comes, which needs less memory. */
static bool root_leave(struct offline *f)
{
	if (privilege_drop_due(f->o->user)) {
		descriptors_raise();
		for (size_t i = 0; i < f->o->reads.n && !f->usage; i++)
			if (strcmp(f->inputs[i].path, "-") != 0 && input_open(f, &f->inputs[i]) &&
			    (needs_second_pass(f->o) || f->drawing))
				input_open_again(f, &f->inputs[i]);
		for (size_t i = 0; f->viewer != NULL && i < f->o->reads.n; i++)
			reread_hold(&f->reread, i);
	}
	return !f->usage && confine(f);
}

/* Whether an output may write to the terminal now. The default output writes only alerts. */
static bool will_print(const struct offline *f, const struct report *r)
{
	return f->o->outputs.n > 0 || r->raised != 0;
}

static void session_ended(void *arg, const struct record *record)
{
	struct offline *f = arg;
	const struct report *r =
		sinks_report(f->sinks, record, f->inputs[record->conn->input].path);

	if (f->progress.shown && f->terminal && will_print(f, r))
		progress_hide(&f->progress);
	if (f->query != NULL)
		query_offer(f->query, record, r);
	if (f->viewer != NULL)
		viewer_record(f->viewer, record, r, bytes_of(NULL, 0), 0);
	sinks_record(f->sinks, record, r);
}

/* Names the file that the second pass will write for the session. */
static void session_stands_out(void *arg, struct report *r)
{
	struct offline *f = arg;

	r->pcap = extract_note(f->extract, r);
}

static bool monitor_start(struct offline *f)
{
	struct monitor_config *config = &f->config;

	*config = f->o->monitor;
	config->session = session_ended;
	config->arg = f;
	config->decryptor = f->keys.decryptor;
	/* The key of the flow table is secret, because an attacker can choose addresses and ports.
	 * No result depends on the key. */
	if (getrandom(config->stream.seed, sizeof(config->stream.seed), GRND_NONBLOCK) < 0)
		memset(config->stream.seed, 0, sizeof(config->stream.seed));
	f->shards = shards_new(config, shards_possible(config, processors_or(f->o->workers)));
	if (f->shards != NULL && f->export != NULL)
		f->extract = extract_new(f->export, config->any_port ? NULL : &config->ports,
					 config->stream.seed);
	if (f->shards != NULL && (f->export == NULL || f->extract != NULL))
		return true;
	log_fail(&f->trouble, "no memory for the connections that are to be watched; --memory and "
			      "--max-connections bound them");
	return false;
}

/* Prints the line that SIGUSR1 asks for. */
static void print_so_far(const struct offline *f)
{
	const struct totals *t = sinks_totals(f->sinks);
	struct monitor_stats core;

	asked = 0;
	shards_settle(f->shards);
	shards_stats(f->shards, &core);
	log_line(
		"so far %llu packets, %llu sessions, %llu alerts; %llu connections open; now in %s",
		(unsigned long long)core.frames, (unsigned long long)t->sessions,
		(unsigned long long)t->alerts, (unsigned long long)core.stream.conns_open,
		f->current);
	sandbox_report(true);
}

/* Returns the bytes of all inputs; 0: not known. */
static uint64_t inputs_size(const struct offline *f)
{
	uint64_t sum = 0;
	struct stat st;

	for (size_t i = 0; i < f->o->reads.n; i++) {
		if (stat(f->inputs[i].path, &st) != 0 || !S_ISREG(st.st_mode))
			return 0;
		sum += (uint64_t)st.st_size;
	}
	return sum;
}

/* Shows the progress in the view. The end of the view stops the reading. */
static void view_look(struct offline *f, const struct source *s)
{
	uint64_t size, done = source_progress(s, &size) + f->progress.before;
	char state[32];

	if (f->progress.total > 0) {
		snprintf(state, sizeof(state), "%s %.0f %%", f->progress.what,
			 100.0 * (double)done / (double)f->progress.total);
		viewer_state(f->viewer, state);
	}
	if (!viewer_look(f->viewer))
		stopping = 1;
}

static void progress_update(struct offline *f, const struct source *s)
{
	uint64_t size;

	progress_show(&f->progress, source_progress(s, &size));
	sandbox_report(false);
	if (f->viewer != NULL)
		view_look(f, s);
}

static void progress_input_done(struct offline *f, const struct source *s)
{
	uint64_t size, done = source_progress(s, &size);

	progress_hide(&f->progress);
	progress_next(&f->progress, size > 0 ? size : done);
}

/* Reads an input to its end, to a fault, or until a signal. Results of standard input are flushed
 * after each batch, as with a pipe the next batch may come late. */
static void input_read(struct offline *f, struct input *in)
{
	struct frame frames[FRAMES];
	struct error why;
	bool slow = strcmp(in->path, "-") == 0;
	int n = 0;

	f->current = in->path;
	reading = in->source;
	while (!stopping && (f->query != NULL || f->viewer != NULL || sinks_listening(f->sinks)) &&
	       (n = source_read(in->source, frames, FRAMES, &why)) > 0) {
		keys_add(&f->keys, source_secrets(in->source));
		shards_frames(f->shards, (uint32_t)(in - f->inputs), frames, (size_t)n);
		in->frames += (uint64_t)n;
		if (asked)
			print_so_far(f);
		if (slow) {
			shards_settle(f->shards);
			sinks_flush(f->sinks);
		}
		progress_update(f, in->source);
	}
	reading = NULL;
	progress_input_done(f, in->source);
	if (n < 0 && !stopping)
		log_fail(&f->trouble, "%s", why.text);
	source_close(in->source);
	in->source = NULL;
	in->bad = true;
}

static void inputs_name(const struct options *o, char *out, size_t n)
{
	const char *first = strcmp(o->reads.all[0], "-") == 0 ? "standard input" : o->reads.all[0];

	if (o->reads.n == 1)
		snprintf(out, n, "%s", first);
	else
		snprintf(out, n, "%s and %zu other file%s", first, o->reads.n - 1,
			 o->reads.n > 2 ? "s" : "");
}

/* Ends open sessions as unfinished, then delivers the statistics. */
static void finish(struct offline *f)
{
	struct monitor_stats core;

	shards_finish(f->shards);
	shards_stats(f->shards, &core);
	struct summary summary = {.core = &core,
				  .inputs = f->names,
				  .ports = f->o->ports,
				  .stopped = stopping != 0,
				  .last = shards_last(f->shards)};
	keys_count(&f->keys, &summary);
	sinks_stats(f->sinks, summary);
}

/* Whether a ladder or a pcap file needs the second pass. */
static bool again_wanted(const struct offline *f)
{
	return f->ladders != NULL || (f->extract != NULL && extract_wanted(f->extract));
}

static void again_frames(struct offline *f, const struct input *in, const struct frame *frames,
			 size_t n)
{
	if (f->extract != NULL)
		extract_frames(f->extract, (uint32_t)(in - f->inputs), frames, n);
	if (f->ladders != NULL)
		ladders_frames(f->ladders, (uint32_t)(in - f->inputs), frames, n);
}

static void again_skip(struct offline *f, uint64_t n)
{
	if (f->extract != NULL)
		extract_skip(f->extract, n);
	if (f->ladders != NULL)
		ladders_skip(f->ladders, n);
}

/* Reads as many frames of an input as the first pass did. Returns false if a signal has stopped the
 * pass. */
static bool input_again(struct offline *f, struct input *in)
{
	struct frame frames[FRAMES];
	struct error why;
	uint64_t left = in->frames;
	int n;

	if (left > 0 && input_open_again(f, in)) {
		reading = in->again;
		while (left > 0 &&
		       (n = source_read(in->again, frames, left < FRAMES ? (size_t)left : FRAMES,
					&why)) > 0) {
			again_frames(f, in, frames, (size_t)n);
			left -= (uint64_t)n;
			progress_update(f, in->again);
		}
		reading = NULL;
		progress_input_done(f, in->again);
		if (left > 0 && !stopping)
			log_fail(&f->trouble, "an input has become shorter since it was judged: "
					      "packets may be missing from what comes of it");
	}
	again_skip(f, left);
	source_close(in->again);
	in->again = NULL;
	return left == 0 || !stopping;
}

/* The second pass, after all sessions are delivered. A signal during the first pass does not stop
 * the second one; the next signal ends the program. Returns false if the pass was stopped. */
static bool inputs_again(struct offline *f)
{
	bool whole = true;

	progress_begin(&f->progress, "read again", inputs_size(f));
	for (size_t i = 0; i < f->o->reads.n && again_wanted(f) && whole; i++)
		whole = input_again(f, &f->inputs[i]);
	return whole;
}

/* A session_drawer. The first call makes f->ladders. */
static struct ladder *ladder_draw(void *arg, const struct conn *conn, session_cleaner *clean,
				  void *clean_arg)
{
	struct offline *f = arg;

	if (f->ladders == NULL)
		f->ladders = ladders_new(&f->config);
	return f->ladders != NULL ? ladders_want(f->ladders, conn, clean, clean_arg) : NULL;
}

/* Draws the ladders of the sessions to explain. */
static void query_ladders(struct offline *f)
{
	for (size_t i = 0; f->query != NULL && i < query_count(f->query); i++) {
		struct ladder *ladder = ladder_draw(f, query_conn(f->query, i), query_clean,
						    query_kept(f->query, i));

		if (!query_draw(f->query, i, ladder))
			log_fail(&f->trouble, "no memory for what is to be explained");
	}
}

static void afterwards(struct offline *f)
{
	struct error why;
	bool whole;

	query_ladders(f);
	if (f->drawing)
		sinks_draw(f->sinks, ladder_draw, f);
	whole = inputs_again(f);

	if (f->extract != NULL && !extract_finish(f->extract, whole))
		f->trouble = true;
	if (f->ladders != NULL)
		ladders_finish(f->ladders);
	sinks_worst(f->sinks);
	if (f->query != NULL && !query_print(f->query, &why))
		log_fail(query_count(f->query) == 0 ? &f->usage : &f->trouble, "%s", why.text);
}

/* All inputs are read; the view runs until its user ends it. */
static void view(struct offline *f)
{
	viewer_state(f->viewer, "all read");
	while (!stopping && viewer_turn(f->viewer, 10 * VIEWER_TURN_MS))
		;
}

static bool view_start(struct offline *f)
{
	struct viewer_source source = {reread_draw, reread_save, &f->reread};
	struct error why;

	if (!reread_init(&f->reread, f->o, &f->config))
		return false;
	for (size_t i = 0; i < f->o->reads.n; i++)
		f->reread.inputs[i].counted = &f->inputs[i].frames;
	f->viewer = viewer_new(f->o, f->names, &source, &why);
	return f->viewer != NULL || log_fail(&f->usage, "%s", why.text);
}

/* Whether an alert has the severity of --fail-on or a higher one. */
static bool failed(const struct offline *f)
{
	for (unsigned s = f->o->fail_on; s < SEVERITIES; s++)
		if (sinks_totals(f->sinks)->alert_severity[s] > 0)
			return true;
	return false;
}

static bool keys_start(struct offline *f)
{
	struct error why;

	return keys_open(&f->keys, f->o->keylog, &why) || log_fail(&f->trouble, "%s", why.text);
}

/* Opens outputs and the directory for packets with the initial privileges, then gives up
 * privileges. */
static bool start(struct offline *f)
{
	struct error why;

	inputs_name(f->o, f->names, sizeof(f->names));
	if (!inputs_check(f) || (f->o->top && !view_start(f)))
		return false;
	f->sinks = outputs_open(f->o, &f->o->alerting,
				f->o->write_pcap != NULL ? session_stands_out : NULL, f);
	if (f->sinks == NULL)
		f->trouble = true;
	if (f->sinks != NULL && f->o->write_pcap != NULL) {
		f->export = export_open(f->o->write_pcap, f->o->user, &why);
		if (f->export == NULL)
			log_fail(&f->trouble, "%s", why.text);
	}
	if (f->o->explain != NULL && (f->query = query_new(f->o)) == NULL)
		log_fail(&f->trouble, "no memory for what is to be explained");
	f->drawing = f->sinks != NULL && drawing(f);
	return !f->trouble && keys_start(f) && root_leave(f) && monitor_start(f);
}

static void run(struct offline *f)
{
	if (!start(f))
		return;
	sandbox_count();
	progress_begin(&f->progress, "read", inputs_size(f));
	for (size_t i = 0; i < f->o->reads.n && !f->usage && !stopping; i++)
		if (input_open(f, &f->inputs[i]))
			input_read(f, &f->inputs[i]);
	if (f->usage)
		return;
	finish(f);
	afterwards(f);
	if (f->viewer != NULL)
		view(f);
}

/* Trouble takes precedence over alerts: what was not read may contain more alerts. */
static enum exit_code end(struct offline *f)
{
	bool alerts = f->sinks != NULL && failed(f);

	viewer_free(f->viewer);
	reread_free(&f->reread);

	for (size_t i = 0; i < f->o->reads.n; i++) {
		source_close(f->inputs[i].source);
		source_close(f->inputs[i].again);
	}
	shards_free(f->shards);
	ladders_free(f->ladders);
	keys_close(&f->keys);
	query_free(f->query);
	extract_free(f->extract);
	export_close(f->export);
	if (f->sinks != NULL && !sinks_close(f->sinks))
		f->trouble = true;
	free(f->inputs);
	sandbox_report(true);
	return f->usage ? EXIT_USAGE : f->trouble ? EXIT_TROUBLE : alerts ? EXIT_ALERTS : EXIT_DONE;
}

enum exit_code offline_run(const struct options *o)
{
	struct offline f = {.o = o, .current = o->reads.all[0]};

	f.inputs = calloc(o->reads.n, sizeof(*f.inputs));
	if (f.inputs == NULL)
		return EXIT_TROUBLE;
	for (size_t i = 0; i < o->reads.n; i++)
		f.inputs[i].path = o->reads.all[i];
	f.terminal = isatty(STDOUT_FILENO);
	signals_catch();
	run(&f);
	return end(&f);
}
