/* config_errors.c - keeps mistakes, which are found in several passes, until they can be told in
 * the order of the file. */
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

/* Behind those of the same line and of lines before it. */
static void insert(struct config_errors *m, struct config_error one)
{
	size_t at = m->kept++;

	for (; at > 0 && m->all[at - 1].line > one.line; at--)
		m->all[at] = m->all[at - 1];
	m->all[at] = one;
}

/* A file may hold anything, and its mistakes are shown on terminals. NULL: no memory. */
static char *harmless(char *text)
{
	struct outbuf b = {0};

	if (text == NULL)
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
	struct config_error *all = realloc(m->all, (m->kept + 1) * sizeof(*all));
	char *text = NULL;
	va_list args;

	m->n++;
	if (all != NULL)
		m->all = all;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	text = harmless(text);
	if (all != NULL && text != NULL) {
		insert(m, (struct config_error){line, text});
		return;
	}
	print(m, line, text != NULL ? text : "no memory");
	free(text);
}

void config_errors_print(struct config_errors *m)
{
	for (size_t i = 0; i < m->kept; i++) {
		print(m, m->all[i].line, m->all[i].text);
		free(m->all[i].text);
	}
	free(m->all);
	m->all = NULL;
	m->kept = 0;
}
