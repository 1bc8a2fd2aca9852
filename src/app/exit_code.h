/* exit_code.h - the exit codes of the program. options_exit_codes has their meaning in words. */
#ifndef SMTPWATCH_APP_EXIT_CODE_H
#define SMTPWATCH_APP_EXIT_CODE_H

enum exit_code { EXIT_DONE, EXIT_ALERTS, EXIT_USAGE, EXIT_TROUBLE };

#endif
