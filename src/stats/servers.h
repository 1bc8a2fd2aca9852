/* servers.h - counts sessions and alerts of each server, in a bounded table. */
#ifndef SMTPWATCH_STATS_SERVERS_H
#define SMTPWATCH_STATS_SERVERS_H

#include "policy/session_report.h"

/* SERVERS_MAX: the most servers in the table; all further servers are counted together.
 * SERVER_NAME: bytes of a name with its NUL. */
enum { SERVERS_MAX = 65536, SERVER_NAME = 64 };

/* Counters of one server. */
struct server {
	struct ip_addr addr;
	uint16_t port;
	uint64_t sessions;
	uint64_t alerts[SEVERITIES]; /* by enum severity */
	char name[SERVER_NAME];      /* from the greeting of a session with an alert; empty: no such
					session yet, or the greeting begins with no name */
};

struct servers;

/* Returns NULL if memory is exhausted. servers_free frees the result; NULL is allowed there. */
struct servers *servers_new(void);
void servers_free(struct servers *s);

/* Counts one session and its alerts. r is borrowed for the call. If the table is full or memory is
 * exhausted, a new server counts for servers_others. */
void servers_count(struct servers *s, const struct report *r);

/* Returns the index of the connection's server in the table. The index stays the same as long as s
 * lives. Returns SERVERS_MAX if the server is not in the table. */
size_t servers_number(const struct servers *s, const struct conn *conn);

/* Finds the n servers with the worst alerts. Servers without an alert are left out. The order: most
 * critical alerts, then most errors and so on, then address and port. Fills out, which has n
 * places, and returns how many. Borrowed until the next servers_count. */
size_t servers_worst(const struct servers *s, const struct server **out, size_t n);

/* Returns the sum of all servers that found no place in the table; sessions is 0 if there are none.
 * Borrowed until servers_free. */
const struct server *servers_others(const struct servers *s);

/* Copies the host name at the beginning of a greeting or EHLO argument, such as "mx.example.net".
 * The name has letters, digits, dots and hyphens, at least one dot, and ends at a blank or the end.
 * Returns out, which is empty if text begins with no such name. */
char *server_name(struct bytes text, char out[SERVER_NAME]);

#endif
