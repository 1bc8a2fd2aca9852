/* schema.c - the lists of names, as the program numbers them, put into docs/schema.json. */
#include "lib/schema.h"

#include "policy/alert_kind.h"
#include "policy/role.h"
#include "smtpwatch/cause.h"

#include <stdlib.h>

static const char *verdict_label(unsigned i)
{
	return verdict_row((enum verdict)i)->id;
}

static const char *severity_label(unsigned i)
{
	return severity_name((enum severity)i);
}

static const char *stage_label(unsigned i)
{
	return stage_name((enum stage)i);
}

static const char *closer_label(unsigned i)
{
	return closer_name((enum closer)i);
}

static const char *how_label(unsigned i)
{
	return how_name((enum how)i);
}

static const char *farewell_label(unsigned i)
{
	return farewell_name((enum farewell)i);
}

static const char *seen_label(unsigned i)
{
	return seen_name((enum seen)i);
}

static const char *starttls_label(unsigned i)
{
	return starttls_name((enum starttls)i);
}

static const char *extra_label(unsigned i)
{
	return alert_kind_row(VERDICTS + i)->id;
}

static const char *cause_label(unsigned i)
{
	return cause_row((enum cause_id)i)->id;
}

static const char *confidence_label(unsigned i)
{
	return confidence_name((enum confidence)i);
}

/* FATE_OPEN never leaves the core, and SMTP_CONNECT is no last command. */
static const char *fate_label(unsigned i)
{
	return fate_name((enum fate)(i + FATE_ACCEPTED));
}

static const char *command_label(unsigned i)
{
	return smtp_verb_name((enum smtp_verb)(i + 1));
}

/* Offline there is none. */
static const char *role_label(unsigned i)
{
	return role_name((enum role)(i + ROLE_UNKNOWN));
}

/* A list of names in $defs: n of them, label(0) to label(n - 1). */
static const struct name_list {
	const char *name;
	unsigned n;
	const char *(*label)(unsigned i);
} lists[] = {
	{"verdict", VERDICTS, verdict_label},
	{"aside", ALERT_KINDS - VERDICTS, extra_label},
	{"cause", CAUSES, cause_label},
	{"confidence", CONFIDENCE_CERTAIN + 1, confidence_label},
	{"severity", SEVERITIES, severity_label},
	{"role", ROLES - ROLE_UNKNOWN, role_label},
	{"stage", STAGES, stage_label},
	{"closer", CLOSER_SERVER + 1, closer_label},
	{"how", HOW_CAPTURE_END + 1, how_label},
	{"farewell", FAREWELLS, farewell_label},
	{"seen", SEENS, seen_label},
	{"starttls", STARTTLS_STRIPPED + 1, starttls_label},
	{"flaw", FLAWS, flaw_name},
	{"extension", SMTP_EXTENSIONS, smtp_extension_name},
	{"fate", FATES - FATE_ACCEPTED, fate_label},
	{"command", SMTP_VERBS - 1, command_label},
};

enum { LISTS = sizeof lists / sizeof *lists };

/* The list of names whose definition the line begins; NULL: of none. */
static const struct name_list *list_begun(const char *line)
{
	for (unsigned i = 0; i < LISTS; i++) {
		size_t n = strlen(lists[i].name);

		if (strncmp(line + strlen("    \""), lists[i].name, n) == 0 &&
		    strcmp(line + strlen("    \"") + n, "\": {\n") == 0)
			return &lists[i];
	}
	return NULL;
}

static void put_names(struct outbuf *b, const struct name_list *list)
{
	for (unsigned i = 0; i < list->n; i++)
		outbuf_format(b, "        \"%s\"%s\n", list->label(i), i + 1 < list->n ? "," : "");
}

const char *schema_make(FILE *f, struct outbuf *b)
{
	const struct name_list *list = NULL;
	bool defs = false, inside = false, made[LISTS] = {false};
	const char *missing = NULL;
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, f) >= 0) {
		inside = inside && strncmp(line, "      ]", 7) != 0;
		if (inside)
			continue;
		outbuf_str(b, line);
		if (strncmp(line, "  \"", 3) == 0)
			defs = strcmp(line, "  \"$defs\": {\n") == 0;
		else if (strncmp(line, "    \"", 5) == 0)
			list = defs ? list_begun(line) : NULL;
		inside = list != NULL && strcmp(line, "      \"enum\": [\n") == 0;
		if (inside) {
			put_names(b, list);
			made[list - lists] = true;
		}
	}
	for (unsigned i = 0; i < LISTS; i++)
		if (!made[i])
			missing = lists[i].name;
	free(line);
	return missing;
}
