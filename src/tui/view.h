/* view.h - the terminal view: lists of servers, clients and sessions, one session in words, and the
 * keys between them. */
#ifndef SMTPWATCH_TUI_VIEW_H
#define SMTPWATCH_TUI_VIEW_H

#include "format/text/text.h"
#include "trace/recent.h"
#include "tui/screen.h"

enum top_view { TOP_SERVERS, TOP_CLIENTS, TOP_SESSIONS, TOP_DETAIL, TOP_HELP, TOP_VIEWS };

/* What a key asks for that the view cannot do itself; of the three about a session, top_selected is
 * which. */
enum top_wish { TOP_NOTHING, TOP_QUIT, TOP_OPEN, TOP_SAVE_PACKETS, TOP_SAVE_WORDS };

/* LINES: hosts in a list; TEXT: what one types. */
enum { TOP_LINES = 500, TOP_TEXT = 48, TOP_MESSAGE = 256 };

/* The members are for view.c, tui/keys.c and draw.c. */
struct top {
	struct recent *recent;
	const char *inputs; /* borrowed */
	char state[64];     /* what stands at the right of the first line: "35 % read" */
	char message[TOP_MESSAGE];
	enum top_view view, before,
		helped; /* before: where a session was opened; helped: where help was asked for */
	struct {
		size_t at, first; /* the line of the cursor, and the first that is seen; of a text
				     without a cursor both are the same */
	} place[TOP_VIEWS];
	enum recent_order order;
	bool worst_first, alerts_only; /* of the list of sessions */
	char filter[TOP_TEXT], search[TOP_TEXT], typed[TOP_TEXT];
	int typing;      /* 'f', '/', or 0 */
	uint64_t cursor; /* the session that the cursor stands on: lines move, it does not */
	uint64_t opened; /* the session in words */
	struct outbuf detail;
	unsigned detail_columns;
	/* The lists as they are drawn; top_fill makes them. */
	const struct recent_session *sessions[2 * RECENT_SESSIONS];
	const struct recent_host *hosts[TOP_LINES];
	size_t sessions_n, hosts_n;
	struct outbuf cell; /* one that is being drawn */
	struct stamp stamp;
};

/* recent and inputs are borrowed. To be freed by top_free. NULL where there is no memory. */
struct top *top_new(struct recent *recent, const char *inputs);
void top_free(struct top *t);

/* Draws all; the screen is open. */
void top_draw(struct top *t);

/* A key was pressed (screen.h). */
enum top_wish top_key(struct top *t, int key);

/* The session that a wish is about; NULL: it is not kept any more. */
const struct recent_session *top_selected(struct top *t);

/* TOP_OPEN is answered: this is what there is to say of it, in lines, made for so many columns.
 * Copied. */
void top_open(struct top *t, const struct recent_session *s, struct bytes text, unsigned columns);

/* A sentence for the last line, until the next key. */
void top_message(struct top *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* view.c, for the other two: what the current list holds; how many lines it has, how many of them
 * are seen, and the text of one that a search looks at. */
void top_fill(struct top *t);
size_t top_lines(const struct top *t);
size_t top_rows(void);
bool top_found(struct top *t, size_t line);
struct bytes top_line(struct bytes text, size_t line);
extern const char top_help[];

#endif
