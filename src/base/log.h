/* log.h - the program's messages on standard error. */
#ifndef SMTPWATCH_BASE_LOG_H
#define SMTPWATCH_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

/* From now on messages begin with this name in place of "smtpwatch". Borrowed. */
void log_name(const char *program);

/* Prints the program's name and ": ", the message and a line feed by one write. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From now on each message begins with what `put` writes to out, size bytes, and a blank. */
void log_stamp(void (*put)(char *out, size_t size));

/* As log_line, and sets *flag. Returns false. */
bool log_fail(bool *flag, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
