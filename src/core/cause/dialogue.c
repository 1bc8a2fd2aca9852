/* dialogue.c - causes that show in the dialogue: what was no SMTP, was cut short, or was written
 * over on the way. */
#include "core/cause/signs.h"
#include "core/tls/record.h"

#include "base/ascii.h"

#define ROWS(table) (sizeof(table) / sizeof *(table))

/* How the first line that was no SMTP begins, and what speaks so. */
static const struct foreign_row {
	const char *begins, *speaks;
} foreign_rows[] = {
	{"\x16\x03", "a TLS ClientHello"},
	{"TLS ClientHello", "a TLS ClientHello"},
	{"PROXY ", "a PROXY header"},
	{"SSH-", "SSH"},
	{"GET ", "HTTP"},
	{"POST ", "HTTP"},
	{"HEAD ", "HTTP"},
	{"PUT ", "HTTP"},
	{"CONNECT ", "HTTP"},
	{"OPTIONS ", "HTTP or RTSP"},
	{"PRI * HTTP", "HTTP"},
	{"Host:", "HTTP"},
	{"User-Agent:", "HTTP"},
	{"INVITE ", "SIP"},
	{"REGISTER ", "SIP"},
};

static const char *foreign_name(struct bytes line)
{
	for (size_t i = 0; i < ROWS(foreign_rows); i++)
		if (ascii_begins(line, foreign_rows[i].begins))
			return foreign_rows[i].speaks;
	return "another protocol";
}

/* A client that spoke SMTP before may have gone on with its message where that was refused: header
 * lines where commands are due. A PROXY header that could be read is no fault by itself, only where
 * the server then takes nothing. */
bool cause_talk_not_smtp(const struct cause_input *f, struct cause *c)
{
	const struct session_info *s = f->session;
	const struct ending *e = f->ending;
	cause_words_sign(f, c);
	if (s->flaws & FLAW_NOT_SMTP)
		CAUSE_SIGN(c, e->spoke ? CONFIDENCE_POSSIBLE : CONFIDENCE_CERTAIN,
			   "the client sent %s where SMTP was due",
			   foreign_name(strings_find(&s->strings, STRING_NOT_SMTP).text));
	else if (s->proxied_port && cause_rules_by_server(f) && e->stage <= STAGE_EHLO &&
		 s->ts_hello_reply == 0)
		CAUSE_SIGN(c, CONFIDENCE_POSSIBLE,
			   "a PROXY header came first, and the server took nothing after it");
	return c->evidences > 0;
}

/* Signs of a TLS handshake that was begun and not finished. Of one that may have finished unseen
 * nothing is said: bytes that are missing make the ending unsure. */
static void unfinished_tls_sign(const struct session_info *s, const struct ending *e,
				struct cause *c)
{
	if (s->tls_alert)
		CAUSE_SIGN(c, CONFIDENCE_CERTAIN,
			   "the %s sent the TLS alert %u (%s) before the handshake was finished",
			   s->tls_alert_side == SERVER ? "server" : "client",
			   s->tls_alert_description, tls_alert_name(s->tls_alert_description));
	else if (s->tls && s->last_code >= 400 && e->tls.failed_by == CLOSER_SERVER)
		CAUSE_SIGN(c, CONFIDENCE_CERTAIN,
			   "the server answered the TLS handshake in clear, with %u", s->last_code);
	else if (e->closer != CLOSER_NOBODY && e->unsure == UNSURE_NONE)
		CAUSE_SIGN(c, CONFIDENCE_LIKELY, "the %s closed %s",
			   e->closer == CLOSER_SERVER ? "server" : "client",
			   s->tls ? "inside the TLS handshake"
				  : "between STARTTLS and the TLS handshake");
}

