/* rows_limit.c - the options of the engine and its limits. */
#include "nids/stream_nids.h"
#include "options/value.h"

enum { WORKERS_MAX = 1024, CONNS_MAX = 100000000, MEMORY_MIN = 1 << 20 };

static bool set_workers(struct options *o, const char *value, struct error *why)
{
	uint64_t n;

	if (!option_value_number(&n, value, 0, WORKERS_MAX, why))
		return false;
	o->workers = (unsigned)n;
	return true;
}

static bool set_engine(struct options *o, const char *value, struct error *why)
{
	static const struct stream_engine *const engines[] = {&stream_native, &stream_nids};
	/* "own" is the earlier name of the native engine. */
	const char *name = strcmp(value, "own") == 0 ? stream_native.name : value;

	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++)
		if (strcmp(name, engines[i]->name) == 0) {
			o->monitor.engine = engines[i];
			return true;
		}
	return error_set(why, "\"%.99s\" is no engine; there are native, nids", value);
}

static bool set_max_connections(struct options *o, const char *value, struct error *why)
{
	uint64_t n;

	if (!option_value_number(&n, value, 1, CONNS_MAX, why))
		return false;
	o->monitor.stream.max_conns = (unsigned)n;
	return true;
}

static bool set_memory(struct options *o, const char *value, struct error *why)
{
	return option_value_size(&o->monitor.memory, value, MEMORY_MIN, SIZE_MAX / 2, why);
}

static bool set_idle_timeout(struct options *o, const char *value, struct error *why)
{
	return option_value_time(&o->monitor.stream.idle, value, false, why);
}

static void show_max_connections(struct outbuf *b, const struct options *defaults)
{
	outbuf_number(b, defaults->monitor.stream.max_conns);
}

static void show_memory(struct outbuf *b, const struct options *defaults)
{
	outbuf_number(b, defaults->monitor.memory >> 20);
	outbuf_char(b, 'M');
}

static void show_idle_timeout(struct outbuf *b, const struct options *defaults)
{
	outbuf_number(b, (uint64_t)(defaults->monitor.stream.idle / FRAME_SECOND));
	outbuf_char(b, 's');
}

/* Without a fallback the core's default stays, and show writes it for --help. */
const struct option_row option_rows_limit[] = {
	{"workers", 'j', "N", "1", OPTION_RESTART, set_workers,
	 "0: one per CPU; the output is the same for any number", NULL},
	{"engine", 0, "native|nids", "native", OPTION_RESTART, set_engine,
	 "what reassembles the TCP streams", NULL},
	{"max-connections", 0, "N", NULL, OPTION_RESTART, set_max_connections,
	 "watched at the same time, at most", show_max_connections},
	{"memory", 0, "SIZE", NULL, OPTION_RESTART, set_memory, "used at most: 512M, 2G",
	 show_memory},
	{"idle-timeout", 0, "TIME", NULL, OPTION_RESTART, set_idle_timeout,
	 "a session without a packet is given up after it: 90s, 30m, 2h", show_idle_timeout},
	{0},
};
