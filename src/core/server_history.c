/* server_history.c - a bounded table of servers that ended sessions, with the latest of these
 * endings. */
#include "smtpwatch/server_history.h"
#include "smtpwatch/cause.h"

#include "core/packet/flow_table.h"

#include <string.h>

/*
 * Endings are kept as runs of such as came within an eighth of a second, so that 16 of them span
 * the two seconds that are asked for, however many end at once. That is also how far `together` may
 * be off.
 */
enum { RUNS = 16, LIVES = 8 };

/* A server that ended so many sessions so before, and hardly any otherwise (one in OTHERWISE),
 * always does: several at once are no event. */
enum { HABIT = 3, OTHERWISE = 4 };

static const int64_t run_length = FRAME_SECOND / 8, together_time = FRAME_SECOND;

/* What is over sooner has no age that could be a limit: refusals, scans. */
static const int64_t shortest_life = 10 * FRAME_SECOND;

enum { FEWEST_MESSAGES = 2 };

/* The table of servers begins with so many, and doubles. */
enum { SERVERS_FIRST = 16 };

/* So many more of one length than of others: then it is taken for the 221's. */
enum { USUAL_SURE = 2 };

struct run {
	int64_t first;
	uint32_t sessions, resets; /* 0 sessions: not used yet */
};

struct life {
	int64_t ts;  /* of its end */
	int64_t age; /* 0: not used yet */
	uint32_t messages;
	uint8_t manner; /* in what way it was ended: where it stood, and with what word */
};

struct server {
	struct ip_addr addr;
	uint16_t port;
	uint8_t newest_run, newest_life;
	uint32_t hash;
	uint32_t older, newer; /* by when it was last heard of; FLOW_NONE: the end */
	struct run runs[RUNS];
	struct life lives[LIVES];
	uint16_t usual,
		usual_n; /* the commonest answer to what may be QUIT, and by how many it leads */
	bool notifies;   /* it was seen to send close_notify */
	int64_t habit; /* when a session was last ended as this server always ends them; 0: never */
	uint16_t ended, normal; /* sessions that it ended, and that ended otherwise, of those asked
				   about; the two are halved when they are many */
};

struct server_history {
	struct pool *pool;
	uint64_t seed[2];
	struct flow_table table;
	struct server *servers;
	uint32_t capacity, /* of servers[] as it is */
		limit,     /* of how many it may have */
		count;
	uint32_t oldest, newest;
};

struct server_history *server_history_new(struct pool *pool, const uint64_t seed[2],
					  unsigned servers)
{
	struct server_history *h = pool_get_large(pool, sizeof *h);
	if (!h)
		return NULL;
	*h = (struct server_history){.pool = pool,
				     .seed = {seed[0], seed[1]},
				     .capacity = servers < SERVERS_FIRST ? servers : SERVERS_FIRST,
				     .limit = servers,
				     .oldest = FLOW_NONE,
				     .newest = FLOW_NONE};
	h->servers = pool_get_large(pool, h->capacity * sizeof *h->servers);
	if (h->servers && flow_table_init(&h->table, pool))
		return h;
	pool_put_large(pool, h->servers, h->capacity * sizeof *h->servers);
	pool_put_large(pool, h, sizeof *h);
	return NULL;
}

void server_history_free(struct server_history *h)
{
	if (!h)
		return;
	flow_table_free(&h->table);
	pool_put_large(h->pool, h->servers, h->capacity * sizeof *h->servers);
	pool_put_large(h->pool, h, sizeof *h);
}

static uint32_t server_find(const struct server_history *h, uint32_t hash,
			    const struct ip_addr *addr, uint16_t port)
{
	uint32_t at = hash, found;
	while ((found = flow_find(&h->table, hash, &at)) != FLOW_NONE) {
		const struct server *s = &h->servers[found];
		if (s->port == port && ip_addr_equal(&s->addr, addr))
			break;
	}
	return found;
}

static void link_out(struct server_history *h, uint32_t at)
{
	struct server *s = &h->servers[at];
	*(s->older == FLOW_NONE ? &h->oldest : &h->servers[s->older].newer) = s->newer;
	*(s->newer == FLOW_NONE ? &h->newest : &h->servers[s->newer].older) = s->older;
}

