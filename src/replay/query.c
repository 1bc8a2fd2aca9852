/* query.c - finds the session by whatever the administrator has in hand, and tells of it. */
#include "replay/query.h"

#include "format/session_id.h"
#include "format/text/explain.h"
#include "text/terminal.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

/* Of those that fit as well, so many are named. */
enum { OTHERS = 10 };

/* One that is kept. */
struct stored_conn {
	struct query *c;
	void *block; /* what `record` lies in */
	const struct record *record;
	const char *input;
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
	struct stored_conn kept[LADDER_SCENES];
	size_t n;
	enum severity severity; /* of the one, where it is one */
	struct outbuf others;
	struct explain_style style;
};

struct query *query_new(const struct options *o)
{
	struct query *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->o = o;
	c->which = o->explain;
	c->all = strcmp(c->which, EXPLAIN_ALL) == 0;
	c->redactor = redactor_new(o->redact);
	c->digest = digest_new();
	/* Asked now, because nothing may be asked of the system later; the locale is for the widths
	 * of characters alone. */
	c->style.columns = terminal_columns(STDOUT_FILENO);
	c->style.colour = isatty(STDOUT_FILENO) && terminal_likes_colour();
	setlocale(LC_CTYPE, "C.UTF-8");
	if (c->redactor != NULL && c->digest != NULL)
		return c;
	query_free(c);
	return NULL;
}

void query_free(struct query *c)
{
	if (c == NULL)
		return;
	redactor_free(c->redactor);
	digest_free(c->digest);
	outbuf_free(&c->others);
	for (size_t i = 0; i < c->n; i++)
		free(c->kept[i].block);
	free(c);
}

static bool is_text(struct bytes text, const char *which)
{
	return bytes_equal(text, bytes_str(which));
}

static bool is_number(const struct query *c)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)c->seen);
	return strcmp(text, c->which) == 0;
}

/* "192.0.2.10", "192.0.2.10:40001", "[2001:db8::1]:25" of either side. */
static bool is_address(const struct query *c, const struct conn *conn)
{
	for (int s = CLIENT; s <= SERVER; s++) {
		char addr[IP_ADDR_TEXT], both[IP_ADDR_TEXT + 9];

		ip_addr_text(&conn->addr[s], addr);
		snprintf(both, sizeof(both), ip_addr_is_v4(&conn->addr[s]) ? "%s:%u" : "[%s]:%u",
			 addr, (unsigned)conn->port[s]);
		if (strcmp(addr, c->which) == 0 || strcmp(both, c->which) == 0)
			return true;
	}
	return false;
}

static bool is_identity(const struct query *c, const struct conn *conn)
{
	char session[IDENTITY_SESSION], community[IDENTITY_COMMUNITY];

	identity_session(c->digest, conn, session);
	identity_community(c->digest, conn, community);
	return strcmp(session, c->which) == 0 || strcmp(community, c->which) == 0;
}

