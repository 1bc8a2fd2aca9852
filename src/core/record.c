/* record.c - a record as one block: each part behind the one before, and the pointers to them set
 * anew. */
#include "smtpwatch/record.h"

#include "smtpwatch/cause.h"

#include <assert.h>

enum { ALIGN = 16 };

static size_t packed_size(size_t n)
{
	return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

/* Each holder's part, and what rounding adds to it and to its strings. */
#define PART(type) (sizeof(type) + ALIGN)
static_assert(PART(struct record) + PART(struct conn) + 2 * PART(struct conn_side) +
			      PART(struct session_info) + PART(struct ending) + PART(struct cause) +
			      STRINGS_MAX + ALIGN +
			      SESSION_TRANSACTIONS *
				      (PART(struct transaction) + STRINGS_MAX + ALIGN) <=
		      RECORD_BYTES_MAX,
	      "the bounds of what it is made of");

size_t record_size(const struct record *r)
{
	size_t n = packed_size(sizeof *r) + packed_size(sizeof *r->conn) +
		   packed_size(2 * sizeof *r->conn->side) + packed_size(sizeof *r->session) +
		   packed_size(sizeof *r->ending) + packed_size(r->session->strings.used);
	if (r->cause)
		n += packed_size(sizeof *r->cause);
	for (const struct transaction *t = r->session->first; t; t = t->next)
		n += packed_size(sizeof *t) + packed_size(t->strings.used);
	assert(n <= RECORD_BYTES_MAX);
	return n;
}

static void *part_put(uint8_t **at, const void *part, size_t n)
{
	void *to = *at;
	if (n > 0)
		memcpy(to, part, n);
	*at += packed_size(n);
	return to;
}

static void strings_put(uint8_t **at, struct strings *strings)
{
	strings->block = part_put(at, strings->block, strings->used);
	strings->capacity = strings->used;
}

/* A copy belongs to no listener any more. */
static const struct conn *conn_put(uint8_t **at, const struct conn *conn)
{
	struct conn *copy = part_put(at, conn, sizeof *conn);
	copy->user = NULL;
	copy->side = part_put(at, conn->side, 2 * sizeof *conn->side);
	return copy;
}

static const struct session_info *session_put(uint8_t **at, const struct session_info *session)
{
	struct session_info *copy = part_put(at, session, sizeof *session);
	strings_put(at, &copy->strings);
	struct transaction **next = &copy->first;
	for (const struct transaction *t = session->first; t; t = t->next) {
		*next = part_put(at, t, sizeof *t);
		strings_put(at, &(*next)->strings);
		next = &(*next)->next;
	}
	*next = NULL;
	return copy;
}

const struct record *record_pack(const struct record *r, void *memory)
{
	uint8_t *at = memory;
	struct record *copy = part_put(&at, r, sizeof *r);
	copy->conn = conn_put(&at, r->conn);
	copy->session = session_put(&at, r->session);
	copy->ending = part_put(&at, r->ending, sizeof *r->ending);
	if (r->cause)
		copy->cause = part_put(&at, r->cause, sizeof *r->cause);
	return copy;
}
