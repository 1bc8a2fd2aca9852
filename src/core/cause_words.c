/* cause_words.c - what the server's farewell says of the cause: enhanced codes, codes, and words. To add one: a row. */
#include "core/cause_signs.h"

#include "core/ascii.h"

enum { ANY = 0xffff };

/* RFC 3463 and IANA's registry. The first row that fits decides which cause a code speaks for. */
static const struct enhanced_row {
	enum cause_id id;
	enum confidence confidence;
	uint8_t class; /* at least */
	uint16_t subject, detail;
} enhanced_rows[] = {
	{CAUSE_POLICY, CONFIDENCE_POSSIBLE, 5, 3, 2},  /* for good, so that it is meant for this client: postscreen's deny list */
	{CAUSE_SHUTDOWN, CONFIDENCE_CERTAIN, 2, 3, 2}, /* system not accepting network messages */
	{CAUSE_IDLE_TIMEOUT, CONFIDENCE_LIKELY, 4, 4, 2},  /* bad connection: what Postfix says on its time-outs */
	{CAUSE_SIZE_LIMIT, CONFIDENCE_CERTAIN, 4, 3, 4},   /* message too big for system */
	{CAUSE_SIZE_LIMIT, CONFIDENCE_CERTAIN, 4, 2, 3},   /* message length exceeds administrative limit */
	{CAUSE_AUTH_FAILURES, CONFIDENCE_LIKELY, 4, 7, 8}, /* authentication credentials invalid (RFC 4954 6) */
	{CAUSE_AUTH_FAILURES, CONFIDENCE_LIKELY, 4, 7, 9}, /* authentication mechanism is too weak */
	{CAUSE_POLICY, CONFIDENCE_POSSIBLE, 4, 7, 0}, /* said of everything that has to do with security, too many errors too */
	{CAUSE_POLICY, CONFIDENCE_LIKELY, 4, 7, ANY},
};

static const struct code_row {
	enum cause_id id;
	enum confidence confidence;
	uint16_t code;
	bool bare; /* means it only without an enhanced code: 552 5.2.2 is a full mailbox */
} code_rows[] = {
	{CAUSE_AUTH_FAILURES, CONFIDENCE_LIKELY, 535, false},
	{CAUSE_SIZE_LIMIT, CONFIDENCE_LIKELY, 552, true},
};

