/* page.c - html and textfile: a page in a file that is replaced as a whole. Offline it is written
 * at the end, live with each statistics too. */
#include "format/html/html.h"
#include "sink/sink.h"
#include "transport/atomic_file.h"
#include "transport/safe_open.h"
#include "transport/target_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* html names people: its owner says who may read it. Another user reads the metrics. */
enum { HTML_ACCESS = 0640, TEXTFILE_ACCESS = 0644 };

static const char no_html[] = "html wants a file, such as html:report.html",
		  no_textfile[] = "textfile wants a file, such as "
				  "textfile:/var/lib/prometheus/node-exporter/smtpwatch.prom";

struct page {
	struct html html;
	struct html_figures figures; /* textfile: of these the metrics */
	struct outbuf buf;
	const struct run_mode *mode;
	struct atomic_file file;
	struct target_state state;
};

static void page_free(struct page *p)
{
	html_free(&p->html);
	outbuf_free(&p->buf);
	atomic_file_free(&p->file);
	free(p);
}

/* Returns NULL with a sentence in why. */
static struct page *page_new(const char *target, mode_t access, const struct run_mode *mode,
			     struct error *why)
{
	struct page *p = calloc(1, sizeof *p);
	error_set(why, "no memory for a page");
	if (!p)
		return NULL;
	p->state.name = target;
	p->mode = mode;
	html_init(&p->html, &p->buf);
	if (atomic_file_init(&p->file, target, access))
		return p;
	page_free(p);
	return NULL;
}

/* Live, what cannot be written is written anew the next time, so that only the page is lost. */
static bool page_write(struct page *p)
{
	errno = ENOMEM;
	p->state.offered++;
	if (!p->buf.failed && atomic_file_write(&p->file, &p->buf)) {
		p->state.written++;
		target_state_up(&p->state);
		return true;
	}
	target_state_down(&p->state, strerror(errno));
	target_state_lose(&p->state);
	return p->mode->live;
}

static void page_counts(const void *self, struct sink_counts *out)
{
	const struct page *p = self;
	*out = (struct sink_counts){out->name, p->state.offered, p->state.written, p->state.lost, 0,
				    0};
}

static bool page_close(void *self)
{
	struct page *p = self;
	bool whole = !p->state.on;
	target_state_sum(&p->state, p->mode->live);
	page_free(p);
	return whole;
}

static bool html_check(const char *target, const struct run_mode *mode, struct error *why)
{
	(void)mode;
	if (target && strcmp(target, "-") != 0)
		return atomic_file_check(target, why);
	return error_set(why, "%s", no_html);
}

static void *html_open(const char *target, const struct run_mode *mode, struct error *why)
{
	struct page *p;
	if (!target || strcmp(target, "-") == 0) {
		error_set(why, "%s", no_html);
		return NULL;
	}
	p = page_new(target, HTML_ACCESS, mode, why);
	if (!p || atomic_file_hold(&p->file, mode, why))
		return p;
	page_free(p);
	return NULL;
}

static bool html_record(void *self, const struct report *r)
{
	struct page *p = self;
	html_count(&p->figures, r);
	return true;
}

/* The sessions follow. */
static bool html_stats(void *self, const struct summary *sum)
{
	struct page *p = self;
	p->buf.n = 0;
	p->buf.failed = false;
	if (!html_begin(&p->html, &p->figures, sum))
		p->buf.failed = true;
	return true;
}

static bool html_worst_session(void *self, const struct stored_session *one)
{
	struct page *p = self;
	if (one) {
		html_session(&p->html, one);
		return true;
	}
	html_end(&p->html);
	return page_write(p);
}

/* Files are replaced, so that what counts is the folder. */
static bool textfile_check(const char *target, const struct run_mode *mode, struct error *why)
{
	(void)mode;
	if (!target)
		return error_set(why, "%s", no_textfile);
	return atomic_file_check(target, why);
}

/* The first page, all zeros, shows whether the place is right. Who can write there later is the
 * folder's matter, because files are replaced. */
static void *textfile_open(const char *target, const struct run_mode *mode, struct error *why)
{
	struct page *p;
	if (!target) {
		error_set(why, "%s", no_textfile);
		return NULL;
	}
	p = page_new(target, TEXTFILE_ACCESS, mode, why);
	if (!p)
		return NULL;
	metrics_put(&p->figures.metrics, &p->buf, NULL, 0);
	if (!p->buf.failed && atomic_file_write(&p->file, &p->buf))
		return p;
	error_set(why, "cannot write %.200s: %s", target, outpath_error(errno));
	page_free(p);
	return NULL;
}

static bool textfile_record(void *self, const struct report *r)
{
	struct page *p = self;
	metrics_count(&p->figures.metrics, r);
	return true;
}

static bool textfile_stats(void *self, const struct summary *sum)
{
	struct page *p = self;
	metrics_observe(&p->figures.metrics, sum);
	p->buf.n = 0;
	p->buf.failed = false;
	metrics_put(&p->figures.metrics, &p->buf, sum->outputs, sum->outputs_n);
	return page_write(p);
}

const struct sink_kind sink_html = {
	.name = "html",
	.to_file = true,
	.help = "a report as one page for a browser in FILE: charts, servers, causes, the worst "
		"alerted sessions with their "
		"dialogues; live replaced with each statistics",
	.open = html_open,
	.check = html_check,
	.record = html_record,
	.stats = html_stats,
	.worst_session = html_worst_session,
	.close = page_close,
	.counts = page_counts,
};

const struct sink_kind sink_textfile = {
	.name = "textfile",
	.to_file = true,
	.help = "Prometheus metrics in FILE, replaced as a whole with each statistics: for "
		"node_exporter's textfile collector",
	.open = textfile_open,
	.check = textfile_check,
	.record = textfile_record,
	.stats = textfile_stats,
	.close = page_close,
	.counts = page_counts,
};
