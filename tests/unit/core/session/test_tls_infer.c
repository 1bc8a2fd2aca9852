/* test_tls_infer.c - records of a TLS session, written as a line of words, and what is concluded of
 * its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/session/tls_infer.h"
#include "core/tls/record.h"
#include "smtpwatch/frame.h"
#include "smtpwatch/verdict.h"

/*
 * Words: cN, sN: a record of N bytes of data, of client and server; cX, sX: close_notify; cF, sF:
 * FIN; wN: N tenths of a second pass; cH: TLS 1.3's Finished; sTN: a record that the server sent
 * before it had received what the client sent last; cRN, sRN: one of a renegotiation.
 */
struct row {
	const char *name, *words;
	uint16_t suite;
	bool notifies;
	uint16_t usual;
	enum verdict verdict;
	enum severity severity;
};

enum { TLS13 = 0x1301, GCM = 0xc02f, CHACHA = 0xcca8, CBC = 0xc013 };

static uint32_t sealed(const struct tls_suite *s, uint32_t n)
{
	switch (s->id) {
	case TLS13:
		return n + 16 + 1;
	case GCM:
		return n + 8 + 16;
	case CHACHA:
		return n + 16;
	default:
		return 16 + ((n + 20) / 16 + 1) * 16;
	}
}

struct play {
	struct tls_infer i;
	uint64_t at, acked;
	int64_t ts;
};

static void word_play(struct play *p, const char *word)
{
	enum side side = word[0] == 'c' ? CLIENT : SERVER;
	const struct tls_suite *suite = p->i.suite;
	bool early = word[1] == 'T', again = word[1] == 'R';
	uint32_t n = (uint32_t)strtoul(word + 1 + (early || again), NULL, 10);
	uint8_t type = again ? TLS_HANDSHAKE : TLS_APPLICATION;
	p->ts += FRAME_MS;
	if (word[0] == 'w') {
		p->ts += n * FRAME_SECOND / 10;
		return;
	}
	if (word[1] == 'F') {
		p->acked = side == SERVER ? p->at : p->acked;
		tls_infer_close(&p->i, side, p->acked, p->ts);
		return;
	}
	if (word[1] == 'H')
		n = 32 + 4;
	if (word[1] == 'X') {
		n = 2;
		type = suite->id == TLS13 ? TLS_APPLICATION : TLS_ALERT;
	}
	if (side == CLIENT)
		p->at += sealed(suite, n) + 5;
	else if (!early)
		p->acked = p->at;
	tls_infer_record(&p->i, side, type, sealed(suite, n), p->at, p->acked, p->ts);
}

