/* ip_addr.c - IP addresses: comparing, and writing them as text. */
#include "smtpwatch/ip_addr.h"

bool ip_addr_is_v4(const struct ip_addr *a)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	return memcmp(a->b, mapped, sizeof mapped) == 0;
}

static char *decimal_write(char *out, unsigned v)
{
	if (v >= 100)
		*out++ = (char)('0' + v / 100);
	if (v >= 10)
		*out++ = (char)('0' + v / 10 % 10);
	*out++ = (char)('0' + v % 10);
	return out;
}

static char *hex_write(char *out, unsigned v)
{
	int shift = v > 0xfff ? 12 : v > 0xff ? 8 : v > 0xf ? 4 : 0;
	for (; shift >= 0; shift -= 4)
		*out++ = "0123456789abcdef"[v >> shift & 15];
	return out;
}

static unsigned group(const struct ip_addr *a, unsigned i)
{
	return (unsigned)a->b[2 * i] << 8 | a->b[2 * i + 1];
}

/* The longest run of zero groups, the first of several, is written "::"; a single group is not (RFC
 * 5952 4.2). Returns its length. */
static unsigned zeros_find(const struct ip_addr *a, unsigned *at)
{
	unsigned best = 0;
	for (unsigned i = 0; i < 8; i++) {
		unsigned n = 0;
		while (i + n < 8 && group(a, i + n) == 0)
			n++;
		if (n > best) {
			best = n;
			*at = i;
		}
		i += n;
	}
	return best > 1 ? best : 0;
}

static char *v6_write(char *out, const struct ip_addr *a)
{
	unsigned at = 8, zeros = zeros_find(a, &at);
	for (unsigned i = 0; i < 8; i++) {
		if (zeros && i == at) {
			*out++ = ':';
			i += zeros - 1;
			if (i == 7)
				*out++ = ':';
			continue;
		}
		if (i)
			*out++ = ':';
		out = hex_write(out, group(a, i));
	}
	return out;
}

char *ip_addr_write(const struct ip_addr *a, char out[IP_ADDR_TEXT])
{
	if (!ip_addr_is_v4(a))
		return v6_write(out, a);
	for (int i = 12; i < 16; i++) {
		if (i > 12)
			*out++ = '.';
		out = decimal_write(out, a->b[i]);
	}
	return out;
}

char *ip_addr_text(const struct ip_addr *a, char out[IP_ADDR_TEXT])
{
	*ip_addr_write(a, out) = '\0';
	return out;
}
