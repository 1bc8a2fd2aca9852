/* post.h - a history that is made: gateways, days and their files, envelopes, and the truth of each
 * mail. */
#ifndef SMTPWATCH_TESTS_HISTORY_POST_H
#define SMTPWATCH_TESTS_HISTORY_POST_H

#include "history/store/day_file.h"

#include <stdio.h>

/* BLIND: sites and clients of which sessions are not read; nobody else uses them. */
enum { GATEWAYS = 4, DAYS = 8, SITES = 400, BLIND = 10, CLIENTS = 5000, SENDERS = 50000 };

#define POST_BEGIN (INT64_C(20454) * 86400 * 1000) /* 2026-01-01, milliseconds */
#define POST_HOUR  (INT64_C(3600) * 1000)
#define POST_DAY   (24 * POST_HOUR)
/* An hour in which one gateway captured nothing. */
enum { HOLE_GATEWAY = 2 };
#define POST_HOLE (POST_BEGIN + 7 * POST_DAY + 12 * POST_HOUR)

/* One mail that is under way: what it is, and what the next attempt will be. */
struct letter {
	char from[96], to[96], msgid[96];
	unsigned size, site, client; /* size 0: not declared */
	unsigned port;
	int64_t at;
	bool bare; /* the recipient is refused: no Message-ID and no content is seen */
	bool srs;  /* a forwarder is on the way */
};

/* Opens the files in a folder that is there, and the file of the truth. Ends the program upon a
 * failure, as all functions here. */
void post_open(const char *folder, const char *truth, uint64_t seed);
void post_close(void);

/* A number below n. */
uint64_t chance(uint64_t n);

/* A new mail, with a time between two fractions of the eight days, in thousandths. */
struct letter letter_new(unsigned from, unsigned to);

/* Writes an attempt, through any gateway that captures then. code: of the reply; 0: none. */
void attempt_write(const struct letter *l, enum attempt_fate fate, unsigned code, unsigned flags);

/* The same through this gateway, which may not be capturing: then nothing is written. */
void attempt_through(unsigned gateway, const struct letter *l, enum attempt_fate fate,
		     unsigned code, unsigned flags);

/* A session of the letter's site and client that nobody could read. */
void unread_write(const struct letter *l);

/* The mail to this recipient was meant to end so. */
void truth_write(const char *to, const char *outcome);

#endif
