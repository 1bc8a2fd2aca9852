/* test_options.c - command line and configuration file: what they set, and what is said of
 * mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "options/help.h"
#include "options/read.h"
#include "smtpwatch/verdict.h"

enum { WORDS = 24 };

/* One reading of a command line. */
struct reading {
	struct options o;
	unsigned errors;
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
	for (char *word = strtok(r->line, " "); word != NULL && argc < WORDS;
	     word = strtok(NULL, " "))
		r->argv[argc++] = word;
	r->argv[argc] = NULL;
	r->errors = options_read(&r->o, argc, r->argv, errors);
	fclose(errors);
}

static void reading_free(struct reading *r)
{
	options_free(&r->o);
	free(r->said);
}

struct error_row {
	const char *line;
	unsigned errors;
	const char *said; /* part of it */
};

static const struct error_row error_rows[] = {
	{"-r a.pcap", 0, ""},
	{"-ra.pcap --output=json:x -o text -p25,465/tls,24/lmtp -j 0 --engine nids --checksum -Z "
	 "nobody tcp port 25",
	 0, ""},
	{"--help", 0, ""},
	{"-T --gateway mx-1.example.net", 0, ""},
	{"-r a --gateway mx/1", 1, "\"mx/1\" is no name of a machine: letters, digits and -._:"},
	{"-r a --gateway=", 1, "\"\" is no name of a machine"},
	{"--list-alerts --severity clean=critical", 0, ""},
	{"-T", 0, ""},
	{"-i eth0 -i br-lan -s 65535 --buffer 8M --promiscuous --pid-file /run/x.pid "
	 "--stats-interval 0 port 25",
	 0, ""},
	{"", 1, "smtpwatch: nothing to watch and nothing to read: -i INTERFACE"},
	{"-o text", 1, "nothing to watch and nothing to read"},
	{"-i eth0 -r a", 1, "one or the other"},
	{"-T -i eth0 -r a", 1, "one or the other"},
	{"-i any -i eth0", 1, "any is every interface"},
	{"-i eth0 -i eth1 -i eth0", 1, "interface: eth0 is there twice"},
	{"-i eth0,eth1", 1, "several are given one by one"},
	{"-i an-interface-of-16", 1, "a name has 1 to 15 characters"},
	{"-i a/b", 1, "is no interface"},
	{"-i eth0 -s 100", 1, "no number from 128 to 262144"},
	{"-i eth0 --buffer 3G", 1, "no size of at least 1M and at most 2047M, such as 64M"},
	{"-i eth0 --stats-interval often", 1, "is neither 0 nor a time"},
	{"-i eth0 --repeat 0 --digest 08:00", 0, ""},
	{"-i eth0 --repeat 5m --digest off", 0, ""},
	{"-i eth0 --repeat often", 1, "is neither 0 nor a time"},
	{"-i eth0 --digest 24:00", 1,
	 "\"24:00\" is neither off nor a time of the day (UTC), such as 08:00"},
	{"-r a --filter tcp udp", 1, "two filters: --filter, and \"udp\""},
	{"-r", 1, "--read: its FILE is missing"},
	{"-r a --nonsense", 1, "there is no option --nonsense; --help shows them all"},
	{"-r a --keyfile x", 1, "there is no option --keyfile"},
	{"-r a --redac local --fail=error", 0, ""},
	{"-r a --write-pcap /tmp", 0, ""},
	{"-r a --wri /tmp", 1, "--wri may be --write-pcap, --write-pcap-memory"},
	{"-r a --", 0, ""},
	{"-r a --=x", 1, "there is no option --"},
	{"-r a -top", 1, "there is no option -t; did you mean --top?"},
	{"-n -r a", 1, "there is no option -n: names are never looked up"},
	{"-r a -w b", 1, "--write-pcap DIR keeps the packets"},
	{"-vvv -r a", 1, "--explain worst"},
	{"-D", 1, "`ip link` lists the interfaces"},
	{"-i lo --follow", 1, "follow: of captures only"},
	{"no-such.pcap port 25", 2, "there is no file or folder \"no-such.pcap\"\n"},
	{"-r a --min_severity=info", 1,
	 "there is no option --min_severity; did you mean --min-severity?"},
	{"--itnerface eth0 -r a", 1, "did you mean --interface?"},
	{"-r a -x", 1, "there is no option -x"},
	{"-r a --checksum=yes", 1, "--checksum takes no value"},
	{"-r a -o pdf", 1, "there is no output \"pdf\"; there are text, json"},
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
	{"-r a --severity 221-for-massage=error", 1, "did you mean 221-for-message?"},
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
	{"--nonsense -x --redact some -o pdf", 4, "pdf"},
};

