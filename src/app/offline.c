/* offline.c - reads capture files one after the other, and a second time for ladders and packets.
 */
#include "app/offline.h"

#include "app/run.h"
#include "app/shards.h"
#include "base/log.h"
#include "capture/source.h"
#include "decrypt/keylog.h"
#include "os/privilege.h"
#include "os/processors.h"
#include "os/sandbox_unknown.h"
#include "replay/reread.h"
#include "text/clock.h"
#include "tui/screen.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

/* Frames in one call: enough for the core to overlap its look-ups, few enough to stay in the cache.
 */
enum { FRAMES = 64 };

/* Without a frame the time of a followed capture goes on by so much at most: its writer may hold
 * frames back (tcpdump without -U). */
static const int64_t follow_lag = FRAME_SECOND, follow_most = 10 * FRAME_SECOND;

struct input {
	const char *path;
	struct source *source; /* NULL: not open */
	struct source *again;  /* for the second pass; NULL: not open */
	uint64_t frames;       /* frames read in the first pass */
	int64_t begin;         /* time of the first frame, for the order of several */
	int64_t first, last;   /* times of frames read, nanoseconds: what was watched */
	size_t given;          /* its place among the operator's inputs */
	bool bad;
};

struct offline {
	const struct options *o; /* points to `ordered` */
	struct options ordered;  /* as given, but for the order of the inputs */
	struct run run;
	struct shards *shards;
	struct input *inputs;
	struct takers takers; /* of the second pass */
	struct reread reread;
	const char *current;         /* the input that frames came from last */
	uint64_t size;               /* bytes of all inputs; 0: not known */
	bool files;                  /* all inputs are files, which can be read twice */
	bool drawing;                /* an output shows ladders, which need a second pass */
	bool overlap;                /* a warning about it was printed */
	int64_t latest;              /* time of the last frame that was read */
	int64_t last;                /* latest believed time of all inputs */
	struct input_follow follow;  /* of the last input, with --follow */
	bool following;              /* the last input is being read */
	uint64_t followed;           /* frames of it when it last had no more */
	int64_t quiet_since;         /* monotonic: since when that is so */
	int64_t open_due;            /* monotonic: when open sessions are shown next */
	bool broken;                 /* an input could not be read to its end */
	struct source_counts counts; /* of all inputs */
};

/* State of the signal handlers. A second signal has its default action and ends the program. */
static volatile sig_atomic_t stopping, asked;
static struct source *volatile reading;

static void stop(int signal)
{
	stopping = 1;
	screen_guard(signal);
	if (reading)
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
	/* A file at its limit of size is an output that takes no more. */
	sigaction(SIGXFSZ, &ignore, NULL);
}

/* Opens an input. Returns false after printing why. If run.usage is set, no input can be opened. */
static bool input_open(struct offline *f, struct input *in)
{
	struct error why = {0};
	if (in->source)
		return true;
	if (in->bad)
		return false;
	in->source = source_open_growing(in->path, f->o->filter, f->o->follow ? &f->follow : NULL,
					 &why, &f->run.usage);
	in->bad = !in->source;
	f->broken |= in->bad;
	if (in->bad && !stopping)
		log_fail(f->run.usage ? &f->run.usage : &f->run.trouble, "%s", why.text);
	return !in->bad;
}

/* Whether the options need a second pass. */
static bool needs_second_pass(const struct options *o)
{
	return o->write_pcap || o->explain;
}

/* Looks at the kinds and sizes of the inputs. Returns false after printing which of them cannot be
 * read twice, if the options need a second pass. */
static bool inputs_look(struct offline *f)
{
	f->files = true;
	for (size_t i = 0; i < f->o->reads.n; i++) {
		struct stat st = {0};
		bool there = stat(f->inputs[i].path, &st) == 0, file = S_ISREG(st.st_mode);
		if (needs_second_pass(f->o) && there && !file && !S_ISDIR(st.st_mode))
			log_fail(&f->run.usage,
				 "%.200s is no file and cannot be read twice, as %s has to",
				 f->inputs[i].path,
				 f->o->write_pcap ? "--write-pcap" : "--explain");
		f->files &= file;
		f->size = f->files ? f->size + (uint64_t)st.st_size : 0;
	}
	return !f->run.usage;
}

