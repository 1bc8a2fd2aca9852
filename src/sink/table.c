/* table.c - csv, zeek and ecs: a line for each session, with the fields of the field table. */
#include "format/fields.h"
#include "sink/target.h"
#include "text/escape.h"

#include <limits.h>
#include <stdlib.h>

struct table {
	struct target out; /* must be the first member: see target.h */
	const struct format *format;
	struct field_list fields;
	struct digest *digest;
	struct stamp stamp;
	struct outbuf value;
	int64_t last; /* the end of the last session; 0: none was written */
	bool headed;
};

/* A format. header and footer may be NULL. */
struct format {
	enum field_output output;
	/* first: the start of the first session, nanoseconds since the epoch; 0: there is none. */
	void (*header)(struct table *t, struct outbuf *b, int64_t first);
	/* value: valid UTF-8, elements of a list with a line feed between two; NULL: not known.
	 * index: the field's position in the line. */
	void (*field)(struct outbuf *b, const struct field *f, size_t index,
		      const struct outbuf *value);
	const char *end; /* the end of a line */
	void (*footer)(struct table *t, struct outbuf *b);
};

/* Once in each file, and before the first session of it. */
static void header_put(struct table *t, int64_t first)
{
	if (!t->headed && t->format->header)
		t->format->header(t, t->out.buf, first);
	t->headed = true;
}

static bool table_record(void *self, const struct report *r)
{
	struct table *t = self;
	const struct field_view v = field_view_of(r, report_worst(r), t->digest, &t->stamp);
	header_put(t, r->record.conn->start);
	for (size_t i = 0; i < t->fields.n; i++) {
		const struct field *f = t->fields.at[i];
		bool known;
		t->value.n = 0;
		known = field_text(f, &t->value, &v, "\n", UINT_MAX) && !t->value.failed;
		t->format->field(t->out.buf, f, i, known ? &t->value : NULL);
	}
	outbuf_str(t->out.buf, t->format->end);
	t->last = r->record.end;
	return target_put(&t->out);
}

/* A table without a row has a header all the same. */
static bool table_stats(void *self, const struct summary *summary)
{
	struct table *t = self;
	if (summary->interim)
		return true;
	header_put(t, 0);
	if (t->format->footer)
		t->format->footer(t, t->out.buf);
	return target_put(&t->out);
}

static bool table_reopen(void *self)
{
	struct table *t = self;
	t->headed = false;
	return target_reopen(self);
}

static bool table_close(void *self)
{
	struct table *t = self;
	bool whole = target_close(&t->out);
	outbuf_free(&t->value);
	digest_free(t->digest);
	free(t);
	return whole;
}

static void *table_open(const struct format *format, const char *target,
			const struct run_mode *mode, struct error *why)
{
	struct table *t = calloc(1, sizeof *t);
	error_set(why, "no memory for a table, or no SHA-1 in the crypto library");
	if (!t)
		return NULL;
	t->format = format;
	t->fields = field_list_of(format->output);
	t->digest = digest_new();
	if (!t->digest || !target_open(&t->out, target, mode, why)) {
		digest_free(t->digest);
		free(t);
		return NULL;
	}
	return t;
}

/* Takes the first element off *left, a value whose elements are separated by LF. Returns false if
 * none is left. */
static bool element_take(struct bytes *left, struct bytes *element)
{
	const uint8_t *end;
	if (!left->p)
		return false;
	end = left->n > 0 ? memchr(left->p, '\n', left->n) : NULL;
	*element = bytes_first(*left, end ? (size_t)(end - left->p) : left->n);
	*left = end ? bytes_of(end + 1, left->n - element->n - 1) : bytes_of(NULL, 0);
	return true;
}

/* csv: RFC 4180. */

static void csv_header(struct table *t, struct outbuf *b, int64_t first)
{
	(void)first;
	for (size_t i = 0; i < t->fields.n; i++)
		outbuf_format(b, "%s%s", i > 0 ? "," : "", t->fields.at[i]->name[FIELD_CSV]);
	outbuf_str(b, "\r\n");
}

/* The elements of a list stand in one field. */
static void csv_list(struct outbuf *b, const struct outbuf *value)
{
	struct bytes left = bytes_of(value->p, value->n), element;
	struct outbuf joined = {0};
	for (const char *between = ""; element_take(&left, &element); between = "; ") {
		outbuf_str(&joined, between);
		outbuf_bytes(&joined, element.p, element.n);
	}
	escape_csv(b, bytes_of(joined.p, joined.n));
	outbuf_free(&joined);
}

static void csv_field(struct outbuf *b, const struct field *f, size_t index,
		      const struct outbuf *value)
{
	outbuf_str(b, index > 0 ? "," : "");
	if (!value)
		return;
	if (field_is_list(f))
		csv_list(b, value);
	else
		escape_csv(b, bytes_of(value->p, value->n));
}

/* ecs: a JSON object under the names of the Elastic Common Schema; what that has no name for
 * stands under "smtpwatch". */

static void put_string(struct outbuf *b, struct bytes text)
{
	outbuf_char(b, '"');
	escape_json(b, text);
	outbuf_char(b, '"');
}

static void put_list(struct outbuf *b, struct bytes left)
{
	struct bytes element;
	outbuf_char(b, '[');
	for (const char *between = ""; element_take(&left, &element); between = ",") {
		outbuf_str(b, between);
		put_string(b, element);
	}
	outbuf_char(b, ']');
}

