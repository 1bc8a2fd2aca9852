/* table_sink.c - fields in the order of the table, each as its format wants it. */
#include "sink/table_sink.h"

#include <stdio.h>
#include <stdlib.h>

void *tableout_open(const struct tableout_format *format, const char *target,
		    const struct run_mode *mode, char why[SINK_WHY])
{
	struct tableout *t = calloc(1, sizeof(*t));

	snprintf(why, SINK_WHY, "no memory for a table, or no SHA-1 in the crypto library");
	if (t == NULL)
		return NULL;
	t->format = format;
	t->digest = digest_new();
	if (t->digest == NULL || !outlet_open(&t->out, target, mode, why)) {
		digest_free(t->digest);
		free(t);
		return NULL;
	}
	return t;
}

/* Once in each file, and before the first session of it. */
static void header_put(struct tableout *t, int64_t first)
{
	if (!t->headed && t->format->header != NULL)
		t->format->header(t->out.buf, &t->stamp, first);
	t->headed = true;
}

bool tableout_record(void *self, const struct report *r)
{
	struct tableout *t = self;
	const struct alert_view v = {
		.report = r, .signature = report_worst(r), .digest = t->digest, .stamp = &t->stamp};
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
	return outlet_put(&t->out);
}

/* A table without a row has a header all the same. */
bool tableout_stats(void *self, const struct summary *summary)
{
	struct tableout *t = self;

	if (summary->interim)
		return true;
	header_put(t, 0);
	if (t->format->footer != NULL)
		t->format->footer(t->out.buf, &t->stamp, t->last);
	return outlet_put(&t->out);
}

bool tableout_reopen(void *self)
{
	struct tableout *t = self;

	t->headed = false;
	return outlet_reopen(self);
}

bool tableout_close(void *self)
{
	struct tableout *t = self;
	bool whole = outlet_close(&t->out);

	outbuf_free(&t->value);
	digest_free(t->digest);
	free(t);
	return whole;
}

bool tableout_element(struct bytes *left, struct bytes *element)
{
	const uint8_t *end;

	if (left->p == NULL)
		return false;
	end = left->n > 0 ? memchr(left->p, '\n', left->n) : NULL;
	*element = bytes_first(*left, end != NULL ? (size_t)(end - left->p) : left->n);
	*left = end != NULL ? bytes_of(end + 1, left->n - element->n - 1) : bytes_of(NULL, 0);
	return true;
}
