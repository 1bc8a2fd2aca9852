/* sums.c - groups in a hash table, each with its outcomes and a histogram of delays. */
#include "history/report/sums.h"

#include "smtpwatch/frame.h"
#include "text/escape.h"
#include "text/timestamp.h"

#include <stdlib.h>

/* GROUPS: places, of which three in four are used at most. DELAYS: classes of a delay, eight for
 * each doubling of milliseconds: a percentile is exact to a tenth. */
enum { GROUPS = 1 << 14, GROUPS_MAX = GROUPS / 4 * 3, DELAYS = 256, KEYS = 1 << 16 };

struct group {
	int64_t name; /* hour, or hash of a key; of a used group its number plus 1 */
	uint64_t mails, tries;
	uint64_t of[OUTCOMES];
	uint64_t accepted;
	uint32_t delays[DELAYS];
};

struct sums {
	enum report_by by;
	struct group *groups; /* owned */
	size_t n;
	struct group others;
	uint64_t keys[KEYS]; /* by hash: the latest key with that place */
};

struct sums *sums_new(enum report_by by)
{
	struct sums *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->by = by;
	s->groups = calloc(GROUPS, sizeof *s->groups);
	if (s->groups)
		return s;
	free(s);
	return NULL;
}

void sums_free(struct sums *s)
{
	if (!s)
		return;
	free(s->groups);
	free(s);
}

void sums_attempt(struct sums *s, const struct attempt *a)
{
	uint64_t key = s->by == REPORT_BY_SERVER ? a->site : a->domain;
	s->keys[mail_hash(key) % KEYS] = key;
}

static int64_t name_of(const struct sums *s, const struct mail *m)
{
	if (s->by == REPORT_BY_HOUR)
		return m->first / (3600 * 1000);
	return s->by == REPORT_BY_SERVER ? m->site : m->domain;
}

static struct group *group_of(struct sums *s, int64_t name)
{
	size_t at = (size_t)((uint64_t)name * UINT64_C(0x9e3779b97f4a7c15) >> 50);
	for (;; at++) {
		struct group *g = &s->groups[at % GROUPS];
		if (g->name == name + 1)
			return g;
		if (g->name != 0)
			continue;
		if (s->n == GROUPS_MAX)
			return &s->others;
		s->n++;
		g->name = name + 1;
		return g;
	}
}

/* Below 8 ms a class each, then eight to a doubling. */
static unsigned class_of(int64_t ms)
{
	unsigned shift = 0;
	while (ms >> shift >= 16)
		shift++;
	unsigned class = shift * 8 + (unsigned)(ms >> shift);
	return class < DELAYS ? class : DELAYS - 1;
}

/* The middle of a class, milliseconds. */
static int64_t delay_of(unsigned class)
{
	unsigned shift = class < 16 ? 0 : class / 8 - 1;
	int64_t low = (int64_t)(class - shift * 8) << shift;
	return low + ((INT64_C(1) << shift) - 1) / 2;
}

void sums_mail(struct sums *s, const struct mail_view *v)
{
	struct group *g = group_of(s, name_of(s, v->mail));
	g->mails++;
	g->tries += v->mail->tries;
	g->of[v->outcome]++;
	if (v->delay < 0)
		return;
	g->accepted++;
	g->delays[class_of(v->delay)]++;
}

/* The delay that so many in a hundred of the accepted mails did not exceed, milliseconds. */
static int64_t percentile(const struct group *g, unsigned percent)
{
	uint64_t wanted = (g->accepted * percent + 99) / 100, seen = 0;
	for (unsigned i = 0; i < DELAYS; i++) {
		seen += g->delays[i];
		if (seen >= wanted)
			return delay_of(i);
	}
	return 0;
}

static const char *const by_names[REPORT_BYS] = {"", "domain", "hour", "server"};

static void name_put(const struct sums *s, struct archive *a, const struct group *g,
		     struct outbuf *b)
{
	struct stamp stamp = {0};
	uint64_t key;
	char text[ARCHIVE_NAME_MAX];
	if (g == &s->others) {
		outbuf_str(b, "others");
	} else if (s->by == REPORT_BY_HOUR) {
		stamp_iso(&stamp, b, (g->name - 1) * 3600 * FRAME_SECOND);
	} else {
		key = s->keys[(uint32_t)(g->name - 1) % KEYS];
		if (mail_hash(key) != (uint32_t)(g->name - 1))
			outbuf_str(b, "?");
		else
			outbuf_str(b, archive_name(a, key, text));
	}
}

/* "12.345" */
static void seconds_put(struct outbuf *b, int64_t ms)
{
	outbuf_format(b, "%lld.%03d", (long long)(ms / 1000), (int)(ms % 1000));
}

