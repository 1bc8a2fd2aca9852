/* judge.c - the facts of a mail, and the table of outcomes. */
#include "history/judge.h"

/* What outcomes.def has its rules over. */
struct mail_facts {
	unsigned copies;    /* that the server of the site has */
	bool trouble;       /* an attempt was not accepted */
	bool sender_knows;  /* the sender has read an acceptance */
	bool after_trouble; /* and it came after the first trouble */
	bool maybe, elsewhere, bounced;
	bool refused;    /* the latest attempt was, for good */
	bool believed;   /* the latest attempt was accepted falsely */
	bool after_read; /* with believed: what a further try could have been in was read */
	bool given_up;   /* the time to give up is over */
	bool all_read;   /* with given_up: all until then was watched and read */
};

#define OUTCOME(name, id, severity, rule, sentence)                                                \
	static bool holds_##name(const struct mail_facts *f)                                       \
	{                                                                                          \
		return rule;                                                                       \
	}
#include "history/outcomes.def"

static bool (*const rules[OUTCOMES])(const struct mail_facts *) = {
#define OUTCOME(name, ...) holds_##name,
#include "history/outcomes.def"
};

bool mail_is_over(const struct mail *m)
{
	return m->accepted > 0;
}

/* Whether all was watched and read. client: what the mail's client did at other sites counts too.
 * Sets *pauses if a gateway paused for a moment. */
static bool is_read(const struct mail *m, const struct watch *w, int64_t start, int64_t end,
		    bool client, bool *pauses)
{
	return watch_covers(w, start, end, pauses) &&
	       watch_read(w, start, end, m->site, client ? m->client : m->site);
}

static struct mail_facts facts_of(const struct mail *m, const struct watch *w, int64_t now,
				  int64_t give_up, bool *pauses)
{
	int64_t last = m->first + m->last, end = last + OUTCOMES_PATIENCE;
	struct mail_facts f = {.copies = m->accepted + m->taken,
			       .trouble = m->trouble,
			       .sender_knows = m->accepted > 0,
			       .after_trouble = m->after,
			       .maybe = m->maybe,
			       .elsewhere = m->elsewhere,
			       .bounced = m->bounced,
			       .refused = m->fate == ATTEMPT_REJECTED,
			       .believed = m->fate == ATTEMPT_FALSELY_ACCEPTED,
			       .given_up = m->trouble && now >= m->first + give_up};
	bool open = m->trouble && !f.sender_knows && !f.elsewhere;
	/* A sender that believes its mail delivered goes to no other site. One that does not may.
	 */
	if (open && f.believed)
		f.after_read = is_read(m, w, last, now < end ? now : end, false, pauses);
	if (open && f.given_up)
		f.all_read = is_read(m, w, m->first, m->first + give_up, true, pauses);
	return f;
}

/* How surely the attempts are of one mail. */
static enum confidence match_of(const struct mail *m)
{
	if (m->by_env)
		return m->null_sender || m->size == 0 || m->small ? CONFIDENCE_POSSIBLE
								  : CONFIDENCE_LIKELY;
	return m->by_mid ? CONFIDENCE_LIKELY : CONFIDENCE_CERTAIN;
}

static enum confidence confidence_of(const struct mail *m, enum outcome outcome, bool pauses,
				     bool waited)
{
	enum confidence match = match_of(m), most = CONFIDENCE_CERTAIN;
	if (outcome == OUTCOME_BOUNCED || outcome == OUTCOME_DELIVERED_TWICE_MAYBE)
		most = CONFIDENCE_POSSIBLE;
	else if (pauses || outcome == OUTCOME_DELIVERED_ELSEWHERE ||
		 (outcome == OUTCOME_LOST && !waited) ||
		 (outcome == OUTCOME_NEVER && m->null_sender))
		most = CONFIDENCE_LIKELY;
	return match < most ? match : most;
}

/* When the next try is due at the latest: twice the last pause, or what the client was seen to do.
 */
static int64_t due_of(const struct mail *m, int64_t learned)
{
	int64_t pause = OUTCOMES_PATIENCE, twice = INT64_C(2) * m->gap * 8 * 1000;
	pause = twice > pause ? twice : pause;
	pause = learned > pause ? learned : pause;
	return m->first + m->last + pause;
}

struct mail_view mail_judge(const struct mail *m, const struct watch *w, int64_t now,
			    int64_t learned, int64_t give_up)
{
	bool pauses = false;
	struct mail_facts f = facts_of(m, w, now, give_up, &pauses);
	struct mail_view v = {.mail = m, .delay = -1, .taken = m->taken > 0};
	unsigned i = 0;
	while (i < OUTCOME_PENDING && !rules[i](&f))
		i++;
	/* A mail that was only looked up is none that waits. */
	v.outcome = i < OUTCOME_PENDING || rules[i](&f) ? (enum outcome)i : OUTCOME_ACCEPTED;
	v.confidence =
		confidence_of(m, v.outcome, pauses, now >= m->first + m->last + OUTCOMES_PATIENCE);
	if (f.sender_knows || f.elsewhere)
		v.delay = m->settled;
	if (v.outcome == OUTCOME_PENDING)
		v.due = due_of(m, learned);
	return v;
}
