/* test_segment_check.c - what a receiver drops changes nothing of what is told, in both engines;
 * and what only looks like it is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "core/stream/native_state.h"
#include "lib/engine_run.h"
#include "lib/general.h"
#include "nids/stream_nids.h"

enum { DAY = 86400 };

static const char *const said[] = {"220 mx\r\n", "EHLO a\r\n", "250 mx\r\n", "MAIL FROM:<a@b>\r\n",
				   "250 ok\r\n", "QUIT\r\n",   "221 bye\r\n"};

enum { SAID = sizeof said / sizeof *said };

static const struct stream_engine *const engines[] = {&stream_native, &stream_general,
						      &stream_nids};

enum { ENGINES = sizeof engines / sizeof *engines };

/* What a row does to the handshake, and to the segment that is put in front of each part of the
 * dialogue. */
struct row {
	const char *name;
	enum receiver_why
		why; /* RECEIVER_TAKES: it is taken, and what comes behind it is passed over */
	void (*syns)(struct packet *syn, struct packet *syn_ack);
	void (*bend)(struct packet *p);
	bool stamps;   /* all other segments bear time stamps, in milliseconds */
	uint8_t marks; /* of all but SYNs */
};

static void no_syns(struct packet *syn, struct packet *syn_ack)
{
	(void)syn;
	(void)syn_ack;
}

static void syn_without_stamp(struct packet *syn, struct packet *syn_ack)
{
	(void)syn;
	syn_ack->has_tsopt = false;
}

static void both_signed(struct packet *syn, struct packet *syn_ack)
{
	syn->marks = syn_ack->marks = MARK_SIGNED;
}

static void syn_signed(struct packet *syn, struct packet *syn_ack)
{
	(void)syn_ack;
	syn->marks = MARK_SIGNED;
}

static void both_cut(struct packet *syn, struct packet *syn_ack)
{
	syn->marks = syn_ack->marks = MARK_CUT;
}

static void without_ack(struct packet *p)
{
	p->flags = TCP_PSH;
}

static void fin_without_ack(struct packet *p)
{
	p->flags = TCP_FIN;
}

static void urgent_without_ack(struct packet *p)
{
	p->flags = TCP_URG | TCP_PSH | TCP_FIN;
}

static void stamp_older(struct packet *p)
{
	p->tsval -= 1000;
}

static void stamp_much_older(struct packet *p)
{
	p->tsval -= INT32_MAX;
}

/* Linux lets it pass. */
static void stamp_older_by_one(struct packet *p)
{
	p->tsval -= p->has_tsopt;
}

static void stamp_missing(struct packet *p)
{
	p->has_tsopt = false;
	p->tsval = 0;
}

static void signature(struct packet *p)
{
	p->marks = MARK_SIGNED;
}

static void signature_missing(struct packet *p)
{
	p->marks = 0;
}

static void options_cut(struct packet *p)
{
	p->marks = MARK_CUT;
}

static void nothing(struct packet *p)
{
	(void)p;
}

static const struct row rows[] = {
	{"no ACK", RECEIVER_NO_ACK, no_syns, without_ack, false, 0},
	{"no ACK, with FIN", RECEIVER_NO_ACK, no_syns, fin_without_ack, false, 0},
	{"no ACK, urgent", RECEIVER_NO_ACK, no_syns, urgent_without_ack, true, 0},
	{"an old time stamp", RECEIVER_OLD_STAMP, no_syns, stamp_older, true, 0},
	{"a much older one", RECEIVER_OLD_STAMP, no_syns, stamp_much_older, true, 0},
	{"older by one", RECEIVER_TAKES, no_syns, stamp_older_by_one, true, 0},
	{"old, and one SYN without", RECEIVER_TAKES, syn_without_stamp, stamp_older, true, 0},
	{"a time stamp missing", RECEIVER_TAKES, no_syns, stamp_missing, true, 0},
	{"signed", RECEIVER_SIGNATURE, no_syns, signature, false, 0},
	{"signed, with time stamps", RECEIVER_SIGNATURE, no_syns, signature, true, 0},
	{"not signed, where all are", RECEIVER_SIGNATURE, both_signed, signature_missing, false,
	 MARK_SIGNED},
	{"signed, where all are", RECEIVER_TAKES, both_signed, nothing, false, MARK_SIGNED},
	{"not signed, where the client's SYN alone is", RECEIVER_TAKES, syn_signed, nothing, false,
	 0},
	{"signed, where the client's SYN alone is", RECEIVER_SIGNATURE, syn_signed, signature,
	 false, 0},
	{"options not captured, where all are signed", RECEIVER_TAKES, both_signed, options_cut,
	 false, MARK_SIGNED},
	{"signed, and the SYNs cut", RECEIVER_TAKES, both_cut, signature, false, 0},
	{"nothing", RECEIVER_TAKES, no_syns, nothing, true, 0},
};

