/*
 * fuzz_config.c - a configuration file: what is wrong with it is told, a line each, and as many
 * lines as are counted; what is right is within the limits that the options have, and read once
 * more, as on SIGHUP, it is the same.
 */
#include "fuzz/fuzz.h"
#include "fuzz/memory_file.h"
#include "options/read.h"

enum { LONGEST = 4096 };

struct said {
	char *text;
	size_t n;
};

static unsigned lines_of(const struct said *s)
{
	unsigned n = 0;
	for (size_t i = 0; i < s->n; i++)
		n += s->text[i] == '\n';
	return n;
}

static void said_check(const struct said *s, unsigned mistakes)
{
	struct outbuf b = {.p = s->text, .n = s->n};
	fuzz_text_check(&b, true);
	CHECK(lines_of(s) == mistakes);
}

static unsigned file_read(struct options *o, char *path, struct said *said)
{
	static char name[] = "smtpwatch", option[] = "-c", check[] = "-i", interface[] = "lo";
	static char *argv[6];
	argv[0] = name;
	argv[1] = option;
	argv[2] = path;
	argv[3] = check;
	argv[4] = interface;
	FILE *errors = open_memstream(&said->text, &said->n);
	CHECK(errors);
	unsigned mistakes = options_read(o, 5, argv, errors);
	fclose(errors);
	return mistakes;
}

static void limits_check(const struct options *o)
{
	const struct monitor_config *m = &o->monitor;
	CHECK(o->action == OPTIONS_RUN && o->interfaces.n == 1 && o->reads.n == 0);
	CHECK(m->memory >= (size_t)1 << 20 && m->stream.max_conns >= 1);
	CHECK(m->stream.idle > 0 && m->stream.half_open > 0 && o->stats_interval >= 0 &&
	      o->repeat >= 0);
	CHECK(o->snaplen >= 128 && o->snaplen <= 262144 && o->buffer >= (size_t)1 << 20);
	CHECK(o->digest < 24 * 60 && o->fail_on <= SEVERITIES);
}

/* Nothing has changed: nothing is held, and nothing is said. */
static void again(const struct options *running)
{
	struct options fresh;
	struct said said = {NULL, 0};
	unsigned held;
	FILE *errors = open_memstream(&said.text, &said.n);
	CHECK(errors);
	CHECK(options_reload(running, &fresh, errors, &held) == 0 && held == 0);
	fclose(errors);
	CHECK(said.n == 0 && fresh.settings.n == running->settings.n);
	CHECK(memcmp(&fresh.monitor.ports, &running->monitor.ports, sizeof fresh.monitor.ports) ==
	      0);
	CHECK(fresh.monitor.memory == running->monitor.memory && fresh.workers == running->workers);
	options_free(&fresh);
	free(said.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	struct options o;
	struct said said = {NULL, 0};
	snprintf(path, sizeof path, "%s", memory_file(bytes_first(bytes_of(data, size), LONGEST)));
	unsigned mistakes = file_read(&o, path, &said);
	said_check(&said, mistakes);
	if (mistakes == 0) {
		limits_check(&o);
		again(&o);
	}
	options_free(&o);
	free(said.text);
	return 0;
}
