/* test_metrics.c - metrics by Prometheus' format, by HTTP and as a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/made.h"
#include "lib/peer.h"
#include "sink/sink.h"
#include "smtpwatch/frame.h"
#include "smtpwatch/verdict.h"
#include "stats/metrics.h"
#include "text/hostport.h"

static const struct run_mode live = {.live = true}, offline;

static void has(const char *text, const char *want)
{
	if (strstr(text, want) == NULL)
		fail_msg("not there: %s\nin: %s", want, text);
}

static void check(const char *page)
{
	FILE *checker = popen("/usr/bin/python3 tests/program/metrics_check.py", "w");

	assert_non_null(checker);
	fputs(page, checker);
	assert_int_equal(pclose(checker), 0);
}

/* Sessions of every verdict at every stage, and what else has a label. */
static void count_much(struct metrics *m)
{
	for (unsigned v = 0; v < VERDICTS; v++)
		for (unsigned s = 0; s < STAGES; s++) {
			struct made one;

			made_init(&one);
			one.alerting.min = SEVERITY_INFO;
			one.ending.stage = (enum stage)s;
			made_verdict(&one, (enum verdict)v, 0);
			one.report.role = (enum role)(s % ROLES);
			metrics_count(m, &one.report);
			made_free(&one);
		}
	m->alerting = NULL; /* it was the sessions' own */
}

/* With a NUL behind. */
static void put(const struct metrics *m, struct outbuf *b, const struct sink_counts *outputs,
		size_t n)
{
	b->n = 0;
	metrics_put(m, b, outputs, n);
	outbuf_char(b, '\0');
	assert_false(b->failed);
}

static void the_page_follows_the_format(void **state)
{
	(void)state;
	static const struct sink_counts outputs[] = {
		{"json:/var/log/\"x\\y\"\n\xff", 9, 2, 7, 0, 0},
		{"syslog:udp://[::1]:514", 5, 4, 0, 3, 2}};
	struct metrics *m = calloc(1, sizeof(*m));
	struct outbuf b = {0};
	size_t empty;

	put(m, &b, NULL, 0);
	check(b.p);
	empty = b.n;
	has(b.p, "smtpwatch_alerts_total{signature=\"221-for-message\",severity=\"critical\"} 0\n");
	count_much(m);
	put(m, &b, outputs, 2);
	check(b.p);
	has(b.p, "smtpwatch_output_lost_total{output=\"json:/var/log/"
		 "\\\"x\\\\y\\\"\\\\u000a\xef\xbf\xbd\"} 7\n");
	has(b.p, "smtpwatch_output_reconnects_total{output=\"syslog:udp://[::1]:514\"} 3\n");
	has(b.p, "smtpwatch_output_restarts_total{output=\"syslog:udp://[::1]:514\"} 2\n");
	has(b.p, "smtpwatch_session_stages_total{verdict=\"221-for-message\",stage=\"END-OF-"
		 "MESSAGE\"} 1\n");
	has(b.p, "smtpwatch_stream_conns_open 0\n");
	has(b.p, "smtpwatch_capture_frames_total 0\n");
	/* bounded, whatever is counted */
	assert_true(b.n < empty + 60000);
	outbuf_free(&b);
	free(m);
}

struct wait_row {
	int64_t waited;
	const char *below, *within; /* the last bucket without it, and the first with it */
};

static const struct wait_row waits[] = {
	{0, NULL, "0.001"},
	{FRAME_MS, NULL, "0.001"},
	{FRAME_MS + 1, "0.001", "0.005"},
	{FRAME_SECOND, "0.5", "1"},
	{75 * FRAME_SECOND, "60", "120"},
	{600 * FRAME_SECOND, "300", "600"},
	{601 * FRAME_SECOND, "600", "+Inf"},
};

static void bucket_is(const char *page, const char *name, const char *le, unsigned n)
{
	char want[128];

	snprintf(want, sizeof(want), "\n%s_bucket{le=\"%s\"} %u\n", name, le, n);
	has(page, want);
}