static void link_newest(struct server_history *h, uint32_t at)
{
	struct server *s = &h->servers[at];
	s->older = h->newest;
	s->newer = FLOW_NONE;
	*(h->newest == FLOW_NONE ? &h->oldest : &h->servers[h->newest].newer) = at;
	h->newest = at;
}

/* Returns false if there is no memory, or the limit is reached. */
static bool servers_grow(struct server_history *h)
{
	uint32_t n = 2 * h->capacity < h->limit ? 2 * h->capacity : h->limit;
	if (n <= h->capacity)
		return false;
	struct server *more = pool_get_large(h->pool, n * sizeof *more);
	if (!more)
		return false;
	memcpy(more, h->servers, h->count * sizeof *more);
	pool_put_large(h->pool, h->servers, h->capacity * sizeof *h->servers);
	h->servers = more;
	h->capacity = n;
	return true;
}

/* A place that was never used, or that of the server that was longest not heard of. */
static uint32_t place_take(struct server_history *h)
{
	if (h->count == h->capacity && h->count < h->limit && !servers_grow(h))
		h->limit = h->count;
	if (h->count < h->limit)
		return h->count++;
	uint32_t at = h->oldest;
	flow_remove(&h->table, h->servers[at].hash, at);
	link_out(h, at);
	return at;
}

/* The table can fail to grow only for a place that was never used: then there are as many servers
 * as there will ever be. */
static struct server *server_make(struct server_history *h, uint32_t hash,
				  const struct ip_addr *addr, uint16_t port)
{
	if (h->limit == 0)
		return NULL;
	uint32_t at = place_take(h);
	if (!flow_add(&h->table, hash, at)) {
		h->limit = --h->count;
		return NULL;
	}
	h->servers[at] = (struct server){.addr = *addr, .port = port, .hash = hash};
	link_newest(h, at);
	return &h->servers[at];
}

static struct server *server_of(struct server_history *h, const struct ip_addr *addr, uint16_t port,
				bool make)
{
	uint32_t hash = flow_host_hash(h->seed, addr, port), at = server_find(h, hash, addr, port);
	if (at == FLOW_NONE)
		return make ? server_make(h, hash, addr, port) : NULL;
	link_out(h, at);
	link_newest(h, at);
	return &h->servers[at];
}

/*
 * Endings that tell something of the server: it closed, or said that it would, and nobody had asked
 * for it. A refusal is about one client: a flood of those that are refused is no event. What TLS
 * hides may have been a QUIT.
 */
static bool by_server(const struct ending *e)
{
	bool closed = e->closer == CLOSER_SERVER && (e->how == HOW_FIN || e->how == HOW_RST);
	if (!e->connected || e->encrypted || e->quit_sent || e->farewell == FAREWELL_REFUSAL ||
	    e->unsure != UNSURE_NONE)
		return false;
	return closed || e->final_421 || e->unasked_221;
}

static bool by_rst(const struct ending *e)
{
	return e->closer == CLOSER_SERVER && e->how == HOW_RST;
}

static int64_t apart(int64_t a, int64_t b)
{
	return a < b ? b - a : a - b;
}

/* One that was younger than the time in which sessions are together may have begun because of the
 * others, and ended for its own beginning: a burst that is turned away. */
static bool is_young(const struct conn *conn, int64_t ts)
{
	return ts - conn->start < together_time;
}

bool server_history_event(const struct conn *conn, const struct ending *ending, int64_t ts,
			  struct server_event *out)
{
	if (!by_server(ending) || is_young(conn, ts))
		return false;
	*out = (struct server_event){conn->addr[SERVER], conn->port[SERVER], by_rst(ending), ts};
	return true;
}

void server_history_closed(struct server_history *h, const struct server_event *event)
{
	struct server *s = server_of(h, &event->server, event->port, true);
	if (!s)
		return;
	struct run *r = &s->runs[s->newest_run];
	if (r->sessions == 0 || apart(event->ts, r->first) >= run_length) {
		s->newest_run = (s->newest_run + 1) % RUNS;
		r = &s->runs[s->newest_run];
		*r = (struct run){.first = event->ts};
	}
	r->sessions++;
	r->resets += event->rst;
}

