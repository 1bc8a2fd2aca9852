/* domains.c - the domains in a tree by name, and in a heap by their number of messages. */
#include "stats/domains.h"

#include <search.h>
#include <stdlib.h>

/* A bucket. session, message: the latest that was counted, so that neither counts twice. */
struct bucket {
	struct domain domain; /* the first member: the tree compares names */
	uint64_t session, message;
	uint64_t weight; /* messages, with domain.missed */
	size_t at;       /* of the heap */
	uint64_t taken;  /* how often it was given to another domain */
};

/* A domain as it was said, and where it is counted: most recipients are of a few domains. */
enum { RECENT = 256, RECENT_NAME = 48 };
struct recent {
	struct bucket *bucket;
	uint64_t taken; /* of the bucket: it still has this domain */
	uint8_t n;
	uint8_t said[RECENT_NAME];
};

struct domains {
	struct redactor *redactor;
	void *tree;
	size_t n;
	uint64_t session, message; /* the latest numbers */
	uint64_t omitted;
	struct bucket others, without;
	struct recent recent[RECENT];
	struct bucket *heap[DOMAINS_MAX]; /* n of them; none weighs less than the one above it */
	struct bucket all[DOMAINS_MAX];
};

struct domains *domains_new(const struct redaction *how)
{
	struct domains *d = calloc(1, sizeof *d);
	if (!d)
		return NULL;
	d->redactor = redactor_new(how);
	if (d->redactor)
		return d;
	free(d);
	return NULL;
}

static int name_compare(const void *a, const void *b)
{
	const struct domain *x = a, *y = b;
	return strcmp(x->name, y->name);
}

static void keep(void *bucket)
{
	(void)bucket;
}

void domains_free(struct domains *d)
{
	if (!d)
		return;
	tdestroy(d->tree, keep);
	redactor_free(d->redactor);
	free(d);
}

static void heap_put(struct domains *d, size_t at, struct bucket *b)
{
	d->heap[at] = b;
	b->at = at;
}

/* Moves a bucket down that has become heavier. */
static void heap_sink(struct domains *d, struct bucket *b)
{
	size_t at = b->at, child;
	while ((child = 2 * at + 1) < d->n) {
		if (child + 1 < d->n && d->heap[child + 1]->weight < d->heap[child]->weight)
			child++;
		if (d->heap[child]->weight >= b->weight)
			break;
		heap_put(d, at, d->heap[child]);
		at = child;
	}
	heap_put(d, at, b);
}

/* Adds a bucket that weighs nothing, as no other does: it rises to the top. */
static void heap_add(struct domains *d, struct bucket *b)
{
	size_t at = d->n++;
	for (; at > 0; at = (at - 1) / 2)
		heap_put(d, at, d->heap[(at - 1) / 2]);
	heap_put(d, 0, b);
}

/* Returns a bucket for a new name, which is in the heap and not yet in the tree. */
static struct bucket *bucket_take(struct domains *d)
{
	struct bucket *b = d->heap[0];
	if (d->n < DOMAINS_MAX) {
		b = &d->all[d->n];
		heap_add(d, b);
		return b;
	}
	tdelete(&b->domain, &d->tree, name_compare);
	traffic_add(&d->others.domain.traffic, &b->domain.traffic);
	b->domain.traffic = (struct traffic){0};
	b->domain.missed = b->weight;
	b->session = b->message = 0;
	b->taken++;
	return b;
}

static struct bucket *bucket_find(struct domains *d, struct bytes address)
{
	struct bytes name = redactor_domain(d->redactor, address);
	struct domain key;
	if (name.n == 0 || name.n >= sizeof key.name || memchr(name.p, '\0', name.n))
		return &d->others;
	memcpy(key.name, name.p, name.n);
	key.name[name.n] = '\0';
	void *found = tfind(&key, &d->tree, name_compare);
	if (found)
		return *(struct bucket **)found;
	struct bucket *b = bucket_take(d);
	memcpy(b->domain.name, key.name, name.n + 1);
	if (tsearch(&b->domain, &d->tree, name_compare))
		return b;
	/* No memory for the tree: the place stays without a name, and gives way again. */
	b->domain.name[0] = '\0';
	return &d->others;
}

