/* generate.c - writes a capture of many SMTP sessions, and beside it the truth: how each of them
 * ended. The same arguments give the same file. */
#include "bench/background.h"
#include "bench/talk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
#define BEGIN  (INT64_C(1767607200) * SECOND) /* 2026-01-05 10:00:00 UTC */
#define QUIET                                                                                      \
	(100 *                                                                                     \
	 SECOND) /* before the last session: what was left without an answer is given up in it */
#define ROUND    (SECOND / 10) /* in which each open session has about one packet */
#define TICK     (SECOND / 1000000)
#define HELD_FOR (20 * SECOND)

enum { QUICK = 20 };

/* A data set. What of is given in `courses` are weights; background: packets of other traffic for
 * each of a session. */
struct set {
	const char *name, *help;
	uint32_t sessions, quick, open;
	uint32_t min, max; /* bytes of a message */
	uint16_t courses[COURSES];
	uint16_t abnormal, late, v6, two_messages; /* permille */
	uint8_t background;
	bool hold; /* all open at the same time, idle between commands */
};

static const struct set sets[] = {
	{"small",
	 "a mixture, for every day",
	 1600,
	 1600,
	 100,
	 4000,
	 100000,
	 {240, 180, 120, 60, 60, 100, 40},
	 250,
	 4,
	 200,
	 150,
	 0,
	 false},
	{"typical",
	 "mails of 4-100 kB, 1,000 sessions open at once, 7 % abnormal",
	 50000,
	 2500,
	 1000,
	 4000,
	 100000,
	 {500, 200, 100, 60, 40, 100, 0},
	 70,
	 3,
	 0,
	 50,
	 0,
	 false},
	{"tiny-sessions",
	 "a million sessions of ten packets",
	 1000000,
	 50000,
	 1000,
	 4000,
	 4000,
	 {0, 0, 0, 0, 0, 0, 1000},
	 30,
	 0,
	 0,
	 0,
	 0,
	 false},
	{"big-mail",
	 "messages of 5-20 MB",
	 140,
	 7,
	 20,
	 5000000,
	 20000000,
	 {500, 300, 0, 100, 100, 0, 0},
	 30,
	 2,
	 0,
	 0,
	 0,
	 false},
	{"concurrent",
	 "200,000 sessions, all open at the same time",
	 200000,
	 10000,
	 200000,
	 1500,
	 3500,
	 {700, 200, 0, 50, 50, 0, 0},
	 20,
	 0,
	 0,
	 0,
	 0,
	 true},
	{"mixed",
	 "90 % of the packets are not SMTP",
	 6000,
	 300,
	 500,
	 4000,
	 100000,
	 {500, 200, 100, 60, 40, 100, 0},
	 70,
	 3,
	 0,
	 50,
	 9,
	 false},
	{"v6",
	 "as typical, IPv6",
	 17500,
	 875,
	 1000,
	 4000,
	 100000,
	 {500, 200, 100, 60, 40, 100, 0},
	 70,
	 3,
	 1000,
	 50,
	 0,
	 false},
};

struct run {
	const struct set *set;
	uint64_t seed;
	uint32_t sessions, open, started, over, held;
	int idle;             /* the place where all are held; -1: a third at each */
	uint32_t live, awake; /* talks in use; of these, not held: they come first */
	struct talk *talks;
	struct talk_world world;
	struct background *background;
	struct chance chance;
	uint64_t smtp_packets;
	uint64_t *endings; /* how many sessions had each; the last but one is none, the last none
			      under TLS */
	FILE *list;
};

static const struct set *set_find(const char *name)
{
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
		if (strcmp(sets[i].name, name) == 0)
			return &sets[i];
	return NULL;
}