/* In lower case; each begins where a word does, and may end within one. Of several that fit, the first of its cause counts. */
static const struct word_row {
	enum cause_id id;
	enum confidence confidence;
	const char *words;
} word_rows[] = {
	{CAUSE_SHUTDOWN, CONFIDENCE_LIKELY, "shutting down"},
	{CAUSE_SHUTDOWN, CONFIDENCE_LIKELY, "shutdown"},
	{CAUSE_SHUTDOWN, CONFIDENCE_LIKELY, "shut down"},
	{CAUSE_SHUTDOWN, CONFIDENCE_LIKELY, "going down"},
	{CAUSE_SHUTDOWN, CONFIDENCE_LIKELY, "maintenance"},
	{CAUSE_SHUTDOWN, CONFIDENCE_LIKELY, "restart"},
	{CAUSE_SHUTDOWN, CONFIDENCE_LIKELY, "reboot"},
	{CAUSE_SHUTDOWN, CONFIDENCE_POSSIBLE,
	 "service not available"}, /* RFC 5321 4.2.3's text for any 421; Exim says it when it is stopped */

	{CAUSE_IDLE_TIMEOUT, CONFIDENCE_LIKELY, "timeout"},
	{CAUSE_IDLE_TIMEOUT, CONFIDENCE_LIKELY, "timed out"},
	{CAUSE_IDLE_TIMEOUT, CONFIDENCE_LIKELY, "timed-out"},
	{CAUSE_IDLE_TIMEOUT, CONFIDENCE_LIKELY, "time-out"},
	{CAUSE_IDLE_TIMEOUT, CONFIDENCE_LIKELY, "time out"},
	{CAUSE_IDLE_TIMEOUT, CONFIDENCE_LIKELY, "idle"},
	{CAUSE_IDLE_TIMEOUT, CONFIDENCE_LIKELY, "inactiv"},
	{CAUSE_IDLE_TIMEOUT, CONFIDENCE_LIKELY, "no activity"},
	{CAUSE_IDLE_TIMEOUT, CONFIDENCE_LIKELY, "took too long"},
	{CAUSE_IDLE_TIMEOUT, CONFIDENCE_LIKELY, "taking too long"},

	{CAUSE_SESSION_LIMIT, CONFIDENCE_LIKELY, "session duration"},
	{CAUSE_SESSION_LIMIT, CONFIDENCE_LIKELY, "connection duration"},
	{CAUSE_SESSION_LIMIT, CONFIDENCE_LIKELY, "session time limit"}, /* "session time" alone may go on as "timed out" */
	{CAUSE_SESSION_LIMIT, CONFIDENCE_LIKELY, "session limit"},
	{CAUSE_SESSION_LIMIT, CONFIDENCE_LIKELY, "session too long"},
	{CAUSE_SESSION_LIMIT, CONFIDENCE_LIKELY, "session lasted"},
	{CAUSE_SESSION_LIMIT, CONFIDENCE_LIKELY, "connection time limit"},
	{CAUSE_SESSION_LIMIT, CONFIDENCE_LIKELY, "maximum connection time"},

	{CAUSE_MESSAGE_LIMIT, CONFIDENCE_LIKELY, "too many messages"},
	{CAUSE_MESSAGE_LIMIT, CONFIDENCE_LIKELY, "too many mails"},
	{CAUSE_MESSAGE_LIMIT, CONFIDENCE_LIKELY, "too many emails"},
	{CAUSE_MESSAGE_LIMIT, CONFIDENCE_LIKELY, "too many transactions"},
	{CAUSE_MESSAGE_LIMIT, CONFIDENCE_LIKELY, "message limit"},
	{CAUSE_MESSAGE_LIMIT, CONFIDENCE_LIKELY, "messages per"},
	{CAUSE_MESSAGE_LIMIT, CONFIDENCE_LIKELY, "messages in this"},
	{CAUSE_MESSAGE_LIMIT, CONFIDENCE_LIKELY, "messages on this"},
	{CAUSE_MESSAGE_LIMIT, CONFIDENCE_LIKELY, "transactions per"},
	{CAUSE_MESSAGE_LIMIT, CONFIDENCE_LIKELY, "number of messages"},

	{CAUSE_TOO_MANY_ERRORS, CONFIDENCE_LIKELY, "too many errors"},
	{CAUSE_TOO_MANY_ERRORS, CONFIDENCE_LIKELY, "too many bad"},
	{CAUSE_TOO_MANY_ERRORS, CONFIDENCE_LIKELY, "too many syntax"},
	{CAUSE_TOO_MANY_ERRORS, CONFIDENCE_LIKELY, "too many protocol"},
	{CAUSE_TOO_MANY_ERRORS, CONFIDENCE_LIKELY, "too many unrecogni"},
	{CAUSE_TOO_MANY_ERRORS, CONFIDENCE_LIKELY, "too many unknown"},
	{CAUSE_TOO_MANY_ERRORS, CONFIDENCE_LIKELY, "too many invalid"},
	{CAUSE_TOO_MANY_ERRORS, CONFIDENCE_LIKELY, "too many nonmail"},
	{CAUSE_TOO_MANY_ERRORS, CONFIDENCE_LIKELY, "too many non-mail"},
	{CAUSE_TOO_MANY_ERRORS, CONFIDENCE_LIKELY, "too many rejected"},
	{CAUSE_TOO_MANY_ERRORS, CONFIDENCE_LIKELY, "error limit"},
	{CAUSE_TOO_MANY_ERRORS, CONFIDENCE_LIKELY, "command limit"},

	{CAUSE_AUTH_FAILURES, CONFIDENCE_LIKELY, "authentication fail"},
	{CAUSE_AUTH_FAILURES, CONFIDENCE_LIKELY, "auth fail"},
	{CAUSE_AUTH_FAILURES, CONFIDENCE_LIKELY, "authentication attempts"},
	{CAUSE_AUTH_FAILURES, CONFIDENCE_LIKELY, "auth attempts"},
	{CAUSE_AUTH_FAILURES, CONFIDENCE_LIKELY, "too many auth"},
	{CAUSE_AUTH_FAILURES, CONFIDENCE_LIKELY, "too many failed auth"},
	{CAUSE_AUTH_FAILURES, CONFIDENCE_LIKELY, "too many failed login"},
	{CAUSE_AUTH_FAILURES, CONFIDENCE_LIKELY, "too many login"},
	{CAUSE_AUTH_FAILURES, CONFIDENCE_LIKELY, "login attempts"},

	{CAUSE_POLICY, CONFIDENCE_LIKELY, "spamhaus"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "blocked"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "blacklist"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "blocklist"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "block list"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "black list"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "denylist"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "dnsbl"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "rbl"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "listed"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "reputation"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "policy"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "denied"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "not permitted"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "not allowed"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "not authorized"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "unauthorized"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "prohibited"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "banned"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "spam"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "unsolicited"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "abus"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "greylist"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "graylist"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "reverse dns"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "rate limit"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "rate-limit"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "throttl"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "too fast"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "too many connections"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "too many concurrent"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "too many sessions"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "concurrent connections"},
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "synchronization error"}, /* Exim to a client that spoke too early */
	{CAUSE_POLICY, CONFIDENCE_LIKELY, "protocol synchronization"},
	{CAUSE_POLICY, CONFIDENCE_POSSIBLE, "try again later"},
	{CAUSE_POLICY, CONFIDENCE_POSSIBLE, "server busy"},
	{CAUSE_POLICY, CONFIDENCE_POSSIBLE, "too busy"},
	{CAUSE_POLICY, CONFIDENCE_POSSIBLE, "ports are busy"}, /* postscreen, which says 4.3.2 with it */

	{CAUSE_SIZE_LIMIT, CONFIDENCE_LIKELY, "message size"},
	{CAUSE_SIZE_LIMIT, CONFIDENCE_LIKELY, "size limit"},
	{CAUSE_SIZE_LIMIT, CONFIDENCE_LIKELY, "size exceed"},
	{CAUSE_SIZE_LIMIT, CONFIDENCE_LIKELY, "message too big"},
	{CAUSE_SIZE_LIMIT, CONFIDENCE_LIKELY, "message too large"},
	{CAUSE_SIZE_LIMIT, CONFIDENCE_LIKELY, "message is too large"},
	{CAUSE_SIZE_LIMIT, CONFIDENCE_LIKELY, "message is too big"},
	{CAUSE_SIZE_LIMIT, CONFIDENCE_LIKELY, "message file too big"},
	{CAUSE_SIZE_LIMIT, CONFIDENCE_LIKELY, "too much data"},
	{CAUSE_SIZE_LIMIT, CONFIDENCE_LIKELY, "too much mail data"}, /* RFC 5321 4.5.3.1.9 */

	{CAUSE_NOT_SMTP, CONFIDENCE_CERTAIN, "i can break rules, too"}, /* Postfix to HTTP */
	{CAUSE_NOT_SMTP, CONFIDENCE_LIKELY, "improper use of smtp"},    /* Exim's "synchronization error" in older words */

	{CAUSE_TLS_FAILURE, CONFIDENCE_LIKELY, "tls not available"},
	{CAUSE_TLS_FAILURE, CONFIDENCE_LIKELY, "tls currently unavailable"}, /* Exim */
	{CAUSE_TLS_FAILURE, CONFIDENCE_LIKELY, "tls negotiation"},
	{CAUSE_TLS_FAILURE, CONFIDENCE_LIKELY, "tls handshake"},
	{CAUSE_TLS_FAILURE, CONFIDENCE_LIKELY, "starttls failed"},
};

