/* ip_addr.h - an IP address of either family: comparing, and the text of it. */
#ifndef SMTPWATCH_IP_ADDR_H
#define SMTPWATCH_IP_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* An IPv6 address, or an IPv4 address mapped into one (RFC 4291 2.5.5.2), in network byte order:
 * one form for both families. */
struct ip_addr {
	uint8_t b[16];
};

bool ip_addr_is_v4(const struct ip_addr *a);

static inline bool ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* Room for the longest text of an address and its NUL. */
#define IP_ADDR_TEXT 46

/* The usual text (RFC 5952 for IPv6; a mapped address as dotted quad) into out, which is returned.
 */
char *ip_addr_text(const struct ip_addr *a, char out[IP_ADDR_TEXT]);

#endif
