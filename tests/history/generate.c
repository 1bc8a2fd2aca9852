/* generate.c - makes a history of eight days and four gateways, and the truth about each mail: what
 * it was meant to become. The truth knows nothing of the rules under test.
 * usage: generate FOLDER TRUTH MESSAGES SEED */
#include "history/post.h"

#include <stdlib.h>

/* Pauses of the usual servers, seconds. */
static int64_t pause_of(unsigned client, unsigned n)
{
	static const unsigned postfix[] = {300, 600, 1200, 2400, 4000},
			      exim[] = {900, 900, 900, 900, 900, 900, 900, 900, 3600, 5400},
			      exchange[] = {60, 60, 60, 60, 300, 300, 300, 300, 300, 300, 600};
	switch (client % 5) {
	case 0:
		return postfix[n < 5 ? n : 4] + (int64_t)chance(300);
	case 1:
		return exim[n < 10 ? n : 9] + (int64_t)chance(1700);
	case 2:
		return 400 * (2 * (int64_t)n + 1) + (int64_t)chance(20);
	case 3:
		return exchange[n < 11 ? n : 10] + (int64_t)chance(20);
	default:
		return 1800 + (int64_t)chance(60);
	}
}

static void wait_for_try(struct letter *l, unsigned n)
{
	l->at += pause_of(l->client, n) * 1000;
}

/* Some tries that fail, and after each the pause until the next one. */
static void tries(struct letter *l, unsigned n, enum attempt_fate fate, unsigned code)
{
	for (unsigned i = 0; i < n; i++) {
		attempt_write(l, fate, code, 0);
		wait_for_try(l, i);
	}
}

static void accept(struct letter *l)
{
	l->bare = false;
	attempt_write(l, ATTEMPT_ACCEPTED, 250, ATTEMPT_ACKED | ATTEMPT_TAKEN);
}

/* One message to up to three recipients. */
static void at_once(void)
{
	struct letter l = letter_new(0, 1000);
	unsigned n = chance(10) == 0 ? 3 : 1;
	for (unsigned i = 0; i < n; i++) {
		struct letter other = letter_new(0, 1000);
		if (i > 0)
			memcpy(l.to, other.to, sizeof l.to);
		accept(&l);
		truth_write(l.to, "accepted");
	}
}

static void greylisted(void)
{
	struct letter l = letter_new(0, 900);
	l.bare = true;
	l.size = chance(20) ? l.size : 0;
	tries(&l, 1 + (unsigned)chance(3), ATTEMPT_DEFERRED, 451);
	accept(&l);
	truth_write(l.to, "delivered-later");
}

static void cut(void)
{
	struct letter l = letter_new(0, 900);
	tries(&l, 1 + (unsigned)chance(4), chance(2) ? ATTEMPT_CUT : ATTEMPT_DEFERRED, 0);
	accept(&l);
	truth_write(l.to, "delivered-later");
}

static void perhaps_twice(void)
{
	struct letter l = letter_new(0, 900);
	attempt_write(&l, ATTEMPT_UNANSWERED, 0, ATTEMPT_ACKED);
	wait_for_try(&l, 0);
	tries(&l, (unsigned)chance(3), ATTEMPT_CUT, 0);
	accept(&l);
	truth_write(l.to, "delivered-twice?");
}

static void twice(void)
{
	struct letter l = letter_new(0, 900);
	bool told = chance(2);
	attempt_write(&l, told ? ATTEMPT_ACCEPTED : ATTEMPT_UNANSWERED, told ? 250 : 0,
		      ATTEMPT_ACKED | ATTEMPT_TAKEN);
	wait_for_try(&l, 0);
	accept(&l);
	truth_write(l.to, "delivered-twice");
}

/* The first server fails; another domain's takes it, which is a mail there that was accepted. */
static void elsewhere(void)
{
	struct letter l = letter_new(0, 900);
	tries(&l, 1 + (unsigned)chance(2), ATTEMPT_CUT, 0);
	truth_write(l.to, "delivered-elsewhere");
	l.site = (l.site + 1) % SITES;
	l.srs = chance(2);
	accept(&l);
	truth_write(l.to, "accepted");
}

static void lost(void)
{
	struct letter l = letter_new(0, 900);
	tries(&l, (unsigned)chance(2), ATTEMPT_CUT, 0);
	attempt_write(&l, ATTEMPT_FALSELY_ACCEPTED, 221, ATTEMPT_ACKED);
	truth_write(l.to, "lost");
}

static void lost_and_found(void)
{
	struct letter l = letter_new(0, 900);
	attempt_write(&l, ATTEMPT_FALSELY_ACCEPTED, 221, ATTEMPT_ACKED);
	wait_for_try(&l, 0);
	accept(&l);
	truth_write(l.to, "delivered-later");
}

/* The further try was where a gateway captured nothing. */
static void lost_in_the_hole(void)
{
	struct letter l = letter_new(0, 900);
	l.at = POST_HOLE - (int64_t)chance(10 * 60 * 1000) - 1000;
	attempt_through(HOLE_GATEWAY, &l, ATTEMPT_FALSELY_ACCEPTED, 221, ATTEMPT_ACKED);
	l.at = POST_HOLE + 60000 + (int64_t)chance(40 * 60 * 1000);
	attempt_through(HOLE_GATEWAY, &l, ATTEMPT_ACCEPTED, 250, 0);
	truth_write(l.to, "not-watched");
}

/* Nobody else writes from this sender: whose mail a bounce is about is certain. */
static struct letter with_own_sender(unsigned from, unsigned to)
{
	struct letter l = letter_new(from, to);
	snprintf(l.from, sizeof l.from, "own.%.60s", l.to);
	return l;
}

