/* timeline.c - the interval lengths. Each length is a multiple of the one before, so that intervals
 * can be merged. */
#include "stats/timeline.h"

#include "smtpwatch/frame.h"

#include <string.h>

static const struct {
	int64_t seconds;
	const char *words;
} units[] = {
	{1, "second"},          {5, "5 seconds"},    {15, "15 seconds"}, {60, "minute"},
	{300, "5 minutes"},     {900, "15 minutes"}, {3600, "hour"},     {10800, "3 hours"},
	{21600, "6 hours"},     {86400, "day"},      {604800, "week"},   {2419200, "4 weeks"},
	{29030400, "48 weeks"},
};
enum { UNITS = sizeof units / sizeof units[0] };

int64_t timeline_length(const struct timeline *t)
{
	return units[t->unit].seconds * FRAME_SECOND;
}

const char *timeline_words(const struct timeline *t)
{
	return units[t->unit].words;
}

/* Returns the beginning of the interval that contains ts. Rounds down for times before the epoch
 * too. */
static int64_t begin_of(const struct timeline *t, int64_t ts)
{
	int64_t length = timeline_length(t), rest = ts % length;
	return ts - (rest < 0 ? rest + length : rest);
}

static unsigned span_of(const struct timeline *t, int64_t ts)
{
	int64_t i = (ts - t->origin) / timeline_length(t);
	return i < 0 ? 0 : i < TIMELINE_SPANS ? (unsigned)i : TIMELINE_SPANS - 1;
}

static bool fits(const struct timeline *t)
{
	return (t->high - begin_of(t, t->low)) / timeline_length(t) < TIMELINE_SPANS;
}

/* Moves the counts of each old interval to the new interval that contains its beginning. */
static void lay_out(struct timeline *t, const struct timeline *old)
{
	memset(t->counts, 0, sizeof t->counts);
	t->origin = begin_of(t, t->low);
	for (unsigned i = 0; i < TIMELINE_SPANS; i++) {
		unsigned to = span_of(t, old->origin + (int64_t)i * timeline_length(old));
		for (unsigned v = 0; v < VERDICTS; v++)
			for (unsigned s = 0; s < SEVERITIES; s++)
				t->counts[to][v][s] += old->counts[i][v][s];
	}
}

/* Lengthens the intervals until all times fit. Called seldom: there are a dozen lengths. */
static void make_room(struct timeline *t)
{
	struct timeline old = *t;
	while (!fits(t) && t->unit + 1 < UNITS)
		t->unit++;
	lay_out(t, &old);
}

void timeline_count(struct timeline *t, int64_t ts, enum verdict v, enum severity severity)
{
	if (!t->begun) {
		t->begun = true;
		t->low = t->high = ts;
		t->origin = begin_of(t, ts);
	}
	t->low = ts < t->low ? ts : t->low;
	t->high = ts > t->high ? ts : t->high;
	if (t->low < t->origin || (!fits(t) && t->unit + 1 < UNITS))
		make_room(t);
	t->counts[span_of(t, ts)][v][severity]++;
}

unsigned timeline_spans(const struct timeline *t)
{
	return t->begun ? span_of(t, t->high) + 1 : 0;
}
