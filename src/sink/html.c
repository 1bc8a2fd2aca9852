/* html.c - the report as a page in a file, replaced as a whole: offline at the end, live with
 * each statistics too. */
#include "format/html/html.h"
#include "sink/sink.h"
#include "transport/atomic_file.h"
#include "transport/target_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct sink_html {
	struct html_figures figures;
	struct html page;
	struct outbuf buf;
	const struct run_mode *mode;
	struct atomic_file file;
	struct target_state state;
};

/* It names people: who may read it is for its owner to say. */
enum { ACCESS = 0640 };

static const char no_file[] = "html wants a file, such as html:report.html";

static bool html_check(const char *target, const struct run_mode *mode, struct error *why)
{
	(void)mode;
	if (target != NULL && strcmp(target, "-") != 0)
		return atomic_file_check(target, why);
	return error_set(why, "%s", no_file);
}

static void sink_free(struct sink_html *s)
{
	html_free(&s->page);
	outbuf_free(&s->buf);
	atomic_file_free(&s->file);
	free(s);
}

static void *html_open(const char *target, const struct run_mode *mode, struct error *why)
{
	struct sink_html *s;

	if (target == NULL || strcmp(target, "-") == 0) {
		error_set(why, "%s", no_file);
		return NULL;
	}
	error_set(why, "no memory for html output");
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->state.name = target;
	s->mode = mode;
	html_init(&s->page, &s->buf);
	if (atomic_file_init(&s->file, target, ACCESS) && atomic_file_hold(&s->file, mode, why))
		return s;
	sink_free(s);
	return NULL;
}

static bool html_record(void *self, const struct report *r)
{
	struct sink_html *s = self;

	html_count(&s->figures, r);
	return true;
}

/* The sessions follow. */
static bool html_stats(void *self, const struct summary *sum)
{
	struct sink_html *s = self;

	s->buf.n = 0;
	s->buf.failed = false;
	if (!html_begin(&s->page, &s->figures, sum))
		s->buf.failed = true;
	return true;
}

/* Live, what cannot be written is written anew the next time, so that only the page is lost. */
static bool page_write(struct sink_html *s)
{
	errno = ENOMEM;
	if (!s->buf.failed && atomic_file_write(&s->file, &s->buf)) {
		target_state_up(&s->state);
		return true;
	}
	target_state_down(&s->state, strerror(errno));
	target_state_lose(&s->state);
	return s->mode->live;
}

static bool html_worst_session(void *self, const struct stored_session *one)
{
	struct sink_html *s = self;

	if (one != NULL) {
		html_session(&s->page, one);
		return true;
	}
	html_end(&s->page);
	return page_write(s);
}

static void html_loss(const void *self, struct sink_loss *out)
{
	const struct sink_html *s = self;

	out->lost = s->state.lost;
}

static bool html_close(void *self)
{
	struct sink_html *s = self;
	bool whole = !s->state.on;

	target_state_close(&s->state);
	sink_free(s);
	return whole;
}

const struct sink_kind sink_html = {
	.name = "html",
	.help = "a report as one page for a browser in FILE: charts, servers, causes, the worst "
		"alerted sessions with their "
		"dialogues; live replaced with each statistics",
	.open = html_open,
	.check = html_check,
	.record = html_record,
	.stats = html_stats,
	.worst_session = html_worst_session,
	.close = html_close,
	.loss = html_loss,
};
