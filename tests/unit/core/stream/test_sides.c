/* test_sides.c - who is the client: the sender of the SYN, whichever end has a watched port;
 * without a SYN, the port tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/build.h"
#include "lib/weather.h"
#include "nids/stream_nids.h"
#include "smtpwatch/monitor.h"
#include "smtpwatch/verdict.h"

#include <stdlib.h>

/* PORTS: where the two ports stand over Ethernet and IPv4. HANDSHAKE: so many frames are one. */
enum { PORTS = 14 + 20, HANDSHAKE = 3, CLIENT_PORT = 587, SERVER_PORT = 25, OTHER_PORT = 2525 };

struct said {
	unsigned n;
	enum verdict verdict;
	uint16_t client, server;
};

static void take(void *arg, const struct record *r)
{
	struct said *s = arg;
	s->n++;
	s->verdict = r->judgement.verdict;
	s->client = r->conn->port[CLIENT];
	s->server = r->conn->port[SERVER];
}

static void port_change(uint8_t *at, uint16_t from, uint16_t to)
{
	if (at[0] != from >> 8 || at[1] != (uint8_t)from)
		return;
	at[0] = (uint8_t)(to >> 8);
	at[1] = (uint8_t)to;
}

/* The frames of a scenario from one on, with another port of the server's, where these ports (0:
 * none) are watched. */
static struct said judge(const char *path, const struct stream_engine *engine, size_t from,
			 uint16_t server, uint16_t a, uint16_t b)
{
	char why[SCENARIO_WHY];
	struct said said = {0};
	struct scenario *s = scenario_read(path, why);
	assert_non_null(s);
	struct trace trace = build_trace(s);
	struct frames f = weather_frames(s, &trace, weathers, 1);
	struct monitor_config config = monitor_config_default();
	memset(&config.ports, 0, sizeof config.ports);
	monitor_config_port(&config, a, PORT_SMTP);
	if (b)
		monitor_config_port(&config, b, PORT_SMTP);
	config.engine = engine;
	config.session = take;
	config.arg = &said;
	struct monitor *m = monitor_new(&config);
	assert_non_null(m);
	for (size_t i = from; i < f.n; i++) {
		struct frame frame = f.frame[i];
		uint8_t *data = malloc(frame.caplen);
		assert_non_null(data);
		memcpy(data, frame.data, frame.caplen);
		port_change(data + PORTS, SERVER_PORT, server);
		port_change(data + PORTS + 2, SERVER_PORT, server);
		frame.data = data;
		monitor_frames(m, &frame, 1);
		free(data);
	}
	monitor_finish(m);
	monitor_free(m);
	frames_free(&f);
	trace_free(&trace);
	scenario_free(s);
	return said;
}

static const struct stream_engine *const engines[] = {&stream_native, &stream_nids};
static const char talk[] = "tests/scenarios/side-client-port.smtp";

static void is(struct said s, enum verdict verdict, uint16_t client, uint16_t server)
{
	assert_int_equal(s.n, 1);
	assert_int_equal(s.verdict, verdict);
	assert_int_equal(s.client, client);
	assert_int_equal(s.server, server);
}

static void a_syn_tells(void **state)
{
	(void)state;
	for (unsigned e = 0; e < 2; e++) {
		is(judge(talk, engines[e], 0, SERVER_PORT, SERVER_PORT, CLIENT_PORT), VERDICT_CLEAN,
		   CLIENT_PORT, SERVER_PORT);
		is(judge(talk, engines[e], 0, SERVER_PORT, SERVER_PORT, 0), VERDICT_CLEAN,
		   CLIENT_PORT, SERVER_PORT);
		/* Only the client's port is watched, and what it speaks is SMTP. */
		is(judge(talk, engines[e], 0, SERVER_PORT, CLIENT_PORT, 0), VERDICT_CLEAN,
		   CLIENT_PORT, SERVER_PORT);
		is(judge(talk, engines[e], 0, OTHER_PORT, CLIENT_PORT, SERVER_PORT), VERDICT_CLEAN,
		   CLIENT_PORT, OTHER_PORT);
	}
	/* The SYN's answer does too. */
	is(judge(talk, &stream_native, 1, OTHER_PORT, CLIENT_PORT, 0), VERDICT_CLEAN, CLIENT_PORT,
	   OTHER_PORT);
}

/* What was no SMTP on a port that nobody watches is nobody's business. */
static void another_protocol_is_none(void **state)
{
	static const char *const none[] = {"tests/scenarios/side-client-drop.smtp",
					   "tests/scenarios/side-client-unanswered.smtp"};
	(void)state;
	for (unsigned e = 0; e < 2; e++)
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(
				judge(none[i], engines[e], 0, OTHER_PORT, CLIENT_PORT, 0).n, 0);
			is(judge(none[i], engines[e], 0, SERVER_PORT, CLIENT_PORT, SERVER_PORT),
			   i == 0 ? VERDICT_DROP_BEFORE_MESSAGE : VERDICT_CONNECT_UNANSWERED,
			   CLIENT_PORT, SERVER_PORT);
		}
}

/* As ever: the watched port is the server's, of two the lower one. */
static void without_one_the_port_tells(void **state)
{
	(void)state;
	is(judge(talk, &stream_native, HANDSHAKE, SERVER_PORT, SERVER_PORT, CLIENT_PORT),
	   VERDICT_CLEAN, CLIENT_PORT, SERVER_PORT);
	is(judge(talk, &stream_native, HANDSHAKE, SERVER_PORT, CLIENT_PORT, 0), VERDICT_UNKNOWN,
	   SERVER_PORT, CLIENT_PORT);
	is(judge(talk, &stream_native, HANDSHAKE, OTHER_PORT, CLIENT_PORT, 0), VERDICT_UNKNOWN,
	   OTHER_PORT, CLIENT_PORT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_syn_tells),
		cmocka_unit_test(another_protocol_is_none),
		cmocka_unit_test(without_one_the_port_tells),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