static void times_fall_into_their_buckets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		const struct wait_row *row = &waits[i];
		struct metrics *m = calloc(1, sizeof(*m));
		struct outbuf b = {0};
		struct made one;

		made_init(&one);
		one.conn.flow[CLIENT].syn = true;
		one.info.ts_banner = one.conn.start + row->waited;
		made_slow_message(&one, row->waited);
		made_slow_message(&one, 1)->hole = true; /* nobody knows when that was answered */
		made_report(&one);
		metrics_count(m, &one.report);
		put(m, &b, NULL, 0);
		check(b.p);
		for (unsigned k = 0; k < 2; k++) {
			const char *name = k == 0 ? "smtpwatch_banner_seconds"
						  : "smtpwatch_acceptance_seconds";

			if (row->below != NULL)
				bucket_is(b.p, name, row->below, 0);
			bucket_is(b.p, name, row->within, 1);
			bucket_is(b.p, name, "+Inf", 1);
		}
		outbuf_free(&b);
		free(m);
		made_free(&one);
	}
}

static void roles_and_fates(void **state)
{
	(void)state;
	struct metrics *m = calloc(1, sizeof(*m));
	struct outbuf b = {0};
	struct made one;

	made_init(&one);
	made_message(&one, FATE_FALSELY_ACCEPTED, "a@example.org", "b@example.net");
	made_message(&one, FATE_ACCEPTED, "a@example.org", "b@example.net");
	made_report(&one);
	one.report.role = ROLE_SERVER;
	metrics_count(m, &one.report);
	one.report.role = ROLE_NONE;
	one.report.limited = one.report.raised;
	one.report.raised = 0;
	metrics_count(m, &one.report);
	put(m, &b, NULL, 0);
	has(b.p, "smtpwatch_sessions_total{verdict=\"221-for-message\",role=\"server\"} 1\n");
	has(b.p, "smtpwatch_sessions_total{verdict=\"221-for-message\",role=\"unknown\"} 1\n");
	has(b.p, "smtpwatch_sessions_total{verdict=\"clean\",role=\"client\"} 0\n");
	has(b.p, "smtpwatch_alerts_total{signature=\"221-for-message\",severity=\"critical\"} 2\n");
	has(b.p, "smtpwatch_alerts_folded_total 1\n");
	has(b.p, "smtpwatch_messages_total{fate=\"falsely-accepted\"} 2\n");
	has(b.p, "smtpwatch_messages_total{fate=\"accepted\"} 2\n");
	outbuf_free(&b);
	free(m);
	made_free(&one);
}

static char *file_text(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t n = 0;

	assert_non_null(f);
	assert_true(getdelim(&text, &n, '\0', f) > 0);
	fclose(f);
	return text;
}

