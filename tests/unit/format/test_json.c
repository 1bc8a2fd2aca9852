/* test_json.c - the JSON output: what stands in it, that docs/schema.json describes it, and that
 * bytes off the wire cannot break it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "format/session_id.h"
#include "lib/made.h"
#include "lib/output.h"
#include "sink/sink.h"
#include "smtpwatch/cause.h"
#include "smtpwatch/verdict.h"
#include "status/document.h"

struct community_row {
	const char *a;
	uint16_t a_port;
	const char *b;
	uint16_t b_port;
	const char *id;
};

/* The first is the specification's own example; the others were computed by another program. */
static const struct community_row communities[] = {
	{"128.232.110.120", 34855, "66.35.250.204", 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
	{"66.35.250.204", 80, "128.232.110.120", 34855, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
	{"2001:db8::1", 40000, "2001:db8::2", 25, "1:sWs/g/aiCKWSk0k3VFY0PL2HzU4="},
	{"192.0.2.1", 25, "192.0.2.1", 40000, "1:ihuWYorTM8KEh2Z9YOUK/9WlrNU="},
	{"192.0.2.1", 40000, "192.0.2.1", 25, "1:ihuWYorTM8KEh2Z9YOUK/9WlrNU="},
};

static void community_ids(void **state)
{
	(void)state;
	struct digest *d = digest_new();

	for (size_t i = 0; i < sizeof(communities) / sizeof(communities[0]); i++) {
		const struct community_row *row = &communities[i];
		struct conn conn = {.addr = {made_addr(row->a), made_addr(row->b)},
				    .port = {row->a_port, row->b_port}};
		char text[IDENTITY_COMMUNITY];

		identity_community(d, &conn, text);
		assert_string_equal(text, row->id);
	}
	digest_free(d);
}

static void session_ids_tell_sessions_apart(void **state)
{
	(void)state;
	struct digest *d = digest_new();
	struct made m;
	char first[IDENTITY_SESSION], again[IDENTITY_SESSION], later[IDENTITY_SESSION];

	made_init(&m);
	identity_session(d, &m.conn, first);
	identity_session(d, &m.conn, again);
	m.conn.start++;
	identity_session(d, &m.conn, later);
	assert_string_equal(first, again);
	assert_string_not_equal(first, later);
	assert_int_equal(strspn(first, "0123456789abcdef"), 16);
	digest_free(d);
	made_free(&m);
}

/* Every fact of the session. */
static void full_facts(struct made *m)
{
	m->info.extensions = SMTP_EXT_PIPELINING | SMTP_EXT_SIZE;
	m->info.size_limit = 10240000;
	m->info.flaws = FLAW_BARE_LF | FLAW_PREGREET;
	m->info.starttls = STARTTLS_OFFERED;
	m->info.lmtp = true;
	m->info.transactions_omitted = 3;
	m->info.refusals = 1;
	m->info.ts_banner = m->conn.start + FRAME_SECOND / 5;
	m->info.ts_hello = m->info.ts_banner;
	m->info.ts_hello_reply = m->info.ts_hello + 10 * FRAME_MS;
	m->info.proxied = made_addr("2001:db8::7");
	m->info.proxied_port = 4711;
	made_string(m, &m->info.strings, STRING_AUTH, 0, "PLAIN");
	m->info.farewell_apart = m->info.uncoded = true;
	m->info.farewell_code = 221;
	m->info.farewell_enhanced = (struct smtp_enhanced){2, 3, 2};
	made_string(m, &m->info.strings, STRING_FAREWELL, 0, "going down\nfor a while");
	made_string(m, &m->info.strings, STRING_UNCODED, 0, "sorry");
}

/* Every member that there is. */
static void make_full(struct made *m)
{
	struct transaction *t;

	made_init(m);
	m->conn.vlans = 2;
	m->conn.vlan[0] = 100;
	m->conn.vlan[1] = 7;
	m->conn.rtt = 1500000;
	m->record.kernel_drops = 9;
	m->conn.flow[CLIENT] =
		(struct conn_flow){.gap = 31, .cut = true, .syn = true, .bytes = 1500};
	m->conn.flow[SERVER] = (struct conn_flow){.bytes = 300};
	m->conn.side[CLIENT] = (struct conn_side){.retransmits = 1,
						  .unanswered = 2,
						  .unacked = 3,
						  .mss = 1460,
						  .largest = 1448,
						  .largest_acked = 536,
						  .too_big = 4,
						  .mtu = 1280};
	m->conn.side[SERVER] = (struct conn_side){.zero_windows = 5,
						  .conflicts = 6,
						  .unreachable = 7,
						  .ttl_low = 56,
						  .ttl_high = 57,
						  .reset = {.seen = true,
							    .overtook = true,
							    .tsopt = true,
							    .ttl = 61,
							    .ip_id = 7,
							    .window = 8,
							    .after = 9,
							    .ts = m->conn.start}};
	full_facts(m);
	m->record.together = 12;
	m->alerting.limits.slow_acceptance = FRAME_SECOND;
	made_cause(m, CAUSE_SHUTDOWN, CONFIDENCE_LIKELY, "the code 4.3.2",
		   "12 sessions ended together");
	t = made_message(m, FATE_FALSELY_ACCEPTED, "a@example.org", "b@example.net");
	made_string(m, &t->strings, STRING_RCPT, 0, "c@example.net");
	made_string(m, &t->strings, STRING_MESSAGE_ID, 0, "1.2@out.example.org");
	made_string(m, &t->strings, STRING_QUEUE_ID, 0, "4Qx1");
	made_string(m, &t->strings, STRING_REPLY, 0, "closing");
	t->rcpt_count = 2;
	t->code = 221;
	t->enhanced = (struct smtp_enhanced){2, 0, 0};
	t->size_declared = 2000;
	t->lmtp_answered = 2;
	t->lmtp_accepted = 1;
	t->answered = true;
	t->taken = TAKEN_NO;
	t->ts_mail = m->conn.start;
	t->ts_mail_reply = t->ts_mail + 1000000;
	t->ts_rcpt = t->ts_mail + 2000000;
	t->ts_rcpt_reply = t->ts_mail + 3000000;
	t->ts_data = t->ts_mail + 4000000;
	t->ts_end = t->ts_mail + 5000000;
	t->ts_reply = t->ts_end + 3 * FRAME_SECOND / 2;
	made_verdict(m, VERDICT_221_FOR_MESSAGE, UINT64_C(1) << VERDICT_QUIT_BEFORE_ACCEPTANCE);
}

static const char *const full_parts[] = {
	"{\"timestamp\":\"2026-11-23T10:00:03.250000Z\",\"event_type\":\"session\",\"id\":\"",
	"\",\"src_ip\":\"192.0.2.10\",\"src_port\":40312,"
	"\"dest_ip\":\"198.51.100.25\",\"dest_port\":25,\"proto\":\"TCP\",\"community_id\":\"1:",
	",\"gateway\":\"localhost\",\"schema_version\":1,\"input\":\"made.pcap\","
	"\"vlan\":[100,7],\"start\":\"2026-11-23T10:00:00.000000Z\","
	"\"end\":\"2026-11-23T10:00:03."
	"250000Z\",\"duration\":3.250000,"
	"\"ending\":{\"verdict\":\"221-for-message\",\"also\":[\"quit-before-acceptance\",\"slow-"
	"acceptance\"],\"severity\":"
	"\"critical\",\"stage\":"
	"\"END-OF-MESSAGE\","
	"\"closer\":\"server\",\"how\":\"fin\",\"farewell\":\"221-unasked\",\"seen\":\"full\",",
	"\"inferred\":false,\"confidence\":\"certain\"},\"together\":12,\"cause\":{\"id\":"
	"\"shutdown\",\"confidence\":\"likely\","
	"\"evidence\":[\"the code 4.3.2\",\"12 sessions ended together\"]},"
	"\"smtp\":{\"proxied_client\":{\"ip\":\"2001:db8::7\",\"port\":4711},"
	"\"banner\":\"mx.example.net ESMTP\",\"helo\":\"out.example.org\","
	"\"extensions\":[\"PIPELINING\",\"SIZE\"],\"size_limit\":10240000,\"starttls\":\"offered\","
	"\"auth\":\"PLAIN\",\"commands\":"
	"5,\"replies\":6,\"refusals\":1,\"last_command\":\"end of message\","
	"\"last_reply\":{\"code\":221,\"enhanced\":\"2.0.0\",\"text\":\"closing\"},"
	"\"farewell\":{\"code\":221,\"enhanced\":\"2.3.2\",\"text\":\"going down\\u000afor a "
	"while\"},\"uncoded\":\"sorry\","
	"\"latency\":{\"connect\":0.001500,\"banner\":0.200000,\"hello\":0.010000,\"end\":1.500000}"
	",\"flaws\":[\"bare-lf\","
	"\"pregreet\"]},"
	"\"transactions\":[{\"fate\":\"falsely-accepted\",\"taken\":false,\"from\":\"a@example."
	"org\",\"rcpt\":[{\"to\":\"b@example."
	"net\",\"code\":"
	"250},{\"to\":\"c@example.net\"}],"
	"\"rcpt_count\":2,\"rcpt_accepted\":1,\"message_id\":\"1.2@out.example.org\",\"queue_id\":"
	"\"4Qx1\",\"size_declared\":2000,"
	"\"bytes\":1234,\"bytes_acked\":1234,"
	"\"lmtp_accepted\":1,\"lmtp_answered\":2,\"reply\":{\"code\":221,\"enhanced\":\"2.0.0\","
	"\"text\":\"closing\"},"
	"\"times\":{\"mail\":\"2026-11-23T10:00:00.000000Z\",\"mail_reply\":\"2026-11-23T10:00:00."
	"001000Z\","
	"\"rcpt\":\"2026-11-23T10:00:00.002000Z\",\"rcpt_reply\":\"2026-11-23T10:00:00.003000Z\","
	"\"data\":\"2026-11-23T10:00:00.004000Z\",\"end\":\"2026-11-23T10:00:00.005000Z\","
	"\"reply\":\"2026-11-23T10:00:01."
	"505000Z\"}}],"
	"\"transactions_omitted\":3,"
	"\"net\":{\"client_bytes\":1500,\"server_bytes\":300,\"gap_bytes\":[31,0],\"retransmits\":["
	"1,0],\"rtt\":0.001500,"
	"\"unanswered\":[2,0],\"unacked\":[3,0],\"zero_windows\":[0,5],\"conflicts\":[0,6],\"mss\":"
	"[1460,0],\"largest\":[1448,0],"
	"\"largest_acked\":[536,0],\"icmp_too_big\":[4,0],\"icmp_unreachable\":[0,7],\"mtu\":[1280,"
	"0],\"kernel_drops\":9,"
	"\"rst\":[{\"from\":\"server\",\"time\":\"2026-11-23T10:00:00.000000Z\",\"ttl\":61,\"other_"
	"ttl\":[56,57],\"ip_id\":7,"
	"\"window\":8,"
	"\"timestamps\":true,\"overtook\":true,\"segments_after\":9}]}}\n",
	"]},\"alert\":{\"signature\":\"221-for-message\",\"category\":\"221 before "
	"acceptance\",\"severity\":1}}\n",
	"]},\"alert\":{\"signature\":\"slow-acceptance\",\"category\":\"delays, whatever the "
	"ending\",\"severity\":3}}\n",
};

static void a_full_record(void **state)
{
	(void)state;
	struct output out;
	struct made m;
	const char *at;

	make_full(&m);
	output_open(&out, &sink_json);
	output_record(&out, &m);
	at = output_text(&out);
	for (size_t i = 0; i < sizeof(full_parts) / sizeof(full_parts[0]); i++) {
		const char *found = strstr(at, full_parts[i]);

		if (found == NULL)
			fail_msg("not there: %s\nin: %s", full_parts[i], at);
		at = found;
	}
	output_free(&out);
	made_free(&m);
}

static void what_is_unknown_is_left_out(void **state)
{
	(void)state;
	static const char *const absent[] = {
		"null",      "vlan",         "banner",     "helo",      "size_limit",
		"\"auth\"",  "last_command", "last_reply", "omitted",   "\"rtt\"",
		"\"alert\"", "together",     "grouped",    "\"cause\"", "latency",
		"proxied",   "\"mss\"",      "zero",       "\"rst\"",   "icmp"};
	struct output out;
	struct made m;

	made_init_bare(&m);
	output_open(&out, &sink_json);
	output_record(&out, &m);
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		assert_null(strstr(output_text(&out), absent[i]));
	assert_non_null(strstr(output_text(&out),
			       "\"flaws\":[]},\"transactions\":[],\"net\":{\"client_bytes\":0,"));
	output_free(&out);
	made_free(&m);
}

static void alert_severities_as_eve_has_them(void **state)
{
	(void)state;
	static const struct {
		enum verdict verdict;
		const char *want;
	} rows[] = {
		{VERDICT_221_FOR_MESSAGE, "\"severity\":1}}\n"},
		{VERDICT_221_IN_TRANSACTION, "\"severity\":2}}\n"},
		{VERDICT_221_BEFORE_MESSAGE, "\"severity\":3}}\n"},
		{VERDICT_221_BETWEEN_MESSAGES, "\"severity\":4}}\n"},
		{VERDICT_421_IDLE, "\"severity\":4}}\n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct output out;
		struct made m;

		made_init(&m);
		made_verdict(&m, rows[i].verdict, 0);
		m.alerting.min = SEVERITY_INFO;
		output_open(&out, &sink_json);
		output_record(&out, &m);
		assert_non_null(strstr(output_text(&out), rows[i].want));
		output_free(&out);
		made_free(&m);
	}
}

/* One more than there is room for, so that one gives way to a hostile name. */
static struct domains *many_domains(struct totals *totals)
{
	struct domains *d = domains_new(NULL);
	assert_non_null(d);
	for (unsigned i = 0; i <= DOMAINS_MAX; i++) {
		char address[32];
		struct made m;
		struct transaction *t;
		snprintf(address, sizeof address,
			 i < DOMAINS_MAX ? "a@d%u.example" : "a@\033\"\xff", i);
		made_init(&m);
		t = made_message(&m, FATE_ACCEPTED, "a@example.org", address);
		t->answered = true;
		t->ts_end = m.conn.start;
		t->ts_reply = m.conn.start + FRAME_SECOND;
		m.info.fates[FATE_ACCEPTED] = 1;
		made_report(&m);
		for (unsigned n = 0; n < (i < DOMAINS_MAX ? 1 : 8); n++)
			domains_count(d, &m.record, &m.report);
		traffic_hour(&totals->hours, &m.report);
		made_free(&m);
	}
	return d;
}

static void write_summary(struct output *out)
{
	struct monitor_stats core = {
		.frames = 12,
		.undecoded = {.row = {{18, {SPACE_ETHERTYPE, 0x22f3}}, {20, {SPACE_LINK, 147}}},
			      .others = 4},
	};
	struct alerting alerting = alerting_default();
	struct totals totals = {.sessions = 2};
	struct domains *domains = many_domains(&totals);

	sink_json.stats(out->self, &(struct summary){.totals = &totals,
						     .domains = domains,
						     .alerting = &alerting,
						     .core = &core,
						     .inputs = "made.pcap",
						     .ports = "25",
						     .keys = true,
						     .secrets = 5,
						     .live = true});
	domains_free(domains);
}

static void no_mistake(void *arg, unsigned line, const char *text)
{
	(void)arg;
	fail_msg("%u: %s", line, text);
}

/* What only a live run says, and what is held back. */
static void write_live(struct output *out, struct made *m)
{
	const struct sink_counts loss = {
		.name = "syslog:udp://[::1]:514", .lost = 7, .reconnects = 2, .restarts = 1};
	struct monitor_stats core = {0};
	struct suppression *suppression;
	struct report held;
	struct daily day;

	m->report.limited = m->report.raised;
	m->report.role = ROLE_SERVER;
	m->report.pcap = "20261123T100000Z-221-for-message.pcap";
	m->report.pcap_omitted = 3;
	sink_json.record(out->self, &m->report);
	sink_json.repeat(out->self, &(struct throttle_repeat){.kind = VERDICT_221_FOR_MESSAGE,
							      .count = 17,
							      .since = m->conn.start,
							      .until = m->record.end,
							      .worst = SEVERITY_CRITICAL,
							      .latest = &m->report,
							      .hour = {20, 18}});
	/* A rule of which the session is, and one without an end. */
	suppression = suppression_read(
		bytes_str("client=192.0.2.10 lost-mail=yes until=2026-11-30 comment=known\n"
			  "client=::1 until=never comment=also\n"),
		no_mistake, NULL);
	assert_non_null(suppression);
	held = m->report;
	held.raised = held.limited;
	held.limited = 0;
	suppression_apply(suppression, &m->record, &held);
	sink_json.record(out->self, &held);
	assert_true(daily_begin(&day, 480, &m->alerting));
	assert_false(daily_over(&day, m->conn.start));
	daily_count(&day, &m->report);
	daily_count(&day, &held);
	assert_true(daily_over(&day, m->conn.start + 86400 * FRAME_SECOND));
	sink_json.daily(out->self, &day);
	sink_json.stats(out->self, &(struct summary){.totals = &day.totals,
						     .alerting = &m->alerting,
						     .core = &core,
						     .live = true,
						     .interim = true,
						     .suppression = suppression,
						     .outputs = &loss,
						     .outputs_n = 1});
	daily_end(&day);
	suppression_free(suppression);
}

static void write_tls(struct output *out)
{
	struct made m;

	made_init_bare(&m);
	m.info.tls = m.info.tls_alert = true;
	m.info.tls_version = 0x0303;
	m.info.tls_suite = 0xc02f;
	m.info.tls_decrypted = m.info.tls_close_notify[CLIENT] = m.info.tls_close_notify[SERVER] =
		true;
	m.info.tls_alert_description = 48;
	m.info.tls_expires = m.conn.start;
	made_string(&m, &m.info.strings, STRING_TLS_NAME, 0, "mx.example.net");
	made_string(&m, &m.info.strings, STRING_TLS_PROTOCOL, 0, "smtp");
	made_string(&m, &m.info.strings, STRING_TLS_SUBJECT, 0, "mx.example.net");
	made_string(&m, &m.info.strings, STRING_TLS_ISSUER, 0, "\"CA\"\x01");
	made_verdict(&m, VERDICT_TLS_BROKEN_OFF, 0);
	output_record(out, &m);
	assert_non_null(strstr(
		output_text(out),
		"\"tls\":{\"version\":\"1.2\",\"cipher\":\"ECDHE-RSA-AES128-GCM-SHA256\",\"sni\":"
		"\"mx.example.net\",\"alpn\":\"smtp\",\"decrypted\":true,\"close_notify\":["
		"\"client\",\"server\"],"
		"\"handshake\":\"unfinished\",\"pending\":"
		"\"nothing\",\"alert\":{\"by\":\"client\",\"code\":48,\"name\":\"unknown_ca\"},"
		"\"certificate\":{"));
	made_free(&m);
}

/* More than the list has room for. */
static void write_many_recipients(struct output *out)
{
	static const uint8_t to[STRING_TEXT_MAX] = {0};
	struct transaction *t;
	struct made m;

	made_init(&m);
	t = made_message(&m, FATE_ACCEPTED, "a@example.org", "b@example.net");
	while (strings_add(&t->strings, m.pool, STRING_RCPT, 250, bytes_of(to, sizeof(to))) !=
	       STRINGS_NONE)
		t->rcpt_count++;
	output_record(out, &m);
	made_free(&m);
}

/* The answer of the status socket, which no output has. */
static void write_status(FILE *to)
{
	static const struct sink_counts output = {"exec:/bin/tell --password x", 3, 2, 1, 0, 0};
	struct summary sum = {.outputs = &output, .outputs_n = 1, .started = FRAME_SECOND};
	struct watched eth0 = {"eth0", true, 2 * FRAME_SECOND, 12, 3};
	struct monitor_stats *core = calloc(1, sizeof *core);
	struct totals totals = {.sessions = 3, .tls = 2, .decrypted = 1};
	struct status_record *record = calloc(1, sizeof *record);
	struct status_facts facts = {"/etc/a", 42, 3 * FRAME_SECOND};
	struct outbuf b = {0};
	struct made m;

	made_init(&m);
	made_report(&m);
	core->capture.dropped = 3;
	sum.core = core;
	sum.totals = &totals;
	sum.watched = &eth0;
	sum.watched_n = 1;
	status_note(record, &m.report);
	status_observe(record, &sum, 3 * FRAME_SECOND);
	status_document(&b, &facts, record, &sum);
	facts.configuration = NULL;
	status_document(&b, &facts, record, &sum);
	assert_null(memmem(b.p, b.n, "password", 8));
	fwrite(b.p, 1, b.n, to);
	outbuf_free(&b);
	made_free(&m);
	free(record);
	free(core);
}

static void agrees_with_the_schema(void **state)
{
	(void)state;
	FILE *checker = popen(
		"/usr/bin/python3 tests/program/schema_check.py docs/schema.json --complete", "w");
	struct output out;
	struct made m;

	assert_non_null(checker);
	output_open(&out, &sink_json);
	make_full(&m);
	output_record(&out, &m);
	write_live(&out, &m);
	made_free(&m);
	made_init_bare(&m);
	output_record(&out, &m);
	m.report.grouped = true;
	sink_json.record(out.self, &m.report);
	made_free(&m);
	write_tls(&out);
	write_many_recipients(&out);
	write_summary(&out);
	fputs(output_text(&out), checker);
	write_status(checker);
	output_free(&out);
	assert_int_equal(pclose(checker), 0);
}

static void random_string(struct made *m, struct strings *strings, enum string_tag tag)
{
	uint8_t text[STRING_TEXT_MAX];
	size_t n = (size_t)rand() % sizeof(text);

	for (size_t i = 0; i < n; i++)
		text[i] = (uint8_t)(rand() % 4 ? rand() : 0xe0 | rand() % 32);
	strings_add(strings, m->pool, tag, 250, bytes_of(text, n));
}

static void any_bytes_give_valid_json(void **state)
{
	(void)state;
	FILE *checker =
		popen("/usr/bin/python3 tests/program/schema_check.py docs/schema.json", "w");
	struct output out;
	struct made m;

	assert_non_null(checker);
	srand(20261123);
	output_open(&out, &sink_json);
	for (unsigned i = 0; i < 50; i++) {
		struct transaction *t;

		made_init(&m);
		t = made_message(&m, FATE_CUT, "", "");
		for (enum string_tag tag = STRING_BANNER; tag <= STRING_REPLY; tag++)
			random_string(&m, &m.info.strings, tag);
		for (enum string_tag tag = STRING_REPLY; tag <= STRING_QUEUE_ID; tag++)
			random_string(&m, &t->strings, tag);
		m.input = "a \"strange\" file\n\xff.pcap";
		output_record(&out, &m);
		made_free(&m);
	}
	fputs(output_text(&out), checker);
	output_free(&out);
	assert_int_equal(pclose(checker), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(community_ids),
		cmocka_unit_test(session_ids_tell_sessions_apart),
		cmocka_unit_test(a_full_record),
		cmocka_unit_test(what_is_unknown_is_left_out),
		cmocka_unit_test(alert_severities_as_eve_has_them),
		cmocka_unit_test(agrees_with_the_schema),
		cmocka_unit_test(any_bytes_give_valid_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
