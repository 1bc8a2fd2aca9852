/* schedule.c - the key schedule of TLS 1.3 (RFC 8446 7.1) followed from secret to secret: the first
 * one is bound to a client's random or a transcript hash, and all that is derived from it with it.
 */
#include "keys/schedule.h"

#include "base/keyed_hash.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* GRACE: seconds for which a secret stays from which all was derived. */
enum { NONE = -1, GRACE = 5 };

/* What a line names its session by. */
struct name {
	uint8_t n;   /* bytes */
	bool random; /* the client's random; else the hash of ClientHello to ServerHello */
	uint8_t bytes[KEYS_SECRET];
};

struct entry {
	uint32_t pid;
	uint8_t n;    /* bytes of the secret; 0: wiped */
	uint8_t seen; /* what was derived from it: bits by enum keys_kind */
	bool server;  /* a traffic secret: of the server */
	bool derived; /* from another entry */
	uint8_t secret[KEYS_SECRET];
	struct name name;
	int64_t end; /* when it is wiped, in seconds */
	int next;    /* in its bucket */
};

/* The entries are a ring: entries[at] is the oldest. */
struct schedule {
	struct keyed_hash hash;
	struct schedule_counts counts;
	unsigned at, oldest, used;
	int buckets[SCHEDULE_SECRETS];
	struct entry entries[SCHEDULE_SECRETS];
};

#define BIT(kind) (1u << (kind))

/* Nothing more is needed of a secret from which all of one of these was derived. */
static const unsigned complete[] = {
	BIT(KEYS_CHAIN) | BIT(KEYS_CLIENT_HANDSHAKE) | BIT(KEYS_SERVER_HANDSHAKE),
	BIT(KEYS_CLIENT_TRAFFIC) | BIT(KEYS_SERVER_TRAFFIC),
};

static const char *const labels[KEYS_KINDS] = {
	[KEYS_MASTER] = "CLIENT_RANDOM",
	[KEYS_CLIENT_HANDSHAKE] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
	[KEYS_SERVER_HANDSHAKE] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
	[KEYS_CLIENT_TRAFFIC] = "CLIENT_TRAFFIC_SECRET_0",
	[KEYS_SERVER_TRAFFIC] = "SERVER_TRAFFIC_SECRET_0",
	[KEYS_CLIENT_EARLY] = "CLIENT_EARLY_TRAFFIC_SECRET",
	[KEYS_EARLY_EXPORTER] = "EARLY_EXPORTER_SECRET",
};

/* A secret is as good as random: its first bytes tell it from others. */
static int *bucket_of(struct schedule *s, const uint8_t secret[KEYS_SECRET])
{
	uint32_t hash = keyed_hash(&s->hash, secret, KEYS_RANDOM);
	return &s->buckets[keyed_hash_place(hash, SCHEDULE_SECRETS)];
}

static struct entry *entry_find(struct schedule *s, uint32_t pid, const uint8_t *secret, uint8_t n)
{
	int i = *bucket_of(s, secret);
	while (i != NONE && (s->entries[i].pid != pid || s->entries[i].n != n ||
			     memcmp(s->entries[i].secret, secret, n) != 0))
		i = s->entries[i].next;
	return i == NONE ? NULL : &s->entries[i];
}

/* Wipes an entry. Its place stays in the ring until it is the oldest. */
static void entry_wipe(struct schedule *s, struct entry *e)
{
	if (e->n == 0)
		return;
	int *at = bucket_of(s, e->secret);
	while (&s->entries[*at] != e)
		at = &s->entries[*at].next;
	*at = e->next;
	explicit_bzero(e, sizeof *e);
}

static void oldest_drop(struct schedule *s)
{
	entry_wipe(s, &s->entries[s->oldest]);
	s->oldest = (s->oldest + 1) % SCHEDULE_SECRETS;
	s->used--;
}

static struct entry *entry_add(struct schedule *s, uint32_t pid, const uint8_t *secret, uint8_t n,
			       const struct name *name, int64_t now)
{
	struct entry *e = entry_find(s, pid, secret, n);
	if (e)
		return e;
	if (s->used == SCHEDULE_SECRETS)
		oldest_drop(s);
	e = &s->entries[s->at];
	int *bucket = bucket_of(s, secret);
	*e = (struct entry){
		.pid = pid, .n = n, .name = *name, .end = now + SCHEDULE_SECONDS, .next = *bucket};
	memcpy(e->secret, secret, n);
	*bucket = (int)s->at;
	s->at = (s->at + 1) % SCHEDULE_SECRETS;
	s->used++;
	return e;
}

static void seen_note(struct entry *e, unsigned kind, int64_t now)
{
	e->seen |= (uint16_t)BIT(kind);
	bool done = kind == KEYS_CHAIN && e->derived;
	for (size_t i = 0; i < sizeof complete / sizeof *complete; i++)
		done |= (e->seen & complete[i]) == complete[i];
	/* Not at once: the other end of the session may be in the same process. */
	if (done && e->end > now + GRACE)
		e->end = now + GRACE;
}

