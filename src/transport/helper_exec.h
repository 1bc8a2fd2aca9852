/* helper_exec.h - commands that are run for alerts: how they are written, and the courier's work of
 * running them. */
#ifndef SMTPWATCH_TRANSPORT_HELPER_EXEC_H
#define SMTPWATCH_TRANSPORT_HELPER_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUNNER_WHY 512

/* So many run at once; so many seconds each, then it is killed. */
enum { RUNNER_MOST = 4, RUNNER_SECONDS = 30, RUNNER_WORDS = 64, RUNNER_ENV = 64 };

/* Words of a command. text holds them. */
struct runner_command {
	const char *name;                   /* for people; borrowed */
	int seconds;                        /* RUNNER_SECONDS, or what a test wants */
	bool (*variable)(const char *text); /* whether a job's string may stand in the environment;
					       NULL: none may */
	char *argv[RUNNER_WORDS + 1];
	char *text;
};

/*
 * "/usr/bin/logger -t mail 'two words'": split at blanks, but for what stands between single or
 * double quotation marks; no shell, no other special characters. The first word is a path, or is
 * looked for where system commands are. False, with a sentence in why: it is none. To be freed in
 * either case.
 */
bool runner_split(struct runner_command *c, const char *text, char why[RUNNER_WHY]);

/* After it: whether it can be run, and where it is. False, with a sentence in why. */
bool runner_find(struct runner_command *c, char why[RUNNER_WHY]);

/* Both. */
bool runner_read(struct runner_command *c, const char *text, char why[RUNNER_WHY]);
void runner_free(struct runner_command *c);

/*
 * A courier_work; arg is a struct runner_command. A job is a list of strings NAME=VALUE, each with
 * its NUL, an empty one behind them, and then what the command gets as standard input. A string
 * that is no variable is left out, and counts as a record that is lost; so does a command that
 * fails. What commands write goes to standard error.
 */
void runner_work(int fd, const void *arg);

#endif
