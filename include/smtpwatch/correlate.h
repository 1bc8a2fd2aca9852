/* correlate.h - behind the monitors: what the sessions of a server have to do with each other, and
 * with that each session's cause. */
#ifndef SMTPWATCH_CORRELATE_H
#define SMTPWATCH_CORRELATE_H

#include "smtpwatch/record.h"
#include "smtpwatch/server_history.h"

/*
 * One stands behind one monitor, or behind many whose sessions come through rings: sessions of one
 * server may have been watched by several of them, and "five sessions ended together" is known here
 * only. Belongs to one thread.
 */
struct collate;

/* deliver gets each record when it is complete. seed: the secret of the table of servers. NULL
 * where there is no memory (some 3 MiB at most are used). */
struct collate *collate_new(const uint64_t seed[2],
			    void (*deliver)(void *arg, const struct record *record), void *arg);
void collate_free(struct collate *c);

/*
 * What a monitor tells at a close, and at the release about a second later (monitor.h). The
 * record's cause and `together` are filled in, and it is delivered. Under TLS the monitor's
 * judgement is that of a server of which nothing is known: here it is judged again, by its habits.
 */
void collate_ended(struct collate *c, const struct history_event *event);
void collate_session(struct collate *c, const struct record *record);

#endif
