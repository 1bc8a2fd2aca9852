/* sink_textfile.c - the metrics in a file that node_exporter's textfile collector reads: always whole, because it is replaced and not written. */
#include "output/metrics.h"
#include "output/outage.h"
#include "output/outfile.h"
#include "output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct sink_textfile {
	struct metrics metrics;
	struct outbuf buf;
	const struct run_mode *mode;
	const char *path;
	char *temporary;
	struct outage outage;
};

static bool write_whole(struct sink_textfile *s)
{
	int fd = open(s->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	size_t done = 0;
	bool fine;

	if (fd < 0)
		return false;
	/* Who reads it is another user, whatever the umask says. */
	fine = fchmod(fd, 0644) == 0;
	while (fine && done < s->buf.n) {
		ssize_t n = write(fd, s->buf.p + done, s->buf.n - done);

		fine = n > 0 || (n < 0 && errno == EINTR);
		done += n > 0 ? (size_t)n : 0;
	}
	return close(fd) == 0 && fine && rename(s->temporary, s->path) == 0;
}

/* What cannot be written is written anew the next time, so that only the page is lost. */
static bool page_write(struct sink_textfile *s, const struct summary *sum)
{
	int error;

	s->metrics.core = *sum->core;
	s->metrics.alerting = sum->alerting;
	s->buf.n = 0;
	metrics_put(&s->metrics, &s->buf, sum->outputs, sum->outputs_n);
	errno = ENOMEM;
	if (!s->buf.failed && write_whole(s)) {
		outage_end(&s->outage);
		return true;
	}
	error = errno;
	unlink(s->temporary);
	s->buf.failed = false;
	outage_begin(&s->outage, strerror(error));
	outage_lose(&s->outage);
	return s->mode->live;
}

static void sink_free(struct sink_textfile *s)
{
	outbuf_free(&s->buf);
	free(s->temporary);
	free(s);
}

static const char no_file[] = "textfile wants a file, such as textfile:/var/lib/prometheus/node-exporter/smtpwatch.prom";

/* Files are replaced, so that what counts is the folder. */
static bool textfile_check(const char *target, const struct run_mode *mode, char why[SINK_WHY])
{
	char beside[PATH_MAX];

	(void)mode;
	if (target == NULL) {
		snprintf(why, SINK_WHY, "%s", no_file);
		return false;
	}
	snprintf(beside, sizeof(beside), "%s.tmp", target);
	return outfile_check(beside, why);
}

/* The first page, all noughts, shows whether the place is right. Who can write there later is the folder's matter, because files are replaced. */
static void *textfile_open(const char *target, const struct run_mode *mode, char why[SINK_WHY])
{
	struct sink_textfile *s = calloc(1, sizeof(*s));

	if (s == NULL || target == NULL || asprintf(&s->temporary, "%s.%ld.tmp", target, (long)getpid()) < 0) {
		snprintf(why, SINK_WHY, "%s", no_file);
		free(s);
		return NULL;
	}
	s->path = s->outage.name = target;
	s->mode = mode;
	metrics_put(&s->metrics, &s->buf, NULL, 0);
	if (!s->buf.failed && write_whole(s))
		return s;
	snprintf(why, SINK_WHY, "cannot write %.200s: %s", target, strerror(errno));
	unlink(s->temporary);
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

	out->lost = s->outage.lost;
}

static bool textfile_close(void *self)
{
	struct sink_textfile *s = self;
	bool whole = !s->outage.on;

	outage_close(&s->outage);
	sink_free(s);
	return whole;
}

const struct sink_kind sink_textfile = {
	.name = "textfile",
	.help = "Prometheus metrics in FILE, replaced as a whole with each statistics: for node_exporter's textfile collector",
	.open = textfile_open,
	.check = textfile_check,
	.record = textfile_record,
	.stats = textfile_stats,
	.close = textfile_close,
	.loss = textfile_loss,
};
