/* test_helper_process.c - what a process of its own does: commands without a shell, in bounded
 * number and time; and that nothing of it waits or lingers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "format/fields.h"
#include "lib/clock.h"
#include "lib/hostile.h"
#include "lib/peer.h"
#include "lib/within.h"
#include "sink/sink.h"
#include "smtpwatch/frame.h"
#include "smtpwatch/verdict.h"
#include "transport/helper_exec.h"
#include "transport/helper_process.h"

static const struct run_mode live = {.live = true}, offline;

static void has(const char *text, const char *want)
{
	if (strstr(text, want) == NULL)
		fail_msg("not there: %s\nin: %s", want, text);
}

/* A script in the peer's folder; its path into *path. What it writes to a file "out" beside it can
 * be read by script_out. */
static void script(struct peer *p, const char *body, char path[128])
{
	FILE *f;

	snprintf(path, 128, "%s/script", p->dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\ncd %s\n%s\n", p->dir, body);
	fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(chmod(p->dir, 0777), 0);
}

static char *script_out(struct peer *p)
{
	char path[128], *text = NULL;
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/out", p->dir);
	f = fopen(path, "r");
	if (f == NULL || getdelim(&text, &n, '\0', f) < 0) {
		free(text);
		text = calloc(1, 1);
	}
	if (f != NULL)
		fclose(f);
	return text;
}

static void script_free(struct peer *p)
{
	static const char *const names[] = {"script", "out", "owned"};
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", p->dir, names[i]);
		unlink(path);
	}
	peer_free(p);
}

struct words_row {
	const char *text;
	const char *words; /* joined by "|"; NULL: it is no command */
};

static const struct words_row commands[] = {
	{"/bin/echo", "/bin/echo"},
	{"  /bin/echo  a\tb ", "/bin/echo|a|b"},
	{"/bin/echo 'two words' \"and 'two' more\"", "/bin/echo|two words|and 'two' more"},
	{"/bin/echo a'b c'd \"\" ''", "/bin/echo|ab cd||"},
	{"/bin/echo $HOME ; rm * \\ `id`", "/bin/echo|$HOME|;|rm|*|\\|`id`"},
	{"echo x", "echo|x"},
	{"/bin/echo 'open", NULL},
	{"/bin/echo \"open", NULL},
	{"", NULL},
	{"   ", NULL},
	{"/no/such/command", NULL},
	{"no-such-command-anywhere", NULL},
	{"/etc/passwd", NULL},
};

static void commands_are_split_without_a_shell(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct exec_command c;
		struct error why = {0};
		char joined[256] = "";

		assert_int_equal(exec_command_read(&c, commands[i].text, &why),
				 commands[i].words != NULL);
		assert_int_equal(why.text[0] != '\0', commands[i].words == NULL);
		for (size_t w = 0; commands[i].words != NULL && c.argv[w] != NULL; w++) {
			strncat(joined, w > 0 ? "|" : "", sizeof(joined) - strlen(joined) - 1);
			strncat(joined, c.argv[w], sizeof(joined) - strlen(joined) - 1);
		}
		if (commands[i].words != NULL)
			assert_string_equal(joined, commands[i].words);
		exec_command_free(&c);
	}
}

/* Opens exec:SCRIPT ARGUMENTS; what the target points to lives in *target. */
static void *exec_open(const char *path, const char *arguments, const struct run_mode *mode,
		       char target[256])
{
	struct error why = {0};
	void *self;

	snprintf(target, 256, "%s %s", path, arguments);
	self = sink_exec.open(target, mode, &why);
	if (self == NULL)
		fail_msg("%s", why.text);
	return self;
}

