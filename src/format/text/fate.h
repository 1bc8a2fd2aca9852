/* fate.h - what becomes of a message after its session, in words. */
#ifndef SMTPWATCH_FORMAT_TEXT_FATE_H
#define SMTPWATCH_FORMAT_TEXT_FATE_H

#include "smtpwatch/ending.h"

/* What a usual sender does next, as a clause: "the sender will try again". It depends on how the
 * session ended, too. */
const char *fate_next(enum fate f, const struct ending *e);

/* For a tally: "accepted", "falsely accepted: lost without a trace". */
const char *fate_tally(enum fate f);

#endif
