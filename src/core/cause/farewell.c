/* farewell.c - what the server's farewell says of the cause: its enhanced code, its code, and its
 * words, the better before the worse. */
#include "core/cause/signs.h"

#include "base/ascii.h"

enum { ANY = 0xffff };

/*
 * What a code is worth beside words that name another cause, or the server's own trouble. LOOSE:
 * servers say it for many reasons (Exchange says 4.3.2 and 4.4.2 for limits of every kind, 4.7.0
 * stands for whatever has to do with security), so that either overrules it. PLAIN: words overrule
 * it. FIRM: nothing does.
 */
enum grip { LOOSE, PLAIN, FIRM };

/* RFC 3463 and IANA's registry, by subject and detail: with a 221 RFC 2034 forces the class 2, and
 * servers copy 4 and 5. The first row that fits decides. */
static const struct enhanced_row {
	enum cause_id id;
	enum confidence confidence;
	enum grip grip;
	uint16_t subject, detail;
} enhanced_rows[] = {
	{CAUSE_SHUTDOWN, CONFIDENCE_LIKELY, LOOSE, 3,
	 2}, /* system not accepting network messages; of load too */
	{CAUSE_IDLE_TIMEOUT, CONFIDENCE_LIKELY, LOOSE, 4,
	 2}, /* bad connection: what Postfix says on its time-outs */
	{CAUSE_SIZE_LIMIT, CONFIDENCE_CERTAIN, FIRM, 3, 4}, /* message too big for system */
	{CAUSE_SIZE_LIMIT, CONFIDENCE_CERTAIN, FIRM, 2,
	 3}, /* message length exceeds administrative limit */
	{CAUSE_AUTH_FAILURES, CONFIDENCE_LIKELY, FIRM, 7,
	 8}, /* authentication credentials invalid (RFC 4954 6) */
	{CAUSE_AUTH_FAILURES, CONFIDENCE_LIKELY, FIRM, 7,
	 9}, /* authentication mechanism is too weak */
	{CAUSE_AUTH_FAILURES, CONFIDENCE_LIKELY, FIRM, 7,
	 12}, /* a password transition is needed (RFC 5248 2.4) */
	{CAUSE_AUTH_FAILURES, CONFIDENCE_LIKELY, FIRM, 7,
	 13}, /* user account disabled (RFC 5248 2.4) */
	{CAUSE_AUTH_FAILURES, CONFIDENCE_LIKELY, FIRM, 7,
	 14}, /* trust relationship required: Gmail, of a log-in */
	{CAUSE_POLICY, CONFIDENCE_POSSIBLE, LOOSE, 7,
	 0}, /* said of everything that has to do with security, too many errors too */
	{CAUSE_POLICY, CONFIDENCE_LIKELY, PLAIN, 7, ANY},
};

/* 5.3.2 of a refusal is for good, so that it is meant for this client: postscreen's deny list. */
static const struct enhanced_row for_good = {CAUSE_POLICY, CONFIDENCE_POSSIBLE, LOOSE, 3, 2};

static const struct code_row {
	enum cause_id id;
	enum confidence confidence;
	uint16_t code;
	bool bare; /* means it only without an enhanced code and without words of trouble: 552 5.2.2
		      is a full mailbox */
} code_rows[] = {
	{CAUSE_AUTH_FAILURES, CONFIDENCE_LIKELY, 535, false},
	{CAUSE_SIZE_LIMIT, CONFIDENCE_LIKELY, 552, true},
};

#define ROWS(table) (sizeof(table) / sizeof *(table))

/* A 421 that answers a command, or stands in the greeting's place: 4.3.2 and 4.4.2 are then codes
 * of a full server, of a limit, of a server behind. */
static bool answers(const struct cause_input *f)
{
	const struct ending *e = f->ending;
	bool waiting = e->unprompted || e->stage == STAGE_IDLE || e->stage == STAGE_DATA;
	return f->text->code == 421 && !waiting;
}

/* 45x to AUTH is a temporary failure of the server (RFC 4954 6). */
static bool is_temporary_auth(const struct cause_input *f)
{
	uint16_t code = f->text->code;
	return f->ending->stage == STAGE_AUTH && code >= 400 && code < 500 && code != 421;
}

/* X.3.2 and X.4.2 where they tell nothing. */
static bool is_vague(const struct cause_input *f, struct smtp_enhanced e, bool farewell)
{
	if (e.detail != 2 || (e.subject != 3 && e.subject != 4))
		return false;
	/* With 45x the bad connection is the server's own to a third host. */
	return answers(f) || (e.subject == 4 && f->text->code != 0 && !farewell);
}

/* X.7 that tells of no rule: with 500 to 504 the command is at fault (RFC 5321 4.2.2). */
static bool is_no_rule(const struct cause_input *f, struct smtp_enhanced e)
{
	uint16_t code = f->text->code;
	return e.subject == 7 && (is_temporary_auth(f) || (code >= 500 && code <= 504));
}

