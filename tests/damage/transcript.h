/* transcript.h - scenarios in which a message is what somebody wrote down of an SMTP session: lines
 * that look like commands and replies, and are none. */
#ifndef SMTPWATCH_TESTS_DAMAGE_TRANSCRIPT_H
#define SMTPWATCH_TESTS_DAMAGE_TRANSCRIPT_H

#include "lib/scenario.h"

/* Puts such lines before the first body line behind each DATA and its 354. False: there is none,
 * and the scenario is as it was. */
bool transcript_put(struct scenario *s);

#endif
