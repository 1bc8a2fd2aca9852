/* test_native.c - the native engine on segments that fit nothing: it must come to an end, and
 * close what it opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "lib/deaf.h"
#include "lib/engine_run.h"
#include "lib/general.h"

enum { SECONDS = 10 };

static unsigned closed, released;
static struct conn_end last;

static void on_close(void *arg, struct conn *conn, const struct conn_end *end, int64_t ts)
{
	(void)arg, (void)conn, (void)ts;
	last = *end;
	closed++;
}

static void on_release(void *arg, struct conn *conn)
{
	(void)arg, (void)conn;
	released++;
}

/* A segment between the client 10.0.0.1:40000 and the server 10.0.0.2:25. */
static struct packet segment(bool from_client, uint32_t seq, uint32_t ack, uint8_t flags,
			     const char *data)
{
	struct packet p = {.seq = seq,
			   .ack = ack,
			   .flags = flags,
			   .window = 65535,
			   .ttl = 64,
			   .ts = 1767607200 * FRAME_SECOND};
	p.src.b[10] = p.src.b[11] = p.dst.b[10] = p.dst.b[11] = 0xff;
	p.src.b[15] = from_client ? 1 : 2;
	p.dst.b[15] = from_client ? 2 : 1;
	p.src_port = from_client ? 40000 : 25;
	p.dst_port = from_client ? 25 : 40000;
	p.payload = (const uint8_t *)data;
	p.payload_len = p.payload_cap = (uint32_t)strlen(data);
	return p;
}

static void feed(const struct packet *packets, size_t n)
{
	struct stream_config config = stream_config_default();
	struct pool *pool = pool_new((size_t)64 << 20);
	struct stream_listener listener = deaf;
	listener.close = on_close;
	listener.release = on_release;
	struct stream *s = stream_native.new(&config, pool, &listener, NULL);
	assert_non_null(s);
	closed = released = 0;
	alarm(SECONDS);
	stream_native.segments(s, packets, n);
	stream_native.finish(s);
	alarm(0);
	stream_native.free(s);
	assert_int_equal(pool_used(pool), 0);
	pool_free(pool);
	assert_int_equal(closed, 1);
	assert_int_equal(released, 1);
}

/* Once it went round for ever: the RST was held on a side of which nothing was known. */
static void reset_that_acknowledges_nothing_known(void **state)
{
	(void)state;
	const struct packet packets[] = {segment(true, 1000, 0, TCP_SYN, ""),
					 segment(false, 5, 777, TCP_RST | TCP_ACK, "")};
	feed(packets, 2);
}

static void refused_fast_open_is_refused(void **state)
{
	(void)state;
	const struct packet packets[] = {segment(true, 1000, 0, TCP_SYN, "EHLO out\r\n"),
					 segment(false, 0, 1001, TCP_RST | TCP_ACK, "")};
	feed(packets, 2);
	assert_true(last.refused);
}

/* Every pair of flags, with numbers that fit and that do not. */
static void any_two_segments_come_to_an_end(void **state)
{
	(void)state;
	static const uint32_t numbers[] = {0, 1000, 1001, 1002, 5000, UINT32_MAX};
	for (unsigned flags = 0; flags < 32; flags++)
		for (size_t i = 0; i < 36; i++) {
			const struct packet packets[] = {segment(true, 1000, 0, TCP_SYN, ""),
							 segment(false, numbers[i / 6],
								 numbers[i % 6], (uint8_t)flags,
								 "220 x\r\n")};
			feed(packets, 2);
		}
}

/* An acknowledgement half a circle away lies ahead of what was sent as soon as more has been sent:
 * it must not become a hole of two gigabytes. */
static void absurd_acknowledgements_are_no_holes(void **state)
{
	(void)state;
	static const uint32_t by[] = {1u << 31, (1u << 31) - 1, (1u << 31) + 1, (1u << 31) + 30,
				      (1u << 30) + 1};
	for (size_t i = 0; i < sizeof by / sizeof *by; i++) {
		/* Where the short way is taken, nobody looks for holes. */
		struct talk t;
		struct engine_run *r = engine_run_talk(&stream_general, &t);
		t.step = FRAME_SECOND; /* longer than a hole is waited for */
		talk_mail(&t);
		r->in.packets[2].ack += by[i];
		talk_close(&t, SERVER);
		assert_mail(engine_run_one(r));
		engine_run_free(r);
	}
}

/* The same where the side's start is learnt only then: bytes of the other side came first, and then
 * the handshake. */
static void absurd_acknowledgements_end_with_the_handshake(void **state)
{
	(void)state;
	struct talk t;
	struct engine_run *r = engine_run_talk(&stream_general, &t);
	t.step = FRAME_SECOND;
	talk_mail(&t);
	r->in.packets[3].ack += (1u << 31) - 20;
	segments_drop(&r->in, 0);
	segments_move(&r->in, 2, 0);
	talk_close(&t, SERVER);
	assert_mail(engine_run_one(r));
	engine_run_free(r);
}

