/* offline.h - the job over capture files: every frame through the monitor, every session to the
 * outputs. */
#ifndef SMTPWATCH_APP_OFFLINE_H
#define SMTPWATCH_APP_OFFLINE_H

#include "app/exit_code.h"
#include "options/options.h"

/* Reads all inputs in the order given, as one stream of frames. A bad one is told on standard error
 * and the others are still judged. */
enum exit_code offline_run(const struct options *o);

#endif
