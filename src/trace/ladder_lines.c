/* ladder_lines.c - stores the lines of a ladder, of a long one the beginning and the end, and finds
 * the line of the fault. */
#include "smtpwatch/verdict.h"
#include "trace/ladder_state.h"

#include "text/escape.h"

#include <stdio.h>
#include <stdlib.h>

enum { HEAD = LADDER_LINES / 2, TAIL = LADDER_LINES - HEAD };

const char *ladder_kind_name(enum ladder_kind kind)
{
	static const char *const names[] = {[LADDER_COMMAND] = "command",
					    [LADDER_REPLY] = "reply",
					    [LADDER_MESSAGE] = "message",
					    [LADDER_TCP] = "tcp",
					    [LADDER_NOTE] = "note"};
	return names[kind];
}

const char *ladder_flag_name(unsigned bit)
{
	static const char *const names[LADDER_FLAGS] = {
		"fault", "gap",     "again",   "syn",         "fin",  "rst",
		"tls",   "refused", "unasked", "behind-quit", "early"};
	return names[bit];
}

enum ladder_format ladder_format_read(const char *name)
{
	static const char all[] = LADDER_FORMAT_NAMES("\0");
	unsigned format = 0;
	for (const char *at = all; format < LADDER_FORMATS && strcmp(at, name) != 0;
	     at += strlen(at) + 1)
		format++;
	return (enum ladder_format)format;
}

struct ladder *ladder_new(const struct conn *conn, ladder_cleaner *clean, void *arg)
{
	struct ladder *l = calloc(1, sizeof *l);
	char text[IP_ADDR_TEXT];
	if (!l)
		return NULL;
	l->clean = clean;
	l->arg = arg;
	l->start = conn->start;
	for (int s = CLIENT; s <= SERVER; s++) {
		l->addr[s] = conn->addr[s];
		l->port[s] = conn->port[s];
		snprintf(l->side[s].name, sizeof l->side[s].name,
			 ip_addr_is_v4(&conn->addr[s]) ? "%s:%u" : "[%s]:%u",
			 ip_addr_text(&conn->addr[s], text), (unsigned)conn->port[s]);
	}
	return l;
}

void ladder_free(struct ladder *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < ladder_count(l); i++)
		free(l->lines[i].text);
	free(l->lines);
	outbuf_free(&l->reply);
	outbuf_free(&l->scratch);
	recording_free(l->recording);
	free(l);
}

bool ladder_record(struct ladder *l)
{
	if (!l->recording)
		l->recording = recording_new();
	return l->recording;
}

/* Behind the head, the places of lines are a ring. */
static size_t place_of(uint64_t n)
{
	return n < LADDER_LINES ? (size_t)n : HEAD + (size_t)((n - HEAD) % TAIL);
}

static bool capacity_make(struct ladder *l)
{
	size_t capacity = l->capacity == 0 ? 32 : l->capacity * 2;
	struct ladder_line *lines;
	if (l->n < l->capacity || l->capacity == LADDER_LINES)
		return true;
	capacity = capacity < LADDER_LINES ? capacity : LADDER_LINES;
	lines = realloc(l->lines, capacity * sizeof *lines);
	if (!lines)
		return false;
	l->lines = lines;
	l->capacity = capacity;
	return true;
}

/* Redacts and escapes a text. Cuts a long one between two characters. */
static char *text_make(struct ladder *l, struct bytes text)
{
	struct outbuf *b = &l->scratch;
	char *copy;
	if (l->clean)
		text = l->clean(l->arg, text);
	b->n = 0;
	escape_lines(b, text);
	if (b->n > LADDER_TEXT) {
		b->n = LADDER_TEXT - 3;
		while (b->n > 0 && (b->p[b->n] & 0xc0) == 0x80)
			b->n--;
		outbuf_str(b, "...");
	}
	copy = b->failed ? NULL : malloc(b->n + 1);
	if (!copy)
		return NULL;
	if (b->n > 0)
		memcpy(copy, b->p, b->n);
	copy[b->n] = '\0';
	return copy;
}

struct ladder_line *ladder_add(struct ladder *l, struct ladder_line line, struct bytes text)
{
	struct ladder_line *at;
	line.text = text_make(l, text);
	if (!line.text || !capacity_make(l)) {
		free(line.text);
		return NULL;
	}
	at = &l->lines[place_of(l->n)];
	if (l->n >= LADDER_LINES)
		free(at->text);
	l->n++;
	*at = line;
	return at;
}

struct ladder_line *ladder_last(const struct ladder *l)
{
	return l->n > 0 ? &l->lines[place_of(l->n - 1)] : NULL;
}

size_t ladder_count(const struct ladder *l)
{
	return l->n < LADDER_LINES ? (size_t)l->n : LADDER_LINES;
}

static struct ladder_line *line_at(const struct ladder *l, size_t i)
{
	size_t cut;
	uint64_t omitted = ladder_omitted(l, &cut);
	return &l->lines[place_of(i < cut ? i : i + omitted)];
}

const struct ladder_line *ladder_line(const struct ladder *l, size_t i)
{
	return line_at(l, i);
}

uint64_t ladder_omitted(const struct ladder *l, size_t *cut)
{
	*cut = HEAD;
	return l->n - ladder_count(l);
}

int64_t ladder_start(const struct ladder *l)
{
	return l->start;
}

