/* sasl.h - the names of AUTH's mechanisms: what stands in the place of one, and is none, may be a
 * password. */
#ifndef SMTPWATCH_CORE_SMTP_SASL_H
#define SMTPWATCH_CORE_SMTP_SASL_H

#include "smtpwatch/bytes.h"

/*
 * The mechanism at the front of AUTH's arguments, as it is written there, in any case; empty where
 * no known name stands there. *secret gets what may be a password: all behind the name, or, where
 * there is none, all of it. Both are borrowed from args.
 */
struct bytes sasl_mechanism(struct bytes args, struct bytes *secret);

/* What is told of the mechanism: its name, "other" for anything else; empty where AUTH had no
 * arguments. */
struct bytes sasl_shown(struct bytes args);

#endif