/* Sets the time of an input's first frame. An empty capture comes last: tcpdump may have made it
 * just now. One that cannot be read comes first. */
static void input_begin(struct input *in)
{
	struct error why;
	bool usage;
	struct source *s = in->source ? in->source : source_open(in->path, NULL, &why, &usage);
	in->begin = s ? INT64_MAX : INT64_MIN;
	if (s)
		source_begin(s, &in->begin);
	if (s != in->source)
		source_close(s);
}

static int by_begin(const void *a, const void *b)
{
	const struct input *x = a, *y = b;
	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return x->given < y->given ? -1 : x->given > y->given;
}

/* Puts several files in the order of their first frames. A pipe cannot be looked at before its
 * turn, and leaves all as they were given. */
static bool inputs_order(struct offline *f)
{
	size_t n = f->o->reads.n;
	struct reread_input *again = calloc(n, sizeof *again);
	if (!again)
		return log_fail(&f->run.trouble, "no memory for the list of captures");
	for (size_t i = 0; i < n && f->files && n > 1; i++)
		input_begin(&f->inputs[i]);
	qsort(f->inputs, n, sizeof *f->inputs, by_begin);
	for (size_t i = 0; i < n; i++) {
		again[i] = f->reread.inputs[f->inputs[i].given];
		again[i].counted = &f->inputs[i].frames;
		f->ordered.reads.all[i] = f->inputs[i].path;
	}
	free(f->reread.inputs);
	f->reread.inputs = again;
	return true;
}

