/* measure.c - runs a command and tells what it cost: user, system and wall seconds, peak KiB, exit
 * status. A process of its own, because a child's peak begins with its parent's size. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static int run(char **command)
{
	execvp(command[0], command);
	fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
	return 127;
}

int main(int argc, char **argv)
{
	FILE *out = argc > 2 ? fopen(argv[1], "w") : NULL;
	if (!out) {
		fputs("usage: measure RESULT COMMAND [ARGUMENT ...]\n", stderr);
		return 2;
	}
	double begin = now();
	pid_t child = fork();
	if (child == 0)
		_exit(run(argv + 2));
	int status;
	struct rusage used;
	if (child < 0 || wait4(child, &status, 0, &used) != child)
		return 2;
	fprintf(out, "%.6f %.6f %.6f %ld %d\n", seconds(&used.ru_utime), seconds(&used.ru_stime),
		now() - begin, used.ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return fclose(out) == 0 ? 0 : 2;
}
