/* command.h - `smtpwatch status`: asks the daemon that runs on this machine. */
#ifndef SMTPWATCH_STATUS_COMMAND_H
#define SMTPWATCH_STATUS_COMMAND_H

/* Runs the subcommand; argv[0] is its name. Returns the exit code of the process: 0; 2: usage; 3:
 * there is no answer. With --nagios: enum nagios_code. */
int status_command(int argc, char **argv);

#endif
