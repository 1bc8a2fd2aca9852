/* file.c - reads the configuration file. */
#include "options/sources.h"

#include <errno.h>
#include <stdlib.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Removes blanks at both ends, in place. */
static char *trim(char *text)
{
	size_t n;
	while (is_blank(*text))
		text++;
	for (n = strlen(text); n > 0 && is_blank(text[n - 1]); n--)
		text[n - 1] = '\0';
	return text;
}

/* A "#" within a word is no comment, because file names may contain one. */
static void cut_comment(char *line)
{
	for (char *at = line; (at = strchr(at, '#')); at++)
		if (at == line || is_blank(at[-1])) {
			*at = '\0';
			return;
		}
}

/* Returns the line that has set the option before. Returns 0 if there is none or if the option may
 * be set several times. */
static unsigned line_before(const struct settings *s, const struct option_row *row)
{
	size_t at = 0;
	const struct setting *before = row->flags & OPTION_MANY ? NULL : settings_next(s, row, &at);
	return before ? before->line : 0;
}

static void setting_read(struct settings *to, unsigned line, const char *name, const char *value,
			 struct config_errors *m)
{
	const struct option_row *row = option_row_named(name, strlen(name));
	unsigned before = row ? line_before(to, row) : 0;
	bool no = strcmp(value, "no") == 0;
	size_t n = strlen(value);
	if (!row)
		option_unknown(m, line, name, strlen(name));
	else if (row->flags & OPTION_LINE)
		config_errors_add(m, line, "%s belongs on the command line", name);
	else if (before > 0)
		config_errors_add(m, line, "%s: a second time, after line %u", name, before);
	else if (n > 1 && (value[0] == '"' || value[0] == '\'') && value[n - 1] == value[0])
		config_errors_add(m, line, "%s: a value stands without quotation marks", name);
	else if (!row->arg && !no && strcmp(value, "yes") != 0)
		config_errors_add(m, line, "%s: \"%s\" is neither yes nor no", name, value);
	else if (row->arg && value[0] == '\0')
		config_errors_add(m, line, "%s: its %s is missing", name, row->arg);
	/* "no" leaves a switch as it is. */
	else if (row->arg || !no)
		settings_add(to, (struct setting){row, row->arg ? value : NULL, line}, m);
}

static void line_read(struct settings *to, unsigned number, char *line, struct config_errors *m)
{
	char *sign;
	cut_comment(line);
	line = trim(line);
	sign = strchr(line, '=');
	if (line[0] == '\0')
		return;
	if (!sign) {
		config_errors_add(m, number, "\"%s\" is not of the form \"name = value\"", line);
		return;
	}
	*sign = '\0';
	setting_read(to, number, trim(line), trim(sign + 1), m);
}

/* Reads the whole file as one string; *cut: the file has a NUL byte. Returns false with errno. */
static bool text_read(char **text, FILE *f, bool *cut)
{
	size_t room = 0;
	/* The file should have no NUL byte, so that one read up to a NUL reads it whole. */
	ssize_t n = getdelim(text, &room, '\0', f);
	*cut = n > 0 && !feof(f);
	if (n >= 0)
		return true;
	free(*text);
	*text = NULL;
	return !ferror(f);
}

void option_file_read(struct settings *to, char **text, struct config_errors *m)
{
	FILE *f = fopen(m->file, "re");
	bool cut = false;
	unsigned number = 0;
	*text = NULL;
	if (!f || !text_read(text, f, &cut))
		config_errors_add(m, 0, "cannot read %s: %s", m->file, strerror(errno));
	if (f)
		fclose(f);
	for (char *line = *text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		line_read(to, ++number, line, m);
	}
	if (cut)
		config_errors_add(m, number, "there is a NUL byte: this is no text");
}
