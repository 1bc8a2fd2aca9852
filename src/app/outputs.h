/* outputs.h - opens the outputs that the options name. */
#ifndef SMTPWATCH_APP_OUTPUTS_H
#define SMTPWATCH_APP_OUTPUTS_H

#include "options/options.h"
#include "sink/sink.h"

/*
 * Opens o->outputs. If there are none, opens text on a terminal, else JSON. With --explain or --top
 * it then opens none. o and alerting are borrowed.
 *
 * packets and arg: as in struct sinks_config; packets NULL: no packets are written.
 *
 * Returns NULL if an output cannot be opened, after printing the errors of all to standard error.
 * sinks_close frees the result.
 */
struct sinks *outputs_open(const struct options *o, const struct alerting *alerting,
			   void (*packets)(void *arg, struct report *r), void *arg);

#endif
