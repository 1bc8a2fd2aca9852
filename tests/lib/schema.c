/* schema.c - the lists of names, as the program numbers them, and the objects of the field table,
 * put into docs/schema.json. */
#include "lib/schema.h"

#include "format/fields.h"

#include "policy/alert_kind.h"
#include "policy/role.h"
#include "smtpwatch/cause.h"
#include "stats/counters.h"

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

/* The members of a value of each type, for the rows that have none of their own. */
static const char *const types[FIELD_TYPES] = {
	[FIELD_WORD] = "\"type\": \"string\"",
	[FIELD_TEXT] = "\"type\": \"string\"",
	[FIELD_LINES] = "\"type\": \"string\"",
	[FIELD_ADDR] = "\"type\": \"string\"",
	[FIELD_NUMBER] = "\"type\": \"integer\", \"minimum\": 0",
	[FIELD_CODE] = "\"type\": \"integer\", \"minimum\": 200, \"maximum\": 599",
	[FIELD_PORT] = "\"$ref\": \"#/$defs/port\"",
	[FIELD_BOOL] = "\"type\": \"boolean\"",
	[FIELD_TAKEN] = "\"type\": [\"boolean\", \"null\"]",
	[FIELD_PAIR] = "\"type\": \"array\", \"items\": {\"type\": \"integer\", \"minimum\": 0}, "
		       "\"minItems\": 2, \"maxItems\": 2",
	[FIELD_TIME] = "\"$ref\": \"#/$defs/time\"",
	[FIELD_SECONDS] = "\"type\": \"number\", \"minimum\": 0",
	[FIELD_ENHANCED] = "\"type\": \"string\", \"pattern\": \"^[245]\\\\.[0-9]+\\\\.[0-9]+$\"",
	[FIELD_SENTENCES] = "\"type\": \"array\", \"items\": {\"type\": \"string\"}, "
			    "\"maxItems\": 4",
	[FIELD_RESETS] = "\"type\": \"array\", \"minItems\": 1, \"maxItems\": 2",
	[FIELD_RECIPIENTS] = "\"type\": \"array\"",
	[FIELD_MESSAGES] = "\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/transaction\"}",
};

/* An object of the schema: its members are the rows of this group in these tables, and the groups
 * within it, in the order of the rows. */
struct object {
	const struct field *const *tables; /* NULL ends them */
	enum field_group group;
};

struct member {
	const char *name;
	int n; /* bytes of name */
	bool always;
	const struct field *field; /* NULL: an object, with this group */
	enum field_group group;
};

/* The group within `outer` that is, or contains, `inner`; FIELD_NONE: there is none. */
static enum field_group child_of(enum field_group inner, enum field_group outer)
{
	while (field_groups[inner].parent != inner) {
		if (field_groups[inner].parent == outer)
			return inner;
		inner = field_groups[inner].parent;
	}
	return FIELD_NONE;
}

/* Fills in at most MEMBERS members, and returns their number. */
enum { MEMBERS = 64 };
static size_t members_of(const struct object *o, struct member out[MEMBERS])
{
	bool seen[FIELD_GROUPS] = {false};
	size_t n = 0;

	for (const struct field *const *t = o->tables; *t != NULL; t++)
		for (const struct field *f = *t; f->get != NULL && n < MEMBERS; f++) {
			enum field_group in = child_of(f->group, o->group);

			if (f->group == o->group)
				out[n++] = (struct member){f->key + 2, f->key_n - 4, f->always, f,
							   FIELD_NONE};
			else if (in != FIELD_NONE && !seen[in])
				out[n++] = (struct member){field_groups[in].key,
							   (int)strlen(field_groups[in].key),
							   field_groups[in].always, NULL, in};
			seen[in] = true;
		}
	return n;
}

static void put_indent(struct outbuf *b, unsigned level)
{
	outbuf_format(b, "%*s", (int)(2 * level), "");
}

/* Begins a line; before it the one before is ended, with a comma unless it opens something. */
static void put_begin(struct outbuf *b, unsigned level)
{
	char last = b->p[b->n - 1];

	if (last != '\n')
		outbuf_str(b, last == '{' || last == '[' ? "\n" : ",\n");
	put_indent(b, level);
}

static void put_end(struct outbuf *b, unsigned level, const char *bracket)
{
	if (b->p[b->n - 1] != '[') {
		outbuf_char(b, '\n');
		put_indent(b, level);
	}
	outbuf_str(b, bracket);
}