static void mistakes_are_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(error_rows) / sizeof(error_rows[0]); i++) {
		struct reading r;

		reading_do(&r, error_rows[i].line);
		if (r.errors != error_rows[i].errors || strstr(r.said, error_rows[i].said) == NULL)
			fail_msg("\"%s\": %u mistakes: %s", error_rows[i].line, r.errors, r.said);
		if (r.errors == 0)
			assert_string_equal(r.said, "");
		reading_free(&r);
	}
}

static void the_command_line_sets(void **state)
{
	(void)state;
	struct reading r;

	reading_do(&r, "tcp -r a.pcap port --read=- -p 465/tls,24/lmtp,2525 -j4 --severity "
		       "421-idle=error --fail-on warning 25");
	assert_int_equal(r.errors, 0);
	assert_int_equal(r.o.action, OPTIONS_RUN);
	assert_int_equal(r.o.reads.n, 2);
	assert_string_equal(r.o.reads.all[0], "a.pcap");
	assert_string_equal(r.o.reads.all[1], "-");
	assert_string_equal(r.o.filter, "tcp port 25");
	assert_true(port_set_has(&r.o.monitor.ports, 2525) &&
		    port_set_has(&r.o.monitor.ports, 465));
	assert_false(port_set_has(&r.o.monitor.ports, 25));
	assert_true(port_set_has(&r.o.monitor.tls_ports, 465) &&
		    port_set_has(&r.o.monitor.lmtp_ports, 24));
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
	assert_int_equal(r.o.redaction.mode, REDACT_NONE);
	assert_int_equal(r.o.outputs.n, 0);
	assert_string_equal(r.o.monitor.engine->name, "native");
	assert_null(r.o.filter);
	assert_int_equal(r.o.interfaces.n, 0);
	assert_int_equal(r.o.snaplen, 262144);
	assert_int_equal(r.o.buffer, 64 << 20);
	assert_int_equal(r.o.stats_interval, 60 * FRAME_SECOND);
	assert_int_equal(r.o.repeat, 60 * FRAME_SECOND);
	assert_int_equal(r.o.digest, -1);
	assert_false(r.o.promiscuous);
	assert_null(r.o.pid_file);
	reading_free(&r);
}

static void live_options(void **state)
{
	(void)state;
	struct reading r;

	reading_do(&r, "-i eth0 -i eth1 -s 9000 --buffer 1G --promiscuous --pid-file /run/w.pid "
		       "--stats-interval 5m --filter tcp "
		       "--repeat 0 "
		       "--digest 08:30");
	assert_string_equal(r.said, "");
	assert_int_equal(r.o.interfaces.n, 2);
	assert_string_equal(r.o.interfaces.all[1], "eth1");
	assert_int_equal(r.o.snaplen, 9000);
	assert_int_equal(r.o.buffer, 1 << 30);
	assert_true(r.o.promiscuous);
	assert_string_equal(r.o.pid_file, "/run/w.pid");
	assert_int_equal(r.o.stats_interval, 300 * FRAME_SECOND);
	assert_int_equal(r.o.repeat, 0);
	assert_int_equal(r.o.digest, 8 * 60 + 30);
	assert_string_equal(r.o.filter, "tcp");
	reading_free(&r);
}

static void the_engine_has_an_earlier_name(void **state)
{
	(void)state;
	static const char *const lines[] = {"-r a --engine nids --engine native",
					    "-r a --engine nids --engine own"};
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct reading r;
		reading_do(&r, lines[i]);
		assert_int_equal(r.errors, 0);
		assert_string_equal(r.o.monitor.engine->name, "native");
		reading_free(&r);
	}
}

