/* deaf.h - a listener to which everything is told for nothing: tests copy it, and hear what they
 * are after. */
#ifndef SMTPWATCH_TESTS_DEAF_H
#define SMTPWATCH_TESTS_DEAF_H

#include "smtpwatch/stream.h"

/* arg is not looked at. */
extern const struct stream_listener deaf;

#endif
