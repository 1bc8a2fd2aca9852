/* offline.c - capture files, one after the other, through one monitor. */
#include "daemon/offline.h"

#include "capture/source.h"
#include "daemon/extract.h"
#include "daemon/keys.h"
#include "daemon/outputs.h"
#include "daemon/privilege.h"
#include "daemon/processors.h"
#include "daemon/sandbox.h"
#include "daemon/shards.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Frames are handed on in batches of so many: enough for the core to overlap its look-ups, few enough to stay in the cache. */
enum { FRAMES = 64 };

struct input {
	const char *path;
	struct source *source; /* NULL: not open yet, or not to be opened */
	struct source *again;  /* the same for the second pass, where one is needed */
	uint64_t frames;       /* that were read from it */
	bool bad;
};

struct offline {
	const struct options *o;
	struct sinks *sinks;
	struct shards *shards;
	struct keys keys;
	struct input *inputs;
	struct export *export; /* these two: NULL: packets are not written */
	struct extract *extract;
	struct monitor_config config;
	const char *current; /* the file that frames came from last */
	int64_t last;        /* the time of the last frame */
	bool usage, trouble;
};

/* What a signal handler can reach. A second signal finds the default action, and kills. */
static volatile sig_atomic_t stopping, asked;
static struct source *volatile reading;

static void stop(int signal)
{
	(void)signal;
	stopping = 1;
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
	/* Without SA_RESTART a wait on a pipe ends at once; the question for statistics can wait until the next frames are there. */
	struct sigaction stopper = {.sa_handler = stop, .sa_flags = SA_RESETHAND},
			 asker = {.sa_handler = ask, .sa_flags = SA_RESTART};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGINT, &stopper, NULL);
	sigaction(SIGTERM, &stopper, NULL);
	sigaction(SIGUSR1, &asker, NULL);
	/* A reader that has gone is an error of write, and not our end. */
	sigaction(SIGPIPE, &ignore, NULL);
}

/* Sets the flag that decides the exit code, and says why. */
static void complain(bool *flag, const char *why)
{
	*flag = true;
	fprintf(stderr, "smtpwatch: %s\n", why);
}

/* False: not this input, which has been said; or, with f->usage, none at all. */
static bool input_open(struct offline *f, struct input *in)
{
	char why[SOURCE_WHY] = "";

	if (in->source != NULL)
		return true;
	if (in->bad)
		return false;
	in->source = source_open(in->path, f->o->filter, why, &f->usage);
	in->bad = in->source == NULL;
	if (in->bad && !stopping)
		complain(f->usage ? &f->usage : &f->trouble, why);
	return !in->bad;
}

/* What a second pass is not to be had of. */
static bool inputs_check(struct offline *f)
{
	char why[SOURCE_WHY];
	struct stat st;

	for (size_t i = 0; f->o->write_pcap != NULL && i < f->o->reads.n; i++)
		if (stat(f->inputs[i].path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
			snprintf(why, sizeof(why), "%.200s is no file and cannot be read twice, as --write-pcap has to",
				 f->inputs[i].path);
			complain(&f->usage, why);
		}
	return !f->usage;
}

/* The same file once more. That it could be opened the first time was seen. */
static bool input_open_again(struct offline *f, struct input *in)
{
	char why[SOURCE_WHY] = "";
	bool usage;

	if (in->again == NULL)
		in->again = source_open(in->path, f->o->filter, why, &usage);
	if (in->again == NULL)
		complain(&f->trouble, why);
	return in->again != NULL;
}

/* As many files as the system allows may have to be open at once. */
static void descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Nothing is parsed before this. */
static bool confine(struct offline *f)
{
	char why[PRIVILEGE_WHY + SANDBOX_WHY + EXPORT_WHY];

	if (!privilege_drop(f->o->user, PRIVILEGE_KEEP_NONE, why) || !sandbox_enter(SANDBOX_PROGRAM, NULL, why)) {
		complain(&f->usage, why);
		return false;
	}
	if (f->export == NULL || export_check(f->export, why))
		return true;
	complain(&f->trouble, why);
	return false;
}

/* Root opens what only root may open, and then is root no more. Without root each file is opened when its turn comes, which needs less memory. */
static bool root_leave(struct offline *f)
{
	if (privilege_held(f->o->user)) {
		descriptors_raise();
		for (size_t i = 0; i < f->o->reads.n && !f->usage; i++)
			if (strcmp(f->inputs[i].path, "-") != 0 && input_open(f, &f->inputs[i]) && f->export != NULL)
				input_open_again(f, &f->inputs[i]);
	}
	return !f->usage && confine(f);
}

static void session_ended(void *arg, const struct record *record)
{
	struct offline *f = arg;

	sinks_record(f->sinks, record, f->inputs[record->conn->input].path);
}

/* What is told of a session names the file that the second pass will fill. */
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
	config->opener = f->keys.opener;
	/* The flow table's key: secret, because whoever is captured chooses addresses and ports. No result depends on it. */
	if (getrandom(config->stream.seed, sizeof(config->stream.seed), GRND_NONBLOCK) < 0)
		memset(config->stream.seed, 0, sizeof(config->stream.seed));
	f->shards = shards_new(config, shards_possible(config, processors_or(f->o->workers)));
	if (f->shards != NULL && f->export != NULL)
		f->extract = extract_new(f->export, config->any_port ? NULL : &config->ports, config->stream.seed);
	if (f->shards != NULL && (f->export == NULL || f->extract != NULL))
		return true;
	complain(&f->trouble, "no memory for the connections that are to be watched; --memory and --max-connections bound them");
	return false;
}

