/* helper_exec.c - the process that runs commands: a few at once, each for a limited time. */
#include "transport/helper_exec.h"

#include "base/log.h"
#include "text/clock.h"
#include "transport/helper_process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const folders[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
				      "/usr/bin",        "/sbin",          "/bin"};
/* Of a string that is no variable, what is told: these characters, and so many at most. */
enum { SHOWN_MAX = 40 };
static const char shown[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
static char path_variable[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* One word, its quotation marks taken out in place; *at goes behind it. False: a mark that is never
 * closed. */
static bool word_read(char **at, char **word)
{
	char *to = *at, *from = *at, mark = '\0';
	*word = to;
	for (; *from != '\0' && (mark != '\0' || (*from != ' ' && *from != '\t')); from++) {
		if (mark == '\0' && (*from == '\'' || *from == '"'))
			mark = *from;
		else if (*from == mark)
			mark = '\0';
		else
			*to++ = *from;
	}
	*at = *from != '\0' ? from + 1 : from;
	*to = '\0';
	return mark == '\0';
}

/* In place of the first word, the path that it is found at. */
static bool command_find(struct exec_command *c)
{
	char path[4096];
	if (strchr(c->argv[0], '/'))
		return access(c->argv[0], X_OK) == 0;
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", folders[i], c->argv[0]);
		if (access(path, X_OK) == 0) {
			c->argv[EXEC_WORDS] = strdup(path);
			return c->argv[EXEC_WORDS];
		}
	}
	errno = ENOENT;
	return false;
}

bool exec_command_split(struct exec_command *c, const char *text, struct error *why)
{
	size_t n = 0;
	char *at;
	*c = (struct exec_command){.name = text, .seconds = EXEC_SECONDS, .text = strdup(text)};
	for (at = c->text; at && *(at += strspn(at, " \t")) != '\0' && n < EXEC_WORDS - 1; n++)
		if (!word_read(&at, &c->argv[n]))
			return error_set(why, "\"%.200s\" has a quotation mark that is not closed",
					 text);
	if (n == 0 || n == EXEC_WORDS - 1)
		return error_set(
			why,
			"exec wants a command of 1 to %d words: exec:/path/to/command ARGUMENT ...",
			EXEC_WORDS - 2);
	return true;
}

bool exec_command_find(struct exec_command *c, struct error *why)
{
	if (command_find(c))
		return true;
	return error_set(why, "cannot run %.200s: %s", c->argv[0], strerror(errno));
}

bool exec_command_read(struct exec_command *c, const char *text, struct error *why)
{
	return exec_command_split(c, text, why) && exec_command_find(c, why);
}

void exec_command_free(struct exec_command *c)
{
	free(c->argv[EXEC_WORDS]);
	free(c->text);
}

struct running {
	pid_t pid;   /* 0: this place is free */
	int64_t end; /* milliseconds: it is killed then */
	bool killed;
	bool part; /* it did not get all facts */
};

struct exec_state {
	const struct exec_command *command;
	int fd, children; /* the second tells of the ends of commands */
	bool ended;       /* no more jobs come */
	bool failing;     /* that has been said */
	bool dropping;    /* likewise */
	struct running running[EXEC_MAX];
	uint8_t job[HELPER_JOB_MAX + 1];
};

/* The command did not do it. */
static void fail(struct exec_state *r, const char *what, int value)
{
	if (!r->failing)
		log_line("exec:%s: %s %d; said once until it succeeds again", r->command->name,
			 what, value);
	r->failing = true;
	helper_report(r->fd, (struct helper_report){.lost = 1});
}

/* A string of a job is left out. */
static void drop(struct exec_state *r, const char *text)
{
	size_t n = strspn(text, shown);
	if (!r->dropping)
		log_line("exec:%s: \"%.*s\" is no variable for a command, and is left out; said "
			 "once",
			 r->command->name, (int)(n < SHOWN_MAX ? n : SHOWN_MAX), text);
	r->dropping = true;
}

/* A file in memory, at its beginning, because a command need not read all of its input, or any. */
static int input_make(struct bytes input)
{
	int fd = memfd_create("smtpwatch-alert", MFD_CLOEXEC);
	while (fd >= 0 && input.n > 0) {
		ssize_t n = write(fd, input.p, input.n);
		if (n <= 0) {
			close(fd);
			return -1;
		}
		input = bytes_from(input, (size_t)n);
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

/* In the new process. */
static void become_command(const struct exec_command *c, int input, char **env)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGPIPE, SIGXFSZ};
	sigset_t none;
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(input, STDIN_FILENO) >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
		execve(c->argv[EXEC_WORDS] ? c->argv[EXEC_WORDS] : c->argv[0], c->argv, env);
	_exit(127);
}

/*
 * The job's strings become an environment; what stands behind them is the input. Only the command's
 * variables are taken: another name (LD_PRELOAD, BASH_ENV) would decide what the command does, for
 * whoever has taken over the program and may not run commands there.
 */
static struct bytes job_split(struct exec_state *r, size_t n, char **env, bool *part)
{
	struct bytes left = bytes_of(r->job, n);
	size_t vars = 0;
	env[vars++] = path_variable;
	while (left.n > 0 && left.p[0] != '\0') {
		char *text = (char *)r->job + (left.p - r->job);
		if (vars < EXEC_ENV && r->command->variable && r->command->variable(text))
			env[vars++] = text;
		else {
			drop(r, text);
			*part = true;
		}
		left = bytes_from(left, strlen(text) + 1);
	}
	env[vars] = NULL;
	return left.n > 0 ? bytes_from(left, 1) : left;
}

static void job_start(struct exec_state *r, size_t n, struct running *place)
{
	char *env[EXEC_ENV + 1];
	bool part = false;
	struct bytes rest = job_split(r, n, env, &part);
	int input = input_make(rest);
	place->pid = input >= 0 ? fork() : -1;
	if (place->pid == 0)
		become_command(r->command, input, env);
	if (place->pid < 0) {
		place->pid = 0;
		fail(r, "could not be started, error", errno);
	} else {
		*place = (struct running){.pid = place->pid,
					  .end = clock_ms() + r->command->seconds * INT64_C(1000),
					  .part = part};
	}
	if (input >= 0)
		close(input);
}

static struct running *free_place(struct exec_state *r)
{
	for (size_t i = 0; i < EXEC_MAX; i++)
		if (r->running[i].pid == 0)
			return &r->running[i];
	return NULL;
}

static void command_ended(struct exec_state *r, const struct running *place, int status)
{
	if (place->killed)
		fail(r, "killed, because it still ran after so many seconds:", r->command->seconds);
	else if (WIFSIGNALED(status))
		fail(r, "ended by signal", WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		fail(r, "ended with status", WEXITSTATUS(status));
	else {
		r->failing = false;
		/* An alert without a fact counts as lost. */
		helper_report(r->fd,
			      (struct helper_report){.done = !place->part, .lost = place->part});
	}
}

/* Those that have ended make room. */
static void reap(struct exec_state *r)
{
	struct signalfd_siginfo info;
	ssize_t n = read(r->children, &info, sizeof info);
	int status;
	(void)n; /* which of them it was is asked below: several ends may be one signal */
	for (size_t i = 0; i < EXEC_MAX; i++)
		if (r->running[i].pid > 0 &&
		    waitpid(r->running[i].pid, &status, WNOHANG) == r->running[i].pid) {
			command_ended(r, &r->running[i], status);
			r->running[i].pid = 0;
		}
}

/* Kills those whose time is over. Milliseconds until the next one's is; -1: none runs. */
static int kill_late(struct exec_state *r)
{
	int64_t now = clock_ms(), wait = -1;
	for (size_t i = 0; i < EXEC_MAX; i++) {
		struct running *one = &r->running[i];
		if (one->pid == 0)
			continue;
		if (now >= one->end) {
			/* its children too, where it has not left its group */
			kill(-one->pid, SIGKILL);
			kill(one->pid, SIGKILL);
			one->killed = true;
			one->end = now + 1000;
		}
		if (wait < 0 || one->end - now < wait)
			wait = one->end - now;
	}
	return (int)wait;
}

/* False: everything is done. */
static bool exec_turn(struct exec_state *r)
{
	struct running *place = free_place(r);
	struct pollfd p[2] = {{.fd = r->children, .events = POLLIN},
			      {.fd = !r->ended && place ? r->fd : -1, .events = POLLIN}};
	int wait = kill_late(r);
	if (r->ended && wait < 0)
		return false;
	if (poll(p, 2, wait) <= 0)
		return true;
	if (p[0].revents != 0)
		reap(r);
	if (p[1].revents != 0 && place) {
		size_t n = helper_take(r->fd, r->job);
		r->ended = n == 0;
		r->job[n] = '\0';
		if (n > 0)
			job_start(r, n, place);
	}
	return true;
}

void helper_exec_work(int fd, const void *arg)
{
	struct exec_state *r = calloc(1, sizeof *r);
	sigset_t children;
	if (!r)
		return;
	r->command = arg;
	r->fd = fd;
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	r->children = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	while (r->children >= 0 && exec_turn(r))
		;
	free(r);
}
