/* score.c - the comparison, and the tables that are printed. */
#include "damage/score.h"
#include "smtpwatch/verdict.h"

#include <inttypes.h>
#include <stdio.h>

enum { FAILURES_SHOWN = 60 };

static const char *const engine_names[2] = {"native", "nids"};

static void fail_tell(struct scores *s, const struct score_round *r, const struct said *was,
		      const struct said *now)
{
	const struct damaged *x = r->x;
	if (s->failures++ >= FAILURES_SHOWN)
		return;
	printf("-r %" PRIu64 ": %s%s%s, %s, %s, %s, client port %u: %s, not %s%s%s\n", r->number,
	       x->item->name, x->other ? " + " : "", x->other ? x->other->name : "",
	       form_names[x->item->form], ways[r->way].name, engine_names[r->engine],
	       now->port[CLIENT], verdict_row(now->verdict)->id,
	       was ? verdict_row(was->verdict)->id : "a session",
	       now->slow ? ", slow-acceptance" : "", now->accused ? ", a message accused" : "");
}

static bool is_fault(const struct said *s)
{
	return s && s->severity >= SEVERITY_NOTICE;
}

static void score_add(struct score *sum, const struct score *more)
{
	sum->sessions += more->sessions;
	sum->innocent += more->innocent;
	sum->alerts += more->alerts;
	sum->faults += more->faults;
	sum->named += more->named;
	sum->clean += more->clean;
}

enum { KNOWN = 4 };

/* What is known of a session without its damage, NULL where nothing is: with its pauses, where time
 * was changed, else whole; whole; both without its keys, which a damage may make of no use. */
static void known_read(const struct score_round *r, const struct said *s,
		       const struct said *known[KNOWN])
{
	const struct damaged *x = r->x;
	const struct item *of = x->other && tally_find(&x->other->whole, s) ? x->other : x->item;
	known[0] = tally_find(r->base ? r->base : &of->whole, s);
	known[1] = tally_find(&of->whole, s);
	known[2] = tally_find(&of->keyless, s);
	known[3] = r->base_keyless ? tally_find(r->base_keyless, s) : NULL;
}

/*
 * Innocent is who was so in all these: nobody who waits longer is at fault by the damage. Of a
 * session that is only in the damaged capture nothing is known but its ends.
 */
static void session_take(struct scores *scores, const struct score_round *r, const struct said *s)
{
	const struct said *all[KNOWN];
	known_read(r, s, all);
	bool fault = is_fault(all[0]), innocent = true, slow = s->slow, accused = s->accused;
	for (unsigned i = 0; i < KNOWN; i++) {
		/* Of several sessions on the same ports nobody can tell which is left. */
		if (all[i] && all[i]->sessions > 1)
			return;
		innocent &= !is_fault(all[i]);
		slow &= !(all[i] && all[i]->slow);
		accused &= !(all[i] && all[i]->accused);
	}
	bool alert = innocent && (is_fault(s) || slow || accused),
	     clean = fault && s->verdict == VERDICT_CLEAN && s->certain;
	struct score one = {.sessions = 1,
			    .innocent = innocent,
			    .alerts = alert,
			    .faults = fault,
			    .named = fault && is_fault(s),
			    .clean = clean};
	score_add(&scores->way[r->way][r->engine], &one);
	score_add(&scores->form[r->x->item->form][r->engine], &one);
	score_add(&scores->all, &one);
	if (clean || alert)
		fail_tell(scores, r, all[0], s);
}

void score_take(struct scores *s, const struct score_round *r)
{
	bool differs = damaged_differs(r->x);
	s->way[r->way][r->engine].rounds += differs;
	s->form[r->x->item->form][r->engine].rounds += differs;
	s->all.rounds += differs;
	for (size_t i = 0; i < r->now->n; i++)
		session_take(s, r, &r->now->all[i]);
}

static void row_print(const char *name, const char *engine, const struct score *s)
{
	printf("%-14s %-6s %9lu %9lu %9lu %7lu %8lu %8lu %6lu\n", name, engine, s->rounds,
	       s->sessions, s->innocent, s->alerts, s->faults, s->named, s->clean);
}

void score_print(const struct scores *s)
{
	const struct score *all = &s->all;
	printf("%-14s %-6s %9s %9s %9s %7s %8s %8s %6s\n", "", "by", "damaged", "sessions",
	       "innocent", "alerts", "faults", "named", "clean");
	for (unsigned i = 0; i < 2 * WAYS; i++)
		row_print(ways[i / 2].name, engine_names[i % 2], &s->way[i / 2][i % 2]);
	for (unsigned i = 0; i < 2 * FORMS; i++)
		row_print(form_names[i / 2], engine_names[i % 2], &s->form[i / 2][i % 2]);
	printf("%lu sessions: %lu alerts on %lu innocent ones; of %lu faults %lu named (%.1f %%), "
	       "%lu called clean with "
	       "certainty\n",
	       all->sessions, all->alerts, all->innocent, all->faults, all->named,
	       all->faults ? 100.0 * (double)all->named / (double)all->faults : 0.0, all->clean);
}

static bool covered(const struct score *s)
{
	return s->rounds > 0 && s->innocent > 0 && s->faults > 0;
}

bool score_covers(const struct scores *s)
{
	bool all = true;
	for (unsigned i = 0; i < 2 * WAYS; i++)
		all &= covered(&s->way[i / 2][i % 2]);
	for (unsigned i = 0; i < 2 * FORMS; i++)
		all &= covered(&s->form[i / 2][i % 2]);
	return all;
}
