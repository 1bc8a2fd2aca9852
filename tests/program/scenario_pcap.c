/* scenario_pcap.c - writes what a scenario puts on the wire as a capture file: scenario_pcap [-p]
 * [-w WEATHER] [-s SEED] [-t SUITE -k KEYLOG] SCENARIO.smtp OUT.pcap; -p prints its ports, as
 * smtpwatch's -p wants them */
#include "lib/build.h"
#include "lib/tls_scenario.h"
#include "lib/weather.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int usage(void)
{
	fputs("usage: scenario_pcap [-p] [-w WEATHER] [-s SEED] [-t SUITE -k KEYLOG] SCENARIO.smtp "
	      "OUT.pcap\nweathers:",
	      stderr);
	for (const struct weather *w = weathers; w->name; w++)
		fprintf(stderr, " %s", w->name);
	fputs("\n", stderr);
	return 2;
}

static const struct tls_way *way_find(const char *suite)
{
	const struct tls_way *way = tls_ways;
	while (way->name && strcmp(way->name, suite) != 0)
		way++;
	return way->name ? way : NULL;
}

/* Behind STARTTLS. */
static bool seal(struct scenario *s, const struct tls_way *way, const char *keylog)
{
	FILE *out = tls_scenario_seal(s, way, TLS_STARTTLS, 0) ? fopen(keylog, "w") : NULL;
	struct bytes keys = tls_talk_keys();
	if (!out)
		return false;
	bool good = fwrite(keys.p, 1, keys.n, out) == keys.n;
	return fclose(out) == 0 && good;
}

static bool has_port(const struct scenario *s, unsigned before, uint16_t port)
{
	for (unsigned i = 0; i < before; i++)
		if (s->scene[i].port[SERVER] == port)
			return true;
	return false;
}

/* "25,465/tls" */
static void print_ports(const struct scenario *s)
{
	static const char *const kinds[] = {
		[PORT_SMTP] = "", [PORT_TLS] = "/tls", [PORT_LMTP] = "/lmtp"};
	for (unsigned i = 0; i < s->scenes; i++)
		if (!has_port(s, i, s->scene[i].port[SERVER]))
			printf("%s%u%s", i > 0 ? "," : "", s->scene[i].port[SERVER],
			       kinds[s->scene[i].kind]);
	puts("");
}

/* way: NULL, or how TLS is spoken in it. */
static int write_pcap(const char *from, const char *to, const struct weather *how, uint64_t seed,
		      const struct tls_way *way, const char *keylog, bool ports)
{
	char why[SCENARIO_WHY];
	struct scenario *s = scenario_read(from, why);
	if (!s) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	if (way && !seal(s, way, keylog)) {
		fprintf(stderr, "%s: cannot be moved into TLS, or %s not be written\n", from,
			keylog);
		scenario_free(s);
		return 1;
	}
	if (ports)
		print_ports(s);
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
	const struct tls_way *way = NULL;
	const char *keylog = NULL;
	uint64_t seed = 1;
	bool ports = false;
	for (int c; (c = getopt(argc, argv, "pw:s:t:k:")) != -1;) {
		ports |= c == 'p';
		if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		if (c == 'w')
			how = weather_find(optarg);
		if (c == 't')
			way = way_find(optarg);
		if (c == 'k')
			keylog = optarg;
		if (c == '?' || !how || (c == 't' && !way))
			return usage();
	}
	if (argc - optind != 2 || !way != !keylog)
		return usage();
	return write_pcap(argv[optind], argv[optind + 1], how, seed, way, keylog, ports);
}