/* X.3.2 tells of the server where it ends a session, and of the client where it refuses for good;
 * 45x 4.3.2 is said for every reason. */
static const struct enhanced_row *enhanced_find(const struct cause_input *f)
{
	const struct cause_text *text = f->text;
	struct smtp_enhanced e = text->enhanced;
	bool farewell = smtp_code_closes(text->code);
	if (e.class == 0 || (e.class < 4 && !farewell) || is_vague(f, e, farewell) ||
	    is_no_rule(f, e))
		return NULL;
	if (e.subject == 3 && e.detail == 2 && !farewell)
		return e.class == 5 ? &for_good : text->code == 0 ? &enhanced_rows[0] : NULL;
	for (size_t i = 0; i < ROWS(enhanced_rows); i++) {
		const struct enhanced_row *row = &enhanced_rows[i];
		if (e.subject == row->subject && (row->detail == ANY || e.detail == row->detail))
			return row;
	}
	return NULL;
}

/* Outside of AUTH a code of AUTH is a slip: Yahoo says 5.7.9 of its policy. */
static bool is_firm(const struct cause_input *f, const struct enhanced_row *row)
{
	/* A message that is too big stays too big: with 4yz the server is short of room. */
	if (row->id == CAUSE_SIZE_LIMIT && f->text->words.trouble && f->text->code < 500)
		return false;
	return row->grip == FIRM &&
	       (row->id != CAUSE_AUTH_FAILURES || f->ending->stage == STAGE_AUTH);
}

static bool is_overruled(const struct cause_input *f, const struct enhanced_row *row)
{
	const struct cause_words *w = &f->text->words;
	/* 5.2.3 and 5.3.4 are said of what a message may hold too. */
	bool firm = is_firm(f, row),
	     otherwise = w->weight == CAUSE_WEIGHT_SPECIFIC && w->cause != row->id;
	if (!firm && w->trouble && w->weight != CAUSE_WEIGHT_SPECIFIC)
		return true;
	return otherwise && (!firm || row->id == CAUSE_SIZE_LIMIT);
}

/* The enhanced code, as far as it counts. */
static const struct enhanced_row *enhanced_of(const struct cause_input *f)
{
	const struct enhanced_row *row = enhanced_find(f);
	return row && !is_overruled(f, row) ? row : NULL;
}

static void code_sign(const struct cause_input *f, const struct enhanced_row *row, struct cause *c)
{
	const struct cause_text *text = f->text;
	struct smtp_enhanced e = text->enhanced;
	if (row && row->id == c->id && text->code == 0) {
		CAUSE_SIGN(c, row->confidence,
			   "the server's last words, which were no reply, begin with %u.%u.%u",
			   e.class, e.subject, e.detail);
		return;
	}
	if (row && row->id == c->id) {
		CAUSE_SIGN(c, row->confidence, "the server said %u %u.%u.%u", text->code, e.class,
			   e.subject, e.detail);
		return;
	}
	/* A bare code gives way to words that name another cause: 535 that TLS is required. */
	bool otherwise = text->words.weight == CAUSE_WEIGHT_SPECIFIC &&
			 text->words.cause != c->id && e.class == 0;
	/* RFC 5321 4.2.2 has 552 for storage: to RCPT it is the mailbox that is full. */
	if (f->ending->stage == STAGE_RCPT && text->code == 552)
		return;
	for (size_t i = 0; i < ROWS(code_rows); i++) {
		const struct code_row *code = &code_rows[i];
		if (code->id == c->id && code->code == text->code && !otherwise &&
		    !(code->bare && (e.class || text->words.trouble)))
			CAUSE_SIGN(c, code->confidence, "the server said %u", text->code);
	}
}

/* The name of an entry stands in the text as it is. */
static bool has_literally(struct bytes text, const char *name)
{
	for (size_t i = 0; i < text.n; i++)
		if (ascii_begins(bytes_from(text, i), name))
			return true;
	return false;
}

/* A refusal whose code speaks of the address or its mailbox (RFC 3463 3.2, 3.3; X.1.0 and X.2.0 may
 * be anything, X.2.3 is the length of the message): the words tell what happened to that. */
static bool about_mailbox(const struct cause_text *text)
{
	struct smtp_enhanced e = text->enhanced;
	bool of_it = e.subject == 1 || (e.subject == 2 && e.detail != 3);
	return e.class >= 4 && of_it && e.detail != 0 && !smtp_code_closes(text->code);
}

/* X.2.2 is a full mailbox, however large the message. */
static bool about_another(const struct cause_text *text, enum cause_id id)
{
	bool full = text->enhanced.subject == 2 && text->enhanced.detail == 2;
	return about_mailbox(text) && (id != CAUSE_SIZE_LIMIT || full);
}

