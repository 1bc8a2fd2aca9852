/* read.c - turns command line and configuration file into options. */
#include "options/read.h"

#include "sink/target.h"

#include "options/sources.h"

#include <stdlib.h>

static const struct option_row *row_of(const char *name)
{
	return option_row_named(name, strlen(name));
}

/* Takes ownership of a text that values point into. text may be NULL. */
static void text_own(struct options *o, char *text, struct config_errors *m)
{
	char **texts = text ? realloc(o->texts, (o->texts_n + 1) * sizeof *texts) : o->texts;
	if (!text)
		return;
	/* The text leaks on purpose: values point into it. */
	if (!texts) {
		config_errors_add(m, 0, "no memory");
		return;
	}
	texts[o->texts_n++] = text;
	o->texts = texts;
}

static void apply(struct options *o, const struct setting *s, struct config_errors *m)
{
	struct error why;
	if (!option_set(o, s->row, s->value, &why))
		config_errors_add(m, s->line, s->line > 0 ? "%s: %s" : "--%s: %s", s->row->name,
				  why.text);
}

static void lists_free(struct options *o)
{
	free(o->interfaces.all);
	free(o->reads.all);
	free(o->outputs.all);
}

/* Sets all options anew: defaults first, then the settings in their order. */
static void apply_all(struct options *o, struct config_errors *m)
{
	lists_free(o);
	*o = (struct options){.monitor = monitor_config_default(),
			      .alerting = alerting_default(),
			      .fail_on = SEVERITIES,
			      .argc = o->argc,
			      .argv = o->argv,
			      .suppression = o->suppression,
			      .settings = o->settings,
			      .texts = o->texts,
			      .texts_n = o->texts_n};
	alerting_gateway(&o->alerting, NULL, NULL);
	for (const struct option_row *row = option_rows; row->name; row++)
		if (row->fallback)
			apply(o, &(struct setting){row, row->fallback, 0}, m);
	for (size_t i = 0; i < o->settings.n; i++)
		apply(o, &o->settings.all[i], m);
	/* `ports` still says which sessions are told. */
	o->monitor.any_port |= o->check_ports;
	if (o->ladder == LADDER_SCENARIO && !o->explain)
		o->explain = EXPLAIN_ALL;
}

/* Whether a setting of the command line replaces this option of the file. */
static bool is_replaced(const struct settings *given, const struct option_row *row)
{
	for (size_t i = 0; i < given->n; i++) {
		const struct option_row *other = given->all[i].row;
		if ((other == row && !(row->flags & OPTION_ADDS)) ||
		    (other->flags & row->flags & OPTION_SOURCE))
			return true;
	}
	return false;
}

static unsigned line_of(const struct options *o, const char *name)
{
	size_t at = 0;
	const struct setting *s = settings_next(&o->settings, row_of(name), &at);
	return s ? s->line : 0;
}

static void check_interfaces(const struct options *o, struct config_errors *m)
{
	const struct options_list *list = &o->interfaces;
	unsigned line = line_of(o, "interface");
	for (size_t i = 0; i < list->n; i++) {
		if (list->n > 1 && strcmp(list->all[i], "any") == 0)
			config_errors_add(m, line,
					  "interface: any is every interface, and stands alone");
		for (size_t j = 0; j < i; j++)
			if (strcmp(list->all[i], list->all[j]) == 0)
				config_errors_add(m, line, "interface: %s is there twice",
						  list->all[i]);
	}
}

/* The second pass cannot read standard input again. */
static void check_twice(const struct options *o, const char *name, struct config_errors *m)
{
	for (size_t i = 0; i < o->reads.n; i++)
		if (strcmp(o->reads.all[i], "-") == 0)
			config_errors_add(m, line_of(o, name),
					  "%s: standard input cannot be read twice, as this has "
					  "to; write it to "
					  "a file first",
					  name);
}

/* Packets contain the mail addresses that redaction hides. */
static void check_write_pcap(const struct options *o, struct config_errors *m)
{
	if (!o->write_pcap)
		return;
	if (o->redaction.mode != REDACT_NONE)
		config_errors_add(
			m, line_of(o, "write-pcap"),
			"write-pcap: packets cannot be redacted, they are written as they "
			"were captured; with --redact %s there can be none",
			redact_name(o->redaction.mode));
	check_twice(o, "write-pcap", m);
}

/* --explain reads the captures twice, and a live run has no end. */
static void check_explain(const struct options *o, struct config_errors *m)
{
	if (!o->explain)
		return;
	if (o->interfaces.n > 0)
		config_errors_add(
			m, 0,
			"explain: of captures only (-r); --write-pcap keeps what is to be "
			"explained later");
	if (strcmp(o->explain, EXPLAIN_ALL) == 0 && o->ladder != LADDER_SCENARIO)
		config_errors_add(m, 0, "explain: all sessions at once are for --ladder scenario");
	check_twice(o, "explain", m);
}

/* The view of --top occupies standard output. */
static void check_top(const struct options *o, struct config_errors *m)
{
	const char *target;
	if (!o->top)
		return;
	if (o->explain)
		config_errors_add(
			m, line_of(o, "top"),
			"top: shows every session in words; --explain shows one without it");
	for (size_t i = 0; i < o->outputs.n; i++) {
		const struct sink_kind *kind = sink_kind_read(o->outputs.all[i], &target);
		if (kind && kind->reopen == target_reopen && (!target || strcmp(target, "-") == 0))
			config_errors_add(
				m, line_of(o, "output"),
				"output: standard output is the view of --top; give %s a file",
				kind->name);
	}
}

