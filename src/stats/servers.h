/* servers.h - what each server did, counted; a bounded table. */
#ifndef SMTPWATCH_STATS_SERVERS_H
#define SMTPWATCH_STATS_SERVERS_H

#include "policy/session_report.h"

/* As many servers are told apart; those that come later are counted as "others". */
enum { SERVERS_MAX = 65536, SERVER_NAME = 64 };

struct server {
	struct ip_addr addr;
	uint16_t port;
	uint64_t sessions;
	uint64_t alerts[SEVERITIES];
	char name[SERVER_NAME]; /* as its greeting says; empty: it says none that can be shown */
};

struct servers;

/* NULL where there is no memory. */
struct servers *servers_new(void);
void servers_free(struct servers *s);

/* Counts a session, and its alerts. */
void servers_count(struct servers *s, const struct report *r);

/* The place of a session's server among those that were counted: from 0 on, the same as long as *s
 * lives; SERVERS_MAX: one of those that found no room. */
size_t servers_number(const struct servers *s, const struct conn *conn);

/* The n servers with the worst alerts, worst first: more critical ones, then more errors and so on,
 * then by address. How many there are, at most n. */
size_t servers_worst(const struct servers *s, const struct server **out, size_t n);

/* All that found no room in the table, as one; sessions is 0 if everything did. */
const struct server *servers_others(const struct servers *s);

/* The name of a host that a greeting or an EHLO begins with, e.g. "mx.example.net": letters,
 * digits, dots and hyphens only. Returns out, empty where there is none. */
char *server_name(struct bytes text, char out[SERVER_NAME]);

#endif
