/* screen.c - draws with ncurses. Restores the terminal when a signal ends the program, and keeps
 * standard error out of the picture. */
#define NCURSES_WIDECHAR 1

#include "tui/screen.h"

#include "text/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

/* term.h defines plain words such as "columns" as macros. */
#undef columns

/* RESTORE: bytes that restore the terminal. LOG_MAX: bytes of standard error that are buffered. */
enum { RESTORE = 256, LOG_MAX = 1 << 20 };

/* The state of the screen is global, as that of ncurses is. */
static struct {
	SCREEN *screen; /* NULL: not open */
	bool unicode;
	struct termios mode;
	char restore[RESTORE];
	size_t restore_n;
	int error, log; /* the original standard error, and the memory file in its place; -1: not
			   replaced */
	int styles[SCREEN_STYLES];
} now = {.error = -1, .log = -1};

/* Adds a terminal capability to now.restore, without its padding, which no terminal of today needs.
 */
static void restore_add(const char *name)
{
	const char *p = tigetstr(name);
	if (!p || p == (char *)-1)
		return;
	for (; *p != '\0' && now.restore_n < RESTORE; p++) {
		if (p[0] == '$' && p[1] == '<' && strchr(p, '>'))
			p = strchr(p, '>');
		else
			now.restore[now.restore_n++] = *p;
	}
}

static void write_out(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);
		if (done <= 0 && errno != EINTR)
			return;
		p += done > 0 ? done : 0;
		n -= done > 0 ? (size_t)done : 0;
	}
}

/* Restores standard error and writes the buffered text to it. Async-signal-safe. */
static void stderr_restore(void)
{
	char part[4096];
	off_t at = 0;
	ssize_t n;

	if (now.log < 0)
		return;
	/* The filter of system calls allows dup3(2), not dup2(2). */
	dup3(now.error, STDERR_FILENO, 0);
	while ((n = pread(now.log, part, sizeof part, at)) > 0) {
		write_out(STDERR_FILENO, part, (size_t)n);
		at += n;
	}
	close(now.log);
	close(now.error);
	now.log = now.error = -1;
}

/* Replaces standard error by a memory file. If that fails, messages appear in the picture; ^L
 * repairs it. */
static void stderr_capture(void)
{
	if (!isatty(STDERR_FILENO))
		return;
	now.error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	now.log = memfd_create("said", MFD_CLOEXEC);
	if (now.error < 0 || now.log < 0 || fcntl(now.log, F_SETFL, O_APPEND) != 0 ||
	    dup2(now.log, STDERR_FILENO) < 0) {
		close(now.log);
		close(now.error);
		now.log = now.error = -1;
	}
}

/* Makes only async-signal-safe calls (signal-safety(7)). SA_RESETHAND has restored the default
 * action of the signal, so that raise(3) ends the program. */
static void die(int signal)
{
	if (now.screen) {
		write_out(STDOUT_FILENO, now.restore, now.restore_n);
		tcsetattr(STDIN_FILENO, TCSANOW, &now.mode);
		stderr_restore();
	}
	raise(signal);
}

void screen_guard(int signal)
{
	struct sigaction action = {.sa_handler = die, .sa_flags = SA_RESETHAND | SA_NODEFER};
	if (now.screen)
		sigaction(signal, &action, NULL);
}

