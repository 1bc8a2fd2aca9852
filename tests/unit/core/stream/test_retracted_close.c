/* test_retracted_close.c - what is taken back: a FIN or RST that both sides belie by going on,
 * acknowledged, not one that only one side passes over; what was said where other bytes are sent
 * for its place, not where the same are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/segments.h"
#include "nids/stream_nids.h"
#include "smtpwatch/monitor.h"
#include "smtpwatch/verdict.h"

static const struct stream_engine *const engines[] = {&stream_native, &stream_nids};

enum { REASON = 200 };

struct judged {
	unsigned sessions;
	enum verdict verdict;
	enum fate fate;
	char reason[REASON];
};

static void take(void *arg, const struct record *r)
{
	struct judged *j = arg;
	j->sessions++;
	j->verdict = r->judgement.verdict;
	j->fate = r->session->fates[FATE_CUT]       ? FATE_CUT
		  : r->session->fates[FATE_UNKNOWN] ? FATE_UNKNOWN
						    : FATE_OPEN;
	verdict_reason(r->ending, &r->judgement, j->reason, sizeof j->reason);
}

static struct judged judge_by(const struct stream_engine *engine, struct segments *in)
{
	struct judged j = {0};
	struct monitor_config config = monitor_config_default();
	config.engine = engine;
	config.stream.max_conns = 100;
	config.session = take;
	config.arg = &j;
	struct monitor *m = monitor_new(&config);
	assert_non_null(m);
	for (size_t i = 0; i < in->n; i++)
		in->packets[i].number = i + 1;
	monitor_segments(m, in->packets, in->n);
	monitor_finish(m);
	monitor_free(m);
	segments_free(in);
	assert_int_equal(j.sessions, 1);
	return j;
}

static struct judged judge(struct segments *in)
{
	return judge_by(&stream_native, in);
}

static void body_begin(struct talk *t)
{
	static const char *const said[] = {
		"220 mx\r\n", "EHLO a\r\n",        "250 mx\r\n", "MAIL FROM:<a@b>\r\n",
		"250 ok\r\n", "RCPT TO:<c@d>\r\n", "250 ok\r\n", "DATA\r\n",
		"354 go\r\n", "Message-"};
	talk_handshake(t);
	for (unsigned i = 0; i < sizeof said / sizeof *said; i++)
		talk_say(t, i % 2 ? CLIENT : SERVER, said[i]);
}

/* The rest of it, at most so many segments. */
static void go_on(struct talk *t, unsigned most)
{
	static const char *const said[] = {"ID: <1@b>\r\n\r\nhello\r\n.\r\n", "250 ok\r\n",
					   "QUIT\r\n", "221 bye\r\n"};
	for (unsigned i = 0; i < sizeof said / sizeof *said && i < most; i++)
		talk_say(t, i % 2 ? SERVER : CLIENT, said[i]);
	if (most > 4)
		talk_close(t, SERVER);
}

/* What seems to end it, from a side that does not know of it. */
static void forge(struct talk *t, enum side side, uint8_t flags)
{
	talk_raw(t, side, flags, t->next[side], bytes_of(NULL, 0));
}

static const uint8_t forms[] = {TCP_RST, TCP_RST | TCP_ACK, TCP_FIN | TCP_ACK};

enum { FORMS = sizeof forms };

static void an_end_that_both_sides_belie_is_none(void **state)
{
	(void)state;
	for (unsigned k = 0; k < FORMS; k++) {
		struct segments in = {0};
		struct talk t = talk_v4(&in, 1);
		body_begin(&t);
		forge(&t, SERVER, forms[k]);
		go_on(&t, 5);
		struct judged j = judge(&in);
		assert_int_equal(j.verdict, VERDICT_UNKNOWN);
		assert_int_equal(j.fate, FATE_UNKNOWN);
		assert_string_equal(j.reason, "both sides went on behind what seemed to end it: "
					      "that FIN or RST was forged");
	}
}

/* The client's bytes that were on their way; its bytes and the server's, which nobody has
 * acknowledged; and a client that answers them with an RST, whatever that acknowledges. */
