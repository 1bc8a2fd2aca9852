/* live.h - the live run: workers judge the traffic of interfaces; every session goes to the
 * outputs. */
#ifndef SMTPWATCH_APP_LIVE_H
#define SMTPWATCH_APP_LIVE_H

#include "app/run.h"

/* Runs until SIGTERM, SIGINT, the end of the view, or until no output accepts records. SIGHUP reads
 * the configuration again and reopens the files of the outputs. SIGUSR1 prints a line of statistics
 * to standard error. Returns the exit code. */
enum exit_code live_run(const struct options *o);

#endif
