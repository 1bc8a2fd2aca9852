/* proxy.c - reads PROXY protocol headers (proxy-protocol.txt of HAProxy, sections 2.1 and 2.2). */
#include "core/smtp/proxy.h"

#include "smtpwatch/smtp.h"

#include <arpa/inet.h>

static const char v1_begin[] = "PROXY ";
static const char v2_begin[] = "\r\n\r\n\0\r\nQUIT\n";

enum { V2_SIGNATURE = 12, V2_FIXED = 16, V2_TCP4 = 0x11, V2_TCP6 = 0x21, V2_PROXY = 0x21 };

/* Are the bytes that there are those of the beginning? */
static bool begins(struct bytes s, const char *with, size_t n)
{
	size_t some = s.n < n ? s.n : n;
	return some == 0 || memcmp(s.p, with, some) == 0;
}

static struct ip_addr mapped(const uint8_t v4[4])
{
	struct ip_addr a = {.b = {[10] = 0xff, [11] = 0xff}};
	memcpy(a.b + 12, v4, 4);
	return a;
}

static bool addr_read(struct bytes text, struct ip_addr *a)
{
	char s[IP_ADDR_TEXT];
	uint8_t v4[4];
	if (text.n == 0 || text.n >= sizeof s)
		return false;
	memcpy(s, text.p, text.n);
	s[text.n] = '\0';
	if (inet_pton(AF_INET, s, v4) == 1)
		*a = mapped(v4);
	else if (inet_pton(AF_INET6, s, a->b) != 1)
		return false;
	return true;
}

static struct bytes word_take(struct bytes *line)
{
	const uint8_t *blank = line->n ? memchr(line->p, ' ', line->n) : NULL;
	struct bytes word = bytes_first(*line, blank ? (size_t)(blank - line->p) : line->n);
	*line = bytes_from(*line, word.n + (blank != NULL));
	return word;
}

static enum proxy v1_read(struct bytes stream, struct proxy_header *h)
{
	/* No farther, or what a header is would depend on how much of the stream came at once. */
	const uint8_t *lf =
		memchr(stream.p, '\n', stream.n < PROXY_V1_MAX ? stream.n : PROXY_V1_MAX);
	if (!lf)
		return stream.n < PROXY_V1_MAX ? PROXY_SHORT : PROXY_NONE;
	h->length = (size_t)(lf - stream.p) + 1;
	struct bytes line = bytes_from(bytes_first(stream, h->length - 1), strlen(v1_begin));
	struct bytes family = word_take(&line), client = word_take(&line);
	word_take(&line);
	struct bytes port = word_take(&line);
	uint64_t number;
	bool tcp = bytes_equal(family, bytes_str("TCP4")) || bytes_equal(family, bytes_str("TCP6"));
	h->known = tcp && addr_read(client, &h->addr) && smtp_number(port, &number) &&
		   number <= UINT16_MAX;
	h->port = h->known ? (uint16_t)number : 0;
	return PROXY_READ;
}

static enum proxy v2_read(struct bytes stream, struct proxy_header *h)
{
	if (stream.n < V2_FIXED)
		return PROXY_SHORT;
	const uint8_t *p = stream.p;
	h->length = V2_FIXED + ((size_t)p[14] << 8 | p[15]);
	if (p[12] >> 4 != 2 || h->length > PROXY_V2_MAX)
		return PROXY_NONE;
	if (stream.n < h->length)
		return PROXY_SHORT;
	bool v4 = p[13] == V2_TCP4 && h->length >= V2_FIXED + 12,
	     v6 = p[13] == V2_TCP6 && h->length >= V2_FIXED + 36;
	h->known = p[12] == V2_PROXY && (v4 || v6);
	if (!h->known)
		return PROXY_READ;
	if (v4)
		h->addr = mapped(p + V2_FIXED);
	else
		memcpy(h->addr.b, p + V2_FIXED, sizeof h->addr.b);
	const uint8_t *port = p + V2_FIXED + (v4 ? 8 : 32);
	h->port = (uint16_t)(port[0] << 8 | port[1]);
	return PROXY_READ;
}

enum proxy proxy_read(struct bytes stream, struct proxy_header *h)
{
	memset(h, 0, sizeof *h);
	if (begins(stream, v1_begin, strlen(v1_begin)))
		return stream.n < strlen(v1_begin) ? PROXY_SHORT : v1_read(stream, h);
	if (begins(stream, v2_begin, V2_SIGNATURE))
		return v2_read(stream, h);
	return PROXY_NONE;
}
