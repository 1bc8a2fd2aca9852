/* sink_text.c - alerts as they come and a summary at the end, for people. A session that is no alert costs nothing here. */
#include "output/outfile.h"
#include "output/sink.h"
#include "output/text.h"

#include <stdio.h>
#include <stdlib.h>

struct sink_text {
	struct outfile out;
	struct text text;
};

/* no-color.org: any value but the empty one says no. */
static bool colour_wanted(const struct outfile *f)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return f->terminal && (no == NULL || no[0] == '\0') && (term == NULL || strcmp(term, "dumb") != 0);
}

static void *text_open(const char *target, char why[SINK_WHY])
{
	struct sink_text *s = calloc(1, sizeof(*s));

	snprintf(why, SINK_WHY, "no memory for text output");
	if (s == NULL || !outfile_open(&s->out, target != NULL ? target : "-", why)) {
		free(s);
		return NULL;
	}
	s->text.b = &s->out.buf;
	s->text.colour = colour_wanted(&s->out);
	return s;
}

static bool text_record(void *self, const struct report *r)
{
	struct sink_text *s = self;

	for (uint64_t left = r->raised; left != 0; left &= left - 1)
		text_alert(&s->text, r, (unsigned)__builtin_ctzll(left));
	/* Its alert is told with another session's, but mail that is lost or doubled has to be looked for one by one. */
	if (r->grouped && r->severity == SEVERITY_CRITICAL)
		text_grouped(&s->text, r);
	return outfile_put(&s->out);
}

static bool text_stats(void *self, const struct summary *sum)
{
	struct sink_text *s = self;

	text_summary(&s->text, sum);
	return outfile_put(&s->out);
}

static bool text_flush(void *self)
{
	struct sink_text *s = self;

	return outfile_flush(&s->out);
}

static bool text_close(void *self)
{
	struct sink_text *s = self;
	bool whole = outfile_close(&s->out);

	outbuf_free(&s->text.scratch);
	free(s);
	return whole;
}

const struct sink_kind sink_text = {
	.name = "text",
	.help = "alerts as paragraphs for people, and a summary at the end",
	.open = text_open,
	.record = text_record,
	.stats = text_stats,
	.flush = text_flush,
	.close = text_close,
};