/* One of the courses of the mask, by the set's weights. */
static enum course_id course_choose(const struct set *set, struct chance *c, unsigned mask)
{
	uint32_t all = 0;
	for (unsigned i = 0; i < COURSES; i++)
		all += mask >> i & 1 ? set->courses[i] : 0;
	if (all == 0)
		return COURSE_GET;
	uint32_t at = chance_below(c, all);
	unsigned i = 0;
	for (;; i++) {
		uint32_t weight = mask >> i & 1 ? set->courses[i] : 0;
		if (at < weight)
			return (enum course_id)i;
		at -= weight;
	}
}

/* Courses that the set has; nonsense from a client comes to any server that takes mail. */
static unsigned set_courses(const struct set *set)
{
	unsigned mask = set->courses[COURSE_PLAIN] ? 1u << COURSE_GET : 0;
	for (unsigned i = 0; i < COURSES; i++)
		mask |= set->courses[i] ? 1u << i : 0;
	return mask;
}

/* Sessions that are to be held must not end before. */
static bool ending_possible(const struct set *set, const struct ending *e)
{
	bool early = e->at < AT_READY;
	return (e->courses & set_courses(set)) && !(set->hold && early);
}

static const struct ending *ending_choose(const struct set *set, struct chance *c)
{
	uint32_t all = 0;
	for (unsigned i = 0; i < endings_n; i++)
		all += ending_possible(set, &endings[i]) ? endings[i].weight : 0;
	uint32_t at = chance_below(c, all);
	for (const struct ending *e = endings;; e++) {
		uint32_t weight = ending_possible(set, e) ? e->weight : 0;
		if (at < weight)
			return e;
		at -= weight;
	}
}

/* Idle between commands: before the first message, in mid-envelope, after a message; a third each.
 */
static uint8_t hold_choose(struct chance *c, const struct talk_plan *p, int idle)
{
	static const uint8_t places[] = {AT_READY, AT_RCPT_DONE, AT_ACCEPTED};
	uint32_t any = chance_below(c, 3);
	uint8_t place = places[idle >= 0 && idle < 3 ? (uint32_t)idle : any];
	bool envelope = p->course == COURSE_PLAIN || p->course == COURSE_CHUNKS;
	return p->ending || (place == AT_RCPT_DONE && !envelope) ? AT_READY : place;
}

/* A session depends on the seed and its number alone, not on what else is open. */
static struct talk_plan plan_of(const struct run *r, uint32_t number)
{
	struct chance c = {r->seed * 0x2545f4914f6cdd1d + number};
	struct talk_plan p = {.number = number,
			      .seed = chance_next(&c),
			      .min = r->set->min,
			      .max = r->set->max,
			      .late = r->set->late};
	bool last = number + 1 == r->sessions,
	     abnormal = chance_permille(&c, r->set->abnormal) && !last;
	p.ending = abnormal ? ending_choose(r->set, &c) : NULL;
	p.course = course_choose(r->set, &c, p.ending ? p.ending->courses : ~0u);
	p.messages = (uint16_t)(1 + chance_permille(&c, r->set->two_messages));
	p.rcpts = (uint16_t)(chance_permille(&c, 800) ? 1 : chance_between(&c, 2, 5));
	p.v6 = chance_permille(&c, r->set->v6);
	p.submission = chance_permille(&c, 100);
	bool early = p.ending && p.ending->at < AT_MAIL, once = p.course == COURSE_GROUP_QUIT ||
								p.course == COURSE_TLS ||
								p.course == COURSE_SHORT;
	if (early || once)
		p.messages = 1;
	if (r->set->hold && r->open >= r->sessions)
		p.hold = hold_choose(&c, &p, r->idle);
	return p;
}

static void session_list(const struct run *r, const struct talk_plan *p, const char *verdict,
			 const char *name)
{
	struct talk_ends ends = talk_ends(p);
	char client[40], server[40];
	if (r->list)
		fprintf(r->list, "%s\t%u\t%s\t%u\t%s\t%s\n",
			wire_address(p->v6, ends.addr[CLIENT], client), ends.port[CLIENT],
			wire_address(p->v6, ends.addr[SERVER], server), ends.port[SERVER], verdict,
			name);
}