static void put_meaning(struct outbuf *b, unsigned level, const char *meaning)
{
	if (meaning[0] == '\0')
		return;
	put_begin(b, level);
	outbuf_format(b, "\"description\": \"%s\"", meaning);
}

static void put_required(struct outbuf *b, unsigned level, const struct object *o)
{
	struct member members[MEMBERS];
	size_t n = members_of(o, members);

	for (size_t i = 0; i < n; i++)
		if (members[i].always) {
			put_begin(b, level);
			outbuf_format(b, "\"%.*s\"", members[i].n, members[i].name);
		}
}

static void put_properties(struct outbuf *b, unsigned level, const struct object *o);

static void put_object(struct outbuf *b, unsigned level, const struct object *o)
{
	put_begin(b, level);
	outbuf_str(b, "\"type\": \"object\"");
	put_meaning(b, level, field_groups[o->group].meaning);
	put_begin(b, level);
	outbuf_str(b, "\"additionalProperties\": false");
	put_begin(b, level);
	outbuf_str(b, "\"required\": [");
	put_required(b, level + 1, o);
	put_end(b, level, "]");
	put_begin(b, level);
	outbuf_str(b, "\"properties\": {");
	put_properties(b, level + 1, o);
	put_end(b, level, "}");
}

static void put_items(struct outbuf *b, unsigned level, const struct field *rows)
{
	const struct field *const tables[] = {rows, NULL};
	const struct object items = {tables, rows->group};

	put_begin(b, level);
	outbuf_str(b, "\"items\": {");
	put_object(b, level + 1, &items);
	put_end(b, level, "}");
}

static void put_field(struct outbuf *b, unsigned level, const struct field *f)
{
	put_begin(b, level);
	if (f->schema != NULL)
		outbuf_str(b, f->schema);
	else if (f->of != NULL && f->type == FIELD_BITS)
		outbuf_format(b, "\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/%s\"}",
			      f->of);
	else if (f->of != NULL)
		outbuf_format(b, "\"$ref\": \"#/$defs/%s\"", f->of);
	else
		outbuf_str(b, types[f->type]);
	if (f->type == FIELD_RESETS)
		put_items(b, level, field_reset);
	else if (f->type == FIELD_RECIPIENTS)
		put_items(b, level, field_recipient);
	put_meaning(b, level, f->meaning);
}

static void put_properties(struct outbuf *b, unsigned level, const struct object *o)
{
	struct member members[MEMBERS];
	size_t n = members_of(o, members);

	for (size_t i = 0; i < n; i++) {
		const struct object inner = {o->tables, members[i].group};

		put_begin(b, level);
		outbuf_format(b, "\"%.*s\": {", members[i].n, members[i].name);
		if (members[i].field != NULL)
			put_field(b, level + 1, members[i].field);
		else
			put_object(b, level + 1, &inner);
		put_end(b, level, "}");
	}
}

/* Whether a line begins, with its name in quotation marks, a member of the object. */
static bool is_member(const struct object *o, const char *line)
{
	struct member members[MEMBERS];
	size_t n = members_of(o, members);
	const char *name = strchr(line, '"') + 1;

	for (size_t i = 0; i < n; i++)
		if (strncmp(name, members[i].name, (size_t)members[i].n) == 0 &&
		    name[members[i].n] == '"')
			return true;
	return false;
}

/* Copies a line without its end and its comma. */
static void put_line(struct outbuf *b, const char *line)
{
	size_t n = strcspn(line, "\n");

	outbuf_bytes(b, line, n > 0 && line[n - 1] == ',' ? n - 1 : n);
}

/* Copies the definition of an object, whose first line was copied, up to its end; those of its
 * members that the tables have are made anew, behind the first ones that they do not have. */
