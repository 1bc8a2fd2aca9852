/* helper_exec.h - runs commands for alerts: parses a command line, and does the work of the helper
 * process that runs it. */
#ifndef SMTPWATCH_TRANSPORT_HELPER_EXEC_H
#define SMTPWATCH_TRANSPORT_HELPER_EXEC_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* MAX: commands that run at once. SECONDS: seconds until a command is killed. WORDS, ENV: the
 * most words and environment strings of a command. */
enum { EXEC_MAX = 4, EXEC_SECONDS = 30, EXEC_WORDS = 64, EXEC_ENV = 64 };

/* A parsed command. text holds the words of argv. */
struct exec_command {
	const char *name; /* for messages; borrowed */
	int seconds;      /* seconds until the command is killed: EXEC_SECONDS, except in tests */
	bool (*variable)(const char *text); /* whether a string of a job may enter the environment;
					       NULL: none may */
	char *argv[EXEC_WORDS + 1];
	char *text;
};

/*
 * Splits a command line such as "/usr/bin/logger -t mail 'two words'" at blanks outside single or
 * double quotation marks. There is no shell, and no other special character.
 * The first word is a path, or a name to be found in the system's folders. Returns false with a
 * sentence in why. Call exec_command_free in either case.
 */
bool exec_command_split(struct exec_command *c, const char *text, struct error *why);

/* Call after exec_command_split: finds the program of the command. Returns false with a sentence in
 * why if it cannot be run. */
bool exec_command_find(struct exec_command *c, struct error *why);

/* Calls exec_command_split, then exec_command_find. */
bool exec_command_read(struct exec_command *c, const char *text, struct error *why);
void exec_command_free(struct exec_command *c);

/*
 * A helper_work. arg: a struct exec_command. A job is a list of strings NAME=VALUE, each with
 * its NUL, then an empty string, then the standard input of the command.
 * A string that is no allowed variable, or exceeds EXEC_ENV, is left out. Such a string counts
 * as a lost record, and so does a command that fails. The output of commands goes to standard
 * error.
 */
void helper_exec_work(int fd, const void *arg);

#endif
