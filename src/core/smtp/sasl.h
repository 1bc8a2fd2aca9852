/* sasl.h - the names of SASL mechanisms in AUTH. A word in the place of a mechanism that is not a
 * known name may be a password. */
#ifndef SMTPWATCH_CORE_SMTP_SASL_H
#define SMTPWATCH_CORE_SMTP_SASL_H

#include "smtpwatch/bytes.h"

/*
 * Returns the mechanism at the front of AUTH's arguments, as written, in any case; n = 0 if no
 * known name stands there.
 * Sets *secret to the text that may be a password: all behind the name, or all of args if there is
 * no known name. Both are borrowed from args.
 */
struct bytes sasl_mechanism(struct bytes args, struct bytes *secret);

/* Returns what output shows of the mechanism: its name as written, or "other" for an unknown one;
 * n = 0 if AUTH had no arguments. */
struct bytes sasl_shown(struct bytes args);

#endif
