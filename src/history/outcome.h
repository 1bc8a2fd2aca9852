/*
 * outcome.h - what became of each mail: the engine behind `smtpwatch history` and a live watch.
 *
 * A mail is one message to one recipient at one site. The engine takes attempts in the order of
 * time, and what was watched; it answers at any time, for each mail, with an outcome and a
 * confidence. It does no I/O and has no clock: time is that of the attempts, or what the caller
 * says.
 *
 * Offline: outcomes_watched for all that is known, outcomes_unread and outcomes_attempt in the
 * order of time, then outcomes_each.
 * Live: the same calls as things happen, and outcomes_tick once a second; outcomes_config.changed
 * tells of each mail whose outcome has become another one, at once. The first change, from
 * OUTCOME_ACCEPTED, is the mail's first trouble, the alert; mail.told has what was told before, and
 * a change that is not to OUTCOME_PENDING resolves it. A run that goes on with a history on the
 * disk first feeds what the files have (archive_watched, archive_read), and calls outcomes_listen
 * then.
 */
#ifndef SMTPWATCH_HISTORY_OUTCOME_H
#define SMTPWATCH_HISTORY_OUTCOME_H

#include "history/mail.h"

typedef void mail_listener(void *arg, const struct mail_view *view);

struct outcomes_config {
	uint32_t mails;  /* kept at most; 80 bytes each, 64 of these in the mail itself */
	int64_t give_up; /* milliseconds after the first trouble */
	/* Called when a mail's outcome has changed; NULL: nobody asks. */
	mail_listener *changed;
	/* Called with a mail that is forgotten, because there is no room for more. NULL: nobody
	 * asks. */
	mail_listener *forgotten;
	void *arg;
};

enum { OUTCOMES_MAILS = 1000000 };

struct outcomes;

/* Copies *config. Returns NULL if memory is exhausted. outcomes_free frees the result; NULL is
 * allowed there. */
struct outcomes *outcomes_new(const struct outcomes_config *config);
void outcomes_free(struct outcomes *o);

/* The gateway (0 to 63) captured from start to end, milliseconds. Intervals of one gateway come in
 * the order of their starts. Returns false if memory is exhausted. */
bool outcomes_watched(struct outcomes *o, unsigned gateway, int64_t start, int64_t end);

/* A session with this site or client was not wholly read at that time. */
void outcomes_unread(struct outcomes *o, int64_t at, uint64_t site, const struct ip_addr *client);

/* Nobody knows what happened between the two times, milliseconds: packets or rows are missing. */
void outcomes_blind(struct outcomes *o, int64_t start, int64_t end);

/* Takes an attempt that the gateway saw. */
void outcomes_attempt(struct outcomes *o, const struct attempt *a, unsigned gateway);

/* Live: `now` has come. Looks at a part of all mails, so that each is looked at once in `calls`
 * calls. */
void outcomes_tick(struct outcomes *o, int64_t now, unsigned calls);

/* From now on `changed` is called, with nothing that was so at `now`. arg: in place of that of the
 * configuration. */
void outcomes_listen(struct outcomes *o, int64_t now, mail_listener *changed, void *arg);

/* Calls the listener for each mail that is kept, as it is at `now`. */
void outcomes_each(struct outcomes *o, int64_t now, mail_listener *listener, void *arg);

/* Mails that are kept; mails that were forgotten while they were open. */
uint32_t outcomes_count(const struct outcomes *o);
uint64_t outcomes_forgotten(const struct outcomes *o);

#endif
