/* attempt.c - from a session's record to its attempts. */
#include "history/attempt.h"

#include "base/ascii.h"
#include "smtpwatch/verdict.h"

#include <stdio.h>
#include <stdlib.h>

/* SITES: servers whose site is remembered, for sessions without a banner. HOST_MAX: RFC 1035. */
enum { SITES = 4096, HOST_MAX = 255 };

struct site {
	bool known;
	uint16_t port;
	struct ip_addr server;
	char text[ATTEMPT_SITE_MAX];
	size_t n;
};

struct attempts {
	struct history_keys *keys;
	struct site sites[SITES];
};

const char *attempt_fate_name(unsigned fate)
{
	static const char *const names[ATTEMPT_FATES] = {
		"",         "accepted", "falsely-accepted", "unanswered", "cut",
		"deferred", "rejected", "aborted",          "unknown"};
	return fate < ATTEMPT_FATES ? names[fate] : "";
}

struct attempts *attempts_new(struct history_keys *keys)
{
	struct attempts *m = calloc(1, sizeof *m);
	if (m)
		m->keys = keys;
	return m;
}

void attempts_free(struct attempts *m)
{
	free(m);
}

/* The banner's first word, without what is no host's name. */
static struct bytes host_of(struct bytes banner)
{
	size_t n = 0, dots = 0;
	while (n < banner.n && (ascii_alnum(banner.p[n]) || banner.p[n] == '-' ||
				banner.p[n] == '_' || banner.p[n] == '.'))
		dots += banner.p[n++] == '.';
	while (n > 0 && banner.p[n - 1] == '.') {
		n--;
		dots--;
	}
	return bytes_of(banner.p, dots > 0 && n <= HOST_MAX ? n : 0);
}

/* Whether it looks like a suffix below which strangers register: co.uk, com.au, ac.at. */
static bool is_suffix(struct bytes domain)
{
	const uint8_t *dot = memchr(domain.p, '.', domain.n);
	size_t first = dot ? (size_t)(dot - domain.p) : domain.n;
	return !dot || (first <= 3 && domain.n - first - 1 == 2);
}

/* mx1.example.net and mx2.example.net are of one domain; example.net and example.co.uk stay. */
static struct bytes domain_of(struct bytes host)
{
	const uint8_t *dot = host.n ? memchr(host.p, '.', host.n) : NULL;
	struct bytes rest = dot ? bytes_from(host, (size_t)(dot - host.p) + 1) : host;
	return rest.n == 0 || is_suffix(rest) ? host : rest;
}

size_t attempt_site(struct bytes banner, const struct ip_addr *server, uint16_t port,
		    char out[ATTEMPT_SITE_MAX])
{
	struct bytes domain = domain_of(host_of(banner));
	char address[IP_ADDR_TEXT];
	int n;
	if (domain.n > 0)
		n = snprintf(out, ATTEMPT_SITE_MAX, "%.*s:%u", (int)domain.n,
			     (const char *)domain.p, port);
	else
		n = snprintf(out, ATTEMPT_SITE_MAX, "[%s]:%u", ip_addr_text(server, address), port);
	for (char *c = out; *c != '\0'; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + ('a' - 'A')) : *c;
	return (size_t)n;
}

static struct site *site_place(struct attempts *m, const struct ip_addr *server, uint16_t port)
{
	uint32_t hash = port;
	for (size_t i = 0; i < sizeof server->b; i++)
		hash = (hash ^ server->b[i]) * 16777619;
	return &m->sites[(hash ^ hash >> 16) % SITES];
}

/* The site of a session; where it has no banner, that which the server had before. Borrowed until
 * the next call. */
static struct bytes site_of(struct attempts *m, const struct record *r)
{
	const struct ip_addr *server = &r->conn->addr[SERVER];
	uint16_t port = r->conn->port[SERVER];
	struct site *s = site_place(m, server, port);
	struct bytes banner = strings_find(&r->session->strings, STRING_BANNER).text;
	bool same = s->known && s->port == port && ip_addr_equal(&s->server, server);
	if (same && host_of(banner).n == 0)
		return bytes_of(s->text, s->n);
	s->known = true;
	s->port = port;
	s->server = *server;
	s->n = attempt_site(banner, server, port, s->text);
	return bytes_of(s->text, s->n);
}

static uint8_t fate_of(enum fate fate)
{
	static const uint8_t fates[FATES] = {
		[FATE_ACCEPTED] = ATTEMPT_ACCEPTED,
		[FATE_FALSELY_ACCEPTED] = ATTEMPT_FALSELY_ACCEPTED,
		[FATE_UNANSWERED] = ATTEMPT_UNANSWERED,
		[FATE_CUT] = ATTEMPT_CUT,
		[FATE_DEFERRED] = ATTEMPT_DEFERRED,
		[FATE_REJECTED] = ATTEMPT_REJECTED,
		[FATE_ABORTED] = ATTEMPT_ABORTED,
	};
	return fates[fate] ? fates[fate] : ATTEMPT_UNKNOWN;
}

