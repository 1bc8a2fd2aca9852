/* test_cause_path.c - causes that lie with the dialogue, the network and the client: each in a
 * session that has it, and in one that looks alike and has it not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/sample.h"

static const struct sample talk_samples[] = {
	{"HTTP", .e = {.closer = CLOSER_CLIENT, .stage = STAGE_CONNECT},
	 .s = {.replies = 2, .flaws = FLAW_NOT_SMTP}, .foreign = "GET / HTTP/1.1",
	 IS(NOT_SMTP, CERTAIN, "the client sent HTTP where")},
	{"TLS", .e = {DROP, .stage = STAGE_CONNECT}, .s = {.replies = 1, .flaws = FLAW_NOT_SMTP},
	 .foreign = "TLS ClientHello", IS(NOT_SMTP, POSSIBLE, "a TLS ClientHello")},
	{"rules broken",
	 .e = {.closer = CLOSER_SERVER,
	       .farewell = FAREWELL_221_UNASKED,
	       .unasked_221 = PLACE_NOT_SMTP},
	 .s = {FAREWELL(221), ENHANCED(2, 7, 0), .flaws = FLAW_NOT_SMTP},
	 .reply = "Error: I can break rules, too. Goodbye.", .foreign = "Host: example.net",
	 IS(NOT_SMTP, CERTAIN, "HTTP where")},
	{"what nobody knows", .e = {.closer = CLOSER_CLIENT},
	 .s = {.replies = 1, .flaws = FLAW_NOT_SMTP}, .foreign = "X-EVIL: \x1b[2J",
	 IS(NOT_SMTP, CERTAIN, "another protocol")},
	{"a PROXY header that nobody wanted", .e = {REFUSED, .stage = STAGE_EHLO},
	 .s = {FAREWELL(500), .proxied_port = 4711}, .reply = "what?",
	 IS(NOT_SMTP, POSSIBLE, "PROXY header")},
	{"a PROXY header, and a dialogue", .e = {DROP, IDLE(2 * S)},
	 .s = {TALKED, .proxied_port = 4711, .ts_hello_reply = 5}, IS_UNEXPLAINED},
	{"a bad command", .e = {.closer = CLOSER_CLIENT, .spoke = true}, .s = {TALKED},
	 .foreign = "EHLOO x", IS_NONE},
	{"an alert",
	 .e = {BY_CLIENT, .encrypted = true, .farewell = FAREWELL_HIDDEN, .stage = STAGE_STARTTLS},
	 .s = {TALKED, .tls = true, .tls_alert = true, .tls_alert_side = CLIENT,
	       .tls_alert_description = 48, .starttls = STARTTLS_USED},
	 IS(TLS_FAILURE, CERTAIN, "the client sent the TLS alert 48 (unknown_ca)")},
	{"closed before the handshake", .e = {DROP, .stage = STAGE_STARTTLS},
	 .s = {TALKED, .starttls = STARTTLS_USED},
	 IS(TLS_FAILURE, LIKELY, "the server closed between STARTTLS and the TLS handshake")},
	{"454", .e = {REFUSED, .stage = STAGE_STARTTLS},
	 .s = {FAREWELL(454), .starttls = STARTTLS_REFUSED},
	 .reply = "TLS not available due to temporary reason",
	 IS(TLS_FAILURE, CERTAIN, "STARTTLS with 454")},
	{"an alert behind the handshake",
	 .e = {DROP, .encrypted = true, .farewell = FAREWELL_HIDDEN, .stage = STAGE_STARTTLS},
	 .s = {TALKED, .tls = true, .tls_done = true, .tls_alert = true}, IS_NONE},
	{"hidden",
	 .e = {DROP, .encrypted = true, .farewell = FAREWELL_HIDDEN, .stage = STAGE_STARTTLS},
	 .s = {TALKED, .tls = true, .tls_done = true}, IS_NONE},
	{"half a reply",
	 .e = {DROP, ASKED(STAGE_MAIL, MS), .reply_cut = true, .transaction_open = true},
	 .s = {TALKED}, IS(REPLY_UNFINISHED, CERTAIN, "closed in its middle")},
	{"half a reply, no more patience",
	 .e = {BY_CLIENT, ASKED(STAGE_EHLO, 60 * S), .reply_cut = true}, .s = {TALKED},
	 IS(REPLY_UNFINISHED, LIKELY, "waited no longer")},
	{"half a reply, at an odd time",
	 .e = {BY_CLIENT, ASKED(STAGE_EHLO, 71 * S), .reply_cut = true}, .s = {TALKED},
	 IS(REPLY_UNFINISHED, LIKELY, "waited no longer")},
	{"a whole one", .e = {DROP, ASKED(STAGE_MAIL, MS), .transaction_open = true}, .s = {TALKED},
	 IS_UNEXPLAINED},
	{"stars", .e = {DROP, IDLE(2 * S)}, .s = {TALKED},
	 .banner = "****************0*2****** **0*00",
	 IS(MIDDLEBOX_REWRITE, POSSIBLE, "26 of the 32 bytes")},
	{"stars, and the dot cut", .e = {DROP, DOT(20 * S)},
	 .s = {TALKED, .extensions = SMTP_EXT_MASKED}, .banner = "********************************",
	 IS(MIDDLEBOX_REWRITE, LIKELY, "EHLO reply was overwritten")},
	{"XXXX for a command",
	 .e = {.closer = CLOSER_SERVER,
	       .farewell = FAREWELL_REFUSAL,
	       .how = HOW_FIN,
	       .stage = STAGE_EHLO},
	 .s = {FAREWELL(500)}, .reply = "what?", .foreign = "XXXX out.example.org",
	 IS(MIDDLEBOX_REWRITE, POSSIBLE, "command was overwritten")},
	{"a few stars", .e = {DROP, IDLE(2 * S)}, .s = {TALKED}, .banner = "*** mx.example.net ***",
	 IS_UNEXPLAINED},
};

static const struct sample reset_samples[] = {
	{"another TTL", .e = {RESET, SENDING}, .s = {TALKED}, .server = RST_OF(.ttl = 61),
	 IS(MIDDLEBOX_RESET, LIKELY, "the RST has TTL 61, the server's other segments have 57")},
	{"another hop limit", .e = {RESET, SENDING}, .s = {TALKED}, .v6 = true,
	 .server = RST_OF(.ttl = 250), IS(MIDDLEBOX_RESET, LIKELY, "hop limit 250")},
	{"another TTL and IP ID", .e = {RESET, SENDING}, .s = {TALKED},
	 .server = RST_OF(.ttl = 61, .ip_id = 54321),
	 IS(MIDDLEBOX_RESET, CERTAIN, "IP ID 54321, that side's segment before it has 4711")},
	{"another TTL, the IP ID in order", .e = {RESET, SENDING}, .s = {TALKED},
	 .server = RST_OF(.ttl = 61, .ip_id = 4720), IS(MIDDLEBOX_RESET, LIKELY, "TTL 61")},
	{"another TTL, the IP ID a little back", .e = {RESET, SENDING}, .s = {TALKED},
	 .server = RST_OF(.ttl = 61, .ip_id = 4700), IS(MIDDLEBOX_RESET, LIKELY, "TTL 61")},
	{"another TTL than any of them", .e = {RESET, SENDING}, .s = {TALKED},
	 .server = {.ttl_low = 55, .ttl_high = 57, .reset = {.seen = true, .ttl = 50}},
	 IS(MIDDLEBOX_RESET, LIKELY,
	    "the RST has TTL 50, the server's other segments have 55 to 57")},
	{"another TTL, and a time stamp", .e = {RESET, SENDING}, .s = {TALKED},
	 .server = {.ttl_low = 57,
		    .ttl_high = 57,
		    .reset = {.seen = true, .tsopt = true, .ttl = 50}},
	 IS(MIDDLEBOX_RESET, CERTAIN, "bears a time stamp")},
	{"all signs at once", .e = {RESET, SENDING}, .s = {TALKED},
	 .server = {.ttl_low = 57,
		    .ttl_high = 57,
		    .ip_id = 1,
		    .reset = {.seen = true,
			      .tsopt = true,
			      .ttl = 50,
			      .ip_id = 30000,
			      .after = 1,
			      .ts = S}},
	 .client = {.reset = {.seen = true, .ts = S}}, IS(MIDDLEBOX_RESET, CERTAIN, "IP ID 30000")},
	{"a FIN came first", .e = {BY_CLIENT, .how = HOW_FIN, SENDING}, .s = {TALKED},
	 .client = RST_OF(.ttl = 47), IS_UNEXPLAINED},
	{"another stack's first TTL", .e = {RESET, SENDING}, .s = {TALKED},
	 .server = RST_OF(.ttl = 121), .client = {.unacked = 100},
	 IS(SERVER_CRASH, POSSIBLE, "100 bytes of the client")},
	{"went on after it", .e = {RESET, SENDING}, .s = {TALKED},
	 .server = RST_OF(.ttl = 57, .after = 2),
	 IS(MIDDLEBOX_RESET, CERTAIN,
	    "the server went on sending after the RST that bears its address, 2 segments")},
	{"both sides at once", .e = {RESET, SENDING}, .s = {TALKED}, .server = RST_OF(.ttl = 57),
	 .client = {.reset = {.seen = true, .ts = 5000 * S + 9 * MS}},
	 IS(MIDDLEBOX_RESET, LIKELY, "RSTs of both sides came within 10.0 ms")},
	{"the client's, forged", .e = {BY_CLIENT, .how = HOW_RST, SENDING}, .s = {TALKED},
	 .client = RST_OF(.ttl = 47),
	 IS(MIDDLEBOX_RESET, LIKELY, "the RST has TTL 47, the client's other segments have 57")},
	{"two weak signs", .e = {BY_CLIENT, .how = HOW_RST, SENDING}, .s = {TALKED},
	 .client = {.ttl_low = 57,
		    .ttl_high = 57,
		    .ip_id = 4711,
		    .reset = {.seen = true, .tsopt = true, .ttl = 57, .ip_id = 30000}},
	 IS(MIDDLEBOX_RESET, POSSIBLE, "bears a time stamp")},
	{"an IP ID alone", .e = {BY_CLIENT, .how = HOW_RST, SENDING}, .s = {TALKED},
	 .client = RST_OF(.ttl = 57, .ip_id = 30000), IS_UNEXPLAINED},
	{"Linux's", .e = {RESET, SENDING}, .s = {TALKED}, .server = RST_OF(.ttl = 57),
	 .client = {.unacked = 1448},
	 IS(SERVER_CRASH, POSSIBLE, "1448 bytes of the client unacknowledged")},
	{"a hop more", .e = {RESET, SENDING}, .s = {TALKED}, .server = RST_OF(.ttl = 58),
	 IS(SERVER_CRASH, POSSIBLE, "while it was being sent a message")},
	{"both sides, a second apart", .e = {RESET, DOT(S)}, .s = {TALKED},
	 .server = RST_OF(.ttl = 57), .client = {.reset = {.seen = true, .ts = 5001 * S}},
	 IS(SERVER_CRASH, POSSIBLE, "in place of an answer")},
	{"in place of an answer", .e = {RESET, ASKED(STAGE_MAIL, MS)}, .s = {TALKED},
	 .server = RST_OF(.ttl = 57), IS(SERVER_CRASH, POSSIBLE, "in place of an answer")},
	{"two at once", .e = {RESET, SENDING}, .s = {TALKED}, .server = RST_OF(.ttl = 57),
	 .hints = {.together = 2, .together_rst = 2},
	 IS(SERVER_CRASH, LIKELY, "2 sessions of this server were reset")},
	{"two at once, nothing open", .e = {RESET, IDLE(2 * S)}, .s = {TALKED},
	 .server = RST_OF(.ttl = 57), .hints = {.together = 2, .together_rst = 2},
	 IS(SERVER_CRASH, LIKELY, "2 sessions")},
	{"nothing open", .e = {RESET, IDLE(2 * S)}, .s = {TALKED}, .server = RST_OF(.ttl = 57),
	 .hints = {.together = 1, .together_rst = 1}, IS_UNEXPLAINED},
	{"in place of an answer, captured before what it answers",
	 .e = {RESET, IDLE(0), .knew_all = true}, .s = {TALKED}, .server = RST_OF(.ttl = 57),
	 .client_flow = {.acked = 200}, IS(SERVER_CRASH, POSSIBLE, "in place of an answer")},
	{"a FIN", .e = {DROP, SENDING}, .s = {TALKED}, .client = {.unacked = 1448}, IS_UNEXPLAINED},
	{"three forged at once", .e = {RESET, SENDING}, .s = {TALKED}, .server = RST_OF(.ttl = 61),
	 .hints = {.together = 3, .together_rst = 3}, IS(MIDDLEBOX_RESET, LIKELY, "TTL 61")},
	{"an answer that was not read", .e = {RESET, IDLE(MS)}, .s = {TALKED},
	 .server = {.unacked = 27, .reset = {.seen = true, .ttl = 57}},
	 IS(REPLY_LOST, POSSIBLE, "its last 27 bytes unacknowledged")},
	{"an answer that was overtaken", .e = {RESET, IDLE(MS)}, .s = {TALKED},
	 .server = {.unacked = 27, .reset = {.seen = true, .overtook = true, .ttl = 57}},
	 IS(REPLY_LOST, LIKELY, "no place for them")},
	{"an answer that was read", .e = {RESET, IDLE(MS)}, .s = {TALKED},
	 .server = {.reset = {.seen = true, .overtook = true, .ttl = 57}}, IS_UNEXPLAINED},
};

static const struct sample path_samples[] = {
	{"an answer that never came", .e = {BY_CLIENT, IDLE(60 * S), .finished = 1, .accepted = 1},
	 .s = {TALKED}, .life = 70 * S,
	 .server = {.unacked = 27, .unanswered_since = 1010 * S, .retransmits = 6},
	 IS(REPLY_LOST, CERTAIN, "sent 6 segments again")},
	{"an answer that came as it closed",
	 .e = {BY_CLIENT, IDLE(20 * MS), .finished = 1, .accepted = 1}, .s = {TALKED},
	 .life = 70 * S, .server = {.unacked = 27, .unanswered_since = 1070 * S - 30 * MS},
	 IS_NONE},
	{"large ones stuck", .e = {VANISHED, SENDING}, .s = {TALKED},
	 .client = {.df = true,
		    .largest = 1460,
		    .largest_acked = 90,
		    .stuck = 6,
		    .retransmits = 6,
		    .unanswered = 6,
		    .unanswered_since = 1020 * S},
	 IS(PATH_MTU, LIKELY, "no ICMP \"fragmentation needed\" was seen")},
	{"large ones stuck, and told so", .e = {VANISHED, SENDING}, .s = {TALKED},
	 .client = {.df = true,
		    .largest = 1460,
		    .largest_acked = 90,
		    .stuck = 2,
		    .too_big = 3,
		    .mtu = 1280},
	 IS(PATH_MTU, CERTAIN, "\"fragmentation needed\", with an MTU of 1280, 3 times")},
	{"told so without the MTU, IPv6", .e = {BY_CLIENT, SENDING}, .v6 = true, .s = {TALKED},
	 .client = {.df = true, .largest = 65535, .largest_acked = 90, .stuck = 2, .too_big = 1},
	 IS(PATH_MTU, CERTAIN, "\"packet too big\", without the MTU")},
	{"told so, and then it went on", .e = {DROP, SENDING}, .s = {TALKED},
	 .client = {.df = true, .largest = 1460, .largest_acked = 1240, .too_big = 1, .mtu = 1280},
	 IS_UNEXPLAINED},
	{"large ones pass", .e = {VANISHED, SENDING}, .s = {TALKED},
	 .client = {.df = true,
		    .largest = 1460,
		    .largest_acked = 1460,
		    .stuck = 6,
		    .retransmits = 6,
		    .unanswered = 6,
		    .unanswered_since = 1020 * S},
	 IS(PATH_LOSS, POSSIBLE, "the client sent again 6 times in 20.0 s, and nothing came back")},
	{"nothing of any size passed", .e = {VANISHED, SENDING}, .s = {TALKED},
	 .client = {.df = true, .largest = 1460, .stuck = 6}, IS_UNEXPLAINED},
	{"what sticks is small", .e = {VANISHED, SENDING}, .s = {TALKED},
	 .client = {.df = true, .largest = 536, .largest_acked = 90, .stuck = 6}, IS_UNEXPLAINED},
	{"twice is not often", .e = {VANISHED, SENDING}, .s = {TALKED},
	 .client = {.df = true, .largest = 1460, .largest_acked = 90, .stuck = 2}, IS_UNEXPLAINED},
	{"without DF", .e = {VANISHED, SENDING}, .s = {TALKED},
	 .client = {.largest = 1460,
		    .largest_acked = 90,
		    .stuck = 6,
		    .retransmits = 6,
		    .unanswered = 6,
		    .unanswered_since = 1020 * S},
	 IS(PATH_LOSS, POSSIBLE, "6 times")},
	{"a bad path", .e = {VANISHED, SENDING}, .s = {TALKED},
	 .client =
		 {.packets = 50, .retransmits = 16, .unanswered = 6, .unanswered_since = 1020 * S},
	 IS(PATH_LOSS, LIKELY, "10 of the client's 50 segments")},
	{"unreachable", .e = {VANISHED, SENDING}, .s = {TALKED},
	 .client = {.retransmits = 6,
		    .unanswered = 6,
		    .unanswered_since = 1020 * S,
		    .unreachable = 2},
	 IS(PATH_LOSS, CERTAIN, "cannot be reached, 2 times")},
	{"copies, all at once", .e = {DROP, SENDING}, .s = {TALKED},
	 .client = {.packets = 50,
		    .retransmits = 30,
		    .unanswered = 6,
		    .unanswered_since = 1040 * S - 20 * MS},
	 IS_UNEXPLAINED},
	{"dropped on a bad path that carried all", .e = {DROP, SENDING}, .s = {TALKED},
	 .client = {.packets = 50, .retransmits = 20, .unanswered = 2}, IS_UNEXPLAINED},
	{"a client that fell silent",
	 .e = {BY_CLIENT, .how = HOW_SILENCE, .accepted = 1, .transaction_open = true,
	       IDLE(40 * S)},
	 .s = {TALKED}, .life = 60 * S,
	 .server = {.unacked = 27, .unanswered_since = 1020 * S, .retransmits = 5, .unanswered = 5},
	 IS(REPLY_LOST, CERTAIN, "5 segments")},
	{"a closed window", .e = {BY_CLIENT, SENDING}, .s = {TALKED},
	 .server = {.window_closed = true, .zero_windows = 4},
	 .client = {.retransmits = 9, .unanswered = 9},
	 IS(RECEIVER_STALLED, LIKELY, "closed at the end (zero windows in all: 4)")},
	{"a window that closed and opened", .e = {DROP, SENDING}, .s = {TALKED},
	 .server = {.zero_windows = 4}, IS(RECEIVER_STALLED, POSSIBLE, "4 times")},
	{"once", .e = {DROP, SENDING}, .s = {TALKED}, .server = {.zero_windows = 1},
	 IS_UNEXPLAINED},
};

static const struct sample wait_samples[] = {
	{"slow", .e = {BY_CLIENT, DOT(45 * S)}, .s = {TALKED}, .life = 60 * S,
	 IS(SLOW_FILTER, LIKELY, "45.0 s later had not answered")},
	{"slow, then dropped", .e = {DROP, DOT(45 * S)}, .s = {TALKED}, .life = 60 * S,
	 IS(SLOW_FILTER, POSSIBLE, "45.0 s later")},
	{"slow, then 421",
	 .e = {SAID_421, .stage = STAGE_END_OF_MESSAGE, .slowest_reply = 45 * S,
	       .client_silence = 45 * S},
	 .s = {FAREWELL(421)}, .reply = "filter failed", .life = 60 * S,
	 IS(SLOW_FILTER, POSSIBLE, "45.0 s later")},
	{"quick", .e = {BY_CLIENT, DOT(25 * S)}, .s = {TALKED}, .life = 60 * S, IS_UNEXPLAINED},
	{"bytes missing at the server", .e = {BY_CLIENT, DOT(45 * S)}, .s = {TALKED},
	 .life = 60 * S, .client = {.unacked = 5}, IS_UNEXPLAINED},
	{"slow before, idle now", .e = {DROP, IDLE(2 * S), .slowest_reply = 45 * S, .accepted = 1},
	 .s = {TALKED}, .life = 60 * S, IS_UNEXPLAINED},
	{"five minutes", .e = {BY_CLIENT, DOT(300 * S)}, .s = {TALKED}, .life = 310 * S,
	 IS(CLIENT_TIMEOUT, LIKELY, "had acknowledged the whole message")},
	{"ten minutes, not acknowledged", .e = {BY_CLIENT, DOT(600 * S)}, .s = {TALKED},
	 .life = 610 * S, .client = {.unacked = 5},
	 IS(CLIENT_TIMEOUT, LIKELY, "600 s is a usual time-out")},
	{"no greeting", .e = {.closer = CLOSER_CLIENT, .stage = STAGE_CONNECT},
	 .s = {.last_code = 0}, .mute = true, .life = 30 * S,
	 IS(CLIENT_TIMEOUT, LIKELY, "waited for 30.0 s")},
	{"no answer to EHLO", .e = {BY_CLIENT, ASKED(STAGE_EHLO, 15 * S)}, .s = {TALKED},
	 IS(CLIENT_TIMEOUT, POSSIBLE, "waited for 15.0 s")},
	{"was to speak itself", .e = {BY_CLIENT, .transaction_open = true, IDLE(300 * S)},
	 .s = {TALKED}, .life = 310 * S, IS_NONE},
	{"an odd time", .e = {BY_CLIENT, ASKED(STAGE_EHLO, 17 * S)}, .s = {TALKED}, IS_NONE},
	{"the server closed", .e = {DROP, ASKED(STAGE_EHLO, 30 * S)}, .s = {TALKED},
	 IS_UNEXPLAINED},
};

static const struct sample_list lists[] = {SAMPLES(talk_samples), SAMPLES(reset_samples),
					   SAMPLES(path_samples), SAMPLES(wait_samples)};

static void dialogues(void **state)
{
	(void)state;
	samples_check(lists[0]);
}

static void resets(void **state)
{
	(void)state;
	samples_check(lists[1]);
}

static void paths(void **state)
{
	(void)state;
	samples_check(lists[2]);
}

static void waits(void **state)
{
	(void)state;
	samples_check(lists[3]);
}

static void every_cause_has_its_sample(void **state)
{
	(void)state;
	samples_cover(lists, sizeof lists / sizeof *lists, CAUSE_NOT_SMTP, CAUSE_CLIENT_TIMEOUT);
}

static void input_at_random(void **state)
{
	(void)state;
	samples_mix("facts_at_random", lists, sizeof lists / sizeof *lists);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dialogues),
		cmocka_unit_test(resets),
		cmocka_unit_test(paths),
		cmocka_unit_test(waits),
		cmocka_unit_test(every_cause_has_its_sample),
		cmocka_unit_test(input_at_random),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