/* Opens an input for the second pass. */
static bool input_open_again(struct offline *f, struct input *in)
{
	struct error why = {0};
	bool usage;
	if (!in->again)
		in->again = source_open(in->path, f->o->filter, &why, &usage);
	if (!in->again)
		log_fail(&f->run.trouble, "%s", why.text);
	return in->again;
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

/* As root, opens all inputs before root is given up. Without root each file is opened when its turn
 * comes, which needs less memory. */
static bool root_leave(struct offline *f)
{
	if (privilege_drop_due(f->o->user)) {
		descriptors_raise();
		for (size_t i = 0; i < f->o->reads.n && !f->run.usage; i++)
			if (strcmp(f->inputs[i].path, "-") != 0 && input_open(f, &f->inputs[i]) &&
			    (needs_second_pass(f->o) || f->drawing))
				input_open_again(f, &f->inputs[i]);
		for (size_t i = 0; f->run.viewer && i < f->o->reads.n; i++)
			reread_hold(&f->reread, i);
	}
	return !f->run.usage && run_confine(&f->run, NULL) && inputs_order(f);
}

static void on_session(void *arg, const struct record *record)
{
	struct offline *f = arg;
	run_deliver(&f->run, record, f->inputs[record->conn->input].path,
		    (struct session_frames){0});
}

static bool monitor_start(struct offline *f)
{
	struct monitor_config config = f->run.config;
	config.session = on_session;
	config.arg = f;
	/* Only one worker can go on without frames. */
	f->shards = shards_new(
		&config, f->o->follow ? 1 : shards_possible(&config, processors_or(f->o->workers)));
	return f->shards ||
	       log_fail(&f->run.trouble,
			"no memory for the connections that are to be watched; --memory and "
			"--max-connections bound them");
}

/* Prints the line that SIGUSR1 asks for. */
static void print_so_far(const struct offline *f)
{
	struct monitor_stats core;
	char line[RUN_LINE];
	asked = 0;
	shards_settle(f->shards);
	shards_stats(f->shards, &core);
	log_line("so far %s; now in %s", run_line(&f->run, &core, line), f->current);
	sandbox_report(true);
}

/* Shows the open sessions. All workers are waited for. Of a followed capture to which nothing is
 * added their waits go on. */
static void view_open(struct offline *f, int64_t now)
{
	bool quiet = f->following && f->inputs[f->o->reads.n - 1].frames == f->followed;
	int64_t at = f->latest + (quiet ? now - f->quiet_since : 0);
	const struct open_sessions *open;
	shards_settle(f->shards);
	for (unsigned i = 0; (open = shards_open(f->shards, i, at)); i++)
		viewer_open(f->run.viewer, i, open);
}

/* Shows the progress in the view. The end of the view stops the reading. */
static void view_look(struct offline *f, const struct source *s)
{
	uint64_t size, done = source_progress(s, &size) + f->run.progress.before;
	char state[32];
	if (f->run.progress.total > 0) {
		snprintf(state, sizeof state, "%s %.0f %%", f->run.progress.what,
			 100.0 * (double)done / (double)f->run.progress.total);
		viewer_state(f->run.viewer, state);
	}
	int64_t now = clock_read(CLOCK_MONOTONIC);
	if (now >= f->open_due && f->latest != INT64_MIN) {
		f->open_due = now + FRAME_SECOND;
		view_open(f, now);
	}
	if (!viewer_look(f->run.viewer))
		stopping = 1;
}

static void progress_update(struct offline *f, const struct source *s)
{
	uint64_t size;
	progress_show(&f->run.progress, source_progress(s, &size));
	sandbox_report(false);
	if (f->run.viewer)
		view_look(f, s);
}

/* Advances the time of a followed capture to which nothing was added, so that a session that has
 * ended is told. */
static void follow_tick(struct offline *f, const struct input *in)
{
	int64_t now = clock_read(CLOCK_MONOTONIC), quiet = now - f->quiet_since;
	if (in->frames != f->followed) {
		f->followed = in->frames;
		f->quiet_since = now;
	} else if (in->frames > 0 && quiet > follow_lag && quiet < follow_most) {
		shards_tick(f->shards, f->latest + quiet - follow_lag);
		sinks_flush(f->run.sinks);
	}
}

/* Called while the last input has no more bytes. Returns false if it is read no further. */
static bool follow_wait(void *arg)
{
	struct offline *f = arg;
	if (f->shards && f->following && reading) {
		if (asked)
			print_so_far(f);
		follow_tick(f, &f->inputs[f->o->reads.n - 1]);
		progress_update(f, reading);
	}
	return f->following && !stopping;
}

static void progress_input_done(struct offline *f, const struct source *s)
{
	uint64_t size, done = source_progress(s, &size);
	progress_hide(&f->run.progress);
	progress_next(&f->run.progress, size > 0 ? size : done);
}

static void counts_add(struct source_counts *sum, struct source_counts one)
{
	sum->filtered += one.filtered;
	sum->dropped += one.dropped;
	sum->dropped_by_interface += one.dropped_by_interface;
}

/* Warns once of inputs that overlap in time, if a session may be in both. */
static void overlap_check(struct offline *f, const struct input *in, const struct frame *first)
{
	struct monitor_stats core;
	if (in == f->inputs || in->frames > 0 || f->overlap || first->ts >= f->latest)
		return;
	shards_settle(f->shards);
	shards_stats(f->shards, &core);
	f->overlap = core.stream.conns_open > 0;
	if (f->overlap)
		log_line("%.200s begins before the capture before it ends: a session that is in "
			 "both may be judged wrongly; `mergecap -w all.pcap FILE ...` makes one of "
			 "them",
			 in->path);
}

/* The input that is read last need not be the one that ends last. */
static void last_note(struct offline *f)
{
	int64_t last = shards_last(f->shards);
	f->last = last > f->last ? last : f->last;
}

/* Reads an input to its end, to a fault, or until a signal. Results of an input that may wait are
 * flushed after each batch, as the next batch may come late. */
static void input_read(struct offline *f, struct input *in)
{
	struct frame frames[FRAMES];
	struct error why;
	bool slow = f->following || strcmp(in->path, "-") == 0;
	int n = 0;
	f->current = in->path;
	reading = in->source;
	while (!stopping && (f->run.query || f->run.viewer || sinks_listening(f->run.sinks)) &&
	       (n = source_read(in->source, frames, FRAMES, &why)) > 0) {
		keylog_add(f->run.keylog, source_secrets(in->source));
		overlap_check(f, in, frames);
		f->latest = frames[n - 1].ts > f->latest ? frames[n - 1].ts : f->latest;
		in->first = in->frames > 0 ? in->first : frames[0].ts;
		in->last = frames[n - 1].ts > in->last ? frames[n - 1].ts : in->last;
		shards_frames(f->shards, (uint32_t)(in - f->inputs), frames, (size_t)n);
		in->frames += (uint64_t)n;
		if (asked)
			print_so_far(f);
		if (slow) {
			shards_settle(f->shards);
			sinks_flush(f->run.sinks);
		}
		progress_update(f, in->source);
	}
	reading = NULL;
	last_note(f);
	progress_input_done(f, in->source);
	if (n < 0 && !stopping)
		log_fail(&f->run.trouble, "%s", why.text);
	f->broken |= n < 0;
	counts_add(&f->counts, source_counts(in->source));
	if (in->frames > 0)
		mail_history_span(f->run.history, in->first, in->last,
				  source_counts(in->source).dropped);
	source_close(in->source);
	in->source = NULL;
	in->bad = true;
}

/* Ends open sessions as unfinished, then delivers the statistics. */
static void finish(struct offline *f)
{
	struct monitor_stats core;
	shards_finish(f->shards);
	shards_stats(f->shards, &core);
	core.capture.dropped = f->counts.dropped;
	core.capture.dropped_by_interface = f->counts.dropped_by_interface;
	last_note(f);
	int64_t last = core.frames > 0 ? f->last : time(NULL) * FRAME_SECOND;
	struct summary summary = run_summary(&f->run, &core, last, stopping != 0);
	summary.filtered = f->counts.filtered;
	summary.broken = f->broken;
	sinks_stats(f->run.sinks, summary);
}

/* Whether a ladder or a pcap file needs the second pass. */
static bool again_wanted(const struct offline *f)
{
	return f->takers.ladders || (f->takers.extract && extract_wanted(f->takers.extract));
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
			takers_frames(&f->takers, (size_t)(in - f->inputs), frames, (size_t)n);
			left -= (uint64_t)n;
			progress_update(f, in->again);
		}
		reading = NULL;
		progress_input_done(f, in->again);
		if (left > 0 && !stopping)
			log_fail(&f->run.trouble,
				 "an input has become shorter since it was judged: "
				 "packets may be missing from what comes of it");
	}
	takers_skip(&f->takers, left);
	source_close(in->again);
	in->again = NULL;
	return left == 0 || !stopping;
}