static void session_count(struct run *r, const struct talk_plan *p)
{
	unsigned which = p->ending                 ? (unsigned)(p->ending - endings)
			 : p->course == COURSE_TLS ? endings_n + 1
						   : endings_n;
	r->endings[which]++;
	session_list(r, p,
		     p->ending                 ? p->ending->verdict
		     : p->course == COURSE_TLS ? "encrypted"
					       : "clean",
		     p->ending ? p->ending->name : "as usual");
}

static void session_start(struct run *r)
{
	struct talk_plan plan = plan_of(r, r->started++);
	session_count(r, &plan);
	/* The held ones lie behind those that are awake: the first of them makes room. */
	r->talks[r->live++] = r->talks[r->awake];
	talk_begin(&r->talks[r->awake++], &plan, r->world.mail);
}

static void talk_swap(struct run *r, uint32_t a, uint32_t b)
{
	struct talk t = r->talks[a];
	r->talks[a] = r->talks[b];
	r->talks[b] = t;
}

static void session_over(struct run *r, uint32_t which)
{
	r->talks[which] = r->talks[--r->awake];
	r->talks[r->awake] = r->talks[--r->live];
	r->over++;
}

/* The clock goes on by what lies between two packets when each open session has one in a round. */
static void clock_step(struct run *r)
{
	int64_t step = ROUND / (r->awake * (1 + r->set->background));
	r->world.now += step < TICK ? TICK : step;
}

static void background_run(struct run *r)
{
	for (unsigned i = 0; i < r->set->background; i++) {
		background_put(r->background, r->world.wire, r->world.mail, r->world.now);
		clock_step(r);
	}
}

/* Any of the sessions that are awake sends one packet, unless it has to wait. */
static void packet_run(struct run *r)
{
	uint32_t which = chance_below(&r->chance, r->awake);
	struct talk *t = &r->talks[which];
	clock_step(r);
	if (t->wake > r->world.now)
		return;
	uint64_t before = wire_packets(r->world.wire);
	enum talk_state state = talk_step(t, &r->world);
	uint64_t sent = wire_packets(r->world.wire) - before;
	r->smtp_packets += sent;
	if (sent > 0 && r->background)
		background_run(r);
	if (state == TALK_OVER)
		session_over(r, which);
	if (state == TALK_HELD)
		talk_swap(r, which, --r->awake);
	if (state == TALK_HELD)
		r->held++;
}

/* All but the last session, then the quiet, then that one. */
static void run(struct run *r)
{
	while (r->over + 1 < r->sessions) {
		while (r->live < r->open && r->started + 1 < r->sessions)
			session_start(r);
		if (r->awake == 0 && r->idle >= 0)
			return;
		if (r->awake == 0) {
			r->world.now += HELD_FOR;
			r->awake = r->live;
		}
		packet_run(r);
	}
	r->world.now += QUIET;
	session_start(r);
	r->talks[0].plan.hold = 0;
	while (r->live > 0)
		packet_run(r);
}

static const char *verdict_of(unsigned which)
{
	return which < endings_n    ? endings[which].verdict
	       : which == endings_n ? "clean"
				    : "encrypted";
}

/* Several endings share a verdict. */
static void verdicts_print(const struct run *r, FILE *out)
{
	const char *between = "";
	for (unsigned i = 0; i < endings_n + 2; i++) {
		uint64_t n = 0;
		bool told = false;
		for (unsigned k = 0; k < endings_n + 2; k++) {
			bool same = strcmp(verdict_of(i), verdict_of(k)) == 0;
			told |= same && k < i;
			n += same ? r->endings[k] : 0;
		}
		if (told || n == 0)
			continue;
		fprintf(out, "%s\"%s\": %llu", between, verdict_of(i), (unsigned long long)n);
		between = ", ";
	}
}

