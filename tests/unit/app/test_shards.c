/* test_shards.c - any number of workers says what one says, in the same order; and workers that
 * have much to tell are no trouble. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <stdlib.h>

#include "app/shards.h"
#include "capture/source.h"
#include "nids/stream_nids.h"
#include "smtpwatch/cause.h"

/* Everything that is told, as one number that depends on the order too; and how much it was. */
struct heard {
	uint64_t sum;
	unsigned sessions;
};

static void mix(struct heard *h, const void *p, size_t n)
{
	const uint8_t *at = p;
	for (size_t i = 0; i < n; i++)
		h->sum = (h->sum ^ at[i]) * UINT64_C(0x100000001b3);
}

static void on_session(void *arg, const struct record *r)
{
	struct heard *h = arg;
	h->sessions++;
	mix(h, r->conn->addr, sizeof r->conn->addr);
	mix(h, r->conn->port, sizeof r->conn->port);
	mix(h, &r->conn->input, sizeof r->conn->input);
	mix(h, &r->conn->start, sizeof r->conn->start);
	mix(h, &r->end, sizeof r->end);
	mix(h, &r->judgement.verdict, sizeof r->judgement.verdict);
	mix(h, &r->cause->id, sizeof r->cause->id);
	mix(h, &r->together, sizeof r->together);
	struct string string;
	for (uint16_t pos = 0; strings_next(&r->session->strings, &pos, &string);)
		mix(h, string.text.p, string.text.n);
}

enum { REPLICAS = 48, FRAMES_MAX = 40000, ETHERNET_IPV4 = 0x0800 };

/* The captures of pcaps/, one behind the other. */
struct traffic {
	struct frame frame[FRAMES_MAX];
	uint8_t *data[FRAMES_MAX];
	size_t n;
};

static void traffic_add(struct traffic *t, const struct frame *f)
{
	assert_true(t->n < FRAMES_MAX);
	t->data[t->n] = malloc(f->caplen + 1);
	assert_non_null(t->data[t->n]);
	memcpy(t->data[t->n], f->data, f->caplen);
	t->frame[t->n] = *f;
	t->frame[t->n].data = t->data[t->n];
	t->n++;
}

static struct traffic *traffic_read(void)
{
	struct traffic *t = calloc(1, sizeof *t);
	glob_t files;
	struct error why;
	bool usage;
	assert_non_null(t);
	assert_int_equal(glob("pcaps/*.pcap*", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct source *s = source_open(files.gl_pathv[i], NULL, &why, &usage);
		struct frame f;
		assert_non_null(s);
		while (source_read(s, &f, 1, &why) > 0)
			traffic_add(t, &f);
		source_close(s);
	}
	globfree(&files);
	assert_true(t->n > 300);
	return t;
}

static void traffic_free(struct traffic *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->data[i]);
	free(t);
}

/* The same frame of other hosts, where it is plain IPv4: a connection of its own, at the same time.
 */
static struct frame replica(const struct frame *f, unsigned number, uint8_t room[65536])
{
	struct frame other = *f;
	if (f->link != 1 || f->caplen < 34 || f->caplen > 65536 ||
	    f->data[12] != ETHERNET_IPV4 >> 8 || f->data[13] != 0)
		return other;
	memcpy(room, f->data, f->caplen);
	room[27] ^= (uint8_t)number;
	room[31] ^= (uint8_t)number;
	other.data = room;
	return other;
}

static struct heard judged(const struct traffic *t, const struct stream_engine *engine,
			   unsigned workers, bool settle)
{
	static uint8_t room[65536];
	struct heard h = {0};
	struct monitor_config config = monitor_config_default();
	config.engine = engine;
	config.session = on_session;
	config.arg = &h;
	config.stream.seed[0] = 0x9e3779b97f4a7c15;
	struct shards *s = shards_new(&config, shards_possible(&config, workers));
	assert_non_null(s);
	for (size_t i = 0; i < t->n; i++)
		for (unsigned r = 0; r < REPLICAS; r++) {
			struct frame f = replica(&t->frame[i], r, room);
			shards_frames(s, (uint32_t)(i % 3), &f, 1);
			if (settle && i % 64 == 0 && r == 7)
				shards_settle(s);
		}
	shards_finish(s);
	struct monitor_stats stats;
	shards_stats(s, &stats);
	mix(&h, &stats.kinds, sizeof stats.kinds);
	mix(&h, &stats.stream.segments, sizeof stats.stream.segments);
	mix(&h, &stats.stream.conns, sizeof stats.stream.conns);
	mix(&h, &stats.stream.stray, sizeof stats.stream.stray);
	shards_free(s);
	return h;
}

static void any_number_says_what_one_says(void **state)
{
	(void)state;
	static const unsigned workers[] = {2, 3, 8};
	struct traffic *t = traffic_read();
	struct heard one = judged(t, &stream_native, 1, false);
	assert_true(one.sessions > 1000);
	for (size_t i = 0; i < sizeof workers / sizeof *workers; i++) {
		struct heard many = judged(t, &stream_native, workers[i], i == 1);
		assert_int_equal(many.sessions, one.sessions);
		assert_int_equal(many.sum, one.sum);
	}
	traffic_free(t);
}

/* The other engine exists once only, and has no order that could be merged. */
static void libnids_works_alone(void **state)
{
	(void)state;
	struct monitor_config config = monitor_config_default();
	assert_int_equal(shards_possible(&config, 4), 4);
	config.engine = &stream_nids;
	assert_int_equal(shards_possible(&config, 4), 1);
}

/* Given up in the middle, with rings that nobody empties and chunks that nobody has taken. */
static void it_can_be_given_up(void **state)
{
	(void)state;
	struct traffic *t = traffic_read();
	struct heard h = {0};
	struct monitor_config config = monitor_config_default();
	config.session = on_session;
	config.arg = &h;
	struct shards *s = shards_new(&config, 4);
	assert_non_null(s);
	shards_frames(s, 0, t->frame, t->n);
	shards_free(s);
	s = shards_new(&config, 2);
	assert_non_null(s);
	shards_free(s);
	traffic_free(t);
}

static void without_memory_there_are_none(void **state)
{
	(void)state;
	struct monitor_config config = monitor_config_default();
	config.session = on_session;
	config.memory = 1 << 12;
	assert_null(shards_new(&config, 1));
	assert_null(shards_new(&config, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_number_says_what_one_says),
		cmocka_unit_test(libnids_works_alone),
		cmocka_unit_test(it_can_be_given_up),
		cmocka_unit_test(without_memory_there_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
