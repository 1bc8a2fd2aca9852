/* view.h - the terminal view (--top): lists of servers, clients and sessions, one session in words,
 * and help. */
#ifndef SMTPWATCH_TUI_VIEW_H
#define SMTPWATCH_TUI_VIEW_H

#include "format/text/text.h"
#include "trace/open_merge.h"
#include "trace/recent.h"
#include "tui/screen.h"

/* Lists come before texts; TOP_WAITING is the list of open sessions. */
enum top_view {
	TOP_SERVERS,
	TOP_CLIENTS,
	TOP_SESSIONS,
	TOP_WAITING,
	TOP_DETAIL,
	TOP_HELP,
	TOP_VIEWS
};

/* A task for the caller, because the view has no packets and no files. OPEN and both SAVE requests
 * are about the session of top_selected. */
enum top_request { TOP_NOTHING, TOP_QUIT, TOP_OPEN, TOP_SAVE_PACKETS, TOP_SAVE_WORDS };

/* LINES: hosts of a list. TEXT, MESSAGE: bytes of a typed text and of a message, with the NUL. */
enum { TOP_LINES = 500, TOP_TEXT = 48, TOP_MESSAGE = 256 };

/* The view. Callers may write state; all other members are for view.c, tui/keys.c and draw.c. */
struct top {
	struct recent *recent;   /* borrowed */
	struct open_merge *open; /* borrowed */
	const char *inputs;      /* borrowed */
	char state[64];          /* shown at the right of the first line: "35 % read" */
	char message[TOP_MESSAGE];
	enum top_view view;
	enum top_view detail_from, help_from; /* the views to return to from TOP_DETAIL, TOP_HELP */
	struct {
		/* The line of the cursor, and the first visible line. Equal for a text, which has
		 * no cursor. */
		size_t at, first;
	} place[TOP_VIEWS];
	enum recent_order order;
	bool worst_first, alerts_only; /* of the list of sessions */
	char filter[TOP_TEXT], search[TOP_TEXT], typed[TOP_TEXT];
	int typing; /* the text being typed: 'f' filter, '/' search, 0 none */
	/* Number of the session at the cursor: the cursor follows its session when lines move. */
	uint64_t cursor;
	uint64_t opened; /* number of the session in TOP_DETAIL */
	struct outbuf detail;
	/* The lines of the current list, filled by top_fill. */
	struct stored_session *sessions[2 * RECENT_SESSIONS];
	const struct recent_host *hosts[TOP_LINES];
	const struct open_line *waiting;
	size_t sessions_n, hosts_n, waiting_n;
	struct outbuf cell; /* the cell being drawn */
	struct stamp stamp;
};

/* Makes a view of the sessions in recent and of those that are open. inputs: names of the inputs.
 * All three are borrowed until top_free. Returns NULL if memory is exhausted. */
struct top *top_new(struct recent *recent, struct open_merge *open, const char *inputs);
void top_free(struct top *t);

/* Draws the view. Call while the screen is open (screen_open). */
void top_draw(struct top *t);

/* Handles a key (screen_key). Returns what the caller must do; TOP_NOTHING: nothing. */
enum top_request top_key(struct top *t, int key);

/* Returns the session that a request is about, or NULL if there is none or it is no longer kept.
 * Borrowed from the store of recent sessions. */
struct stored_session *top_selected(struct top *t);

/* Shows one session in words: the answer to TOP_OPEN. Copies text. */
void top_open(struct top *t, const struct stored_session *s, struct bytes text);

/* Shows a sentence in the last line until the next key. */
void top_message(struct top *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * view.c, for keys.c and draw.c.
 * - top_fill: fills the current list and keeps the cursor within it.
 * - top_lines: returns the number of lines of the list or text; call top_fill before.
 * - top_rows: returns how many lines are visible, at least one.
 * - top_found: returns whether the line contains t->search.
 * - top_line: returns a line of text without its line feed, borrowed from text.
 */
void top_fill(struct top *t);
size_t top_lines(const struct top *t);
size_t top_rows(void);
bool top_found(struct top *t, size_t line);
struct bytes top_line(struct bytes text, size_t line);
extern const char top_help[];

#endif