#define ROWS(table) (sizeof(table) / sizeof *(table))

static const struct enhanced_row *enhanced_find(struct smtp_enhanced e)
{
	for (size_t i = 0; i < ROWS(enhanced_rows); i++) {
		const struct enhanced_row *row = &enhanced_rows[i];
		if (e.class >= row->class && e.subject == row->subject && (row->detail == ANY || e.detail == row->detail))
			return row;
	}
	return NULL;
}

static bool is_letter(uint8_t b)
{
	return ascii_lower(b) >= 'a' && ascii_lower(b) <= 'z';
}

static bool text_has(struct bytes text, const char *words)
{
	for (size_t i = 0; i < text.n; i++)
		if ((i == 0 || !is_letter(text.p[i - 1])) && ascii_begins(bytes_from(text, i), words))
			return true;
	return false;
}

static const struct word_row *word_find(struct bytes text, enum cause_id id)
{
	for (size_t i = 0; i < ROWS(word_rows); i++)
		if (word_rows[i].id == id && text_has(text, word_rows[i].words))
			return &word_rows[i];
	return NULL;
}

/* A 4.3.2 that goes with words of too many clients is no shutdown: Exchange and postscreen say so of a server that is full. */
static bool is_full(struct bytes text)
{
	return word_find(text, CAUSE_POLICY) && !word_find(text, CAUSE_SHUTDOWN);
}

