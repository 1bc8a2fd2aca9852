/* options.c - command line and configuration file, turned into settings, and those into options. */
#include "daemon/options.h"

#include "daemon/option_row.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

/* One option as it was given somewhere. */
struct setting {
	const struct option_row *row;
	const char *value;
	unsigned line; /* of the file; 0: the command line */
};

struct settings {
	struct setting *all;
	size_t n;
};

/* A reading under way. */
struct reader {
	struct options *o;
	FILE *errors;
	unsigned mistakes;
	struct settings given; /* on the command line */
	struct settings filed;
};

/* line 0: the command line */
__attribute__((format(printf, 3, 4))) static void mistake(struct reader *r, unsigned line, const char *format, ...)
{
	va_list args;

	r->mistakes++;
	fprintf(r->errors, "smtpwatch: ");
	if (line > 0)
		fprintf(r->errors, "%s:%u: ", r->o->config, line);
	va_start(args, format);
	vfprintf(r->errors, format, args);
	va_end(args);
	fputc('\n', r->errors);
}

/* Values are borrowed: from argv, or from the file's text, which the options keep. */
static void settings_add(struct reader *r, struct settings *to, struct setting one)
{
	struct setting *all = realloc(to->all, (to->n + 1) * sizeof(*all));

	if (all == NULL) {
		mistake(r, one.line, "no memory");
		return;
	}
	all[to->n++] = one;
	to->all = all;
}

static const struct option_row *row_named(const char *name, size_t n)
{
	for (const struct option_row *row = option_rows; row->name != NULL; row++)
		if (strlen(row->name) == n && memcmp(row->name, name, n) == 0)
			return row;
	return NULL;
}

static const struct option_row *row_lettered(char letter)
{
	for (const struct option_row *row = option_rows; row->name != NULL; row++)
		if (row->letter == letter)
			return row;
	return NULL;
}

/* argv[*at] has the option. An attached value is behind it, another one in the next word. */
static void give(struct reader *r, const struct option_row *row, const char *attached, int argc, char **argv, int *at)
{
	const char *value = attached;

	if (row->arg != NULL && value == NULL && *at + 1 < argc)
		value = argv[++*at];
	if (row->arg != NULL && value == NULL)
		mistake(r, 0, "--%s: its %s is missing", row->name, row->arg);
	else
		settings_add(r, &r->given, (struct setting){row, value, 0});
}

/* "--name", "--name=value" */
static void read_long(struct reader *r, int argc, char **argv, int *at)
{
	const char *word = argv[*at] + 2, *sign = strchr(word, '=');
	size_t n = sign != NULL ? (size_t)(sign - word) : strlen(word);
	const struct option_row *row = row_named(word, n);

	if (row == NULL)
		mistake(r, 0, "there is no option --%.*s", (int)n, word);
	else if (row->arg == NULL && sign != NULL)
		mistake(r, 0, "--%s takes no value", row->name);
	else
		give(r, row, sign != NULL ? sign + 1 : NULL, argc, argv, at);
}

/* "-x", "-xyz", "-xvalue" */
static void read_short(struct reader *r, int argc, char **argv, int *at)
{
	for (const char *letter = argv[*at] + 1; *letter != '\0'; letter++) {
		const struct option_row *row = row_lettered(*letter);

		if (row == NULL) {
			mistake(r, 0, "there is no option -%c", *letter);
			return;
		}
		if (row->arg != NULL) {
			give(r, row, letter[1] != '\0' ? letter + 1 : NULL, argc, argv, at);
			return;
		}
		settings_add(r, &r->given, (struct setting){row, NULL, 0});
	}
}

/* The filter is all words that are no options, as with tcpdump. */
static void read_word(struct reader *r, const char *word)
{
	size_t n = r->o->filter != NULL ? strlen(r->o->filter) : 0, room = strlen(word) + 2;
	char *filter = realloc(r->o->filter, n + room);

	if (filter == NULL) {
		mistake(r, 0, "no memory");
		return;
	}
	snprintf(filter + n, room, n > 0 ? " %s" : "%s", word);
	r->o->filter = filter;
}