/* The second pass, after all sessions are delivered. A signal during the first pass does not stop
 * the second one; the next signal ends the program. Returns false if the pass was stopped. */
static bool inputs_again(struct offline *f)
{
	bool whole = true;
	progress_begin(&f->run.progress, "read again", f->size);
	for (size_t i = 0; i < f->o->reads.n && again_wanted(f) && whole; i++)
		whole = input_again(f, &f->inputs[i]);
	return whole;
}

/* Notes the sessions of a store for the second pass, which draws their ladders. record: the ladders
 * are for ladder_scenario. */
static void ladders_note(struct offline *f, struct session_store *store, bool record)
{
	for (size_t i = 0; store && i < session_store_count(store); i++) {
		struct stored_session *s = session_store_at(store, i);
		struct ladder *ladder;
		if (!f->takers.ladders)
			f->takers.ladders = ladders_new(&f->run.config);
		ladder = f->takers.ladders
				 ? ladders_want(f->takers.ladders, s, s->record->conn->first)
				 : NULL;
		if (record && ladder && !ladder_record(ladder))
			log_fail(&f->run.trouble, "no memory for what is to be explained");
	}
}

static void afterwards(struct offline *f)
{
	struct query *query = f->run.query;
	struct error why;
	bool whole;
	if (query)
		ladders_note(f, query_sessions(query), f->o->ladder == LADDER_SCENARIO);
	if (f->drawing)
		ladders_note(f, sinks_stored(f->run.sinks), false);
	f->takers.extract = f->run.extract;
	whole = inputs_again(f);

	if (f->run.extract && !extract_finish(f->run.extract, whole))
		f->run.trouble = true;
	if (f->takers.ladders)
		ladders_finish(f->takers.ladders);
	sinks_worst(f->run.sinks);
	if (query && !query_print(query, &why))
		log_fail(session_store_count(query_sessions(query)) == 0 ? &f->run.usage
									 : &f->run.trouble,
			 "%s", why.text);
}

