/* scenario_pcap.c - writes what a scenario puts on the wire as a capture file: scenario_pcap [-w WEATHER] [-s SEED] SCENARIO.smtp OUT.pcap */
#include "lib/build.h"
#include "lib/weather.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int usage(void)
{
	fputs("usage: scenario_pcap [-w WEATHER] [-s SEED] SCENARIO.smtp OUT.pcap\nweathers:", stderr);
	for (const struct weather *w = weathers; w->name; w++)
		fprintf(stderr, " %s", w->name);
	fputs("\n", stderr);
	return 2;
}

static int write_pcap(const char *from, const char *to, const struct weather *how, uint64_t seed)
{
	char why[SCENARIO_WHY];
	struct scenario *s = scenario_read(from, why);
	if (!s) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	struct trace trace = build_trace(s);
	struct frames frames = weather_frames(s, &trace, how, seed);
	bool good = frames_save(&frames, wrapping_find(how->wrapping)->link, to);
	if (!good)
		fprintf(stderr, "%s: %s\n", to, strerror(errno));
	frames_free(&frames);
	trace_free(&trace);
	scenario_free(s);
	return good ? 0 : 1;
}

int main(int argc, char **argv)
{
	const struct weather *how = weathers;
	uint64_t seed = 1;
	for (int c; (c = getopt(argc, argv, "w:s:")) != -1;) {
		if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		if (c == 'w')
			how = weather_find(optarg);
		if (c == '?' || !how)
			return usage();
	}
	return argc - optind == 2 ? write_pcap(argv[optind], argv[optind + 1], how, seed) : usage();
}
