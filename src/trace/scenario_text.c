/* scenario_text.c - turns the spans of a stream into pieces of masked text. */
#include "trace/scenario_text.h"

#include "base/ascii.h"
#include "trace/mask.h"

#include <stdlib.h>

/* BULK: a shorter body is written line by line. LINE: lines in a bulk are shorter than this. */
enum {
	BULK = 400,
	LINE = 900,
	TLS_HEADER = 5,
	TLS_FIRST = 20,
	TLS_APPLICATION_DATA = 23,
	TLS_LAST = 24,
	PROXY_V2 = 16,
	PROXY_MAX = 600
};

/* A span: its offsets in the stream, and its range in the text. */
struct piece {
	uint64_t from, to;
	size_t at, n;
	enum span_kind kind;
};

/* The input of scenario_text_make. */
struct making {
	struct scenario_text *t;
	struct bytes stream;
	ladder_cleaner *clean;
	void *arg;
};

void scenario_text_free(struct scenario_text *t)
{
	outbuf_free(&t->text);
	outbuf_free(&t->pieces);
}

static void piece_add(struct making *m, uint64_t from, uint64_t to, size_t at, enum span_kind kind)
{
	const struct piece one = {from, to, at, m->t->text.n - at, kind};
	outbuf_bytes(&m->t->pieces, &one, sizeof one);
}

static struct bytes stream_of(const struct making *m, uint64_t from, uint64_t to)
{
	return bytes_first(bytes_from(m->stream, from), to - from);
}

/* Returns the length of the first line, with its LF if there is one. */
static size_t line_length(struct bytes text)
{
	const uint8_t *lf = memchr(text.p, '\n', text.n);
	return lf ? (size_t)(lf - text.p) + 1 : text.n;
}

/* Returns how many bytes of CR and LF end the line. */
static size_t line_end(struct bytes line)
{
	size_t n = 0;
	while (n < line.n && n < 2 &&
	       (line.p[line.n - 1 - n] == '\n' || line.p[line.n - 1 - n] == '\r'))
		n++;
	return n;
}

/* Returns where the last line begins. */
static size_t last_line(struct bytes text)
{
	size_t at = text.n - line_end(text);
	while (at > 0 && text.p[at - 1] != '\n')
		at--;
	return at;
}

/* Returns true if a server's line can be read as a reply. */
static bool is_reply(struct bytes line)
{
	return line.n >= 3 && ascii_digit(line.p[0]) && ascii_digit(line.p[1]) &&
	       ascii_digit(line.p[2]) && (line.n == 3 || strchr(" -\r\n", line.p[3]));
}

static void put_clean(struct making *m, struct bytes text)
{
	if (m->clean && text.n > 0)
		text = m->clean(m->arg, text);
	outbuf_bytes(&m->t->text, text.p, text.n);
}

static void put_shown(struct making *m, struct bytes line)
{
	size_t end = line_end(line);
	put_clean(m, bytes_first(line, line.n - end));
	outbuf_bytes(&m->t->text, line.p + line.n - end, end);
}

/* Masks line by line; replies of the server are shown. */
static void put_unclear(struct making *m, enum side side, struct bytes text)
{
	while (text.n > 0) {
		struct bytes line = bytes_first(text, line_length(text));
		if (side == SERVER && is_reply(line)) {
			put_shown(m, line);
		} else {
			mask_text(&m->t->text, line, true, true);
			m->t->changes |= line.n > line_end(line) ? CHANGE_UNCLEAR : 0u;
		}
		text = bytes_from(text, line.n);
	}
}

static bool is_record(struct bytes text)
{
	return text.n >= 2 && text.p[0] >= TLS_FIRST && text.p[0] <= TLS_LAST && text.p[1] == 3;
}

/* Copies a record that is no secret of the session, such as a handshake or an alert. Returns its
 * length. */
static size_t put_record(struct making *m, struct bytes text)
{
	size_t n = text.n < TLS_HEADER ? 0 : (size_t)(text.p[3] << 8 | text.p[4]);
	struct bytes inside = bytes_first(bytes_from(text, TLS_HEADER), n);
	outbuf_bytes(&m->t->text, text.p, text.n < TLS_HEADER ? text.n : TLS_HEADER);
	if (text.p[0] == TLS_APPLICATION_DATA)
		m->t->changes |= CHANGE_ENCRYPTED;
	for (size_t i = 0; i < inside.n; i++)
		outbuf_char(&m->t->text,
			    text.p[0] == TLS_APPLICATION_DATA ? 'x' : (char)inside.p[i]);
	return text.n < TLS_HEADER ? text.n : TLS_HEADER + inside.n;
}