static void a_textfile_is_always_whole(void **state)
{
	(void)state;
	struct monitor_stats core = {.frames = 12};
	struct totals totals = {0};
	struct alerting alerting = alerting_default();
	struct summary sum = {
		.totals = &totals, .alerting = &alerting, .core = &core, .interim = true};
	struct error why;
	char *text;
	struct stat st;
	struct peer p;
	struct made m;
	void *self;
	FILE *old;

	peer_init(&p, SOCK_STREAM); /* for its folder */
	self = sink_textfile.open(p.path, &live, &why);
	assert_non_null(self);
	text = file_text(p.path);
	check(text);
	free(text);
	assert_int_equal(stat(p.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	made_init(&m);
	assert_true(sink_textfile.record(self, &m.report));
	old = fopen(p.path, "r"); /* whoever reads it now, reads it whole */
	assert_true(sink_textfile.stats(self, &sum));
	text = file_text(p.path);
	check(text);
	has(text, "smtpwatch_capture_frames_total 12\n");
	has(text, "smtpwatch_sessions_total{verdict=\"221-for-message\",role=\"unknown\"} 1\n");
	free(text);
	assert_int_equal(fseek(old, 0, SEEK_END), 0);
	assert_true(ftell(old) > 1000);
	fclose(old);
	/* a folder in its place: said once, and mended by itself */
	unlink(p.path);
	assert_int_equal(mkdir(p.path, 0700), 0);
	assert_true(sink_textfile.stats(self, &sum));
	assert_true(sink_textfile.stats(self, &sum));
	assert_int_equal(peer_said(&p, "Is a directory"), 1);
	rmdir(p.path);
	assert_true(sink_textfile.stats(self, &sum));
	assert_int_equal(peer_said(&p, "takes records again; records lost: 2"), 1);
	assert_true(sink_textfile.close(self));
	made_free(&m);
	unlink(p.path);
	peer_free(&p);
	assert_int_equal(access(p.dir, F_OK), -1); /* no temporary file is left in it */
}

static void hosts_and_ports(void **state)
{
	(void)state;
	static const struct {
		const char *text, *host, *port; /* what may be left out */
		const char *is_host, *is_port;  /* NULL: it is none */
	} rows[] = {
		{"a.example:25", NULL, "514", "a.example", "25"},
		{"a.example", NULL, "514", "a.example", "514"},
		{"a.example", NULL, NULL, NULL, NULL},
		{"192.0.2.1:1", NULL, NULL, "192.0.2.1", "1"},
		{"[2001:db8::1]:65535", NULL, NULL, "2001:db8::1", "65535"},
		{"[2001:db8::1]", NULL, "514", "2001:db8::1", "514"},
		{"9625", "127.0.0.1", NULL, "127.0.0.1", "9625"},
		{":9625", "127.0.0.1", NULL, "127.0.0.1", "9625"},
		{"9625", NULL, "514", "9625", "514"},
		{":9625", NULL, NULL, NULL, NULL},
		{"", "127.0.0.1", "514", NULL, NULL},
		{"", NULL, "514", NULL, NULL},
		{"a:0", NULL, NULL, NULL, NULL},
		{"a:65536", NULL, NULL, NULL, NULL},
		{"a:123456", NULL, NULL, NULL, NULL},
		{"a:", NULL, "514", NULL, NULL},
		{"a:b", NULL, NULL, NULL, NULL},
		{"a:+1", NULL, NULL, NULL, NULL},
		{"2001:db8::1:25", NULL, NULL, NULL, NULL},
		{"[]:25", NULL, NULL, NULL, NULL},
		{"[::1:25", NULL, NULL, NULL, NULL},
		{"[::1]25", NULL, NULL, NULL, NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hostport h;
		bool read = hostport_read(&h, rows[i].text, rows[i].host, rows[i].port);

		if (read != (rows[i].is_host != NULL))
			fail_msg("%s", rows[i].text);
		if (read) {
			assert_string_equal(h.host, rows[i].is_host);
			assert_string_equal(h.port, rows[i].is_port);
		}
	}
}

static void targets_that_are_none(void **state)
{
	(void)state;
	static const char *const addresses[] = {"example.net:9625", "127.0.0.1:", "127.0.0.1:x",
						"127.0.0.1:99999",  "[::1:9625",  ":::"};
	struct error why;

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		assert_null(sink_prometheus.open(addresses[i], &live, &why));
		has(why.text, "is no address to listen at");
	}
	assert_null(sink_prometheus.open(NULL, &offline, &why));
	has(why.text, "textfile:FILE");
	assert_null(sink_textfile.open(NULL, &live, &why));
	has(why.text, "wants a file");
	assert_null(sink_textfile.open("/no/such/folder/x.prom", &live, &why));
	has(why.text, "cannot write /no/such/folder/x.prom");
}

/* A port of the loopback interface that is free. */
static uint16_t free_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	close(fd);
	return ntohs(at.sin_port);
}

static int ask(uint16_t port, const char *request)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	return fd;
}

