/* exit_code.h - how the program ends. */
#ifndef SMTPWATCH_APP_EXIT_CODE_H
#define SMTPWATCH_APP_EXIT_CODE_H

enum exit_code { EXIT_DONE, EXIT_ALERTS, EXIT_USAGE, EXIT_TROUBLE };

#endif
