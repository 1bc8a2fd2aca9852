/* progress.c - one line on standard error, which is overwritten. */
#include "tui/progress.h"

#include "smtpwatch/frame.h"
#include "text/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* CALLS: calls of progress_show for one look at the clock. */
enum { CALLS = 16 };
static const int64_t first = FRAME_SECOND / 2, every = FRAME_SECOND / 4;

void progress_begin(struct progress *p, const char *what, uint64_t total)
{
	const char *term = getenv("TERM");
	*p = (struct progress){.on = isatty(STDERR_FILENO) && (!term || strcmp(term, "dumb") != 0),
			       .what = what,
			       .total = total};
	p->begin = clock_read(CLOCK_MONOTONIC);
}

static void put_bytes(char *out, size_t n, double bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	unsigned u = 0;
	for (; bytes >= 1000 && u + 1 < sizeof units / sizeof units[0]; u++)
		bytes /= 1000;
	snprintf(out, n, u == 0 || bytes >= 100 ? "%.0f %s" : "%.1f %s", bytes, units[u]);
}

char *progress_text(const struct progress *p, uint64_t done, int64_t elapsed,
		    char out[PROGRESS_TEXT])
{
	char so_far[32], all[32], rate[32];
	double seconds = (double)(elapsed > 0 ? elapsed : 1) / (double)FRAME_SECOND, speed;
	uint64_t sum = p->before + done;
	speed = (double)sum / seconds;
	put_bytes(so_far, sizeof so_far, (double)sum);
	put_bytes(all, sizeof all, (double)p->total);
	put_bytes(rate, sizeof rate, speed);
	if (p->total == 0 || sum > p->total)
		snprintf(out, PROGRESS_TEXT, "%s %s, %s/s", so_far, p->what, rate);
	else
		snprintf(out, PROGRESS_TEXT, "%s of %s %s (%.0f %%), %s/s, %.0f s left", so_far,
			 all, p->what, 100.0 * (double)sum / (double)p->total, rate,
			 speed > 0 ? (double)(p->total - sum) / speed : 0.0);
	return out;
}

void progress_show(struct progress *p, uint64_t done)
{
	char text[PROGRESS_TEXT];
	int64_t now;
	if (!p->on || ++p->skipped < CALLS)
		return;
	p->skipped = 0;
	now = clock_read(CLOCK_MONOTONIC);
	if (now - p->begin < first || now - p->last < every)
		return;
	p->last = now;
	p->shown = true;
	fprintf(stderr, "\r%s\033[K", progress_text(p, done, now - p->begin, text));
}

void progress_next(struct progress *p, uint64_t size)
{
	p->before += size;
}

void progress_hide(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