/* Checks that concern more than one option. */
static void check(const struct options *o, struct config_errors *m)
{
	check_interfaces(o, m);
	check_write_pcap(o, m);
	check_explain(o, m);
	check_top(o, m);
	if (o->interfaces.n > 0 && o->reads.n > 0)
		config_errors_add(
			m, line_of(o, "read"),
			"read (-r) judges captures, interface (-i) watches the network: one "
			"or the other");
	if (o->follow && o->interfaces.n > 0)
		config_errors_add(m, 0, "follow: of captures only; -i follows the network itself");
	if (m->n == 0 && o->action == OPTIONS_RUN && o->interfaces.n + o->reads.n == 0) {
		if (o->filter)
			config_errors_add(m, 0, "there is no file or folder \"%.*s\"",
					  (int)strcspn(o->filter, " "), o->filter);
		config_errors_add(m, line_of(o, "filter"),
				  "nothing to watch and nothing to read: -i INTERFACE watches the "
				  "network (-i any: all of it), smtpwatch FILE judges a capture; "
				  "--help tells the rest");
	}
}

/* Adds the words of the filter as a setting. */
static void filter_add(struct options *o, struct settings *given, char *words,
		       struct config_errors *m)
{
	size_t at = 0;
	if (!words)
		return;
	if (settings_next(given, row_of("filter"), &at))
		config_errors_add(m, 0, "two filters: --filter, and \"%s\"", words);
	settings_add(given, (struct setting){row_of("filter"), words, 0}, m);
	text_own(o, words, m);
}

unsigned options_read(struct options *o, int argc, char **argv, FILE *errors)
{
	struct config_errors m = {.to = errors};
	struct settings given = {0}, filed = {0};
	char *words, *text = NULL;
	*o = (struct options){.argc = argc, .argv = argv};
	option_line_read(&given, &words, argc, argv, &m);
	filter_add(o, &given, words, &m);
	for (size_t i = 0; i < given.n; i++)
		if (given.all[i].row == row_of("config"))
			m.file = given.all[i].value;
	if (m.file)
		option_file_read(&filed, &text, &m);
	text_own(o, text, &m);
	/* The file comes first, so that the command line prevails. A replaced setting of the file
	 * is not checked. */
	for (size_t i = 0; i < filed.n; i++)
		if (!is_replaced(&given, filed.all[i].row))
			settings_add(&o->settings, filed.all[i], &m);
	for (size_t i = 0; i < given.n; i++)
		settings_add(&o->settings, given.all[i], &m);
	free(given.all);
	free(filed.all);
	apply_all(o, &m);
	options_folders_expand(o, &text, &m);
	text_own(o, text, &m);
	check(o, &m);
	if (o->action == OPTIONS_RUN || o->action == OPTIONS_CHECK) {
		options_files_check(o, &m);
		options_suppression_read(o, line_of(o, "suppress"), &m);
	}
	if (o->action == OPTIONS_CHECK)
		options_check(o, &m);
	config_errors_print(&m);
	return m.n;
}

/* Whether both have the same values of an option. An option that is not set has its default. */
static bool is_same(const struct options *a, const struct options *b, const struct option_row *row)
{
	size_t i = 0, j = 0;
	const struct setting *x = settings_next(&a->settings, row, &i),
			     *y = settings_next(&b->settings, row, &j);
	const struct setting fallback = {row, row->fallback, 0};
	bool same = true;
	if (row->fallback) {
		x = x ? x : &fallback;
		y = y ? y : &fallback;
	}
	while (same && x && y) {
		same = !x->value || strcmp(x->value, y->value) == 0;
		x = settings_next(&a->settings, row, &i);
		y = settings_next(&b->settings, row, &j);
	}
	return same && !x && !y;
}

static void row_remove(struct settings *s, const struct option_row *row)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].row != row)
			s->all[n++] = s->all[i];
	s->n = n;
}

/* Replaces an option of fresh by that of running, in copies. */
static void row_restore(const struct options *running, struct options *fresh,
			const struct option_row *row, struct config_errors *m)
{
	size_t at = 0;
	row_remove(&fresh->settings, row);
	for (const struct setting *s; (s = settings_next(&running->settings, row, &at));) {
		struct setting copy = *s;
		if (s->value) {
			char *text = strdup(s->value);
			if (!text)
				config_errors_add(m, 0, "no memory");
			copy.value = text ? text : "";
			text_own(fresh, text, m);
		}
		settings_add(&fresh->settings, copy, m);
	}
}

unsigned options_reload(const struct options *running, struct options *fresh, FILE *errors,
			unsigned *unchanged)
{
	struct config_errors m = {.to = errors, .file = running->config};
	unsigned n = 0;
	m.n = options_read(fresh, running->argc, running->argv, errors);
	for (const struct option_row *row = option_rows; m.n == 0 && row->name; row++) {
		if (!(row->flags & OPTION_RESTART) || is_same(running, fresh, row))
			continue;
		fprintf(errors,
			"smtpwatch: %s: %s has changed; it stays as it was until a restart\n",
			running->config, row->name);
		row_restore(running, fresh, row, &m);
		n++;
	}
	if (n > 0)
		apply_all(fresh, &m);
	config_errors_print(&m);
	if (unchanged)
		*unchanged = n;
	return m.n;
}

void options_free(struct options *o)
{
	lists_free(o);
	suppression_free(o->suppression);
	free(o->settings.all);
	for (size_t i = 0; i < o->texts_n; i++)
		free(o->texts[i]);
	free(o->texts);
}
