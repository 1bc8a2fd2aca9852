/* session_id.c - Community ID and session id, both from SHA-1. */
#include "format/session_id.h"

#include "policy/alert_kind.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>

enum { TUPLE_MAX = 2 + 16 + 16 + 2 + 4, PROTOCOL_TCP = 6 };

static size_t put_addr(uint8_t *at, const struct ip_addr *a)
{
	if (!ip_addr_is_v4(a)) {
		memcpy(at, a->b, 16);
		return 16;
	}
	memcpy(at, a->b + 12, 4);
	return 4;
}

static size_t put_port(uint8_t *at, uint16_t port)
{
	uint16_t v = htobe16(port);
	memcpy(at, &v, sizeof v);
	return sizeof v;
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
	size_t n = put_port(out, 0);
	n += put_addr(out + n, &conn->addr[first]);
	n += put_addr(out + n, &conn->addr[second]);
	out[n++] = PROTOCOL_TCP;
	out[n++] = 0;
	n += put_port(out + n, conn->port[first]);
	return n + put_port(out + n, conn->port[second]);
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
	uint64_t start = htobe64((uint64_t)conn->start);
	memcpy(from + n, &start, sizeof start);
	digest_sha1(d, bytes_of(from, n + sizeof start), sha1);
	digest_hex(sha1, (IDENTITY_SESSION - 1) / 2, out);
	out[IDENTITY_SESSION - 1] = '\0';
}

void identity_alert(char *to, size_t size, unsigned kind, const struct throttle_repeat *sum)
{
	int n = snprintf(to, size, "-%s", alert_kind_row(kind)->id);
	if (sum)
		snprintf(to + n, size - (size_t)n, "-%" PRIu64, sum->count);
}
