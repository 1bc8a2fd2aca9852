/* query.c - finds the session by any of its identifiers, and prints it. */
#include "replay/query.h"

#include "format/session_id.h"
#include "format/text/explain.h"
#include "text/terminal.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

/* So many of the sessions that match are listed. */
enum { OTHERS = 10 };

struct query {
	const struct options *o;
	const char *which;
	struct session_store *store;
	struct digest *digest;
	uint64_t seen, fitting;
	bool all;
	struct outbuf others;
	struct explain_style style;
};

static const struct store_bounds all_bounds = {STORE_FIRST, LADDER_SCENES, SIZE_MAX, 0},
				 worst_bounds = {STORE_WORST, 1, SIZE_MAX, 0};

struct query *query_new(const struct options *o)
{
	struct query *q = calloc(1, sizeof *q);
	if (!q)
		return NULL;
	q->o = o;
	q->which = o->explain;
	q->all = strcmp(q->which, EXPLAIN_ALL) == 0;
	q->store = session_store_new(q->all ? &all_bounds : &worst_bounds, &o->redaction);
	q->digest = digest_new();
	/* Now, because the sandbox forbids it later. The locale serves only for the widths of
	 * characters. */
	q->style.columns = terminal_columns(STDOUT_FILENO);
	q->style.colour = isatty(STDOUT_FILENO) && terminal_likes_colour();
	setlocale(LC_CTYPE, "C.UTF-8");
	if (q->store && q->digest)
		return q;
	query_free(q);
	return NULL;
}

void query_free(struct query *q)
{
	if (!q)
		return;
	session_store_free(q->store);
	digest_free(q->digest);
	outbuf_free(&q->others);
	free(q);
}

static bool is_text(struct bytes text, const char *which)
{
	return bytes_equal(text, bytes_str(which));
}

static bool is_number(const struct query *q)
{
	char text[24];
	snprintf(text, sizeof text, "%llu", (unsigned long long)q->seen);
	return strcmp(text, q->which) == 0;
}

/* Matches an address of either side: "192.0.2.10", "192.0.2.10:40001", "[2001:db8::1]:25". */
static bool is_address(const struct query *q, const struct conn *conn)
{
	for (int s = CLIENT; s <= SERVER; s++) {
		char addr[IP_ADDR_TEXT], both[IP_ADDR_TEXT + 9];
		ip_addr_text(&conn->addr[s], addr);
		snprintf(both, sizeof both, ip_addr_is_v4(&conn->addr[s]) ? "%s:%u" : "[%s]:%u",
			 addr, (unsigned)conn->port[s]);
		if (strcmp(addr, q->which) == 0 || strcmp(both, q->which) == 0)
			return true;
	}
	return false;
}

static bool is_identity(const struct query *q, const struct conn *conn)
{
	char session[IDENTITY_SESSION], community[IDENTITY_COMMUNITY];
	identity_session(q->digest, conn, session);
	identity_community(q->digest, conn, community);
	return strcmp(session, q->which) == 0 || strcmp(community, q->which) == 0;
}

/* Matches a Message-ID, mail address or queue id. Angle brackets are optional. */
static bool is_message(const struct query *q, const struct transaction *t)
{
	const char *which = q->which;
	struct bytes bare = bytes_str(which);
	struct string string;
	uint16_t pos = 0;
	if (bare.n > 2 && which[0] == '<' && which[bare.n - 1] == '>')
		bare = bytes_of(bare.p + 1, bare.n - 2);
	while (strings_next(&t->strings, &pos, &string))
		if ((string.tag == STRING_MESSAGE_ID || string.tag == STRING_QUEUE_ID ||
		     string.tag == STRING_FROM || string.tag == STRING_RCPT) &&
		    (bytes_equal(string.text, bare) || is_text(string.text, which)))
			return true;
	return false;
}

static bool fits(const struct query *q, const struct record *record)
{
	if (q->all || strcmp(q->which, "worst") == 0 || is_number(q) ||
	    is_address(q, record->conn) || is_identity(q, record->conn))
		return true;
	for (const struct transaction *t = record->session->first; t; t = t->next)
		if (is_message(q, t))
			return true;
	return false;
}

void query_offer(struct query *q, const struct record *record, const struct report *r)
{
	q->seen++;
	if (!fits(q, record))
		return;
	q->fitting++;
	if (q->fitting <= OTHERS)
		explain_brief(&q->others, r, q->seen);
	session_store_add(q->store, record, r, NULL, (struct session_frames){0});
}

struct session_store *query_sessions(struct query *q)
{
	return q->store;
}

/* Lists further sessions that match. For "worst" there are none to choose from. */
static void put_others(struct outbuf *b, const struct query *q)
{
	if (q->fitting < 2 || strcmp(q->which, "worst") == 0)
		return;
	outbuf_str(b, "\n");
	outbuf_grouped(b, q->fitting);
	outbuf_format(b,
		      " sessions fit; this is the worst of them. %s, to be explained by number:\n",
		      q->fitting > OTHERS ? "The first" : "All");
	outbuf_bytes(b, q->others.p, q->others.n);
}

static enum port_kind kind_of(const struct query *q, const struct conn *conn)
{
	const struct monitor_config *m = &q->o->monitor;
	uint16_t port = conn->port[SERVER];
	return port_set_has(&m->tls_ports, port)    ? PORT_TLS
	       : port_set_has(&m->lmtp_ports, port) ? PORT_LMTP
						    : PORT_SMTP;
}

static bool put_scenario(struct outbuf *b, struct query *q, struct error *why)
{
	struct ladder_scene scenes[LADDER_SCENES];
	size_t n = 0;
	error_set(why, "--ladder scenario: no memory");
	for (; n < session_store_count(q->store); n++) {
		const struct stored_session *s = session_store_at(q->store, n);
		scenes[n] =
			(struct ladder_scene){s->ladder, s->record, kind_of(q, s->record->conn)};
		if (!s->ladder)
			return false;
	}
	if (q->fitting > LADDER_SCENES && q->all)
		return error_set(why,
				 "--ladder scenario: it has room for %u sessions, and there are "
				 "%llu: choose with --explain or a filter",
				 (unsigned)LADDER_SCENES, (unsigned long long)q->fitting);
	if (ladder_scenario(b, scenes, n, why))
		return true;
	return error_set(why, "--ladder scenario: %s", why->text);
}

static void put_all(struct outbuf *b, const struct query *q)
{
	struct stored_session *s = session_store_at(q->store, 0);
	if (s->ladder && q->o->ladder == LADDER_CSV) {
		ladder_csv(b, s->ladder);
	} else if (s->ladder && q->o->ladder == LADDER_MERMAID) {
		ladder_mermaid(b, s->ladder);
	} else {
		explain_put(b, stored_restore(s), s->report.number, s->ladder, q->style);
		put_others(b, q);
	}
}

bool query_print(struct query *q, struct error *why)
{
	struct outbuf b = {0};
	bool whole;
	if (session_store_count(q->store) == 0)
		return error_set(why, "--explain: none of the %llu sessions is \"%.99s\"",
				 (unsigned long long)q->seen, q->which);
	if (q->o->ladder != LADDER_SCENARIO) {
		put_all(&b, q);
	} else if (!put_scenario(&b, q, why)) {
		outbuf_free(&b);
		return false;
	}
	errno = ENOMEM;
	whole = !b.failed && fwrite(b.p, 1, b.n, stdout) == b.n && fflush(stdout) == 0;
	if (!whole)
		error_set(why, "standard output: %s", strerror(errno));
	outbuf_free(&b);
	return whole;
}