/* The loop of the daemon, until the answer is complete; to be freed. */
static char *answer(void *self, int fd)
{
	enum { ROOM = 1 << 20 };
	char *text = calloc(1, ROOM);
	size_t n = 0;

	for (int turns = 0; turns < 500; turns++) {
		struct pollfd p[2] = {{0}, {.fd = fd, .events = POLLIN}};
		ssize_t got;

		assert_int_equal(sink_prometheus.poll(self, &p[0]), 1);
		assert_true(poll(p, 2, 2000) > 0);
		if (p[0].revents != 0)
			sink_prometheus.ready(self, &p[0]);
		if (p[1].revents == 0)
			continue;
		got = recv(fd, text + n, ROOM - 1 - n, 0);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	close(fd);
	return text;
}

static void who_asks_by_http_is_answered(void **state)
{
	(void)state;
	struct monitor_stats core = {.frames = 4711};
	struct totals totals = {0};
	struct alerting alerting = alerting_default();
	const struct sink_counts loss = {"json:x", 4, 1, 3, 0, 0};
	const struct watched watched[] = {{"eth0", true, INT64_C(1700000000250000000), 7, 0},
					  {"wg\"0", false, 0, 0, 0}};
	uint16_t port = free_port();
	struct error why;
	char target[32], *text;
	struct made m;
	void *self;
	int mute;

	snprintf(target, sizeof(target), "127.0.0.1:%u", (unsigned)port);
	self = sink_prometheus.open(target, &live, &why);
	if (self == NULL)
		fail_msg("%s", why.text);
	assert_null(sink_prometheus.open(target, &live, &why));
	has(why.text, "cannot listen at 127.0.0.1:");
	made_init(&m);
	assert_true(sink_prometheus.record(self, &m.report));
	sink_prometheus.observe(self, &(struct summary){.totals = &totals,
							.alerting = &alerting,
							.core = &core,
							.interim = true,
							.outputs = &loss,
							.outputs_n = 1,
							.started = INT64_C(1600000000000000000),
							.watched = watched,
							.watched_n = 2});
	mute = ask(port, ""); /* says nothing, and is in nobody's way */
	text = answer(self,
		      ask(port, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
	has(text, "HTTP/1.1 200 OK\r\n");
	has(text, "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
	has(text, "smtpwatch_capture_frames_total 4711\n");
	has(text, "smtpwatch_output_lost_total{output=\"json:x\"} 3\n");
	has(text, "\nsmtpwatch_start_time_seconds 1600000000.000\n");
	has(text, "smtpwatch_interface_watched{interface=\"eth0\"} 1\n");
	has(text, "smtpwatch_interface_watched{interface=\"wg\\\"0\"} 0\n");
	has(text, "smtpwatch_interface_last_packet_seconds{interface=\"eth0\"} 1700000000.250\n");
	has(text, "smtpwatch_interface_last_packet_seconds{interface=\"wg\\\"0\"} 0.000\n");
	check(strstr(text, "\r\n\r\n") + 4);
	free(text);
	text = answer(self, ask(port, "GET / HTTP/1.0\r\n\r\n"));
	has(text, " 404 ");
	free(text);
	text = answer(self, ask(port, "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: "
				      "5\r\nConnection: close\r\n\r\nhello"));
	has(text, " 405 ");
	free(text);
	text = answer(self, ask(port, "\x16\x03\x01 no HTTP at all\r\n\r\n"));
	assert_null(strstr(text, " 200 "));
	free(text);
	close(mute);
	assert_true(sink_prometheus.close(self));
	made_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_follows_the_format),
		cmocka_unit_test(times_fall_into_their_buckets),
		cmocka_unit_test(roles_and_fates),
		cmocka_unit_test(a_textfile_is_always_whole),
		cmocka_unit_test(hosts_and_ports),
		cmocka_unit_test(targets_that_are_none),
		cmocka_unit_test(who_asks_by_http_is_answered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