const char *ladder_end(const struct ladder *l, enum side side)
{
	return l->side[side].name;
}

const struct ladder_line *ladder_fault(const struct ladder *l)
{
	for (size_t i = 0; i < ladder_count(l); i++)
		if (ladder_line(l, i)->flags & LADDER_FAULT)
			return ladder_line(l, i);
	return NULL;
}

/* A search for the first or last line of a kind, with one of the flags and with a code. 0: any. */
struct search {
	enum ladder_kind kind;
	enum side side;
	unsigned flags;
	uint16_t code;
	bool last;
};

static bool line_is(const struct ladder_line *line, const struct search *s)
{
	return line->kind == s->kind && (line->side == s->side || s->kind == LADDER_NOTE) &&
	       (s->flags == 0 || (line->flags & s->flags)) &&
	       (s->code == 0 || line->code == s->code);
}

static struct ladder_line *line_find(const struct ladder *l, const struct search *s)
{
	struct ladder_line *found = NULL;
	for (size_t i = 0; i < ladder_count(l) && (!found || s->last); i++) {
		struct ladder_line *line = line_at(l, i);
		if (line_is(line, s))
			found = line;
	}
	return found;
}

/* If there are several unasked 221s, the stage identifies the worst one. */
static struct ladder_line *unasked_find(const struct ladder *l, enum stage stage)
{
	struct search s = {LADDER_REPLY, SERVER, LADDER_UNASKED, 0, true};
	for (size_t i = 0; i < ladder_count(l); i++) {
		struct ladder_line *line = line_at(l, i);
		if (line_is(line, &s) && line->stage == stage)
			return line;
	}
	return line_find(l, &s);
}

/* Returns the first closing segment of a side: its RST if that is how it closed, else also its FIN.
 */
static struct ladder_line *close_find(const struct ladder *l, enum side side, enum how how)
{
	struct search s = {LADDER_TCP, side, how == HOW_RST ? LADDER_RST : LADDER_FIN | LADDER_RST,
			   0, false};
	return line_find(l, &s);
}

static struct ladder_line *fault_find(const struct ladder *l, const struct ending *e,
				      enum verdict_about about)
{
	static const struct search searches[] = {
		[VERDICT_ABOUT_421] = {LADDER_REPLY, SERVER, 0, 421, true},
		[VERDICT_ABOUT_EARLY] = {LADDER_REPLY, SERVER, LADDER_EARLY, 0, false},
		[VERDICT_ABOUT_REFUSAL] = {LADDER_REPLY, SERVER, LADDER_REFUSED, 0, true},
		[VERDICT_ABOUT_SILENCE] = {LADDER_TCP, CLIENT, LADDER_AGAIN, 0, true},
		[VERDICT_ABOUT_SYN] = {LADDER_TCP, CLIENT, LADDER_SYN | LADDER_AGAIN, 0, true},
		[VERDICT_ABOUT_QUIT] = {LADDER_COMMAND, CLIENT, 0, 0, true},
		[VERDICT_ABOUT_HOLE] = {LADDER_NOTE, CLIENT, LADDER_GAP, 0, true},
	};
	switch (about) {
	case VERDICT_ABOUT_NOTHING:
		return NULL;
	case VERDICT_ABOUT_221:
		return unasked_find(l, e->stage_221);
	case VERDICT_ABOUT_SERVER:
		return close_find(l, SERVER, e->how);
	case VERDICT_ABOUT_CLIENT:
		return close_find(l, CLIENT, e->how);
	default:
		return line_find(l, &searches[about]);
	}
}

/* Returns the place for the line of a segment at i: behind the last line that an earlier packet
 * brought. */
static size_t place_behind(const struct ladder *l, size_t i)
{
	uint64_t packet = ladder_line(l, i)->packet;
	size_t found = i;
	for (size_t k = i + 1; k < ladder_count(l); k++) {
		const struct ladder_line *line = ladder_line(l, k);
		if (line->kind != LADDER_TCP && line->packet > 0 &&
		    (line->last > 0 ? line->last : line->packet) < packet)
			found = k;
	}
	return found;
}

/* Bytes become a line once their meaning is known, possibly after later segments have lines. The
 * lines of such segments move down. */
static void lines_order(struct ladder *l)
{
	for (size_t i = ladder_count(l); i-- > 0;) {
		size_t to = ladder_line(l, i)->kind == LADDER_TCP ? place_behind(l, i) : i;
		for (size_t k = i; k < to; k++) {
			struct ladder_line *at = line_at(l, k), *next = line_at(l, k + 1),
					   moved = *at;
			moved.stage = next->stage;
			*at = *next;
			*next = moved;
		}
	}
}

void ladder_judge(struct ladder *l, const struct ending *ending, unsigned verdict)
{
	struct ladder_line *fault;
	lines_order(l);
	fault = fault_find(l, ending, verdict_row(verdict)->about);
	/* The verdict's own line was not found, for example because a reply came between TLS
	 * records. The fault is then the close. */
	if (!fault && verdict_row(verdict)->severity >= SEVERITY_NOTICE &&
	    ending->closer != CLOSER_NOBODY)
		fault = close_find(l, ending->closer == CLOSER_SERVER ? SERVER : CLIENT,
				   ending->how);
	if (fault)
		fault->flags |= LADDER_FAULT;
}
