/* make_docs.c - what tables know better, put into documents: make_docs FILE writes FILE with such
 * parts made anew to standard output. make_docs --metrics writes a page of metrics with every
 * series that there can be. A part stands between a line with "begin: NAME" and one with "end:
 * NAME"; parts[] at the end of this file has the names. In a FILE of JSON, the lists of names are
 * made anew. */
#include "base/ascii.h"
#include "format/fields.h"
#include "format/text/explain_words.h"
#include "history/mail.h"
#include "lib/outcome_docs.h"
#include "lib/schema.h"
#include "options/help.h"
#include "options/read.h"
#include "sink/sink.h"
#include "smtpwatch/cause.h"
#include "stats/metrics.h"

#include <stdlib.h>

static struct options defaults;
static bool failed;

static void complain(const char *what, const char *which)
{
	fprintf(stderr, "make_docs: %s: %s\n", what, which);
	failed = true;
}

/* mdoc: running text. A sentence begins a line, a line is short, and nothing in it is taken for a
 * request. */

enum { COLUMNS = 78 };

static void mdoc_char(struct outbuf *b, char c)
{
	if (c == '\\')
		outbuf_str(b, "\\e");
	else
		outbuf_char(b, c);
}

static void mdoc_text(struct outbuf *b, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t n = strcspn(text, " ");
		/* "..." ends none. */
		bool sentence = n > 1 && text[n - 1] == '.' && text[n - 2] != '.' && text[n] == ' ';

		if (column > 0 && column + 1 + n > COLUMNS) {
			outbuf_char(b, '\n');
			column = 0;
		}
		if (column > 0)
			outbuf_char(b, ' ');
		else if (*text == '.' || *text == '\'')
			outbuf_str(b, "\\&");
		for (size_t i = 0; i < n; i++)
			mdoc_char(b, text[i]);
		column += n + (column > 0);
		text += n;
		text += strspn(text, " ");
		if (sentence) {
			outbuf_char(b, '\n');
			column = 0;
		}
	}
	if (column > 0)
		outbuf_char(b, '\n');
}

/* Words on lines of 96 columns (four are for what closes the last one), of which `column` are
 * taken; further lines are indented. */
static void put_wrapped(struct outbuf *b, size_t column, const char *text, const char *indent)
{
	enum { WIDE = 96, TAB = 8 };
	size_t begin = indent[0] == '\t' ? TAB * strlen(indent) : strlen(indent);
	bool first = true;

	for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
		size_t n = strcspn(text, " ");

		if (!first && column + 1 + n > WIDE) {
			outbuf_format(b, "\n%s", indent);
			column = begin;
		} else if (!first) {
			outbuf_char(b, ' ');
			column++;
		}
		outbuf_format(b, "%.*s", (int)n, text);
		column += n;
		text += n;
		first = false;
	}
}

/* A clause as a heading, and as a sentence. */

static void put_heading(struct outbuf *b, const char *clause)
{
	outbuf_char(b, (char)ascii_upper((uint8_t)clause[0]));
	outbuf_str(b, clause + 1);
}

static void mdoc_sentence(struct outbuf *b, const char *clause)
{
	struct outbuf text = {0};
	size_t n = strlen(clause);

	put_heading(&text, clause);
	if (n > 0 && clause[n - 1] != '.')
		outbuf_char(&text, '.');
	outbuf_char(&text, '\0');
	mdoc_text(b, text.p);
	outbuf_free(&text);
}

static void mdoc_variant(struct outbuf *b, const struct verdict_variant *other)
{
	struct outbuf text = {0};

	outbuf_format(&text, "or, %s: %s", severity_name(other->severity), other->words.headline);
	outbuf_char(&text, '\0');
	mdoc_sentence(b, text.p);
	outbuf_free(&text);
}

static void mdoc_help(struct outbuf *b, const struct option_row *row)
{
	struct outbuf help = {0};

	options_help_row(&help, row, &defaults);
	outbuf_char(&help, '\0');
	mdoc_sentence(b, help.p);
	outbuf_free(&help);
}

static void mdoc_group(struct outbuf *b, const struct option_row *row)
{
	const char *title = option_group_begun(row);

	if (title != NULL)
		outbuf_format(b, "%s.Ss %s\n.Bl -tag -width Ds\n", row > option_rows ? ".El\n" : "",
			      title);
}

