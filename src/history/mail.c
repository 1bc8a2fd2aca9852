/* mail.c - the table of outcomes, and the hashes of a mail. */
#include "history/mail.h"

enum { SMALL_BYTES = 300 };

static const struct outcome_row rows[OUTCOMES] = {
#define OUTCOME(name, id, severity, rule, sentence) {id, SEVERITY_##severity, sentence},
#include "history/outcomes.def"
};

const struct outcome_row *outcome_row(enum outcome outcome)
{
	return &rows[outcome];
}

enum outcome outcome_read(const char *name)
{
	unsigned i = 0;
	while (i < OUTCOMES && strcmp(rows[i].name, name) != 0)
		i++;
	return (enum outcome)i;
}

static uint32_t hash_of(const void *p, size_t n, uint32_t hash)
{
	const uint8_t *at = p;
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ at[i]) * 16777619;
	return hash;
}

uint32_t mail_client_hash(const struct ip_addr *client)
{
	return hash_of(client->b, sizeof client->b, 2166136261);
}

uint32_t mail_flow_hash(const struct attempt *a)
{
	uint32_t hash = hash_of(a->server.b, sizeof a->server.b, mail_client_hash(&a->client));
	return hash_of(&a->client_port, sizeof a->client_port, hash);
}

static uint32_t size_of(const struct attempt *a)
{
	return a->size < UINT32_MAX ? (uint32_t)a->size : UINT32_MAX;
}

struct mail mail_like(const struct attempt *a)
{
	return (struct mail){.rcpt = a->rcpt,
			     .msgid = a->msgid,
			     .first = a->at,
			     .sender = mail_hash(a->sender),
			     .size = size_of(a),
			     .site = mail_hash(a->site),
			     .client = mail_client_hash(&a->client),
			     .domain = mail_hash(a->domain),
			     .null_sender = a->flags & ATTEMPT_NULL_SENDER,
			     .small = a->bytes < SMALL_BYTES && a->size < SMALL_BYTES};
}

bool mail_same_envelope(const struct mail *m, const struct mail *like)
{
	return m->rcpt == like->rcpt && m->sender == like->sender && m->size == like->size;
}

bool mail_has(const struct mail *m, const struct attempt *a, bool *same_site)
{
	struct mail like = mail_like(a);
	*same_site = m->site == like.site;
	if (m->msgid && like.msgid)
		return m->msgid == like.msgid && m->rcpt == like.rcpt &&
		       (!*same_site || m->sender == like.sender);
	return mail_same_envelope(m, &like);
}
