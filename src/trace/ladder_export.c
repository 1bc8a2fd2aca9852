/* ladder_export.c - a ladder for other programs: CSV and Mermaid. */
#include "trace/ladder.h"

#include "base/ascii.h"
#include "text/escape.h"
#include "text/timestamp.h"

static void csv_text(struct outbuf *b, const char *text)
{
	outbuf_char(b, ',');
	escape_csv(b, bytes_str(text));
}

static void csv_number(struct outbuf *b, uint64_t v)
{
	outbuf_char(b, ',');
	if (v > 0)
		outbuf_number(b, v);
}

static void csv_flags(struct outbuf *b, unsigned flags)
{
	const char *between = "";
	outbuf_char(b, ',');
	for (unsigned bit = 0; bit < LADDER_FLAGS; bit++)
		if (flags >> bit & 1) {
			outbuf_format(b, "%s%s", between, ladder_flag_name(bit));
			between = " ";
		}
}

static const char *direction_of(const struct ladder_line *line)
{
	if (line->kind == LADDER_NOTE)
		return "";
	return line->side == CLIENT ? "client" : "server";
}

static void csv_line(struct outbuf *b, struct stamp *stamp, const struct ladder *l,
		     const struct ladder_line *line)
{
	stamp_iso(stamp, b, line->ts);
	outbuf_char(b, ',');
	if (line->ts < ladder_start(l))
		ladder_put_time(b, l, line);
	else
		outbuf_seconds(b, line->ts - ladder_start(l));
	csv_number(b, line->packet);
	csv_number(b, line->last);
	csv_text(b, direction_of(line));
	csv_text(b, ladder_kind_name(line->kind));
	csv_text(b, stage_name(line->stage));
	csv_number(b, line->code);
	csv_text(b, line->answers ? line->answers : "");
	outbuf_char(b, ',');
	if (line->waited > 0)
		outbuf_seconds(b, line->waited);
	csv_number(b, line->bytes);
	csv_number(b, line->count);
	csv_flags(b, line->flags);
	csv_text(b, line->text);
	outbuf_str(b, "\r\n");
}

void ladder_csv(struct outbuf *b, const struct ladder *l)
{
	struct stamp stamp = {0};
	outbuf_str(b, "time,seconds,packet,last_packet,from,kind,stage,code,answers,waited,bytes,"
		      "count,flags,text\r\n");
	for (size_t i = 0; i < ladder_count(l); i++)
		csv_line(b, &stamp, l, ladder_line(l, i));
}

/* Replaces every character that Mermaid or a browser could interpret by an entity code of Mermaid.
 */
static void mermaid_text(struct outbuf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		uint8_t c = (uint8_t)*text;
		if (c >= 0x80 || ascii_alnum(c) || strchr(" .,/()+=-_@*!?", c))
			outbuf_char(b, (char)c);
		else
			outbuf_format(b, "#%u;", (unsigned)c);
	}
}

static void mermaid_line(struct outbuf *b, const struct ladder *l, const struct ladder_line *line,
			 struct outbuf *words)
{
	words->n = 0;
	ladder_put_time(words, l, line);
	outbuf_char(words, ' ');
	ladder_put_words(words, line);
	outbuf_char(words, '\0');
	outbuf_str(b, "    ");
	if (line->kind == LADDER_NOTE)
		outbuf_str(b, "Note over C,S");
	else if (line->flags & LADDER_RST)
		outbuf_str(b, line->side == CLIENT ? "C-xS" : "S-xC");
	else if (line->kind == LADDER_TCP)
		outbuf_str(b, line->side == CLIENT ? "C-->>S" : "S-->>C");
	else
		outbuf_str(b, line->side == CLIENT ? "C->>S" : "S->>C");
	outbuf_str(b, ": ");
	if (!words->failed)
		mermaid_text(b, words->p);
	outbuf_char(b, '\n');
	if (line->flags & LADDER_FAULT)
		outbuf_format(b, "    Note over C,S: The fault is here, in packet %llu\n",
			      (unsigned long long)line->packet);
}

void ladder_mermaid(struct outbuf *b, const struct ladder *l)
{
	struct outbuf words = {0};
	outbuf_str(b, "sequenceDiagram\n    participant C as client ");
	mermaid_text(b, ladder_end(l, CLIENT));
	outbuf_str(b, "\n    participant S as server ");
	mermaid_text(b, ladder_end(l, SERVER));
	outbuf_char(b, '\n');
	for (size_t i = 0; i < ladder_count(l); i++)
		mermaid_line(b, l, ladder_line(l, i), &words);
	outbuf_free(&words);
}