static void ecs_field(struct outbuf *b, const struct field *f, size_t index,
		      const struct outbuf *value)
{
	if (index == 0)
		outbuf_char(b, '{');
	if (!value)
		return;
	/* The first field, which is always known, has no comma before it. */
	outbuf_format(b, "%s\"%s\":", index > 0 ? "," : "", f->name[FIELD_ECS]);
	if (field_is_list(f))
		put_list(b, bytes_of(value->p, value->n));
	else if (f->type == FIELD_NUMBER || f->type == FIELD_CODE || f->type == FIELD_PAIR ||
		 f->type == FIELD_PORT)
		outbuf_bytes(b, value->p, value->n);
	else
		put_string(b, bytes_of(value->p, value->n));
}

/* zeek: tab-separated, with the header that zeek-cut reads. */

static const char separator = '\t', list_separator = ',';

/* "2026-01-05-10-00-00": of the capture, so that the same capture gives the same log. */
static void put_moment(struct outbuf *b, struct stamp *stamp, const char *name, int64_t ns)
{
	struct outbuf iso = {0};
	if (ns == 0)
		return;
	stamp_iso(stamp, &iso, ns);
	outbuf_format(b, "#%s%c", name, separator);
	for (size_t i = 0; i < iso.n && iso.p[i] != '.'; i++)
		outbuf_char(b, iso.p[i] == 'T' || iso.p[i] == ':' ? '-' : iso.p[i]);
	outbuf_char(b, '\n');
	outbuf_free(&iso);
}

static void zeek_header(struct table *t, struct outbuf *b, int64_t first)
{
	outbuf_str(b, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n"
		      "#unset_field\t-\n#path\tsmtpwatch\n");
	put_moment(b, &t->stamp, "open", first);
	outbuf_str(b, "#fields");
	for (size_t i = 0; i < t->fields.n; i++)
		outbuf_format(b, "%c%s", separator, t->fields.at[i]->name[FIELD_ZEEK]);
	outbuf_str(b, "\n#types");
	for (size_t i = 0; i < t->fields.n; i++)
		outbuf_format(b, "%c%s", separator, field_zeek_type(t->fields.at[i]));
	outbuf_char(b, '\n');
}

/* What has a meaning in the format is written as \xNN, as Zeek does; within a list its comma, too.
 */
static void put_escaped(struct outbuf *b, struct bytes text, bool list)
{
	bool word = bytes_equal(text, bytes_str("-")) || bytes_equal(text, bytes_str("(empty)"));
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		if (c < 0x20 || c == 0x7f || (list && c == (uint8_t)list_separator) ||
		    (word && i == 0))
			outbuf_format(b, "\\x%02x", (unsigned)c);
		else if (c == '\\')
			outbuf_str(b, "\\\\");
		else
			outbuf_char(b, (char)c);
	}
}

static void zeek_field(struct outbuf *b, const struct field *f, size_t index,
		       const struct outbuf *value)
{
	struct bytes left = value ? bytes_of(value->p, value->n) : bytes_of(NULL, 0), element;
	if (index > 0)
		outbuf_char(b, separator);
	if (!value)
		outbuf_char(b, '-');
	else if (value->n == 0)
		outbuf_str(b, "(empty)");
	else if (f->type == FIELD_BOOL)
		outbuf_char(b, value->p[0] == 't' ? 'T' : 'F');
	else if (!field_is_list(f))
		put_escaped(b, left, false);
	else
		for (bool first = true; element_take(&left, &element); first = false) {
			if (!first)
				outbuf_char(b, list_separator);
			if (element.n == 0)
				outbuf_str(b, "(empty)");
			put_escaped(b, element, true);
		}
}

static void zeek_footer(struct table *t, struct outbuf *b)
{
	put_moment(b, &t->stamp, "close", t->last);
}

/* A kind of output: its name, help, and format. */
#define TABLE_SINK(kind, words, ...)                                                               \
	static void *kind##_open(const char *target, const struct run_mode *mode,                  \
				 struct error *why)                                                \
	{                                                                                          \
		static const struct format format = {__VA_ARGS__};                                 \
		return table_open(&format, target, mode, why);                                     \
	}                                                                                          \
	const struct sink_kind sink_##kind = {TARGET_SINK,                                         \
					      .to_file = true,                                     \
					      .check = target_check,                               \
					      .name = #kind,                                       \
					      .help = words,                                       \
					      .open = kind##_open,                                 \
					      .record = table_record,                              \
					      .stats = table_stats,                                \
					      .close = table_close,                                \
					      .reopen = table_reopen};

TABLE_SINK(csv,
	   "a table with a line for each session, under a line of names; to FILE, -, or unix:PATH",
	   .output = FIELD_CSV, .header = csv_header, .field = csv_field, .end = "\r\n")
TABLE_SINK(zeek, "a log in Zeek's format with a line for each session; to FILE, -, or unix:PATH",
	   .output = FIELD_ZEEK, .header = zeek_header, .field = zeek_field, .end = "\n",
	   .footer = zeek_footer)
TABLE_SINK(
	ecs,
	"a JSON object a line for each session, under the names of the Elastic Common Schema; to "
	"FILE, -, or unix:PATH",
	.output = FIELD_ECS, .field = ecs_field, .end = "}\n")
