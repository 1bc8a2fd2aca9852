/* outputs.h - the outputs that the options name, opened. */
#ifndef SMTPWATCH_APP_OUTPUTS_H
#define SMTPWATCH_APP_OUTPUTS_H

#include "options/options.h"
#include "sink/sink.h"

/*
 * Text on a terminal, else JSON, where none is named; with --explain none then. alerting is
 * borrowed. packets: as in sinks_config, with arg; NULL: nobody writes packets. NULL where one
 * cannot be opened: all such are told on standard error.
 */
struct sinks *outputs_open(const struct options *o, const struct alerting *alerting,
			   void (*packets)(void *arg, struct report *r), void *arg);

#endif
