/* error.c - formats into a copy, because an argument may be the text itself. */
#include "base/error.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Removes the last UTF-8 character of a text of ERROR_MAX - 1 bytes if it has lost bytes. */
static void cut(char *text)
{
	size_t at = ERROR_MAX - 1, first = at - 4;
	uint8_t lead;
	do
		lead = (uint8_t)text[--at];
	while (at > first && (lead & 0xc0) == 0x80);
	if (lead >= 0xc0 && at + 2 + (lead >= 0xe0) + (lead >= 0xf0) >= ERROR_MAX)
		text[at] = '\0';
}

__attribute__((format(printf, 3, 0))) static void put(struct error *e, size_t at,
						      const char *format, va_list args)
{
	char text[ERROR_MAX];
	int n = vsnprintf(text, sizeof text - at, format, args);
	memcpy(e->text + at, text, sizeof text - at);
	if (n >= (int)(sizeof text - at))
		cut(e->text);
}

bool error_set(struct error *e, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	if (e)
		put(e, 0, format, args);
	va_end(args);
	return false;
}

bool error_append(struct error *e, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	if (e)
		put(e, strlen(e->text), format, args);
	va_end(args);
	return false;
}