/* Writes TLS records, and plaintext between them. */
static void put_tls(struct making *m, enum side side, struct bytes text)
{
	while (text.n > 0) {
		size_t n = 0;
		while (n < text.n && !is_record(bytes_from(text, n)))
			n++;
		put_unclear(m, side, bytes_first(text, n));
		text = bytes_from(text, n);
		if (text.n > 0)
			text = bytes_from(text, put_record(m, text));
	}
}

/* Returns how much of a line that is no command may be shown. The name of another protocol is no
 * secret. */
static size_t unknown_shown(struct bytes line)
{
	size_t blanks = 0, n;
	while (blanks < line.n && line.p[blanks] == ' ')
		blanks++;
	n = ascii_begins(line, "SSH-") ? 4 : mask_unknown(bytes_from(line, blanks), false);
	n += n > 0 ? blanks : 0;
	return n > 0 && n < line.n && (line.p[n] == ':' || line.p[n] == '/') ? n + 1 : n;
}

static void put_unknown(struct making *m, struct bytes line, bool hidden)
{
	struct bytes text = bytes_first(line, line.n - line_end(line));
	size_t n = hidden ? 0 : unknown_shown(text);
	if (is_record(line)) {
		put_tls(m, CLIENT, line);
		return;
	}
	put_clean(m, bytes_first(line, n));
	mask_text(&m->t->text, bytes_from(line, n), n == 0, false);
	m->t->changes |= n < text.n ? CHANGE_SECRET : 0u;
}

/* Returns true for a line that ends AUTH (RFC 4954 4), and so contains no secret. */
static bool ends_auth(struct bytes line)
{
	line = ascii_trim(bytes_first(line, line.n - line_end(line)));
	return ascii_is(line, "*") || ascii_is(line, "QUIT");
}

static void put_masked(struct making *m, enum side side, struct bytes line, struct bytes words)
{
	if (side == CLIENT && ends_auth(line)) {
		put_shown(m, line);
		return;
	}
	/* The words of a reply have no code, and no enhanced one. */
	struct bytes text = bytes_first(line, line.n - line_end(line));
	struct smtp_reply reply = side == SERVER ? smtp_reply_read(text) : (struct smtp_reply){0};
	if (reply.code != 0)
		outbuf_bytes(&m->t->text, line.p, (size_t)(reply.text.p - line.p));
	put_clean(m, words);
	outbuf_bytes(&m->t->text, line.p + line.n - line_end(line), line_end(line));
	m->t->changes |= CHANGE_SECRET;
}

/* Writes one span, which has at least one byte in the stream. */
static void put_span(struct making *m, const struct recording *r, enum side side, uint64_t from,
		     const struct recorded_span *s)
{
	struct bytes text = stream_of(m, from, s->end);
	size_t at = m->t->text.n, last = last_line(text);
	/* The bytes before the span's line have no known meaning. */
	if (s->kind < SPAN_CONTENT && last > 0) {
		put_unclear(m, side, bytes_first(text, last));
		piece_add(m, from, from + last, at, SPAN_UNCLEAR);
		from += last;
		text = bytes_from(text, last);
		at = m->t->text.n;
	}
	switch (s->kind) {
	case SPAN_SHOWN:
		put_shown(m, text);
		break;
	case SPAN_MASKED:
		put_masked(m, side, text, bytes_of(r->words.p + s->text, s->text_n));
		break;
	case SPAN_UNKNOWN:
	case SPAN_HIDDEN:
		put_unknown(m, text, s->kind == SPAN_HIDDEN);
		break;
	case SPAN_CONTENT:
		mask_text(&m->t->text, text, from == 0 || m->stream.p[from - 1] == '\n', true);
		m->t->changes |= CHANGE_BODY;
		break;
	case SPAN_TLS:
		put_tls(m, side, text);
		break;
	case SPAN_UNCLEAR:
		put_unclear(m, side, text);
		break;
	}
	piece_add(m, from, from + text.n, at, s->kind);
}

/* Returns the length of a PROXY header at the beginning, or 0. */
static size_t proxy_header(struct bytes stream)
{
	static const uint8_t v2[] = "\r\n\r\n\0\r\nQUIT\n";
	size_t n = 0;
	if (stream.n >= 6 && memcmp(stream.p, "PROXY ", 6) == 0)
		n = line_length(stream);
	else if (stream.n >= PROXY_V2 && memcmp(stream.p, v2, sizeof v2 - 1) == 0)
		n = PROXY_V2 + (size_t)(stream.p[14] << 8 | stream.p[15]);
	return n <= stream.n && n <= PROXY_MAX ? n : 0;
}

