/* recent.c - the latest sessions in the order in which they ended, and two tables of hosts. */
#include "trace/recent.h"

#include "core/packet/flow_table.h"
#include "policy/alert_kind.h"
#include "text/escape.h"

#include <stdlib.h>
#include <sys/random.h>

enum { TABLE_MEMORY = 1 << 20 };

struct hosts {
	struct recent_host *all; /* RECENT_HOSTS places */
	size_t n;
	struct flow_table table;
	struct recent_host others;
};

struct recent {
	struct session_store *sessions;
	uint64_t seen, alerts[SEVERITIES];
	struct pool *pool;
	uint64_t seed[2];
	struct hosts hosts[2]; /* by enum side */
	struct outbuf words;
};

static const struct store_bounds bounds = {STORE_LATEST, RECENT_SESSIONS, RECENT_BYTES,
					   RECENT_FRAMES};

struct recent *recent_new(const struct redaction *how)
{
	struct recent *b = calloc(1, sizeof *b);
	if (!b)
		return NULL;
	b->sessions = session_store_new(&bounds, how);
	b->pool = pool_new(TABLE_MEMORY);
	/* Captured hosts choose the addresses. Without randomness the tables still work, but an
	 * attacker can predict them. */
	if (getrandom(b->seed, sizeof b->seed, GRND_NONBLOCK) < 0)
		memset(b->seed, 0, sizeof b->seed);
	for (int s = CLIENT; s <= SERVER; s++) {
		b->hosts[s].all = calloc(RECENT_HOSTS, sizeof *b->hosts[s].all);
		if (!b->sessions || !b->pool || !b->hosts[s].all ||
		    !flow_table_init(&b->hosts[s].table, b->pool)) {
			recent_free(b);
			return NULL;
		}
	}
	return b;
}

void recent_free(struct recent *b)
{
	if (!b)
		return;
	for (int s = CLIENT; s <= SERVER; s++) {
		if (b->hosts[s].table.slots)
			flow_table_free(&b->hosts[s].table);
		free(b->hosts[s].all);
	}
	if (b->pool)
		pool_free(b->pool);
	session_store_free(b->sessions);
	outbuf_free(&b->words);
	free(b);
}

static bool is_reply(enum string_tag tag)
{
	return tag == STRING_REPLY || tag == STRING_FAREWELL || tag == STRING_UNCODED;
}

static void put_strings(struct outbuf *b, const struct strings *strings, bool replies)
{
	struct string string;
	uint16_t pos = 0;
	while (strings_next(strings, &pos, &string)) {
		if (is_reply(string.tag) != replies)
			continue;
		outbuf_char(b, ' ');
		(replies ? escape_lines : escape_text)(b, string.text);
	}
}

/* Replies come last, so that a long one does not displace names and ids of the mail. */
static void put_all_strings(struct outbuf *b, const struct session_info *info)
{
	for (unsigned replies = 0; replies < 2; replies++) {
		put_strings(b, &info->strings, replies);
		for (const struct transaction *t = info->first; t; t = t->next)
			put_strings(b, &t->strings, replies);
	}
}

static void put_host(struct outbuf *b, const struct conn *conn, enum side side)
{
	char text[IP_ADDR_TEXT];
	outbuf_format(b, ip_addr_is_v4(&conn->addr[side]) ? " %s:%u" : " [%s]:%u",
		      ip_addr_text(&conn->addr[side], text), (unsigned)conn->port[side]);
}

/* Makes the text that a filter searches. Cuts it between two characters. */
static void words_make(struct recent *b, const struct report *r, char out[RECENT_WORDS])
{
	unsigned kind = report_worst(r);
	size_t n;
	b->words.n = 0;
	outbuf_format(&b->words, "%s %s %s", alert_kind_row(kind)->id,
		      severity_name(report_severity(r, kind)), stage_name(r->record.ending->stage));
	put_host(&b->words, r->record.conn, CLIENT);
	put_host(&b->words, r->record.conn, SERVER);
	put_all_strings(&b->words, r->record.session);
	n = b->words.n < RECENT_WORDS - 1 ? b->words.n : RECENT_WORDS - 1;
	while (n > 0 && n < b->words.n && (b->words.p[n] & 0xc0) == 0x80)
		n--;
	memcpy(out, b->words.p, n);
	out[n] = '\0';
	b->words.failed = false;
}

static void wait_count(struct recent_wait *w, int64_t waited)
{
	if (waited < 0)
		return;
	w->n++;
	w->sum += waited;
	w->max = waited > w->max ? waited : w->max;
}

