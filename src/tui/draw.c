/* draw.c - draws the title, the tabs, a list or a text, and the last line. */
#include "policy/alert_kind.h"
#include "smtpwatch/cause.h"
#include "tui/cell.h"
#include "tui/open.h"
#include "tui/view.h"

#include "smtpwatch/frame.h"

#include <stdio.h>

/* WIDE: columns from which a list shows more fields. HEAD: row of the first line of a list. MAIL:
 * columns from which the list of sessions shows the mail and the cause. ENDPOINTS: columns of two
 * IPv4 addresses and a port. HOST_CELLS: columns of a wide line of a host beside address and name.
 */
enum { WIDE = 100, HEAD = 3, MAIL = 170, ENDPOINTS = 39, HOST_CELLS = 60 };

static const int styles[SEVERITIES] = {SCREEN_PLAIN,   SCREEN_PLAIN, SCREEN_NOTICE,
				       SCREEN_WARNING, SCREEN_ERROR, SCREEN_CRITICAL};

static void cell_number(struct top_row *l, unsigned width, int style, uint64_t n)
{
	outbuf_grouped(l->cell, n);
	top_cell(l, width, style, true);
}

/* Draws the mean wait: "12.3 ms", "4.5 s", or "-" if none was measured. */
static void cell_wait(struct top_row *l, unsigned width, const struct recent_wait *w)
{
	double ns = w->n > 0 ? (double)w->sum / (double)w->n : 0;
	if (w->n == 0)
		outbuf_str(l->cell, "-");
	else if (ns < (double)FRAME_SECOND)
		outbuf_format(l->cell, "%.1f ms", ns / (double)FRAME_MS);
	else
		outbuf_format(l->cell, "%.1f s", ns / (double)FRAME_SECOND);
	top_cell(l, width, SCREEN_PLAIN, true);
}

static void put_bar(unsigned row)
{
	for (unsigned i = 0; i < screen_size().columns; i++)
		screen_put(row, i, 1, SCREEN_BAR, bytes_str(" "));
}

/* Writes the numbers of the title. detail: 0 without severities, 1 with the worst one, 2 with all.
 */
static void title_put(struct top *t, unsigned detail)
{
	const uint64_t *alerts = recent_alerts(t->recent);
	struct text words = {.b = &t->cell};
	uint64_t all = 0, worst[SEVERITIES] = {0};
	for (unsigned s = 0; s < SEVERITIES; s++) {
		all += alerts[s];
		if (alerts[s] > 0) {
			memset(worst, 0, sizeof worst);
			worst[s] = alerts[s];
		}
	}
	t->cell.n = 0;
	outbuf_str(&t->cell, " smtpwatch  ");
	text_count(&words, recent_seen(t->recent), "session");
	outbuf_str(&t->cell, "  ");
	text_count(&words, all, "alert");
	if (all > 0 && detail > 0)
		outbuf_str(&t->cell, detail == 1 ? ", " : ": ");
	if (detail > 0)
		text_by_severity(&words, detail == 1 ? worst : alerts);
	outbuf_str(&t->cell, "  ");
	outbuf_free(&words.scratch);
}

/* The numbers come before the names of the inputs, because the names may be long. What does not fit
 * as a whole is shortened to what does. */
static void draw_title(struct top *t)
{
	unsigned columns = screen_size().columns, state = (unsigned)strlen(t->state), detail = 3;
	struct top_row l = {.cell = &t->cell};
	unsigned room = columns > state + 2 ? columns - state - 2 : 0;
	put_bar(0);
	do
		title_put(t, --detail);
	while (detail > 0 && t->cell.n > room);
	if (room > 0)
		l.column = screen_put(0, 0, room, SCREEN_BAR, bytes_of(t->cell.p, t->cell.n));
	t->cell.n = 0;
	escape_text(&t->cell, bytes_str(t->inputs));
	if (l.column < room)
		top_cell(&l, room - l.column, SCREEN_BAR, false);
	t->cell.n = 0;
	if (columns > state)
		screen_put(0, columns - state - 1, state, SCREEN_BAR, bytes_str(t->state));
}

static const char *order_words(const struct top *t)
{
	static const char *const hosts[RECENT_ORDERS] = {"worst alerts first",
							 "most sessions first", "slowest first"};
	if (t->view == TOP_SESSIONS)
		return t->worst_first ? "worst first" : "latest first";
	if (t->view == TOP_WAITING)
		return "longest wait first";
	return t->view <= TOP_CLIENTS ? hosts[t->order] : "";
}

