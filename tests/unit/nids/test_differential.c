/* test_differential.c - the two engines against each other: the same inside libnids' fence;
 * outside, how they differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/segments.h"
#include "lib/transcript.h"
#include "nids/stream_nids.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { ROUNDS = 150, TALKS = 6 };

static struct stream_config config_small(struct port_set *ports)
{
	struct stream_config config = stream_config_default();
	port_set_add(ports, 25);
	config.ports = ports;
	config.max_conns = 5000;
	return config;
}

static struct stream_stats run(struct transcript *t, const struct stream_engine *engine,
			       const struct segments *in)
{
	static struct port_set ports;
	struct stream_config config = config_small(&ports);
	return transcript_run(t, engine, &config, in->packets, in->n, 16);
}

/* --- inside the fence: whole conversations, IPv4 and IPv6, in any weather that libnids bears ---
 */

/* Some segments are sent again later, as if their acknowledgement had been lost: another packet
 * with the same bytes. */
static void resend_some(struct segments *s, struct dice *d, unsigned percent)
{
	size_t n = s->n;
	for (size_t i = 0; i < n; i++) {
		struct packet again = s->packets[i];
		if (again.payload_len == 0 || again.flags & (TCP_SYN | TCP_FIN | TCP_RST) ||
		    dice_roll(d, 100) >= percent)
			continue;
		again.ip_id = (uint16_t)(again.ip_id + 1000);
		segments_add(s, &again);
		segments_move(s, s->n - 1, i + 1 + dice_roll(d, (uint32_t)(s->n - i - 1)));
	}
}

static void conversations_by_dice(struct segments *all, struct dice *d, unsigned first)
{
	for (unsigned i = 0; i < TALKS; i++) {
		struct segments one = {0};
		struct talk t = dice_roll(d, 2) ? talk_v4(&one, first + i)
						: talk_v6(&one, first + i);
		talk_random(&t, d);
		uint32_t swapped = dice_roll(d, 60), doubled = dice_roll(d, 20);
		segments_shuffle(&one, d, swapped, doubled);
		resend_some(&one, d, dice_roll(d, 10));
		segments_merge(all, &one, d);
	}
}

static void assert_same_side(const struct heard *native, const struct heard *nids, enum side side)
{
	assert_int_equal(native->gap[side], 0);
	assert_int_equal(nids->gap[side], 0);
	assert_int_equal(native->n[side], nids->n[side]);
	if (native->n[side] > 0)
		assert_memory_equal(native->bytes[side], nids->bytes[side], native->n[side]);
	assert_int_equal(native->conn.flow[side].fin, nids->conn.flow[side].fin);
	assert_int_equal(native->conn.flow[side].rst, nids->conn.flow[side].rst);
	assert_int_equal(native->conn.flow[side].syn, nids->conn.flow[side].syn);
	assert_int_equal(native->conn.side[side].mss, nids->conn.side[side].mss);
	assert_int_equal(native->conn.side[side].ttl, nids->conn.side[side].ttl);
}

static void assert_same(const struct heard *native, const struct heard *nids)
{
	assert_true(ip_addr_equal(&native->conn.addr[CLIENT], &nids->conn.addr[CLIENT]));
	assert_int_equal(native->conn.port[CLIENT], nids->conn.port[CLIENT]);
	assert_same_side(native, nids, CLIENT);
	assert_same_side(native, nids, SERVER);
	assert_string_equal(native->turns, nids->turns);
	assert_int_equal(native->fins, nids->fins);
	for (unsigned i = 0; i < native->fins; i++)
		assert_int_equal(native->fin[i], nids->fin[i]);
	assert_int_equal(native->end.closer, nids->end.closer);
	assert_int_equal(native->end.how, nids->end.how);
	assert_int_equal(native->end.over, nids->end.over);
	assert_int_equal(native->end.crossed, nids->end.crossed);
	assert_int_equal(native->end.by_rst, nids->end.by_rst);
	assert_true(!native->end.by_rst || native->end.rst_by == nids->end.rst_by);
	assert_int_equal(native->conn.reused, nids->conn.reused);
	assert_int_equal(native->conn.start, nids->conn.start);
	if (native->end.over != HOW_CAPTURE_END)
		assert_int_equal(native->closed_as,
				 nids->closed_as); /* those that began at the same time have no
						      order in the end */
}

