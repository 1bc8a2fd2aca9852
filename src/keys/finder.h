/* finder.h - finds the libraries of those processes that use the watched ports. */
#ifndef SMTPWATCH_KEYS_FINDER_H
#define SMTPWATCH_KEYS_FINDER_H

#include "keys/proc.h"

#include <stdio.h>

/* PIDS: the most processes of --pid. NAMED: the most files of --library. */
enum { FINDER_PIDS = 64, FINDER_NAMED = 64 };

/* What is looked for. */
struct finder_wishes {
	struct proc_ports ports;
	bool all;       /* every process, whatever its ports are */
	uint32_t pid;   /* 0: any; else this process alone */
	unsigned named; /* files of the command line, which are attached to whoever uses them */
	const char *const *names; /* of these */
};

struct finder_counts {
	unsigned libraries; /* attached */
	unsigned processes; /* that use the ports and can be read */
	unsigned unread;    /* processes that use the ports and cannot be read */
};

/* Tells nothing itself but what changes: one line on standard error for each library, and for each
 * process that cannot be read. For one thread, but for finder_connects. */
struct finder;

/* fd: the broker's socket. wishes is borrowed until finder_free. Returns NULL if memory is
 * exhausted. */
struct finder *finder_new(const struct finder_wishes *wishes, int fd);

/* Looks at processes that are new or due, attaches, and lets go of what is gone. now: seconds. Call
 * each second. Returns false if the broker has ended. */
bool finder_pass(struct finder *f, int64_t now);

/* A process connects to a watched port: the next pass looks at it. May be called by any thread. */
void finder_connects(struct finder *f, uint32_t pid);

void finder_counts(const struct finder *f, struct finder_counts *out);

/* Prints what is attached, and who cannot be read and why. */
void finder_report(const struct finder *f, FILE *out);

/* Asks the broker that systemd be told. Call after the first finder_pass. */
void finder_ready(struct finder *f);

void finder_free(struct finder *f);

#endif
