/* item.c - a scenario or a capture in memory, and what is said of its sessions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "damage/item.h"

#include "capture/source.h"
#include "lib/build.h"
#include "lib/weather.h"
#include "output/acceptance.h"

#include <stdlib.h>

enum { BATCH = 64, SLOW = 60 /* seconds */, FRAMES_MOST = 4000 };

static bool same_ends(const struct said *a, const struct said *b, bool turned)
{
	for (unsigned i = 0; i < 2; i++)
		if (memcmp(&a->addr[i], &b->addr[i ^ turned], sizeof a->addr[i]) != 0 || a->port[i] != b->port[i ^ turned])
			return false;
	return true;
}

const struct said *tally_find(const struct tally *t, const struct said *s)
{
	for (size_t i = 0; i < t->n; i++)
		if (same_ends(&t->all[i], s, false) || same_ends(&t->all[i], s, true))
			return &t->all[i];
	return NULL;
}

void tally_free(struct tally *t)
{
	free(t->all);
	*t = (struct tally){0};
}

static void *grown(void *all, size_t *room, size_t size)
{
	*room = *room ? 2 * *room : 16;
	all = realloc(all, *room * size);
	assert_non_null(all);
	return all;
}

static void on_record(void *arg, const struct record *r)
{
	struct tally *t = arg;
	struct said s = {.sessions = 1,
			 .severity = verdict_severity(r->judgement.verdict, r->ending),
			 .verdict = r->judgement.verdict,
			 .certain = verdict_confidence(r->judgement.verdict, r->ending) == CONFIDENCE_CERTAIN,
			 .accused = r->session->fates[FATE_UNANSWERED] + r->session->fates[FATE_FALSELY_ACCEPTED] > 0,
			 .slow = acceptance_slowest(r).waited >= SLOW * FRAME_SECOND};
	memcpy(s.addr, r->conn->addr, sizeof s.addr);
	memcpy(s.port, r->conn->port, sizeof s.port);
	struct said *was = (struct said *)(uintptr_t)tally_find(t, &s);
	if (was) {
		s.sessions += was->sessions;
		s.slow |= was->slow;
		s.accused |= was->accused;
		*was = s.severity >= was->severity ? s : *was;
		was->slow = s.slow;
		was->accused = s.accused;
		was->sessions = s.sessions;
		return;
	}
	if (t->n == t->room)
		t->all = grown(t->all, &t->room, sizeof *t->all);
	t->all[t->n++] = s;
}

struct tally item_judge(const struct item *item, const struct frames_view *v, const struct stream_engine *engine)
{
	struct tally t = {0};
	struct monitor_config config = item->config;
	config.engine = engine;
	config.session = on_record;
	config.arg = &t;
	struct monitor *m = monitor_new(&config);
	assert_non_null(m);
	for (size_t i = 0; i < v->n; i++)
		monitor_frames(m, &v->frame[i], 1);
	monitor_finish(m);
	monitor_free(m);
	return t;
}

static void frame_add(struct item *item, size_t *room, const struct frame *f)
{
	if (item->n == *room)
		item->frame = grown(item->frame, room, sizeof *item->frame);
	uint8_t *data = malloc(f->caplen + 1);
	assert_non_null(data);
	memcpy(data, f->data, f->caplen);
	item->frame[item->n] = *f;
	item->frame[item->n++].data = data;
}

static bool capture_read(struct item *item, const char *path)
{
	struct frame frames[BATCH];
	char why[SOURCE_WHY];
	bool usage;
	size_t room = 0;
	struct source *s = source_open(path, NULL, why, &usage);
	for (int n; s && item->n < FRAMES_MOST && (n = source_read(s, frames, BATCH, why)) > 0;)
		for (int i = 0; i < n; i++)
			frame_add(item, &room, &frames[i]);
	if (s)
		source_close(s);
	monitor_config_port(&item->config, 2525, PORT_SMTP);
	monitor_config_port(&item->config, 465, PORT_TLS);
	return item->n > 0;
}

static bool scenario_take(struct item *item, const char *path)
{
	char why[SCENARIO_WHY];
	struct scenario *s = scenario_read(path, why);
	if (!s || scenario_bars(s, "loss")) {
		scenario_free(s);
		return false;
	}
	struct trace t = build_trace(s);
	struct frames f = weather_frames(s, &t, weathers, 1);
	size_t room = 0;
	for (size_t i = 0; i < f.n; i++)
		frame_add(item, &room, &f.frame[i]);
	for (unsigned i = 0; i < s->scenes; i++)
		monitor_config_port(&item->config, s->scene[i].port[SERVER], s->scene[i].kind);
	frames_free(&f);
	trace_free(&t);
	scenario_free(s);
	return item->n > 0;
}

/* Each frame's sender: 0 the one whose address, or with the same address port, is the lower; what is no TCP is of nobody, and counts as 0. */
static void senders_find(struct item *item)
{
	struct packet_decoder all = {0};
	item->from = calloc(item->n, 1);
	assert_non_null(item->from);
	for (size_t i = 0; i < item->n; i++) {
		union packet_decoded p;
		if (packet_decode(&all, &item->frame[i], &p) != PACKET_TCP)
			continue;
		int order = memcmp(&p.tcp.src, &p.tcp.dst, sizeof p.tcp.src);
		item->from[i] = order > 0 || (order == 0 && p.tcp.src_port > p.tcp.dst_port);
	}
}

bool item_read(struct item *item, const char *path)
{
	const char *end = strrchr(path, '.');
	*item = (struct item){.name = path, .config = monitor_config_default()};
	item->config.stream.max_conns = 1024;
	bool found = end && strcmp(end, ".smtp") == 0 ? scenario_take(item, path) : capture_read(item, path);
	if (found) {
		senders_find(item);
		item->whole = item_judge(item, &(struct frames_view){item->frame, item->n}, item->config.engine);
	}
	if (!found || item->whole.n == 0)
		item_free(item);
	return found && item->n > 0;
}

void item_free(struct item *item)
{
	for (size_t i = 0; i < item->n; i++)
		free((void *)(uintptr_t)item->frame[i].data);
	free(item->frame);
	free(item->from);
	tally_free(&item->whole);
	*item = (struct item){0};
}