static void inside_the_fence_both_are_the_same(void **state)
{
	(void)state;
	struct dice d = dice_new("differential", 20260101);
	uint64_t bytes = 0, queued = 0;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct segments in = {0};
		struct transcript native = {0}, nids = {0};
		conversations_by_dice(&in, &d, round * TALKS);
		run(&native, &stream_native, &in);
		queued += run(&nids, &stream_nids, &in).out_of_order;
		assert_int_equal(native.n, TALKS);
		assert_int_equal(nids.n, TALKS);
		for (unsigned i = 0; i < TALKS; i++) {
			assert_same(native.heard[i], nids.heard[i]);
			bytes += native.heard[i]->n[CLIENT] + native.heard[i]->n[SERVER];
		}
		transcript_free(&native);
		transcript_free(&nids);
		segments_free(&in);
	}
	print_message("%" PRIu64 " bytes compared, %" PRIu64 " segments out of order\n", bytes,
		      queued);
	assert_true(bytes > 1000000 && queued > 100);
}

/* --- outside: what each makes of it --- */

static void mail_without(struct talk *t, size_t packet)
{
	talk_mail(t);
	talk_close(t, SERVER);
	segments_drop(t->out, packet);
}

static void whole(struct talk *t)
{
	talk_mail(t);
	talk_close(t, SERVER);
}

static void lost_syn(struct talk *t)
{
	mail_without(t, 0);
}

static void lost_syn_ack(struct talk *t)
{
	mail_without(t, 1);
}

static void lost_handshake_ack(struct talk *t)
{
	mail_without(t, 2);
}

static void lost_command(struct talk *t)
{
	mail_without(t, 4);
}

static void lost_fin(struct talk *t)
{
	mail_without(t, 8);
}

/* The client began anew with another number on the same port, and that SYN was answered. */
static void other_isn(struct talk *t)
{
	talk_syn(t);
	t->isn[CLIENT] += 1000000000;
	t->next[CLIENT] += 1000000000;
	whole(t);
}

static void fast_open(struct talk *t)
{
	struct packet *p = talk_syn(t);
	p->payload = (const uint8_t *)"EHLO a\r\n";
	p->payload_len = p->payload_cap = 8;
	t->heard[SERVER] += 8;
	t->next[CLIENT] += 8;
	talk_syn_ack(t);
	talk_ack(t, CLIENT);
	talk_say(t, SERVER, "250 mx\r\n");
	talk_close(t, SERVER);
}

static void one_way(struct talk *t)
{
	whole(t);
	for (size_t i = t->out->n; i-- > 0;)
		if (t->out->packets[i].src_port == t->port[CLIENT])
			segments_drop(t->out, i);
}

static void early_banner(struct talk *t)
{
	whole(t);
	segments_move(t->out, 3, 2);
}

/* A hundred kilobytes are on their way behind a segment that the network lost and the client sends
 * again. */
static void late_retransmission(struct talk *t)
{
	static char chunk[1000];
	talk_handshake_scaled(t, 7);
	struct packet again = *talk_send(t, CLIENT, bytes_of(chunk, sizeof chunk));
	segments_drop(t->out, t->out->n - 1);
	for (int i = 0; i < 100; i++)
		talk_send(t, CLIENT, bytes_of(chunk, sizeof chunk));
	again.ts = t->now;
	segments_add(t->out, &again);
	talk_say(t, SERVER, "250\r\n");
	talk_close(t, SERVER);
}

/* The ACK of three segments was captured before them. */
static void skewed_ack(struct talk *t)
{
	talk_handshake(t);
	talk_say(t, CLIENT, "one ");
	talk_say(t, CLIENT, "two ");
	talk_say(t, CLIENT, "three");
	talk_say(t, SERVER, "250\r\n");
	segments_move(t->out, 6, 3);
	talk_close(t, SERVER);
}

/* A closed window, and the byte that asks whether it still is. */
static void window_probe(struct talk *t)
{
	talk_handshake(t);
	talk_say(t, CLIENT, "one ");
	t->window = 0;
	talk_ack(t, SERVER);
	t->window = 65535;
	talk_say(t, CLIENT, "t");
	talk_say(t, CLIENT, "wo");
	talk_close(t, CLIENT);
}

static void old_timestamps(struct talk *t)
{
	whole(t);
	for (size_t i = 0; i < t->out->n; i++) {
		t->out->packets[i].has_tsopt = true;
		t->out->packets[i].tsval = 1000000 - 1000 * (uint32_t)i;
	}
}

static void bytes_after_fin(struct talk *t)
{
	talk_mail(t);
	talk_fin(t, CLIENT);
	talk_raw(t, CLIENT, TCP_ACK, t->next[CLIENT] - 1, bytes_str("after"));
	talk_fin(t, SERVER);
}

