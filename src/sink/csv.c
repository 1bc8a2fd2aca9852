/* csv.c - a line for each session, for spreadsheets and databases (RFC 4180). */
#include "sink/table_sink.h"
#include "text/escape.h"

static void csv_header(struct outbuf *b, struct stamp *stamp, int64_t first)
{
	const struct column *c;
	size_t at = 0;

	(void)stamp;
	(void)first;
	for (const char *between = ""; (c = columns_next(COLUMN_CSV, &at)) != NULL; between = ",")
		outbuf_format(b, "%s%s", between, c->name[COLUMN_CSV]);
	outbuf_str(b, "\r\n");
}

/* The elements of a list stand in one field. */
static void csv_list(struct outbuf *b, const struct outbuf *value)
{
	struct bytes left = bytes_of(value->p, value->n), element;
	struct outbuf joined = {0};

	for (const char *between = ""; table_sink_element(&left, &element); between = "; ") {
		outbuf_str(&joined, between);
		outbuf_bytes(&joined, element.p, element.n);
	}
	escape_csv(b, bytes_of(joined.p, joined.n));
	outbuf_free(&joined);
}

static void csv_field(struct outbuf *b, const struct column *c, size_t index,
		      const struct outbuf *value)
{
	outbuf_str(b, index > 0 ? "," : "");
	if (value == NULL)
		return;
	if (c->kind == COLUMN_LIST)
		csv_list(b, value);
	else
		escape_csv(b, bytes_of(value->p, value->n));
}

static const struct table_sink_format format = {
	.format = COLUMN_CSV, .header = csv_header, .field = csv_field, .end = "\r\n"};

static void *csv_open(const char *target, const struct run_mode *mode, struct error *why)
{
	return table_sink_open(&format, target, mode, why);
}

const struct sink_kind sink_csv = {
	.name = "csv",
	.help = "a table with a line for each session, under a line of names; to FILE, -, or "
		"unix:PATH",
	.open = csv_open,
	TABLE_SINK,
};