static void part_options(struct outbuf *b)
{
	for (const struct option_row *row = option_rows; row->name != NULL; row++) {
		mdoc_group(b, row);
		outbuf_str(b, ".It ");
		if (row->letter != '\0')
			outbuf_format(b, "Fl %c , ", row->letter);
		outbuf_format(b, "Fl Fl %s", row->name);
		if (row->arg != NULL)
			outbuf_format(b, " Ar %s", row->arg);
		outbuf_char(b, '\n');
		mdoc_help(b, row);
	}
	outbuf_str(b, ".El\n");
}

static void part_file_options(struct outbuf *b)
{
	for (const struct option_row *row = option_rows; row->name != NULL; row++) {
		mdoc_group(b, row);
		if (row->flags & OPTION_LINE)
			continue;
		outbuf_format(b, ".It Ic %s No = Ar %s\n", row->name,
			      row->arg != NULL ? row->arg : "yes|no");
		mdoc_help(b, row);
		if (row->flags & OPTION_RESTART)
			outbuf_str(b, "Takes a restart.\n");
	}
	outbuf_str(b, ".El\n");
}

static void part_kinds(struct outbuf *b)
{
	outbuf_str(b, ".Bl -tag -width Ds\n");
	for (const struct sink_kind *const *k = sink_kinds; *k != NULL; k++) {
		outbuf_format(b, ".It Cm %s\n", (*k)->name);
		mdoc_sentence(b, (*k)->help);
	}
	outbuf_str(b, ".El\n");
}

/* As they are called in the journal and in a command's environment. */
static void part_fields(struct outbuf *b)
{
	char name[ALERT_FIELD_NAME];
	struct field_list list = field_list_of(FIELD_ALERT_NAME);

	outbuf_str(b, ".Bd -ragged -offset indent\n");
	for (size_t i = 0; i < list.n; i++)
		outbuf_format(b, ".Ev %s%s\n",
			      alert_field_upper(list.at[i]->name[FIELD_ALERT_NAME], name),
			      i + 1 < list.n ? " ," : "");
	outbuf_str(b, ".Ed\n");
}

static void part_exit(struct outbuf *b)
{
	outbuf_str(b, ".Bl -tag -width Ds\n");
	for (unsigned code = 0; options_exit_codes[code] != NULL; code++) {
		outbuf_format(b, ".It %u\n", code);
		mdoc_sentence(b, options_exit_codes[code]);
	}
	outbuf_str(b, ".El\n");
}

static void part_outcomes(struct outbuf *b)
{
	outbuf_str(b, ".Bl -tag -width Ds\n");
	for (unsigned i = 0; i < OUTCOMES; i++) {
		outbuf_format(b, ".It Sy %s\\& Pq %s\n", outcome_row(i)->name,
			      severity_name(outcome_row(i)->severity));
		mdoc_sentence(b, outcome_row(i)->sentence);
	}
	outbuf_str(b, ".El\n");
}

/* The heading that a signature stands under, where it is another than its predecessor's; else NULL.
 */
static const char *category_begun(unsigned s)
{
	const char *category = alert_kind_row(s)->category;

	return s == 0 || strcmp(category, alert_kind_row(s - 1)->category) != 0 ? category : NULL;
}

static void part_alerts(struct outbuf *b)
{
	for (unsigned s = 0; s < ALERT_KINDS; s++) {
		const struct verdict_row *row = alert_kind_row(s);

		if (category_begun(s) != NULL) {
			outbuf_str(b, s > 0 ? ".El\n.Ss " : ".Ss ");
			put_heading(b, category_begun(s));
			outbuf_str(b, "\n.Bl -tag -width Ds\n");
		}
		outbuf_format(b, ".It Sy %s Pq %s\n", row->id, severity_name(row->severity));
		mdoc_sentence(b, row->headline);
		for (size_t i = 0; s < VERDICTS && verdict_variant((enum verdict)s, i); i++)
			mdoc_variant(b, verdict_variant((enum verdict)s, i));
	}
	outbuf_str(b, ".El\n");
}

/* Markdown */

static void markdown_cell(struct outbuf *b, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '|' || *text == '<' || *text == '*')
			outbuf_format(b, "\\%c", *text);
		else
			outbuf_char(b, *text);
}

