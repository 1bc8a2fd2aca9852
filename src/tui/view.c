/* view.c - the lines of each list, and the state of the view. */
#include "tui/view.h"

#include "base/ascii.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Lines outside the list: title, tabs, names of the columns, last line. */
enum { FRAME_LINES = 4 };

const char top_help[] =
	"Keys\n"
	"\n"
	"  1 2 3 4, Tab   servers, clients, sessions that have ended, open sessions\n"
	"  up down, j k   one line; PgUp, PgDn, Home, End\n"
	"  Enter          of a server or client: its sessions; of a session: what\n"
	"                 happened, why, and what was said\n"
	"  Esc, left      back; in the list of sessions: without the filter\n"
	"  f              filter the sessions: a word of an address, a name, an ending,\n"
	"                 a sender, a recipient, a Message-ID, a queue id\n"
	"  /  n           search; the next one\n"
	"  a              only sessions that are alerts, or all\n"
	"  o              another order: hosts by alerts, sessions or waiting time;\n"
	"                 sessions by time or by severity\n"
	"  s  e           save the packets of the session as a capture file; what is\n"
	"                 said of the session, with its dialogue, as text\n"
	"  ^L  q, ^C      draw all anew; end\n"
	"\n"
	"Waits are means over what was seen from beginning to end: the greeting from the\n"
	"SYN on, the answer to a message from its end on. Stage: where most alerts were.\n"
	"From 170 columns on sessions have sender, recipient, cause and Message-ID too.\n"
	"Kept are the last 2,000 sessions that are alerts, and the last 2,000 others.\n"
	"\n"
	"Open are the 200 that wait longest, renewed each second: for how long, for what,\n"
	"how long they are open, and the bytes so far, from 100 columns on of each side.\n"
	"Of many thousand some are looked at each second, so that one may come later.\n"
	"Yellow: for five minutes, after which RFC 5321 lets the other side give up.\n";

struct top *top_new(struct recent *recent, struct open_merge *open, const char *inputs)
{
	struct top *t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	t->recent = recent;
	t->open = open;
	t->inputs = inputs;
	t->worst_first = false;
	return t;
}

void top_free(struct top *t)
{
	if (!t)
		return;
	outbuf_free(&t->detail);
	outbuf_free(&t->cell);
	free(t);
}

void top_message(struct top *t, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(t->message, sizeof t->message, format, args);
	va_end(args);
}

static bool session_matches(const struct top *t, const struct stored_session *s)
{
	return (!t->alerts_only || s->alert) &&
	       (t->filter[0] == '\0' || ascii_contains(bytes_str(s->words), t->filter));
}

/* The latest session comes first. worst_first needs a pass for each severity, so that sessions of
 * one severity stay in order. */
static void sessions_fill(struct top *t)
{
	struct session_store *all = recent_sessions(t->recent);
	t->sessions_n = 0;
	for (unsigned severity = SEVERITIES; severity-- > 0;) {
		for (size_t i = session_store_count(all); i-- > 0;) {
			struct stored_session *s = session_store_at(all, i);
			if (session_matches(t, s) && (!t->worst_first || s->severity == severity))
				t->sessions[t->sessions_n++] = s;
		}
		if (!t->worst_first)
			return;
	}
}

/* Moves the cursor to the line of its session. If the session is gone, the cursor stays on its
 * line. */
static void cursor_follow(struct top *t)
{
	for (size_t i = 0; t->cursor != 0 && i < t->sessions_n; i++)
		if (t->sessions[i]->report.number == t->cursor)
			t->place[TOP_SESSIONS].at = i;
}

