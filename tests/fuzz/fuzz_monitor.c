/*
 * fuzz_monitor.c - frames through the whole monitor. What is told, as JSON, must be the same
 * however the frames are cut into batches, whatever the secret of the flow table is, without header
 * prediction, and with the connections shared among three; the decoder's short way must read what
 * its tables read; and no output may hold a byte that a terminal or a parser could stumble over.
 */
#include "core/packet/walk.h"
#include "format/json/event.h"
#include "fuzz/case.h"
#include "fuzz/fuzz.h"
#include "lib/general.h"
#include "smtpwatch/correlate.h"
#include "smtpwatch/monitor.h"

#include <malloc.h>

enum { SHARDS = 3 };

/* What was told, line by line, and what was counted. */
struct told {
	struct outbuf text;
	struct json json;
	struct monitor_stats stats;
};

/* Digests cost more than all else, and are the same for all. */
static struct digest *digest;
static struct alerting alerting;

static void told_begin(struct told *t)
{
	if (!digest) {
		/* Of the tables of the history hardly a page is touched: half of the time went into
		 * clearing them. */
		mallopt(M_MMAP_THRESHOLD, 1 << 20);
		digest = digest_new();
		alerting = alerting_default();
		CHECK(digest);
	}
	t->text.n = 0;
	t->json = (struct json){.b = &t->text, .digest = digest};
}

static void on_record(void *arg, const struct record *record)
{
	struct told *t = arg;
	struct report r = report_make(&alerting, record, "fuzz");
	json_event_record(&t->json, &r);
}

static struct monitor_config config_of(const struct fuzz_case *c)
{
	struct monitor_config config = monitor_config_default();
	monitor_config_port(&config, 465, PORT_TLS);
	monitor_config_port(&config, 24, PORT_LMTP);
	config.any_port = c->any_port;
	config.stream.max_conns = 10000;
	config.session = on_record;
	if (c->small) {
		config.stream.max_conns = 4;
		config.stream.reorder_per_conn = 2000;
		config.stream.reorder_total = 6000;
		config.fragment_memory = 4000;
		config.memory = 600 << 10;
	}
	return config;
}

static void run(struct told *t, const struct fuzz_case *c, struct monitor_config config,
		uint64_t cuts)
{
	told_begin(t);
	config.arg = t;
	struct monitor *m = monitor_new(&config);
	CHECK(m);
	for (size_t i = 0, n; i < c->n; i += n) {
		n = cuts ? 1 + (cuts >> 59) : c->n;
		n = n < c->n - i ? n : c->n - i;
		cuts *= UINT64_C(6364136223846793005);
		monitor_frames(m, c->frames + i, n);
	}
	monitor_finish(m);
	monitor_stats(m, &t->stats);
	CHECK(t->stats.stream.conns_open == 0 && t->stats.stream.held_bytes == 0);
	CHECK(t->stats.memory_reserved <= config.memory);
	monitor_free(m);
}

static void same(const char *how, const struct told *a, const struct told *b)
{
	fuzz_same_text(how, &a->text, &b->text);
	CHECK(memcmp(&a->stats.kinds, &b->stats.kinds, sizeof a->stats.kinds) == 0);
	CHECK(memcmp(&a->stats.defrag, &b->stats.defrag, sizeof a->stats.defrag) == 0);
	CHECK(memcmp(&a->stats.stream, &b->stats.stream, sizeof a->stats.stream) == 0);
}

/* --- several that share the connections --- */

struct message {
	struct message *next;
	struct stream_order order;
	const struct record *record; /* NULL: an event */
	struct server_event event;
	_Alignas(16) uint8_t packed[];
};

struct shard {
	struct monitor *m;
	struct message *first, **last;
};

static struct message *message_add(struct shard *s, size_t n)
{
	struct message *msg = aligned_alloc(16, (sizeof *msg + n + 15) & ~(size_t)15);
	CHECK(msg);
	*msg = (struct message){.order = *monitor_order(s->m)};
	*s->last = msg;
	s->last = &msg->next;
	return msg;
}

static void on_shard_record(void *arg, const struct record *record)
{
	struct message *msg = message_add(arg, record_size(record));
	msg->record = record_pack(record, msg->packed);
}

static void on_shard_ended(void *arg, const struct server_event *event)
{
	message_add(arg, 0)->event = *event;
}

