/* test_scenario_language.c - the tests' own tools: what the reader refuses, and that the two TCP
 * stacks and the weathers do what they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/build.h"
#include "lib/weather.h"
#include "lib/within.h"

#include <stdio.h>
#include <stdlib.h>

#define HELLO   "S: 220 mx\nC: EHLO me\nS: 250-mx\nS+ 250 SIZE\n"
#define EXPECTS "expect verdict clean\n"

static struct scenario *parse(const char *text)
{
	char why[SCENARIO_WHY], *copy = strdup(text);
	struct scenario *s = scenario_parse("t.smtp", copy, why);
	free(copy);
	if (!s)
		fail_msg("%s", why);
	return s;
}

static struct trace built(const char *text)
{
	struct scenario *s = parse(text);
	struct trace t = build_trace(s);
	scenario_free(s);
	return t;
}

/* Each of these must be refused, with the number of its line. */
static void refuses(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"S: 220\n", "t.smtp:2: no verdict is expected"},
		{"hallo\n", "t.smtp:1: not understood: hallo"},
		{"\nlose C\n", "t.smtp:2: not understood behind the directive: lose"},
		{"dup twice\n", "t.smtp:1: too much behind the directive: dup"},
		{"C+ QUIT\n", "t.smtp:1: nothing before it"},
		{"S: 220\nC+ QUIT\n", "t.smtp:2: nothing before it"},
		{"C! SYN\n", "t.smtp:1: FIN or RST expected"},
		{"S! RST ttl\n", "t.smtp:1: ttl N, seq +N"},
		{"S! FIN ttl 61\n", "t.smtp:1: ttl N, seq +N"},
		{"icmp C\n", "t.smtp:1: not understood behind the directive: icmp"},
		{"icmp C too-small 3\n", "t.smtp:1: not understood behind the directive: icmp"},
		{"mtu 1400\n", "t.smtp:1: not understood behind the directive: mtu"},
		{"timestamps on\n", "t.smtp:1: too much behind timestamps"},
		{"raw C \"a\\q\"\n", "t.smtp:1: not understood behind the directive: raw"},
		{"wait 5\n", "t.smtp:1: not understood behind the directive: wait"},
		{"session 0\n", "t.smtp:1: session needs a number"},
		{"port 70000\n", "t.smtp:1: not a port"},
		{"client here\n", "t.smtp:1: not an address"},
		{"kind imap\n", "t.smtp:1: smtp, tls or lmtp"},
		{"expect mood good\n", "t.smtp:1: nothing that can be expected"},
		{"expect verdict clean verdict clean\n", "t.smtp:1: expected twice: verdict"},
		{"not cut\n", "t.smtp:1: a reason is missing"},
		{"fair only:\n", "t.smtp:1: fair only: and a reason"},
		{EXPECTS "session 2\nC: x\n", "no verdict is expected"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char why[SCENARIO_WHY] = "", *copy = strdup(rows[i].text);
		assert_null(scenario_parse("t.smtp", copy, why));
		if (!strstr(why, rows[i].why))
			fail_msg("expected \"%s\", got \"%s\"", rows[i].why, why);
		free(copy);
	}
}

/* What one segment of a trace must be. */
struct want {
	enum side side;
	uint8_t flags;
	const char *bytes;
};

static void expect_segments(const struct trace *t, const struct want *want, size_t n)
{
	assert_int_equal(t->n, n);
	for (size_t i = 0; i < n; i++) {
		const struct segment *g = &t->segment[i];
		assert_int_equal(g->side, want[i].side);
		assert_int_equal(g->flags, want[i].flags);
		assert_int_equal(g->n, strlen(want[i].bytes));
		assert_memory_equal(g->data ? g->data : (const uint8_t *)"", want[i].bytes, g->n);
	}
}

enum {
	SYN = TCP_SYN,
	ACK = TCP_ACK,
	SYN_ACK = TCP_SYN | TCP_ACK,
	PSH = TCP_PSH | TCP_ACK,
	FIN = TCP_FIN | TCP_ACK
};

static void converses(void **state)
{
	static const struct want want[] = {
		{CLIENT, SYN, ""},           {SERVER, SYN_ACK, ""},
		{CLIENT, ACK, ""},           {SERVER, PSH, "220 mx\r\n"},
		{CLIENT, PSH, "A\r\nB\r\n"}, {CLIENT, PSH, "C\r\n"},
		{SERVER, ACK, ""},           {CLIENT, PSH | TCP_FIN, "D\r\n"},
		{SERVER, FIN, ""},           {CLIENT, ACK, ""},
	};
	(void)state;
	struct trace t = built("S: 220 mx\nC: A\nC+ B\nC: C\nC: D\nC+! FIN\n" EXPECTS);
	expect_segments(&t, want, sizeof want / sizeof *want);
	assert_true(t.whole);
	trace_free(&t);
}