static bool truth_write(const struct run *r, const char *path)
{
	char name[4096];
	snprintf(name, sizeof name, "%s.truth", path);
	FILE *out = fopen(name, "w");
	if (!out)
		return false;
	fprintf(out,
		"{\"set\": \"%s\", \"seed\": %llu, \"sessions\": %u, \"open\": %u, \"held\": %u, "
		"\"packets\": %llu, "
		"\"smtp_packets\": %llu, \"bytes\": %llu, \"verdicts\": {",
		r->set->name, (unsigned long long)r->seed, r->sessions, r->open, r->held,
		(unsigned long long)wire_packets(r->world.wire),
		(unsigned long long)r->smtp_packets, (unsigned long long)wire_bytes(r->world.wire));
	verdicts_print(r, out);
	fprintf(out, "}}\n");
	return fclose(out) == 0;
}

static FILE *list_open(const char *path)
{
	char name[4096];
	snprintf(name, sizeof name, "%s.sessions", path);
	return fopen(name, "w");
}

static bool run_open(struct run *r, struct mail *mail, const char *path, bool list)
{
	r->world = (struct talk_world){.wire = wire_new(path), .mail = mail, .now = BEGIN};
	r->chance = (struct chance){r->seed};
	r->endings = calloc(endings_n + 2, sizeof *r->endings);
	r->talks = malloc((r->open + 1) * sizeof *r->talks);
	r->background = r->set->background ? background_new(r->seed) : NULL;
	r->list = list ? list_open(path) : NULL;
	return r->world.wire && r->endings && r->talks && (!list || r->list) &&
	       (!r->set->background || r->background) && mail_init(mail);
}

static bool run_close(struct run *r, struct mail *mail, const char *path)
{
	bool fine = truth_write(r, path);
	if (r->list)
		fine &= fclose(r->list) == 0;
	fine &= wire_close(r->world.wire);
	mail_free(mail);
	background_free(r->background);
	free(r->endings);
	free(r->talks);
	return fine;
}

static int usage(void)
{
	fputs("usage: generate [-q] [-l] [-s SEED] [-n SESSIONS] [-c OPEN] [-i PLACE] SET FILE\n"
	      "writes FILE, a capture, and FILE.truth, the number of sessions by verdict; -q: a "
	      "twentieth of the size\n"
	      "-l: also FILE.sessions, a line for each; -c: sessions open at once\n"
	      "-i: where those of concurrent are idle; 0: after EHLO, 1: in mid-envelope, 2: after "
	      "a message; without: a third "
	      "each\nsets:\n",
	      stderr);
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
		fprintf(stderr, "  %-14s %s\n", sets[i].name, sets[i].help);
	return 2;
}

int main(int argc, char **argv)
{
	struct run r = {.seed = 1, .idle = -1};
	struct mail mail;
	bool quick = false, list = false;
	for (int c; (c = getopt(argc, argv, "qls:n:c:i:")) != -1;) {
		quick |= c == 'q';
		list |= c == 'l';
		if (c == 's')
			r.seed = strtoull(optarg, NULL, 0);
		if (c == 'n')
			r.sessions = (uint32_t)strtoul(optarg, NULL, 0);
		if (c == 'c')
			r.open = (uint32_t)strtoul(optarg, NULL, 0);
		if (c == 'i')
			r.idle = (int)strtol(optarg, NULL, 0);
		if (c == '?')
			return usage();
	}
	r.set = argc - optind == 2 ? set_find(argv[optind]) : NULL;
	if (!r.set)
		return usage();
	const char *path = argv[optind + 1];
	r.sessions = r.sessions ? r.sessions : quick ? r.set->quick : r.set->sessions;
	r.open = r.open ? r.open : r.set->open;
	r.open = r.open < r.sessions ? r.open : r.sessions;
	if (run_open(&r, &mail, path, list)) {
		run(&r);
		if (run_close(&r, &mail, path))
			return 0;
	}
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return 1;
}