static void bounce(struct letter *l)
{
	struct letter back = letter_new(0, 900);
	memcpy(back.to, l->from, sizeof back.to);
	back.from[0] = '\0';
	back.client = l->client;
	back.at = l->at + 1000 + (int64_t)chance(50 * 60 * 1000);
	accept(&back);
	truth_write(back.to, "accepted");
}

static void refused(void)
{
	struct letter l = letter_new(0, 900);
	l.bare = chance(2);
	tries(&l, (unsigned)chance(2), ATTEMPT_DEFERRED, 451);
	attempt_write(&l, ATTEMPT_REJECTED, 550, 0);
	truth_write(l.to, "refused");
}

static void bounced(void)
{
	struct letter l = with_own_sender(0, 900);
	l.bare = chance(2);
	attempt_write(&l, ATTEMPT_REJECTED, 550, chance(3) ? 0 : ATTEMPT_TAKEN);
	bounce(&l);
	truth_write(l.to, "bounced");
}

/* Its sender gave up after a day. */
static void bounced_late(void)
{
	struct letter l = with_own_sender(0, 500);
	int64_t end = l.at + POST_DAY, last = l.at;
	for (unsigned i = 0; l.at < end; i++) {
		attempt_write(&l, ATTEMPT_DEFERRED, 451, 0);
		last = l.at;
		wait_for_try(&l, i);
	}
	l.at = last;
	bounce(&l);
	truth_write(l.to, "bounced");
}

/* Tries until the sending server gives up, in the time that was watched. */
static void never(unsigned from, unsigned to, const char *outcome)
{
	struct letter l = letter_new(from, to);
	int64_t end = l.at + 5 * POST_DAY - POST_HOUR;
	l.bare = chance(2);
	for (unsigned i = 0; l.at < end; i += 1 + (unsigned)chance(3)) {
		attempt_write(&l, ATTEMPT_DEFERRED, 451, 0);
		wait_for_try(&l, i);
		l.at += POST_HOUR * (int64_t)chance(24);
	}
	truth_write(l.to, outcome);
}

static void pending(void)
{
	struct letter l = letter_new(950, 990);
	tries(&l, 1 + (unsigned)chance(2), ATTEMPT_CUT, 0);
	truth_write(l.to, "pending");
}

/* It was delivered in a session that nobody could read, or of which too much was missing. */
static void unread(void)
{
	struct letter l = letter_new(0, 250);
	l.site = SITES + (unsigned)chance(BLIND);
	l.client = CLIENTS + (unsigned)chance(BLIND);
	tries(&l, 1, ATTEMPT_DEFERRED, 451);
	if (chance(2))
		unread_write(&l);
	else
		attempt_write(&l, ATTEMPT_UNKNOWN, 0, 0);
	truth_write(l.to, "not-watched");
}

/* The server hands it to a filter on another port, which is slow to take it. */
static void filtered(void)
{
	struct letter l = letter_new(0, 900);
	accept(&l);
	truth_write(l.to, "accepted");
	l.at += 1000;
	l.port = 10025;
	l.size += 212;
	tries(&l, 1, ATTEMPT_DEFERRED, 451);
	accept(&l);
	truth_write(l.to, "delivered-later");
}

/* Two lists send one message to one recipient, and one person is written to twice. */
static void alike(void)
{
	struct letter l = letter_new(0, 900), other = l;
	snprintf(l.from, sizeof l.from, "list-one@lists.example");
	snprintf(other.from, sizeof other.from, "list-two@lists.example");
	if (chance(2)) {
		/* The same envelope without SIZE, and another message. */
		memcpy(other.from, l.from, sizeof other.from);
		l.size = other.size = 0;
		memcpy(other.msgid, "another", 7);
	}
	attempt_write(&l, ATTEMPT_DEFERRED, 451, 0);
	other.at += 1000;
	accept(&other);
	truth_write(l.to, "accepted");
	wait_for_try(&l, 0);
	accept(&l);
	truth_write(l.to, "delivered-later");
}

/* A server asks whether an address exists. */
static void looked_up(void)
{
	struct letter l = letter_new(0, 900);
	l.from[0] = '\0';
	l.bare = true;
	attempt_write(&l, ATTEMPT_ABORTED, 0, 0);
}

static void never_in_time(void)
{
	never(0, 300, "never");
}

static void never_over_the_hole(void)
{
	never(320, 368, "not-watched");
}

int main(int argc, char **argv)
{
	/* Each one in so many of a thousand; the rest is accepted at once. */
	static const struct {
		unsigned share;
		void (*make)(void);
	} kinds[] = {{8, greylisted},
		     {6, cut},
		     {3, perhaps_twice},
		     {2, twice},
		     {2, elsewhere},
		     {2, lost},
		     {1, lost_and_found},
		     {1, lost_in_the_hole},
		     {3, refused},
		     {2, bounced},
		     {1, bounced_late},
		     {2, never_in_time},
		     {1, never_over_the_hole},
		     {2, pending},
		     {2, unread},
		     {4, filtered},
		     {2, alike},
		     {3, looked_up}};
	if (argc != 5)
		return 2;
	post_open(argv[1], argv[2], strtoull(argv[4], NULL, 10));
	for (uint64_t i = 0, n = strtoull(argv[3], NULL, 10); i < n; i++) {
		unsigned dice = (unsigned)chance(1000), k = 0;
		while (k < sizeof kinds / sizeof kinds[0] && dice >= kinds[k].share)
			dice -= kinds[k++].share;
		if (k < sizeof kinds / sizeof kinds[0])
			kinds[k].make();
		else
			at_once();
	}
	post_close();
	return 0;
}