static const unsigned percents[] = {50, 90, 99};

static void json_put(struct outbuf *b, const char *by, struct bytes name, const struct group *g)
{
	outbuf_format(b, "{\"event_type\":\"mails\",\"schema_version\":%d,\"%s\":\"", REPORT_SCHEMA,
		      by);
	escape_json(b, name);
	outbuf_format(b, "\",\"mails\":%llu,\"tries\":%llu,\"outcomes\":{",
		      (unsigned long long)g->mails, (unsigned long long)g->tries);
	for (unsigned i = 0, n = 0; i < OUTCOMES; i++)
		if (g->of[i] > 0)
			outbuf_format(b, "%s\"%s\":%llu", n++ ? "," : "",
				      outcome_row((enum outcome)i)->name,
				      (unsigned long long)g->of[i]);
	outbuf_str(b, "},\"delay\":{");
	for (unsigned i = 0; i < 3 && g->accepted > 0; i++) {
		outbuf_format(b, "%s\"p%u\":", i ? "," : "", percents[i]);
		seconds_put(b, percentile(g, percents[i]));
	}
	outbuf_str(b, "}}\n");
}

static void csv_put(struct outbuf *b, struct bytes name, const struct group *g)
{
	outbuf_format(b, "%d,", REPORT_SCHEMA);
	escape_csv(b, name);
	outbuf_format(b, ",%llu,%llu", (unsigned long long)g->mails, (unsigned long long)g->tries);
	for (unsigned i = 0; i < OUTCOMES; i++)
		outbuf_format(b, ",%llu", (unsigned long long)g->of[i]);
	for (unsigned i = 0; i < 3; i++) {
		outbuf_char(b, ',');
		if (g->accepted > 0)
			seconds_put(b, percentile(g, percents[i]));
	}
	outbuf_char(b, '\n');
}

static void text_put(struct outbuf *b, struct bytes name, const struct group *g)
{
	escape_text(b, name);
	outbuf_format(b, ": %llu mail%s, %llu tr%s", (unsigned long long)g->mails,
		      g->mails == 1 ? "" : "s", (unsigned long long)g->tries,
		      g->tries == 1 ? "y" : "ies");
	for (unsigned i = 0; i < OUTCOMES; i++)
		if (g->of[i] > 0)
			outbuf_format(b, ", %llu %s", (unsigned long long)g->of[i],
				      outcome_row((enum outcome)i)->name);
	if (g->accepted > 0) {
		outbuf_str(b, "; accepted after");
		for (unsigned i = 0; i < 3; i++) {
			outbuf_str(b, i ? ", " : " ");
			seconds_put(b, percentile(g, percents[i]));
		}
		outbuf_str(b, " s (half, 90 %, 99 %)");
	}
	outbuf_char(b, '\n');
}

static void csv_head(struct outbuf *b, const char *by)
{
	outbuf_format(b, "schema_version,%s,mails,tries", by);
	for (unsigned i = 0; i < OUTCOMES; i++)
		outbuf_format(b, ",%s", outcome_row((enum outcome)i)->name);
	outbuf_str(b, ",delay_p50,delay_p90,delay_p99\n");
}

static int by_mails(const void *a, const void *b)
{
	const struct group *x = *(const struct group *const *)a,
			   *y = *(const struct group *const *)b;
	if (x->mails != y->mails)
		return x->mails > y->mails ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

static int by_hour(const void *a, const void *b)
{
	const struct group *x = *(const struct group *const *)a,
			   *y = *(const struct group *const *)b;
	return x->name < y->name ? -1 : x->name > y->name;
}

void sums_put(const struct sums *s, struct archive *a, enum report_format format,
	      struct outfile *out)
{
	const struct group **all = calloc(s->n + 1, sizeof *all);
	size_t n = 0;
	if (format == REPORT_CSV)
		csv_head(&out->buf, by_names[s->by]);
	for (size_t i = 0; all && i < GROUPS; i++)
		if (s->groups[i].name != 0)
			all[n++] = &s->groups[i];
	if (n > 0)
		qsort(all, n, sizeof *all, s->by == REPORT_BY_HOUR ? by_hour : by_mails);
	if (all && s->others.mails > 0)
		all[n++] = &s->others;
	for (size_t i = 0; i < n; i++) {
		struct outbuf name = {0};
		name_put(s, a, all[i], &name);
		struct bytes text = bytes_of(name.p, name.n);
		if (format == REPORT_JSON)
			json_put(&out->buf, by_names[s->by], text, all[i]);
		else if (format == REPORT_CSV)
			csv_put(&out->buf, text, all[i]);
		else
			text_put(&out->buf, text, all[i]);
		outbuf_free(&name);
		outfile_put(out);
	}
	free(all);
}
