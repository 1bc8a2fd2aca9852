/* item.c - frames in memory, and what is said of their sessions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "damage/item.h"

#include "policy/acceptance.h"
#include "smtpwatch/verdict.h"

#include <stdlib.h>

enum { SLOW = 60 /* seconds */, CONNECTIONS = 1024 };

const char *const form_names[FORMS] = {"as it stands", "transcript", "in TLS", "with keys"};

static bool same_ends(const struct said *a, const struct said *b, bool turned)
{
	for (unsigned i = 0; i < 2; i++)
		if (memcmp(&a->addr[i], &b->addr[i ^ turned], sizeof a->addr[i]) != 0 ||
		    a->port[i] != b->port[i ^ turned])
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

static void *grown(void *all, size_t *capacity, size_t size)
{
	*capacity = *capacity ? 2 * *capacity : 16;
	all = realloc(all, *capacity * size);
	assert_non_null(all);
	return all;
}

void view_add(struct frames_view *v, const struct frame *f)
{
	if (v->n == v->capacity)
		v->frame = grown(v->frame, &v->capacity, sizeof *v->frame);
	v->frame[v->n++] = *f;
}

void view_free(struct frames_view *v)
{
	free(v->frame);
	*v = (struct frames_view){0};
}

static void on_record(void *arg, const struct record *r)
{
	struct tally *t = arg;
	struct said s = {.sessions = 1,
			 .severity = verdict_severity(r->judgement.verdict, r->ending),
			 .verdict = r->judgement.verdict,
			 .certain = verdict_confidence(r->judgement.verdict, r->ending) ==
				    CONFIDENCE_CERTAIN,
			 .accused = r->session->fates[FATE_UNANSWERED] +
					    r->session->fates[FATE_FALSELY_ACCEPTED] >
				    0,
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
	if (t->n == t->capacity)
		t->all = grown(t->all, &t->capacity, sizeof *t->all);
	t->all[t->n++] = s;
}

static void config_ports(struct monitor_config *config, const struct item *item)
{
	for (unsigned i = 0; i < item->ports; i++)
		monitor_config_port(config, item->port[i].port, item->port[i].kind);
}

struct tally item_judge(const struct item *item, const struct item *other,
			const struct frames_view *v, const struct stream_engine *engine)
{
	struct tally t = {0};
	struct monitor_config config = monitor_config_default();
	config.stream.max_conns = CONNECTIONS;
	config_ports(&config, item);
	if (other)
		config_ports(&config, other);
	config.engine = engine;
	config.decryptor = item->decryptor;
	config.session = on_record;
	config.arg = &t;
	struct monitor *m = monitor_new(&config);
	assert_non_null(m);
	for (size_t i = 0; i < v->n; i++) {
		if (i > 0 && i == v->second) {
			monitor_break(m);
			monitor_input(m, 1);
		}
		monitor_frames(m, &v->frame[i], 1);
	}
	monitor_finish(m);
	monitor_free(m);
	return t;
}

struct tally item_judge_keyless(const struct item *item, const struct frames_view *v,
				const struct stream_engine *engine)
{
	struct item without = *item;
	without.decryptor = NULL;
	return item_judge(&without, NULL, v, engine);
}

void item_port(struct item *item, uint16_t port, enum port_kind kind)
{
	for (unsigned i = 0; i < item->ports; i++)
		if (item->port[i].port == port)
			return;
	if (item->ports < ITEM_PORTS)
		item->port[item->ports++] = (struct item_port){port, kind};
}

void item_add(struct item *item, const struct frame *f)
{
	if (item->n == item->capacity)
		item->frame = grown(item->frame, &item->capacity, sizeof *item->frame);
	uint8_t *data = malloc(f->caplen + 1);
	assert_non_null(data);
	memcpy(data, f->data, f->caplen);
	item->frame[item->n] = *f;
	item->frame[item->n++].data = data;
}

static bool is_port(const struct item *item, uint16_t port)
{
	for (unsigned i = 0; i < item->ports; i++)
		if (item->port[i].port == port)
			return true;
	return port == 25 || port == 587;
}

/* How far each sender of a connection has come. */
struct course {
	uint16_t port[2]; /* the sender's first */
	uint32_t next;
	size_t last; /* its latest frame with payload; 0: none */
	bool in_tls; /* ... which begins with a TLS alert or data */
};

enum { COURSES = 256 };

/* Has it nothing that is new? A new connection on the same ports begins anew. */
static bool repeats(struct course *all, unsigned *n, const struct packet *p)
{
	uint32_t end = p->seq + p->payload_len + !!(p->flags & TCP_SYN) + !!(p->flags & TCP_FIN);
	for (unsigned i = 0; i < *n; i++) {
		if (all[i].port[0] != p->src_port || all[i].port[1] != p->dst_port)
			continue;
		bool again = end != p->seq && (int32_t)(end - all[i].next) <= 0;
		if (end != p->seq && !again)
			all[i].next = end;
		return again;
	}
	if (*n < COURSES && end != p->seq)
		all[(*n)++] = (struct course){.port = {p->src_port, p->dst_port}, .next = end};
	return false;
}

static void last_note(struct course *all, unsigned n, const struct packet *p, size_t frame)
{
	for (unsigned i = 0; i < n; i++)
		if (all[i].port[0] == p->src_port && all[i].port[1] == p->dst_port) {
			all[i].last = frame;
			all[i].in_tls = p->payload_len > 1 && p->payload_cap > 1 &&
					(p->payload[0] == 21 || p->payload[0] == 23) &&
					p->payload[1] == 3;
		}
}

/*
 * Each frame's sender: 0 the one whose address, or with the same address port, is the lower; what
 * is no TCP is of nobody, and counts as 0. And which of them say something to a server that spoke
 * last, or repeat something: of several sessions at once the last of any. The last thing a client
 * says in TLS may be its close_notify, which asks for nothing.
 */
static void frames_look(struct item *item)
{
	struct packet_decoder all = {0};
	struct course course[COURSES];
	unsigned courses = 0;
	bool answered = false;
	item->from = calloc(item->n, 1);
	item->asks = calloc(item->n, sizeof *item->asks);
	item->again = calloc(item->n, sizeof *item->again);
	assert_true(item->from && item->asks && item->again);
	for (size_t i = 0; i < item->n; i++) {
		union packet_decoded p;
		if (packet_decode(&all, &item->frame[i], &p) != PACKET_TCP)
			continue;
		int order = memcmp(&p.tcp.src, &p.tcp.dst, sizeof p.tcp.src);
		item->from[i] = order > 0 || (order == 0 && p.tcp.src_port > p.tcp.dst_port);
		item->again[i] = repeats(course, &courses, &p.tcp);
		if (p.tcp.payload_len == 0)
			continue;
		item->asks[i] = answered && is_port(item, p.tcp.dst_port);
		answered = !is_port(item, p.tcp.dst_port);
		if (!item->again[i])
			last_note(course, courses, &p.tcp, i);
	}
	for (unsigned i = 0; i < courses; i++)
		if (course[i].in_tls)
			item->asks[course[i].last] = false;
}

bool item_finish(struct item *item)
{
	const struct frames_view all = {.frame = item->frame, .n = item->n};
	frames_look(item);
	item->whole = item_judge(item, NULL, &all, &stream_native);
	if (item->decryptor)
		item->keyless = item_judge_keyless(item, &all, &stream_native);
	return item->whole.n > 0;
}

void item_free(struct item *item)
{
	for (size_t i = 0; i < item->n; i++)
		free((void *)(uintptr_t)item->frame[i].data);
	free(item->frame);
	free(item->from);
	free(item->asks);
	free(item->again);
	free(item->name);
	free(item->keys);
	tally_free(&item->whole);
	tally_free(&item->keyless);
	*item = (struct item){0};
}