enum { ROWS = sizeof rows / sizeof *rows };

/* Other bytes, as many, under the numbers that the next part will have. */
static struct packet *forge(struct talk *t, enum side side, const char *real)
{
	static const char text[] = "NOOP 221 250 354 forged\r\n";
	return talk_raw(t, side, TCP_ACK | TCP_PSH, t->next[side],
			bytes_first(bytes_str(text), strlen(real)));
}

/* The dialogue, with a bent segment in front of part `at`; SAID: none. */
static void converse(struct segments *in, const struct row *row, unsigned at, enum side side)
{
	struct talk t = talk_v4(in, 1);
	size_t bent = SIZE_MAX;
	talk_handshake(&t);
	for (unsigned i = 0; i < SAID; i++) {
		if (i == at) {
			bent = in->n;
			forge(&t, side, said[i]);
		}
		talk_say(&t, i % 2 ? CLIENT : SERVER, said[i]);
	}
	talk_close(&t, SERVER);
	for (size_t i = 0; i < in->n; i++) {
		struct packet *p = &in->packets[i];
		p->has_tsopt = row->stamps;
		p->tsval = row->stamps ? (uint32_t)(UINT32_MAX - 5 + i) : 0;
		p->marks = i < 2 ? 0 : row->marks;
	}
	row->syns(&in->packets[0], &in->packets[1]);
	if (bent != SIZE_MAX)
		row->bend(&in->packets[bent]);
}

static bool as_said(const struct heard *h)
{
	return h->gap[CLIENT] + h->gap[SERVER] == 0 &&
	       heard_equals(h, CLIENT, "EHLO a\r\nMAIL FROM:<a@b>\r\nQUIT\r\n") &&
	       heard_equals(h, SERVER, "220 mx\r\n250 mx\r\n250 ok\r\n221 bye\r\n") &&
	       h->end.closer == CLOSER_SERVER && h->end.how == HOW_FIN && h->end.over == HOW_FIN;
}

/* In front of each part, by the side that is to say it: with the right numbers and other bytes.
 * What is dropped is counted, once, and nothing else is told. */
static void what_is_dropped_changes_nothing(void **state)
{
	(void)state;
	unsigned wrong = 0;
	for (unsigned k = 0; k < ENGINES * ROWS * SAID; k++) {
		const struct row *row = &rows[k / ENGINES % ROWS];
		unsigned at = k / ENGINES / ROWS;
		struct engine_run *r = engine_run_new(engines[k % ENGINES]);
		assert_non_null(r);
		converse(&r->in, row, at, at % 2 ? CLIENT : SERVER);
		const struct heard *h = engine_run_one(r);
		bool taken = row->why == RECEIVER_TAKES, said_so = as_said(h);
		uint64_t counted = r->stats.refused[RECEIVER_NO_ACK] +
				   r->stats.refused[RECEIVER_OLD_STAMP] +
				   r->stats.refused[RECEIVER_SIGNATURE];
		/* The clock of the server shows that it runs with its banner, and that is the first
		 * part. */
		bool first = row->why == RECEIVER_OLD_STAMP && at == 0;
		bool good = taken ? !said_so && counted == 0
				  : first || (said_so && counted == 1 &&
					      r->stats.refused[row->why] == 1);
		if (!good)
			print_error("%s, in front of part %u, engine %u: %s, %u counted\n",
				    row->name, at, k % ENGINES, said_so ? "as said" : "changed",
				    (unsigned)counted);
		wrong += !good;
		engine_run_free(r);
	}
	assert_int_equal(wrong, 0);
}