/* Where no handshake was seen, an acknowledgement of before what was seen moves the beginning of
 * it, but not its end. */
static void an_old_acknowledgement_takes_nothing_back(void **state)
{
	(void)state;
	struct talk t;
	struct engine_run *r = engine_run_talk(&stream_native, &t);
	uint32_t before = t.next[SERVER];
	t.next[SERVER] += 100;
	talk_say(&t, SERVER, "220 mx\r\n");
	t.heard[CLIENT] = before;
	talk_ack(&t, CLIENT);
	t.next[SERVER] = before + 100;
	talk_say(&t, SERVER, "220 mx\r\n");
	engine_run_batches(r, 1);
	assert_int_equal(r->stats.retransmits, 1);
	engine_run_free(r);
}

/* The first copy of the SYN is lost to a capture that has each packet twice; the second one comes
 * when bytes behind it were handed on, and so do theirs. */
static void a_syn_captured_late_takes_nothing_back(void **state)
{
	(void)state;
	static const size_t late[] = {4, 5}; /* behind the banner, behind the EHLO */
	for (size_t i = 0; i < sizeof late / sizeof *late; i++) {
		struct talk t;
		struct engine_run *r = engine_run_talk(&stream_native, &t);
		talk_mail(&t);
		segments_repeat(&r->in, 4);
		segments_move(&r->in, 0, late[i] - 1);
		talk_close(&t, SERVER);
		const struct heard *h = engine_run_one(r);
		assert_mail(h);
		assert_true(h->conn.flow[CLIENT].syn);
		engine_run_free(r);
	}
}

/* All that the server says is captured before what the client said: acknowledged already, and yet
 * seen for the first time. */
static void what_is_captured_late_is_not_sent_again(void **state)
{
	(void)state;
	struct talk t;
	struct engine_run *r = engine_run_talk(&stream_native, &t);
	talk_mail(&t);
	segments_move(&r->in, 4, 7);
	segments_move(&r->in, 5, 7);
	assert_mail(engine_run_one(r));
	assert_int_equal(r->stats.retransmits, 0);
	engine_run_free(r);

	/* The same, and a reply is missing, for which they wait. */
	r = engine_run_new(&stream_native);
	assert_non_null(r);
	t = talk_v4(&r->in, 1);
	talk_mail(&t);
	talk_say(&t, CLIENT, "NOOP\r\n");
	talk_say(&t, SERVER, "250 ok\r\n");
	segments_move(&r->in, 4, 9);
	segments_move(&r->in, 5, 9);
	segments_move(&r->in, 6, 9);
	segments_drop(&r->in, 4);
	assert_true(heard_equals(engine_run_one(r), CLIENT, "EHLO a\r\nQUIT\r\nNOOP\r\n"));
	assert_int_equal(r->stats.retransmits, 0);
	engine_run_free(r);
}

/* The first copy of the EHLO is missing, and the one that is sent again acknowledges the reply to
 * it: the reply does not come before the command for that. */
static void the_copy_that_was_sent_again_goes_first(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct talk t;
		struct engine_run *r = engine_run_talk(&stream_native, &t);
		talk_mail(&t);
		segments_move(&r->in, 4, 5);
		r->in.packets[5].ack += 8;
		r->in.packets[5].ts++;
		if (k)
			talk_close(&t, SERVER);
		struct heard *h = engine_run_one(r);
		assert_mail(h);
		assert_true(strncmp(h->turns, "scscs", 5) == 0);
		engine_run_free(r);
	}
}

/* The same of a part of it, whatever the two directions' times are: what stands behind it in the
 * stream acknowledges less. */
static void a_part_that_was_sent_again_does_not_wait_for_its_reply(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct engine_run *r = engine_run_new(&stream_native);
		assert_non_null(r);
		struct talk t = talk_v6(&r->in, 1);
		talk_handshake(&t);
		talk_say(&t, SERVER, "220 mx\r\n");
		if (k)
			talk_say(&t, CLIENT, "EHLO")->ack += 8;
		else
			t.next[CLIENT] += 4;
		talk_say(&t, CLIENT, " a\r\n");
		if (!k)
			talk_raw(&t, CLIENT, TCP_ACK, t.next[CLIENT] - 8, bytes_str("EHLO"))->ack +=
				8;
		talk_say(&t, SERVER, "250 mx\r\n");
		talk_say(&t, CLIENT, "QUIT\r\n");
		talk_say(&t, SERVER, "221 bye\r\n");
		talk_close(&t, SERVER);
		struct heard *h = engine_run_one(r);
		assert_mail(h);
		assert_true(strncmp(h->turns, "scscs", 5) == 0);
		engine_run_free(r);
	}
}

/* The client closes first. Its FIN is captured behind the one that it sent again, or not at all;
 * that one acknowledges the server's. */
