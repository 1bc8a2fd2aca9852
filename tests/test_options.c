/* test_options.c - command line and configuration file: what they set, and what is said of mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/options.h"

enum { WORDS = 16 };

/* One reading of a command line. */
struct reading {
	struct options o;
	unsigned mistakes;
	char *said;
	char line[512];
	char *argv[WORDS + 1];
};

/* line: words separated by single blanks, without the program's name */
static void reading_do(struct reading *r, const char *line)
{
	size_t n = 0;
	FILE *errors = open_memstream(&r->said, &n);
	int argc = 1;

	snprintf(r->line, sizeof(r->line), "%s", line);
	r->argv[0] = r->line;
	for (char *word = strtok(r->line, " "); word != NULL && argc < WORDS; word = strtok(NULL, " "))
		r->argv[argc++] = word;
	r->argv[argc] = NULL;
	r->mistakes = options_read(&r->o, argc, r->argv, errors);
	fclose(errors);
}

static void reading_free(struct reading *r)
{
	options_free(&r->o);
	free(r->said);
}

struct mistake_row {
	const char *line;
	unsigned mistakes;
	const char *said; /* part of it */
};

static const struct mistake_row mistakes[] = {
	{"-r a.pcap", 0, ""},
	{"-ra.pcap --output=json:x -o text -p25,465/tls,24/lmtp -j 0 --engine nids --checksum -Z nobody tcp port 25", 0, ""},
	{"--help", 0, ""},
	{"--list-alerts --severity clean=critical", 0, ""},
	{"-T", 0, ""},
	{"", 1, "smtpwatch: nothing to read: -r FILE"},
	{"-o text", 1, "nothing to read"},
	{"-r", 1, "--read: its FILE is missing"},
	{"-r a --nonsense", 1, "there is no option --nonsense"},
	{"-r a --keylog x", 1, "there is no option --keylog"},
	{"-r a -x", 1, "there is no option -x"},
	{"-r a --checksum=yes", 1, "--checksum takes no value"},
	{"-i eth0", 1, "--interface: live capture is not in this version"},
	{"-r a -o csv", 1, "there is no output \"csv\"; there are text, json"},
	{"-r a -p 25,x", 1, "\"x\" is no port"},
	{"-r a -p 0", 1, "\"0\" is no port"},
	{"-r a -p 65536", 1, "\"65536\" is no port"},
	{"-r a -p 25/ssl", 1, "\"25/ssl\" is no port"},
	{"-r a -p 25,", 1, "\"\" is no port"},
	{"-r a -j many", 1, "no number from 0"},
	{"-r a --engine libfoo", 1, "is no engine"},
	{"-r a --min-severity none", 1, "none of info"},
	{"-r a --fail-on bad", 1, "none of info"},
	{"-r a --redact some", 1, "none of none, local"},
	{"-r a --severity 221=error", 1, "\"221\" is no verdict"},
	{"-r a --severity clean", 1, "ALERT=SEVERITY"},
	{"-r a --severity slow-acceptance=critical --slow-acceptance 0", 0, ""},
	{"-r a --slow-acceptance soon", 1, "is neither 0 nor a time"},
	{"-r a --slow-acceptance 31000000", 1, "is neither 0 nor a time"},
	{"-r a --max-connections 0", 1, "no number from 1"},
	{"-r a --memory 1K", 1, "no size of at least 1M"},
	{"-r a --memory 99999999999999999G", 1, "no size"},
	{"-r a --idle-timeout 0", 1, "no time of"},
	{"-r a --idle-timeout 5x", 1, "no time of"},
	{"-r a -c /nonexistent/file", 1, "cannot read /nonexistent/file: No such file"},
	{"-r a -c /", 1, "cannot read /: Is a directory"},
	{"--nonsense -x --redact some -o csv", 4, "csv"},
};

static void mistakes_are_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct reading r;

		reading_do(&r, mistakes[i].line);
		if (r.mistakes != mistakes[i].mistakes || strstr(r.said, mistakes[i].said) == NULL)
			fail_msg("\"%s\": %u mistakes: %s", mistakes[i].line, r.mistakes, r.said);
		if (r.mistakes == 0)
			assert_string_equal(r.said, "");
		reading_free(&r);
	}
}

static void the_command_line_sets(void **state)
{
	(void)state;
	struct reading r;

	reading_do(&r, "tcp -r a.pcap port --read=- -p 465/tls,24/lmtp,2525 -j4 --severity 421-idle=error --fail-on warning 25");
	assert_int_equal(r.mistakes, 0);
	assert_int_equal(r.o.action, OPTIONS_RUN);
	assert_int_equal(r.o.reads.n, 2);
	assert_string_equal(r.o.reads.all[0], "a.pcap");
	assert_string_equal(r.o.reads.all[1], "-");
	assert_string_equal(r.o.filter, "tcp port 25");
	assert_true(port_set_has(&r.o.monitor.ports, 2525) && port_set_has(&r.o.monitor.ports, 465));
	assert_false(port_set_has(&r.o.monitor.ports, 25));
	assert_true(port_set_has(&r.o.monitor.tls_ports, 465) && port_set_has(&r.o.monitor.lmtp_ports, 24));
	assert_false(port_set_has(&r.o.monitor.tls_ports, 2525));
	assert_int_equal(r.o.workers, 4);
	assert_int_equal(r.o.alerting.of[VERDICT_421_IDLE], SEVERITY_ERROR);
	assert_int_equal(r.o.fail_on, SEVERITY_WARNING);
	reading_free(&r);
}