/* Sequence and acknowledgement numbers are those of a receiver that counts along. */
static void counts(void **state)
{
	uint32_t next[2] = {0}, told[2] = {0};
	bool begun[2] = {false, false};
	(void)state;
	struct trace t = built(HELLO "C: MAIL\nbulk S 9000\nC! FIN\nS: 221\nS! FIN\n" EXPECTS);
	for (size_t i = 0; i < t.n; i++) {
		const struct segment *g = &t.segment[i];
		enum side other = side_other(g->side);
		if (begun[g->side])
			assert_int_equal(g->seq, next[g->side]);
		begun[g->side] = true;
		next[g->side] = g->seq + segment_span(g);
		if (g->flags & TCP_ACK) {
			assert_int_equal(g->ack, next[other]);
			told[g->side] = g->ack;
		}
		assert_true(i == 0 || g->ts >= t.segment[i - 1].ts);
	}
	assert_int_equal(told[CLIENT], next[SERVER]);
	assert_int_equal(told[SERVER], next[CLIENT]);
	trace_free(&t);
}

/* What a directive does to the two segments behind it, told by their bytes in order of capture, and
 * by what the last of them acknowledges. */
static void bends(void **state)
{
	static const struct {
		const char *directive, *captured;
		bool acked, whole;
	} rows[] = {
		{"", "a b c ", true, true},           {"lose C 1\n", "a c ", true, false},
		{"dup\n", "a b b c ", true, true},    {"gap C 7\n", "a b c ", true, false},
		{"no-ack\n", "a b c ", false, false}, {"vanish S\n", "a b c ", false, false},
		{"join\n", "b c ", true, false},      {"cut\n", "a ", false, false},
		{"only S\n", "a c ", true, false},    {"swap\n", "a c b ", true, true},
		{"snap 60\n", "a b c ", true, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[256], captured[64] = "";
		snprintf(text, sizeof text, "S: a\n%sC: b\nS: c\nS! FIN\n" EXPECTS,
			 rows[i].directive);
		struct trace t = built(text);
		uint32_t next = 0, ack = 0;
		for (size_t k = 0; k < t.n; k++) {
			const struct segment *g = &t.segment[k];
			if (g->n > 0)
				strncat(captured, (const char *)g->data, 1), strcat(captured, " ");
			if (g->n > 0 && g->data[0] == 'b')
				next = g->seq + g->n;
			if (g->n > 0 && g->data[0] == 'c')
				ack = g->ack;
		}
		assert_string_equal(captured, rows[i].captured);
		assert_int_equal(ack >= next && ack > 0, rows[i].acked);
		assert_int_equal(t.whole, rows[i].whole);
		trace_free(&t);
	}
}

/* Crossing: not acknowledged, yet nothing is lost. Late: captured before what it acknowledges. */
static void crosses(void **state)
{
	(void)state;
	struct trace t = built("S: a\nC: b\ncrossing\nS: c\nlate\nC: d\n" EXPECTS);
	assert_int_equal(t.segment[4].data[0], 'b');
	assert_int_equal(t.segment[5].data[0], 'd');
	assert_int_equal(t.segment[6].data[0], 'c');
	assert_int_equal(t.segment[6].ack, t.segment[4].seq);
	assert_int_equal(t.segment[5].ack, t.segment[6].seq + t.segment[6].n);
	trace_free(&t);
}

/* A path that drops what is too long: it is never acknowledged, however often it is sent; what is
 * short passes. Where the path is good again, it arrives. */
static void swallows(void **state)
{
	(void)state;
	struct trace t = built("S: a\nmtu C 1000\nC: b\nbulk C 1200\nC: c\nretransmit C 2\nmtu C "
			       "0\nretransmit C 1\n" EXPECTS);
	uint32_t first = 0, ack = 0;
	unsigned sent = 0;
	for (size_t i = 0; i < t.n; i++) {
		const struct segment *g = &t.segment[i];
		if (g->n == 1200) {
			first = g->seq;
			sent++;
			assert_true((int32_t)(ack - first) <= 0);
		}
		if (g->side == SERVER)
			ack = g->ack;
	}
	assert_int_equal(sent, 4);
	assert_int_equal(ack, first + 1200 + strlen("c\r\n"));
	assert_false(t.whole);
	trace_free(&t);
}

/* The last frame of a scenario, decoded. */
static enum packet_kind last_frame(const char *text, union packet_decoded *out)
{
	struct scenario *s = parse(text);
	struct trace t = build_trace(s);
	struct frames f = frames_build(s, &t, wrappings);
	struct packet_decoder decoder = {.insist_checksum = true};
	enum packet_kind kind = packet_decode(&decoder, &f.frame[f.n - 1], out);
	out->tcp.payload = NULL; /* it goes with the frames */
	frames_free(&f);
	trace_free(&t);
	scenario_free(s);
	return kind;
}

/* What an RST bears, as a side's own and as a forged one. */
static void forges(void **state)
{
	static const struct {
		const char *text;
		uint8_t ttl;
		uint16_t ip_id, window;
		bool stamped;
	} rows[] = {
		{"S! RST", 57, 30002, 0, false},
		{"S! RST ttl 61", 61, 30002, 0, false},
		{"S! RST ip-id 0 window 8192", 57, 0, 8192, false},
		{"S! RST timestamps", 57, 30002, 0, true},
		{"timestamps\nS! RST", 57, 30002, 0, true},
		{"timestamps\nS! RST no-timestamps ttl 3", 3, 30002, 0, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[128];
		union packet_decoded out;
		snprintf(text, sizeof text, "S: a\n%s\n" EXPECTS, rows[i].text);
		assert_int_equal(last_frame(text, &out), PACKET_TCP);
		assert_int_equal(out.tcp.flags, TCP_RST | TCP_ACK);
		assert_int_equal(out.tcp.ttl, rows[i].ttl);
		assert_int_equal(out.tcp.ip_id, rows[i].ip_id);
		assert_int_equal(out.tcp.window, rows[i].window);
		assert_int_equal(out.tcp.has_tsopt, rows[i].stamped);
	}
}

/* Time stamps grow by a millisecond, and echo the latest one of the other side (RFC 7323 4.1). */
static void stamps(void **state)
{
	union packet_decoded a, b;
	(void)state;
	assert_int_equal(last_frame("timestamps\nS: a\nopen\n" EXPECTS, &a), PACKET_TCP);
	assert_int_equal(last_frame("timestamps\nS: a\nopen\nwait 5s\nC: b\nS: c\n" EXPECTS, &b),
			 PACKET_TCP);
	assert_true(a.tcp.has_tsopt && b.tcp.has_tsopt);
	assert_within(b.tcp.tsval - a.tcp.tsval, 5000, 5100);
	assert_within(b.tcp.tsecr - a.tcp.tsecr, 5000, 5100);
}

/* A router's error quotes the side's last segment, whatever it is wrapped in. */
static void quotes(void **state)
{
	struct scenario *s = parse("S: a\nC: b\nicmp C too-big 1400\nicmp S unreachable\n" EXPECTS);
	struct trace t = build_trace(s);
	uint32_t seq[2] = {0};
	(void)state;
	for (size_t i = 0; i < t.n; i++)
		if (t.segment[i].n > 0)
			seq[t.segment[i].side] = t.segment[i].seq;
	for (const struct wrapping *how = wrappings; how->name; how++) {
		struct frames f = frames_build(s, &t, how);
		struct packet_decoder decoder = {.ports = NULL};
		unsigned found = 0;
		for (size_t i = 0; i < f.n; i++) {
			union packet_decoded out;
			if (packet_decode(&decoder, &f.frame[i], &out) != PACKET_ICMP)
				continue;
			assert_int_equal(out.icmp.too_big, found == 0);
			assert_int_equal(out.icmp.mtu, found == 0 ? 1400 : 0);
			assert_int_equal(out.icmp.seq, seq[found == 0 ? CLIENT : SERVER]);
			assert_int_equal(out.icmp.src_port,
					 s->scene[0].port[found == 0 ? CLIENT : SERVER]);
			found++;
		}
		if (found != 2)
			fail_msg("%s: %u errors found", how->name, found);
		frames_free(&f);
	}
	trace_free(&t);
	scenario_free(s);
}

/* One about another connection is of no watched port: all that it does is to come later. */
static void quotes_another(void **state)
{
	struct port_set ports = {{0}};
	struct scenario *s = parse("S: a\nwait 60s\nicmp C elsewhere\n" EXPECTS);
	struct trace t = build_trace(s);
	(void)state;
	port_set_add(&ports, 25);
	for (const struct wrapping *how = wrappings; how->name; how++) {
		struct frames f = frames_build(s, &t, how);
		struct packet_decoder decoder = {.ports = &ports};
		union packet_decoded out;
		enum packet_kind kind = packet_decode(&decoder, &f.frame[f.n - 1], &out);
		int64_t later = f.frame[f.n - 1].ts - f.frame[0].ts;
		if (kind == PACKET_TCP || kind == PACKET_ICMP || kind == PACKET_MALFORMED)
			fail_msg("%s: it is %s", how->name, packet_kind_name(kind));
		assert_true(later >= 60 * FRAME_SECOND);
		frames_free(&f);
	}
	trace_free(&t);
	scenario_free(s);
}

/* IP IDs go on by one, also where segments are cut or sent again: a forged one stands out, and
 * nothing else does. */
static void numbers(void **state)
{
	static const char *const names[] = {"bytes", "cut", "retransmitted"};
	struct trace t =
		built(HELLO "bulk C 3000\nC: .\nS: 250\nC: QUIT\nS: 221\nS! RST ip-id 7\n" EXPECTS);
	(void)state;
	for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
		struct dice dice = {n};
		struct trace out = {0};
		weather_find(names[n])->turn[0](&t, &out, &dice);
		uint16_t next[2] = {out.segment[0].ip_id, out.segment[1].ip_id};
		for (size_t i = 0; i < out.n; i++)
			if (!out.segment[i].forged)
				assert_int_equal(out.segment[i].ip_id, next[out.segment[i].side]++);
		assert_int_equal(out.segment[out.n - 1].ip_id, 7);
		trace_free(&out);
	}
	trace_free(&t);
}

/* All bytes of a side, in order of sequence, whatever the weather did to them. */
static size_t gathered(const struct trace *t, enum side side, uint8_t *out, size_t room)
{
	uint32_t first = 0;
	size_t n = 0;
	for (size_t i = t->n; i-- > 0;)
		if (t->segment[i].side == side)
			first = t->segment[i].seq;
	for (size_t i = 0; i < t->n; i++) {
		const struct segment *g = &t->segment[i];
		size_t at = g->seq + (g->flags & TCP_SYN ? 1 : 0) - first;
		if (g->side != side || g->n == 0)
			continue;
		assert_true(at + g->n <= room);
		memcpy(out + at, g->data, g->n);
		n = at + g->n > n ? at + g->n : n;
	}
	return n;
}

/* No turn of the weather adds, loses or changes a byte. */
static void keeps_bytes(void **state)
{
	enum { ROOM = 8192 };
	static uint8_t fair[2][ROOM], bent[2][ROOM];
	struct scenario *s =
		parse(HELLO "bulk C 5000\nC: .\nS: 250\nC: QUIT\nS: 221\nS! FIN\n" EXPECTS);
	struct trace t = build_trace(s);
	size_t n[2] = {gathered(&t, CLIENT, fair[0], ROOM), gathered(&t, SERVER, fair[1], ROOM)};
	(void)state;
	for (const struct weather *how = weathers; how->name; how++)
		for (unsigned turn = 0; turn < WEATHER_TURNS && how->turn[turn]; turn++) {
			struct dice dice = {turn};
			struct trace out = {0};
			how->turn[turn](&t, &out, &dice);
			for (enum side side = CLIENT; side <= SERVER; side++) {
				memset(bent[side], 0, ROOM);
				assert_int_equal(gathered(&out, side, bent[side], ROOM), n[side]);
				assert_memory_equal(bent[side], fair[side], ROOM);
			}
			for (size_t i = 1; i < out.n; i++)
				assert_true(out.segment[i].ts >= out.segment[i - 1].ts);
			trace_free(&out);
		}
	trace_free(&t);
	scenario_free(s);
}

/* Every wrapping is one that the decoder takes off again. */
static void unwraps(void **state)
{
	struct scenario *s = parse(HELLO EXPECTS);
	struct trace t = build_trace(s);
	(void)state;
	for (const struct wrapping *how = wrappings; how->name; how++) {
		struct frames f = frames_build(s, &t, how);
		struct packet_decoder decoder = {
			.insist_checksum = !(how->bits & (WRAPPING_OFFLOAD | WRAPPING_FRAGMENTS))};
		for (size_t i = 0; i < f.n; i++) {
			union packet_decoded out;
			enum packet_kind kind = packet_decode(&decoder, &f.frame[i], &out);
			if (kind == PACKET_FRAGMENT && how->bits & WRAPPING_FRAGMENTS)
				continue;
			if (kind != PACKET_TCP)
				fail_msg("%s: frame %zu is %s", how->name, i + 1,
					 packet_kind_name(kind));
			if (f.n == t.n)
				assert_int_equal(out.tcp.seq, t.segment[i].seq);
		}
		frames_free(&f);
	}
	trace_free(&t);
	scenario_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses), cmocka_unit_test(converses),
		cmocka_unit_test(counts),  cmocka_unit_test(bends),
		cmocka_unit_test(crosses), cmocka_unit_test(swallows),
		cmocka_unit_test(forges),  cmocka_unit_test(stamps),
		cmocka_unit_test(quotes),  cmocka_unit_test(quotes_another),
		cmocka_unit_test(numbers), cmocka_unit_test(keeps_bytes),
		cmocka_unit_test(unwraps),
	};
	return cmocka_run_group_tests_name("scenario language", tests, NULL, NULL);
}
