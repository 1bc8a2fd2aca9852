/*
 * test_ordinary_tcp.c - what TCP does every day and nobody may be accused of: probes, repeated
 * ends, other boundaries, data with a SYN, a port used again. Each row is a session by hand,
 * segment by segment, beyond what a scenario can say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/segments.h"
#include "smtpwatch/monitor.h"
#include "smtpwatch/verdict.h"

enum { TCP_ECE = 0x40, TCP_CWR = 0x80 };

static const struct bytes none;

static void greet(struct talk *t)
{
	talk_say(t, SERVER, "220 mx\r\n");
	talk_say(t, CLIENT, "EHLO a\r\n");
	talk_say(t, SERVER, "250 mx\r\n");
}

static void envelope(struct talk *t)
{
	talk_say(t, CLIENT, "MAIL FROM:<a@b>\r\n");
	talk_say(t, SERVER, "250 ok\r\n");
	talk_say(t, CLIENT, "RCPT TO:<c@d>\r\n");
	talk_say(t, SERVER, "250 ok\r\n");
	talk_say(t, CLIENT, "DATA\r\n");
	talk_say(t, SERVER, "354 go\r\n");
}

static void message(struct talk *t)
{
	envelope(t);
	talk_say(t, CLIENT, "Subject: x\r\n\r\nx\r\n.\r\n");
	talk_say(t, SERVER, "250 queued\r\n");
}

/* All but the end. */
static void mail(struct talk *t)
{
	talk_handshake(t);
	greet(t);
	message(t);
}

static void quit(struct talk *t)
{
	talk_say(t, CLIENT, "QUIT\r\n");
	talk_say(t, SERVER, "221 bye\r\n");
}

/* A segment that a side has sent before, as it stood then, but for what it acknowledges. */
static struct packet *again(struct talk *t, enum side side, const char *text, uint8_t flags)
{
	uint32_t n = (uint32_t)strlen(text) + !!(flags & TCP_FIN);
	return talk_raw(t, side, TCP_ACK | flags, t->next[side] - n, bytes_str(text));
}

static void keepalives(struct talk *t)
{
	mail(t);
	t->step = 75 * FRAME_SECOND;
	for (unsigned i = 0; i < 12; i++) {
		enum side side = i % 2 ? CLIENT : SERVER;
		talk_raw(t, side, TCP_ACK, t->next[side] - 1, i % 4 < 2 ? none : bytes_of("", 1));
		talk_ack(t, side_other(side));
	}
	quit(t);
	talk_close(t, CLIENT);
}

/* The server's window is shut in the middle of a message: the client tries with a byte of it, again
 * and again, until it opens. */
static void window_probes(struct talk *t)
{
	talk_handshake(t);
	greet(t);
	envelope(t);
	talk_say(t, CLIENT, "Subject: x\r\n");
	talk_ack(t, SERVER)->window = 0;
	t->step = 5 * FRAME_SECOND;
	for (unsigned i = 0; i < 6; i++) {
		talk_raw(t, CLIENT, TCP_ACK, t->next[CLIENT], bytes_str("\r"));
		talk_ack(t, SERVER)->window = 0;
	}
	talk_ack(t, SERVER);
	t->step = FRAME_MS;
	talk_say(t, CLIENT, "\r\nx\r\n.\r\n");
	talk_say(t, SERVER, "250 queued\r\n");
	quit(t);
	talk_close(t, CLIENT);
}

static void simultaneous_close(struct talk *t)
{
	mail(t);
	quit(t);
	uint32_t heard = t->heard[SERVER];
	talk_fin(t, CLIENT);
	t->heard[SERVER] = heard;
	talk_fin(t, SERVER);
	again(t, CLIENT, "", TCP_FIN)->ack--;
	again(t, SERVER, "", TCP_FIN);
	t->heard[SERVER] = t->next[CLIENT];
	talk_ack(t, CLIENT);
	talk_ack(t, SERVER);
}

/* The FIN is not acknowledged, and sent again until the server gives up: the client is gone, and
 * has its answer. */
static void fins_sent_again(struct talk *t)
{
	mail(t);
	quit(t);
	talk_fin(t, SERVER);
	t->step = 2 * FRAME_SECOND;
	for (unsigned i = 0; i < 5; i++)
		again(t, SERVER, i % 2 ? "221 bye\r\n" : "", TCP_FIN);
}

static void resets_behind_both_ends(struct talk *t)
{
	mail(t);
	quit(t);
	talk_close(t, SERVER);
	talk_rst(t, SERVER);
	talk_raw(t, CLIENT, TCP_RST, t->next[CLIENT], none);
	talk_ack(t, SERVER);
	talk_ack(t, CLIENT);
}