/* Returns the bucket of a recipient's domain. */
static struct bucket *bucket_of(struct domains *d, struct bytes address)
{
	const uint8_t *sign = address.n > 0 ? memrchr(address.p, '@', address.n) : NULL;
	size_t n = sign ? (size_t)(address.p + address.n - sign) : 0;
	uint32_t last;
	if (n < sizeof last || n > RECENT_NAME)
		return bucket_find(d, address);
	memcpy(&last, sign + n - sizeof last, sizeof last);
	struct recent *recent = &d->recent[(last * 2654435761u >> 24 ^ n ^ sign[1]) % RECENT];
	if (recent->n != n || memcmp(recent->said, sign, n) != 0 ||
	    recent->taken != recent->bucket->taken) {
		recent->bucket = bucket_find(d, address);
		recent->taken = recent->bucket->taken;
		recent->n = (uint8_t)n;
		memcpy(recent->said, sign, n);
	}
	return recent->bucket;
}

/* Counts the session for a bucket, unless it is counted there. */
static void session_count(struct domains *d, struct bucket *b, uint64_t alerts)
{
	if (b->session == d->session)
		return;
	b->session = d->session;
	b->domain.traffic.sessions++;
	b->domain.traffic.alerts += alerts;
}

static void message_count(struct domains *d, struct bucket *b, const struct transaction *m,
			  enum fate fate)
{
	if (b->message == d->message)
		return;
	b->message = d->message;
	traffic_message(&b->domain.traffic, m, fate);
	if (b == &d->others || b == &d->without)
		return;
	b->weight++;
	heap_sink(d, b);
}

/* Counts the recipients that were refused, or all others. Returns whether there was one, and in
 * *more whether there are some of the other sort. */
static bool recipients_count(struct domains *d, const struct transaction *m, bool refused,
			     uint64_t alerts, bool *more)
{
	bool any = false;
	*more = false;
	struct string one;
	for (uint16_t pos = 0; strings_next(&m->strings, &pos, &one);) {
		if (one.tag != STRING_RCPT)
			continue;
		if ((one.value >= 400) != refused) {
			*more = true;
			continue;
		}
		struct bucket *b = bucket_of(d, one.text);
		message_count(d, b, m,
			      !refused          ? m->fate
			      : one.value < 500 ? FATE_DEFERRED
						: FATE_REJECTED);
		session_count(d, b, alerts);
		any = true;
	}
	return any;
}

void domains_count(struct domains *d, const struct record *unredacted, const struct report *r)
{
	const struct session_info *info = unredacted->session;
	uint64_t alerts = (uint64_t)__builtin_popcountll(report_alerts(r));
	bool known = false;
	d->session++;
	d->omitted += info->transactions_omitted;
	for (const struct transaction *m = info->first; m; m = m->next) {
		d->message++;
		/* First those that have the fate of the message. */
		bool more;
		bool any = recipients_count(d, m, false, alerts, &more);
		if (more)
			any = recipients_count(d, m, true, alerts, &more) || any;
		known |= any;
		if (!any)
			message_count(d, &d->without, m, m->fate);
	}
	if (!known)
		session_count(d, &d->without, alerts);
}

/* Whether a comes before b. */
static bool domain_first(const struct domain *a, const struct domain *b)
{
	if (a->traffic.messages != b->traffic.messages)
		return a->traffic.messages > b->traffic.messages;
	return strcmp(a->name, b->name) < 0;
}

/* Insertion sort into a short list, as servers_worst. */
size_t domains_top(const struct domains *d, const struct domain **out, size_t n)
{
	size_t found = 0;
	for (size_t i = 0; i < d->n; i++) {
		const struct domain *one = &d->all[i].domain;
		size_t at = found;
		if (one->name[0] == '\0' || one->traffic.messages == 0)
			continue;
		for (; at > 0 && domain_first(one, out[at - 1]); at--)
			if (at < n)
				out[at] = out[at - 1];
		if (at < n)
			out[at] = one;
		found += found < n;
	}
	return found;
}

size_t domains_number(const struct domains *d)
{
	return d->n;
}

static bool is_among(const struct domain *one, const struct domain *const *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (all[i] == one)
			return true;
	return false;
}

struct traffic domains_rest(const struct domains *d, const struct domain *const *but, size_t n)
{
	struct traffic sum = d->others.domain.traffic;
	for (size_t i = 0; i < d->n; i++)
		if (!is_among(&d->all[i].domain, but, n))
			traffic_add(&sum, &d->all[i].domain.traffic);
	return sum;
}

const struct traffic *domains_without(const struct domains *d)
{
	return &d->without.domain.traffic;
}

uint64_t domains_omitted(const struct domains *d)
{
	return d->omitted;
}
