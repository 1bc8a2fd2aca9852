/* test_show.c - a document read again, as text and as a check; documents that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "lib/made.h"
#include "smtpwatch/frame.h"
#include "status/document.h"
#include "status/show.h"

#define S FRAME_SECOND
enum { NOW = 100000, BEGUN = 90000 };

/* A daemon made by hand. */
struct daemon_made {
	struct watched interfaces[2];
	struct sink_counts output;
	struct totals totals;
	struct monitor_stats core;
	struct status_record record;
	struct summary sum;
	struct status_view view;
	struct outbuf document, shown;
};

static struct daemon_made *daemon_new(void)
{
	struct daemon_made *d = calloc(1, sizeof *d);
	assert_non_null(d);
	d->interfaces[0] = (struct watched){"eth0", true, (NOW - 3) * S, 1234, 0};
	d->interfaces[1] = (struct watched){"eth1", true, (NOW - 700) * S, 5, 0};
	d->output = (struct sink_counts){"json:/var/log/smtpwatch/sessions.json", 9, 8, 0, 0, 0};
	d->totals.sessions = 120;
	d->totals.tls = 30;
	d->totals.decrypted = 4;
	d->totals.alerts = 3;
	d->totals.alert_severity[SEVERITY_CRITICAL] = 2;
	d->totals.alert_severity[SEVERITY_NOTICE] = 1;
	d->sum = (struct summary){.totals = &d->totals,
				  .core = &d->core,
				  .outputs = &d->output,
				  .outputs_n = 1,
				  .watched = d->interfaces,
				  .watched_n = 2,
				  .started = BEGUN * S};
	return d;
}

static void daemon_free(struct daemon_made *d)
{
	status_view_free(&d->view);
	outbuf_free(&d->document);
	outbuf_free(&d->shown);
	free(d);
}

static const struct status_view *view_of(struct daemon_made *d)
{
	struct status_facts facts = {"/etc/smtpwatch/smtpwatch.conf", 4711, NOW * S};
	struct error why;
	d->document.n = d->shown.n = 0;
	status_view_free(&d->view);
	status_document(&d->document, &facts, &d->record, &d->sum);
	if (!status_view_read(&d->view, bytes_of(d->document.p, d->document.n), &why))
		fail_msg("%s", why.text);
	return &d->view;
}

static void has(struct daemon_made *d, const char *want)
{
	outbuf_char(&d->shown, '\0');
	d->shown.n--;
	if (!strstr(d->shown.p, want))
		fail_msg("not there: %s\nin: %s", want, d->shown.p);
}

static void the_text_tells_all(void **state)
{
	(void)state;
	struct daemon_made *d = daemon_new();
	struct made m;
	made_init(&m);
	made_report(&m);
	for (unsigned i = 0; i < 12; i++)
		status_note(&d->record, &m.report);
	made_free(&m);
	d->core.capture.dropped = 7;
	d->core.stream.conns_open = 6;
	status_observe(&d->record, &d->sum, (NOW - 240) * S);
	status_show_text(&d->shown, view_of(d), 80);
	has(d, "process 4711, watches since 1970-01-02 01:00:00 UTC (2 h).\n");
	has(d, "Configuration: /etc/smtpwatch/smtpwatch.conf\n");
	has(d, "  eth0: watched, 1,234 packets, 0 dropped, the latest 3 s ago\n");
	has(d, "Sessions: 120 so far, 6 connections open.\n");
	has(d, "TLS: 30 of 120 sessions (25 %) went into TLS; 4 of them were read; there are no\n"
	       "  keys.\n");
	has(d, "Alerts: 3: 2 critical, 1 notice.\n");
	has(d, "Lost: 7 packets (the latest 4 min ago).\n");
	has(d, "  json:/var/log/smtpwatch/sessions.json: 9 offered, 8 written, 0 lost\n");
	has(d, "  2026-11-23 10:00:03 UTC critical 221-for-message: 192.0.2.10:40312 ->\n");
	assert_int_equal(d->view.last_n, STATUS_ALERTS);
	for (const char *line = d->shown.p; *line != '\0'; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 80);
	daemon_free(d);
}

static const struct check_row {
	int64_t recent, silence;
	bool on;
	uint64_t dropped, sessions, records;
	int64_t ago; /* seconds since these were lost */
	enum nagios_code code;
	const char *words;
} rows[] = {
	{300, 0, true, 0, 0, 0, 0, NAGIOS_OK,
	 "SMTPWATCH OK: eth0, eth1 are watched; 120 sessions, 3 alerts so far | packets=1239c;;;0 "
	 "sessions=120c;;;0 open=0;;;0 tls=30c;;;0 "},
	{300, 0, true, 5, 0, 0, 300, NAGIOS_WARNING,
	 "SMTPWATCH WARNING: 5 packets dropped, the latest 5 min ago | "},
	{300, 0, true, 5, 2, 2, 301, NAGIOS_OK, " dropped=5c;;;0 sessions_lost=2c;;;0 "},
	{300, 0, true, 5, 2, 0, 1, NAGIOS_CRITICAL,
	 "SMTPWATCH CRITICAL: 5 packets dropped, the latest 1 s ago; 2 sessions lost, the latest 1 "
	 "s ago | "},
	{300, 0, true, 0, 0, 1, 1, NAGIOS_CRITICAL, "CRITICAL: 1 record lost, the latest 1 s ago"},
	{300, 0, false, 0, 0, 0, 0, NAGIOS_CRITICAL, "SMTPWATCH CRITICAL: eth1 is not watched | "},
	{300, 701, true, 0, 0, 0, 0, NAGIOS_OK, "OK"},
	{300, 700, true, 0, 0, 0, 0, NAGIOS_WARNING,
	 "SMTPWATCH WARNING: eth1 had no packet for 11 min | "},
};