static void a_fin_that_was_sent_again_is_not_the_second_for_that(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 3; k++) {
		struct engine_run *r = engine_run_new(&stream_native);
		assert_non_null(r);
		struct talk t = talk_v6(&r->in, 1);
		talk_mail(&t);
		talk_raw(&t, CLIENT, TCP_ACK | TCP_FIN, t.next[CLIENT], bytes_of(NULL, 0))->ack++;
		t.now += k == 2 ? -FRAME_SECOND : 0;
		talk_fin(&t, CLIENT);
		talk_fin(&t, SERVER);
		talk_ack(&t, CLIENT);
		if (k)
			segments_drop(&r->in, r->in.n - 3);
		assert_end(engine_run_one(r), CLOSER_CLIENT, HOW_FIN, HOW_FIN);
		engine_run_free(r);
	}
}

/* A command that the capture has five times within a millisecond, as from several places of the
 * network, and a client that breaks off minutes later: the server did not vanish. */
static void copies_at_once_are_not_unanswered(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct engine_run *r = engine_run_new(&stream_native);
		assert_non_null(r);
		struct talk t = talk_v6(&r->in, 1);
		talk_mail(&t);
		talk_say(&t, CLIENT, "NOOP\r\n");
		t.step = k ? 2 * FRAME_SECOND : FRAME_MS;
		for (uint16_t i = 0; i < 5; i++)
			talk_raw(&t, CLIENT, TCP_ACK, t.next[CLIENT] - 6, bytes_str("NOOP\r\n"))
				->window += i;
		t.now += 300 * FRAME_SECOND;
		talk_rst(&t, CLIENT);
		assert_int_equal(engine_run_one(r)->end.how, k ? HOW_SILENCE : HOW_RST);
		engine_run_free(r);
	}
}

enum { YEAR = 365 * 86400 };

/* Before the clock of the capture was stepped back by a year: a SYN without an answer, and a reply
 * that waits for the bytes before it. Behind it, half an hour of something else. */
static void what_waits_is_over_after_a_step_back(void **state)
{
	(void)state;
	struct engine_run *r = engine_run_new(&stream_native);
	assert_non_null(r);
	struct talk syn = talk_v4(&r->in, 1), hole = talk_v4(&r->in, 2), other = talk_v4(&r->in, 3);
	talk_syn(&syn);
	talk_handshake(&hole);
	hole.next[SERVER] += 100;
	talk_say(&hole, SERVER, "220 mx\r\n");
	talk_ack(&hole, CLIENT);
	other.now = hole.now - YEAR * FRAME_SECOND;
	talk_handshake(&other);
	other.step = 80 * FRAME_SECOND;
	for (int i = 0; i < 30; i++)
		talk_say(&other, CLIENT, "NOOP\r\n");
	engine_run_batches(r, 1);
	assert_int_equal(r->stats.aged_half_open, 1);
	assert_int_equal(r->stats.aged_idle, 1);
	assert_int_equal(transcript_find(&r->out, hole.port[CLIENT])->gap[SERVER], 100);
	engine_run_free(r);
}

/* A clock that goes to and fro is believed a thousand times: each time all connections are looked
 * at, which took hours for a capture of some megabytes. */
static void a_clock_to_and_fro_is_not_believed_for_ever(void **state)
{
	(void)state;
	struct engine_run *r = engine_run_new(&stream_native);
	assert_non_null(r);
	struct talk open = talk_v4(&r->in, 1), other = talk_v4(&r->in, 2);
	talk_handshake(&open);
	talk_handshake(&other);
	int64_t from = other.now;
	for (int i = 0; i < 4000; i++) {
		other.now = from + i % 2 * 70 * FRAME_SECOND;
		talk_ack(&other, CLIENT);
	}
	/* The time of the capture stays at the later one by then. */
	other.now = from;
	talk_ack(&other, CLIENT);
	engine_run_batches(r, 1);
	assert_int_equal(transcript_find(&r->out, other.port[CLIENT])->closed_ts,
			 from + 70 * FRAME_SECOND);
	engine_run_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reset_that_acknowledges_nothing_known),
		cmocka_unit_test(refused_fast_open_is_refused),
		cmocka_unit_test(any_two_segments_come_to_an_end),
		cmocka_unit_test(absurd_acknowledgements_are_no_holes),
		cmocka_unit_test(absurd_acknowledgements_end_with_the_handshake),
		cmocka_unit_test(an_old_acknowledgement_takes_nothing_back),
		cmocka_unit_test(a_syn_captured_late_takes_nothing_back),
		cmocka_unit_test(what_is_captured_late_is_not_sent_again),
		cmocka_unit_test(the_copy_that_was_sent_again_goes_first),
		cmocka_unit_test(a_part_that_was_sent_again_does_not_wait_for_its_reply),
		cmocka_unit_test(a_fin_that_was_sent_again_is_not_the_second_for_that),
		cmocka_unit_test(copies_at_once_are_not_unanswered),
		cmocka_unit_test(what_waits_is_over_after_a_step_back),
		cmocka_unit_test(a_clock_to_and_fro_is_not_believed_for_ever),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