/* The client does not wait for the 221, and answers it with an RST; what was under way comes behind
 * that. */
static void late_segments_behind_a_reset(struct talk *t)
{
	mail(t);
	talk_say(t, CLIENT, "QUIT\r\n");
	talk_fin(t, CLIENT);
	talk_say(t, SERVER, "221 bye\r\n");
	talk_raw(t, CLIENT, TCP_RST, t->next[CLIENT], none);
	talk_ack(t, SERVER);
	talk_fin(t, SERVER);
	talk_raw(t, CLIENT, TCP_RST, t->next[CLIENT], none);
}

static void end_in_one_segment_each(struct talk *t)
{
	mail(t);
	talk_say(t, CLIENT, "QUIT\r\n")->flags |= TCP_FIN;
	t->heard[SERVER] = ++t->next[CLIENT];
	talk_say(t, SERVER, "221 bye\r\n")->flags |= TCP_FIN;
	t->heard[CLIENT] = ++t->next[SERVER];
	talk_ack(t, CLIENT);
}

/* What the client sends behind its QUIT is never read: the server's system answers with an RST,
 * which may be captured before the 221. */
static void reset_for_unread_bytes(struct talk *t)
{
	mail(t);
	talk_say(t, CLIENT, "QUIT\r\nNOOP\r\n");
	talk_say(t, SERVER, "221 bye\r\n");
	talk_rst(t, SERVER);
}

static void reset_captured_before_the_221(struct talk *t)
{
	reset_for_unread_bytes(t);
	segments_move(t->out, t->out->n - 1, t->out->n - 2);
}

/* Each side begins again: the SYN was lost, and the port was bound anew with another number; the
 * SYN-ACK was lost as well. */
static void handshake_again(struct talk *t)
{
	talk_syn(t);
	t->step = FRAME_SECOND;
	t->isn[CLIENT] += 1234567;
	t->next[CLIENT] = t->isn[CLIENT] + 1;
	talk_syn(t);
	talk_syn_ack(t);
	talk_syn(t);
	talk_syn_ack(t);
	talk_ack(t, CLIENT);
	t->step = FRAME_MS;
	greet(t);
	message(t);
	quit(t);
	talk_close(t, CLIENT);
}

/* RFC 7413: the client's first bytes come with its SYN, and the server's with its own. */
static void fast_open(struct talk *t)
{
	struct bytes proxy = bytes_str("PROXY TCP4 192.0.2.7 192.0.2.8 51000 25\r\n");
	talk_raw(t, CLIENT, TCP_SYN, t->isn[CLIENT], proxy);
	t->heard[SERVER] = t->next[CLIENT] += (uint32_t)proxy.n;
	talk_raw(t, SERVER, TCP_SYN | TCP_ACK, t->isn[SERVER], bytes_str("220 mx\r\n"));
	t->heard[CLIENT] = t->next[SERVER] += 8;
	talk_ack(t, CLIENT);
	talk_say(t, CLIENT, "EHLO a\r\n");
	talk_say(t, SERVER, "250 mx\r\n");
	message(t);
	quit(t);
	talk_close(t, CLIENT);
}

/* ... of which a server that does not know the client takes the SYN alone. */
static void fast_open_not_taken(struct talk *t)
{
	struct bytes proxy = bytes_str("PROXY TCP4 192.0.2.7 192.0.2.8 51000 25\r\n");
	talk_raw(t, CLIENT, TCP_SYN, t->isn[CLIENT], proxy);
	t->heard[SERVER] = t->next[CLIENT];
	talk_syn_ack(t);
	talk_send(t, CLIENT, proxy);
	greet(t);
	message(t);
	quit(t);
	talk_close(t, CLIENT);
}

/* RFC 3168: both sides agree on it, and the client tells that it slowed down. */
static void congestion_marks(struct talk *t)
{
	talk_syn(t)->flags |= TCP_ECE | TCP_CWR;
	talk_syn_ack(t)->flags |= TCP_ECE;
	talk_ack(t, CLIENT);
	greet(t);
	message(t);
	talk_say(t, CLIENT, "QUIT\r\n")->flags |= TCP_CWR;
	talk_say(t, SERVER, "221 bye\r\n")->flags |= TCP_ECE;
	talk_close(t, CLIENT);
}

/* The beginning of a session up to the dot, its message n bytes in one segment. */
static void body_send(struct talk *t, uint8_t *body, size_t n)
{
	memset(body, 'x', n);
	talk_handshake(t);
	greet(t);
	envelope(t);
	talk_send(t, CLIENT, bytes_of(body, n));
	talk_say(t, CLIENT, "\r\n.\r\n");
}

/* A segment was too large for the path, and what it held is sent again in smaller ones; the first
 * of them covers its beginning twice. */
