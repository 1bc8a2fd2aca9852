/* general.h - the native engine without header prediction, to compare with. */
#ifndef SMTPWATCH_TESTS_GENERAL_H
#define SMTPWATCH_TESTS_GENERAL_H

#include "smtpwatch/stream.h"

extern const struct stream_engine stream_general;

#endif