static void object_make(FILE *f, struct outbuf *b, const struct object *o)
{
	enum { OUTSIDE, REQUIRED, PROPERTIES } where = OUTSIDE;
	bool ours = false, made = false;
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, f) >= 0 && strncmp(line, "    }", 5) != 0) {
		bool begins = strncmp(line, "        \"", 9) == 0;

		if (where != OUTSIDE && strncmp(line, "      ", 6) == 0 && line[6] != ' ') {
			if (!made)
				(where == REQUIRED ? put_required : put_properties)(b, 4, o);
			outbuf_char(b, '\n');
			where = OUTSIDE;
		}
		if (where == OUTSIDE) {
			outbuf_str(b, line);
			where = strcmp(line, "      \"required\": [\n") == 0     ? REQUIRED
				: strcmp(line, "      \"properties\": {\n") == 0 ? PROPERTIES
										 : OUTSIDE;
			made = false;
			continue;
		}
		if (begins)
			ours = is_member(o, line);
		if (begins && ours && !made) {
			(where == REQUIRED ? put_required : put_properties)(b, 4, o);
			made = true;
		}
		if (ours)
			continue;
		if (begins && b->p[b->n - 1] != '\n')
			outbuf_str(b, ",\n");
		else if (!begins)
			outbuf_char(b, '\n');
		if (begins || strncmp(line, "        }", 9) == 0)
			put_line(b, line);
		else
			outbuf_bytes(b, line, strcspn(line, "\n"));
	}
	outbuf_str(b, line);
	free(line);
}

/* The objects in $defs that the tables make. */
static const struct {
	const char *begin;
	struct object object;
} objects[] = {
	{"    \"record\": {\n",
	 {(const struct field *const[]){field_session, field_tls, field_net, NULL}, FIELD_ROOT}},
	{"    \"transaction\": {\n",
	 {(const struct field *const[]){field_message, NULL}, FIELD_MESSAGE}},
};

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

/* The counter with which the group begins whose object in $defs.stats the line begins; NULL: none.
 */
static const struct counter *group_begun(const char *line)
{
	for (const struct counter *c = counters; c < counters + counters_n; c++) {
		size_t n = strlen(c->group);

		if (strncmp(line + strlen("        \""), c->group, n) == 0 &&
		    strcmp(line + strlen("        \"") + n, "\": {\n") == 0)
			return c;
	}
	return NULL;
}

/* Appends the names of the counters of a group, or their properties. */
static void put_counters(struct outbuf *b, const struct counter *first, bool properties)
{
	for (const struct counter *c = first; c < counters + counters_n; c++) {
		bool last = c + 1 == counters + counters_n || strcmp(c[1].group, c->group) != 0;

		outbuf_format(b, "            \"%s\"", c->name);
		if (properties)
			outbuf_format(b,
				      ": {\n              \"type\": \"integer\",\n"
				      "              \"minimum\": 0,\n"
				      "              \"description\": \"%s\"\n            }",
				      c->about != NULL ? c->about : c->words);
		outbuf_str(b, last ? "\n" : ",\n");
		if (last)
			return;
	}
}

const char *schema_make(FILE *f, struct outbuf *b)
{
	const struct name_list *list = NULL;
	const struct counter *group = NULL;
	bool defs = false, stats = false, inside = false, made[LISTS] = {false};
	const char *end = "";
	size_t object = 0;
	const char *missing = NULL;
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, f) >= 0) {
		inside = inside && strncmp(line, end, strlen(end)) != 0;
		if (inside)
			continue;
		outbuf_str(b, line);
		if (strncmp(line, "  \"", 3) == 0)
			defs = strcmp(line, "  \"$defs\": {\n") == 0;
		else if (strncmp(line, "    \"", 5) == 0) {
			list = defs ? list_begun(line) : NULL;
			stats = defs && strcmp(line, "    \"stats\": {\n") == 0;
		} else if (strncmp(line, "        \"", 9) == 0)
			group = stats ? group_begun(line) : NULL;
		if (defs && object < sizeof objects / sizeof *objects &&
		    strcmp(line, objects[object].begin) == 0)
			object_make(f, b, &objects[object++].object);
		inside = list != NULL && strcmp(line, "      \"enum\": [\n") == 0;
		end = "      ]";
		if (inside) {
			put_names(b, list);
			made[list - lists] = true;
		} else if (group != NULL && strcmp(line, "          \"required\": [\n") == 0) {
			put_counters(b, group, false);
			inside = true;
			end = "          ]";
		} else if (group != NULL && strcmp(line, "          \"properties\": {\n") == 0) {
			put_counters(b, group, true);
			inside = true;
			end = "          }";
		}
	}
	for (unsigned i = 0; i < LISTS; i++)
		if (!made[i])
			missing = lists[i].name;
	if (object < sizeof objects / sizeof *objects)
		missing = objects[object].begin;
	free(line);
	return missing;
}