/* All inputs are read; the view runs until its user ends it. */
static void view(struct offline *f)
{
	viewer_state(f->run.viewer, "all read");
	view_open(f, 0);
	while (!stopping && viewer_turn(f->run.viewer, 10 * VIEWER_TURN_MS))
		;
}

/* Opens all that needs the initial privileges, then gives them up. */
static bool start(struct offline *f)
{
	struct viewer_source source = {reread_draw, reread_save, &f->reread};
	if (!inputs_look(f))
		return false;
	if (!reread_init(&f->reread, f->o, &f->run.config))
		return log_fail(&f->run.trouble, "no memory for the list of captures");
	for (size_t i = 0; i < f->o->reads.n; i++)
		f->reread.inputs[i].counted = &f->inputs[i].frames;
	if (!run_open(&f->run, f->o, &source))
		return false;
	f->drawing = f->files && sinks_stored(f->run.sinks);
	return root_leave(f) && monitor_start(f);
}

static void run(struct offline *f)
{
	if (!start(f))
		return;
	sandbox_count();
	progress_begin(&f->run.progress, "read", f->o->follow ? 0 : f->size);
	for (size_t i = 0; i < f->o->reads.n && !f->run.usage && !stopping; i++) {
		f->following = f->o->follow && i + 1 == f->o->reads.n;
		if (input_open(f, &f->inputs[i]))
			input_read(f, &f->inputs[i]);
	}
	f->following = false;
	if (f->run.usage)
		return;
	finish(f);
	afterwards(f);
	if (f->run.viewer)
		view(f);
}

static enum exit_code end(struct offline *f)
{
	reread_free(&f->reread);
	for (size_t i = 0; i < f->o->reads.n; i++) {
		source_close(f->inputs[i].source);
		source_close(f->inputs[i].again);
	}
	shards_free(f->shards);
	ladders_free(f->takers.ladders);
	free(f->inputs);
	free(f->ordered.reads.all);
	return run_close(&f->run);
}

enum exit_code offline_run(const struct options *o)
{
	struct offline f = {.ordered = *o, .run.o = o, .current = o->reads.all[0]};
	f.o = &f.ordered;
	f.follow = (struct input_follow){follow_wait, &f};
	f.following = o->reads.n == 1;
	f.latest = INT64_MIN;
	f.inputs = calloc(o->reads.n, sizeof *f.inputs);
	f.ordered.reads.all = calloc(o->reads.n, sizeof *f.ordered.reads.all);
	if (!f.inputs || !f.ordered.reads.all) {
		free(f.inputs);
		free(f.ordered.reads.all);
		return EXIT_TROUBLE;
	}
	for (size_t i = 0; i < o->reads.n; i++) {
		f.ordered.reads.all[i] = o->reads.all[i];
		f.inputs[i].path = o->reads.all[i];
		f.inputs[i].given = i;
	}
	signals_catch();
	run(&f);
	return end(&f);
}
