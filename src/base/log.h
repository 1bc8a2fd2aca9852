/* log.h - the program's messages on standard error. */
#ifndef SMTPWATCH_BASE_LOG_H
#define SMTPWATCH_BASE_LOG_H

#include <stdbool.h>

/* Prints "smtpwatch: ", the message and a line feed by one write. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As log_line, and sets *flag. Returns false. */
bool log_fail(bool *flag, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