static void reset_in_the_window(struct talk *t)
{
	talk_mail(t);
	talk_raw(t, SERVER, TCP_RST, t->next[SERVER] + 5000, bytes_of(NULL, 0));
	talk_say(t, SERVER, "not over\r\n");
	talk_close(t, SERVER);
}

/* RFC 9293 3.5.2 wants the number 0 here; real firewalls put in any. */
static void refused_with_a_number(struct talk *t)
{
	talk_syn(t);
	talk_raw(t, SERVER, TCP_RST | TCP_ACK, 511470441, bytes_of(NULL, 0));
}

static void reset_behind_a_hole(struct talk *t)
{
	talk_handshake(t);
	talk_say(t, CLIENT, "lost");
	segments_drop(t->out, 3);
	talk_say(t, CLIENT, "queued");
	talk_rst(t, CLIENT);
}

static void syn_on_a_live_tuple(struct talk *t)
{
	talk_mail(t);
	for (int side = CLIENT; side <= SERVER; side++) {
		t->isn[side] += 1000000000;
		t->next[side] = t->isn[side] + 1;
	}
	whole(t);
}

static void silence(struct talk *t)
{
	talk_mail(t);
	struct talk other = talk_v4(t->out, 77);
	other.now = t->now + 7200 * FRAME_SECOND;
	talk_syn(&other);
	talk_raw(&other, SERVER, TCP_RST | TCP_ACK, 0, bytes_of(NULL, 0));
}

/* The client sends its command again and again; nothing comes. */
static void server_vanishes(struct talk *t)
{
	talk_mail(t);
	uint32_t seq = t->next[CLIENT];
	for (int i = 0; i < 6; i++) {
		talk_raw(t, CLIENT, TCP_ACK, seq, bytes_str("NOOP\r\n"));
		t->now += FRAME_SECOND << i;
	}
}

static void syn_flood(struct talk *t)
{
	talk_mail(t);
	for (unsigned i = 100; i < 6000; i++) {
		struct talk flood = talk_v4(t->out, i);
		flood.now = t->now;
		talk_syn(&flood);
	}
	talk_close(t, SERVER);
}

static void urgent_byte(struct talk *t)
{
	whole(t);
	t->out->packets[4].flags |= TCP_URG;
}

/*
 * What is told of each connection: bytes+missing of client and server, who closed and how, and why
 * the watch ended where that is another reason. "-": the engine has no such connection. A row of
 * libnids.md's table that this engine does not have (because clean datagrams, the order or the
 * table in front prevent it) has the same text twice.
 */
static const struct {
	const char *name;
	void (*build)(struct talk *t);
	const char *native, *nids;
} rows[] = {
	{"whole", whole, "C14+0 S25+0 server fin", "C14+0 S25+0 server fin"},
	{"lost SYN", lost_syn, "C14+0 S25+0 server fin", "-"},
	{"lost SYN-ACK", lost_syn_ack, "C14+0 S25+0 server fin", "C0+14 S0+25 server fin"},
	{"lost ACK of the handshake", lost_handshake_ack, "C14+0 S25+0 server fin",
	 "C0+14 S0+25 server fin"},
	{"other ISN", other_isn, "C0+0 S0+0 nobody idle / C14+0 S25+0 server fin",
	 "C0+0 S0+25 server fin, idle"},
	{"accepted Fast Open", fast_open, "C8+0 S8+0 server fin", "C0+8 S0+8 server fin"},
	{"one way", one_way, "C0+15 S25+0 server fin, capture-end",
	 "-"}, /* the client's FIN, acknowledged like a byte */
	{"banner before the ACK of the handshake", early_banner, "C14+0 S25+0 server fin",
	 "C14+0 S0+25 server fin"},
	{"lost command", lost_command, "C6+8 S25+0 server fin", "C0+14 S25+0 server fin"},
	{"lost FIN", lost_fin, "C14+0 S25+1 client fin, idle", "C14+0 S25+1 client fin, idle"},
	{"late retransmission", late_retransmission, "C101000+0 S5+0 server fin",
	 "C1000+100000 S5+0 server fin"},
	{"ACK before its segments", skewed_ack, "C13+0 S5+0 server fin", "C0+13 S5+0 server fin"},
	{"zero-window probe", window_probe, "C7+0 S0+0 client fin", "C4+3 S0+0 client fin"},
	{"old time stamps", old_timestamps, "C14+0 S25+0 server fin", "C14+0 S25+0 server fin"},
	{"bytes after FIN", bytes_after_fin, "C14+0 S25+0 client fin", "C14+0 S25+0 client fin"},
	{"RST in the window, not in sequence", reset_in_the_window, "C14+0 S35+0 server fin",
	 "C14+0 S25+5000 server rst"},
	{"refused by an RST with a number", refused_with_a_number, "C0+0 S0+0 server rst",
	 "C0+0 S0+0 nobody idle"},
	{"RST behind a hole", reset_behind_a_hole, "C6+4 S0+0 client rst", "C0+10 S0+0 client rst"},
	{"SYN on a live tuple", syn_on_a_live_tuple,
	 "C14+0 S25+0 nobody idle / C14+0 S25+0 server fin", "C14+0 S25+0 nobody idle"},
	{"silence", silence, "C14+0 S25+0 nobody idle", "C14+0 S25+0 nobody idle"},
	{"server vanishes", server_vanishes, "C20+0 S25+0 nobody silence, idle",
	 "C20+0 S25+0 nobody silence, idle"},
	{"SYN flood", syn_flood, "C14+0 S25+0 server fin", "C14+0 S25+0 server fin"},
	{"urgent byte", urgent_byte, "C14+0 S25+0 server fin", "C14+0 S25+0 server fin"},
};

