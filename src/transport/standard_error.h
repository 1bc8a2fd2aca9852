/* standard_error.h - standard error, which must not be waited for either. */
#ifndef SMTPWATCH_TRANSPORT_STANDARD_ERROR_H
#define SMTPWATCH_TRANSPORT_STANDARD_ERROR_H

/*
 * From now on what this process says on stderr never waits: `smtpwatch ... 2>&1 | less` and a
 * journal that stands still would else stop the main thread, and with it the outputs and the
 * watchdog. What finds no room is counted, and the number said when there is room again. Processes
 * that were started before keep theirs as it was. Before the system calls are filtered.
 */
void errorout_begin(void);

/* As it was before. */
void errorout_end(void);

#endif
