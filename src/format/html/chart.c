/* chart.c - draws bars as SVG. The SVG contains no text, because its scaling would distort text. */
#include "format/html/html.h"

enum { HIGH = 100, WIDE = 10, GAP = 1 };

/* A chart: the sessions of each span that ended with an alert, or all sessions. */
struct chart {
	const struct timeline *t;
	const struct alerting *alerting;
	bool alerts;
	unsigned spans;
	uint64_t max;
};

/* Returns the lowest severity that the chart shows. */
static unsigned least(const struct chart *c)
{
	return c->alerts ? c->alerting->min : SEVERITY_NONE;
}

static uint64_t count_of(const struct chart *c, unsigned span, unsigned severity)
{
	uint64_t n = 0;
	for (unsigned v = 0; v < VERDICTS && severity >= least(c); v++)
		n += c->t->counts[span][v][severity];
	return n;
}

static uint64_t verdicts_of(const struct chart *c, unsigned span, unsigned verdict)
{
	uint64_t n = 0;
	for (unsigned s = least(c); s < SEVERITIES; s++)
		n += c->t->counts[span][verdict][s];
	return n;
}

static uint64_t sum_of(const struct chart *c, unsigned span)
{
	uint64_t n = 0;
	for (unsigned s = 0; s < SEVERITIES; s++)
		n += count_of(c, span, s);
	return n;
}

static int64_t begin_of(const struct chart *c, unsigned span)
{
	return c->t->origin + (int64_t)span * timeline_length(c->t);
}

/* Example: "2026-01-05 10:00:00 UTC: 12 sessions (3 221-for-message, 9 clean)". */
static void put_words(struct html *h, const struct chart *c, unsigned span)
{
	const char *between = " (";

	stamp_plain(&h->text.stamp, &h->words, begin_of(c, span));
	outbuf_str(&h->words, ": ");
	text_count(&h->text, sum_of(c, span), "session");
	for (unsigned v = 0; v < VERDICTS; v++) {
		uint64_t n = verdicts_of(c, span, v);
		if (n == 0)
			continue;
		outbuf_str(&h->words, between);
		outbuf_grouped(&h->words, n);
		outbuf_format(&h->words, " %s", verdict_row((enum verdict)v)->id);
		between = ", ";
	}
	outbuf_str(&h->words, ")");
	html_words(h);
}

/* Draws a rectangle on top of what is `below` units high. A count above 0 gets at least two units,
 * so that it is visible. Returns the height up to the top of the rectangle. */
static double put_rect(struct html *h, const struct chart *c, unsigned span, uint64_t n,
		       const char *class, double below)
{
	double high = (double)HIGH * (double)n / (double)c->max, y;
	if (n == 0)
		return below;
	high = high < 2 ? 2 : high;
	y = (double)HIGH - below - high;
	outbuf_format(h->b, "<rect class=\"%s\" x=\"%u\" y=\"%.2f\" width=\"%u\" height=\"%.2f\"/>",
		      class, span * WIDE, y > 0 ? y : 0, (unsigned)(WIDE - GAP), high);
	return below + high;
}

/* The worst severity is drawn at the bottom, where heights can be compared. */
static void put_span(struct html *h, const struct chart *c, unsigned span)
{
	double below = 0;
	html_str(h, "<g><title>");
	put_words(h, c, span);
	html_str(h, "</title>");
	for (unsigned s = SEVERITIES; s-- > 0 && c->alerts;)
		below = put_rect(h, c, span, count_of(c, span, s), severity_name((enum severity)s),
				 below);
	if (!c->alerts)
		put_rect(h, c, span, sum_of(c, span), "plain", 0);
	html_str(h, "</g>\n");
}

static void put_axis(struct html *h, const struct chart *c)
{
	html_str(h, "<div class=\"axis\">");
	html_time(h, begin_of(c, 0));
	if (c->spans > 1)
		html_time(h, begin_of(c, c->spans));
	html_str(h, "</div>\n");
}

static void put_key(struct html *h, const struct chart *c)
{
	html_str(h, "<ul class=\"key\" aria-label=\"Colours\">");
	for (unsigned s = SEVERITIES; s-- > c->alerting->min;) {
		html_str(h, "<li>");
		html_badge(h, (enum severity)s);
		html_str(h, "</li>");
	}
	html_str(h, "</ul>\n");
}

static void put_chart(struct html *h, struct chart *c, const char *what)
{
	for (unsigned i = 0; i < c->spans; i++)
		c->max = sum_of(c, i) > c->max ? sum_of(c, i) : c->max;
	if (c->max == 0)
		return;
	outbuf_format(h->b, "<figure>\n<figcaption>%s in each %s; at most ", what,
		      timeline_words(c->t));
	html_number(h, c->max);
	html_str(h, ".</figcaption>\n");
	if (c->alerts)
		put_key(h, c);
	outbuf_format(h->b,
		      "<svg class=\"chart\" role=\"img\" aria-label=\"%s over time; the table "
		      "below has the numbers\"",
		      what);
	outbuf_format(h->b, " viewBox=\"0 0 %u %u\" preserveAspectRatio=\"none\">\n",
		      c->spans * WIDE, (unsigned)HIGH);
	for (unsigned i = 0; i < c->spans; i++)
		if (sum_of(c, i) > 0)
			put_span(h, c, i);
	html_str(h, "</svg>\n");
	put_axis(h, c);
	html_str(h, "</figure>\n");
}

static void put_row(struct html *h, const struct chart *c, unsigned span)
{
	html_row(h, NULL);
	html_time(h, begin_of(c, span));
	html_cell(h, "n");
	html_number(h, sum_of(c, span));
	for (unsigned s = SEVERITIES; s-- > SEVERITY_INFO;) {
		html_cell(h, "n");
		html_number(h, count_of(c, span, s));
	}
	html_row_end(h);
}

static void put_numbers(struct html *h, const struct chart *c)
{
	static const char *const columns[] = {"From",     "#Sessions", "#critical", "#error",
					      "#warning", "#notice",   "#info",     NULL};
	html_str(h, "<details><summary>The numbers</summary>\n");
	html_table(h, "Sessions by the time and the severity of their ending", columns);
	for (unsigned i = 0; i < c->spans; i++)
		if (sum_of(c, i) > 0)
			put_row(h, c, i);
	html_table_end(h);
	html_str(h, "</details>\n");
}

void html_chart(struct html *h, const struct timeline *t, const struct alerting *alerting)
{
	struct chart alerts = {
		.t = t, .alerting = alerting, .alerts = true, .spans = timeline_spans(t)};
	struct chart all = {.t = t, .alerting = alerting, .spans = alerts.spans};
	html_section(h, "time", "Over time");
	if (alerts.spans == 0)
		html_str(h, "<p>There was no session.</p>\n");
	put_chart(h, &alerts, "Sessions that ended with an alert");
	put_chart(h, &all, "All sessions");
	if (all.spans > 0)
		put_numbers(h, &all);
	html_section_end(h);
}