static void a_command_gets_facts_and_json(void **state)
{
	(void)state;
	char path[128], target[256], *out;
	struct peer p;
	struct made m;
	struct transaction *t;
	void *self;

	peer_init(&p, SOCK_STREAM);
	script(&p, "{ printf '<%s>' \"$@\"; env; cat; } >out", path);
	made_init(&m);
	t = made_message(&m, FATE_FALSELY_ACCEPTED, "a@example.org", "b@example.net");
	made_string(&m, &t->strings, STRING_QUEUE_ID, 0, "4Qx1");
	made_report(&m);
	self = exec_open(path, "--mail 'two words' $HOME", &offline, target);
	assert_true(sink_exec.record(self, &m.report));
	assert_true(sink_exec.close(self));
	out = script_out(&p);
	has(out, "<--mail><two words><$HOME>");
	has(out, "\nSMTPWATCH_VERDICT=221-for-message\n");
	has(out, "\nSMTPWATCH_SEVERITY=critical\n");
	has(out, "\nSMTPWATCH_SERVER=198.51.100.25:25\n");
	has(out, "\nSMTPWATCH_QUEUE_ID=4Qx1\n");
	has(out, "\nSMTPWATCH_FROM=a@example.org\n");
	has(out, "\nPATH=/usr/local/sbin:");
	has(out, "{\"timestamp\":\"2026-11-23T10:00:03.250000Z\",\"event_type\":\"alert\",\"id\":"
		 "\"5d504a0766fa7cb2-221-for-message\",\"src_"
		 "ip\":\"192.0.2.10\"");
	has(out, "\"alert\":{\"signature\":\"221-for-message\",\"category\":\"221 before "
		 "acceptance\",\"severity\":1}}\n");
	assert_null(strstr(out, "HOME="));
	free(out);
	made_free(&m);
	script_free(&p);
}

static void only_alerts_run_a_command(void **state)
{
	(void)state;
	char path[128], target[256], *out;
	struct peer p;
	struct made m;
	void *self;

	peer_init(&p, SOCK_STREAM);
	script(&p, "echo $SMTPWATCH_VERDICT $SMTPWATCH_REPEATED >>out", path);
	made_init(&m);
	self = exec_open(path, "", &offline, target);
	made_verdict(&m, VERDICT_CLEAN, 0);
	assert_true(sink_exec.record(self, &m.report));
	made_verdict(&m, VERDICT_221_FOR_MESSAGE, 0);
	m.report.limited = m.report.raised;
	m.report.raised = 0;
	assert_true(sink_exec.record(self, &m.report));
	assert_true(
		sink_exec.repeat(self, &(struct throttle_repeat){.kind = VERDICT_221_FOR_MESSAGE,
								 .count = 17,
								 .since = m.conn.start,
								 .until = m.record.end,
								 .worst = SEVERITY_CRITICAL,
								 .latest = &m.report}));
	assert_true(sink_exec.close(self));
	out = script_out(&p);
	assert_string_equal(out, "221-for-message 17\n");
	free(out);
	made_free(&m);
	script_free(&p);
}

