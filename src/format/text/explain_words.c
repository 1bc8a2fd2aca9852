/* explain_words.c - the tables of sentences, out of the rows of verdicts.def and causes.def. An
 * extra alert of alert_kind.c has its row here. tests/unit/format/test_explain.c checks that none
 * is missing. */
#include "format/text/explain_words.h"

#include <assert.h>

#define EXPLAIN(...)                                                                               \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

static const struct explain_words words[ALERT_KINDS] = {
#define VERDICT(name, row, sentences, ...) [VERDICT_##name] = sentences,
#include "smtpwatch/verdicts.def"
	[ALERT_SLOW_ACCEPTANCE] =
		{.rule = "A server should answer a message as soon as it has taken it over, and do "
			 "slow work afterwards.",
		 .sender = "It waited; a sender with a shorter time-out than this gives up, and "
			   "sends the message a second time.",
		 .check = "Measure what the receiving server does between the end of a message and "
			  "its answer: its content filter, look-ups of names and lists, and the "
			  "disk "
			  "of its queue."},
};

static const struct explain_cause causes[CAUSES] = {
#define CAUSE(name, rule, row, sentences) [CAUSE_##name] = sentences,
#include "smtpwatch/causes.def"
};

const struct explain_words *explain_words_of(unsigned kind)
{
	assert(kind < ALERT_KINDS);
	return &words[kind];
}

const struct explain_cause *explain_cause_of(enum cause_id id)
{
	assert(id < CAUSES);
	return &causes[id];
}
