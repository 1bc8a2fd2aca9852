/* explain_words.h - the sentences about each alert kind and each cause, for --explain and
 * docs/alerts.md. */
#ifndef SMTPWATCH_FORMAT_TEXT_EXPLAIN_WORDS_H
#define SMTPWATCH_FORMAT_TEXT_EXPLAIN_WORDS_H

#include "policy/alert_kind.h"
#include "smtpwatch/cause.h"

/* The sentences about an alert kind. Each member is one sentence or more, with a full stop. */
struct explain_words {
	const char *rule;   /* what the standard demands; the catalogue's row names the sections */
	const char *sender; /* what the sender's mail server does next */
	const char *check;  /* what to look at, and how */
};

/* The sentences about a cause, in the same form. */
struct explain_cause {
	const char *how;   /* how such an ending comes about, and how it differs from others */
	const char *check; /* how to confirm the cause, or what to change */
};

/* Return the sentences of an alert kind (enum alert_kind), of a cause. Static. */
const struct explain_words *explain_words_of(unsigned kind);
const struct explain_cause *explain_cause_of(enum cause_id id);

#endif
