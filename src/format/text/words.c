/* words.c - the parts that all texts for people are made of. */
#include "format/text/text.h"

#include "base/ascii.h"

#include <assert.h>

void text_count(struct text *t, uint64_t n, const char *what)
{
	outbuf_grouped(t->b, n);
	outbuf_char(t->b, ' ');
	outbuf_str(t->b, what);
	if (n != 1)
		outbuf_char(t->b, 's');
}

void text_severity(struct text *t, enum severity s, bool capitals, int width)
{
	static const char *const colours[SEVERITIES] = {"\033[2m",  "\033[2m",  "\033[36m",
							"\033[33m", "\033[31m", "\033[1;31m"};
	const char *name = severity_name(s);
	int n = 0;

	outbuf_str(t->b, t->colour ? colours[s] : "");
	for (; name[n] != '\0'; n++)
		outbuf_char(t->b, capitals ? (char)ascii_upper((uint8_t)name[n]) : name[n]);
	outbuf_str(t->b, t->colour ? "\033[0m" : "");
	for (; n < width; n++)
		outbuf_char(t->b, ' ');
}

void text_by_severity(struct text *t, const uint64_t counts[SEVERITIES])
{
	const char *between = "";
	for (unsigned s = SEVERITIES - 1; s > SEVERITY_NONE; s--) {
		if (counts[s] == 0)
			continue;
		outbuf_str(t->b, between);
		outbuf_grouped(t->b, counts[s]);
		outbuf_char(t->b, ' ');
		text_severity(t, (enum severity)s, false, 0);
		between = ", ";
	}
}

void text_endpoint(struct text *t, const struct ip_addr *addr, uint16_t port)
{
	char text[IP_ADDR_TEXT];
	outbuf_format(t->b, ip_addr_is_v4(addr) ? "%s:%u" : "[%s]:%u", ip_addr_text(addr, text),
		      (unsigned)port);
}

void text_uncoded(struct outbuf *b, const struct session_info *info)
{
	if (!info->uncoded)
		return;
	outbuf_str(b, " The server's last words were no reply: \"");
	escape_lines(b, strings_find(&info->strings, STRING_UNCODED).text);
	outbuf_str(b, "\".");
}

/* Returns the columns of the word at the beginning of text, up to the next blank; *bytes is its
 * length. A character takes one column, a colour sequence none. */
static size_t word_width(struct bytes text, size_t *bytes)
{
	size_t n = 0, width = 0;
	for (; n < text.n && text.p[n] != ' '; n++) {
		if (text.p[n] == '\033')
			while (n + 1 < text.n && text.p[n] != 'm')
				n++;
		else
			width += (text.p[n] & 0xc0) != 0x80;
	}
	*bytes = n;
	return width;
}

static void put_blanks(struct text *t, size_t n)
{
	while (n-- > 0)
		outbuf_char(t->b, ' ');
}

void text_wrap(struct text *t, size_t from, size_t indent)
{
	struct bytes left;
	size_t column = 0, most = t->columns == 0 ? TEXT_COLUMNS : t->columns;
	most = most < TEXT_NARROW ? TEXT_NARROW : most;
	t->scratch.n = 0;
	outbuf_bytes(&t->scratch, t->b->p + from, t->b->n - from);
	t->b->n = from;
	left = bytes_of(t->scratch.p, t->scratch.n);
	assert(left.n == 0 || left.p);
	while (left.n > 0) {
		size_t blanks = 0, bytes, width;
		while (blanks < left.n && left.p[blanks] == ' ')
			blanks++;
		left = bytes_from(left, blanks);
		width = word_width(left, &bytes);
		if (column > indent && column + blanks + width > most) {
			outbuf_char(t->b, '\n');
			column = 0;
			blanks = indent;
		}
		put_blanks(t, blanks);
		outbuf_bytes(t->b, left.p, bytes);
		column += blanks + width;
		left = bytes_from(left, bytes);
	}
	outbuf_char(t->b, '\n');
}
