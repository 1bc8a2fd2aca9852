/* text.c - alerts as they come and a summary at the end, for people. A session that is no
 * alert costs nothing here. */
#include "format/text/text.h"
#include "sink/target.h"
#include "text/terminal.h"

#include <stdio.h>
#include <stdlib.h>

struct sink_text {
	struct target out; /* must come first: see target.h */
	struct text text;
};

static void *text_open(const char *target, const struct run_mode *mode, struct error *why)
{
	struct sink_text *s = calloc(1, sizeof *s);
	error_set(why, "no memory for text output");
	if (!s || !target_open(&s->out, target, mode, why)) {
		free(s);
		return NULL;
	}
	s->text.b = s->out.buf;
	s->text.several = mode->several;
	if (s->out.kind == TARGET_FILE)
		s->text.columns = terminal_columns(s->out.file.to.fd);
	s->text.colour = s->out.kind == TARGET_FILE && s->out.file.to.terminal &&
			 terminal_likes_colour();
	return s;
}

static bool text_record(void *self, const struct report *r)
{
	struct sink_text *s = self;
	for (uint64_t left = r->raised; left != 0; left &= left - 1)
		text_alert(&s->text, r, (unsigned)__builtin_ctzll(left));
	/* Told with another session's alert, or in a sum; but mail that is lost or doubled has to
	 * be looked for one by one. */
	for (uint64_t left = r->limited; left != 0; left &= left - 1)
		if (report_severity(r, (unsigned)__builtin_ctzll(left)) == SEVERITY_CRITICAL)
			text_again(&s->text, r, (unsigned)__builtin_ctzll(left), "again");
	if (r->grouped && r->severity == SEVERITY_CRITICAL)
		text_again(&s->text, r, r->record.judgement.verdict, "same event");
	return target_put(&s->out);
}

static bool text_repeat_put(void *self, const struct throttle_repeat *repeat)
{
	struct sink_text *s = self;
	text_repeat(&s->text, repeat);
	return target_put(&s->out);
}

static bool text_daily_put(void *self, const struct daily *day)
{
	struct sink_text *s = self;
	text_daily(&s->text, day);
	return target_put(&s->out);
}

static bool text_stats(void *self, const struct summary *sum)
{
	struct sink_text *s = self;
	if (!sum->interim)
		text_summary(&s->text, sum);
	return target_put(&s->out);
}

static bool text_close(void *self)
{
	struct sink_text *s = self;
	bool whole = target_close(&s->out);
	outbuf_free(&s->text.scratch);
	free(s);
	return whole;
}

const struct sink_kind sink_text = {
	TARGET_SINK,
	.to_file = true,
	.check = target_check,
	.reopen = target_reopen,
	.name = "text",
	.help = "alerts as paragraphs for people, and a summary at the end; to FILE, -, or "
		"unix:PATH",
	.open = text_open,
	.record = text_record,
	.repeat = text_repeat_put,
	.daily = text_daily_put,
	.stats = text_stats,
	.close = text_close,
};
