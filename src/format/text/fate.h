/* fate.h - the fate of a message in words. */
#ifndef SMTPWATCH_FORMAT_TEXT_FATE_H
#define SMTPWATCH_FORMAT_TEXT_FATE_H

#include "smtpwatch/ending.h"

/* Returns what becomes of a message, and what a usual sender does next, as a clause: "put off by
 * the server: it will be sent again later". A message that was cut has different clauses for
 * different endings. Static. */
const char *fate_next(enum fate f, const struct ending *e);

/* Returns the fate as a word of a tally: "accepted", "unanswered (may arrive twice)". Static. */
const char *fate_tally(enum fate f);

#endif
