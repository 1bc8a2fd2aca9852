/* scenario.c - the reader of the scenario language: a table of directives, a row each. */
#include "lib/scenario.h"

#include "lib/scenario_word.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Where the parts are that every scenario may include, wherever it is. */
static const char parts[] = "tests/scenarios";

enum { PATH_TEXT = 256 };

/* What is known while the lines are read. */
struct reader {
	struct scenario *s;
	const char *name;  /* of the file whose lines are read: the scenario's, or a part's */
	const char *whole; /* the scenario's */
	unsigned line;
	unsigned scene;
	unsigned depth, included; /* parts that are open; that were read */
	char *why;
};

/*
 * One directive. args has a letter for each word behind the name: s side, n number, t time, q
 * quoted bytes, c a way to connect, i an ICMP error. A capital one may be missing, with those
 * behind it.
 */
struct directive {
	const char *name;
	enum step_kind kind;
	const char *args;
};

static const struct directive directives[] = {
	{"raw", STEP_RAW, "sq"},         {"bulk", STEP_BULK, "sn"},
	{"connect", STEP_CONNECT, "C"},  {"lose", STEP_LOSE, "sn"},
	{"gap", STEP_GAP, "sn"},         {"dup", STEP_DUP, ""},
	{"swap", STEP_SWAP, ""},         {"late", STEP_LATE, ""},
	{"overlap", STEP_OVERLAP, "n"},  {"no-ack", STEP_NO_ACK, ""},
	{"crossing", STEP_CROSSING, ""}, {"retransmit", STEP_RETRANSMIT, "sNQ"},
	{"vanish", STEP_VANISH, "s"},    {"keepalive", STEP_KEEPALIVE, "s"},
	{"window", STEP_WINDOW, "sn"},   {"wait", STEP_WAIT, "t"},
	{"open", STEP_OPEN, ""},         {"join", STEP_JOIN, ""},
	{"cut", STEP_CUT, ""},           {"snap", STEP_SNAP, "n"},
	{"segment", STEP_SEGMENT, "n"},  {"only", STEP_ONLY, "s"},
	{"mtu", STEP_MTU, "sn"},         {"icmp", STEP_ICMP, "siN"},
};

enum { DIRECTIVES = sizeof directives / sizeof *directives };

static const char *const connects[] = {"whole",       "refused",         "unanswered",  "half",
				       "without-syn", "without-syn-ack", "without-ack", NULL};
static const char *const kinds[] = {"smtp", "tls", "lmtp", NULL};
static const char *const icmps[] = {"too-big", "unreachable", "elsewhere",
				    NULL}; /* by enum icmp, from the second on */
static const char *const expects[] = {
	"verdict", "stage",    "fate",  "severity", "seen",       "also",      "closer",
	"how",     "farewell", "flaws", "cause",    "confidence", "together",  "starttls",
	"proxied", "lmtp",     "bytes", "id",       "taken",      "certainty", NULL};

const char *expect_name(enum expect e)
{
	return expects[e];
}

static bool complain(const struct reader *r, const char *what, const char *word)
{
	snprintf(r->why, SCENARIO_WHY, "%s:%u: %s%s%s", r->name, r->line, what, word ? ": " : "",
		 word ? word : "");
	return false;
}

static struct step *step_add(struct reader *r, enum step_kind kind)
{
	struct scenario *s = r->s;
	/* Doubled at each power of two. */
	if ((s->n & (s->n - 1)) == 0)
		s->steps = realloc(s->steps, (2 * s->n + 1) * sizeof *s->steps);
	s->steps[s->n] = (struct step){.kind = kind, .line = r->line, .scene = r->scene};
	return &s->steps[s->n++];
}

/* A step that goes on in the segment of the one before needs one: of the same side and session, and
 * with bytes. */
static bool join_allowed(const struct reader *r, enum side side)
{
	const struct scenario *s = r->s;
	const struct step *last = s->n ? &s->steps[s->n - 1] : NULL;
	return last && last->scene == r->scene && last->side == side &&
	       (last->kind == STEP_LINE || last->kind == STEP_RAW);
}

static bool word_argument(char letter, char **p, struct step *step)
{
	switch (letter) {
	case 's':
		return word_side(p, &step->side, &step->joined);
	case 'n':
		return word_number(p, &step->number);
	case 't':
		return word_time(p, &step->number);
	case 'q':
		return word_quoted(p, &step->data, &step->n);
	case 'i':
		return word_choice(p, icmps, &step->choice);
	default:
		return word_choice(p, connects, &step->choice);
	}
}

