/* log.c - messages are formatted first: the C library writes each call of an unbuffered stream by
 * itself, and helper processes share standard error. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

/* Longer than the longest message, which has a number for each of 1024 workers. */
enum { LOG_MAX = 32 << 10, LOG_STAMP = 40 };

static const char *name = "smtpwatch";
static void (*stamp)(char *out, size_t size);

__attribute__((format(printf, 1, 0))) static void put(const char *format, va_list args)
{
	char text[LOG_MAX], time[LOG_STAMP] = "";
	vsnprintf(text, sizeof text, format, args);
	if (stamp)
		stamp(time, sizeof time);
	fprintf(stderr, "%s%s%s: %s\n", time, stamp ? " " : "", name, text);
}

void log_name(const char *program)
{
	name = program;
}

void log_stamp(void (*put_stamp)(char *out, size_t size))
{
	stamp = put_stamp;
}

void log_line(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	put(format, args);
	va_end(args);
}

bool log_fail(bool *flag, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	put(format, args);
	va_end(args);
	*flag = true;
	return false;
}
