/* servers.c - a hash table of servers with open addressing. The table doubles up to SERVERS_MAX. */
#include "stats/servers.h"

#include <stdlib.h>
#include <sys/random.h>

enum { SERVERS_FIRST = 256 };

struct servers {
	uint64_t seed; /* secret, because captured hosts choose the addresses */
	struct server *all;
	uint32_t *slots;    /* index into all, plus 1; 0: empty; 2 * capacity slots */
	size_t n, capacity; /* of all */
	struct server others;
};

/* Enlarges `all` to capacity servers and rebuilds the slots. Returns false if memory is exhausted;
 * the table then stays as it is. */
static bool servers_grow(struct servers *s, size_t capacity);

struct servers *servers_new(void)
{
	struct servers *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	/* Without randomness the table still works, but an attacker can predict its slots. */
	if (getrandom(&s->seed, sizeof(s->seed), GRND_NONBLOCK) != (ssize_t)sizeof(s->seed))
		s->seed = 0;
	if (!servers_grow(s, SERVERS_FIRST)) {
		servers_free(s);
		return NULL;
	}
	return s;
}

void servers_free(struct servers *s)
{
	if (s == NULL)
		return;
	free(s->all);
	free(s->slots);
	free(s);
}

/* Mixes every bit into the lower half, which selects the slot. */
static uint64_t mix(uint64_t h)
{
	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	return h ^ h >> 29;
}

static uint64_t server_hash(const struct servers *s, const struct ip_addr *addr, uint16_t port)
{
	uint64_t half[2];

	memcpy(half, addr->b, sizeof(half));
	return mix(mix(mix(s->seed ^ half[0]) + half[1]) + port);
}

/* Returns the slot of this server, or the empty slot where it belongs. */
static uint32_t *servers_slot(const struct servers *s, const struct ip_addr *addr, uint16_t port)
{
	size_t mask = 2 * s->capacity - 1, i = server_hash(s, addr, port) & mask;

	for (; s->slots[i] != 0; i = (i + 1) & mask) {
		const struct server *one = &s->all[s->slots[i] - 1];

		if (one->port == port && ip_addr_equal(&one->addr, addr))
			break;
	}
	return &s->slots[i];
}

static bool servers_grow(struct servers *s, size_t capacity)
{
	struct server *all = realloc(s->all, capacity * sizeof(*all));
	uint32_t *slots = calloc(2 * capacity, sizeof(*slots));

	if (all != NULL)
		s->all = all;
	if (all == NULL || slots == NULL) {
		free(slots);
		return false;
	}
	free(s->slots);
	s->slots = slots;
	s->capacity = capacity;
	for (size_t i = 0; i < s->n; i++)
		*servers_slot(s, &all[i].addr, all[i].port) = (uint32_t)i + 1;
	return true;
}

static struct server *servers_find(struct servers *s, const struct conn *conn)
{
	uint32_t *slot = servers_slot(s, &conn->addr[SERVER], conn->port[SERVER]);

	if (*slot != 0)
		return &s->all[*slot - 1];
	if (s->n == s->capacity) {
		if (s->capacity == SERVERS_MAX || !servers_grow(s, 2 * s->capacity))
			return &s->others;
		slot = servers_slot(s, &conn->addr[SERVER], conn->port[SERVER]);
	}
	s->all[s->n] = (struct server){.addr = conn->addr[SERVER], .port = conn->port[SERVER]};
	*slot = (uint32_t)++s->n;
	return &s->all[s->n - 1];
}

void servers_count(struct servers *s, const struct report *r)
{
	struct server *one = servers_find(s, r->record.conn);

	one->sessions++;
	for (uint64_t left = report_alerts(r); left != 0; left &= left - 1)
		one->alerts[report_severity(r, (unsigned)__builtin_ctzll(left))]++;
	if (report_alerts(r) != 0 && one->name[0] == '\0' && one != &s->others)
		server_name(strings_find(&r->record.session->strings, STRING_BANNER).text,
			    one->name);
}

size_t servers_number(const struct servers *s, const struct conn *conn)
{
	uint32_t slot = *servers_slot(s, &conn->addr[SERVER], conn->port[SERVER]);

	return slot != 0 ? slot - 1 : SERVERS_MAX;
}

/* Returns true if a comes before b in the list of the worst. */
static bool server_worse(const struct server *a, const struct server *b)
{
	int order;

	for (unsigned s = SEVERITIES - 1; s > SEVERITY_NONE; s--)
		if (a->alerts[s] != b->alerts[s])
			return a->alerts[s] > b->alerts[s];
	order = memcmp(&a->addr, &b->addr, sizeof(a->addr));
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
