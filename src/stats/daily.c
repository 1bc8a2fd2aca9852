/* daily.c - totals that start from 0 each day. */
#include "stats/daily.h"

#include "smtpwatch/frame.h"

enum { DAY_MINUTES = 1440 };
static const int64_t minute_length = 60 * FRAME_SECOND,
		     day_length = DAY_MINUTES * 60 * FRAME_SECOND;

bool daily_begin(struct daily *d, int minute, const struct alerting *alerting)
{
	*d = (struct daily){
		.minute = minute, .alerting = alerting, .totals = {.servers = servers_new()}};
	return d->totals.servers;
}

void daily_end(struct daily *d)
{
	servers_free(d->totals.servers);
}

void daily_count(struct daily *d, const struct report *r)
{
	totals_count(&d->totals, r);
}

/* Returns the first end of a day after `since`. */
static int64_t next_end(const struct daily *d)
{
	int64_t end = d->since / day_length * day_length + d->minute * minute_length;
	return end > d->since ? end : end + day_length;
}

bool daily_over(struct daily *d, int64_t now)
{
	if (d->minute < 0)
		return false;
	/* The first call, or the clock was set back. */
	if (d->since == 0 || now < d->since)
		d->since = now;
	d->until = now;
	return now >= next_end(d);
}

void daily_next(struct daily *d)
{
	struct servers *servers = servers_new();
	d->since = d->until;
	/* The totals of two days in one report are better than none. */
	if (!servers)
		return;
	servers_free(d->totals.servers);
	d->totals = (struct totals){.servers = servers};
}

static int two_digits(const char *at, int below)
{
	int v = at[0] >= '0' && at[0] <= '9' && at[1] >= '0' && at[1] <= '9'
			? 10 * (at[0] - '0') + at[1] - '0'
			: below;
	return v < below ? v : -1;
}

int daily_read(const char *text)
{
	int hour, minute;
	if (strcmp(text, "off") == 0)
		return -1;
	if (strlen(text) != 5 || text[2] != ':')
		return -2;
	hour = two_digits(text, 24);
	minute = two_digits(text + 3, 60);
	return hour < 0 || minute < 0 ? -2 : 60 * hour + minute;
}