/* Where the whole dialogue is so, it is heard. */
static void what_all_segments_are_is_taken(void **state)
{
	(void)state;
	for (unsigned k = 0; k < ENGINES * ROWS; k++) {
		struct engine_run *r = engine_run_new(engines[k % ENGINES]);
		assert_non_null(r);
		converse(&r->in, &rows[k / ENGINES], SAID, CLIENT);
		assert_true(as_said(engine_run_one(r)));
		for (unsigned why = 0; why < RECEIVER_WHYS; why++)
			assert_int_equal(r->stats.refused[why], 0);
		engine_run_free(r);
	}
}

/* A segment without ACK begins no connection either. */
static void a_segment_without_ack_begins_nothing(void **state)
{
	(void)state;
	for (unsigned k = 0; k < ENGINES; k++) {
		struct talk t;
		struct engine_run *r = engine_run_talk(engines[k], &t);
		talk_raw(&t, CLIENT, TCP_PSH, t.next[CLIENT], bytes_str("EHLO a\r\n"));
		engine_run_batches(r, 1);
		assert_int_equal(r->out.n, 0);
		assert_int_equal(r->stats.refused[RECEIVER_NO_ACK], 1);
		assert_int_equal(r->stats.stray, 0);
		engine_run_free(r);
	}
}

/* An RST is exempt from the rule of time stamps. */
static void a_reset_with_an_old_time_stamp_is_one(void **state)
{
	(void)state;
	for (unsigned k = 0; k < ENGINES; k++) {
		struct talk t;
		struct engine_run *r = engine_run_talk(engines[k], &t);
		talk_mail(&t);
		talk_rst(&t, SERVER);
		for (size_t i = 0; i < r->in.n; i++) {
			r->in.packets[i].has_tsopt = true;
			r->in.packets[i].tsval = i + 1 < r->in.n ? 1000000 + (uint32_t)i : 1;
		}
		struct heard *h = engine_run_one(r);
		assert_mail(h);
		assert_end(h, CLOSER_SERVER, HOW_RST, HOW_RST);
		engine_run_free(r);
	}
}

/* After a pause of 24 days the clock has gone half round, and what looks older is newer (RFC
 * 7323 5.5). */
static void an_outdated_time_stamp_says_nothing(void **state)
{
	(void)state;
	for (int64_t days = 10; days <= 40; days += 30) {
		struct receiver sender = {.stamp = 5000, .flags = RECEIVER_STAMPS | RECEIVER_CLOCK},
				other = sender;
		struct packet p = {.flags = TCP_ACK, .has_tsopt = true, .tsval = 1000};
		assert_int_equal(
			receiver_refuses(&sender, &other, &p, false, days * DAY * FRAME_SECOND),
			days > 24 ? RECEIVER_TAKES : RECEIVER_OLD_STAMP);
	}
}

/* Time stamps that run backwards from the SYN on, of one side or of both, say nothing: the dialogue
 * is heard, and whoever has such a clock is talked to. */
static void a_clock_that_runs_backwards_is_none(void **state)
{
	(void)state;
	for (unsigned k = 0; k < ENGINES * 2; k++) {
		struct engine_run *r = engine_run_new(engines[k % ENGINES]);
		assert_non_null(r);
		converse(&r->in, &rows[ROWS - 1], SAID, CLIENT);
		for (size_t i = 0; i < r->in.n; i++)
			if (k >= ENGINES || r->in.packets[i].src_port == 25)
				r->in.packets[i].tsval = (uint32_t)(1000 - 10 * i);
		assert_true(as_said(engine_run_one(r)));
		assert_int_equal(r->stats.refused[RECEIVER_OLD_STAMP], 0);
		engine_run_free(r);
	}
}