/* Each is one variable with one value, as it was escaped; nothing of it is executed. */
static void hostile_names_run_nothing(void **state)
{
	(void)state;
	char path[128], target[256], *out;
	unsigned n = 0, vars = 0;
	struct peer p;
	struct made m;
	void *self;

	peer_init(&p, SOCK_STREAM);
	script(&p, "tr '\\0\\n' '\\n\\n' </proc/self/environ >>out", path);
	self = exec_open(path, "", &offline, target);
	for (; hostile_text(n) != NULL; n++) {
		hostile_make(&m, bytes_str(hostile_text(n)));
		assert_true(sink_exec.record(self, &m.report));
		made_free(&m);
	}
	assert_true(sink_exec.close(self));
	out = script_out(&p);
	for (char *line = strtok(out, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		vars += strncmp(line, "SMTPWATCH_FROM=", 15) == 0;
		assert_true(strncmp(line, "SMTPWATCH_", 10) == 0 ||
			    strncmp(line, "PATH=/usr", 9) == 0 || strncmp(line, "PWD=", 4) == 0 ||
			    strncmp(line, "OLDPWD=", 7) == 0 || strncmp(line, "_=", 2) == 0 ||
			    strncmp(line, "SHLVL=", 6) == 0);
	}
	assert_int_equal(vars, n);
	assert_int_equal(access("/tmp/owned", F_OK), -1);
	free(out);
	script_free(&p);
}

/* What somebody who has taken over the program would send: names that other programs obey, and what
 * only looks like a fact. */
static const char foreign[] = "LD_PRELOAD=/tmp/owned.so\0BASH_ENV=/tmp/owned\0ENV=/tmp/"
			      "owned\0PATH=/tmp\0IFS=T\0BASH_FUNC_env%%=() { :; }\0SMTPWATCH_\0"
			      "SMTPWATCH_FROM\0SMTPWATCH_=1\0SMTPWATCH_FUNC%%=() { :; "
			      "}\0xSMTPWATCH_FROM=1\0smtpwatch_from=1\0=1";

/* Sends a job of two facts and, between them, these strings; returns the environment that the
 * command had. */
static char *job_of(struct peer *p, const char *strings, size_t n, uint64_t *lost)
{
	struct error why;
	char path[128];
	struct exec_command c;
	struct helper *helper;
	int64_t begin = clock_ms();

	script(p, "tr '\\0' '\\n' </proc/$$/environ >>out", path);
	assert_true(exec_command_read(&c, path, &why));
	c.variable = alert_field_is_variable;
	helper = helper_start("exec", &live, helper_exec_work, &c, &why);
	assert_non_null(helper);
	outbuf_str(helper_job(helper), "SMTPWATCH_FROM=a=b");
	outbuf_bytes(helper_job(helper), "", 1);
	outbuf_bytes(helper_job(helper), strings, n);
	outbuf_bytes(helper_job(helper), "SMTPWATCH_QUEUE_ID=4Qx1\0\0x", 26);
	assert_true(helper_send(helper));
	for (*lost = 0; *lost == 0 && clock_ms() - begin < 2000; nap()) {
		struct pollfd f;

		helper_flush(helper);
		if (helper_poll(helper, &f) > 0 && poll(&f, 1, 10) > 0)
			helper_ready(helper, &f);
		*lost = helper_counts(helper).lost;
	}
	helper_close(helper);
	exec_command_free(&c);
	return script_out(p);
}

static void only_facts_become_variables(void **state)
{
	(void)state;
	static const char path[] =
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n";
	char want[512], *out;
	uint64_t lost;
	struct peer p;

	snprintf(want, sizeof(want), "%sSMTPWATCH_FROM=a=b\nSMTPWATCH_QUEUE_ID=4Qx1\n", path);
	peer_init(&p, SOCK_STREAM);
	out = job_of(&p, foreign, sizeof(foreign), &lost);
	assert_string_equal(out, want);
	assert_int_equal(lost, 1);
	assert_int_equal(peer_said(&p, "is no variable for a command"), 1);
	assert_int_equal(peer_said(&p, "\"LD_PRELOAD\" is no variable"), 1);
	free(out);
	script_free(&p);
	peer_init(&p, SOCK_STREAM);
	out = job_of(&p, "", 0, &lost);
	assert_string_equal(out, want);
	assert_int_equal(lost, 0);
	assert_int_equal(peer_said(&p, "is no variable"), 0);
	free(out);
	script_free(&p);
}

/* A helper_work that gives a command a second. */
static void work_briefly(int fd, const void *arg)
{
	struct exec_command brief = *(const struct exec_command *)arg;

	brief.seconds = 1;
	helper_exec_work(fd, &brief);
}

/* A helper_work that says what it took: how long it is, how it begins and ends. */
static void work_sizes(int fd, const void *arg)
{
	static uint8_t job[HELPER_JOB_MAX];
	size_t n;

	(void)arg;
	while ((n = helper_take(fd, job)) > 0) {
		fprintf(stderr, "took %zu: %c%c\n", n, job[0], job[n - 1]);
		helper_report(fd, (struct helper_report){.done = 1});
	}
}

/* Jobs of all sizes, one behind the other; each as it was. One that is longer than any may be is
 * lost alone. */
static void jobs_of_all_sizes_arrive(void **state)
{
	(void)state;
	static const size_t sizes[] = {
		1, 3, 4, 5, 65536, HELPER_JOB_MAX, 2, HELPER_JOB_MAX + 1, 212992, 7};
	static const struct run_mode *const modes[] = {&offline, &live};
	struct error why;
	char want[64];

	for (size_t k = 0; k < 2; k++) {
		struct helper *helper;
		struct peer p;

		peer_init(&p, SOCK_STREAM);
		helper = helper_start("made", modes[k], work_sizes, NULL, &why);
		assert_non_null(helper);
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			for (size_t n = 0; n < sizes[i]; n++)
				outbuf_char(helper_job(helper),
					    (char)(n + 1 < sizes[i] ? 'a' + i : 'z'));
			assert_true(helper_send(helper));
		}
		assert_int_equal(helper_counts(helper).lost, 1);
		assert_int_equal(helper_close(helper), modes[k]->live);
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			snprintf(want, sizeof(want), "took %zu: %cz", sizes[i],
				 (char)(sizes[i] > 1 ? 'a' + i : 'z'));
			assert_int_equal(peer_said(&p, want), sizes[i] <= HELPER_JOB_MAX);
		}
		assert_int_equal(peer_said(&p, "too long"), 1);
		peer_free(&p);
	}
}

/* What a process that reads it gets of a job, which is stopped when half of it has come, and goes
 * on then. */