static void the_check_follows_its_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct check_row *row = &rows[i];
		struct daemon_made *d = daemon_new();
		struct nagios_rules rules = {row->recent * S, row->silence * S};
		d->interfaces[1].on = row->on;
		d->core.capture.dropped = row->dropped;
		d->core.capture.records_lost = row->sessions;
		d->output.lost = row->records;
		status_observe(&d->record, &d->sum, (NOW - row->ago) * S);
		status_observe(&d->record, &d->sum, NOW * S); /* nothing more was lost */
		assert_int_equal(status_show_nagios(&d->shown, view_of(d), &rules), row->code);
		d->shown.n = 0;
		status_show_nagios(&d->shown, &d->view, &rules);
		has(d, row->words);
		assert_ptr_equal(strchr(d->shown.p, '\n'), d->shown.p + d->shown.n - 1);
		daemon_free(d);
	}
}

static void a_name_forges_no_data(void **state)
{
	(void)state;
	struct daemon_made *d = daemon_new();
	struct nagios_rules rules = {300 * S, 0};
	snprintf(d->interfaces[0].name, sizeof d->interfaces[0].name, "a|x=9\n\033[2J");
	d->interfaces[0].on = false;
	status_show_nagios(&d->shown, view_of(d), &rules);
	has(d, "CRITICAL: a/x=9");
	assert_null(strchr(d->shown.p, '\033'));
	assert_ptr_equal(strchr(d->shown.p, '|'), strrchr(d->shown.p, '|'));
	d->shown.n = 0;
	status_show_text(&d->shown, &d->view, 80);
	has(d, "NOT WATCHED");
	assert_null(strchr(d->shown.p, '\033'));
	d->shown.n = 0;
	status_show_failure(&d->shown, NAGIOS_UNKNOWN, "a|b\nc");
	has(d, "SMTPWATCH UNKNOWN: a/b");
	assert_ptr_equal(strchr(d->shown.p, '\n'), d->shown.p + d->shown.n - 1);
	daemon_free(d);
}

static void what_is_no_status_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {"",
					    "{",
					    "[]",
					    "7",
					    "{\"event_type\":\"stats\"}",
					    "{\"event_type\":7}",
					    "{\"event_type\":\"status\"}x"};
	static const char *const poor[] = {
		"{\"event_type\":\"status\"}",
		"{\"event_type\":\"status\",\"interfaces\":7,\"outputs\":{},\"last_alerts\":[[],7],"
		"\"losses\":[],\"tls\":null,\"sessions\":-1,\"since\":\"never\",\"pid\":\"x\"}",
	};
	struct outbuf b = {0};
	struct nagios_rules rules = {300 * S, 60 * S};
	struct error why;
	struct status_view v;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_false(status_view_read(&v, bytes_str(texts[i]), &why));
		assert_true(why.text[0] != '\0');
		status_view_free(&v);
	}
	for (size_t i = 0; i < sizeof poor / sizeof *poor; i++) {
		assert_true(status_view_read(&v, bytes_str(poor[i]), &why));
		assert_int_equal(v.sessions + v.pid + (uint64_t)v.since, 0);
		status_show_text(&b, &v, 80);
		assert_int_equal(status_show_nagios(&b, &v, &rules), NAGIOS_CRITICAL);
		status_view_free(&v);
	}
	outbuf_free(&b);
}

static void the_latest_alerts_stay(void **state)
{
	(void)state;
	struct status_record *r = calloc(1, sizeof *r);
	struct made m;
	assert_null(status_alert_at(r, 0));
	made_init(&m);
	made_report(&m);
	for (uint16_t i = 1; i <= STATUS_ALERTS + 3; i++) {
		m.conn.port[CLIENT] = i;
		status_note(r, &m.report);
	}
	assert_int_equal(status_alert_at(r, 0)->port[CLIENT], STATUS_ALERTS + 3);
	assert_int_equal(status_alert_at(r, STATUS_ALERTS - 1)->port[CLIENT], 4);
	assert_null(status_alert_at(r, STATUS_ALERTS));
	m.report.raised = 0;
	status_note(r, &m.report);
	assert_int_equal(r->alerts_n, STATUS_ALERTS + 3);
	made_free(&m);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_tells_all),
		cmocka_unit_test(the_check_follows_its_rules),
		cmocka_unit_test(a_name_forges_no_data),
		cmocka_unit_test(what_is_no_status_is_refused),
		cmocka_unit_test(the_latest_alerts_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
