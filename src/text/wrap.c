/* wrap.c - computes how much of a text fits into a line. */
#include "text/wrap.h"

#include <wchar.h>

/* Returns the columns of the character at `at`, which must be valid UTF-8. Sets *bytes to its
 * length. */
static unsigned character(const uint8_t *at, size_t *bytes)
{
	size_t n = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
	uint32_t point = n == 1 ? at[0] : at[0] & (0x7fu >> n);
	int width;
	for (size_t i = 1; i < n; i++)
		point = point << 6 | (at[i] & 0x3f);
	*bytes = n;
	width = wcwidth((wchar_t)point);
	return width < 0 ? 1 : (unsigned)width;
}

struct wrap_piece wrap_piece(struct bytes text, unsigned width)
{
	struct wrap_piece p = {0}, blank = {0};
	while (p.bytes < text.n) {
		size_t n;
		unsigned columns = character(text.p + p.bytes, &n);
		/* A blank at the end of the line may exceed the width. */
		if (p.columns + columns > width && p.bytes > 0 && text.p[p.bytes] != ' ')
			return blank.columns > width / 2 ? blank : p;
		p.bytes += n;
		p.columns = p.columns + columns > width && p.bytes > n ? width
								       : p.columns + columns;
		if (text.p[p.bytes - 1] == ' ')
			blank = p;
	}
	return p;
}

void wrap_blanks(struct outbuf *b, unsigned n)
{
	while (n-- > 0)
		outbuf_char(b, ' ');
}

void wrap_put(struct outbuf *b, struct bytes text, unsigned width, unsigned indent)
{
	for (bool first = true; first || text.n > 0; first = false) {
		struct wrap_piece p = wrap_piece(text, first ? width : width - indent);
		size_t n = p.bytes;
		while (n > 0 && text.p[n - 1] == ' ')
			n--;
		wrap_blanks(b, first ? 0 : indent);
		outbuf_bytes(b, text.p, n);
		outbuf_char(b, '\n');
		text = bytes_from(text, p.bytes);
	}
}
