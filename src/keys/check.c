/* check.c - smtpwatch itself tells what it could read. */
#include "keys/check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* PATH: bytes of a path. LINE: the longest record of smtpwatch that is looked at. */
enum { PATH = 256, LINE = 64 << 10 };

struct check {
	char folder[PATH], fifo[PATH + 16];
	int go, end; /* pipes to and from the process */
};

/* Where check_go writes: the broker calls it at a time that the reader tells. */
static int go_to = -1;

/* smtpwatch stands beside this program. Returns false if it is not there. */
static bool smtpwatch_find(char path[PATH])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH - 1);
	path[n > 0 ? n : 0] = '\0';
	char *name = strrchr(path, '/');
	if (!name || name - path > PATH - 16)
		return false;
	strncpy(name + 1, "smtpwatch", 15);
	return access(path, X_OK) == 0;
}

/* Starts smtpwatch; its records come from *out. */
static pid_t smtpwatch_start(const struct check *c, const char *ports, int *out)
{
	char path[PATH];
	int ends[2];
	if (!smtpwatch_find(path) || pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(ends[1], STDOUT_FILENO);
		int quiet = open("/dev/null", O_WRONLY);
		dup2(quiet, STDERR_FILENO);
		execl(path, path, "-i", "any", "-p", ports, "--keylog", c->fifo, "-o", "json",
		      (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	*out = ends[0];
	return pid;
}

static long long monotonic_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Takes a line of smtpwatch: the statistics at its end have the two numbers. */
static void line_take(const char *line, unsigned long *sessions, unsigned long *decrypted)
{
	const char *at = strstr(line, "\"event_type\":\"stats\"");
	at = at ? strstr(at, "\"tls\":{\"sessions\":") : NULL;
	if (at)
		sscanf(at, "\"tls\":{\"sessions\":%lu,\"decrypted\":%lu}", sessions, decrypted);
}

/* Reads records until the end of smtpwatch, which is asked to end after some seconds. */
static bool records_read(pid_t pid, int from, unsigned seconds, unsigned long *sessions,
			 unsigned long *decrypted)
{
	static char line[LINE], chunk[LINE];
	size_t used = 0;
	long long end = monotonic_ms() + seconds * 1000LL;
	for (bool asked = false;;) {
		long long left = end - monotonic_ms();
		struct pollfd p = {from, POLLIN, 0};
		if (!asked && left <= 0 && kill(pid, SIGTERM) != 0)
			return false;
		asked |= left <= 0;
		if (poll(&p, 1, asked ? -1 : (int)left) <= 0)
			continue;
		ssize_t n = read(from, chunk, sizeof chunk);
		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++) {
			if (used + 1 < LINE)
				line[used++] = chunk[i];
			if (chunk[i] != '\n')
				continue;
			line[used] = '\0';
			line_take(line, sessions, decrypted);
			used = 0;
		}
	}
	int status = 0;
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void measure(const struct check *c, const struct keys_options *o)
{
	unsigned long sessions = 0, decrypted = 0;
	int from = -1;
	printf("Counting sessions under TLS on ports %s for %u s ...\n", o->ports, o->seconds);
	fflush(stdout);
	pid_t pid = smtpwatch_start(c, o->ports, &from);
	if (pid < 0)
		puts("They cannot be counted: smtpwatch is not installed beside smtpwatch-keys.");
	else if (!records_read(pid, from, o->seconds, &sessions, &decrypted))
		puts("They could not be counted: smtpwatch ended with a mistake.");
	else if (sessions == 0)
		puts("No session under TLS ended in this time.");
	else
		printf("%lu sessions under TLS ended, %lu of them were read: %.0f %%.\n", sessions,
		       decrypted, 100.0 * (double)decrypted / (double)sessions);
	fflush(stdout);
}

/* The process: waits for the word, counts, tidies up. */
static void work(const struct check *c, const struct keys_options *o, int go)
{
	char word;
	signal(SIGINT, SIG_IGN);
	if (read(go, &word, 1) == 1 && o->seconds > 0)
		measure(c, o);
	unlink(c->fifo);
	rmdir(c->folder);
}

struct check *check_new(const struct keys_options *o, struct error *why)
{
	struct check *c = calloc(1, sizeof *c);
	int go[2], end[2];
	if (!c) {
		error_set(why, "no memory");
		return NULL;
	}
	snprintf(c->folder, sizeof c->folder, "/run/smtpwatch-keys.XXXXXX");
	if (!mkdtemp(c->folder)) {
		error_set(why, "no folder can be made below /run: %s", strerror(errno));
		free(c);
		return NULL;
	}
	snprintf(c->fifo, sizeof c->fifo, "%s/keys.fifo", c->folder);
	pid_t pid = -1;
	if (mkfifo(c->fifo, 0600) == 0 && pipe2(go, O_CLOEXEC) == 0 && pipe2(end, O_CLOEXEC) == 0)
		pid = fork();
	if (pid == 0) {
		close(go[1]);
		close(end[0]);
		work(c, o, go[0]);
		_exit(0);
	}
	if (pid > 0) {
		close(go[0]);
		close(end[1]);
		c->go = go_to = go[1];
		c->end = end[0];
		return c;
	}
	error_set(why, "the sessions cannot be counted: %s", strerror(errno));
	free(c);
	return NULL;
}

const char *check_fifo(const struct check *c)
{
	return c->fifo;
}

void check_go(void)
{
	if (go_to >= 0 && write(go_to, "!", 1) != 1)
		close(go_to);
	go_to = -1;
}

int check_end(const struct check *c)
{
	return c->end;
}

void check_free(struct check *c)
{
	if (!c)
		return;
	close(c->go);
	close(c->end);
	free(c);
}
