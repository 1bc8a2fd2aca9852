/* escape.c - one walk over bytes that may or may not be UTF-8; long plain runs are copied eight bytes at a time. */
#include "output/escape.h"

enum { REPLACEMENT = 0xfffd };

/* One character read: its code point (REPLACEMENT for what is none), and how many bytes it took, at least one. */
struct character {
	uint32_t point;
	size_t n;
};

/* What the second byte of a sequence may be, by its first: this is what keeps out overlong forms, surrogates and what lies beyond U+10FFFF (Unicode table 3-7). */
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

/* Characters that act instead of being seen. */
static bool point_acts(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static void put_escaped(struct outbuf *b, uint32_t c)
{
	static const char hex[] = "0123456789abcdef";
	char text[6] = {'\\', 'u', hex[c >> 12 & 15], hex[c >> 8 & 15], hex[c >> 4 & 15], hex[c & 15]};

	outbuf_bytes(b, text, sizeof(text));
}

#define EACH_BYTE(x) (UINT64_C(0x0101010101010101) * (x))

/* The high bit of each byte that is 0; the bits above the lowest such byte may be wrong, which is of no matter to a test for none. */
static uint64_t zero_bytes(uint64_t w)
{
	return (w - EACH_BYTE(0x01)) & ~w & EACH_BYTE(0x80);
}

/* Printable ASCII without quotation mark and backslash, all eight. */
static bool word_is_plain(uint64_t w)
{
	uint64_t high = (w | (w + EACH_BYTE(0x01))) & EACH_BYTE(0x80); /* 0x80 and above, and DEL */
	uint64_t low = (w - EACH_BYTE(0x20)) & ~w & EACH_BYTE(0x80);

	return (high | low | zero_bytes(w ^ EACH_BYTE('"')) | zero_bytes(w ^ EACH_BYTE('\\'))) == 0;
}

/* Copies the plain words at the beginning; the rest of the work is done character by character. */
static size_t plain_words(char *to, struct bytes in)
{
	size_t n = 0;
	uint64_t w;

	for (; n + sizeof(w) <= in.n; n += sizeof(w)) {
		memcpy(&w, in.p + n, sizeof(w));
		if (!word_is_plain(w))
			break;
		memcpy(to + n, &w, sizeof(w));
	}
	return n;
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

static void escape(struct outbuf *b, struct bytes text, bool json)
{
	while (text.n > 0) {
		char *to = outbuf_room(b, text.n);
		size_t plain = to != NULL ? plain_words(to, text) : 0;
		struct character c;

		if (to == NULL)
			return;
		b->n += plain;
		text = bytes_from(text, plain);
		for (unsigned i = 0; i < 8 && text.n > 0; i++) {
			c = character_read(text);
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