static void other_boundaries(struct talk *t)
{
	static uint8_t body[1400];
	body_send(t, body, sizeof body);
	uint32_t seq = t->next[CLIENT] - sizeof body - 5;
	t->step = 300 * FRAME_MS;
	talk_raw(t, CLIENT, TCP_ACK, seq, bytes_of(body, 536));
	talk_raw(t, CLIENT, TCP_ACK, seq + 536, bytes_of(body, 536));
	talk_raw(t, CLIENT, TCP_ACK, seq + 500, bytes_of(body, 536));
	talk_raw(t, CLIENT, TCP_ACK, seq + 1072, bytes_of(body, 328));
	again(t, CLIENT, "\r\n.\r\n", 0);
	talk_say(t, SERVER, "250 queued\r\n");
	quit(t);
	talk_close(t, CLIENT);
}

/* A whole message in one segment of 200 kB, as a card puts segments together or takes them apart.
 */
static void a_super_segment(struct talk *t)
{
	static uint8_t body[200000];
	body_send(t, body, sizeof body);
	talk_say(t, SERVER, "250 queued\r\n");
	quit(t);
	talk_close(t, CLIENT);
}

/* The same port at once behind the end, with a number above the last one (RFC 6191); a straggler of
 * the old connection comes in between. */
static void port_again(struct talk *t)
{
	mail(t);
	quit(t);
	talk_close(t, SERVER);
	uint32_t old = t->next[SERVER], heard = t->heard[SERVER];
	for (enum side side = CLIENT; side <= SERVER; side++) {
		t->isn[side] = t->next[side] + 100000;
		t->next[side] = t->isn[side] + 1;
	}
	talk_syn(t);
	talk_raw(t, SERVER, TCP_ACK | TCP_FIN, old - 1, none)->ack = heard;
	talk_syn_ack(t);
	talk_ack(t, CLIENT);
	greet(t);
	message(t);
	quit(t);
	talk_close(t, CLIENT);
}

/* The route changes, and with it the TTL; identifications are all 0, as Linux has them in some
 * segments. */
static void another_route(struct talk *t)
{
	size_t from = t->out->n;
	mail(t);
	quit(t);
	talk_close(t, CLIENT);
	for (size_t i = from; i < t->out->n; i++) {
		t->out->packets[i].ttl -= i % 5;
		t->out->packets[i].ip_id = 0;
	}
}

/* An acknowledgement and a window that are older than what the side had said before (another way
 * through the network). */
static void an_old_acknowledgement(struct talk *t)
{
	mail(t);
	t->step = 100 * FRAME_MS;
	uint32_t heard = t->heard[CLIENT];
	t->heard[CLIENT] -= 12;
	talk_ack(t, CLIENT)->ip_id -= 3;
	t->heard[CLIENT] = heard;
	quit(t);
	talk_ack(t, CLIENT);
	t->heard[CLIENT] -= 9;
	talk_ack(t, CLIENT)->ip_id = 0;
	t->heard[CLIENT] += 9;
	talk_close(t, SERVER);
}

/* The server's 221 is lost on the way and sent again, with its FIN behind it in the end. */
static void the_221_sent_again(struct talk *t)
{
	mail(t);
	talk_say(t, CLIENT, "QUIT\r\n");
	uint32_t heard = t->heard[CLIENT];
	talk_say(t, SERVER, "221 bye\r\n");
	talk_fin(t, SERVER);
	t->heard[CLIENT] = heard;
	t->step = 300 * FRAME_MS;
	talk_ack(t, CLIENT);
	again(t, SERVER, "221 bye\r\n", TCP_FIN);
	t->heard[CLIENT] = t->next[SERVER];
	talk_fin(t, CLIENT);
	talk_ack(t, SERVER);
}

static const struct {
	const char *name;
	void (*make)(struct talk *t);
	unsigned sessions;
} rows[] = {
	{"keepalives", keepalives, 1},
	{"window probes", window_probes, 1},
	{"simultaneous close", simultaneous_close, 1},
	{"FINs sent again", fins_sent_again, 1},
	{"RSTs behind both ends", resets_behind_both_ends, 1},
	{"late segments behind an RST", late_segments_behind_a_reset, 1},
	{"the end in one segment each", end_in_one_segment_each, 1},
	{"an RST for unread bytes", reset_for_unread_bytes, 1},
	{"an RST captured before the 221", reset_captured_before_the_221, 1},
	{"the handshake again", handshake_again, 1},
	{"fast open", fast_open, 1},
	{"fast open, not taken", fast_open_not_taken, 1},
	{"congestion marks", congestion_marks, 1},
	{"other boundaries", other_boundaries, 1},
	{"a super-segment", a_super_segment, 1},
	{"the port again", port_again, 2},
	{"another route", another_route, 1},
	{"an old acknowledgement", an_old_acknowledgement, 1},
	{"the 221 sent again", the_221_sent_again, 1},
};

