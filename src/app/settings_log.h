/* settings_log.h - the line at the start of a live run that tells what it is made of. */
#ifndef SMTPWATCH_APP_SETTINGS_LOG_H
#define SMTPWATCH_APP_SETTINGS_LOG_H

#include "app/run.h"

/* Prints configuration, user, outputs, filter, what is read of TLS, and
 * where it can be asked for its status. user: that the program runs
 * as. Commands may hold secrets, and are not printed. Call after run_open. */
void settings_log(const struct run *r, const char *user);

#endif