static void a_job_is_taken_by_one_that_is_stopped(void **state)
{
	(void)state;
	static uint8_t job[HELPER_JOB_MAX];
	const uint32_t n = 100000;
	int pair[2], status = 0;
	pid_t reader;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	reader = fork();
	if (reader == 0) {
		close(pair[0]);
		_exit(helper_take(pair[1], job) == n && job[0] == 'a' && job[n - 1] == 'z' ? 0 : 1);
	}
	close(pair[1]);
	memset(job, 'a', n / 2);
	memset(job + n / 2, 'z', n / 2);
	assert_int_equal(send(pair[0], &n, sizeof(n), 0), sizeof(n));
	assert_int_equal(send(pair[0], job, n / 2, 0), n / 2);
	/* until it waits for the rest */
	for (int left = 1; left > 0; nap())
		assert_int_equal(ioctl(pair[0], SIOCOUTQ, &left), 0);
	kill(reader, SIGSTOP);
	assert_int_equal(waitpid(reader, &status, WUNTRACED), reader);
	assert_true(WIFSTOPPED(status));
	kill(reader, SIGCONT);
	assert_int_equal(send(pair[0], job + n / 2, n / 2, MSG_NOSIGNAL), n / 2);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(pair[0]);
}

static void command_that_hangs_is_killed(void **state)
{
	(void)state;
	struct error why;
	char path[128], *out;
	struct exec_command c;
	struct helper *helper;
	struct peer p;
	int64_t begin = clock_ms();

	peer_init(&p, SOCK_STREAM);
	script(&p,
	       "[ $SMTPWATCH_N = 2 ] && { echo done >>out; exit 0; }; sleep 60 & wait; echo late "
	       ">>out",
	       path);
	assert_true(exec_command_read(&c, path, &why));
	c.variable = alert_field_is_variable;
	helper = helper_start("exec", &live, work_briefly, &c, &why);
	assert_non_null(helper);
	for (char n = '1'; n <= '2'; n++) {
		outbuf_format(helper_job(helper), "SMTPWATCH_N=%c", n);
		outbuf_bytes(helper_job(helper), "\0\0x", 3);
		assert_true(helper_send(helper));
	}
	assert_true(clock_ms() - begin < 500); /* the program waits for nothing */
	assert_false(helper_close(helper));
	assert_within(clock_ms() - begin, 900, 4000);
	out = script_out(&p);
	assert_string_equal(out, "done\n");
	free(out);
	assert_int_equal(peer_said(&p, "killed, because it still ran"), 1);
	exec_command_free(&c);
	script_free(&p);
}

/* Of many at once few run, and every one has its turn. */
static void few_run_at_once_and_none_is_forgotten(void **state)
{
	(void)state;
	enum { JOBS = 40 };
	char path[128], target[256], *out;
	struct peer p;
	struct made m;
	void *self;
	int running = 0, most = 0, ended = 0;

	peer_init(&p, SOCK_STREAM);
	script(&p, "echo + >>out; sleep 0.02; echo - >>out", path);
	made_init(&m);
	self = exec_open(path, "", &live, target);
	for (unsigned i = 0; i < JOBS; i++)
		assert_true(sink_exec.record(self, &m.report));
	assert_true(sink_exec.flush(self));
	assert_true(sink_exec.close(self));
	out = script_out(&p);
	for (const char *c = out; *c != '\0'; c++) {
		running += *c == '+' ? 1 : *c == '-' ? -1 : 0;
		most = running > most ? running : most;
		ended += *c == '-';
	}
	assert_int_equal(ended, JOBS);
	assert_within(most, 1, EXEC_MAX);
	free(out);
	made_free(&m);
	script_free(&p);
}

static void a_command_that_fails_is_said_once_and_counted(void **state)
{
	(void)state;
	char path[128], target[256];
	struct sink_counts loss = {0};
	struct peer p;
	struct made m;
	void *self;

	peer_init(&p, SOCK_STREAM);
	script(&p, "exit 3", path);
	made_init(&m);
	self = exec_open(path, "", &live, target);
	for (unsigned i = 0; i < 5; i++)
		assert_true(sink_exec.record(self, &m.report));
	for (unsigned i = 0; i < 500 && loss.lost < 5; i++) {
		struct pollfd f;

		sink_exec.flush(self);
		if (sink_exec.poll(self, &f) > 0 && poll(&f, 1, 10) > 0)
			sink_exec.ready(self, &f);
		sink_exec.counts(self, &loss);
	}
	assert_int_equal(loss.lost, 5);
	assert_int_equal(loss.offered, 5);
	assert_int_equal(loss.written, 0);
	assert_int_equal(peer_said(&p, "ended with status 3"), 1);
	assert_true(sink_exec.close(self));
	assert_int_equal(peer_said(&p, "records offered: 5, written: 0, lost: 5"), 1);
	made_free(&m);
	script_free(&p);
}