static void an_end_that_one_side_passes_over_is_one(void **state)
{
	(void)state;
	for (unsigned k = 0; k < FORMS * 4; k++) {
		struct segments in = {0};
		struct talk t = talk_v4(&in, 1);
		body_begin(&t);
		forge(&t, SERVER, forms[k % FORMS]);
		go_on(&t, k / FORMS < 3 ? k / FORMS : 2);
		if (k / FORMS == 3)
			talk_rst(&t, CLIENT);
		struct judged j = judge(&in);
		assert_true(j.verdict == VERDICT_DROP_IN_MESSAGE ||
			    (k / FORMS > 0 && j.verdict == VERDICT_DROP_AFTER_MESSAGE));
		assert_true(j.fate != FATE_UNKNOWN);
	}
}

/* What was said before is not taken back with it. */
static void a_221_before_it_stands(void **state)
{
	(void)state;
	struct segments in = {0};
	struct talk t = talk_v4(&in, 1);
	body_begin(&t);
	talk_say(&t, CLIENT, "ID: <1@b>\r\n.\r\n");
	talk_say(&t, SERVER, "221 bye\r\n");
	forge(&t, SERVER, TCP_RST);
	talk_say(&t, CLIENT, "NOOP\r\n");
	talk_say(&t, SERVER, "221 bye\r\n");
	talk_ack(&t, CLIENT);
	assert_int_equal(judge(&in).verdict, VERDICT_221_FOR_MESSAGE);
}

static const char *const dialogue[] = {
	"220 mx\r\n",        "EHLO a\r\n", "250 mx\r\n", "MAIL FROM:<a@b>\r\n", "250 ok\r\n",
	"RCPT TO:<c@d>\r\n", "250 ok\r\n", "DATA\r\n",   "354 go\r\n",          "hello\r\n.\r\n",
	"250 queued\r\n",    "QUIT\r\n",   "221 bye\r\n"};

enum { DIALOGUE = sizeof dialogue / sizeof *dialogue, QUEUED = 10, LONG = 1000 };

/* A text in the place of a part, with its numbers: the part itself, or another of its length,
 * shorter, longer, or much longer. */
enum text { TEXT_SAME, TEXT_OTHER, TEXT_SHORTER, TEXT_LONGER, TEXT_LONG, TEXTS };

/* The part, in front of which, or behind the answer to which, its side's numbers bear another text;
 * cut: the part itself is sent in pieces of so many bytes. */
static struct judged retold(const struct stream_engine *engine, unsigned part, enum text text,
			    bool behind, unsigned cut)
{
	static char other[LONG + 1];
	struct segments in = {0};
	struct talk t = talk_v4(&in, 1);
	talk_handshake(&t);
	for (unsigned i = 0; i < DIALOGUE; i++) {
		enum side side = i % 2 ? CLIENT : SERVER;
		uint32_t seq = t.next[side];
		size_t n = strlen(dialogue[i]);
		memset(other, '5', LONG);
		size_t m = text == TEXT_SHORTER  ? n / 2
			   : text == TEXT_LONGER ? n + 5
			   : text == TEXT_LONG   ? LONG
						 : n;
		struct bytes said = bytes_of(text == TEXT_SAME ? dialogue[i] : other, m);
		if (i == part && !behind)
			talk_raw(&t, side, TCP_ACK | TCP_PSH, seq, said);
		for (size_t at = 0; at < n; at += cut ? cut : n)
			talk_send(&t, side,
				  bytes_of(dialogue[i] + at, cut && n - at > cut ? cut : n - at));
		talk_ack(&t, side_other(side));
		if (i == part && behind)
			talk_raw(&t, side, TCP_ACK | TCP_PSH, seq, said);
	}
	talk_close(&t, CLIENT);
	return judge_by(engine, &in);
}

static void what_is_said_in_two_ways_is_not_known(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2 * DIALOGUE * (TEXTS - 1) * 2; k++) {
		unsigned n = k / 2 / DIALOGUE, cut = n >= TEXTS - 1 ? 3 : 0;
		struct judged j = retold(engines[k % 2], k / 2 % DIALOGUE,
					 (enum text)(1 + n % (TEXTS - 1)), false, cut);
		assert_int_equal(j.verdict, VERDICT_UNKNOWN);
		assert_string_equal(j.reason, "one side sent two texts for the same place, and "
					      "which of both was taken cannot be seen");
	}
}

/* The same once more, in one piece or in several; other bytes, which come when the first were
 * acknowledged. */
static void what_is_said_twice_is_said(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2 * DIALOGUE * 2 * 2; k++) {
		const struct stream_engine *engine = engines[k % 2];
		unsigned part = k / 2 % DIALOGUE, n = k / 2 / DIALOGUE, cut = n % 2 ? 3 : 0;
		assert_int_equal(retold(engine, part, TEXT_SAME, n / 2, cut).verdict,
				 VERDICT_CLEAN);
		assert_int_equal(retold(engine, part, TEXT_OTHER, true, cut).verdict,
				 VERDICT_CLEAN);
	}
}

