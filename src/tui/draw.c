/* draw.c - draws the title, the tabs, a list or a text, and the last line. */
#include "policy/alert_kind.h"
#include "tui/view.h"

#include "smtpwatch/frame.h"

#include <stdio.h>

/* WIDE: columns from which a list shows more fields. HEAD: row of the first line of a list. */
enum { WIDE = 100, HEAD = 3 };

static const int styles[SEVERITIES] = {SCREEN_PLAIN,   SCREEN_PLAIN, SCREEN_NOTICE,
				       SCREEN_WARNING, SCREEN_ERROR, SCREEN_CRITICAL};

/* A line being drawn. column: where the next cell begins. */
struct line {
	struct top *t;
	unsigned row, column, selected;
};

/* Draws t->cell with `width` columns and a blank behind, and empties it. right: aligned to the
 * right. */
static void cell(struct line *l, unsigned width, int style, bool right)
{
	struct outbuf *c = &l->t->cell;
	size_t shift = right && c->n < width ? width - c->n : 0;
	screen_put(l->row, l->column + (unsigned)shift, width - (unsigned)shift,
		   (unsigned)style | l->selected, bytes_of(c->p, c->n));
	l->column += width + 1;
	c->n = 0;
	c->failed = false;
}

static void cell_str(struct line *l, unsigned width, int style, const char *text)
{
	escape_text(&l->t->cell, bytes_str(text));
	cell(l, width, style, false);
}

static void cell_number(struct line *l, unsigned width, int style, uint64_t n)
{
	outbuf_grouped(&l->t->cell, n);
	cell(l, width, style, true);
}

/* Draws the mean wait: "12.3 ms", "4.5 s", or "-" if none was measured. */
static void cell_wait(struct line *l, unsigned width, const struct recent_wait *w)
{
	double ns = w->n > 0 ? (double)w->sum / (double)w->n : 0;
	if (w->n == 0)
		outbuf_str(&l->t->cell, "-");
	else if (ns < (double)FRAME_SECOND)
		outbuf_format(&l->t->cell, "%.1f ms", ns / (double)FRAME_MS);
	else
		outbuf_format(&l->t->cell, "%.1f s", ns / (double)FRAME_SECOND);
	cell(l, width, SCREEN_PLAIN, true);
}

/* Begins a line. A selected line is in reverse video over the whole width. */
static struct line line_begin(struct top *t, unsigned row, bool selected)
{
	struct line l = {.t = t, .row = row, .selected = selected ? SCREEN_SELECTED : 0};
	for (unsigned i = 0; selected && i < screen_size().columns; i++)
		screen_put(row, i, 1, SCREEN_SELECTED, bytes_str(" "));
	return l;
}

static void put_bar(unsigned row)
{
	for (unsigned i = 0; i < screen_size().columns; i++)
		screen_put(row, i, 1, SCREEN_BAR, bytes_str(" "));
}

/* The numbers come before the names of the inputs, because the names may be long. */
static void draw_title(struct top *t)
{
	const uint64_t *alerts = recent_alerts(t->recent);
	unsigned columns = screen_size().columns, state = (unsigned)strlen(t->state), used;
	struct text words = {.b = &t->cell};
	uint64_t all = 0;
	for (unsigned s = 0; s < SEVERITIES; s++)
		all += alerts[s];
	put_bar(0);
	outbuf_str(&t->cell, " smtpwatch  ");
	text_count(&words, recent_seen(t->recent), "session");
	outbuf_str(&t->cell, "  ");
	text_count(&words, all, "alert");
	outbuf_str(&t->cell, all > 0 ? ": " : "");
	text_by_severity(&words, alerts);
	outbuf_str(&t->cell, "  ");
	used = columns > state + 2 ? screen_put(0, 0, columns - state - 2, SCREEN_BAR,
						bytes_of(t->cell.p, t->cell.n))
				   : 0;
	t->cell.n = 0;
	escape_text(&t->cell, bytes_str(t->inputs));
	if (used + state + 2 < columns)
		screen_put(0, used, columns - state - 2 - used, SCREEN_BAR,
			   bytes_of(t->cell.p, t->cell.n));
	t->cell.n = 0;
	if (columns > state)
		screen_put(0, columns - state - 1, state, SCREEN_BAR, bytes_str(t->state));
	outbuf_free(&words.scratch);
}