static void code_said(const struct session_facts *s, struct bytes text, struct cause *c)
{
	struct smtp_enhanced e = s->farewell_enhanced;
	const struct enhanced_row *row = enhanced_find(e);
	if (row && row->id == c->id && !(c->id == CAUSE_SHUTDOWN && is_full(text))) {
		CAUSE_SIGN(c, row->confidence, "the server said %u %u.%u.%u", s->farewell_code, e.class, e.subject, e.detail);
		return;
	}
	for (size_t i = 0; i < ROWS(code_rows); i++) {
		const struct code_row *code = &code_rows[i];
		if (code->id == c->id && code->code == s->farewell_code && !(code->bare && e.class))
			CAUSE_SIGN(c, code->confidence, "the server said %u", s->farewell_code);
	}
}

/* The server's last words were no reply: what they say counts all the same, an enhanced code at their front too. */
static void uncoded_said(const struct session_facts *s, struct cause *c)
{
	struct bytes text = notes_find(&s->notes, NOTE_UNCODED).text;
	struct smtp_enhanced e = smtp_enhanced_find(text);
	const struct enhanced_row *row = e.class ? enhanced_find(e) : NULL;
	const struct word_row *word = word_find(text, c->id);
	if (row && row->id == c->id)
		CAUSE_SIGN(c, row->confidence, "the server's last words, which were no reply, begin with %u.%u.%u", e.class,
			   e.subject, e.detail);
	if (word)
		CAUSE_SIGN(c, word->confidence, "its last words, which were no reply, have \"%s\"", word->words);
}

void cause_words_said(const struct cause_facts *f, struct cause *c)
{
	const struct session_facts *s = f->session;
	if (s->uncoded && f->ending->farewell == FAREWELL_NONE && cause_rules_by_server(f))
		uncoded_said(s, c);
	enum farewell farewell = f->ending->farewell;
	if (s->farewell_code == 0 || (farewell != FAREWELL_421 && farewell != FAREWELL_221_UNASKED && farewell != FAREWELL_REFUSAL))
		return;
	struct bytes text = session_farewell_text(s);
	const struct word_row *word = word_find(text, c->id);
	code_said(s, text, c);
	if (word)
		CAUSE_SIGN(c, word->confidence, "its last reply has the words \"%s\"", word->words);
}