static struct ending played(const struct row *row)
{
	struct play p = {.i = {.suite = tls_suite_find(row->suite)}, .ts = FRAME_SECOND};
	char words[256], *rest = NULL;
	assert_non_null(p.i.suite);
	snprintf(words, sizeof words, "%s", row->words);
	for (char *w = strtok_r(words, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
		word_play(&p, w);
	struct ending e = {.connected = true,
			   .encrypted = true,
			   .farewell = FAREWELL_HIDDEN,
			   .tls = tls_infer_end(&p.i, true, true)};
	e.tls.notifies = row->notifies;
	e.tls.usual = row->usual;
	return e;
}

#define OPENING "c24 s90 c40 s14 c30 s14 "

static const struct row rows[] = {
	{"quit", OPENING "c6 s15 sX sF", GCM, false, 0, VERDICT_TLS_ORDERLY, SEVERITY_NONE},
	{"quit, and the usual 221", OPENING "c6 s15 sX sF", GCM, true, 15, VERDICT_TLS_ORDERLY,
	 SEVERITY_NONE},
	{"six bytes, and another answer", OPENING "c6 s40 sX sF", GCM, true, 15, VERDICT_ENCRYPTED,
	 SEVERITY_NONE},
	{"1.3: tickets first", "cH s250 s250 " OPENING "c6 s15 sX sF", TLS13, false, 0,
	 VERDICT_TLS_ORDERLY, SEVERITY_NONE},
	{"1.3: tickets behind EHLO", "cH c24 s250 s250 s90 c6 s15 sX sF", TLS13, false, 0,
	 VERDICT_TLS_ORDERLY, SEVERITY_NONE},
	{"1.3: tickets are no answer", "cH c24 s250 s250 sF", TLS13, true, 0,
	 VERDICT_TLS_BROKEN_OFF, SEVERITY_WARNING},
	{"sent before it was asked", "cH c24 sT250 sF", TLS13, true, 0, VERDICT_TLS_BROKEN_OFF,
	 SEVERITY_WARNING},
	{"CBC hides the lengths", OPENING "c6 s15 sX sF", CBC, true, 90, VERDICT_TLS_ORDERLY,
	 SEVERITY_NONE},
	{"no close_notify, of a server that never sends it", OPENING "c6 s15 sF", CHACHA, false, 0,
	 VERDICT_ENCRYPTED, SEVERITY_NONE},
	{"nor where it does: it may have been QUIT", OPENING "c6 s15 sF", CHACHA, true, 0,
	 VERDICT_ENCRYPTED, SEVERITY_NONE},
	{"but not with another answer", OPENING "c6 s40 sF", CHACHA, true, 15,
	 VERDICT_TLS_BROKEN_OFF, SEVERITY_NOTICE},
	{"the client's close_notify first", OPENING "cX sF cF", GCM, true, 0,
	 VERDICT_TLS_CLIENT_LEFT, SEVERITY_INFO},
	{"the client's FIN first", OPENING "c500 cF sF", GCM, true, 0, VERDICT_TLS_CLIENT_LEFT,
	 SEVERITY_INFO},
	{"QUIT answered, and the client first", OPENING "c6 s15 cX sF", GCM, true, 0,
	 VERDICT_ENCRYPTED, SEVERITY_NONE},
	{"... with the usual 221", OPENING "c6 s15 cX sF", GCM, true, 15, VERDICT_TLS_ORDERLY,
	 SEVERITY_NONE},
	{"QUIT not waited for", OPENING "c6 cX cF s15 sX sF", GCM, true, 15,
	 VERDICT_TLS_CLIENT_LEFT, SEVERITY_INFO},
	{"a command pending", OPENING "c40 sF", GCM, true, 0, VERDICT_TLS_BROKEN_OFF,
	 SEVERITY_WARNING},
	{"... at a server of which nothing is known", OPENING "c40 sF", GCM, false, 0,
	 VERDICT_TLS_BROKEN_OFF, SEVERITY_NOTICE},
	{"... closed well, and unanswered all the same", OPENING "c40 sX sF", GCM, false, 0,
	 VERDICT_TLS_BROKEN_OFF, SEVERITY_WARNING},
	{"a message behind DATA", OPENING "c6 s37 c300 sF", GCM, true, 0, VERDICT_TLS_BROKEN_OFF,
	 SEVERITY_ERROR},
	{"a message behind a group", "cH c24 s90 c80 s65 c600 c600 sF", TLS13, true, 0,
	 VERDICT_TLS_BROKEN_OFF, SEVERITY_ERROR},
	{"a token is no message", "c24 s90 c1500 sF", GCM, true, 0, VERDICT_TLS_BROKEN_OFF,
	 SEVERITY_WARNING},
	{"answered and closed at once: a refusal", OPENING "c30 s40 sF", GCM, false, 0,
	 VERDICT_ENCRYPTED, SEVERITY_NONE},
	{"... without the close_notify that it sends", OPENING "c30 s40 sF", GCM, true, 0,
	 VERDICT_TLS_BROKEN_OFF, SEVERITY_NOTICE},
	{"answered, silence, closed", OPENING "w50 sF", GCM, false, 0, VERDICT_TLS_BROKEN_OFF,
	 SEVERITY_NOTICE},
	{"a pipelined QUIT", OPENING "c6 s37 c600 s30 s15 sF", GCM, false, 0, VERDICT_ENCRYPTED,
	 SEVERITY_NONE},
	{"... and the server lingers", OPENING "c6 s37 c600 s30 s15 w50 sF", GCM, false, 0,
	 VERDICT_ENCRYPTED, SEVERITY_NONE},
	{"... answered slowly", OPENING "c6 s37 c600 s30 w50 s15 sX sF", GCM, true, 0,
	 VERDICT_ENCRYPTED, SEVERITY_NONE},
	{"once more after silence", OPENING "w50 s40 sX sF", GCM, false, 0,
	 VERDICT_TLS_CLOSED_UNASKED, SEVERITY_NOTICE},
	{"... without close_notify", OPENING "w50 s40 sF", GCM, true, 0, VERDICT_TLS_CLOSED_UNASKED,
	 SEVERITY_NOTICE},
	{"... and the client goes on", OPENING "w50 s40 c6 s15 sX sF", GCM, true, 0,
	 VERDICT_TLS_ORDERLY, SEVERITY_NONE},
	{"behind a renegotiation there was no silence", OPENING "w50 cR200 s40 sX sF", GCM, false,
	 0, VERDICT_ENCRYPTED, SEVERITY_NONE},
	{"... of several records", OPENING "w50 cR200 sR90 cR40 sR40 s40 sX sF", GCM, false, 0,
	 VERDICT_ENCRYPTED, SEVERITY_NONE},
	{"... nor is the close behind it one after silence", OPENING "w50 cR200 sF", GCM, false, 0,
	 VERDICT_ENCRYPTED, SEVERITY_NONE},
	{"... and silence after it is one", OPENING "cR200 sR90 w50 s40 sX sF", GCM, false, 0,
	 VERDICT_TLS_CLOSED_UNASKED, SEVERITY_NOTICE},
	{"a lone line end is no close_notify", "cH " OPENING "c2 s14 c6 s15 sX sF", TLS13, true, 0,
	 VERDICT_TLS_ORDERLY, SEVERITY_NONE},
};

static void rules(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof rows / sizeof *rows; n++) {
		struct ending e = played(&rows[n]);
		struct judgement j = verdict_judge(&e);
		if (j.verdict != rows[n].verdict ||
		    verdict_severity(j.verdict, &e) != rows[n].severity)
			fail_msg("%s: %s, %s", rows[n].name, verdict_row(j.verdict)->id,
				 severity_name(verdict_severity(j.verdict, &e)));
	}
}

/* Nothing is concluded where records were lost track of, the watch ended first, or the two sides
 * closed at once. */
static void doubt(void **state)
{
	(void)state;
	struct ending e = played(&rows[16]), doubted = e;
	assert_int_equal(verdict_judge(&e).verdict, VERDICT_TLS_BROKEN_OFF);
	doubted.tls.followed = false;
	assert_int_equal(verdict_judge(&doubted).verdict, VERDICT_ENCRYPTED);
	doubted = e;
	doubted.unsure = UNSURE_CAPTURE_END;
	assert_int_equal(verdict_judge(&doubted).verdict, VERDICT_ENCRYPTED);
	doubted = e;
	doubted.tls.first = CLOSER_NOBODY;
	assert_int_equal(verdict_judge(&doubted).verdict, VERDICT_ENCRYPTED);
	doubted = e;
	doubted.seen = SEEN_ONE_WAY;
	assert_int_equal(verdict_judge(&doubted).verdict, VERDICT_ENCRYPTED);
}

static void failed_handshakes(void **state)
{
	(void)state;
	struct ending e = {.connected = true, .encrypted = true, .farewell = FAREWELL_HIDDEN};
	assert_int_equal(verdict_judge(&e).verdict, VERDICT_ENCRYPTED);
	e.tls.failed_by = CLOSER_SERVER;
	assert_int_equal(verdict_judge(&e).verdict, VERDICT_TLS_HANDSHAKE_FAILED);
	assert_int_equal(verdict_severity(VERDICT_TLS_HANDSHAKE_FAILED, &e), SEVERITY_NOTICE);
	e.tls.failed_by = CLOSER_CLIENT;
	assert_int_equal(verdict_severity(VERDICT_TLS_HANDSHAKE_FAILED, &e), SEVERITY_INFO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules),
		cmocka_unit_test(doubt),
		cmocka_unit_test(failed_handshakes),
	};
	return cmocka_run_group_tests_name("tls_infer", tests, NULL, NULL);
}