static void host_count(struct recent_host *h, const struct report *r, enum side side)
{
	const struct record *record = &r->record;
	h->sessions++;
	for (uint64_t left = report_alerts(r); left != 0; left &= left - 1)
		h->alerts[report_severity(r, (unsigned)__builtin_ctzll(left))]++;
	h->stages[record->ending->stage] += report_alerts(r) != 0;
	if (h->name[0] == '\0')
		server_name(strings_find(&record->session->strings,
					 side == SERVER ? STRING_BANNER : STRING_HELO)
				    .text,
			    h->name);
	if (record->session->ts_banner != 0 && record->conn->flow[CLIENT].syn)
		wait_count(&h->greeting, record->session->ts_banner - record->conn->start);
	for (const struct transaction *t = record->session->first; t; t = t->next)
		if (t->answered && !t->hole && t->ts_end != 0)
			wait_count(&h->acceptance, t->ts_reply - t->ts_end);
}

static struct recent_host *host_find(struct recent *b, const struct conn *conn, enum side side)
{
	struct hosts *hosts = &b->hosts[side];
	uint16_t port = side == SERVER ? conn->port[SERVER] : 0;
	uint32_t hash = (uint32_t)(flow_end_hash(b->seed, &conn->addr[side], port) >> 32) + port,
		 at = hash, i;
	while ((i = flow_find(&hosts->table, hash, &at)) != FLOW_NONE)
		if (hosts->all[i].port == port &&
		    ip_addr_equal(&hosts->all[i].addr, &conn->addr[side]))
			return &hosts->all[i];
	if (hosts->n == RECENT_HOSTS || !flow_add(&hosts->table, hash, (uint32_t)hosts->n))
		return &hosts->others;
	hosts->all[hosts->n] = (struct recent_host){.addr = conn->addr[side], .port = port};
	return &hosts->all[hosts->n++];
}

void recent_add(struct recent *b, const struct record *record, const struct report *r,
		struct session_frames frames)
{
	char words[RECENT_WORDS];
	b->seen++;
	for (uint64_t left = report_alerts(r); left != 0; left &= left - 1)
		b->alerts[report_severity(r, (unsigned)__builtin_ctzll(left))]++;
	host_count(host_find(b, record->conn, CLIENT), r, CLIENT);
	host_count(host_find(b, record->conn, SERVER), r, SERVER);
	words_make(b, r, words);
	session_store_add(b->sessions, record, r, words, frames);
}

uint64_t recent_seen(const struct recent *b)
{
	return b->seen;
}

const uint64_t *recent_alerts(const struct recent *b)
{
	return b->alerts;
}

struct session_store *recent_sessions(const struct recent *b)
{
	return b->sessions;
}

struct stored_session *recent_find(const struct recent *b, uint64_t number)
{
	for (size_t i = session_store_count(b->sessions); i-- > 0;)
		if (session_store_at(b->sessions, i)->report.number == number)
			return session_store_at(b->sessions, i);
	return NULL;
}

static int64_t wait_mean(const struct recent_wait *w)
{
	return w->n > 0 ? w->sum / (int64_t)w->n : 0;
}

/* Returns true if a comes before b. Among equals the address decides, so that lines do not move. */
static bool host_before(const struct recent_host *a, const struct recent_host *b,
			enum recent_order order)
{
	if (order == RECENT_SLOWEST && wait_mean(&a->acceptance) != wait_mean(&b->acceptance))
		return wait_mean(&a->acceptance) > wait_mean(&b->acceptance);
	for (unsigned s = SEVERITIES - 1; s > SEVERITY_NONE && order == RECENT_WORST; s--)
		if (a->alerts[s] != b->alerts[s])
			return a->alerts[s] > b->alerts[s];
	if (a->sessions != b->sessions)
		return a->sessions > b->sessions;
	return memcmp(&a->addr, &b->addr, sizeof a->addr) < 0 ||
	       (ip_addr_equal(&a->addr, &b->addr) && a->port < b->port);
}

/* Insertion sort into a short list, as in servers.c. */
size_t recent_hosts(const struct recent *b, enum side side, enum recent_order order,
		    const struct recent_host **out, size_t n)
{
	const struct hosts *hosts = &b->hosts[side];
	size_t found = 0;
	for (size_t i = 0; i < hosts->n; i++) {
		size_t at = found;
		for (; at > 0 && host_before(&hosts->all[i], out[at - 1], order); at--)
			if (at < n)
				out[at] = out[at - 1];
		if (at < n)
			out[at] = &hosts->all[i];
		found += found < n;
	}
	return found;
}

const struct recent_host *recent_others(const struct recent *b, enum side side)
{
	return &b->hosts[side].others;
}

unsigned recent_stage(const struct recent_host *h)
{
	unsigned max = STAGES;
	for (unsigned s = 0; s < STAGES; s++)
		if (h->stages[s] > 0 && (max == STAGES || h->stages[s] > h->stages[max]))
			max = s;
	return max;
}
