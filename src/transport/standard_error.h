/* standard_error.h - writes to standard error without waiting. */
#ifndef SMTPWATCH_TRANSPORT_STANDARD_ERROR_H
#define SMTPWATCH_TRANSPORT_STANDARD_ERROR_H

/*
 * From now on writes of this process to stderr never block. Otherwise `smtpwatch ... 2>&1 | less`,
 * or a stalled journal, would stop the main thread, its outputs and the watchdog.
 * Messages without room are counted, and the count is reported when there is room again. Processes
 * started before keep their stderr. Call before the system calls are filtered.
 */
void errorout_begin(void);

/* Restores stderr. */
void errorout_end(void);

#endif
