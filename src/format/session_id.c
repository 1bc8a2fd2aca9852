/* session_id.c - Community ID and session id, both from SHA-1. */
#include "format/session_id.h"

enum { TUPLE_MAX = 2 + 16 + 16 + 2 + 4, PROTOCOL_TCP = 6 };

static size_t put_addr(uint8_t *at, const struct ip_addr *a)
{
	size_t n = ip_addr_is_v4(a) ? 4 : 16;
	memcpy(at, a->b + 16 - n, n);
	return n;
}

static size_t put_big_endian(uint8_t *at, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)(v >> 8 * (n - 1 - i));
	return n;
}

/* The specification's order: the lower address comes first. If both addresses are equal, the lower
 * port comes first. */
static enum side lower_side(const struct conn *conn)
{
	int order = memcmp(conn->addr[CLIENT].b, conn->addr[SERVER].b, sizeof conn->addr[CLIENT].b);
	if (order == 0)
		order = conn->port[CLIENT] <= conn->port[SERVER] ? -1 : 1;
	return order < 0 ? CLIENT : SERVER;
}

/* Writes the seed (2 bytes, 0), addresses, protocol, padding and ports. Returns the number of
 * bytes. */
static size_t tuple_bytes(const struct conn *conn, enum side first, uint8_t out[TUPLE_MAX])
{
	enum side second = side_other(first);
	size_t n = put_big_endian(out, 0, 2);
	n += put_addr(out + n, &conn->addr[first]);
	n += put_addr(out + n, &conn->addr[second]);
	out[n++] = PROTOCOL_TCP;
	out[n++] = 0;
	n += put_big_endian(out + n, conn->port[first], 2);
	return n + put_big_endian(out + n, conn->port[second], 2);
}

void identity_community(struct digest *d, const struct conn *conn, char out[IDENTITY_COMMUNITY])
{
	uint8_t tuple[TUPLE_MAX], sha1[DIGEST_SHA1];
	digest_sha1(d, bytes_of(tuple, tuple_bytes(conn, lower_side(conn), tuple)), sha1);
	memcpy(out, "1:", 2);
	digest_base64(sha1, out + 2);
}

void identity_session(struct digest *d, const struct conn *conn, char out[IDENTITY_SESSION])
{
	uint8_t from[TUPLE_MAX + 8], sha1[DIGEST_SHA1];
	size_t n = tuple_bytes(conn, CLIENT, from);
	n += put_big_endian(from + n, (uint64_t)conn->start, 8);
	digest_sha1(d, bytes_of(from, n), sha1);
	digest_hex(sha1, (IDENTITY_SESSION - 1) / 2, out);
	out[IDENTITY_SESSION - 1] = '\0';
}