enum { ROWS = sizeof rows / sizeof *rows };

/* How many sessions there were of which the server said something, how many of them were not clean
 * with their message accepted, and what was worth an alert. */
struct heard {
	unsigned sessions, unclean, alerts;
	enum verdict worst;
};

static void take(void *arg, const struct record *r)
{
	struct heard *h = arg;
	enum verdict v = r->judgement.verdict;
	bool clean = v == VERDICT_CLEAN && r->session->fates[FATE_ACCEPTED] == 1 &&
		     r->ending->seen == SEEN_FULL;
	h->sessions += r->conn->side[SERVER].packets > 0;
	h->unclean += r->conn->side[SERVER].packets > 0 && !clean;
	if (verdict_severity(v, r->ending) >= SEVERITY_NOTICE) {
		h->alerts++;
		h->worst = v;
	}
}

static struct heard judge(const struct segments *in, size_t batch)
{
	struct heard h = {0};
	struct monitor_config config = monitor_config_default();
	config.stream.max_conns = 1000;
	config.session = take;
	config.arg = &h;
	struct monitor *m = monitor_new(&config);
	assert_non_null(m);
	for (size_t i = 0; i < in->n; i += batch)
		monitor_segments(m, in->packets + i, in->n - i < batch ? in->n - i : batch);
	monitor_finish(m);
	monitor_free(m);
	return h;
}

static struct segments made(unsigned row, bool six)
{
	struct segments in = {0};
	struct talk t = six ? talk_v6(&in, row) : talk_v4(&in, row);
	rows[row].make(&t);
	for (size_t i = 0; i < in.n; i++)
		in.packets[i].number = i + 1;
	return in;
}

static void ordinary_sessions_are_clean(void **state)
{
	(void)state;
	unsigned wrong = 0;
	for (unsigned i = 0; i < 2 * ROWS; i++) {
		struct segments in = made(i / 2, i % 2);
		struct heard h = judge(&in, i % 2 ? 1 : 16);
		bool well = h.sessions == rows[i / 2].sessions && h.unclean == 0 && h.alerts == 0;
		if (!well)
			print_error("%s: %u sessions, of which %u were not clean\n",
				    rows[i / 2].name, h.sessions, h.unclean);
		wrong += !well;
		segments_free(&in);
	}
	assert_int_equal(wrong, 0);
}

/* What a capture does to segments; and to two of them, so far apart at most: a sanitizer makes a
 * new monitor a hundred times dearer. */
enum harm { HARM_LOST, HARM_TWICE, HARM_LATE, HARM_CUT, HARMS };
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { APART = 1 };
#else
enum { APART = 5 };
#endif

static void harm(struct segments *in, enum harm what, size_t at)
{
	if (what == HARM_LOST)
		segments_drop(in, at);
	else if (what == HARM_TWICE)
		segments_repeat(in, at);
	else if (what == HARM_CUT)
		in->packets[at].payload_cap /= 2;
	else if (at + 1 < in->n && in->packets[at + 1].ts - in->packets[at].ts <= 10 * FRAME_MS)
		segments_move(in, at, at + 1);
}

static unsigned harmed(unsigned row, bool six, unsigned first, size_t a, unsigned second, size_t b)
{
	struct segments in = made(row, six);
	harm(&in, (enum harm)first, a);
	if (b < in.n)
		harm(&in, (enum harm)second, b);
	struct heard h = judge(&in, 8);
	if (h.alerts > 0)
		print_error("%s, segment %zu harm %u, then %zu harm %u: %s\n", rows[row].name, a,
			    first, b, second, verdict_row(h.worst)->id);
	segments_free(&in);
	return h.alerts;
}

/* Any two segments lost, cut, captured twice or behind the next one: what is told of them then may
 * be less, but nobody is accused. */
static void captured_badly_they_are_no_alerts(void **state)
{
	(void)state;
	unsigned alerts = 0;
	for (unsigned row = 0; row < ROWS; row++) {
		struct segments in = made(row, false);
		size_t n = in.n;
		segments_free(&in);
		for (size_t a = 0; a < n; a++)
			for (size_t b = a; b < n && b <= a + APART; b++)
				for (unsigned k = 0; k < HARMS * HARMS; k++)
					alerts += harmed(row, k % 2, k / HARMS, a, k % HARMS, b);
	}
	assert_int_equal(alerts, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_sessions_are_clean),
		cmocka_unit_test(captured_badly_they_are_no_alerts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