void scenario_text_make(struct scenario_text *t, const struct recording *r, enum side side,
			ladder_cleaner *clean, void *arg)
{
	const struct outbuf *stream = &r->side[side].stream;
	struct making m = {t, bytes_of(stream->p, stream->n), clean, arg};
	const struct recorded_span *all;
	size_t n = recording_spans(r, side, &all);
	uint64_t from = 0, header = side == CLIENT ? proxy_header(m.stream) : 0;
	if (header > 0) {
		outbuf_bytes(&t->text, m.stream.p, header);
		piece_add(&m, 0, header, 0, SPAN_SHOWN);
		from = header;
	}
	for (size_t i = 0; i < n && from < stream->n; i++) {
		struct recorded_span s = all[i];
		if (s.end <= from)
			continue;
		s.end = s.end < stream->n ? s.end : stream->n;
		put_span(&m, r, side, from, &s);
		from = s.end;
	}
	if (from < stream->n)
		put_span(&m, r, side, from,
			 &(struct recorded_span){.end = stream->n, .kind = SPAN_UNCLEAR});
}

static const struct piece *piece_of(struct scenario_text *t, uint64_t offset)
{
	const struct piece *all = (const void *)t->pieces.p;
	size_t n = t->pieces.n / sizeof *all;
	while (t->at > 0 && all[t->at].from > offset)
		t->at--;
	while (t->at < n && all[t->at].to <= offset)
		t->at++;
	return t->at < n ? &all[t->at] : NULL;
}

/* Returns the place of a stream offset in the text. If the text of a piece is shorter, offsets
 * beyond it are its end. */
static size_t place_of(struct scenario_text *t, uint64_t offset)
{
	const struct piece *p = piece_of(t, offset);
	size_t within;
	if (!p) {
		t->at = t->at > 0 ? t->at - 1 : 0;
		return t->text.n;
	}
	within = (size_t)(offset - p->from);
	return p->at + (within < p->n ? within : p->n);
}

struct bytes scenario_text_of(struct scenario_text *t, uint64_t from, uint64_t to)
{
	size_t begin = place_of(t, from), end = place_of(t, to);
	return bytes_of(t->text.p + begin, end - begin);
}

bool scenario_text_content(struct scenario_text *t, uint64_t from, uint64_t to)
{
	const struct piece *p = piece_of(t, from);
	while (p && p->kind == SPAN_CONTENT && p->to < to)
		p = piece_of(t, p->to);
	return p && p->kind == SPAN_CONTENT;
}

/* Returns true if a line can be written without quotes. */
static bool is_plain(struct bytes line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] < ' ' || line.p[i] > '~')
			return false;
	return true;
}

static void put_quoted(struct outbuf *b, struct bytes text)
{
	static const char names[] = "rnt\\\"", values[] = "\r\n\t\\\"";
	for (size_t i = 0; i < text.n; i++) {
		const char *found = text.p[i] ? strchr(values, text.p[i]) : NULL;
		if (found)
			outbuf_format(b, "\\%c", names[found - values]);
		else if (text.p[i] < ' ' || text.p[i] > '~')
			outbuf_format(b, "\\x%02x", text.p[i]);
		else
			outbuf_char(b, (char)text.p[i]);
	}
}

/* Returns the length of the plain line at the beginning, with its CRLF, or 0. */
static size_t plain_line(struct bytes text)
{
	const uint8_t *lf = text.n > 0 ? memchr(text.p, '\n', text.n) : NULL;
	size_t n = lf ? (size_t)(lf - text.p) : 0;
	return n > 0 && text.p[n - 1] == '\r' && is_plain(bytes_first(text, n - 1)) ? n + 1 : 0;
}

void scenario_put_bytes(struct outbuf *b, enum side side, struct bytes text)
{
	char who = side == CLIENT ? 'C' : 'S';
	for (bool first = true; text.n > 0; first = false) {
		size_t n = plain_line(text);
		if (n > 0) {
			outbuf_format(b, "%c%c%s", who, first ? ':' : '+', n > 2 ? " " : "");
			outbuf_bytes(b, text.p, n - 2);
			outbuf_char(b, '\n');
		} else {
			while (n < text.n && plain_line(bytes_from(text, n)) == 0)
				n += line_length(bytes_from(text, n));
			outbuf_format(b, "raw %c%s \"", who, first ? "" : "+");
			put_quoted(b, bytes_first(text, n));
			outbuf_str(b, "\"\n");
		}
		text = bytes_from(text, n);
	}
}

/* Returns how many bytes of a body can be written as a bulk: lines whose length does not matter. */
static size_t bulk_of(struct bytes text, bool begins)
{
	size_t n = 0, line;
	if (!begins)
		return 0;
	while ((line = plain_line(bytes_from(text, n))) > 0 && line < LINE && text.p[n] != '.')
		n += line;
	return n >= BULK ? n : 0;
}

bool scenario_put_body(struct outbuf *b, enum side side, struct bytes text, bool begins)
{
	size_t n = bulk_of(text, begins);
	if (n > 0)
		outbuf_format(b, "bulk %c %zu\n", side == CLIENT ? 'C' : 'S', n);
	scenario_put_bytes(b, side, bytes_from(text, n));
	return n < text.n;
}