bool cause_talk_tls_failure(const struct cause_input *f, struct cause *c)
{
	const struct session_info *s = f->session;
	const struct ending *e = f->ending;
	bool begun = s->tls ? !s->tls_done
			    : s->starttls == STARTTLS_USED && e->stage == STAGE_STARTTLS;
	cause_words_sign(f, c);
	/* TLS not available due to temporary reason (RFC 3207 4), unless its words give another
	 * one. */
	const struct cause_words *w = &f->text->words;
	bool otherwise = w->weight == CAUSE_WEIGHT_SPECIFIC ? w->cause != CAUSE_TLS_FAILURE
							    : w->trouble;
	if (e->stage == STAGE_STARTTLS && e->farewell == FAREWELL_REFUSAL &&
	    s->farewell_code == 454 && !otherwise)
		CAUSE_SIGN(c, CONFIDENCE_CERTAIN, "the server answered STARTTLS with 454");
	if (e->tls.clear)
		CAUSE_SIGN(c, CONFIDENCE_CERTAIN, "the client spoke SMTP in clear on a TLS port");
	if (begun)
		unfinished_tls_sign(s, e, c);
	return c->evidences > 0;
}

/* A client that closes may have done so for any reason; half a reply that it could not read is a
 * good one. */
bool cause_talk_reply_unfinished(const struct cause_input *f, struct cause *c)
{
	if (!f->ending->reply_cut && !(f->session->flaws & FLAW_UNENDED_REPLY))
		return false;
	if (cause_rules_by_server(f))
		CAUSE_SIGN(c, CONFIDENCE_CERTAIN,
			   "the server's last reply has no end: it closed in its middle");
	else if (cause_rules_by_client(f))
		CAUSE_SIGN(c, CONFIDENCE_LIKELY,
			   "the server's last reply has no end, and the client waited no longer "
			   "for it");
	return c->evidences > 0;
}

/*
 * A client takes each reply as the answer to its next command (RFC 2920 3.2): one more or one less,
 * and all that follow mean something else to it. It goes on as long as it gets what it expects, and
 * leaves where it does not: inside a transaction.
 */
bool cause_talk_out_of_step(const struct cause_input *f, struct cause *c)
{
	const struct session_info *s = f->session;
	const struct ending *e = f->ending;
	bool left = cause_rules_by_client(f) &&
		    (e->content_open || e->transaction_open || e->quit_in_transaction);
	if (!left)
		return false;
	if (s->surplus > 0)
		CAUSE_SIGN(c, CONFIDENCE_LIKELY,
			   "the server had answered %u times more than it was asked", s->surplus);
	if (s->skipped > 0)
		CAUSE_SIGN(c, CONFIDENCE_LIKELY,
			   "%u of the client's commands had no answer, and later ones had",
			   s->skipped);
	return c->evidences > 0;
}

/* How many of the bytes are '*', as Cisco's fixup leaves a banner: it keeps "220 ", and on some
 * versions the digits 2 and 0. */
static size_t stars(struct bytes text)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '*';
	return n;
}

/* That something writes over the dialogue is plain to see; that the end comes of it is a guess, and
 * a better one where its known fault, the cut dot, would show. */
bool cause_talk_middlebox_rewrite(const struct cause_input *f, struct cause *c)
{
	const struct session_info *s = f->session;
	const struct ending *e = f->ending;
	struct bytes banner = strings_find(&s->strings, STRING_BANNER).text;
	bool cut = e->end_unanswered || e->content_open;
	if (e->closer == CLOSER_NOBODY)
		return false;
	if (banner.n >= 8 && 2 * stars(banner) > banner.n)
		CAUSE_SIGN(c, CONFIDENCE_POSSIBLE,
			   "%zu of the %zu bytes of the server's banner are '*'", stars(banner),
			   banner.n);
	if (s->starttls == STARTTLS_STRIPPED || (s->extensions & SMTP_EXT_MASKED))
		CAUSE_SIGN(c, CONFIDENCE_POSSIBLE,
			   "a keyword of the server's EHLO reply was overwritten with X");
	if (ascii_begins(strings_find(&s->strings, STRING_NOT_SMTP).text, "XXXX"))
		CAUSE_SIGN(c, CONFIDENCE_LIKELY, "the client's command was overwritten with X");
	cause_rules_limit(c, cut ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE);
	return c->evidences > 0;
}