static void limits_with_units(void **state)
{
	(void)state;
	struct reading r;

	reading_do(&r, "-r a --memory 2G --idle-timeout 30m --max-connections 1000 "
		       "--slow-acceptance 2m -- -r");
	assert_int_equal(r.errors, 0);
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

	reading_file(&r,
		     "# everything\n\n  read = a#1.pcap   # one\r\nread=b.pcap\n\toutput = "
		     "json:out.json\nports = 2525\nchecksum = yes\n"
		     "severity = clean=notice\nseverity = unknown=info\nredact = "
		     "hash\nslow-acceptance = 90",
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
	assert_int_equal(r.o.redaction.mode, REDACT_HASH);
	reading_free(&r);
}

static void the_command_line_goes_first(void **state)
{
	(void)state;
	struct reading r;

	reading_file(&r,
		     "read = a.pcap\noutput = json\nredact = all\nseverity = "
		     "clean=notice\nseverity = probe=error\n",
		     "-r b.pcap -o text --redact none --severity clean=info");
	assert_string_equal(r.said, "");
	assert_int_equal(r.o.reads.n, 1);
	assert_string_equal(r.o.reads.all[0], "b.pcap");
	assert_int_equal(r.o.outputs.n, 1);
	assert_string_equal(r.o.outputs.all[0], "text");
	assert_int_equal(r.o.redaction.mode, REDACT_NONE);
	assert_int_equal(r.o.alerting.of[VERDICT_CLEAN], SEVERITY_INFO);
	assert_int_equal(r.o.alerting.of[VERDICT_PROBE], SEVERITY_ERROR);
	reading_free(&r);
}

static void packets_come_from_what_the_command_line_says(void **state)
{
	(void)state;
	struct reading r;

	reading_file(&r, "interface = eth0\nfilter = port 25\nredact = hash\n", "-r a.pcap tcp");
	assert_string_equal(r.said, "");
	assert_int_equal(r.o.interfaces.n, 0);
	assert_string_equal(r.o.reads.all[0], "a.pcap");
	assert_string_equal(r.o.filter, "tcp");
	assert_int_equal(r.o.redaction.mode, REDACT_HASH);
	reading_free(&r);
}

/* Each mistake with its line and what would be right, all of them at once, from the first line to
 * the last. */
static void mistakes_in_a_file_have_a_line(void **state)
{
	(void)state;
	static const char text[] = "prots = 25\n"
				   "# fine\n"
				   "nonsense\n"
				   "config = x\n"
				   "checksum = maybe\n"
				   "ports = 25,x\n"
				   "redact =\n"
				   "checksum = no\n"
				   "ports = 25\n"
				   "severity = 421-idel=info\n"
				   "severity = 421-idle=bad\n"
				   "fail-on = \"error\"\n"
				   "interface = eth0\n"
				   "read = a.pcap\n"
				   "zzz = 1\n"
				   "[smtpwatch]\n"
				   "output = jsn:x\n"
				   "list-alerts = yes\n"
				   "buffer = 10\n";
	static const char *const said[] = {
		":1: there is no option \"prots\"; did you mean ports?",
		":3: \"nonsense\" is not of the form \"name = value\"",
		":4: config belongs on the command line",
		":5: checksum: \"maybe\" is neither yes nor no",
		":6: ports: \"x\" is no port; a list reads 25,",
		":7: redact: its none|local|hash|all is missing",
		":9: ports: a second time, after line 6",
		":10: severity: \"421-idel\" is no verdict or other alert; did you mean 421-idle?",
		":11: severity: \"bad\" is no severity; there are none, info,",
		":12: fail-on: a value stands without quotation marks",
		(":14: read (-r) judges captures, interface (-i) watches the network: one or the "
		 "other"),
		":15: there is no option \"zzz\"; smtpwatch --help shows them all",
		":16: \"[smtpwatch]\" is not of the form",
		":17: output: there is no output \"jsn:x\"; there are text, json",
		":18: list-alerts belongs on the command line",
		":19: buffer: \"10\" is no size of at least 1M"};
	struct reading r;
	const char *at;

	reading_file(&r, text, "-T");
	at = r.said;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		const char *found = strstr(at, said[i]);

		if (found == NULL)
			fail_msg("not said, or not in its place: %s\nin: %s", said[i], r.said);
		at = found;
	}
	assert_int_equal(r.errors, sizeof(said) / sizeof(said[0]));
	assert_false(r.o.monitor.insist_checksum);
	reading_free(&r);
}

/* A running program with a file, which is then written anew. */
struct reload {
	char path[32], name[16], option[8], ports[8];
	char *argv[5];
	struct options running, fresh;
	unsigned errors, held;
	char *said;
};

