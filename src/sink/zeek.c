/* zeek.c - a log as Zeek writes its own, smtpwatch.log: tab-separated, with the header that
 * zeek-cut and its like read. */
#include "sink/table_sink.h"

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

static void zeek_header(struct outbuf *b, struct stamp *stamp, int64_t first)
{
	const struct column *c;
	size_t at = 0;

	outbuf_str(b, "#separator "
		      "\\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#"
		      "path\tsmtpwatch\n");
	put_moment(b, stamp, "open", first);
	outbuf_str(b, "#fields");
	while ((c = columns_next(COLUMN_ZEEK, &at)) != NULL)
		outbuf_format(b, "%c%s", separator, c->name[COLUMN_ZEEK]);
	outbuf_str(b, "\n#types");
	for (at = 0; (c = columns_next(COLUMN_ZEEK, &at)) != NULL;)
		outbuf_format(b, "%c%s", separator, column_type(c->kind));
	outbuf_char(b, '\n');
}

/* What has a meaning in the format is written as \xNN, as Zeek does; within a list its comma, too.
 */
static void put_escaped(struct outbuf *b, struct bytes text, bool list)
{
	static const char *const words[] = {"-", "(empty)"};
	bool word = false;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		word |= bytes_equal(text, bytes_str(words[i]));
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

static void zeek_field(struct outbuf *b, const struct column *c, size_t index,
		       const struct outbuf *value)
{
	struct bytes left = value != NULL ? bytes_of(value->p, value->n) : bytes_of(NULL, 0),
		     element;

	if (index > 0)
		outbuf_char(b, separator);
	if (value == NULL) {
		outbuf_char(b, '-');
		return;
	}
	if (value->n == 0)
		outbuf_str(b, "(empty)");
	else if (c->kind == COLUMN_BOOL)
		outbuf_char(b, value->p[0] == 't' ? 'T' : 'F');
	else if (c->kind != COLUMN_LIST)
		put_escaped(b, left, false);
	else
		for (bool first = true; table_sink_element(&left, &element); first = false) {
			if (!first)
				outbuf_char(b, list_separator);
			if (element.n == 0)
				outbuf_str(b, "(empty)");
			put_escaped(b, element, true);
		}
}

static void zeek_footer(struct outbuf *b, struct stamp *stamp, int64_t last)
{
	put_moment(b, stamp, "close", last);
}

static const struct table_sink_format format = {.format = COLUMN_ZEEK,
						.header = zeek_header,
						.field = zeek_field,
						.end = "\n",
						.footer = zeek_footer};

static void *zeek_open(const char *target, const struct run_mode *mode, struct error *why)
{
	return table_sink_open(&format, target, mode, why);
}

const struct sink_kind sink_zeek = {
	.name = "zeek",
	.help = "a log in Zeek's format with a line for each session; to FILE, -, or unix:PATH",
	.open = zeek_open,
	TABLE_SINK,
};