/* The dialogue with its 250 queued as one byte and the rest; in the place of that byte comes
 * another one, before it is acknowledged or behind. */
static struct judged retold_byte(const struct stream_engine *engine, bool acknowledged)
{
	struct segments in = {0};
	struct talk t = talk_v4(&in, 1);
	talk_handshake(&t);
	for (unsigned i = 0; i < DIALOGUE; i++) {
		uint32_t seq = t.next[SERVER];
		bool queued = i == QUEUED;
		if (queued) {
			talk_say(&t, SERVER, "2");
			if (acknowledged)
				talk_ack(&t, CLIENT);
			talk_raw(&t, SERVER, TCP_ACK | TCP_PSH, seq, bytes_str("5"));
		}
		talk_say(&t, i % 2 ? CLIENT : SERVER, dialogue[i] + queued);
		talk_ack(&t, i % 2 ? SERVER : CLIENT);
	}
	talk_close(&t, CLIENT);
	return judge_by(engine, &in);
}

/* The 250 of which the client never took the first byte is a 550 to it. Of what was acknowledged a
 * single byte is a keep-alive. */
static void a_byte_in_the_place_of_another_is_a_keep_alive_once_that_is_acknowledged(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		assert_int_equal(retold_byte(engines[k], false).verdict, VERDICT_UNKNOWN);
		assert_int_equal(retold_byte(engines[k], true).verdict, VERDICT_CLEAN);
	}
}

/* What the receiver drops: it acknowledges what was before the connection; a SYN on the open
 * connection; an RST out of place that says why. */
enum dropped { DROPPED_FOREIGN, DROPPED_SYN, DROPPED_RST, DROPPED_KINDS };

/* Behind a part such a segment, with other text for numbers that are not acknowledged. */
static void drop_behind(struct talk *t, enum side side, enum dropped kind, uint32_t seq, uint32_t n)
{
	static const char other[] = "555 555 555 555 555 555";
	struct bytes text = bytes_first(bytes_str(other), n);
	if (kind == DROPPED_FOREIGN) {
		talk_raw(t, side, TCP_ACK | TCP_PSH, seq, text)->ack -= 5000000;
	} else if (kind == DROPPED_SYN) {
		talk_raw(t, side, side == CLIENT ? TCP_SYN : TCP_SYN | TCP_ACK, seq - 1, text);
	} else {
		t->heard[side_other(side)] = seq + n / 2;
		talk_ack(t, side_other(side));
		t->heard[side_other(side)] = seq + n;
		talk_raw(t, side, TCP_RST, seq, text);
	}
}

static void what_the_receiver_drops_disputes_nothing(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2 * DROPPED_KINDS * DIALOGUE; k++) {
		struct segments in = {0};
		struct talk t = talk_v4(&in, 1);
		enum dropped kind = (enum dropped)(k / 2 % DROPPED_KINDS);
		unsigned part = k / 2 / DROPPED_KINDS;
		/* Only the first bytes stand behind the SYN; and libnids believes an RST that ends
		 * within the window. */
		if ((kind == DROPPED_SYN && part > 1) || (kind == DROPPED_RST && k % 2))
			continue;
		talk_handshake(&t);
		for (unsigned i = 0; i < DIALOGUE; i++) {
			enum side side = i % 2 ? CLIENT : SERVER;
			uint32_t seq = t.next[side];
			talk_say(&t, side, dialogue[i]);
			if (i == part)
				drop_behind(&t, side, kind, seq, (uint32_t)strlen(dialogue[i]));
			talk_ack(&t, side_other(side));
		}
		talk_close(&t, CLIENT);
		assert_int_equal(judge_by(engines[k % 2], &in).verdict, VERDICT_CLEAN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_end_that_both_sides_belie_is_none),
		cmocka_unit_test(an_end_that_one_side_passes_over_is_one),
		cmocka_unit_test(a_221_before_it_stands),
		cmocka_unit_test(what_is_said_in_two_ways_is_not_known),
		cmocka_unit_test(what_is_said_twice_is_said),
		cmocka_unit_test(what_the_receiver_drops_disputes_nothing),
		cmocka_unit_test(
			a_byte_in_the_place_of_another_is_a_keep_alive_once_that_is_acknowledged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
