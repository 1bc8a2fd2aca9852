/* rules.c - what the rules of causes share: the weighing of signs, and who did it. */
#include "core/cause/signs.h"

#include <assert.h>

char *cause_rules_line(struct cause *c)
{
	assert(c->evidences < CAUSE_EVIDENCE);
	return c->evidence[c->evidences++];
}

char *cause_rules_sign(struct cause *c, enum confidence confidence)
{
	bool first = c->evidences == 0;
	enum confidence best = first || confidence > c->confidence ? confidence : c->confidence;
	c->confidence = first || best == CONFIDENCE_CERTAIN ? best : best + 1;
	return cause_rules_line(c);
}

void cause_rules_limit(struct cause *c, enum confidence max)
{
	if (c->confidence > max)
		c->confidence = max;
}

/* A 421 that met the client's FIN on the wire is an end by the server too. */
bool cause_rules_by_server(const struct cause_input *f)
{
	const struct ending *e = f->ending;
	return e->unasked_221 || e->final_421 || (e->closer == CLOSER_SERVER && !e->vanished);
}

bool cause_rules_by_client(const struct cause_input *f)
{
	return f->ending->closer == CLOSER_CLIENT && !f->ending->vanished &&
	       !cause_rules_by_server(f);
}

bool cause_rules_dropped(const struct cause_input *f)
{
	const struct ending *e = f->ending;
	return e->closer == CLOSER_SERVER && !e->vanished && !e->unasked_221 &&
	       e->farewell == FAREWELL_NONE;
}

static bool has_sent(const struct conn_flow *s)
{
	return s->bytes + s->gap > 0;
}

int64_t cause_rules_silence(const struct cause_input *f)
{
	return has_sent(&f->conn->flow[CLIENT]) ? f->ending->client_silence
						: f->end - f->conn->start;
}

/* The two directions may be captured skewed: what the client's last bytes acknowledged says more
 * than the times. Where it has closed, that was with its FIN. */
bool cause_rules_client_spoke_last(const struct cause_input *f)
{
	const struct conn_flow *client = &f->conn->flow[CLIENT], *server = &f->conn->flow[SERVER];
	if (!has_sent(client) || !has_sent(server))
		return has_sent(client);
	bool knew_all = f->ending->closer == CLOSER_SERVER && f->ending->knew_all;
	return knew_all || f->ending->client_silence < f->ending->server_silence;
}