static void signals_guard(void)
{
	static const int deadly[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,  SIGABRT, SIGHUP,
				     SIGQUIT, SIGTERM, SIGINT, SIGALRM, SIGXCPU};
	struct sigaction old;
	for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
		if (sigaction(deadly[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			screen_guard(deadly[i]);
}

static void styles_set(void)
{
	static const short colours[SCREEN_STYLES] = {[SCREEN_NOTICE] = COLOR_CYAN,
						     [SCREEN_WARNING] = COLOR_YELLOW,
						     [SCREEN_ERROR] = COLOR_RED,
						     [SCREEN_CRITICAL] = COLOR_RED};
	now.styles[SCREEN_DIM] = A_DIM;
	now.styles[SCREEN_BOLD] = now.styles[SCREEN_CRITICAL] = A_BOLD;
	now.styles[SCREEN_BAR] = A_REVERSE;
	if (!has_colors() || !terminal_likes_colour() || start_color() == ERR)
		return;
	use_default_colors();
	for (int i = 0; i < SCREEN_STYLES; i++)
		if (colours[i] != 0 && init_pair((short)i, colours[i], -1) == OK)
			now.styles[i] |= (int)COLOR_PAIR(i);
}

/* Sequences that terminals send if they ignore the mode that their description demands. */
static void keys_add(void)
{
	static const struct {
		const char *sent;
		int key;
	} keys[] = {
		{"\033[A", KEY_UP},   {"\033[B", KEY_DOWN},   {"\033[C", KEY_RIGHT},
		{"\033[D", KEY_LEFT}, {"\033[H", KEY_HOME},   {"\033[F", KEY_END},
		{"\033OH", KEY_HOME}, {"\033OF", KEY_END},    {"\033[1~", KEY_HOME},
		{"\033[4~", KEY_END}, {"\033[5~", KEY_PPAGE}, {"\033[6~", KEY_NPAGE},
	};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		define_key(keys[i].sent, keys[i].key);
}

bool screen_open(struct error *why)
{
	const char *term = getenv("TERM");
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    tcgetattr(STDIN_FILENO, &now.mode) != 0)
		return error_set(why, "--top wants a terminal as standard input and output");
	setlocale(LC_CTYPE, "");
	now.unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	/* newterm sets handlers for SIGINT and SIGTERM if the program has none. signals_guard
	 * replaces no handler. */
	now.screen = newterm(NULL, stdout, stdin);
	if (!now.screen)
		return error_set(why,
				 "--top: a terminal of the kind \"%.64s\" is not known here; TERM "
				 "says which it is",
				 term ? term : "");
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	keys_add();
	set_escdelay(50);
	curs_set(0);
	styles_set();
	restore_add("sgr0");
	restore_add("cnorm");
	restore_add("rmkx");
	restore_add("rmcup");
	stderr_capture();
	signals_guard();
	return true;
}

void screen_close(void)
{
	if (!now.screen)
		return;
	endwin();
	delscreen(now.screen);
	now.screen = NULL;
	stderr_restore();
}

struct screen_size screen_size(void)
{
	return (struct screen_size){(unsigned)getmaxy(stdscr), (unsigned)getmaxx(stdscr)};
}

void screen_clear(void)
{
	erase();
}

/* Reads the next character. Returns its bytes and sets *width to its columns. A character that the
 * terminal cannot show becomes a question mark. */
static size_t character(struct bytes text, wchar_t *out, unsigned *width)
{
	mbstate_t state = {0};
	size_t n = 1;
	int columns = 1;

	*out = text.p[0];
	if (text.p[0] >= 0x80) {
		n = now.unicode ? mbrtowc(out, (const char *)text.p, text.n, &state) : 0;
		columns = n > 0 && n <= text.n ? wcwidth(*out) : -1;
	}
	if (columns < 0 || *out < 0x20) {
		*out = '?';
		columns = 1;
		for (n = 1; n < text.n && (text.p[n] & 0xc0) == 0x80; n++)
			;
	}
	*width = (unsigned)columns;
	return n;
}

unsigned screen_width(struct bytes text)
{
	unsigned used = 0, more;
	while (text.n > 0) {
		wchar_t c;
		text = bytes_from(text, character(text, &c, &more));
		used += more;
	}
	return used;
}

unsigned screen_put(unsigned row, unsigned column, unsigned width, unsigned style,
		    struct bytes text)
{
	unsigned used = 0, more;
	struct screen_size size = screen_size();
	if (row >= size.rows || column >= size.columns)
		return 0;
	width = width < size.columns - column ? width : size.columns - column;
	attrset((attr_t)now.styles[style & 0xff] | (style & SCREEN_SELECTED ? A_REVERSE : 0));
	move((int)row, (int)column);
	while (text.n > 0) {
		wchar_t c;
		size_t n = character(text, &c, &more);
		if (used + more > width)
			break;
		addnwstr(&c, 1);
		used += more;
		text = bytes_from(text, n);
	}
	attrset(A_NORMAL);
	return used;
}

void screen_show(void)
{
	refresh();
	if (now.log >= 0 && lseek(now.log, 0, SEEK_END) > LOG_MAX && ftruncate(now.log, 0) != 0)
		return;
}

void screen_redraw(void)
{
	clearok(curscr, TRUE);
}

static int special(int key)
{
	static const struct {
		int theirs, ours;
	} keys[] = {
		{KEY_UP, SCREEN_UP},         {KEY_DOWN, SCREEN_DOWN},
		{KEY_LEFT, SCREEN_LEFT},     {KEY_RIGHT, SCREEN_RIGHT},
		{KEY_PPAGE, SCREEN_PAGE_UP}, {KEY_NPAGE, SCREEN_PAGE_DOWN},
		{KEY_HOME, SCREEN_HOME},     {KEY_END, SCREEN_END},
		{KEY_ENTER, SCREEN_ENTER},   {KEY_BACKSPACE, SCREEN_BACKSPACE},
		{KEY_BTAB, SCREEN_TAB},      {KEY_RESIZE, SCREEN_RESIZED},
	};
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (keys[i].theirs == key)
			return keys[i].ours;
	return SCREEN_NONE;
}

static int control(wint_t c)
{
	switch (c) {
	case '\r':
	case '\n':
		return SCREEN_ENTER;
	case '\t':
		return SCREEN_TAB;
	case 27:
		return SCREEN_ESCAPE;
	case 8:
	case 127:
		return SCREEN_BACKSPACE;
	case 3:
		return SCREEN_BREAK;
	case 12:
		return SCREEN_REDRAW;
	default:
		return c < 0x20 ? SCREEN_NONE : (int)c;
	}
}

/* After a hangup every read returns at once without data. */
static bool hung_up(void)
{
	struct pollfd p = {.fd = STDIN_FILENO};
	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL));
}

int screen_key(int timeout)
{
	wint_t c = 0;
	int r;

	wtimeout(stdscr, timeout);
	r = get_wch(&c);
	if (r == KEY_CODE_YES)
		return special((int)c);
	if (r == OK)
		return control(c);
	return hung_up() ? SCREEN_GONE : SCREEN_NONE;
}

const char *screen_message(char out[SCREEN_MESSAGE])
{
	off_t end = now.log >= 0 ? lseek(now.log, 0, SEEK_END) : 0;
	off_t from = end > SCREEN_MESSAGE - 1 ? end - (SCREEN_MESSAGE - 1) : 0;
	ssize_t n = now.log >= 0 ? pread(now.log, out, SCREEN_MESSAGE - 1, from) : 0;
	char *line;

	n = n > 0 && out[n - 1] == '\n' ? n - 1 : n > 0 ? n : 0;
	out[n] = '\0';
	line = strrchr(out, '\n');
	return line ? line + 1 : out;
}
