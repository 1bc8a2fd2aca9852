/* escape.c - one walk over bytes that may be UTF-8. Runs of plain characters are found 16 bytes at
 * a time and copied at once. */
#include "text/escape.h"

#include "base/simd.h"

enum { REPLACEMENT = 0xfffd };

/* One character read. point: its code point, or REPLACEMENT if the bytes are no character. n: the
 * bytes read, at least 1. */
struct character {
	uint32_t point;
	size_t n;
};

/* Returns true if `second` may follow `first`. This excludes overlong forms, surrogates and code
 * points above U+10FFFF (Unicode table 3-7). */
static bool second_byte_fits(uint8_t first, uint8_t second)
{
	uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	return second >= low && second <= high;
}

static struct character character_read(struct bytes in)
{
	uint8_t first = in.p[0];
	size_t want = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2, have = 1;
	uint32_t point = first & (0x7fu >> want);
	if (first < 0x80)
		return (struct character){first, 1};
	if (first < 0xc2 || first > 0xf4 || in.n < 2 || !second_byte_fits(first, in.p[1]))
		return (struct character){REPLACEMENT, 1};
	for (; have < want && have < in.n && (in.p[have] & 0xc0) == 0x80; have++)
		point = point << 6 | (in.p[have] & 0x3f);
	return (struct character){have == want ? point : REPLACEMENT, have};
}

/* Returns true for a character that controls the display instead of being shown. */
static bool point_acts(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static void put_escaped(struct outbuf *b, uint32_t c)
{
	static const char hex[] = "0123456789abcdef";
	char text[6] = {'\\',       'u', hex[c >> 12 & 15], hex[c >> 8 & 15], hex[c >> 4 & 15],
			hex[c & 15]};
	outbuf_bytes(b, text, sizeof text);
}

static bool byte_is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Returns one bit for each of the 16 bytes at p, the lowest bit for the first. 1: not printable
 * ASCII, a quotation mark or a backslash. */
static uint32_t odd_bytes(const uint8_t *p)
{
	simd v = simd_load(p);

	return simd_mask((simd)((v < 0x20) | (v >= 0x7f) | (v == '"') | (v == '\\')));
}

/* Returns the number of plain bytes at the beginning of `in`. The last block may overlap the one
 * before. */
static size_t plain_run(struct bytes in)
{
	size_t i = 0;
	uint32_t odd = 0;
	if (in.n < SIMD_BYTES) {
		while (i < in.n && byte_is_plain(in.p[i]))
			i++;
		return i;
	}
	for (; i + SIMD_BYTES <= in.n && odd == 0; i += SIMD_BYTES)
		odd = odd_bytes(in.p + i);
	if (odd != 0)
		return i - SIMD_BYTES + (unsigned)__builtin_ctz(odd);
	odd = odd_bytes(in.p + in.n - SIMD_BYTES) >> (i + SIMD_BYTES - in.n);
	return odd != 0 ? i + (unsigned)__builtin_ctz(odd) : in.n;
}

/* As escape_copy, of 8 to 15 bytes: two words that overlap. */
static size_t words_copy(char *to, struct bytes text)
{
	uint64_t first, last, both[2];
	memcpy(&first, text.p, sizeof first);
	memcpy(&last, text.p + text.n - sizeof last, sizeof last);
	memcpy(to, &first, sizeof first);
	memcpy(to + text.n - sizeof last, &last, sizeof last);
	both[0] = first;
	both[1] = last;
	return odd_bytes((const uint8_t *)both) == 0 ? text.n : plain_run(text);
}

static_assert((size_t)ESCAPE_SLACK == SIMD_BYTES, "a block is written whole");

size_t escape_copy(char *to, struct bytes text)
{
	size_t i = 0;
	bool short_block = text.n < SIMD_BYTES;
	if (short_block && text.n >= sizeof(uint64_t))
		return words_copy(to, text);
	for (; i + SIMD_BYTES <= text.n; i += SIMD_BYTES) {
		uint32_t odd = odd_bytes(text.p + i);
		memcpy(to + i, text.p + i, SIMD_BYTES);
		if (odd != 0)
			return i + (unsigned)__builtin_ctz(odd);
	}
	if (i > 0) {
		size_t last = text.n - SIMD_BYTES;
		uint32_t odd = odd_bytes(text.p + last);
		memcpy(to + last, text.p + last, SIMD_BYTES);
		return odd == 0 ? text.n : last + (unsigned)__builtin_ctz(odd);
	}
	for (; i < text.n && byte_is_plain(text.p[i]); i++)
		to[i] = (char)text.p[i];
	return i;
}

static void put_character(struct outbuf *b, struct bytes in, struct character c, bool json)
{
	if (point_acts(c.point))
		put_escaped(b, c.point);
	else if (c.point == REPLACEMENT)
		outbuf_str(b, "\xef\xbf\xbd");
	else if (json && (c.point == '"' || c.point == '\\'))
		outbuf_bytes(b, c.point == '"' ? "\\\"" : "\\\\", 2);
	else
		outbuf_bytes(b, in.p, c.n);
}

/* Odd characters seldom stand alone: eight characters are read one by one before the next search
 * for a plain run. */
static void escape(struct outbuf *b, struct bytes text, bool json)
{
	while (text.n > 0) {
		size_t plain = plain_run(text);
		outbuf_bytes(b, text.p, plain);
		text = bytes_from(text, plain);
		for (unsigned i = 0; i < 8 && text.n > 0; i++) {
			struct character c = character_read(text);
			put_character(b, text, c, json);
			text = bytes_from(text, c.n);
		}
	}
}

void escape_json(struct outbuf *b, struct bytes text)
{
	escape(b, text, true);
}

void escape_text(struct outbuf *b, struct bytes text)
{
	escape(b, text, false);
}

void escape_lines(struct outbuf *b, struct bytes text)
{
	const char *between = "";
	while (text.n > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		struct bytes line = bytes_first(text, end ? (size_t)(end - text.p) : text.n);
		if (line.n > 0) {
			outbuf_str(b, between);
			escape_text(b, line);
			between = " / ";
		}
		text = bytes_from(text, line.n + 1);
	}
}

/* Returns true if a spreadsheet would calculate the field. Tabs and carriage returns begin formulas
 * too, but escape_text escapes them. */
static bool is_formula(struct bytes text)
{
	return text.n > 0 && strchr("=+-@", text.p[0]) && text.p[0] != '\0';
}

void escape_csv(struct outbuf *b, struct bytes text)
{
	bool formula = is_formula(text), quoted = formula;
	for (size_t i = 0; i < text.n && !quoted; i++)
		quoted = text.p[i] == '"' || text.p[i] == ',' || text.p[i] == ' ';
	if (quoted)
		outbuf_str(b, formula ? "\"'" : "\"");
	while (text.n > 0) {
		const uint8_t *quote = memchr(text.p, '"', text.n);
		size_t n = quote ? (size_t)(quote - text.p) : text.n;
		escape_text(b, bytes_first(text, n));
		outbuf_str(b, quote ? "\"\"" : "");
		text = bytes_from(text, n + (quote != NULL));
	}
	if (quoted)
		outbuf_char(b, '"');
}

static const char *entity_of(uint8_t c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* The replaced bytes are ASCII, so none of them is part of another UTF-8 character. */
void escape_html(struct outbuf *b, struct bytes text)
{
	while (text.n > 0) {
		size_t n = 0;
		while (n < text.n && !entity_of(text.p[n]))
			n++;
		escape_text(b, bytes_first(text, n));
		if (n < text.n)
			outbuf_str(b, entity_of(text.p[n++]));
		text = bytes_from(text, n);
	}
}