static const char *order_words(const struct top *t)
{
	static const char *const hosts[RECENT_ORDERS] = {"most alerts first", "most sessions first",
							 "slowest first"};
	if (t->view == TOP_SESSIONS)
		return t->worst_first ? "worst first" : "latest first";
	return t->view <= TOP_CLIENTS ? hosts[t->order] : "";
}

static void draw_tabs(struct top *t)
{
	static const char *const names[] = {"1 Servers", "2 Clients", "3 Sessions"};
	struct line l = {.t = t, .row = 1, .column = 1};
	for (int v = TOP_SERVERS; v <= TOP_SESSIONS; v++) {
		bool here = (int)t->view == v ||
			    (t->view == TOP_DETAIL && (int)t->detail_from == v);
		l.column += screen_put(1, l.column, 20,
				       here ? SCREEN_BOLD | SCREEN_SELECTED : SCREEN_PLAIN,
				       bytes_str(names[v])) +
			    2;
	}
	outbuf_format(&t->cell, " %s%s", order_words(t),
		      t->view == TOP_SESSIONS && t->alerts_only ? ", alerts only" : "");
	if (t->view == TOP_SESSIONS && t->filter[0] != '\0')
		outbuf_format(&t->cell, ", with \"%s\"", t->filter);
	cell(&l, 200, SCREEN_DIM, false);
}

static unsigned host_width(void)
{
	unsigned columns = screen_size().columns;
	return columns >= WIDE ? 22 + (columns - WIDE) / 2 : 22;
}

static unsigned name_width(void)
{
	unsigned columns = screen_size().columns;
	return columns >= WIDE ? 18 + (columns - WIDE + 1) / 2 : 16;
}

static void draw_host_head(struct top *t)
{
	struct line l = {.t = t, .row = 2};
	bool wide = screen_size().columns >= WIDE;
	cell_str(&l, host_width(), SCREEN_DIM, t->view == TOP_SERVERS ? "Server" : "Client");
	cell_str(&l, name_width(), SCREEN_DIM, "Name");
	cell_str(&l, 8, SCREEN_DIM, "Sessions");
	cell_str(&l, 7, SCREEN_DIM, " Alerts");
	if (wide)
		cell_str(&l, 8, SCREEN_DIM, "Worst");
	cell_str(&l, 14, SCREEN_DIM, "Stage");
	if (wide)
		cell_str(&l, 9, SCREEN_DIM, " Greeting");
	cell_str(&l, 8, SCREEN_DIM, "  Answer");
}

static void draw_host(struct top *t, unsigned row, const struct recent_host *h, bool selected)
{
	struct line l = line_begin(t, row, selected);
	unsigned worst = SEVERITIES - 1, stage = recent_stage(h);
	struct text words = {.b = &t->cell};
	bool wide = screen_size().columns >= WIDE;
	char addr[IP_ADDR_TEXT];
	uint64_t all = 0;
	while (worst > SEVERITY_NONE && h->alerts[worst] == 0)
		worst--;
	for (unsigned s = 0; s < SEVERITIES; s++)
		all += h->alerts[s];
	if (h->port != 0)
		text_endpoint(&words, &h->addr, h->port);
	else
		outbuf_str(&t->cell, ip_addr_text(&h->addr, addr));
	cell(&l, host_width(), SCREEN_PLAIN, false);
	cell_str(&l, name_width(), SCREEN_PLAIN, h->name);
	cell_number(&l, 8, SCREEN_PLAIN, h->sessions);
	cell_number(&l, 7, styles[worst], all);
	if (wide)
		cell_str(&l, 8, styles[worst], all > 0 ? severity_name((enum severity)worst) : "");
	cell_str(&l, 14, SCREEN_PLAIN, stage < STAGES ? stage_name((enum stage)stage) : "");
	if (wide)
		cell_wait(&l, 9, &h->greeting);
	cell_wait(&l, 8, &h->acceptance);
}

