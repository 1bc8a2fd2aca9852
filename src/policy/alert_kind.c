/* alert_kind.c - the extra alerts. To add one: an enumerator in alert_kind.h, a row here, its
 * sentences in format/text/explain_words.c. */
#include "policy/alert_kind.h"

#include "policy/acceptance.h"

#include <assert.h>

_Static_assert((unsigned)ALERT_KINDS <= ALERT_KINDS_MAX, "masks of alerts have a bit for each");

struct extra {
	struct verdict_row row;
	bool (*holds)(const struct record *r, const struct extra_limits *limits);
};

static bool is_slow_acceptance(const struct record *r, const struct extra_limits *limits)
{
	return limits->slow_acceptance > 0 &&
	       acceptance_slowest(r).waited >= limits->slow_acceptance;
}

#define DELAYS "delays, whatever the ending"
#define TWICE                                                                                      \
	"a sender that gives up waiting sends the message again: if the server takes it all the "  \
	"same, it arrives twice"
#define LOOK                                                                                       \
	"what the server does between the end of a message and its answer: a content filter, "     \
	"name look-ups, a slow disk"

static const struct extra extras[ALERT_KINDS - VERDICTS] = {
	[ALERT_SLOW_ACCEPTANCE - VERDICTS] =
		{
			.row = {.id = "slow-acceptance",
				.severity = SEVERITY_WARNING,
				.category = DELAYS,
				.headline = "the server was slow to answer a whole message",
				.meaning = TWICE,
				.advice = LOOK,
				.rfc = "RFC 1047; RFC 5321 4.5.3.2.6, 6.1"},
			.holds = is_slow_acceptance,
		},
};

const struct verdict_row *alert_kind_row(unsigned s)
{
	assert(s < ALERT_KINDS);
	return s < VERDICTS ? verdict_row((enum verdict)s) : &extras[s - VERDICTS].row;
}

unsigned alert_kind_read(const char *id)
{
	unsigned s = 0;
	while (s < ALERT_KINDS && strcmp(alert_kind_row(s)->id, id) != 0)
		s++;
	return s;
}

uint64_t alert_kind_extras(const struct record *r, const struct extra_limits *limits)
{
	uint64_t mask = 0;
	for (unsigned s = VERDICTS; s < ALERT_KINDS; s++)
		if (extras[s - VERDICTS].holds(r, limits))
			mask |= UINT64_C(1) << s;
	return mask;
}