static bool read_directive(struct reader *r, const struct directive *d, char *rest)
{
	struct step step = {.number = d->kind == STEP_RETRANSMIT ? 1 : 0};
	for (const char *a = d->args; *a; a++) {
		bool optional = *a >= 'A' && *a <= 'Z';
		if (optional && !*word_peek(&rest))
			break;
		if (!word_argument((char)(*a | 0x20), &rest, &step)) {
			free(step.data);
			return complain(r, "not understood behind the directive", d->name);
		}
	}
	bool joined_well = !step.joined || (d->kind == STEP_RAW && join_allowed(r, step.side));
	if (*word_peek(&rest) || !joined_well) {
		free(step.data);
		return complain(r, "too much behind the directive", d->name);
	}
	struct step *s = step_add(r, d->kind);
	step.kind = s->kind;
	step.line = s->line;
	step.scene = s->scene;
	*s = step;
	return true;
}

/* "ttl 61", "seq +100", "ip-id 0", "window 8192", "timestamps", "no-timestamps", "without-ack": one
 * of them. */
static bool read_forgery(struct forgery *f, char **rest)
{
	static const char *const names[] = {"ttl",        "seq",           "ip-id",       "window",
					    "timestamps", "no-timestamps", "without-ack", NULL};
	int64_t which, value = 0;
	if (!word_choice(rest, names, &which) || (which < 4 && !word_number(rest, &value)))
		return false;
	f->ttl = which == 0 ? (uint8_t)value : f->ttl;
	f->shift = which == 1 ? (int32_t)value : f->shift;
	f->ip_id = which == 2 ? (uint16_t)value : f->ip_id;
	f->window = which == 3 ? (uint16_t)value : f->window;
	f->has_ip_id |= which == 2;
	f->has_window |= which == 3;
	f->stamped |= which == 4;
	f->unstamped |= which == 5;
	f->without_ack |= which == 6;
	return true;
}

/* "FIN", "RST", "RST ttl 61 seq +100". */
static bool read_flags(struct reader *r, enum side side, bool joined, char *rest)
{
	static const char *const flags[] = {"FIN", "RST", NULL};
	static const uint8_t bits[] = {TCP_FIN, TCP_RST};
	int64_t which = 0;
	struct forgery forgery = {0};
	if (!word_choice(&rest, flags, &which))
		return complain(r, "FIN or RST expected", rest);
	while (*word_peek(&rest))
		if (bits[which] != TCP_RST || joined || !read_forgery(&forgery, &rest))
			return complain(r,
					"ttl N, seq +N, ip-id N, window N, timestamps, "
					"no-timestamps or without-ack expected of an RST",
					rest);
	if (joined && !join_allowed(r, side))
		return complain(r, "nothing before it to go on with", NULL);
	struct step *s = step_add(r, STEP_FLAGS);
	s->side = side;
	s->joined = joined;
	s->flags = bits[which];
	s->forgery = forgery;
	return true;
}

static bool read_text(struct reader *r, enum side side, bool joined, const char *text)
{
	if (joined && !join_allowed(r, side))
		return complain(r, "nothing before it to go on with", NULL);
	struct step *s = step_add(r, STEP_LINE);
	s->side = side;
	s->joined = joined;
	s->n = strlen(text) + 2;
	s->data = malloc(s->n);
	memcpy(s->data, text, s->n - 2);
	memcpy(s->data + s->n - 2, "\r\n", 2);
	return true;
}

/* "C: text", "C+ text", "C! FIN", "C+! FIN". */
static bool read_spoken(struct reader *r, char *line)
{
	enum side side = line[0] == 'C' ? CLIENT : SERVER;
	bool joined = line[1] == '+';
	char *rest = line + 2;
	bool flags = line[1] == '!' || (joined && *rest == '!');
	if (flags)
		return read_flags(r, side, joined, rest + joined);
	return read_text(r, side, joined, rest + (*rest == ' '));
}

static bool is_spoken(const char *line)
{
	return (line[0] == 'C' || line[0] == 'S') &&
	       (line[1] == ':' || line[1] == '+' || line[1] == '!');
}

static struct scene *scene_now(struct reader *r)
{
	return &r->s->scene[r->scene];
}