/* A time stamp of the far future on a segment that is out of place is not believed: or all that
 * follows would look old. */
static void a_forged_time_stamp_makes_nothing_old(void **state)
{
	(void)state;
	for (unsigned k = 0; k < ENGINES * SAID * 4; k++) {
		static const int32_t places[] = {-8, -3000, 5000, 1 << 20};
		struct engine_run *r = engine_run_new(engines[k % ENGINES]);
		assert_non_null(r);
		unsigned at = k / ENGINES % SAID;
		converse(&r->in, &rows[ROWS - 1], at, at % 2 ? CLIENT : SERVER);
		struct packet *p = &r->in.packets[3 + at];
		p->seq += (uint32_t)places[k / ENGINES / SAID];
		p->payload_len = p->payload_cap = 0;
		p->tsval += 1 << 24;
		const struct heard *h = engine_run_one(r);
		assert_true(as_said(h));
		assert_int_equal(r->stats.refused[RECEIVER_OLD_STAMP], 0);
		engine_run_free(r);
	}
}

/* Two segments of one side are captured the other way round, and the first of them was acknowledged
 * before: that one is late, and not old. */
static void a_segment_captured_late_is_not_old(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct engine_run *r = engine_run_new(engines[k]);
		assert_non_null(r);
		struct talk t = talk_v4(&r->in, 1);
		talk_mail(&t);
		talk_say(&t, CLIENT, "one\r\n");
		size_t one = r->in.n - 1;
		talk_ack(&t, SERVER);
		talk_say(&t, CLIENT, "two\r\n");
		talk_ack(&t, SERVER);
		for (size_t i = 0; i < r->in.n; i++) {
			r->in.packets[i].has_tsopt = true;
			r->in.packets[i].tsval = 1000 * (uint32_t)i;
			r->in.packets[i].ip_id = 0;
		}
		segments_move(&r->in, one, one + 3);
		assert_true(heard_equals(engine_run_one(r), CLIENT,
					 "EHLO a\r\nQUIT\r\none\r\ntwo\r\n"));
		assert_int_equal(r->stats.refused[RECEIVER_OLD_STAMP], 0);
		engine_run_free(r);
	}
}

/* A SYN that is sent again on an open connection is dropped with its bytes; on a half-open one they
 * are Fast Open's. */
static void a_repeated_syn_brings_no_bytes(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct engine_run *r = engine_run_new(engines[k]);
		assert_non_null(r);
		struct talk t = talk_v4(&r->in, 1);
		talk_handshake(&t);
		talk_raw(&t, CLIENT, TCP_SYN, t.isn[CLIENT], bytes_str("QUIT\r\n"));
		for (unsigned i = 0; i < SAID; i++)
			talk_say(&t, i % 2 ? CLIENT : SERVER, said[i]);
		talk_close(&t, SERVER);
		assert_true(as_said(engine_run_one(r)));
		engine_run_free(r);
	}
}

static const char banner[] = "220 mx\r\n";

/* What happens to bytes that lie beyond the window that the client has announced. */
enum beyond {
	BEYOND_UNHEARD,
	BEYOND_RETOLD,
	BEYOND_CLOSED, /* its side closes in the place of them */
	BEYOND_ACKNOWLEDGED,
	BEYOND_ANSWERED,
	BEYOND_PROBED,
	BEYOND_SCALED,
	BEYOND_CUT, /* the scales are not captured */
	BEYOND_NO_SYN,
	BEYOND_CASES
};