void top_fill(struct top *t)
{
	size_t lines, rows = top_rows();
	if (t->view == TOP_SESSIONS) {
		sessions_fill(t);
		cursor_follow(t);
	} else if (t->view == TOP_WAITING) {
		t->waiting = open_merge_lines(t->open, &t->waiting_n);
	} else if (t->view <= TOP_CLIENTS) {
		t->hosts_n = recent_hosts(t->recent, t->view == TOP_SERVERS ? SERVER : CLIENT,
					  t->order, t->hosts, TOP_LINES);
	}
	lines = top_lines(t);
	if (t->view > TOP_WAITING) {
		/* A text has no cursor, and its last page is full. */
		size_t last = lines > rows ? lines - rows : 0;

		t->place[t->view].first = t->place[t->view].at =
			t->place[t->view].at < last ? t->place[t->view].at : last;
		return;
	}
	if (t->place[t->view].at >= lines)
		t->place[t->view].at = lines > 0 ? lines - 1 : 0;
	if (t->place[t->view].first > t->place[t->view].at)
		t->place[t->view].first = t->place[t->view].at;
	if (t->place[t->view].at >= t->place[t->view].first + rows)
		t->place[t->view].first = t->place[t->view].at - rows + 1;
}

static size_t count_lines(struct bytes text)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

static struct bytes text_of(const struct top *t)
{
	return t->view == TOP_HELP ? bytes_str(top_help) : bytes_of(t->detail.p, t->detail.n);
}

size_t top_lines(const struct top *t)
{
	if (t->view == TOP_SESSIONS)
		return t->sessions_n;
	if (t->view == TOP_WAITING)
		return t->waiting_n;
	return t->view <= TOP_CLIENTS ? t->hosts_n : count_lines(text_of(t));
}

/* At least one, so that a tiny terminal still shows a line. */
size_t top_rows(void)
{
	unsigned rows = screen_size().rows;
	return rows > FRAME_LINES + 1 ? rows - FRAME_LINES : 1;
}

struct bytes top_line(struct bytes text, size_t line)
{
	size_t from = 0, end;
	for (; line > 0 && from < text.n; from++)
		line -= text.p[from] == '\n';
	for (end = from; end < text.n && text.p[end] != '\n'; end++)
		;
	return bytes_of(text.p + from, end - from);
}

bool top_found(struct top *t, size_t line)
{
	char words[RECENT_WORDS], addr[IP_ADDR_TEXT], server[IP_ADDR_TEXT];
	struct bytes text;
	if (t->search[0] == '\0')
		return false;
	if (t->view == TOP_SESSIONS)
		return ascii_contains(bytes_str(t->sessions[line]->words), t->search);
	if (t->view == TOP_WAITING) {
		const struct open_session *o = t->waiting[line].session;
		snprintf(words, sizeof words, "%s > %s", ip_addr_text(&o->addr[CLIENT], addr),
			 ip_addr_text(&o->addr[SERVER], server));
		return ascii_contains(bytes_str(words), t->search);
	}
	if (t->view <= TOP_CLIENTS) {
		snprintf(words, sizeof words, "%s %s", ip_addr_text(&t->hosts[line]->addr, addr),
			 t->hosts[line]->name);
		return ascii_contains(bytes_str(words), t->search);
	}
	text = top_line(text_of(t), line);
	snprintf(words, sizeof words, "%.*s",
		 (int)(text.n < sizeof words ? text.n : sizeof words - 1), (const char *)text.p);
	return ascii_contains(bytes_str(words), t->search);
}

struct stored_session *top_selected(struct top *t)
{
	if (t->view == TOP_DETAIL)
		return recent_find(t->recent, t->opened);
	top_fill(t);
	return t->view == TOP_SESSIONS && t->sessions_n > 0 ? t->sessions[t->place[TOP_SESSIONS].at]
							    : NULL;
}

void top_open(struct top *t, const struct stored_session *s, struct bytes text)
{
	t->detail.n = 0;
	outbuf_bytes(&t->detail, text.p, text.n);
	t->detail.failed = false;
	if (t->view != TOP_DETAIL || t->opened != s->report.number)
		t->place[TOP_DETAIL].at = t->place[TOP_DETAIL].first = 0;
	if (t->view != TOP_DETAIL)
		t->detail_from = t->view;
	t->opened = s->report.number;
	t->view = TOP_DETAIL;
}
