/* chosen.h - the one session that --explain asks for, found while all are judged. */
#ifndef SMTPWATCH_DAEMON_CHOSEN_H
#define SMTPWATCH_DAEMON_CHOSEN_H

#include "daemon/options.h"
#include "output/ladder.h"

struct chosen;

/* o is borrowed; its explain says which: "worst", a number in the order of ending, an address (with or without its port), a Message-ID or mail address, a queue id, a session id. NULL where there is no memory. */
struct chosen *chosen_new(const struct options *o);
void chosen_free(struct chosen *c);

/* Each session in order; of several that fit the worst is kept, and among equals the first. input is borrowed for the life of c. */
void chosen_offer(struct chosen *c, const struct record *record, const char *input);

/* The connection that its ladder is wanted of; NULL: no session fits. */
const struct conn *chosen_conn(const struct chosen *c);

/* A ladder_cleaner: texts of this session, redacted as the operator wants. */
struct bytes chosen_clean(void *chosen, struct bytes text);

/* Tells all on standard output. ladder: filled, and owned by the caller; NULL: there is none. False, with a sentence in why, where it cannot be told. */
enum { CHOSEN_WHY = 256 };
bool chosen_tell(struct chosen *c, struct ladder *ladder, char why[CHOSEN_WHY]);

#endif
