/* screen.h - the terminal as a board of characters: the one place that knows ncurses. Whatever ends
 * the program, the terminal is as it was. */
#ifndef SMTPWATCH_TUI_SCREEN_H
#define SMTPWATCH_TUI_SCREEN_H

#include "smtpwatch/bytes.h"

#define SCREEN_WHY 256

enum screen_style {
	SCREEN_PLAIN,
	SCREEN_DIM,
	SCREEN_BOLD,
	SCREEN_NOTICE,
	SCREEN_WARNING,
	SCREEN_ERROR,
	SCREEN_CRITICAL,
	SCREEN_BAR, /* a line of its own, reversed */
	SCREEN_STYLES,
	SCREEN_SELECTED = 1 << 8 /* beside one of these: what the cursor stands on */
};

/* Keys that are no character. */
enum screen_key {
	SCREEN_NONE = -1, /* nothing was pressed */
	SCREEN_UP = 0x110000,
	SCREEN_DOWN,
	SCREEN_LEFT,
	SCREEN_RIGHT,
	SCREEN_PAGE_UP,
	SCREEN_PAGE_DOWN,
	SCREEN_HOME,
	SCREEN_END,
	SCREEN_ENTER,
	SCREEN_ESCAPE,
	SCREEN_BACKSPACE,
	SCREEN_TAB,
	SCREEN_BREAK,  /* ^C */
	SCREEN_GONE,   /* the terminal hung up */
	SCREEN_REDRAW, /* ^L */
	SCREEN_RESIZED
};

struct screen_size {
	unsigned rows, columns;
};

/*
 * There is one screen, the main thread's. Takes standard input and output; what is said on standard
 * error, if that is a terminal, is kept until the end. Before root is given up: it reads the
 * terminal's description. False, with a sentence in why.
 */
bool screen_open(char why[SCREEN_WHY]);

/* The terminal as it was; then what was said on standard error. May be called without an open
 * screen. */
void screen_close(void);

/* From now on this signal, whose default action is to end the program, restores the terminal first.
 * For a signal handler too. Nothing where no screen is open. */
void screen_guard(int signal);

struct screen_size screen_size(void);

/* Order of calls: clear, put, show. text: valid UTF-8 without control bytes; what does not fit into
 * `width` columns is left out. How many columns it took. */
void screen_clear(void);
unsigned screen_put(unsigned row, unsigned column, unsigned width, unsigned style,
		    struct bytes text);
void screen_show(void);

/* Everything is drawn anew, also what should stand there: something else may have written to the
 * terminal. */
void screen_redraw(void);

/* A key, after at most so many milliseconds: a code point, or enum screen_key. */
int screen_key(int timeout);

/* The last line that was said on standard error; empty: none. */
enum { SCREEN_MESSAGE = 256 };
const char *screen_message(char out[SCREEN_MESSAGE]);

#endif
