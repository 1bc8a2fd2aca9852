/* ecs.c - a JSON object a line for each session, under the names of the Elastic Common Schema;
 * what that has no name for stands under "smtpwatch". */
#include "sink/table_sink.h"
#include "text/escape.h"

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
	for (const char *between = ""; table_sink_element(&left, &element); between = ",") {
		outbuf_str(b, between);
		put_string(b, element);
	}
	outbuf_char(b, ']');
}

static void ecs_field(struct outbuf *b, const struct column *c, size_t index,
		      const struct outbuf *value)
{
	struct bytes text;

	if (index == 0)
		outbuf_char(b, '{');
	if (value == NULL)
		return;
	text = bytes_of(value->p, value->n);
	/* The first field, which is always known, has no comma before it. */
	outbuf_format(b, "%s\"%s\":", index > 0 ? "," : "", c->name[COLUMN_ECS]);
	if (c->kind == COLUMN_LIST)
		put_list(b, text);
	else if (c->kind == COLUMN_NUMBER || c->kind == COLUMN_PORT)
		outbuf_bytes(b, text.p, text.n);
	else
		put_string(b, text);
}

static const struct table_sink_format format = {
	.format = COLUMN_ECS, .field = ecs_field, .end = "}\n"};

static void *ecs_open(const char *target, const struct run_mode *mode, struct error *why)
{
	return table_sink_open(&format, target, mode, why);
}

const struct sink_kind sink_ecs = {
	.name = "ecs",
	.help = "a JSON object a line for each session, under the names of the Elastic Common "
		"Schema; to FILE, -, or unix:PATH",
	.open = ecs_open,
	TABLE_SINK,
};