/* What is listed, and in which order. */
static void tabs_words(struct top *t)
{
	outbuf_format(&t->cell, "%s%s", order_words(t),
		      t->view == TOP_SESSIONS && t->alerts_only ? ", alerts only" : "");
	if (t->view == TOP_SESSIONS && t->filter[0] != '\0')
		outbuf_format(&t->cell, ", with \"%s\"", t->filter);
	if (t->view == TOP_WAITING)
		open_draw_count(&t->cell, t->open, t->waiting_n);
}

/* Where a long filter needs the room, the tabs stand close to each other. */
static void draw_tabs(struct top *t)
{
	static const char *const names[] = {"1 Servers", "2 Clients", "3 Sessions", "4 Open"};
	struct top_row l = {.cell = &t->cell, .row = 1};
	unsigned columns = screen_size().columns, width = 0, gap;
	tabs_words(t);
	for (int v = TOP_SERVERS; v <= TOP_WAITING; v++)
		width += (unsigned)strlen(names[v]) + 2;
	gap = 1 + width + 1 + t->cell.n <= columns ? 2 : 1;
	l.column = gap - 1;
	for (int v = TOP_SERVERS; v <= TOP_WAITING; v++) {
		bool here = (int)t->view == v ||
			    (t->view == TOP_DETAIL && (int)t->detail_from == v);
		l.column += screen_put(1, l.column, 20,
				       here ? SCREEN_BOLD | SCREEN_SELECTED : SCREEN_PLAIN,
				       bytes_str(names[v])) +
			    gap;
	}
	l.column += gap - 1;
	top_cell(&l, 200, SCREEN_DIM, false);
}

/* An address and a name share what the other cells leave. */
static unsigned host_width(void)
{
	unsigned columns = screen_size().columns;
	return columns >= WIDE ? 24 + (columns - WIDE) / 2 : 22;
}

static unsigned name_width(void)
{
	unsigned columns = screen_size().columns;
	return columns >= WIDE ? columns - HOST_CELLS - host_width() : 16;
}

static void draw_host_head(struct top *t)
{
	struct top_row l = {.cell = &t->cell, .row = 2};
	bool wide = screen_size().columns >= WIDE;
	top_cell_str(&l, host_width(), SCREEN_DIM, t->view == TOP_SERVERS ? "Server" : "Client");
	top_cell_str(&l, name_width(), SCREEN_DIM, "Name");
	top_cell_str(&l, 8, SCREEN_DIM, "Sessions");
	top_cell_str(&l, 7, SCREEN_DIM, " Alerts");
	if (wide)
		top_cell_str(&l, 8, SCREEN_DIM, "Worst");
	top_cell_str(&l, 14, SCREEN_DIM, "Stage");
	if (wide)
		top_cell_str(&l, 8, SCREEN_DIM, "Greeting");
	top_cell_str(&l, 8, SCREEN_DIM, "  Answer");
}

static void draw_host(struct top *t, unsigned row, const struct recent_host *h, bool selected)
{
	struct top_row l = top_row_begin(&t->cell, row, selected);
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
	top_cell(&l, host_width(), SCREEN_PLAIN, false);
	top_cell_str(&l, name_width(), SCREEN_PLAIN, h->name);
	cell_number(&l, 8, SCREEN_PLAIN, h->sessions);
	cell_number(&l, 7, styles[worst], all);
	if (wide)
		top_cell_str(&l, 8, styles[worst],
			     all > 0 ? severity_name((enum severity)worst) : "");
	top_cell_str(&l, 14, SCREEN_PLAIN, stage < STAGES ? stage_name((enum stage)stage) : "");
	if (wide)
		cell_wait(&l, 8, &h->greeting);
	cell_wait(&l, 8, &h->acceptance);
}

/* Of a sender, and of a recipient. */
static unsigned mail_width(void)
{
	return 16 + (screen_size().columns - MAIL) / 6;
}

static void draw_session_head(struct top *t)
{
	struct top_row l = {.cell = &t->cell, .row = 2};
	top_cell_str(&l, 7, SCREEN_DIM, "      #");
	if (screen_size().columns >= WIDE)
		top_cell_str(&l, 19, SCREEN_DIM,
			     stamp_is_local() ? "Ended (local time)" : "Ended (UTC)");
	else
		top_cell_str(&l, 8, SCREEN_DIM, "Ended");
	top_cell_str(&l, 8, SCREEN_DIM, "Severity");
	top_cell_str(&l, 22, SCREEN_DIM, "Ending");
	if (screen_size().columns < MAIL) {
		top_cell_str(&l, 1000, SCREEN_DIM, "Client > server");
		return;
	}
	top_cell_str(&l, ENDPOINTS, SCREEN_DIM, "Client > server");
	top_cell_str(&l, mail_width(), SCREEN_DIM, "Sender");
	top_cell_str(&l, mail_width(), SCREEN_DIM, "Recipient");
	top_cell_str(&l, 22, SCREEN_DIM, "Cause");
	top_cell_str(&l, 1000, SCREEN_DIM, "Message-ID");
}