/* The connections under a client port, one behind the other. */
static void summary(const struct transcript *t, uint16_t port, char *out, size_t room)
{
	static const char *const closers[] = {"nobody", "client", "server"};
	static const char *const hows[] = {"fin",  "rst",     "silence",
					   "idle", "evicted", "capture-end"};
	size_t n = 0;
	snprintf(out, room, "-");
	for (unsigned i = 0; i < t->n; i++) {
		const struct heard *h = t->heard[i];
		if (h->conn.port[CLIENT] != port)
			continue;
		n += (size_t)snprintf(out + n, room - n,
				      "%sC%zu+%" PRIu64 " S%zu+%" PRIu64 " %s %s", n ? " / " : "",
				      h->n[CLIENT], h->gap[CLIENT], h->n[SERVER], h->gap[SERVER],
				      closers[h->end.closer], hows[h->end.how]);
		if (h->end.over != h->end.how)
			n += (size_t)snprintf(out + n, room - n, ", %s", hows[h->end.over]);
	}
}

static void outside_the_fence_they_differ_as_is_known(void **state)
{
	(void)state;
	bool good = true;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct segments in = {0};
		struct talk t = talk_v4(&in, 1);
		rows[i].build(&t);
		/* Some seconds, and then a day later: whatever waits for something has waited long
		 * enough. */
		struct talk later = talk_v4(&in, 9999);
		later.now = t.now + 5 * FRAME_SECOND;
		talk_syn(&later);
		later.now = t.now + 86400 * FRAME_SECOND;
		talk_syn(&later);
		for (int nids = 0; nids < 2; nids++) {
			char got[200];
			const char *want = nids ? rows[i].nids : rows[i].native;
			struct transcript heard = {0};
			run(&heard, nids ? &stream_nids : &stream_native, &in);
			summary(&heard, t.port[CLIENT], got, sizeof got);
			if (strcmp(got, want) != 0) {
				print_error("%s, %s: \"%s\" instead of \"%s\"\n", rows[i].name,
					    nids ? "nids" : "native", got, want);
				good = false;
			}
			transcript_free(&heard);
		}
		segments_free(&in);
	}
	assert_true(good);
}

/* 67 came first, 45xx89 begins first. */
static void of_differing_overlaps_each_has_its_own_choice(void **state)
{
	(void)state;
	struct segments in = {0};
	struct transcript native = {0}, nids = {0};
	struct talk t = talk_v4(&in, 1);
	talk_handshake(&t);
	uint32_t start = t.next[CLIENT];
	talk_say(&t, CLIENT, "01");
	talk_raw(&t, CLIENT, TCP_ACK, start + 6, bytes_str("67"));
	talk_raw(&t, CLIENT, TCP_ACK, start + 4, bytes_str("45xx89"));
	talk_raw(&t, CLIENT, TCP_ACK, start + 2, bytes_str("23"));
	assert_int_equal(run(&native, &stream_native, &in).conflicts, 1);
	assert_int_equal(run(&nids, &stream_nids, &in).conflicts, 0);
	assert_true(heard_equals(native.heard[0], CLIENT, "0123456789"));
	assert_true(heard_equals(nids.heard[0], CLIENT, "012345xx89"));
	transcript_free(&native);
	transcript_free(&nids);
	segments_free(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inside_the_fence_both_are_the_same),
		cmocka_unit_test(outside_the_fence_they_differ_as_is_known),
		cmocka_unit_test(of_differing_overlaps_each_has_its_own_choice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
