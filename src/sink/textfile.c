/* textfile.c - the metrics in a file that node_exporter's textfile collector reads: always
 * whole, because it is replaced and not written. */
#include "sink/sink.h"
#include "stats/metrics.h"
#include "transport/atomic_file.h"
#include "transport/safe_open.h"
#include "transport/target_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct sink_textfile {
	struct metrics metrics;
	struct outbuf buf;
	const struct run_mode *mode;
	struct atomic_file file;
	struct target_state state;
};

/* What cannot be written is written anew the next time, so that only the page is lost. */
static bool page_write(struct sink_textfile *s, const struct summary *sum)
{
	int error;

	s->metrics.core = *sum->core;
	s->metrics.alerting = sum->alerting;
	s->buf.n = 0;
	metrics_put(&s->metrics, &s->buf, sum->outputs, sum->outputs_n);
	errno = ENOMEM;
	if (!s->buf.failed && atomic_file_write(&s->file, &s->buf)) {
		target_state_up(&s->state);
		return true;
	}
	error = errno;
	s->buf.failed = false;
	target_state_down(&s->state, strerror(error));
	target_state_lose(&s->state);
	return s->mode->live;
}

static void sink_free(struct sink_textfile *s)
{
	outbuf_free(&s->buf);
	atomic_file_free(&s->file);
	free(s);
}

static const char no_file[] =
	"textfile wants a file, such as textfile:/var/lib/prometheus/node-exporter/smtpwatch.prom";

/* Files are replaced, so that what counts is the folder. */
static bool textfile_check(const char *target, const struct run_mode *mode, struct error *why)
{
	(void)mode;
	if (target == NULL)
		return error_set(why, "%s", no_file);
	return atomic_file_check(target, why);
}

/* The first page, all noughts, shows whether the place is right. Who can write there later is the
 * folder's matter, because files are replaced. */
static void *textfile_open(const char *target, const struct run_mode *mode, struct error *why)
{
	struct sink_textfile *s = calloc(1, sizeof(*s));

	/* Who reads it is another user. */
	if (s == NULL || target == NULL || !atomic_file_init(&s->file, target, 0644)) {
		error_set(why, "%s", no_file);
		free(s);
		return NULL;
	}
	s->state.name = target;
	s->mode = mode;
	metrics_put(&s->metrics, &s->buf, NULL, 0);
	if (!s->buf.failed && atomic_file_write(&s->file, &s->buf))
		return s;
	error_set(why, "cannot write %.200s: %s", target, outpath_error(errno));
	sink_free(s);
	return NULL;
}

static bool textfile_record(void *self, const struct report *r)
{
	struct sink_textfile *s = self;

	metrics_count(&s->metrics, r);
	return true;
}

static bool textfile_stats(void *self, const struct summary *sum)
{
	return page_write(self, sum);
}

static void textfile_loss(const void *self, struct sink_loss *out)
{
	const struct sink_textfile *s = self;

	out->lost = s->state.lost;
}

static bool textfile_close(void *self)
{
	struct sink_textfile *s = self;
	bool whole = !s->state.on;

	target_state_close(&s->state);
	sink_free(s);
	return whole;
}

const struct sink_kind sink_textfile = {
	.name = "textfile",
	.help = "Prometheus metrics in FILE, replaced as a whole with each statistics: for "
		"node_exporter's textfile collector",
	.open = textfile_open,
	.check = textfile_check,
	.record = textfile_record,
	.stats = textfile_stats,
	.close = textfile_close,
	.loss = textfile_loss,
};
