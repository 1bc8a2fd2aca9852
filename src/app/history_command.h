/* history_command.h - `smtpwatch history DIR ...`: asks a history. */
#ifndef SMTPWATCH_APP_HISTORY_COMMAND_H
#define SMTPWATCH_APP_HISTORY_COMMAND_H

/* argv[0] is "history". Returns the exit code: 0, 1 for an outcome of --fail-on, 2 for wrong usage,
 * 3 if something could not be read. */
int history_command(int argc, char **argv);

#endif