static void scene_add(struct reader *r, unsigned number)
{
	unsigned i = r->s->scenes++;
	r->scene = i;
	r->s->scene[i] = (struct scene){
		.number = number,
		.addr = {{192, 0, 2, 10}, {198, 51, 100, 25}},
		.port = {(uint16_t)(40000 + i), 25},
	};
}

/* "session 2": goes on with it, or begins it. */
static bool read_session(struct reader *r, char *rest)
{
	int64_t number;
	if (!word_number(&rest, &number) || number < 1)
		return complain(r, "session needs a number", NULL);
	for (unsigned i = 0; i < r->s->scenes; i++)
		if (r->s->scene[i].number == (unsigned)number) {
			r->scene = i;
			return true;
		}
	if (r->s->scenes == SCENARIO_SCENES)
		return complain(r, "too many sessions", NULL);
	scene_add(r, (unsigned)number);
	return true;
}

/* "expect verdict clean stage DONE fate accepted,cut". */
static bool read_expect(struct reader *r, char *rest)
{
	struct scene *t = scene_now(r);
	if (word_is(&rest, "nothing"))
		return t->nothing = true;
	while (*word_peek(&rest)) {
		int64_t which;
		char *value;
		if (!word_choice(&rest, expects, &which) || !(value = word_next(&rest)))
			return complain(r, "nothing that can be expected", rest);
		if (t->want[which])
			return complain(r, "expected twice", expects[which]);
		t->want[which] = strdup(value);
	}
	return true;
}

/* "not reordered,cut: why". The reason is for the reader, and there must be one. */
static bool read_barred(struct reader *r, char *rest)
{
	char *reason = strchr(rest, ':');
	if (!reason || !*word_peek(&(char *){reason + 1}))
		return complain(r, "a reason is missing behind the weather's name", NULL);
	*reason = 0;
	for (char *name = strtok(rest, ", "); name; name = strtok(NULL, ", ")) {
		if (r->s->barreds == SCENARIO_BARRED)
			return complain(r, "too many weathers barred", NULL);
		r->s->barred[r->s->barreds++] = strdup(name);
	}
	return true;
}

static bool read_fair(struct reader *r, char *rest)
{
	if (!word_is(&rest, "only:") || !*word_peek(&rest))
		return complain(r, "fair only: and a reason expected", NULL);
	return r->s->fair_only = true;
}

static bool read_port(struct reader *r, char *rest)
{
	int64_t port;
	if (!word_number(&rest, &port) || port < 1 || port > 65535)
		return complain(r, "not a port", rest);
	scene_now(r)->port[SERVER] = (uint16_t)port;
	return true;
}

static bool read_kind(struct reader *r, char *rest)
{
	int64_t kind;
	if (!word_choice(&rest, kinds, &kind))
		return complain(r, "smtp, tls or lmtp expected", rest);
	scene_now(r)->kind = (enum port_kind)kind;
	return true;
}

static bool read_client(struct reader *r, char *rest)
{
	return word_endpoint(&rest, scene_now(r)->addr[CLIENT], &scene_now(r)->port[CLIENT]) ||
	       complain(r, "not an address", rest);
}

static bool read_server(struct reader *r, char *rest)
{
	return word_endpoint(&rest, scene_now(r)->addr[SERVER], &scene_now(r)->port[SERVER]) ||
	       complain(r, "not an address", rest);
}

static bool read_timestamps(struct reader *r, char *rest)
{
	if (*word_peek(&rest))
		return complain(r, "too much behind timestamps", rest);
	return scene_now(r)->timestamps = true;
}

/* All of a file, which the caller frees; NULL: errno tells why not, 0: it is empty. */
static char *file_text(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t capacity = 0;
	if (!f)
		return NULL;
	errno = 0;
	ssize_t n = getdelim(&text, &capacity, 0, f);
	int error = errno;
	fclose(f);
	if (n > 0)
		return text;
	free(text);
	errno = error;
	return NULL;
}

/* A part beside the scenario goes before the one of tests/scenarios. */
static char *part_text(const struct reader *r, const char *name, char path[PATH_TEXT])
{
	const char *slash = strrchr(r->whole, '/');
	int folder = slash ? (int)(slash - r->whole) : 1;
	snprintf(path, PATH_TEXT, "%.*s/%s.part", folder, slash ? r->whole : ".", name);
	char *text = file_text(path);
	if (text || errno != ENOENT)
		return text;
	snprintf(path, PATH_TEXT, "%s/%s.part", parts, name);
	return file_text(path);
}

