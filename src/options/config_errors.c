/* config_errors.c - errors are found in several passes, and kept until all passes are done. */
#include "options/config_errors.h"

#include "text/escape.h"

#include <stdarg.h>
#include <stdlib.h>

static void print(const struct config_errors *m, unsigned line, const char *text)
{
	if (line > 0)
		fprintf(m->to, "smtpwatch: %s:%u: %s\n", m->file, line, text);
	else
		fprintf(m->to, "smtpwatch: %s\n", text);
}

/* Inserts an error behind those of its line and of earlier lines. */
static void insert(struct config_errors *m, struct config_error one)
{
	size_t at = m->all_n++;
	for (; at > 0 && m->all[at - 1].line > one.line; at--)
		m->all[at] = m->all[at - 1];
	m->all[at] = one;
}

/* Escapes the text for terminals, as a file may contain anything. Frees text. Returns NULL if
 * memory is exhausted. */
static char *escaped(char *text)
{
	struct outbuf b = {0};
	if (!text)
		return NULL;
	escape_text(&b, bytes_str(text));
	outbuf_char(&b, '\0');
	free(text);
	if (!b.failed)
		return b.p;
	outbuf_free(&b);
	return NULL;
}

void config_errors_add(struct config_errors *m, unsigned line, const char *format, ...)
{
	struct config_error *all = realloc(m->all, (m->all_n + 1) * sizeof *all);
	char *text = NULL;
	va_list args;
	m->n++;
	if (all)
		m->all = all;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	text = escaped(text);
	if (all && text) {
		insert(m, (struct config_error){line, text});
		return;
	}
	print(m, line, text ? text : "no memory");
	free(text);
}

void config_errors_print(struct config_errors *m)
{
	for (size_t i = 0; i < m->all_n; i++) {
		print(m, m->all[i].line, m->all[i].text);
		free(m->all[i].text);
	}
	free(m->all);
	m->all = NULL;
	m->all_n = 0;
}
