/* main.c - smtpwatch-keys: starts the process that reads, and stays as the one that attaches. */
#include "base/log.h"
#include "keys/broker.h"
#include "keys/check.h"
#include "keys/options.h"
#include "keys/reader.h"
#include "os/privilege.h"
#include "os/sandbox.h"
#include "os/service.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* As smtpwatch's: 0: done; 2: a mistake of the command line; 3: trouble. END_MS: how long the other
 * process may take to end. */
enum { DONE = 0, USAGE = 2, TROUBLE = 3, END_MS = 5000 };

/* A run, before and after the processes part. */
struct start {
	const struct keys_options *o;
	struct probe *probe;
	struct output output;
	int named[FINDER_NAMED];
	int socket[2]; /* broker, reader */
	int stop;      /* readable: SIGINT or SIGTERM */
	struct check *check;
};

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n >= m && strcmp(text + n - m, end) == 0;
}

static bool output_start(struct start *s)
{
	struct error why = {0};
	const struct group *group = getgrnam("smtpwatch");
	const char *path = s->o->output;
	if (s->check)
		path = check_fifo(s->check);
	if (output_open(&s->output, path, ends_with(path, ".fifo"), group ? group->gr_gid : 0,
			&why))
		return true;
	log_line("%s", why.text);
	return false;
}

static bool named_open(struct start *s)
{
	for (unsigned i = 0; i < s->o->wishes.named; i++) {
		s->named[i] = open(s->o->names[i], O_PATH | O_CLOEXEC);
		if (s->named[i] < 0) {
			log_line("--library %.200s: %s", s->o->names[i], strerror(errno));
			return false;
		}
	}
	return true;
}

/* SIGINT and SIGTERM become readable; the reader ends when this process closes the socket. */
static bool signals_take(struct start *s)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	s->stop = signalfd(-1, &set, SFD_CLOEXEC);
	return s->stop >= 0 &&
	       socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s->socket) == 0;
}

/* The process without rights. */
static int reader(struct start *s)
{
	struct error why = {0};
	close(s->socket[0]);
	close(s->stop);
	prctl(PR_SET_NAME, "smtpwatch-keys");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!privilege_drop(s->o->user, PRIVILEGE_KEEP_NONE, &why) ||
	    !sandbox_enter(SANDBOX_PROGRAM, NULL, &why)) {
		log_line("%s", why.text);
		return TROUBLE;
	}
	struct reader_work work = {.probe = s->probe,
				   .fd = s->socket[1],
				   .output = &s->output,
				   .wishes = &s->o->wishes,
				   .report = s->check ? CHECK_SETTLES : 0};
	return reader_run(&work);
}

/* Waits for the reader's end, which it was told of. Returns its exit code. */
static int reader_end(pid_t pid)
{
	int status = 0;
	pid_t ended = 0;
	for (int ms = 0; ended == 0 && ms < END_MS; ms += 20) {
		ended = waitpid(pid, &status, WNOHANG);
		if (ended == 0)
			poll(NULL, 0, 20);
	}
	if (ended == 0) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	log_line("the process that reads was ended by signal %d", WTERMSIG(status));
	return TROUBLE;
}

static void ready(void)
{
	service_ready("reads the secrets of TLS");
	check_go();
}

/* The process that attaches, until it is told to stop or the reader ends. */
static int broker(struct start *s, pid_t pid)
{
	struct error why = {0};
	close(s->socket[1]);
	output_leave(&s->output);
	if (!privilege_drop(s->o->user, PRIVILEGE_KEEP_ATTACH, &why)) {
		log_line("%s", why.text);
		close(s->socket[0]);
		reader_end(pid);
		return TROUBLE;
	}
	struct broker b = {.probe = s->probe,
			   .fd = s->socket[0],
			   .named = s->named,
			   .n = s->o->wishes.named,
			   .ready = ready};
	bool stopped = broker_serve(&b, s->check ? check_end(s->check) : s->stop);
	service_stopping();
	close(s->socket[0]);
	int code = reader_end(pid);
	if (!stopped && code == DONE)
		log_line("the process that reads has ended");
	return stopped ? code : TROUBLE;
}

static int run(struct start *s)
{
	struct error why = {0};
	/* The helper of --check comes first: it has no descriptors of the others. */
	if (s->o->action == KEYS_CHECK && !(s->check = check_new(s->o, &why))) {
		log_line("%s", why.text);
		return TROUBLE;
	}
	if (!output_start(s) || !named_open(s))
		return USAGE;
	s->probe = probe_load(s->o->wishes.ports.bits, &why);
	if (!s->probe) {
		log_line("%s", why.text);
		return TROUBLE;
	}
	if (s->check)
		puts("The kernel takes the programs of smtpwatch-keys.");
	fflush(stdout);
	if (!signals_take(s)) {
		log_line("%s", strerror(errno));
		return TROUBLE;
	}
	pid_t pid = fork();
	if (pid == 0)
		_exit(reader(s));
	if (pid > 0)
		return broker(s, pid);
	log_line("no process can be made: %s", strerror(errno));
	return TROUBLE;
}

int main(int argc, char **argv)
{
	static struct keys_options o;
	static struct start s = {.o = &o};
	log_name("smtpwatch-keys");
	if (!keys_options_read(&o, argc, argv))
		return USAGE;
	if (o.action == KEYS_PRINTED)
		return DONE;
	if (o.action == KEYS_TEST) {
		puts("command line: no mistakes");
		return DONE;
	}
	int code = run(&s);
	check_free(s.check);
	probe_free(s.probe);
	return code;
}