static void read_line(struct reader *r, int argc, char **argv)
{
	bool words = false;

	for (int at = 1; at < argc; at++) {
		const char *word = argv[at];

		if (!words && strcmp(word, "--") == 0)
			words = true;
		else if (words || word[0] != '-' || word[1] == '\0')
			read_word(r, word);
		else if (word[1] == '-')
			read_long(r, argc, argv, &at);
		else
			read_short(r, argc, argv, &at);
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Takes off blanks at both ends, in place. */
static char *trim(char *text)
{
	size_t n;

	while (is_blank(*text))
		text++;
	for (n = strlen(text); n > 0 && is_blank(text[n - 1]); n--)
		text[n - 1] = '\0';
	return text;
}

/* A comment begins at the line's first byte, or at a "#" behind a blank: file names may have a "#" inside. */
static void cut_comment(char *line)
{
	for (char *at = line; (at = strchr(at, '#')) != NULL; at++)
		if (at == line || is_blank(at[-1])) {
			*at = '\0';
			return;
		}
}

/* A switch is set by yes; after no it stays as it is. False: neither. */
static bool read_switch(const char *value, bool *on)
{
	*on = strcmp(value, "yes") == 0;
	return *on || strcmp(value, "no") == 0;
}

static void read_setting(struct reader *r, unsigned line, const char *name, const char *value)
{
	const struct option_row *row = row_named(name, strlen(name));
	bool on = true;

	if (row == NULL)
		mistake(r, line, "there is no option \"%s\"", name);
	else if (row->flags & OPTION_LINE)
		mistake(r, line, "%s belongs on the command line", name);
	else if (row->arg == NULL && !read_switch(value, &on))
		mistake(r, line, "%s: \"%s\" is neither yes nor no", name, value);
	else if (on)
		settings_add(r, &r->filed, (struct setting){row, value, line});
}

static void read_text(struct reader *r, char *text)
{
	unsigned number = 0;

	for (char *line = text, *next; line != NULL; line = next) {
		char *sign;

		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		number++;
		cut_comment(line);
		line = trim(line);
		sign = strchr(line, '=');
		if (line[0] == '\0')
			continue;
		if (sign == NULL) {
			mistake(r, number, "\"%s\" is not of the form \"name = value\"", line);
			continue;
		}
		*sign = '\0';
		read_setting(r, number, trim(line), trim(sign + 1));
	}
}

/* One read up to a NUL, which no text has, takes all of it. */
static bool take_text(struct options *o, FILE *f)
{
	size_t room = 0;

	if (getdelim(&o->text, &room, '\0', f) >= 0)
		return true;
	free(o->text);
	o->text = NULL;
	return !ferror(f);
}

static void read_file(struct reader *r)
{
	FILE *f = fopen(r->o->config, "re");

	if (f == NULL || !take_text(r->o, f))
		mistake(r, 0, "cannot read %s: %s", r->o->config, strerror(errno));
	if (f != NULL)
		fclose(f);
	if (r->o->text != NULL)
		read_text(r, r->o->text);
}

static void apply(struct reader *r, const struct setting *s)
{
	char why[OPTION_WHY];

	if (!s->row->set(r->o, s->value, why))
		mistake(r, s->line, s->line > 0 ? "%s: %s" : "--%s: %s", s->row->name, why);
}

static bool settings_have(const struct settings *s, const struct option_row *row)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].row == row)
			return true;
	return false;
}

/* First the file, then the command line, so that the latter has the last word; what it replaces is not even looked at. */
static void apply_all(struct reader *r)
{
	for (size_t i = 0; i < r->filed.n; i++)
		if ((r->filed.all[i].row->flags & OPTION_ADDS) || !settings_have(&r->given, r->filed.all[i].row))
			apply(r, &r->filed.all[i]);
	for (size_t i = 0; i < r->given.n; i++)
		apply(r, &r->given.all[i]);
}

static void options_default(struct reader *r)
{
	*r->o = (struct options){
		.monitor = monitor_config_default(), .alerting = alerting_default(), .fail_on = SEVERITIES, .redact = REDACT_NONE};
	for (const struct option_row *row = option_rows; row->name != NULL; row++)
		if (row->fallback != NULL)
			apply(r, &(struct setting){row, row->fallback, 0});
}

/* -c has to be known before the rest can be applied. */
static void read_config(struct reader *r)
{
	for (size_t i = 0; i < r->given.n; i++)
		if (strcmp(r->given.all[i].row->name, "config") == 0)
			r->o->config = r->given.all[i].value;
	if (r->o->config != NULL)
		read_file(r);
}

unsigned options_read(struct options *o, int argc, char **argv, FILE *errors)
{
	struct reader r = {.o = o, .errors = errors};

	options_default(&r);
	read_line(&r, argc, argv);
	read_config(&r);
	apply_all(&r);
	if (r.mistakes == 0 && o->action == OPTIONS_RUN && o->reads.n == 0)
		mistake(&r, 0, "nothing to read: -r FILE names a capture, --help tells the rest");
	free(r.given.all);
	free(r.filed.all);
	return r.mistakes;
}

void options_free(struct options *o)
{
	free(o->reads.all);
	free(o->outputs.all);
	free(o->filter);
	free(o->text);
}