static void together_count(const struct server *s, int64_t ts, struct cause_hints *out)
{
	for (unsigned i = 0; i < RUNS; i++) {
		const struct run *r = &s->runs[i];
		if (r->sessions == 0 || apart(ts, r->first) > together_time)
			continue;
		out->together += r->sessions;
		out->together_rst += r->resets;
	}
}

static void ending_count(struct server *s, bool ended)
{
	if (s->ended == UINT16_MAX || s->normal == UINT16_MAX) {
		s->ended /= 2;
		s->normal /= 2;
	}
	s->ended += ended;
	s->normal += !ended;
}

/* Does this server always end sessions so? What ended together with this one is the question, and
 * no answer. */
static bool is_habit(struct server *s, const struct life *now)
{
	unsigned same = 0;
	/* A burst fills the memory with itself. */
	if (s->habit != 0 && apart(s->habit, now->ts) <= together_time)
		same = HABIT;
	for (unsigned i = 0; i < LIVES; i++) {
		const struct life *l = &s->lives[i];
		same += l->age != 0 && l->manner == now->manner &&
			apart(l->ts, now->ts) > together_time;
	}
	bool habit = same >= HABIT && s->normal <= s->ended / OTHERWISE;
	if (habit)
		s->habit = now->ts;
	return habit;
}

/* What ended together is one event, and may have begun together: its being of the same age is no
 * coincidence, and no limit. */
static void lives_count(const struct server *s, const struct life *now, struct cause_hints *out)
{
	for (unsigned i = 0; i < LIVES; i++) {
		const struct life *l = &s->lives[i];
		if (l->age == 0 || apart(l->ts, now->ts) <= together_time)
			continue;
		out->same_life += now->age >= shortest_life &&
				  apart(l->age, now->age) <= now->age / 50;
		out->same_messages += now->messages >= FEWEST_MESSAGES &&
				      l->messages == now->messages;
	}
}

void server_history_hints(struct server_history *h, const struct conn *conn,
			  const struct session_info *session, const struct ending *ending,
			  int64_t ts, struct cause_hints *out)
{
	bool ended = by_server(ending);
	*out = (struct cause_hints){0};
	struct server *s = server_of(h, &conn->addr[SERVER], conn->port[SERVER], ended);
	if (s && ending->connected && !ending->encrypted)
		ending_count(s, ended);
	if (!ended)
		return;
	struct life now = {ts, ts > conn->start ? ts - conn->start : 1, session->messages,
			   (uint8_t)(ending->stage * FAREWELLS + ending->farewell)};
	if (s && !is_young(conn, ts) && !is_habit(s, &now))
		together_count(s, ts, out);
	if (out->together == 0) { /* alone, or forgotten meanwhile */
		out->together = 1;
		out->together_rst = by_rst(ending);
	}
	if (!s)
		return;
	lives_count(s, &now, out);
	s->newest_life = (s->newest_life + 1) % LIVES;
	s->lives[s->newest_life] = now;
}

/* The commonest of many is found with one candidate and a count (Boyer and Moore): a server's 221
 * has one length, what else has six bytes has many answers. */
static void usual_learn(struct server *s, uint16_t reply)
{
	if (s->usual_n == 0)
		s->usual = reply;
	if (s->usual == reply)
		s->usual_n += s->usual_n < UINT16_MAX;
	else
		s->usual_n--;
}

/* One that only answers the client's close_notify may never send one of its own accord. */
void server_history_habits(struct server_history *h, const struct conn *conn, struct ending *ending)
{
	struct ending_tls *t = &ending->tls;
	if (!ending->encrypted || !t->followed || !t->done)
		return;
	struct server *s = server_of(h, &conn->addr[SERVER], conn->port[SERVER],
				     t->notified && t->first == CLOSER_SERVER);
	if (!s)
		return;
	t->notifies = s->notifies;
	t->usual = s->usual_n >= USUAL_SURE ? s->usual : 0;
	if (!t->notified || t->first != CLOSER_SERVER)
		return;
	s->notifies = true;
	if (t->reply > 0)
		usual_learn(s, t->reply);
}
