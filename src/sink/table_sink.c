/* table_sink.c - fields in the order of the table, each as its format wants it. */
#include "sink/table_sink.h"

#include <stdlib.h>

void *table_sink_open(const struct table_sink_format *format, const char *target,
		      const struct run_mode *mode, struct error *why)
{
	struct table_sink *t = calloc(1, sizeof(*t));

	error_set(why, "no memory for a table, or no SHA-1 in the crypto library");
	if (t == NULL)
		return NULL;
	t->format = format;
	t->digest = digest_new();
	if (t->digest == NULL || !target_open(&t->out, target, mode, why)) {
		digest_free(t->digest);
		free(t);
		return NULL;
	}
	return t;
}

/* Once in each file, and before the first session of it. */
static void header_put(struct table_sink *t, int64_t first)
{
	if (!t->headed && t->format->header != NULL)
		t->format->header(t->out.buf, &t->stamp, first);
	t->headed = true;
}

bool table_sink_record(void *self, const struct report *r)
{
	struct table_sink *t = self;
	const struct alert_view v = {
		.report = r, .kind = report_worst(r), .digest = t->digest, .stamp = &t->stamp};
	const struct column *c;
	size_t at = 0;

	header_put(t, r->record.conn->start);
	for (size_t i = 0; (c = columns_next(t->format->format, &at)) != NULL; i++) {
		bool known;

		t->value.n = 0;
		known = column_value(c, &t->value, &v) && !t->value.failed;
		t->format->field(t->out.buf, c, i, known ? &t->value : NULL);
	}
	outbuf_str(t->out.buf, t->format->end);
	t->last = r->record.end;
	return target_put(&t->out);
}

/* A table without a row has a header all the same. */
bool table_sink_stats(void *self, const struct summary *summary)
{
	struct table_sink *t = self;

	if (summary->interim)
		return true;
	header_put(t, 0);
	if (t->format->footer != NULL)
		t->format->footer(t->out.buf, &t->stamp, t->last);
	return target_put(&t->out);
}

bool table_sink_reopen(void *self)
{
	struct table_sink *t = self;

	t->headed = false;
	return target_reopen(self);
}

bool table_sink_close(void *self)
{
	struct table_sink *t = self;
	bool whole = target_close(&t->out);

	outbuf_free(&t->value);
	digest_free(t->digest);
	free(t);
	return whole;
}

bool table_sink_element(struct bytes *left, struct bytes *element)
{
	const uint8_t *end;

	if (left->p == NULL)
		return false;
	end = left->n > 0 ? memchr(left->p, '\n', left->n) : NULL;
	*element = bytes_first(*left, end != NULL ? (size_t)(end - left->p) : left->n);
	*left = end != NULL ? bytes_of(end + 1, left->n - element->n - 1) : bytes_of(NULL, 0);
	return true;
}
