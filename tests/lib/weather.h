/* weather.h - what a network and a capture do to segments without changing what was said: the same
 * session must be judged the same in each weather. */
#ifndef SMTPWATCH_TESTS_WEATHER_H
#define SMTPWATCH_TESTS_WEATHER_H

#include "lib/build_frame.h"
#include "lib/segments.h"

enum { WEATHER_TURNS = 4 };

struct weather {
	const char *name;
	/* What is done to the segments, one after the other. Each takes one trace and fills
	 * another. */
	void (*turn[WEATHER_TURNS])(const struct trace *in, struct trace *out, struct dice *d);
	const char *wrapping;
	unsigned batch; /* frames handed to the monitor at once */
	bool nids;      /* through libnids */
};

/* Ends with a row without a name. The first row is fair weather: nothing is done, and with it the
 * others are compared. */
extern const struct weather weathers[];

/* NULL if there is none of that name. */
const struct weather *weather_find(const char *name);

/* In it senders send again what had arrived. */
bool weather_repeats(const struct weather *how);

/*
 * Whether the scenario may run in it: it does not say "fair only" or "not" of this weather, or of
 * another one that does the same to segments; and libnids is given nothing that it cannot follow.
 */
bool weather_suits(const struct scenario *s, const struct trace *w, const struct weather *how);

/* Frames of a trace in a weather. With the same seed, the same frames. */
struct frames weather_frames(const struct scenario *s, const struct trace *w,
			     const struct weather *how, uint64_t seed);

#endif