/* What SIGUSR1 asks for: one line, on standard error. */
static void say_so_far(const struct offline *f)
{
	const struct totals *t = sinks_totals(f->sinks);
	struct monitor_stats core;

	asked = 0;
	shards_settle(f->shards);
	shards_stats(f->shards, &core);
	fprintf(stderr, "smtpwatch: so far %llu packets, %llu sessions, %llu alerts; %llu connections open; now in %s\n",
		(unsigned long long)core.frames, (unsigned long long)t->sessions, (unsigned long long)t->alerts,
		(unsigned long long)core.stream.conns_open, f->current);
}

/* One input to its end, to its damage, or to a signal. A slow one (a pipe) is somebody's live view: nothing waits in a buffer. */
static void input_read(struct offline *f, struct input *in)
{
	struct frame frames[FRAMES];
	char why[SOURCE_WHY];
	bool slow = strcmp(in->path, "-") == 0;
	int n = 0;

	f->current = in->path;
	reading = in->source;
	while (!stopping && sinks_listening(f->sinks) && (n = source_read(in->source, frames, FRAMES, why)) > 0) {
		keys_add(&f->keys, source_secrets(in->source));
		shards_frames(f->shards, (uint32_t)(in - f->inputs), frames, (size_t)n);
		in->frames += (uint64_t)n;
		f->last = frames[n - 1].ts;
		if (asked)
			say_so_far(f);
		if (slow) {
			shards_settle(f->shards);
			sinks_flush(f->sinks);
		}
	}
	reading = NULL;
	if (n < 0 && !stopping)
		complain(&f->trouble, why);
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
		snprintf(out, n, "%s and %zu other file%s", first, o->reads.n - 1, o->reads.n > 2 ? "s" : "");
}

/* Open sessions are delivered as unfinished, and then come the last words. */
static void finish(struct offline *f)
{
	struct monitor_stats core;
	char inputs[512];

	shards_finish(f->shards);
	shards_stats(f->shards, &core);
	inputs_name(f->o, inputs, sizeof(inputs));
	struct summary summary = {.core = &core, .inputs = inputs, .ports = f->o->ports, .stopped = stopping != 0, .last = f->last};
	keys_count(&f->keys, &summary);
	sinks_stats(f->sinks, summary);
}

/* What was read of an input the first time, and no more. False: a signal has ended it. */
static bool input_extract(struct offline *f, struct input *in)
{
	struct frame frames[FRAMES];
	char why[SOURCE_WHY];
	uint64_t left = in->frames;
	int n;

	if (left > 0 && input_open_again(f, in)) {
		reading = in->again;
		while (left > 0 && (n = source_read(in->again, frames, left < FRAMES ? (size_t)left : FRAMES, why)) > 0) {
			extract_frames(f->extract, frames, (size_t)n);
			left -= (uint64_t)n;
		}
		reading = NULL;
		if (left > 0 && !stopping)
			complain(&f->trouble, "an input has become shorter since it was judged: packets may be missing from files");
	}
	extract_skip(f->extract, left);
	source_close(in->again);
	in->again = NULL;
	return left == 0 || !stopping;
}

/* Behind all that is told. A signal that has ended the first pass does not end this; the next one does, by its default action. */
static void packets_write(struct offline *f)
{
	bool whole = true;

	for (size_t i = 0; i < f->o->reads.n && extract_wanted(f->extract) && whole; i++)
		whole = input_extract(f, &f->inputs[i]);
	if (!extract_finish(f->extract, whole))
		f->trouble = true;
}

/* --fail-on */
static bool failed(const struct offline *f)
{
	for (unsigned s = f->o->fail_on; s < SEVERITIES; s++)
		if (sinks_totals(f->sinks)->alert_severity[s] > 0)
			return true;
	return false;
}

static bool keys_start(struct offline *f)
{
	char why[KEYLOG_WHY];

	if (keys_open(&f->keys, f->o->keylog, why))
		return true;
	complain(&f->trouble, why);
	return false;
}

/* Outputs, and the directory for packets, are opened with the rights that we were started with. */
static bool start(struct offline *f)
{
	char why[EXPORT_WHY];

	if (!inputs_check(f))
		return false;
	f->sinks = outputs_open(f->o, &f->o->alerting, f->o->write_pcap != NULL ? session_stands_out : NULL, f);
	if (f->sinks == NULL)
		f->trouble = true;
	if (f->sinks != NULL && f->o->write_pcap != NULL) {
		f->export = export_open(f->o->write_pcap, f->o->user, why);
		if (f->export == NULL)
			complain(&f->trouble, why);
	}
	return !f->trouble && keys_start(f) && root_leave(f) && monitor_start(f);
}

static void run(struct offline *f)
{
	if (!start(f))
		return;
	for (size_t i = 0; i < f->o->reads.n && !f->usage && !stopping; i++)
		if (input_open(f, &f->inputs[i]))
			input_read(f, &f->inputs[i]);
	if (f->usage)
		return;
	finish(f);
	if (f->extract != NULL)
		packets_write(f);
}

/* Trouble goes before alerts: what was not seen may hold more of them. */
static enum exit_code end(struct offline *f)
{
	bool alerts = f->sinks != NULL && failed(f);

	for (size_t i = 0; i < f->o->reads.n; i++) {
		source_close(f->inputs[i].source);
		source_close(f->inputs[i].again);
	}
	shards_free(f->shards);
	keys_close(&f->keys);
	extract_free(f->extract);
	export_close(f->export);
	if (f->sinks != NULL && !sinks_close(f->sinks))
		f->trouble = true;
	free(f->inputs);
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
	signals_catch();
	run(&f);
	return end(&f);
}
