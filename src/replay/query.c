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

/* A stored session. */
struct stored_session {
	struct query *q;
	void *block; /* owns `record` */
	const struct record *record;
	struct report report; /* as it was made; what its record points to is gone */
	uint64_t number;
	struct ladder *ladder; /* borrowed */
};

struct query {
	const struct options *o;
	const char *which;
	struct redactor *redactor;
	struct digest *digest;
	uint64_t seen, fitting;
	bool all;
	struct stored_session kept[LADDER_SCENES];
	size_t n;
	enum severity severity; /* of the stored session; unused for EXPLAIN_ALL */
	struct outbuf others;
	struct explain_style style;
};

struct query *query_new(const struct options *o)
{
	struct query *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	q->o = o;
	q->which = o->explain;
	q->all = strcmp(q->which, EXPLAIN_ALL) == 0;
	q->redactor = redactor_new(o->redact);
	q->digest = digest_new();
	/* Now, because the sandbox forbids it later. The locale serves only for the widths of
	 * characters. */
	q->style.columns = terminal_columns(STDOUT_FILENO);
	q->style.colour = isatty(STDOUT_FILENO) && terminal_likes_colour();
	setlocale(LC_CTYPE, "C.UTF-8");
	if (q->redactor != NULL && q->digest != NULL)
		return q;
	query_free(q);
	return NULL;
}

void query_free(struct query *q)
{
	if (q == NULL)
		return;
	redactor_free(q->redactor);
	digest_free(q->digest);
	outbuf_free(&q->others);
	for (size_t i = 0; i < q->n; i++)
		free(q->kept[i].block);
	free(q);
}

static bool is_text(struct bytes text, const char *which)
{
	return bytes_equal(text, bytes_str(which));
}

static bool is_number(const struct query *q)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)q->seen);
	return strcmp(text, q->which) == 0;
}

/* Matches an address of either side: "192.0.2.10", "192.0.2.10:40001", "[2001:db8::1]:25". */
static bool is_address(const struct query *q, const struct conn *conn)
{
	for (int s = CLIENT; s <= SERVER; s++) {
		char addr[IP_ADDR_TEXT], both[IP_ADDR_TEXT + 9];

		ip_addr_text(&conn->addr[s], addr);
		snprintf(both, sizeof(both), ip_addr_is_v4(&conn->addr[s]) ? "%s:%u" : "[%s]:%u",
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
	for (const struct transaction *t = record->session->first; t != NULL; t = t->next)
		if (is_message(q, t))
			return true;
	return false;
}

static struct report report_of(const struct stored_session *s)
{
	return report_restore(&s->report, redactor_record(s->q->redactor, s->record));
}

/* Stores a session: for EXPLAIN_ALL behind the others, else in place of the one before. */
static void store(struct query *q, const struct record *record, const struct report *r)
{
	size_t at = q->all ? q->n : 0;
	void *block = at < LADDER_SCENES ? aligned_alloc(16, record_size(record)) : NULL;
	struct stored_session *s;

	if (block == NULL)
		return;
	s = &q->kept[at];
	free(s->block);
	*s = (struct stored_session){q, block, record_pack(record, block), *r, q->seen, NULL};
	q->n = at + 1;
}

void query_offer(struct query *q, const struct record *record, const struct report *r)
{
	enum severity severity = report_severity(r, report_worst(r));

	q->seen++;
	if (!fits(q, record))
		return;
	q->fitting++;
	if (q->fitting <= OTHERS)
		explain_brief(&q->others, r, q->seen);
	if (q->n > 0 && !q->all && severity <= q->severity)
		return;
	q->severity = severity;
	store(q, record, r);
}

size_t query_count(const struct query *q)
{
	return q->n;
}

const struct conn *query_conn(const struct query *q, size_t i)
{
	return q->kept[i].record->conn;
}

void *query_kept(struct query *q, size_t i)
{
	return &q->kept[i];
}

struct bytes query_clean(void *kept, struct bytes text)
{
	const struct stored_session *s = kept;

	return redactor_text(s->q->redactor, s->record->session, text);
}

bool query_draw(struct query *q, size_t i, struct ladder *ladder)
{
	q->kept[i].ladder = ladder;
	return ladder == NULL || q->o->ladder != LADDER_SCENARIO || ladder_record(ladder);
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
	for (; n < q->n; n++) {
		const struct stored_session *s = &q->kept[n];

		scenes[n] =
			(struct ladder_scene){s->ladder, s->record, kind_of(q, s->record->conn)};
		if (s->ladder == NULL)
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
	const struct stored_session *s = &q->kept[0];
	struct report r = report_of(s);

	if (s->ladder != NULL && q->o->ladder == LADDER_CSV) {
		ladder_csv(b, s->ladder);
	} else if (s->ladder != NULL && q->o->ladder == LADDER_MERMAID) {
		ladder_mermaid(b, s->ladder);
	} else {
		explain_put(b, &r, s->number, s->ladder, q->style);
		put_others(b, q);
	}
}

bool query_print(struct query *q, struct error *why)
{
	struct outbuf b = {0};
	bool whole;

	if (q->n == 0)
		return error_set(why, "--explain: none of the %llu sessions is \"%.99s\"",
				 (unsigned long long)q->seen, q->which);
	for (size_t i = 0; i < q->n; i++) {
		const struct stored_session *s = &q->kept[i];

		if (s->ladder != NULL)
			ladder_judge(s->ladder, s->record->ending,
				     report_of(s).record.judgement.verdict);
	}
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
