/* ladder_text.c - a ladder for people: plain text for a ticket, or in colour for a terminal of any
 * width. */
#include "trace/ladder.h"

#include "smtpwatch/frame.h"
#include "text/wrap.h"

#include <stdio.h>

/* Columns: of the parts before the words; TWO: of a line with two columns of words, at least. */
enum {
	MARK = 2,
	TIME = 12,
	PACKETS = 8,
	STAGE = 15,
	HEAD = MARK + TIME + PACKETS + STAGE,
	ARROW = 4,
	USUAL = 100,
	TWO = 96,
	WIDTH_MIN = 16
};

static const char bold[] = "\033[1m", dim[] = "\033[2m", yellow[] = "\033[33m",
		  red[] = "\033[1;31m", plain[] = "\033[0m";

void ladder_put_time(struct outbuf *b, const struct ladder *l, const struct ladder_line *line)
{
	int64_t ns = line->ts - ladder_start(l);
	outbuf_char(b, ns < 0 ? '-' : '+');
	outbuf_seconds(b, ns < 0 ? -ns : ns);
}

void ladder_put_packets(struct outbuf *b, const struct ladder_line *line)
{
	if (line->packet == 0)
		return;
	outbuf_number(b, line->packet);
	if (line->last > line->packet) {
		outbuf_char(b, '-');
		outbuf_number(b, line->last);
	}
}

static void put_counted(struct outbuf *b, const struct ladder_line *line)
{
	if (line->count < 2 && line->bytes == 0)
		return;
	outbuf_str(b, " (");
	if (line->count > 1) {
		outbuf_grouped(b, line->count);
		outbuf_str(b, " times");
	}
	if (line->bytes > 0) {
		outbuf_str(b, line->count > 1 ? ", " : "");
		outbuf_grouped(b, line->bytes);
		outbuf_str(b, line->bytes > 1 ? " bytes" : " byte");
	}
	outbuf_char(b, ')');
}

void ladder_put_words(struct outbuf *b, const struct ladder_line *line)
{
	outbuf_str(b, line->text);
	if (line->kind == LADDER_TCP && (line->count > 1 || (line->flags & LADDER_AGAIN)))
		put_counted(b, line);
	if (line->kind == LADDER_REPLY && line->pipelined && !(line->flags & LADDER_BEHIND_QUIT))
		outbuf_format(b, " [to %s]", line->answers);
	if (line->waited >= FRAME_SECOND)
		outbuf_format(b, " (after %.1f s)", (double)line->waited / (double)FRAME_SECOND);
	if (line->flags & LADDER_BEHIND_QUIT)
		outbuf_format(b, " (the answer to %s, not to QUIT)",
			      line->answers ? line->answers : "what came before");
	else if (line->flags & LADDER_UNASKED)
		outbuf_str(b, " (nobody had said QUIT)");
	if (line->flags & LADDER_EARLY)
		outbuf_str(b, " (inside the message: the client reads it at the end)");
}

/* Fills what was written since `from` with blanks up to a width. The text is ASCII. */
static void fill(struct outbuf *b, size_t from, unsigned width)
{
	size_t n = b->n - from;
	wrap_blanks(b, n < width ? width - (unsigned)n : 1);
}

/* The layout of a drawing, in columns. */
struct drawing {
	struct outbuf *b;
	const struct ladder *l;
	bool colour, two;
	unsigned time, packets;  /* widths of the time and the packets */
	unsigned head;           /* width of all parts before the words */
	unsigned client, server; /* widths of each side's words */
	unsigned indent;         /* of the server's words, behind `head` */
	struct outbuf words;
};

static const char *colour_of(const struct ladder_line *line)
{
	if (line->flags & LADDER_FAULT)
		return red;
	if (line->flags & (LADDER_GAP | LADDER_AGAIN | LADDER_REFUSED))
		return yellow;
	if (line->kind == LADDER_TCP || line->kind == LADDER_NOTE)
		return dim;
	return "";
}

static void put_head(struct drawing *d, const struct ladder_line *line)
{
	struct outbuf *b = d->b;
	size_t from = b->n;
	outbuf_str(b, line->flags & LADDER_FAULT                  ? ">>"
		      : line->flags & (LADDER_GAP | LADDER_AGAIN) ? " !"
								  : "  ");
	ladder_put_time(b, d->l, line);
	fill(b, from, MARK + d->time);
	from = b->n;
	ladder_put_packets(b, line);
	fill(b, from, d->packets);
	from = b->n;
	outbuf_str(b, stage_name(line->stage));
	fill(b, from, STAGE);
}