/* "* **What happened:** The server said ..." */
static void markdown_item(struct outbuf *b, const char *label, const char *text)
{
	struct outbuf line = {0};
	size_t n = strlen(text);

	if (n == 0)
		return;
	outbuf_format(&line, "* **%s:** ", label);
	outbuf_char(&line, (char)ascii_upper((uint8_t)text[0]));
	markdown_cell(&line, text + 1);
	outbuf_str(&line, text[n - 1] == '.' ? "" : ".");
	outbuf_char(&line, '\0');
	put_wrapped(b, 0, line.p, "  ");
	outbuf_char(b, '\n');
	outbuf_free(&line);
}

static void markdown_variant(struct outbuf *b, const struct verdict_variant *other)
{
	struct outbuf label = {0};

	outbuf_format(&label, "Or (%s)", severity_name(other->severity));
	outbuf_char(&label, '\0');
	markdown_item(b, label.p, other->words.headline);
	markdown_item(b, "The mail then", other->words.meaning);
	markdown_item(b, "Look at then", other->words.advice);
	outbuf_free(&label);
}

static void part_alert_list(struct outbuf *b)
{
	for (unsigned s = 0; s < ALERT_KINDS; s++) {
		const struct verdict_row *row = alert_kind_row(s);
		const struct explain_words *words = explain_words_of(s);
		char rule[64];

		if (category_begun(s) != NULL) {
			outbuf_str(b, s > 0 ? "\n## " : "## ");
			put_heading(b, category_begun(s));
			outbuf_char(b, '\n');
		}
		outbuf_format(b, "\n### `%s` (%s)\n\n", row->id, severity_name(row->severity));
		markdown_item(b, "What happened", row->headline);
		markdown_item(b, "The mail", row->meaning);
		if (strcmp(row->rfc, "-") == 0)
			snprintf(rule, sizeof(rule), "The rule");
		else
			snprintf(rule, sizeof(rule), "The rule (%s)", row->rfc);
		markdown_item(b, "What the sender does", words->sender);
		markdown_item(b, "Look at", row->advice);
		markdown_item(b, "What to do", words->check);
		markdown_item(b, rule, words->rule);
		for (size_t i = 0; s < VERDICTS && verdict_variant((enum verdict)s, i); i++)
			markdown_variant(b, verdict_variant((enum verdict)s, i));
	}
}

static void part_cause_list(struct outbuf *b)
{
	for (enum cause_id id = 0; id < CAUSES; id++) {
		const struct cause_row *row = cause_row(id);
		const struct explain_cause *words = explain_cause_of(id);

		outbuf_format(b, "%s### `%s`\n\n", id > 0 ? "\n" : "", row->id);
		markdown_item(b, "What it says", row->meaning);
		markdown_item(b, "How it comes about", words->how);
		markdown_item(b, "Look at", row->advice != NULL ? row->advice : "");
		markdown_item(b, "What to do", words->check);
	}
}

/* The field of a table format at this place; NULL: there is none. */
static const struct field *field_at(unsigned place)
{
	for (enum field_output o = FIELD_CSV; o <= FIELD_ECS; o++) {
		struct field_list list = field_list_of(o);

		for (size_t i = 0; i < list.n; i++)
			if (list.at[i]->table == place)
				return list.at[i];
	}
	return NULL;
}

/* A field in each of the three formats. */
static void part_column_table(struct outbuf *b)
{
	outbuf_str(b, "| csv | zeek | type in zeek | ecs |\n|---|---|---|---|\n");
	for (unsigned place = 1; place <= FIELD_PLACE_MAX; place++) {
		const struct field *f = field_at(place);

		for (enum field_output o = FIELD_CSV; f != NULL && o <= FIELD_ECS; o++) {
			if (f->name[o] != NULL)
				outbuf_format(b, "| `%s` ", f->name[o]);
			else
				outbuf_str(b, "| ");
			if (o == FIELD_ZEEK)
				outbuf_format(b, "| %s ",
					      f->name[o] != NULL ? field_zeek_type(f) : "");
		}
		outbuf_str(b, f != NULL ? "|\n" : "");
	}
}

/* A page of metrics in which nothing is left out for being 0 or for being live. */
static void put_metrics(struct outbuf *b)
{
	static struct metrics m;
	struct domains *domains = domains_new(NULL);
	const struct sink_counts output = {.name = "json:x"};

	for (unsigned v = 0; v < VERDICTS; v++)
		for (unsigned s = 0; s < STAGES; s++)
			m.stages[v][s] = 1;
	m.started = 1;
	m.domains = domains;
	m.domains_n = 1;
	m.watched[m.watched_n++] = (struct watched){.name = "eth0"};
	metrics_put(&m, b, &output, 1);
	outbuf_char(b, '\0');
	domains_free(domains);
}

