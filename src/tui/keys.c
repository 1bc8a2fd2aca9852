/* keys.c - what each key of the view does. */
#include "tui/view.h"

#include <stdio.h>

static void move_to(struct top *t, size_t line)
{
	size_t lines;
	top_fill(t);
	lines = top_lines(t);
	t->place[t->view].at = line < lines ? line : lines > 0 ? lines - 1 : 0;
	if (t->view == TOP_SESSIONS && t->sessions_n > 0)
		t->cursor = t->sessions[t->place[TOP_SESSIONS].at]->report.number;
}

static void move_by(struct top *t, long by)
{
	size_t at;
	top_fill(t);
	at = t->place[t->view].at;
	move_to(t, by < 0 && at < (size_t)-by ? 0 : at + (size_t)by);
}

/* Searches from the line behind the cursor to the end, then from the beginning. */
static void search_next(struct top *t)
{
	size_t lines, at;
	top_fill(t);
	lines = top_lines(t);
	at = t->place[t->view].at;
	for (size_t i = 1; i <= lines; i++)
		if (top_found(t, (at + i) % lines)) {
			move_to(t, (at + i) % lines);
			return;
		}
	top_message(t, "not found: %s", t->search);
}

static void view_set(struct top *t, enum top_view view)
{
	t->view = view;
}

static void typing_begin(struct top *t, int what)
{
	t->typing = what;
	snprintf(t->typed, sizeof t->typed, "%s", what == 'f' ? t->filter : "");
	if (what == 'f' && (t->view <= TOP_CLIENTS || t->view == TOP_WAITING))
		view_set(t, TOP_SESSIONS);
}

static void typing_end(struct top *t)
{
	snprintf(t->typing == 'f' ? t->filter : t->search, TOP_TEXT, "%s", t->typed);
	if (t->typing == '/')
		search_next(t);
	t->typing = 0;
}

/* Edits the typed text, which is ASCII. A filter applies to the list while it is typed. */
static void typing_key(struct top *t, int key)
{
	size_t n = strlen(t->typed);
	if (key == SCREEN_ENTER) {
		typing_end(t);
		return;
	}
	if (key == SCREEN_ESCAPE || key == SCREEN_BREAK)
		t->typing = 0;
	else if (key == SCREEN_BACKSPACE && n > 0)
		t->typed[n - 1] = '\0';
	else if (key >= ' ' && key <= '~' && n + 1 < TOP_TEXT) {
		t->typed[n] = (char)key;
		t->typed[n + 1] = '\0';
	}
	if (t->typing == 'f')
		snprintf(t->filter, TOP_TEXT, "%s", t->typed);
}

static void back(struct top *t)
{
	if (t->view >= TOP_DETAIL)
		view_set(t, t->view == TOP_HELP ? t->help_from : t->detail_from);
	else if (t->view == TOP_SESSIONS && t->filter[0] != '\0')
		t->filter[0] = '\0';
}

/* Shows the sessions of the host at the cursor. */
static void host_enter(struct top *t)
{
	const struct recent_host *h;
	char addr[IP_ADDR_TEXT];
	top_fill(t);
	if (t->hosts_n == 0)
		return;
	h = t->hosts[t->place[t->view].at];
	ip_addr_text(&h->addr, addr);
	/* The characters around the address are part of the filter, so that 192.0.2.1 does not
	 * match 192.0.2.10. */
	snprintf(t->filter, TOP_TEXT, ip_addr_is_v4(&h->addr) ? " %s:" : " [%s]:", addr);
	if (h->port != 0 && strlen(t->filter) + 7 < TOP_TEXT)
		snprintf(t->filter + strlen(t->filter), TOP_TEXT - strlen(t->filter), "%u ",
			 (unsigned)h->port);
	t->cursor = 0;
	t->place[TOP_SESSIONS].at = 0;
	view_set(t, TOP_SESSIONS);
}

static void order_next(struct top *t)
{
	if (t->view == TOP_SESSIONS)
		t->worst_first = !t->worst_first;
	else if (t->view <= TOP_CLIENTS)
		t->order = (enum recent_order)((t->order + 1) % RECENT_ORDERS);
}

static void help(struct top *t)
{
	if (t->view == TOP_HELP) {
		back(t);
		return;
	}
	t->help_from = t->view;
	t->place[TOP_HELP].at = 0;
	view_set(t, TOP_HELP);
}

static bool move_key(struct top *t, int key)
{
	long page = (long)top_rows();
	switch (key) {
	case SCREEN_UP:
	case 'k':
		move_by(t, -1);
		return true;
	case SCREEN_DOWN:
	case 'j':
		move_by(t, 1);
		return true;
	case SCREEN_PAGE_UP:
		move_by(t, -page);
		return true;
	case SCREEN_PAGE_DOWN:
	case ' ':
		move_by(t, page);
		return true;
	case SCREEN_HOME:
	case 'g':
		move_to(t, 0);
		return true;
	case SCREEN_END:
	case 'G':
		move_to(t, SIZE_MAX);
		return true;
	default:
		return false;
	}
}

static void list_key(struct top *t, int key)
{
	switch (key) {
	case '1':
	case '2':
	case '3':
	case '4':
		view_set(t, (enum top_view)(key - '1'));
		break;
	case SCREEN_TAB:
		view_set(t, t->view >= TOP_WAITING ? TOP_SERVERS : (enum top_view)(t->view + 1));
		break;
	case 'a':
		t->alerts_only = !t->alerts_only;
		break;
	case 'o':
		order_next(t);
		break;
	case 'f':
	case '/':
		typing_begin(t, key);
		break;
	case 'n':
		search_next(t);
		break;
	case '?':
		help(t);
		break;
	case SCREEN_ESCAPE:
	case SCREEN_LEFT:
	case SCREEN_BACKSPACE:
		back(t);
		break;
	case SCREEN_REDRAW:
		screen_redraw();
		break;
	default:
		break;
	}
}

static enum top_request request(struct top *t, int key)
{
	bool session = t->view == TOP_SESSIONS || t->view == TOP_DETAIL;
	if (key == 'q' || key == SCREEN_BREAK)
		return TOP_QUIT;
	if ((key == SCREEN_ENTER || key == SCREEN_RIGHT) && t->view == TOP_SESSIONS)
		return TOP_OPEN;
	if (key == 's' && session)
		return TOP_SAVE_PACKETS;
	if (key == 'e' && session)
		return TOP_SAVE_WORDS;
	/* After a resize the text of the session must be wrapped for the new width. */
	return key == SCREEN_RESIZED && t->view == TOP_DETAIL ? TOP_OPEN : TOP_NOTHING;
}

enum top_request top_key(struct top *t, int key)
{
	enum top_request w;
	if (key != SCREEN_RESIZED)
		t->message[0] = '\0';
	if (t->typing != 0 && key != SCREEN_RESIZED) {
		typing_key(t, key);
		return TOP_NOTHING;
	}
	w = request(t, key);
	if (w != TOP_NOTHING)
		return w;
	if ((key == SCREEN_ENTER || key == SCREEN_RIGHT) && t->view <= TOP_CLIENTS)
		host_enter(t);
	else if (!move_key(t, key))
		list_key(t, key);
	return TOP_NOTHING;
}