/* Writes "EHLO out.example.org   ->", or "<- 250 mx.example.net" in the server's column. */
static void put_piece(struct drawing *d, const struct ladder_line *line, struct bytes text,
		      struct wrap_piece p, bool first)
{
	struct outbuf *b = d->b;
	bool note = line->kind == LADDER_NOTE, client = line->side == CLIENT && !note;
	if (!client && !note) {
		wrap_blanks(b, d->indent);
		outbuf_str(b, d->two ? (first ? " <- " : "    ") : (first ? "S: " : "   "));
	} else if (client && !d->two) {
		outbuf_str(b, first ? "C: " : "   ");
	}
	outbuf_bytes(b, text.p, p.bytes);
	if (client && d->two && first) {
		wrap_blanks(b, d->client - p.columns);
		outbuf_str(b, " ->");
	}
	while (b->n > 0 && b->p[b->n - 1] == ' ')
		b->n--;
}

static void put_line(struct drawing *d, const struct ladder_line *line)
{
	const char *colour = d->colour ? colour_of(line) : "";
	unsigned width = line->kind == LADDER_NOTE ? d->client + (d->two ? d->server + ARROW : 0)
			 : line->side == CLIENT    ? d->client
						   : d->server;
	struct bytes left;
	bool first = true;
	d->words.n = 0;
	ladder_put_words(&d->words, line);
	left = bytes_of(d->words.p, d->words.n);
	do {
		struct wrap_piece p = wrap_piece(left, width);
		outbuf_str(d->b, colour);
		if (first)
			put_head(d, line);
		else
			wrap_blanks(d->b, d->head);
		put_piece(d, line, left, p, first);
		outbuf_str(d->b, *colour != '\0' ? plain : "");
		outbuf_char(d->b, '\n');
		left = bytes_from(left, p.bytes);
		first = false;
	} while (left.n > 0);
}

static void put_title(struct drawing *d)
{
	struct outbuf *b = d->b;
	char title[96];
	int n;
	outbuf_str(b, d->colour ? bold : "");
	outbuf_format(b, "  %-*s%-*s%-*s", (int)d->time, "seconds", (int)d->packets, "packet",
		      (int)STAGE, "stage");
	n = snprintf(title, sizeof title, "%s %s", d->two ? "client" : "C: client",
		     ladder_end(d->l, CLIENT));
	outbuf_str(b, title);
	if (d->two) {
		wrap_blanks(b,
			    (unsigned)n < d->client + ARROW ? d->client + ARROW - (unsigned)n : 1);
	} else {
		outbuf_char(b, '\n');
		wrap_blanks(b, d->head + d->indent);
	}
	outbuf_format(b, "%s %s", d->two ? "server" : "S: server", ladder_end(d->l, SERVER));
	outbuf_str(b, d->colour ? plain : "");
	outbuf_char(b, '\n');
}

/* In a long capture times and packet numbers have more digits. */
static void heads_measure(struct drawing *d)
{
	d->time = TIME;
	d->packets = PACKETS;
	for (size_t i = 0; i < ladder_count(d->l); i++) {
		d->words.n = 0;
		ladder_put_time(&d->words, d->l, ladder_line(d->l, i));
		d->time = d->words.n >= d->time ? (unsigned)d->words.n + 1 : d->time;
		d->words.n = 0;
		ladder_put_packets(&d->words, ladder_line(d->l, i));
		d->packets = d->words.n >= d->packets ? (unsigned)d->words.n + 1 : d->packets;
	}
	d->head = MARK + d->time + d->packets + STAGE;
}

static struct drawing drawing_of(struct outbuf *b, const struct ladder *l, unsigned columns,
				 bool colour)
{
	struct drawing d = {.b = b, .l = l, .colour = colour};
	unsigned rest;
	heads_measure(&d);
	columns = columns == 0 ? USUAL : columns;
	d.two = columns >= TWO;
	rest = columns > d.head + WIDTH_MIN ? columns - d.head : WIDTH_MIN;
	if (d.two) {
		d.client = (rest - ARROW) * 4 / 9;
		d.server = rest - ARROW - d.client;
		d.indent = d.client;
	} else {
		d.indent = 2;
		d.client = rest - 3;
		d.server = rest - 3 - d.indent;
	}
	return d;
}

void ladder_text(struct outbuf *b, const struct ladder *l, unsigned columns, bool colour)
{
	struct drawing d = drawing_of(b, l, columns, colour);
	size_t cut;
	uint64_t omitted = ladder_omitted(l, &cut);
	put_title(&d);
	for (size_t i = 0; i < ladder_count(l); i++) {
		if (omitted > 0 && i == cut) {
			outbuf_str(b, "  ... ");
			outbuf_grouped(b, omitted);
			outbuf_str(b, " lines are left out here ...\n");
		}
		put_line(&d, ladder_line(l, i));
	}
	outbuf_free(&d.words);
}