/* Weak words count where nothing better does. */
void cause_words_sign(const struct cause_input *f, struct cause *c)
{
	const struct cause_text *text = f->text;
	const struct cause_words *w = &text->words;
	const struct enhanced_row *row = enhanced_of(f);
	bool contradicted = row && row->id != c->id && is_firm(f, row);
	code_sign(f, row, c);
	if (w->cause != c->id || contradicted)
		return;
	bool another = about_another(text, c->id), weak = w->weight == CAUSE_WEIGHT_WEAK || another;
	/* "Denied", and nothing else: the code says that there is no such address; X.1.7 and X.1.8
	 * are of the sender. */
	bool only_denied = another && (w->denial || w->weight == CAUSE_WEIGHT_WEAK) &&
			   text->enhanced.detail < 7;
	if (weak &&
	    (w->trouble || only_denied || c->evidences > 0 || row || cause_time_measured(f)))
		return;
	enum confidence confidence = weak ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY;
	const char *how = has_literally(text->text, w->name) ? "the words" : "other words for";
	if (text->code == 0)
		CAUSE_SIGN(c, confidence, "its last words, which were no reply, have %s \"%s\"",
			   how, w->name);
	else
		CAUSE_SIGN(c, confidence, "its last reply has %s \"%s\"", how, w->name);
}

bool cause_text_says_nothing(const struct cause_input *f)
{
	const struct cause_words *w = &f->text->words;
	return w->weight != CAUSE_WEIGHT_SPECIFIC && !w->trouble && !enhanced_of(f);
}

bool cause_text_names_time(const struct cause_input *f)
{
	const struct cause_words *w = &f->text->words;
	const struct enhanced_row *row = enhanced_of(f);
	return w->cause == CAUSE_IDLE_TIMEOUT || (row && row->id == CAUSE_IDLE_TIMEOUT);
}

/* The greeting names the host in its first word; where the farewell is the greeting, that word is
 * read as any other reply's. */
static struct bytes host_of(const struct cause_input *f)
{
	struct bytes banner = strings_find(&f->session->strings, STRING_BANNER).text;
	return f->ending->stage == STAGE_CONNECT ? bytes_of(NULL, 0) : ascii_word(&banner);
}

/* qmail and its kin give the enhanced code at the end of the text: "(#5.7.1)". */
static struct smtp_enhanced marked_code(struct bytes text)
{
	const uint8_t *mark = text.n > 0 ? memchr(text.p, '#', text.n) : NULL;
	if (!mark)
		return (struct smtp_enhanced){0};
	struct bytes code = bytes_from(text, (size_t)(mark - text.p) + 1);
	size_t n = 0;
	while (n < code.n && (code.p[n] == '.' || ascii_digit(code.p[n])))
		n++;
	return smtp_enhanced_find(bytes_first(code, n));
}

/*
 * What the place makes of words. Nothing was refused before the greeting, so that the errors for
 * which it refuses for good are those of other sessions; to RCPT and the message itself it is not
 * the client's log-in that fails, but what the server asks for, or the mail's own signature.
 */
static enum cause_id placed(const struct cause_input *f, uint16_t code, enum cause_id id)
{
	enum stage stage = f->ending->stage;
	bool mail = stage == STAGE_RCPT || stage == STAGE_DATA || stage == STAGE_END_OF_MESSAGE;
	if (id == CAUSE_TOO_MANY_ERRORS && stage == STAGE_CONNECT && code >= 500)
		return CAUSE_POLICY;
	return id == CAUSE_AUTH_FAILURES && mail && code != 0 && !smtp_code_closes(code)
		       ? CAUSE_POLICY
		       : id;
}

/* The server's last words count too where they were no reply. */
void cause_text_read(const struct cause_input *f, struct cause_text *out)
{
	const struct session_info *s = f->session;
	enum farewell farewell = f->ending->farewell;
	bool worded = farewell == FAREWELL_421 || farewell == FAREWELL_221_UNASKED ||
		      farewell == FAREWELL_REFUSAL;
	*out = (struct cause_text){0};
	if (s->uncoded && farewell == FAREWELL_NONE && cause_rules_by_server(f)) {
		out->text = strings_find(&s->strings, STRING_UNCODED).text;
		out->enhanced = smtp_enhanced_find(out->text);
	} else if (worded && s->farewell_code) {
		out->text = session_farewell_text(s);
		out->code = s->farewell_code;
		out->enhanced = s->farewell_enhanced.class ? s->farewell_enhanced
							   : marked_code(out->text);
	}
	/* A 5yz that answers a command refuses for good. One that answers nothing ends the session,
	 * as 421 does. */
	bool asked = !f->ending->unprompted || out->code < 500;
	cause_words_read(asked ? out->code : 421, out->text, host_of(f), &out->words);
	out->words.cause = placed(f, out->code, out->words.cause);
}