static void file_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_true(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void reload_do(struct reload *r, const char *before, const char *after)
{
	size_t n = 0;
	FILE *errors;

	*r = (struct reload){.name = "smtpwatch", .option = "-c", .ports = "-p2525"};
	memcpy(r->argv, (char *[]){r->name, r->option, r->path, r->ports, NULL}, sizeof(r->argv));
	snprintf(r->path, sizeof(r->path), "/tmp/smtpwatch-test-XXXXXX");
	close(mkstemp(r->path));
	file_write(r->path, before);
	assert_int_equal(options_read(&r->running, 4, r->argv, stderr), 0);
	file_write(r->path, after);
	errors = open_memstream(&r->said, &n);
	r->errors = options_reload(&r->running, &r->fresh, errors, &r->held);
	fclose(errors);
	unlink(r->path);
}

static void reload_free(struct reload *r)
{
	options_free(&r->fresh);
	free(r->said);
}

static void a_reload_takes_what_it_can(void **state)
{
	(void)state;
	struct reload r;

	reload_do(&r, "interface = eth0\nseverity = clean=notice\nbuffer = 8M\nworkers = 1\n",
		  "severity = probe=error\nmin-severity = info\ninterface = eth1\ninterface = "
		  "eth0\nworkers = 1 # "
		  "same\npromiscuous = yes\n"
		  "ports = 26\n");
	assert_int_equal(r.errors, 0);
	assert_int_equal(r.held, 3);
	/* What it has of the running one's are copies. */
	options_free(&r.running);
	assert_non_null(
		strstr(r.said, ": interface has changed; it stays as it was until a restart\n"));
	assert_non_null(strstr(r.said, ": buffer has changed"));
	assert_non_null(strstr(r.said, ": promiscuous has changed"));
	assert_int_equal(r.fresh.alerting.min, SEVERITY_INFO);
	assert_int_equal(r.fresh.alerting.of[VERDICT_CLEAN], SEVERITY_NONE);
	assert_int_equal(r.fresh.alerting.of[VERDICT_PROBE], SEVERITY_ERROR);
	assert_int_equal(r.fresh.interfaces.n, 1);
	assert_string_equal(r.fresh.interfaces.all[0], "eth0");
	assert_int_equal(r.fresh.buffer, 8 << 20);
	assert_false(r.fresh.promiscuous);
	assert_true(port_set_has(&r.fresh.monitor.ports, 2525) &&
		    !port_set_has(&r.fresh.monitor.ports, 26));
	reload_free(&r);
}

static void a_reload_of_the_same(void **state)
{
	(void)state;
	struct reload r;

	reload_do(&r, "interface = eth0\n",
		  "# now it says what was so anyway\ninterface = eth0\nsnaplen = 262144\n");
	assert_int_equal(r.errors, 0);
	assert_int_equal(r.held, 0);
	assert_string_equal(r.said, "");
	options_free(&r.running);
	assert_string_equal(r.fresh.interfaces.all[0], "eth0");
	reload_free(&r);
}

static void a_reload_with_mistakes(void **state)
{
	(void)state;
	struct reload r;

	reload_do(&r, "interface = eth0\n", "interface = eth1\nmin-severity = bad\nprots = 25\n");
	assert_int_equal(r.errors, 2);
	assert_int_equal(r.held, 0);
	assert_non_null(strstr(r.said, ":2: min-severity: "));
	assert_non_null(strstr(r.said, ":3: there is no option"));
	options_free(&r.running);
	reload_free(&r);
}

/* Without an interface it would have nothing to do: that is a mistake as at the start. */
static void a_reload_of_an_empty_file(void **state)
{
	(void)state;
	struct reload r;

	reload_do(&r, "interface = eth0\n", "");
	assert_int_equal(r.errors, 1);
	options_free(&r.running);
	reload_free(&r);
}

static void an_empty_file(void **state)
{
	(void)state;
	struct reading r;

	reading_file(&r, "", "-T");
	assert_int_equal(r.errors, 0);
	assert_int_equal(r.o.action, OPTIONS_CHECK);
	reading_free(&r);
}

static void help_comes_from_the_table(void **state)
{
	(void)state;
	static const char *const said[] = {"usage: smtpwatch -i INTERFACE",
					   "  -i, --interface INTERFACE ",
					   "  -r, --read FILE ",
					   "(default 64M)",
					   "      --fail-on SEVERITY ",
					   "(default 25,587)",
					   "(default native)",
					   "  text  ",
					   "  json  "};
	struct outbuf b = {0};

	options_help(&b);
	outbuf_char(&b, '\0');
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (strstr(b.p, said[i]) == NULL)
			fail_msg("not said: %s", said[i]);
	outbuf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(the_command_line_sets),
		cmocka_unit_test(defaults),
		cmocka_unit_test(live_options),
		cmocka_unit_test(the_engine_has_an_earlier_name),
		cmocka_unit_test(limits_with_units),
		cmocka_unit_test(a_file_sets),
		cmocka_unit_test(the_command_line_goes_first),
		cmocka_unit_test(packets_come_from_what_the_command_line_says),
		cmocka_unit_test(mistakes_in_a_file_have_a_line),
		cmocka_unit_test(a_reload_takes_what_it_can),
		cmocka_unit_test(a_reload_of_the_same),
		cmocka_unit_test(a_reload_with_mistakes),
		cmocka_unit_test(a_reload_of_an_empty_file),
		cmocka_unit_test(an_empty_file),
		cmocka_unit_test(help_comes_from_the_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
