/* line.c - reads the command line. */
#include "options/sources.h"

#include <stdlib.h>

/* The state of the reading. */
struct line {
	struct settings *to;
	char **filter;
	int argc, at; /* index of the current word */
	char **argv;
	struct config_errors *m;
};

static void line_add(struct line *l, const struct option_row *row, const char *value)
{
	settings_add(l->to, (struct setting){row, value, 0}, l->m);
}

/* Adds the option of the current word. attached: a value within the word; NULL: the next word is
 * the value. */
static void line_option(struct line *l, const struct option_row *row, const char *attached)
{
	const char *value = attached;
	if (row->arg && !value && l->at + 1 < l->argc)
		value = l->argv[++l->at];
	if (row->arg && !value)
		config_errors_add(l->m, 0, "--%s: its %s is missing", row->name, row->arg);
	else
		line_add(l, row, value);
}

/* Reads "--name" or "--name=value". */
static void line_long(struct line *l)
{
	const char *word = l->argv[l->at] + 2, *sign = strchr(word, '=');
	size_t n = sign ? (size_t)(sign - word) : strlen(word);
	const struct option_row *row = option_row_named(word, n);
	if (!row)
		option_unknown(l->m, 0, word, n);
	else if (!row->arg && sign)
		config_errors_add(l->m, 0, "--%s takes no value", row->name);
	else
		line_option(l, row, sign ? sign + 1 : NULL);
}

/* Reads "-x", "-xyz" or "-xvalue". */
static void line_short(struct line *l)
{
	for (const char *letter = l->argv[l->at] + 1; *letter != '\0'; letter++) {
		const struct option_row *row = option_row_lettered(*letter);
		if (!row) {
			config_errors_add(l->m, 0, "there is no option -%c; --help shows them all",
					  *letter);
			return;
		}
		if (row->arg) {
			line_option(l, row, letter[1] != '\0' ? letter + 1 : NULL);
			return;
		}
		line_add(l, row, NULL);
	}
}

static void line_word(struct line *l, const char *word)
{
	size_t n = *l->filter ? strlen(*l->filter) : 0, capacity = strlen(word) + 2;
	char *filter = realloc(*l->filter, n + capacity);
	if (!filter) {
		config_errors_add(l->m, 0, "no memory");
		return;
	}
	snprintf(filter + n, capacity, n > 0 ? " %s" : "%s", word);
	*l->filter = filter;
}

void option_line_read(struct settings *to, char **filter, int argc, char **argv,
		      struct config_errors *m)
{
	struct line l = {.to = to, .filter = filter, .argc = argc, .argv = argv, .m = m};
	bool words = false;
	*filter = NULL;
	for (l.at = 1; l.at < argc; l.at++) {
		const char *word = argv[l.at];
		if (!words && strcmp(word, "--") == 0)
			words = true;
		else if (words || word[0] != '-' || word[1] == '\0')
			line_word(&l, word);
		else if (word[1] == '-')
			line_long(&l);
		else
			line_short(&l);
	}
}
