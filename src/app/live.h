/* live.h - the live job: interfaces through workers, every session to the outputs, until a signal
 * ends it. */
#ifndef SMTPWATCH_APP_LIVE_H
#define SMTPWATCH_APP_LIVE_H

#include "app/exit_code.h"
#include "options/options.h"

/* Runs until SIGTERM or SIGINT. SIGHUP reads the configuration again and has the outputs open their
 * files anew, SIGUSR1 asks for a line of statistics on standard error. */
enum exit_code live_run(const struct options *o);

#endif