/* The names of the labels of a series, " by verdict, role". */
static void put_labels(struct outbuf *b, const char *series)
{
	const char *at = series + strcspn(series, "{\n");
	bool first = true;

	while (*at == '{' || *at == ',') {
		size_t n = strcspn(++at, "=");

		outbuf_format(b, "%s`%.*s`", first ? " by " : ", ", (int)n, at);
		first = false;
		at += n + 2;
		at += strcspn(at, "\"") + 1;
	}
}

/* From the lines of the page: "# HELP name words", "# TYPE name type", a series. */
static void part_metric_list(struct outbuf *b)
{
	struct outbuf page = {0};

	put_metrics(&page);
	for (const char *help = page.p; (help = strstr(help, "# HELP ")) != NULL; help++) {
		const char *name = help + strlen("# HELP "), *words = strchr(name, ' ') + 1,
			   *type = strstr(words, "# TYPE ") + 7;
		struct outbuf line = {0};
		int n = (int)strcspn(name, " ");

		type += n + 1;
		outbuf_format(&line, "* `%.*s` (%.*s", n, name, (int)strcspn(type, "\n"), type);
		put_labels(&line, strchr(type, '\n') + 1);
		outbuf_format(&line, "): %.*s%c", (int)strcspn(words, "\n"), words, '\0');
		put_wrapped(b, 0, line.p, "  ");
		outbuf_char(b, '\n');
		outbuf_free(&line);
	}
	outbuf_free(&page);
}

/* Completion: bash code that offers values. */

static void words_severity(struct outbuf *b)
{
	for (unsigned s = SEVERITY_INFO; s < SEVERITIES; s++)
		outbuf_format(b, " %s", severity_name(s));
}

static void words_alert(struct outbuf *b)
{
	for (unsigned s = 0; s < ALERT_KINDS; s++)
		outbuf_format(b, " %s", alert_kind_row(s)->id);
}

static void words_output(struct outbuf *b)
{
	for (const struct sink_kind *const *k = sink_kinds; *k != NULL; k++)
		outbuf_format(b, " %s", (*k)->name);
}

static void words_session(struct outbuf *b)
{
	outbuf_str(b, " worst");
}

/* How a value of this name is completed: by a function of the file's own, or by words; neither:
 * nothing can be offered. */
struct value_kind {
	const char *arg, *function;
	void (*words)(struct outbuf *b);
};

static const struct value_kind value_kinds[] = {
	{"FILE", "_smtpwatch_files", NULL},
	{"DIR", "_smtpwatch_folders", NULL},
	{"DIR[:30d]", "_smtpwatch_folders", NULL},
	{"INTERFACE", "_smtpwatch_interfaces", NULL},
	{"USER", "_smtpwatch_users", NULL},
	{"SEVERITY", NULL, words_severity},
	{"ALERT=SEVERITY", NULL, words_alert},
	{"KIND[:TARGET]", NULL, words_output},
	{"SESSION", NULL, words_session},
	{"NAME", NULL, NULL},
	{"N", NULL, NULL},
	{"NAME", NULL, NULL},
	{"SIZE", NULL, NULL},
	{"TIME", NULL, NULL},
	{"LIST", NULL, NULL},
	{"EXPRESSION", NULL, NULL},
};

static void put_words(struct outbuf *b, const char *separated)
{
	for (; *separated != '\0'; separated++)
		outbuf_char(b, *separated == '|' ? ' ' : *separated);
}

static void put_value(struct outbuf *b, size_t column, const struct option_row *row)
{
	static const char offer[] = "_smtpwatch_words \"";

	if (strchr(row->arg, '|') != NULL) {
		outbuf_str(b, offer);
		put_words(b, row->arg);
		outbuf_str(b, "\" ;;\n");
		return;
	}
	for (size_t i = 0; i < sizeof(value_kinds) / sizeof(value_kinds[0]); i++)
		if (strcmp(value_kinds[i].arg, row->arg) == 0) {
			if (value_kinds[i].function != NULL)
				outbuf_str(b, value_kinds[i].function);
			else if (value_kinds[i].words != NULL) {
				struct outbuf words = {0};

				value_kinds[i].words(&words);
				outbuf_char(&words, '\0');
				outbuf_str(b, offer);
				put_wrapped(b, column + sizeof(offer) - 1, words.p, "\t\t");
				outbuf_char(b, '"');
				outbuf_free(&words);
			} else
				outbuf_char(b, ':');
			outbuf_str(b, " ;;\n");
			return;
		}
	complain("no row in value_kinds says how to complete", row->arg);
}