/* The server's banner, and behind it `said`, for which the client's window has no room. */
static void speak_beyond(struct segments *in, enum beyond what, const char *beyond)
{
	struct talk t = talk_v4(in, 1);
	t.window = what == BEYOND_SCALED || what == BEYOND_CUT ? 4 : 20;
	talk_handshake_scaled(&t, what == BEYOND_SCALED ? 4 : 0);
	for (size_t i = 0; i < 2 && what == BEYOND_CUT; i++) {
		in->packets[i].has_wscale = false;
		in->packets[i].marks = MARK_CUT;
	}
	talk_say(&t, SERVER, banner);
	uint32_t next = t.next[SERVER];
	talk_ack(&t, CLIENT);
	if (what == BEYOND_PROBED)
		talk_ack(&t, CLIENT)->window = 0;
	talk_say(&t, SERVER, beyond);
	if (what == BEYOND_ACKNOWLEDGED || what == BEYOND_PROBED)
		talk_ack(&t, CLIENT);
	if (what == BEYOND_ANSWERED)
		talk_say(&t, CLIENT, "EHLO a\r\n");
	if (what == BEYOND_RETOLD) {
		talk_raw(&t, SERVER, TCP_ACK, next, bytes_str("421 closing it\r\n"));
		t.next[SERVER] = t.heard[CLIENT] = next + (uint32_t)strlen("421 closing it\r\n");
		talk_ack(&t, CLIENT);
	}
	if (what == BEYOND_CLOSED) {
		t.next[SERVER] = next;
		talk_fin(&t, SERVER);
	}
	if (what == BEYOND_NO_SYN)
		segments_drop(in, 1);
	if (what == BEYOND_UNHEARD) {
		t.heard[CLIENT] = next;
		talk_fin(&t, SERVER);
		t.heard[CLIENT] = next;
		talk_ack(&t, CLIENT);
	}
}

/* Beyond the window bytes are told once the receiver has acknowledged them; they give way to
 * others, and are a hole where nobody has. */
static void bytes_beyond_the_window_wait_for_the_receiver(void **state)
{
	(void)state;
	static const char beyond[] = "250 accepted, and longer than the window\r\n";
	static const struct {
		const char *behind; /* NULL: all of it is told */
		uint64_t gap, refused;
	} told[BEYOND_CASES] = {[BEYOND_UNHEARD] = {"", sizeof beyond - 1, 1},
				[BEYOND_RETOLD] = {"421 closing it\r\n", 0, 1},
				[BEYOND_CLOSED] = {"", 0, 1}};
	for (unsigned k = 0; k < 2 * BEYOND_CASES; k++) {
		struct engine_run *r = engine_run_new(engines[k % 2]);
		assert_non_null(r);
		speak_beyond(&r->in, (enum beyond)(k / 2), beyond);
		const struct heard *h = engine_run_one(r);
		char want[100];
		snprintf(want, sizeof want, "%s%s", banner,
			 told[k / 2].behind ? told[k / 2].behind : beyond);
		assert_true(heard_equals(h, SERVER, want));
		assert_int_equal(h->gap[SERVER], told[k / 2].gap);
		assert_int_equal(r->stats.refused[RECEIVER_WINDOW], told[k / 2].refused);
		engine_run_free(r);
	}
}

/* Several segments that a card has put together may be longer than any window: they are told as
 * they come. */
static void a_super_segment_is_not_beyond_the_window(void **state)
{
	(void)state;
	static uint8_t text[100000];
	struct talk t;
	struct engine_run *r = engine_run_talk(&stream_native, &t);
	talk_handshake(&t);
	talk_send(&t, CLIENT, bytes_of(text, sizeof text));
	assert_int_equal(engine_run_one(r)->n[CLIENT], sizeof text);
	assert_int_equal(r->stats.refused[RECEIVER_WINDOW], 0);
	engine_run_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_beyond_the_window_wait_for_the_receiver),
		cmocka_unit_test(a_super_segment_is_not_beyond_the_window),
		cmocka_unit_test(what_is_dropped_changes_nothing),
		cmocka_unit_test(what_all_segments_are_is_taken),
		cmocka_unit_test(a_segment_without_ack_begins_nothing),
		cmocka_unit_test(a_reset_with_an_old_time_stamp_is_one),
		cmocka_unit_test(an_outdated_time_stamp_says_nothing),
		cmocka_unit_test(a_clock_that_runs_backwards_is_none),
		cmocka_unit_test(a_forged_time_stamp_makes_nothing_old),
		cmocka_unit_test(a_segment_captured_late_is_not_old),
		cmocka_unit_test(a_repeated_syn_brings_no_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