static void shards_tell(struct shard *shards, struct correlator *correlator, struct told *t)
{
	for (;;) {
		struct shard *first = NULL;
		for (struct shard *s = shards; s < shards + SHARDS; s++)
			if (s->first && (!first || stream_order_compare(&s->first->order,
									&first->first->order) < 0))
				first = s;
		if (!first)
			return;
		struct message *msg = first->first;
		first->first = msg->next;
		if (!msg->next)
			first->last = &first->first;
		if (msg->record)
			on_record(t, correlator_session(correlator, msg->record));
		else
			correlator_ended(correlator, &msg->event);
		free(msg);
	}
}

static void stats_add(struct stream_stats *sum, const struct stream_stats *one)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)one;
	for (size_t i = 0; i < sizeof *sum / sizeof *to; i++)
		to[i] += from[i];
}

/* As shards.c does it, without its threads. */
static void run_shards(struct told *t, const struct fuzz_case *c, struct monitor_config config)
{
	static struct shard shards[SHARDS];
	told_begin(t);
	memset(&t->stats, 0, sizeof t->stats);
	struct correlator *correlator = correlator_new(config.stream.seed);
	CHECK(correlator);
	config.session = on_shard_record;
	config.ended = on_shard_ended;
	config.stream.shards = SHARDS;
	for (unsigned i = 0; i < SHARDS; i++) {
		shards[i] = (struct shard){.last = &shards[i].first};
		config.stream.shard = i;
		config.arg = &shards[i];
		shards[i].m = monitor_new(&config);
		CHECK(shards[i].m);
		monitor_frames(shards[i].m, c->frames, c->n);
	}
	shards_tell(shards, correlator, t);
	for (unsigned i = 0; i < SHARDS; i++)
		monitor_finish(shards[i].m);
	shards_tell(shards, correlator, t);
	for (unsigned i = 0; i < SHARDS; i++) {
		struct monitor_stats one;
		monitor_stats(shards[i].m, &one);
		stats_add(&t->stats.stream, &one.stream);
		memcpy(t->stats.kinds, one.kinds, sizeof one.kinds);
		t->stats.defrag = one.defrag;
		monitor_free(shards[i].m);
	}
	correlator_free(correlator);
}

/* --- the decoder's two ways --- */

static void same_addr(const struct ip_addr *a, const struct ip_addr *b)
{
	CHECK(ip_addr_equal(a, b));
}

static void decoder_check(const struct frame *f, const struct port_set *ports)
{
	struct packet_decoder d = {.ports = ports};
	union packet_decoded by_both, by_tables;
	enum packet_kind kind = packet_decode(&d, f, &by_both),
			 want = packet_read_frame(&d, f, &by_tables);
	CHECK(kind == want);
	if (kind != PACKET_TCP)
		return;
	const struct packet *a = &by_both.tcp, *b = &by_tables.tcp;
	same_addr(&a->src, &b->src);
	same_addr(&a->dst, &b->dst);
	CHECK(a->src_port == b->src_port && a->dst_port == b->dst_port && a->seq == b->seq &&
	      a->ack == b->ack && a->flags == b->flags);
	CHECK(a->window == b->window && a->ttl == b->ttl && a->ip_id == b->ip_id &&
	      a->df == b->df && a->ts == b->ts);
	CHECK(a->mss == b->mss && a->has_wscale == b->has_wscale && a->wscale == b->wscale &&
	      a->has_tsopt == b->has_tsopt);
	CHECK(!a->has_tsopt || (a->tsval == b->tsval && a->tsecr == b->tsecr));
	CHECK(a->vlans == b->vlans && memcmp(a->vlan, b->vlan, sizeof a->vlan) == 0);
	CHECK(a->payload_len == b->payload_len && a->payload_cap == b->payload_cap &&
	      (a->payload_cap == 0 || a->payload == b->payload));
	CHECK(a->payload_cap <= a->payload_len &&
	      (a->payload_cap == 0 || a->payload + a->payload_cap <= f->data + f->caplen));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_case c;
	static struct told whole, other;
	case_read(&c, data, size);
	struct monitor_config config = config_of(&c);
	for (size_t i = 0; i < c.n; i++)
		decoder_check(&c.frames[i], c.any_port ? NULL : &config.ports);
	run(&whole, &c, config, 0);
	fuzz_text_check(&whole.text, true);
	config.stream.seed[0] = c.dice | 1;
	run(&other, &c, config, c.dice | 1);
	same("cut otherwise", &whole, &other);
	config.engine = &stream_general;
	run(&other, &c, config, 0);
	same("without prediction", &whole, &other);
	config.engine = &stream_native;
	if (c.small)
		return 0;
	run_shards(&other, &c, config);
	other.stats.stream.conns_peak = whole.stats.stream.conns_peak; /* sums of peaks */
	other.stats.stream.held_peak = whole.stats.stream.held_peak;
	same("shared by three", &whole, &other);
	return 0;
}
