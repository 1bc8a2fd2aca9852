/* helper_exec.h - runs commands for alerts: parses a command line, and does the work of the helper
 * process that runs it. */
#ifndef SMTPWATCH_TRANSPORT_HELPER_EXEC_H
#define SMTPWATCH_TRANSPORT_HELPER_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUNNER_WHY 512

/* MOST: commands that run at once. SECONDS: seconds until a command is killed. WORDS, ENV: the
 * most words and environment strings of a command. */
enum { RUNNER_MOST = 4, RUNNER_SECONDS = 30, RUNNER_WORDS = 64, RUNNER_ENV = 64 };

/* A parsed command. text holds the words of argv. */
struct runner_command {
	const char *name; /* for messages; borrowed */
	int seconds;      /* seconds until the command is killed: RUNNER_SECONDS, except in tests */
	bool (*variable)(const char *text); /* whether a string of a job may enter the environment;
					       NULL: none may */
	char *argv[RUNNER_WORDS + 1];
	char *text;
};

/*
 * Splits a command line such as "/usr/bin/logger -t mail 'two words'" at blanks outside single or
 * double quotation marks. There is no shell, and no other special character.
 * The first word is a path, or a name to be found in the system's folders. Returns false with a
 * sentence in why. Call runner_free in either case.
 */
bool runner_split(struct runner_command *c, const char *text, char why[RUNNER_WHY]);

/* Call after runner_split: finds the program of the command. Returns false with a sentence in why
 * if it cannot be run. */
bool runner_find(struct runner_command *c, char why[RUNNER_WHY]);

/* Calls runner_split, then runner_find. */
bool runner_read(struct runner_command *c, const char *text, char why[RUNNER_WHY]);
void runner_free(struct runner_command *c);

/*
 * A courier_work. arg: a struct runner_command. A job is a list of strings NAME=VALUE, each with
 * its NUL, then an empty string, then the standard input of the command.
 * A string that is no allowed variable, or exceeds RUNNER_ENV, is left out. Such a string counts
 * as a lost record, and so does a command that fails. The output of commands goes to standard
 * error.
 */
void runner_work(int fd, const void *arg);

#endif