static bool read_lines(struct reader *r, char *text);

/* The lines of a part, as if they stood here. What is wrong in it is told of it, and of where it
 * was included. */
static bool read_part(struct reader *r, const char *name)
{
	char path[PATH_TEXT];
	if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")])
		return complain(r, "a part's name has small letters, digits and hyphens only",
				name);
	if (r->depth == SCENARIO_DEPTH)
		return complain(r, "too deep: parts include each other", name);
	if (r->included++ == SCENARIO_PARTS)
		return complain(r, "too many parts", name);
	char *text = part_text(r, name, path);
	if (!text)
		return complain(r, errno ? strerror(errno) : "empty", path);
	struct reader outer = *r;
	r->name = path;
	r->line = 0;
	r->depth++;
	bool good = read_lines(r, text);
	r->name = outer.name;
	r->line = outer.line;
	r->depth--;
	free(text);
	size_t n = strlen(r->why);
	if (!good)
		snprintf(r->why + n, SCENARIO_WHY - n, ", included at %s:%u", r->name, r->line);
	return good;
}

/* "include ehlo envelope": parts, in this order. */
static bool read_include(struct reader *r, char *rest)
{
	char *name = word_next(&rest);
	if (!name)
		return complain(r, "include needs the name of a part", NULL);
	for (; name; name = word_next(&rest))
		if (!read_part(r, name))
			return false;
	return true;
}

/* The lines that are no step: they tell of the session, or of the test. */
static const struct setting {
	const char *name;
	bool (*read)(struct reader *r, char *rest);
} settings[] = {
	{"session", read_session}, {"expect", read_expect}, {"not", read_barred},
	{"fair", read_fair},       {"port", read_port},     {"kind", read_kind},
	{"client", read_client},   {"server", read_server}, {"timestamps", read_timestamps},
	{"include", read_include},
};

static bool read_line(struct reader *r, char *line)
{
	if (is_spoken(line))
		return read_spoken(r, line);
	char *rest = line;
	if (!*word_peek(&rest) || *rest == '#')
		return true;
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		if (word_is(&rest, settings[i].name))
			return settings[i].read(r, rest);
	for (size_t i = 0; i < DIRECTIVES; i++)
		if (word_is(&rest, directives[i].name))
			return read_directive(r, &directives[i], rest);
	return complain(r, "not understood", line);
}

/* A session of which nothing is expected would be a test that cannot fail. */
static bool all_expected(const struct reader *r)
{
	for (unsigned i = 0; i < r->s->scenes; i++)
		if (!r->s->scene[i].nothing && !r->s->scene[i].want[EXPECT_VERDICT])
			return complain(r, "no verdict is expected of a session", NULL);
	return true;
}

static bool read_lines(struct reader *r, char *text)
{
	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		r->line++;
		if (!read_line(r, line))
			return false;
	}
	return true;
}

struct scenario *scenario_parse(const char *name, char *text, char why[SCENARIO_WHY])
{
	struct reader r = {.s = calloc(1, sizeof *r.s), .name = name, .whole = name, .why = why};
	const char *base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
	r.s->name = strndup(base, strcspn(base, "."));
	scene_add(&r, 1);
	if (read_lines(&r, text) && all_expected(&r))
		return r.s;
	scenario_free(r.s);
	return NULL;
}

struct scenario *scenario_read(const char *path, char why[SCENARIO_WHY])
{
	char *text = file_text(path);
	if (!text)
		snprintf(why, SCENARIO_WHY, "%s: %s", path, errno ? strerror(errno) : "empty");
	struct scenario *s = text ? scenario_parse(path, text, why) : NULL;
	free(text);
	return s;
}

void scenario_free(struct scenario *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		free(s->steps[i].data);
	for (unsigned i = 0; i < s->scenes; i++)
		for (int e = 0; e < EXPECTS; e++)
			free(s->scene[i].want[e]);
	for (unsigned i = 0; i < s->barreds; i++)
		free(s->barred[i]);
	free(s->steps);
	free(s->name);
	free(s);
}

bool scenario_bars(const struct scenario *s, const char *weather)
{
	for (unsigned i = 0; i < s->barreds; i++)
		if (strcmp(s->barred[i], weather) == 0)
			return true;
	return false;
}