/* What became of one recipient: his own refusal, or else the fate of the message. */
static void rcpt_settle(struct attempt *a, const struct transaction *t, uint16_t code)
{
	bool mixed = t->lmtp_answered > 0 && t->lmtp_accepted > 0 &&
		     t->lmtp_accepted < t->lmtp_answered;
	a->fate = fate_of(t->fate);
	a->code = t->code;
	if (code / 100 == 4 || code / 100 == 5) {
		a->fate = code / 100 == 4 ? ATTEMPT_DEFERRED : ATTEMPT_REJECTED;
		a->code = code;
		return;
	}
	/* Replies for each recipient are counted, and not kept by recipient. */
	if (mixed || (code == 0 && t->fate == FATE_ACCEPTED))
		a->fate = ATTEMPT_UNKNOWN;
	if (t->end_sent && !t->hole && t->bytes > 0 && t->bytes_acked >= t->bytes)
		a->flags |= ATTEMPT_ACKED;
	if (t->taken == TAKEN_YES)
		a->flags |= ATTEMPT_TAKEN;
}

static void text_copy(char *out, size_t size, struct bytes text)
{
	size_t n = text.n < size - 1 ? text.n : size - 1;
	if (n > 0)
		memcpy(out, text.p, n);
	out[n] = '\0';
}

/* The facts that all recipients of a message share. */
static void message_facts(struct attempts *m, const struct record *r, const struct transaction *t,
			  struct attempt *a, struct attempt_texts *texts)
{
	int64_t at = t->ts_reply ? t->ts_reply : r->ending->closed ? r->ending->closed : r->end;
	texts->sender = strings_find(&t->strings, STRING_FROM).text;
	texts->msgid = strings_find(&t->strings, STRING_MESSAGE_ID).text;
	a->at = at / FRAME_MS;
	a->sender = history_key_address(m->keys, texts->sender);
	a->msgid = history_key(m->keys, texts->msgid);
	a->size = t->size_declared;
	a->bytes = t->bytes;
	a->flags = texts->sender.p && texts->sender.n == 0 ? ATTEMPT_NULL_SENDER : 0;
	a->flags |= r->session->tls_decrypted ? ATTEMPT_DECRYPTED : 0;
	text_copy(a->queue, sizeof a->queue, strings_find(&t->strings, STRING_QUEUE_ID).text);
	text_copy(a->verdict, sizeof a->verdict, bytes_str(verdict_row(r->judgement.verdict)->id));
}

/* Returns the recipients that are not kept. */
static uint64_t message_make(struct attempts *m, const struct record *r,
			     const struct transaction *t, const struct attempt *shared,
			     struct attempt_texts texts, const struct attempt_taker *taker)
{
	struct attempt common = *shared;
	struct string s;
	uint16_t pos = 0;
	uint64_t named = 0;
	message_facts(m, r, t, &common, &texts);
	while (strings_next(&t->strings, &pos, &s)) {
		uint8_t room[STRING_TEXT_MAX];
		struct attempt a = common;
		if (s.tag != STRING_RCPT)
			continue;
		named++;
		texts.rcpt = s.text;
		texts.domain = address_domain(address_inner(s.text, room));
		a.rcpt = history_key_address(m->keys, s.text);
		a.domain = history_key(m->keys, texts.domain);
		rcpt_settle(&a, t, s.value);
		if (a.fate == ATTEMPT_ACCEPTED)
			a.verdict[0] = '\0';
		taker->attempt(taker->arg, &a, &texts);
	}
	return t->rcpt_count > named ? t->rcpt_count - named : 0;
}

/* Whether something may have been said in the session that nobody could read. */
static bool is_unread(const struct record *r)
{
	const struct ending *e = r->ending;
	if (!e->connected)
		return false;
	if (e->encrypted || r->session->transactions_omitted > 0)
		return true;
	return e->seen != SEEN_FULL || e->unsure != UNSURE_NONE || e->unknown_fates > 0;
}

uint64_t attempts_make(struct attempts *m, const struct record *r,
		       const struct attempt_taker *taker)
{
	const struct conn *conn = r->conn;
	struct attempt_texts texts = {.site = site_of(m, r)};
	struct attempt a = {.site = history_key(m->keys, texts.site),
			    .client = conn->addr[CLIENT],
			    .server = conn->addr[SERVER],
			    .client_port = conn->port[CLIENT],
			    .server_port = conn->port[SERVER]};
	uint64_t omitted = 0;
	if (r->session->proxied_port != 0)
		a.client = r->session->proxied;
	for (const struct transaction *t = r->session->first; t; t = t->next)
		omitted += message_make(m, r, t, &a, texts, taker);
	if (is_unread(r) || omitted > 0) {
		struct attempt_unread u = {r->end / FRAME_MS, a.site, texts.site, a.client};
		taker->unread(taker->arg, &u);
	}
	return omitted;
}