static void draw_session_head(struct top *t)
{
	struct line l = {.t = t, .row = 2};
	cell_str(&l, 7, SCREEN_DIM, "      #");
	if (screen_size().columns >= WIDE)
		cell_str(&l, 19, SCREEN_DIM,
			 stamp_is_local() ? "Ended (local time)" : "Ended (UTC)");
	else
		cell_str(&l, 8, SCREEN_DIM, "Ended");
	cell_str(&l, 8, SCREEN_DIM, "Severity");
	cell_str(&l, 22, SCREEN_DIM, "Ending");
	cell_str(&l, 200, SCREEN_DIM, "Client > server");
}

static void draw_session(struct top *t, unsigned row, const struct stored_session *s, bool selected)
{
	const struct conn *conn = s->record->conn;
	struct line l = line_begin(t, row, selected);
	struct text words = {.b = &t->cell};
	bool wide = screen_size().columns >= WIDE;
	char addr[IP_ADDR_TEXT];
	cell_number(&l, 7, SCREEN_PLAIN, s->report.number);
	stamp_plain(&t->stamp, &t->cell, s->record->end);
	if (!wide && t->cell.n > 19) {
		memmove(t->cell.p, t->cell.p + 11, 8);
		t->cell.n = 8;
	}
	cell(&l, wide ? 19 : 8, SCREEN_PLAIN, false);
	cell_str(&l, 8, styles[s->severity], severity_name(s->severity));
	cell_str(&l, 22, styles[s->severity], alert_kind_row(s->kind)->id);
	outbuf_format(&t->cell, "%s > ", ip_addr_text(&conn->addr[CLIENT], addr));
	text_endpoint(&words, &conn->addr[SERVER], conn->port[SERVER]);
	cell(&l, 200, SCREEN_PLAIN, false);
}

static void draw_text(struct top *t, struct bytes text)
{
	size_t first = t->place[t->view].first, lines = top_lines(t);
	for (size_t i = 0; i < top_rows() && first + i < lines; i++) {
		struct bytes line = top_line(text, first + i);
		int style = first + i == 0                               ? SCREEN_BOLD
			    : line.n > 1 && memcmp(line.p, ">>", 2) == 0 ? SCREEN_CRITICAL
									 : SCREEN_PLAIN;
		screen_put((unsigned)(2 + i), 0, 1000,
			   (unsigned)style | (top_found(t, first + i) ? SCREEN_SELECTED : 0), line);
	}
}

static void draw_list(struct top *t)
{
	size_t first = t->place[t->view].first, lines = top_lines(t);
	if (t->view == TOP_SESSIONS)
		draw_session_head(t);
	else
		draw_host_head(t);
	for (size_t i = 0; i < top_rows() && first + i < lines; i++) {
		bool selected = first + i == t->place[t->view].at;
		if (t->view == TOP_SESSIONS)
			draw_session(t, (unsigned)(HEAD + i), t->sessions[first + i], selected);
		else
			draw_host(t, (unsigned)(HEAD + i), t->hosts[first + i], selected);
	}
	if (lines == 0)
		screen_put(HEAD, 1, 100, SCREEN_DIM,
			   bytes_str(t->view == TOP_SESSIONS && t->filter[0] != '\0'
					     ? "None fits."
					     : "None so far."));
}

static void draw_last(struct top *t)
{
	static const char keys[] =
		" Enter open  / search  f filter  a alerts  o order  s,e save  ? help  q quit";
	static const char text_keys[] =
		" Esc back  up down PgUp PgDn  / search  s save packets  e save text  ? help";
	unsigned row = screen_size().rows - 1;
	put_bar(row);
	if (t->typing != 0)
		outbuf_format(&t->cell, " %s: %s_", t->typing == 'f' ? "Filter" : "Search",
			      t->typed);
	else if (t->message[0] != '\0')
		outbuf_format(&t->cell, " %s", t->message);
	else
		outbuf_str(&t->cell, t->view >= TOP_DETAIL ? text_keys : keys);
	screen_put(row, 0, 1000, SCREEN_BAR, bytes_of(t->cell.p, t->cell.n));
	t->cell.n = 0;
}

void top_draw(struct top *t)
{
	screen_clear();
	top_fill(t);
	draw_title(t);
	draw_tabs(t);
	if (t->view <= TOP_SESSIONS)
		draw_list(t);
	else
		draw_text(t, t->view == TOP_HELP ? bytes_str(top_help)
						 : bytes_of(t->detail.p, t->detail.n));
	draw_last(t);
	screen_show();
}