/* A Message-ID or an address of mail may stand in angle brackets or without them. */
static bool is_message(const struct query *c, const struct transaction *t)
{
	const char *which = c->which;
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

static bool fits(const struct query *c, const struct record *record)
{
	if (c->all || strcmp(c->which, "worst") == 0 || is_number(c) ||
	    is_address(c, record->conn) || is_identity(c, record->conn))
		return true;
	for (const struct transaction *t = record->session->first; t != NULL; t = t->next)
		if (is_message(c, t))
			return true;
	return false;
}

static struct report report_of(const struct query *c, const struct record *record,
			       const char *input)
{
	return report_make(&c->o->alerting, redactor_record(c->redactor, record), input);
}

/* Of all, behind those before it; else in the place of the one. */
static void keep(struct query *c, const struct record *record, const char *input)
{
	size_t at = c->all ? c->n : 0;
	void *block = at < LADDER_SCENES ? aligned_alloc(16, record_size(record)) : NULL;
	struct stored_conn *k;

	if (block == NULL)
		return;
	k = &c->kept[at];
	free(k->block);
	*k = (struct stored_conn){c, block, record_pack(record, block), input, c->seen, NULL};
	c->n = at + 1;
}

void query_offer(struct query *c, const struct record *record, const char *input)
{
	struct report r;
	enum severity severity;

	c->seen++;
	if (!fits(c, record))
		return;
	c->fitting++;
	r = report_of(c, record, input);
	severity = report_severity(&r, report_worst(&r));
	if (c->fitting <= OTHERS)
		explain_brief(&c->others, &r, c->seen);
	if (c->n > 0 && !c->all && severity <= c->severity)
		return;
	c->severity = severity;
	keep(c, record, input);
}

size_t query_count(const struct query *c)
{
	return c->n;
}

const struct conn *query_conn(const struct query *c, size_t i)
{
	return c->kept[i].record->conn;
}

void *query_kept(struct query *c, size_t i)
{
	return &c->kept[i];
}

struct bytes query_clean(void *kept, struct bytes text)
{
	const struct stored_conn *k = kept;

	return redactor_text(k->c->redactor, k->record->session, text);
}

bool query_draw(struct query *c, size_t i, struct ladder *ladder)
{
	c->kept[i].ladder = ladder;
	return ladder == NULL || c->o->ladder != LADDER_SCENARIO || ladder_record(ladder);
}

/* Others that fit. Of the worst there is no choice. */
static void put_others(struct outbuf *b, const struct query *c)
{
	if (c->fitting < 2 || strcmp(c->which, "worst") == 0)
		return;
	outbuf_str(b, "\n");
	outbuf_grouped(b, c->fitting);
	outbuf_format(b,
		      " sessions fit; this is the worst of them. %s, to be explained by number:\n",
		      c->fitting > OTHERS ? "The first" : "All");
	outbuf_bytes(b, c->others.p, c->others.n);
}

static enum port_kind kind_of(const struct query *c, const struct conn *conn)
{
	const struct monitor_config *m = &c->o->monitor;
	uint16_t port = conn->port[SERVER];

	return port_set_has(&m->tls_ports, port)    ? PORT_TLS
	       : port_set_has(&m->lmtp_ports, port) ? PORT_LMTP
						    : PORT_SMTP;
}

static bool put_scenario(struct outbuf *b, struct query *c, char why[QUERY_WHY])
{
	struct ladder_scene scenes[LADDER_SCENES];
	size_t n = 0;
	char reason[LADDER_WHY];

	snprintf(why, QUERY_WHY, "--ladder scenario: no memory");
	for (; n < c->n; n++) {
		const struct stored_conn *k = &c->kept[n];

		scenes[n] =
			(struct ladder_scene){k->ladder, k->record, kind_of(c, k->record->conn)};
		if (k->ladder == NULL)
			return false;
	}
	if (c->fitting > LADDER_SCENES && c->all)
		snprintf(reason, sizeof(reason),
			 "it has room for %u sessions, and there are %llu: choose with --explain "
			 "or a filter",
			 (unsigned)LADDER_SCENES, (unsigned long long)c->fitting);
	else if (ladder_scenario(b, scenes, n, reason))
		return true;
	snprintf(why, QUERY_WHY, "--ladder scenario: %s", reason);
	return false;
}

static void put_all(struct outbuf *b, const struct query *c)
{
	const struct stored_conn *k = &c->kept[0];
	struct report r = report_of(c, k->record, k->input);

	if (k->ladder != NULL && c->o->ladder == LADDER_CSV) {
		ladder_csv(b, k->ladder);
	} else if (k->ladder != NULL && c->o->ladder == LADDER_MERMAID) {
		ladder_mermaid(b, k->ladder);
	} else {
		explain_put(b, &r, k->number, k->ladder, c->style);
		put_others(b, c);
	}
}

bool query_print(struct query *c, char why[QUERY_WHY])
{
	struct outbuf b = {0};
	bool whole;

	if (c->n == 0) {
		snprintf(why, QUERY_WHY, "--explain: none of the %llu sessions is \"%.99s\"",
			 (unsigned long long)c->seen, c->which);
		return false;
	}
	for (size_t i = 0; i < c->n; i++) {
		const struct stored_conn *k = &c->kept[i];

		if (k->ladder != NULL)
			ladder_judge(k->ladder, k->record->ending,
				     report_of(c, k->record, k->input).record.judgement.verdict);
	}
	if (c->o->ladder != LADDER_SCENARIO) {
		put_all(&b, c);
	} else if (!put_scenario(&b, c, why)) {
		outbuf_free(&b);
		return false;
	}
	errno = ENOMEM;
	whole = !b.failed && fwrite(b.p, 1, b.n, stdout) == b.n && fflush(stdout) == 0;
	if (!whole)
		snprintf(why, QUERY_WHY, "standard output: %s", strerror(errno));
	outbuf_free(&b);
	return whole;
}
