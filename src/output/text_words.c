/* text_words.c - the small pieces that every text for people is made of. */
#include "output/text.h"

#include <ctype.h>

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
	static const char *const colours[SEVERITIES] = {"\033[2m", "\033[2m", "\033[36m", "\033[33m", "\033[31m", "\033[1;31m"};
	const char *name = severity_name(s);
	int n = 0;

	outbuf_str(t->b, t->colour ? colours[s] : "");
	for (; name[n] != '\0'; n++)
		outbuf_char(t->b, capitals ? (char)toupper((unsigned char)name[n]) : name[n]);
	outbuf_str(t->b, t->colour ? "\033[0m" : "");
	for (; n < width; n++)
		outbuf_char(t->b, ' ');
}

void text_endpoint(struct text *t, const struct ip_addr *addr, uint16_t port)
{
	char text[IP_ADDR_TEXT];

	outbuf_format(t->b, ip_addr_is_v4(addr) ? "%s:%u" : "[%s]:%u", ip_addr_text(addr, text), (unsigned)port);
}