/* Nothing of the program's is open in a command, and root is gone. */
static void a_command_inherits_nothing(void **state)
{
	(void)state;
	const struct run_mode mode = {
		.live = true, .become = geteuid() == 0, .uid = 65534, .gid = 65534};
	char path[128], target[256], *out, want[64];
	struct peer p;
	struct made m;
	void *self;
	int secret = open("/etc/passwd", O_RDONLY);

	peer_init(&p, SOCK_STREAM);
	script(&p,
	       "{ id -u; id -G; ls -l /proc/$$/fd; grep -e SigIgn -e NoNewPrivs /proc/$$/status; } "
	       ">out 2>&1",
	       path);
	made_init(&m);
	self = exec_open(path, "", &mode, target);
	assert_true(sink_exec.record(self, &m.report));
	assert_true(sink_exec.close(self));
	out = script_out(&p);
	snprintf(want, sizeof(want), "%u\n%u\n", geteuid() == 0 ? 65534U : geteuid(),
		 geteuid() == 0 ? 65534U : getegid());
	if (geteuid() == 0)
		assert_memory_equal(out, want, strlen(want));
	assert_null(strstr(out, "passwd"));
	assert_null(strstr(out, "socket:"));
	has(out, "0 -> /memfd:smtpwatch-alert");
	has(out, "NoNewPrivs:\t1");
	has(out, "SigIgn:\t");
	assert_int_equal(strtoull(strstr(out, "SigIgn:") + 8, NULL, 16) & 0x7fffffff,
			 0); /* above: the C library's own */
	free(out);
	close(secret);
	made_free(&m);
	script_free(&p);
}

/* Where the program is killed, its helper and what that runs go too. */
static void it_dies_with_the_program(void **state)
{
	(void)state;
	char path[128], target[256];
	int64_t begin = clock_ms();
	struct peer p;
	pid_t program, command = 0;

	peer_init(&p, SOCK_STREAM);
	script(&p, "echo $$ >out; exec sleep 60", path);
	program = fork();
	if (program == 0) {
		struct made m;
		void *self;

		made_init(&m);
		self = exec_open(path, "", &live, target);
		sink_exec.record(self, &m.report);
		sink_exec.flush(self);
		for (;;)
			pause();
	}
	while (command == 0 && clock_ms() - begin < 5000) {
		char *out = script_out(&p);

		command = (pid_t)strtol(out, NULL, 10);
		free(out);
		nap();
	}
	assert_true(command > 0);
	assert_int_equal(kill(command, 0), 0);
	kill(program, SIGKILL);
	waitpid(program, NULL, 0);
	/* A zombie that nobody reaps can still be sent signals: in a container that has no init. */
	for (begin = clock_ms(); kill(command, 0) == 0 && clock_ms() - begin < 5000; nap()) {
		char status[64], text[256] = "";
		FILE *f;

		snprintf(status, sizeof(status), "/proc/%d/stat", (int)command);
		f = fopen(status, "r");
		if (f == NULL)
			break;
		if (fgets(text, sizeof(text), f) != NULL && strstr(text, ") Z ") != NULL)
			begin = -10000;
		fclose(f);
	}
	assert_true(begin < 0 || clock_ms() - begin < 5000);
	script_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_split_without_a_shell),
		cmocka_unit_test(a_command_gets_facts_and_json),
		cmocka_unit_test(only_alerts_run_a_command),
		cmocka_unit_test(hostile_names_run_nothing),
		cmocka_unit_test(only_facts_become_variables),
		cmocka_unit_test(jobs_of_all_sizes_arrive),
		cmocka_unit_test(a_job_is_taken_by_one_that_is_stopped),
		cmocka_unit_test(command_that_hangs_is_killed),
		cmocka_unit_test(few_run_at_once_and_none_is_forgotten),
		cmocka_unit_test(a_command_that_fails_is_said_once_and_counted),
		cmocka_unit_test(a_command_inherits_nothing),
		cmocka_unit_test(it_dies_with_the_program),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