static void part_values(struct outbuf *b)
{
	for (const struct option_row *row = option_rows; row->name != NULL; row++) {
		if (row->arg == NULL)
			continue;
		size_t begin = b->n;

		outbuf_str(b, "\t");
		if (row->letter != '\0')
			outbuf_format(b, "-%c | ", row->letter);
		outbuf_format(b, "--%s) ", row->name);
		put_value(b, b->n - begin + 7, row);
	}
}

static void part_names(struct outbuf *b)
{
	static const char subcommands[] = ""
#define SUBCOMMAND(name, words, help) " " #name
#include "options/subcommands.def"
		;
	static const char begin[] = "_smtpwatch_options=\"";
	struct outbuf words = {0};

	for (const struct option_row *row = option_rows; row->name != NULL; row++)
		outbuf_format(&words, "%s--%s%s", row > option_rows ? " " : "", row->name,
			      row->arg != NULL ? "=" : "");
	outbuf_char(&words, '\0');
	outbuf_str(b, begin);
	put_wrapped(b, sizeof(begin) - 1, words.p, "\t");
	outbuf_free(&words);
	outbuf_format(b, "\"\n_smtpwatch_subcommands=\"%s\"", subcommands + 1);
	outbuf_str(b, "\n_smtpwatch_severities=\"none");
	words_severity(b);
	outbuf_str(b, "\"\n");
}

struct part {
	const char *name;
	void (*put)(struct outbuf *b);
};

static const struct part parts[] = {
	{"options", part_options},
	{"file options", part_file_options},
	{"kinds of output", part_kinds},
	{"facts", part_fields},
	{"exit codes", part_exit},
	{"outcomes", part_outcomes},
	{"table of outcomes", outcome_docs_table},
	{"names of outcomes", outcome_docs_names},
	{"alerts", part_alerts},
	{"list of alerts", part_alert_list},
	{"list of causes", part_cause_list},
	{"table of columns", part_column_table},
	{"list of metrics", part_metric_list},
	{"values", part_values},
	{"names", part_names},
};

/* The part that a line begins or ends; NULL: it does neither. */
static const struct part *part_of(const char *line, const char *word)
{
	const char *at = strstr(line, word);

	/* "send: " is none. */
	if (at == NULL || (at > line && ascii_alnum((uint8_t)at[-1])))
		return NULL;
	at += strlen(word);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t n = strlen(parts[i].name);

		if (strncmp(at, parts[i].name, n) == 0 && strchr("\n ", at[n]) != NULL)
			return &parts[i];
	}
	complain("there is no such part", line);
	return NULL;
}

static void document_make(FILE *f, struct outbuf *b)
{
	const struct part *inside = NULL;
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, f) >= 0) {
		const struct part *ended = part_of(line, "end: ");

		if (ended != NULL && ended == inside)
			inside = NULL;
		if (inside != NULL)
			continue;
		outbuf_str(b, line);
		inside = part_of(line, "begin: ");
		if (inside != NULL)
			inside->put(b);
	}
	if (inside != NULL)
		complain("no end of the part", inside->name);
	free(line);
}

int main(int argc, char **argv)
{
	char name[] = "smtpwatch", help[] = "--help", *words[] = {name, help, NULL};
	bool metrics = argc == 2 && strcmp(argv[1], "--metrics") == 0;
	FILE *f = argc == 2 && !metrics ? fopen(argv[1], "r") : NULL;
	const char *missing = NULL;
	struct outbuf b = {0};

	if (metrics) {
		put_metrics(&b);
		fputs(b.p, stdout);
		outbuf_free(&b);
		return 0;
	}
	if (f == NULL) {
		fprintf(stderr, "usage: make_docs FILE | --metrics\n");
		return 2;
	}
	options_read(&defaults, 2, words, stderr);
	if (strstr(argv[1], ".json") != NULL)
		missing = schema_make(f, &b);
	else
		document_make(f, &b);
	if (missing != NULL)
		complain("$defs has no enum of the name", missing);
	failed |= b.failed || fwrite(b.p, 1, b.n, stdout) != b.n;
	fclose(f);
	options_free(&defaults);
	outbuf_free(&b);
	return failed;
}
