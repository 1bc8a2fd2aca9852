/* table.c - the table of causes, out of the rows of causes.def, and which of those that hold is the
 * best founded. */
#include "core/cause/signs.h"
#include "smtpwatch/verdict.h"

#include <assert.h>

/* What is left where no rule holds: the figures that a pattern over several sessions would show in,
 * where they are no mere moment. */
bool cause_unexplained(const struct cause_input *f, struct cause *c)
{
	if (f->end - f->conn->start < FRAME_SECOND)
		CAUSE_REMARK(c, "nothing that was seen explains it");
	else
		CAUSE_REMARK(c,
			     "nothing that was seen explains it; the session was %.1f s old, and "
			     "the client had been silent for %.1f s",
			     CAUSE_SECONDS(f->end - f->conn->start),
			     CAUSE_SECONDS(cause_rules_silence(f)));
	return true;
}

static const struct cause_row rows[CAUSES] = {
#define ROW(...)                          __VA_ARGS__
#define CAUSE(name, rule, row, sentences) [CAUSE_##name] = {row, .holds = rule},
#include "smtpwatch/causes.def"
};

const struct cause_row *cause_row(enum cause_id id)
{
	assert(id < CAUSES);
	return &rows[id];
}

enum cause_id cause_read(const char *id)
{
	enum cause_id c = 0;
	while (c < CAUSES && strcmp(rows[c].id, id) != 0)
		c++;
	return c;
}

/*
 * Is there anything to explain? Not where all went well, nor in what the client may do as it likes:
 * QUIT when it pleases, leave after its last answer unless it never got that. A TLS session in
 * which an alert ended the handshake has the verdict that it cannot be read, and yet a cause.
 */
static bool sought(const struct cause_input *f)
{
	const struct ending *e = f->ending;
	bool ended = f->session->tls_alert || e->closer == CLOSER_SERVER ||
		     e->tls.failed_by == CLOSER_SERVER;
	bool begun = f->session->tls && !f->session->tls_done && ended && e->seen == SEEN_FULL;
	bool handshake_failed = begun || e->tls.clear;
	if (verdict_row(f->judgement->verdict)->severity == SEVERITY_NONE)
		return f->judgement->verdict == VERDICT_ENCRYPTED && handshake_failed;
	if (f->judgement->verdict == VERDICT_TLS_HANDSHAKE_FAILED)
		return handshake_failed;
	return e->connected && !e->refused && !e->no_answer &&
	       f->judgement->verdict != VERDICT_QUIT_BEFORE_ACCEPTANCE;
}

/* A client that leaves when everything is answered does nothing wrong; yet it may not have got the
 * answer. */
static bool fits(const struct cause_input *f, enum cause_id id)
{
	return f->judgement->verdict != VERDICT_CLIENT_NO_QUIT || id == CAUSE_REPLY_LOST;
}

void cause_find(const struct cause_input *input, struct cause *out)
{
	struct cause_input whole = *input, *f = &whole;
	struct cause_text text;
	out->id = CAUSE_UNEXPLAINED;
	out->confidence = CONFIDENCE_POSSIBLE;
	out->evidences = 0;
	if (!sought(f))
		return;
	cause_text_read(f, &text);
	f->text = &text;
	for (enum cause_id id = 0; id < CAUSE_UNEXPLAINED; id++) {
		struct cause c;
		c.id = id;
		c.confidence = CONFIDENCE_POSSIBLE;
		c.evidences = 0;
		if (fits(f, id) && rows[id].holds(f, &c) &&
		    (out->evidences == 0 || c.confidence > out->confidence))
			*out = c;
	}
	/* Of usual endings, which no operator is told of, nobody asks why. */
	if (out->evidences == 0 &&
	    verdict_severity(f->judgement->verdict, f->ending) >= SEVERITY_NOTICE)
		cause_unexplained(f, out);
}