static void defaults(void **state)
{
	(void)state;
	struct reading r;

	reading_do(&r, "-r a");
	assert_true(port_set_has(&r.o.monitor.ports, 25) && port_set_has(&r.o.monitor.ports, 587));
	assert_int_equal(r.o.alerting.min, SEVERITY_NOTICE);
	assert_int_equal(r.o.alerting.limits.slow_acceptance, 60 * FRAME_SECOND);
	assert_int_equal(r.o.fail_on, SEVERITIES);
	assert_int_equal(r.o.redact, REDACT_NONE);
	assert_int_equal(r.o.outputs.n, 0);
	assert_string_equal(r.o.monitor.engine->name, "own");
	assert_null(r.o.filter);
	reading_free(&r);
}

static void limits_with_units(void **state)
{
	(void)state;
	struct reading r;

	reading_do(&r, "-r a --memory 2G --idle-timeout 30m --max-connections 1000 --slow-acceptance 2m -- -r");
	assert_int_equal(r.mistakes, 0);
	assert_int_equal(r.o.monitor.memory, (size_t)2 << 30);
	assert_int_equal(r.o.monitor.stream.idle, 1800 * FRAME_SECOND);
	assert_int_equal(r.o.monitor.stream.max_conns, 1000);
	assert_int_equal(r.o.alerting.limits.slow_acceptance, 120 * FRAME_SECOND);
	assert_string_equal(r.o.filter, "-r");
	reading_free(&r);
}

/* A configuration file of this text; its name comes first in the command line that is read. */
static void reading_file(struct reading *r, const char *text, const char *line)
{
	char path[] = "/tmp/smtpwatch-test-XXXXXX", whole[512];
	int fd = mkstemp(path);

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	snprintf(whole, sizeof(whole), "-c %s %s", path, line);
	reading_do(r, whole);
	unlink(path);
}

static void a_file_sets(void **state)
{
	(void)state;
	struct reading r;

	reading_file(
		&r,
		"# everything\n\n  read = a#1.pcap   # one\r\nread=b.pcap\n\toutput = json:out.json\nports = 2525\nchecksum = yes\n"
		"severity = clean=notice\nseverity = unknown=info\nredact = hash\nslow-acceptance = 90",
		"");
	assert_string_equal(r.said, "");
	assert_int_equal(r.o.reads.n, 2);
	assert_string_equal(r.o.reads.all[0], "a#1.pcap");
	assert_string_equal(r.o.outputs.all[0], "json:out.json");
	assert_true(port_set_has(&r.o.monitor.ports, 2525));
	assert_false(port_set_has(&r.o.monitor.ports, 25));
	assert_true(r.o.monitor.insist_checksum);
	assert_int_equal(r.o.alerting.of[VERDICT_CLEAN], SEVERITY_NOTICE);
	assert_int_equal(r.o.alerting.of[VERDICT_UNKNOWN], SEVERITY_INFO);
	assert_int_equal(r.o.alerting.limits.slow_acceptance, 90 * FRAME_SECOND);
	assert_int_equal(r.o.redact, REDACT_HASH);
	reading_free(&r);
}

static void the_command_line_goes_first(void **state)
{
	(void)state;
	struct reading r;

	reading_file(&r, "read = a.pcap\noutput = json\nredact = all\nseverity = clean=notice\nseverity = probe=error\n",
		     "-r b.pcap -o text --redact none --severity clean=info");
	assert_string_equal(r.said, "");
	assert_int_equal(r.o.reads.n, 1);
	assert_string_equal(r.o.reads.all[0], "b.pcap");
	assert_int_equal(r.o.outputs.n, 1);
	assert_string_equal(r.o.outputs.all[0], "text");
	assert_int_equal(r.o.redact, REDACT_NONE);
	assert_int_equal(r.o.alerting.of[VERDICT_CLEAN], SEVERITY_INFO);
	assert_int_equal(r.o.alerting.of[VERDICT_PROBE], SEVERITY_ERROR);
	reading_free(&r);
}

static void mistakes_in_a_file_have_a_line(void **state)
{
	(void)state;
	static const char *const said[] = {":1: there is no option \"prots\"",
					   ":3: \"nonsense\" is not of the form",
					   ":4: config belongs on the command line",
					   ":5: checksum: \"maybe\" is neither",
					   ":6: ports: \"x\" is no port",
					   ":7: redact: \"\" is none of"};
	struct reading r;

	reading_file(&r, "prots = 25\n# fine\nnonsense\nconfig = x\nchecksum = maybe\nports = 25,x\nredact =\nchecksum = no\n",
		     "-T");
	assert_int_equal(r.mistakes, 6);
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (strstr(r.said, said[i]) == NULL)
			fail_msg("not said: %s\nin: %s", said[i], r.said);
	assert_false(r.o.monitor.insist_checksum);
	reading_free(&r);
}

static void an_empty_file(void **state)
{
	(void)state;
	struct reading r;

	reading_file(&r, "", "-T");
	assert_int_equal(r.mistakes, 0);
	assert_int_equal(r.o.action, OPTIONS_CHECK);
	reading_free(&r);
}

static void help_comes_from_the_table(void **state)
{
	(void)state;
	static const char *const said[] = {
		"  -r, --read FILE ", "      --fail-on SEVERITY ", "(default 25,587)", "(default own)", "  text  ", "  json  "};
	struct outbuf b = {0};

	options_help(&b);
	outbuf_char(&b, '\0');
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (strstr(b.p, said[i]) == NULL)
			fail_msg("not said: %s", said[i]);
	assert_null(strstr(b.p, "--interface"));
	outbuf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(the_command_line_sets),
		cmocka_unit_test(defaults),
		cmocka_unit_test(limits_with_units),
		cmocka_unit_test(a_file_sets),
		cmocka_unit_test(the_command_line_goes_first),
		cmocka_unit_test(mistakes_in_a_file_have_a_line),
		cmocka_unit_test(an_empty_file),
		cmocka_unit_test(help_comes_from_the_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