static char *hex_put(char *to, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < n; i++) {
		*to++ = digits[p[i] >> 4];
		*to++ = digits[p[i] & 15];
	}
	return to;
}

static size_t line_put(struct schedule *s, const char *label, const struct name *name,
		       const uint8_t *secret, size_t n, char line[SCHEDULE_ROOM])
{
	char *at = stpcpy(line, name->random ? "" : "TRANSCRIPT_");
	at = stpcpy(at, label);
	*at++ = ' ';
	at = hex_put(at, name->bytes, name->n);
	*at++ = ' ';
	at = hex_put(at, secret, n);
	at = stpcpy(at, "\n");
	s->counts.lines++;
	return (size_t)(at - line);
}

static struct name name_of(const struct keys_event *e)
{
	struct name name = {.n = e->named ? KEYS_RANDOM : e->hashed, .random = e->named};
	memcpy(name.bytes, e->named ? e->random : e->hash, name.n);
	return name;
}

/* One secret is derived from another: the session's name goes with it. */
static void chain_take(struct schedule *s, const struct keys_event *e, int64_t now)
{
	struct entry *from = entry_find(s, e->pid, e->from, e->n);
	/* The first step of each schedule: from the secret of early data. */
	if (!from)
		return;
	struct name name = from->name;
	seen_note(from, KEYS_CHAIN, now);
	entry_add(s, e->pid, e->to, e->n, &name, now)->derived = true;
}

/* A traffic secret is kept: the next one is derived from it. */
static void traffic_keep(struct schedule *s, const struct keys_event *e, const struct name *name,
			 bool server, int64_t now)
{
	entry_add(s, e->pid, e->to, e->n, name, now)->server = server;
}

static size_t update_take(struct schedule *s, const struct keys_event *e, int64_t now,
			  char line[SCHEDULE_ROOM])
{
	const struct entry *from = entry_find(s, e->pid, e->from, e->n);
	if (!from) {
		s->counts.unknown++;
		return 0;
	}
	struct name name = from->name;
	bool server = from->server;
	traffic_keep(s, e, &name, server, now);
	return line_put(s, server ? "SERVER_TRAFFIC_SECRET_N" : "CLIENT_TRAFFIC_SECRET_N", &name,
			e->to, e->n, line);
}

/* A secret of records. from: what it is derived from, which makes the session. */
static size_t secret_take(struct schedule *s, const struct keys_event *e, int64_t now,
			  char line[SCHEDULE_ROOM])
{
	bool first = e->kind == KEYS_CLIENT_HANDSHAKE || e->kind == KEYS_SERVER_HANDSHAKE;
	struct entry *from = entry_find(s, e->pid, e->from, e->n);
	struct name name = name_of(e);
	if (!from && first && name.n > 0) {
		from = entry_add(s, e->pid, e->from, e->n, &name, now);
		s->counts.sessions++;
	}
	if (!from) {
		s->counts.unknown++;
		return 0;
	}
	name = from->name;
	seen_note(from, e->kind, now);
	if (!first)
		traffic_keep(s, e, &name, e->kind == KEYS_SERVER_TRAFFIC, now);
	return line_put(s, labels[e->kind], &name, e->to, e->n, line);
}

size_t schedule_take(struct schedule *s, const struct keys_event *e, int64_t now,
		     char line[SCHEDULE_ROOM])
{
	struct name name = name_of(e);
	if (e->kind >= KEYS_KINDS || (e->n != 32 && e->n != KEYS_SECRET))
		return 0;
	switch (e->kind) {
	case KEYS_MASTER:
		s->counts.sessions++;
		return line_put(s, labels[e->kind], &name, e->to, e->n, line);
	case KEYS_CHAIN:
		chain_take(s, e, now);
		return 0;
	case KEYS_UPDATE:
		return update_take(s, e, now, line);
	case KEYS_CLIENT_EARLY:
	case KEYS_EARLY_EXPORTER:
		/* Their hash is of the ClientHello alone, by which nobody looks them up. */
		return name.random ? line_put(s, labels[e->kind], &name, e->to, e->n, line) : 0;
	default:
		return secret_take(s, e, now, line);
	}
}

void schedule_tick(struct schedule *s, int64_t now)
{
	for (unsigned i = 0; i < s->used; i++) {
		struct entry *e = &s->entries[(s->oldest + i) % SCHEDULE_SECRETS];
		if (e->end <= now)
			entry_wipe(s, e);
	}
	while (s->used > 0 && s->entries[s->oldest].n == 0)
		oldest_drop(s);
}

const struct schedule_counts *schedule_counts(const struct schedule *s)
{
	return &s->counts;
}

struct schedule *schedule_new(void)
{
	struct schedule *s = calloc(1, sizeof *s);
	if (!s || getrandom(&s->hash, sizeof s->hash, 0) != (ssize_t)sizeof s->hash) {
		free(s);
		return NULL;
	}
	for (size_t i = 0; i < SCHEDULE_SECRETS; i++)
		s->buckets[i] = NONE;
	return s;
}

void schedule_free(struct schedule *s)
{
	if (!s)
		return;
	explicit_bzero(s, sizeof *s);
	free(s);
}
