/* servers.c - the servers in order of appearance, and a table that finds them. */
#include "stats/servers.h"

#include "core/packet/flow_table.h"

#include <stdlib.h>
#include <sys/random.h>

/* TABLE_MEMORY: bytes of a table of SERVERS_MAX, and of the one before it while it grows. */
enum { SERVERS_FIRST = 256, TABLE_MEMORY = 2 << 20 };

struct servers {
	uint64_t seed[2]; /* secret, because captured hosts choose the addresses */
	struct pool *pool;
	struct flow_table table; /* of indices into all */
	struct server *all;
	size_t n, capacity; /* of all */
	struct server others;
};

struct servers *servers_new(void)
{
	struct servers *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	/* Without randomness the table still works, but an attacker can predict its slots. */
	if (getrandom(s->seed, sizeof s->seed, GRND_NONBLOCK) != (ssize_t)sizeof s->seed)
		memset(s->seed, 0, sizeof s->seed);
	s->pool = pool_new(TABLE_MEMORY);
	if (s->pool && flow_table_init(&s->table, s->pool))
		return s;
	servers_free(s);
	return NULL;
}

void servers_free(struct servers *s)
{
	if (!s)
		return;
	if (s->table.slots)
		flow_table_free(&s->table);
	pool_free(s->pool);
	free(s->all);
	free(s);
}

/* Returns SERVERS_MAX if the server is not in the table. */
static size_t server_index(const struct servers *s, uint32_t hash, const struct conn *conn)
{
	uint32_t at = hash, i;
	while ((i = flow_find(&s->table, hash, &at)) != FLOW_NONE)
		if (s->all[i].port == conn->port[SERVER] &&
		    ip_addr_equal(&s->all[i].addr, &conn->addr[SERVER]))
			return i;
	return SERVERS_MAX;
}

static uint32_t server_hash(const struct servers *s, const struct conn *conn)
{
	return flow_host_hash(s->seed, &conn->addr[SERVER], conn->port[SERVER]);
}

/* Makes room for one more. Returns false if there are SERVERS_MAX or memory is exhausted. */
static bool servers_grow(struct servers *s)
{
	if (s->n < s->capacity)
		return true;
	size_t capacity = s->capacity ? 2 * s->capacity : SERVERS_FIRST;
	struct server *all = capacity <= SERVERS_MAX ? realloc(s->all, capacity * sizeof *all)
						     : NULL;
	if (!all)
		return false;
	s->all = all;
	s->capacity = capacity;
	return true;
}

static struct server *server_of(struct servers *s, const struct conn *conn)
{
	uint32_t hash = server_hash(s, conn);
	size_t i = server_index(s, hash, conn);
	if (i != SERVERS_MAX)
		return &s->all[i];
	if (!servers_grow(s) || !flow_add(&s->table, hash, (uint32_t)s->n))
		return &s->others;
	s->all[s->n] = (struct server){.addr = conn->addr[SERVER], .port = conn->port[SERVER]};
	return &s->all[s->n++];
}

void servers_count(struct servers *s, const struct report *r)
{
	struct server *one = server_of(s, r->record.conn);
	one->sessions++;
	for (uint64_t left = report_alerts(r); left != 0; left &= left - 1)
		one->alerts[report_severity(r, (unsigned)__builtin_ctzll(left))]++;
	if (report_alerts(r) != 0 && one->name[0] == '\0' && one != &s->others)
		server_name(strings_find(&r->record.session->strings, STRING_BANNER).text,
			    one->name);
}

size_t servers_number(const struct servers *s, const struct conn *conn)
{
	return server_index(s, server_hash(s, conn), conn);
}

/* Returns true if a comes before b in the list of the worst. */
static bool server_worse(const struct server *a, const struct server *b)
{
	int order;
	for (unsigned s = SEVERITIES - 1; s > SEVERITY_NONE; s--)
		if (a->alerts[s] != b->alerts[s])
			return a->alerts[s] > b->alerts[s];
	order = memcmp(&a->addr, &b->addr, sizeof a->addr);
	return order != 0 ? order < 0 : a->port < b->port;
}

static bool server_alerted(const struct server *one)
{
	for (unsigned s = SEVERITY_NONE + 1; s < SEVERITIES; s++)
		if (one->alerts[s] != 0)
			return true;
	return false;
}

/* Insertion sort into a short list: one pass over the table. Most servers are compared once, with
 * the last of the list. */
size_t servers_worst(const struct servers *s, const struct server **out, size_t n)
{
	size_t found = 0;
	for (size_t i = 0; i < s->n; i++) {
		size_t at = found;
		if (!server_alerted(&s->all[i]))
			continue;
		for (; at > 0 && server_worse(&s->all[i], out[at - 1]); at--)
			if (at < n)
				out[at] = out[at - 1];
		if (at < n)
			out[at] = &s->all[i];
		found += found < n;
	}
	return found;
}

const struct server *servers_others(const struct servers *s)
{
	return &s->others;
}

static bool name_byte(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.';
}

char *server_name(struct bytes text, char out[SERVER_NAME])
{
	bool dotted = false;
	size_t n = 0;
	for (; n < text.n && n < SERVER_NAME && name_byte(text.p[n]); n++)
		dotted |= text.p[n] == '.';
	/* "ESMTP ready" begins with a word without a dot, and "mx.example.net<ESC>" goes on with
	 * bytes that are no part of a name. Neither is a name. */
	if (!dotted || n == SERVER_NAME || (n < text.n && text.p[n] != ' '))
		n = 0;
	if (n > 0)
		memcpy(out, text.p, n);
	out[n] = '\0';
	return out;
}
