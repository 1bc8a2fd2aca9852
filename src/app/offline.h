/* offline.h - the run over capture files: every frame goes through the monitor, every session to
 * the outputs. */
#ifndef SMTPWATCH_APP_OFFLINE_H
#define SMTPWATCH_APP_OFFLINE_H

#include "app/run.h"

/* Reads all inputs in their order as one stream of frames. If an input is faulty, prints that to
 * standard error and judges the others. SIGINT and SIGTERM end the reading; SIGUSR1 prints a line
 * of statistics to standard error. Returns the exit code. */
enum exit_code offline_run(const struct options *o);

#endif
