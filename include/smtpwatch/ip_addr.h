/* ip_addr.h - an IP address of either family, its comparison and its text. */
#ifndef SMTPWATCH_IP_ADDR_H
#define SMTPWATCH_IP_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* An IPv6 address, or an IPv4 address mapped into one (RFC 4291 2.5.5.2), in network byte order. */
struct ip_addr {
	uint8_t b[16];
};

bool ip_addr_is_v4(const struct ip_addr *a);

static inline bool ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* Bytes of the longest text of an address, NUL included. */
#define IP_ADDR_TEXT 46

/* Writes the text of an address: RFC 5952 for IPv6, dotted quad for IPv4. Returns out. */
char *ip_addr_text(const struct ip_addr *a, char out[IP_ADDR_TEXT]);

/* As ip_addr_text, without the NUL. Returns the end of the text. */
char *ip_addr_write(const struct ip_addr *a, char out[IP_ADDR_TEXT]);

#endif
