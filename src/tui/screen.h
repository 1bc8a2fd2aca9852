/* screen.h - the terminal as a grid of characters, by ncurses. The terminal's mode is restored
 * however the program ends, SIGKILL excepted. */
#ifndef SMTPWATCH_TUI_SCREEN_H
#define SMTPWATCH_TUI_SCREEN_H

#include "base/error.h"
#include "smtpwatch/bytes.h"

enum screen_style {
	SCREEN_PLAIN,
	SCREEN_DIM,
	SCREEN_BOLD,
	SCREEN_NOTICE,
	SCREEN_WARNING,
	SCREEN_ERROR,
	SCREEN_CRITICAL,
	SCREEN_BAR, /* the title and the last line, in reverse video */
	SCREEN_STYLES,
	SCREEN_SELECTED = 1 << 8 /* combined with one of the styles: in reverse video */
};

/* Keys that are no character. Values begin above the code points. */
enum screen_key {
	SCREEN_NONE = -1, /* no key, or one without a meaning */
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

/* In characters. */
struct screen_size {
	unsigned rows, columns;
};

/*
 * Opens the screen on standard input and output. The process has one screen; only the main thread
 * calls these functions. If standard error is a terminal, its text is buffered until screen_close;
 * a text of more than 1 MiB is discarded. Call before root is given up: the terminal's description
 * is read from a file. Returns false with a sentence in why.
 */
bool screen_open(struct error *why);

/* Restores the terminal, then writes the buffered text to standard error. Does nothing if no screen
 * is open. */
void screen_close(void);

/* Makes a signal restore the terminal before its default action ends the program.
 * Async-signal-safe. Does nothing if no screen is open. */
void screen_guard(int signal);

/* Returns the size of the terminal. A screen is open. */
struct screen_size screen_size(void);

/*
 * Order of calls for a picture: screen_clear, screen_put any number of times, screen_show.
 * screen_put writes text at a place that is counted from 0. text: valid UTF-8 without control
 * bytes. Characters beyond width columns are left out. style: enum screen_style. Returns the
 * columns used.
 */
void screen_clear(void);
unsigned screen_put(unsigned row, unsigned column, unsigned width, unsigned style,
		    struct bytes text);
void screen_show(void);

/* Returns the columns that screen_put would use for text if it had room. */
unsigned screen_width(struct bytes text);

/* Makes the next screen_show draw every character anew. Use when another program may have written
 * to the terminal. */
void screen_redraw(void);

/* Waits for a key, timeout milliseconds at most. Returns a code point or an enum screen_key. */
int screen_key(int timeout);

/* Writes the last line of the buffered standard error. Returns a pointer into out: the line, or an
 * empty string if there is none. A long line loses its beginning. */
enum { SCREEN_MESSAGE = 256 };
const char *screen_message(char out[SCREEN_MESSAGE]);

#endif