static void cell_string(struct top_row *l, unsigned width, const struct transaction *m,
			enum string_tag tag)
{
	if (m)
		escape_text(l->cell, strings_find(&m->strings, tag).text);
	top_cell(l, width, SCREEN_PLAIN, false);
}

/* Returns the first message that needs attention, else the first; NULL: there is none. */
static const struct transaction *message_of(const struct report *r)
{
	const struct transaction *first = r->record.session->first, *m = first;
	while (m && !text_message_shown(r, m))
		m = m->next;
	return m ? m : first;
}

/* Draws the mail and the cause, redacted as in every output. */
static void draw_mail(struct top_row *l, struct stored_session *s)
{
	const struct report *r = stored_restore(s);
	const struct transaction *m = message_of(r);
	const struct cause *c = report_cause(r);
	cell_string(l, mail_width(), m, STRING_FROM);
	cell_string(l, mail_width(), m, STRING_RCPT);
	top_cell_str(l, 22, SCREEN_PLAIN, c ? cause_row(c->id)->id : "");
	cell_string(l, 1000, m, STRING_MESSAGE_ID);
}

static void draw_session(struct top *t, unsigned row, struct stored_session *s, bool selected)
{
	const struct conn *conn = s->record->conn;
	struct top_row l = top_row_begin(&t->cell, row, selected);
	struct text words = {.b = &t->cell};
	bool wide = screen_size().columns >= WIDE;
	char addr[IP_ADDR_TEXT];
	cell_number(&l, 7, SCREEN_PLAIN, s->report.number);
	stamp_plain(&t->stamp, &t->cell, s->record->end);
	/* Date and time without the zone, which the head names; narrow, the time alone. */
	if (t->cell.n > 19 && !wide)
		memmove(t->cell.p, t->cell.p + 11, 8);
	if (t->cell.n > 19)
		t->cell.n = wide ? 19 : 8;
	top_cell(&l, wide ? 19 : 8, SCREEN_PLAIN, false);
	top_cell_str(&l, 8, styles[s->severity], severity_name(s->severity));
	top_cell_str(&l, 22, styles[s->severity], alert_kind_row(s->kind)->id);
	outbuf_format(&t->cell, "%s > ", ip_addr_text(&conn->addr[CLIENT], addr));
	text_endpoint(&words, &conn->addr[SERVER], conn->port[SERVER]);
	top_cell(&l, screen_size().columns < MAIL ? 1000 : ENDPOINTS, SCREEN_PLAIN, false);
	if (screen_size().columns >= MAIL)
		draw_mail(&l, s);
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

static const char *none_words(const struct top *t)
{
	if (t->view == TOP_WAITING)
		return open_draw_none(t->open);
	return t->view == TOP_SESSIONS && t->filter[0] != '\0' ? "None fits." : "None so far.";
}

static void draw_list(struct top *t)
{
	size_t first = t->place[t->view].first, lines = top_lines(t);
	if (t->view == TOP_SESSIONS)
		draw_session_head(t);
	else if (t->view == TOP_WAITING)
		open_draw_head(&t->cell);
	else
		draw_host_head(t);
	for (size_t i = 0; i < top_rows() && first + i < lines; i++) {
		bool selected = first + i == t->place[t->view].at;
		unsigned row = (unsigned)(HEAD + i);
		if (t->view == TOP_SESSIONS)
			draw_session(t, row, t->sessions[first + i], selected);
		else if (t->view == TOP_WAITING)
			open_draw(&t->cell, row, &t->waiting[first + i], selected);
		else
			draw_host(t, row, t->hosts[first + i], selected);
	}
	if (lines == 0)
		screen_put(HEAD, 1, 100, SCREEN_DIM, bytes_str(none_words(t)));
}

static void draw_last(struct top *t)
{
	static const char keys[] =
		" Enter open  / search  f filter  a alerts  o order  s,e save  ? help  q quit";
	static const char open_keys[] =
		" 1-4 lists  up down PgUp PgDn  / search  f filter of sessions  ? help  q quit";
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
		outbuf_str(&t->cell, t->view >= TOP_DETAIL    ? text_keys
				     : t->view == TOP_WAITING ? open_keys
							      : keys);
	screen_put(row, 0, 1000, SCREEN_BAR, bytes_of(t->cell.p, t->cell.n));
	t->cell.n = 0;
}

void top_draw(struct top *t)
{
	screen_clear();
	top_fill(t);
	draw_title(t);
	draw_tabs(t);
	if (t->view <= TOP_WAITING)
		draw_list(t);
	else
		draw_text(t, t->view == TOP_HELP ? bytes_str(top_help)
						 : bytes_of(t->detail.p, t->detail.n));
	draw_last(t);
	screen_show();
}
