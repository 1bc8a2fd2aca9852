/* explain_words.h - what there is to say of each verdict and each cause, in whole sentences: for
 * --explain and docs/alerts.md. */
#ifndef SMTPWATCH_FORMAT_TEXT_EXPLAIN_WORDS_H
#define SMTPWATCH_FORMAT_TEXT_EXPLAIN_WORDS_H

/* Of a verdict, or of what else can be an alert. Each is one sentence or more, and ends with a full
 * stop. */
struct explain_words {
	const char *id;
	const char *rule; /* what the standard asks for here; the sections stand in the catalogue's
			     row */
	const char *sender; /* what the sender's mail server will have done */
	const char *check;  /* what to look at next, and how */
};

/* Of a cause. */
struct explain_cause {
	const char *id;
	const char *how;   /* how such an ending comes about, and what tells it from others */
	const char *check; /* how to make sure, or what to change */
};

/* By the id of the catalogue's row (alert_kind.h, cause.h); NULL: there are no such words. */
const struct explain_words *explain_words_of(const char *id);
const struct explain_cause *explain_cause_of(const char *id);

#endif
