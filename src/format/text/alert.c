/* alert.c - writes one alert: sentences of the catalogue, with the values of the session. */
#include "format/text/text.h"
#include "policy/acceptance.h"

#include "base/ascii.h"
#include "policy/alert_kind.h"
#include "smtpwatch/cause.h"
#include "smtpwatch/frame.h"

/* Ends the head of an alert: its kind and both endpoints. */
static void put_tuple(struct text *t, const struct report *r, unsigned kind)
{
	const struct conn *conn = r->record.conn;
	outbuf_format(t->b, t->colour ? " \033[1m%s\033[0m  " : " %s  ", alert_kind_row(kind)->id);
	text_endpoint(t, &conn->addr[CLIENT], conn->port[CLIENT]);
	outbuf_str(t->b, " -> ");
	text_endpoint(t, &conn->addr[SERVER], conn->port[SERVER]);
}

/* Begins a paragraph with its label. The caller ends it with text_wrap(t, from, TEXT_INDENT).
 * Returns from. */
static size_t put_label(struct text *t, const char *label)
{
	size_t from = t->b->n;
	outbuf_format(t->b, "  %-*s", TEXT_INDENT - 2, label);
	return from;
}

static void put_sentence(struct text *t, const char *clause)
{
	outbuf_char(t->b, (char)ascii_upper((uint8_t)clause[0]));
	outbuf_str(t->b, clause + 1);
}

static void put_enhanced(struct text *t, struct smtp_enhanced e)
{
	if (e.class != 0)
		outbuf_format(t->b, " %u.%u.%u", (unsigned)e.class, (unsigned)e.subject,
			      (unsigned)e.detail);
}

/* Writes a reply in quotation marks. */
static void put_reply(struct text *t, uint16_t code, struct smtp_enhanced enhanced,
		      struct bytes text)
{
	outbuf_format(t->b, "\"%u", (unsigned)code);
	put_enhanced(t, enhanced);
	outbuf_str(t->b, text.n > 0 ? " " : "");
	escape_lines(t->b, text);
	outbuf_char(t->b, '"');
}

static void put_time(struct text *t, int64_t ns)
{
	outbuf_format(t->b, "%.1f s", (double)ns / (double)FRAME_SECOND);
}

/* Live, whose server it is: what to do is not the same. */
static const char *whose(enum role role)
{
	return role == ROLE_SERVER || role == ROLE_BOTH ? "your server"
	       : role == ROLE_CLIENT                    ? "remote server"
							: "server";
}

/* The names that client and server gave themselves, if they can be shown. */
static void put_names(struct text *t, const struct report *r)
{
	const struct session_info *info = r->record.session;
	char client[SERVER_NAME], server[SERVER_NAME];
	const char *between = "";
	size_t from;
	server_name(strings_find(&info->strings, STRING_HELO).text, client);
	server_name(strings_find(&info->strings, STRING_BANNER).text, server);
	bool known = r->role == ROLE_SERVER || r->role == ROLE_CLIENT || r->role == ROLE_BOTH;
	if (client[0] == '\0' && server[0] == '\0' && info->proxied_port == 0 && !known)
		return;
	from = put_label(t, "Who:");
	if (client[0] != '\0' || info->proxied_port != 0) {
		outbuf_format(t->b, "client %s", client);
		between = ", ";
	}
	if (info->proxied_port != 0) {
		outbuf_str(t->b, client[0] != '\0' ? " at " : "at ");
		text_endpoint(t, &info->proxied, info->proxied_port);
		outbuf_str(t->b, ", behind a proxy");
	}
	if (server[0] != '\0' || known)
		outbuf_format(t->b, "%s%s%s%s", between, whose(r->role), server[0] ? " " : "",
			      server);
	text_wrap(t, from, TEXT_INDENT);
}

/* How long after the end of the message; without a greeting, how long after the connection began.
 */
static void put_waited(struct text *t, const struct report *r)
{
	const struct ending *e = r->record.ending;
	if (e->waited <= 0)
		return;
	outbuf_str(t->b, ", ");
	if (e->waited < FRAME_SECOND / 10)
		outbuf_str(t->b, "at once");
	else
		put_time(t, e->waited);
	outbuf_str(t->b, !e->ungreeted                      ? " after the end of the message"
			 : r->record.session->tls_decrypted ? " after the TLS handshake"
							    : " after the connection was opened");
}

/* If the headline contains the close ("closed the connection"), writes only how it was done.
 * Otherwise ("said 221") writes the whole close. */
static void put_close(struct text *t, const struct report *r)
{
	static const char *const who[] = {[CLOSER_CLIENT] = "client", [CLOSER_SERVER] = "server"};
	const struct ending *e = r->record.ending;
	const char *with = e->how == HOW_RST       ? "with an RST"
			   : e->how == HOW_SILENCE ? "by falling silent"
						   : "with a FIN";
	bool named = strstr(verdict_words(r->record.judgement.verdict, e).headline, "closed") !=
		     NULL;
	if (named && e->closer != CLOSER_NOBODY)
		outbuf_format(t->b, ", %s", with);
	put_waited(t, r);
	if (!named && e->closer != CLOSER_NOBODY)
		outbuf_format(t->b, "; the %s then closed %s", who[e->closer], with);
	if (e->closer == CLOSER_NOBODY)
		outbuf_str(t->b, "; the close was not captured");
}

/* Whether the headline is about the farewell, and the reply of the farewell is known. */
static bool farewell_shown(const struct record *r)
{
	enum farewell f = r->ending->farewell;
	bool shown = f == FAREWELL_221_UNASKED || f == FAREWELL_REFUSAL ||
		     (f == FAREWELL_421 && r->ending->final_421 != 0);
	return shown && r->session->farewell_code != 0 &&
	       (r->session->farewell_apart || r->session->farewell_code == r->session->last_code);
}

/* Whether the farewell is also the last reply of the session. */
static bool reply_is_farewell(const struct record *r)
{
	return farewell_shown(r) && !r->session->farewell_apart;
}

/* How often the client retried when nothing answered. */
static void put_attempts(struct text *t, const struct record *r)
{
	const struct conn_side *client = &r->conn->side[CLIENT];
	int64_t since = client->unanswered_since != 0 ? client->unanswered_since : r->conn->start;
	uint32_t again = client->unanswered;
	if (r->ending->no_answer)
		again = client->packets > 1 ? client->packets - 1 : 0;
	if (again == 0)
		return;
	outbuf_str(t->b, " The client tried again ");
	text_count(t, again, "time");
	outbuf_str(t->b, " in ");
	put_time(t, r->end - since);
	outbuf_char(t->b, '.');
}

/* Returns the stage that the verdict is about. A session may go on after its 221, or after a 250
 * that came too early. */
static enum stage stage_shown(const struct record *r)
{
	enum verdict_about about = verdict_row(r->judgement.verdict)->about;
	if (about == VERDICT_ABOUT_EARLY)
		return STAGE_DATA;
	return about == VERDICT_ABOUT_221 ? r->ending->stage_221 : r->ending->stage;
}

/* An inferred verdict is shown with the signs that it was concluded from. */
static void put_signs(struct text *t, const struct report *r)
{
	const struct ending *e = r->record.ending;
	char text[256] = "";
	verdict_reason(e, &r->record.judgement, text, sizeof text);
	outbuf_format(t->b,
		      " Concluded, without keys, from the records' lengths and order (%s): %s.",
		      confidence_name(verdict_confidence(r->record.judgement.verdict, e)), text);
}

/* Writes the stage, the close and the last reply. */
static void put_circumstances(struct text *t, const struct report *r)
{
	const struct ending *e = r->record.ending;
	if (verdict_inferred(r->record.judgement.verdict)) {
		put_signs(t, r);
		return;
	}
	if (!e->refused && !e->no_answer) {
		outbuf_format(t->b, " This was at stage %s", stage_name(stage_shown(&r->record)));
		if (!e->vanished)
			put_close(t, r);
		outbuf_char(t->b, '.');
	}
	if (e->vanished || e->no_answer)
		put_attempts(t, &r->record);
	if (r->record.session->last_code != 0 && !reply_is_farewell(&r->record)) {
		outbuf_str(t->b, " The server's last reply was ");
		put_reply(t, r->record.session->last_code, r->record.session->last_enhanced,
			  strings_find(&r->record.session->strings, STRING_REPLY).text);
		outbuf_char(t->b, '.');
	}
	text_uncoded(t->b, r->record.session);
}

/* The verdict `unknown` is shown with its reason alone. */
static void put_unsure(struct text *t, const struct report *r)
{
	char reason[512] = "";
	verdict_reason(r->record.ending, &r->record.judgement, reason, sizeof reason);
	outbuf_format(t->b, ": %s", reason);
}

static void put_together(struct text *t, const struct record *r)
{
	if (r->together < 2)
		return;
	outbuf_char(t->b, ' ');
	text_count(t, r->together - 1, "other session");
	outbuf_str(t->b, " of this server ended within the same second.");
}

static void put_happened(struct text *t, const struct report *r)
{
	enum verdict v = r->record.judgement.verdict;
	size_t from = put_label(t, "What happened:");
	put_sentence(t, verdict_words(v, r->record.ending).headline);
	if (v == VERDICT_UNKNOWN) {
		put_unsure(t, r);
	} else if (farewell_shown(&r->record)) {
		outbuf_str(t->b, ": ");
		put_reply(t, r->record.session->farewell_code, r->record.session->farewell_enhanced,
			  session_farewell_text(r->record.session));
	}
	outbuf_char(t->b, '.');
	if (v != VERDICT_UNKNOWN)
		put_circumstances(t, r);
	put_together(t, &r->record);
	text_wrap(t, from, TEXT_INDENT);
}

static void put_cause(struct text *t, const struct cause *c)
{
	static const char *const sure[] = {[CONFIDENCE_POSSIBLE] = "Possibly ",
					   [CONFIDENCE_LIKELY] = "Probably ",
					   [CONFIDENCE_CERTAIN] = "Certainly "};
	outbuf_str(t->b, sure[c->confidence]);
	outbuf_str(t->b, cause_row(c->id)->meaning);
	outbuf_str(t->b, c->evidences > 0 ? ": " : "");
}

bool text_says_nothing(const struct cause *c)
{
	return c->id == CAUSE_UNEXPLAINED && c->evidences == 1 && !strchr(c->evidence[0], ';');
}

/* Example: "Probably the server ended a session that had been idle for too long: the client had
 * been silent for 300.0 s." */
static void put_why(struct text *t, const struct report *r)
{
	const struct cause *c = report_cause(r);
	size_t from;
	if (!c || text_says_nothing(r->record.cause))
		return;
	from = put_label(t, "Why:");
	/* `unexplained` is no guess: its evidence says all. */
	if (c->id != CAUSE_UNEXPLAINED)
		put_cause(t, c);
	for (unsigned i = 0; i < c->evidences; i++) {
		char text[CAUSE_EVIDENCE_TEXT];
		memcpy(text, c->evidence[i], sizeof text);
		if (i == 0 && c->id == CAUSE_UNEXPLAINED)
			text[0] = (char)ascii_upper((uint8_t)text[0]);
		outbuf_str(t->b, i > 0 ? "; " : "");
		escape_text(t->b, bytes_str(text));
	}
	outbuf_char(t->b, '.');
	text_wrap(t, from, TEXT_INDENT);
}

static void put_clause(struct text *t, const char *label, const char *clause)
{
	size_t from = put_label(t, label);
	put_sentence(t, clause);
	outbuf_char(t->b, '.');
	text_wrap(t, from, TEXT_INDENT);
}

/* If the cause is more than possible, its advice replaces that of the verdict, because it is more
 * precise. A critical verdict keeps its own advice in addition. */
static void put_advice(struct text *t, const struct report *r)
{
	enum verdict v = r->record.judgement.verdict;
	const struct verdict_words words = verdict_words(v, r->record.ending);
	const struct cause *c = report_cause(r);
	const char *better = c && c->confidence > CONFIDENCE_POSSIBLE ? cause_row(c->id)->advice
								      : NULL;
	size_t from = put_label(t, "Look at:");
	put_sentence(t, better ? better : words.advice);
	if (better && verdict_severity(v, r->record.ending) == SEVERITY_CRITICAL) {
		outbuf_str(t->b, ". ");
		put_sentence(t, words.advice);
	}
	outbuf_char(t->b, '.');
	text_wrap(t, from, TEXT_INDENT);
}

/* The file with the packets of the session. */
static void put_packets(struct text *t, const struct report *r)
{
	size_t from;
	if (!r->pcap)
		return;
	from = put_label(t, "Packets:");
	escape_text(t->b, bytes_str(r->pcap));
	if (r->pcap_omitted > 0) {
		outbuf_str(t->b, ", without ");
		text_count(t, r->pcap_omitted, "packet");
		outbuf_str(t->b, " of the middle");
	}
	text_wrap(t, from, TEXT_INDENT);
}

static void put_verdict(struct text *t, const struct report *r)
{
	put_happened(t, r);
	put_why(t, r);
	put_clause(t, "The mail:",
		   verdict_words(r->record.judgement.verdict, r->record.ending).meaning);
	text_messages(t, r);
	put_advice(t, r);
}

static void put_slow_happened(struct text *t, const struct report *r, const struct acceptance *a)
{
	size_t from = put_label(t, "What happened:");
	put_sentence(t, alert_kind_row(ALERT_SLOW_ACCEPTANCE)->headline);
	outbuf_str(t->b, a->answered ? ": the answer came " : ": there was no answer yet ");
	put_time(t, a->waited);
	outbuf_str(t->b, " after its end");
	if (!a->answered)
		outbuf_format(t->b, ", when the session ended (%s)",
			      verdict_row(r->record.judgement.verdict)->id);
	outbuf_char(t->b, '.');
	text_wrap(t, from, TEXT_INDENT);
}

/* The session's cause is that of its ending. Only CAUSE_SLOW_FILTER also explains slowness. */
static void put_slow_acceptance(struct text *t, const struct report *r)
{
	const struct verdict_row *row = alert_kind_row(ALERT_SLOW_ACCEPTANCE);
	const struct acceptance a = acceptance_slowest(&r->record);
	const struct cause *c = report_cause(r);
	put_slow_happened(t, r, &a);
	if (c && c->id == CAUSE_SLOW_FILTER)
		put_why(t, r);
	put_clause(t, "The mail:", row->meaning);
	if (a.message)
		text_message(t, r, a.message);
	put_clause(t, "Look at:", row->advice);
}

/* The interface or the capture. */
static void put_input(struct text *t, const struct report *r)
{
	size_t from = put_label(t, "Seen in:");
	escape_text(t->b, bytes_str(r->input));
	text_wrap(t, from, TEXT_INDENT);
}

void text_alert(struct text *t, const struct report *r, unsigned kind)
{
	static void (*const extras[])(struct text *, const struct report *) = {
		[ALERT_SLOW_ACCEPTANCE - VERDICTS] = put_slow_acceptance};
	size_t from = t->b->n;
	stamp_plain(&t->stamp, t->b, r->record.end);
	outbuf_char(t->b, ' ');
	text_severity(t, report_severity(r, kind), true, 0);
	put_tuple(t, r, kind);
	text_wrap(t, from, TEXT_INDENT);
	if (t->several)
		put_input(t, r);
	put_names(t, r);
	if (kind < VERDICTS)
		put_verdict(t, r);
	else
		extras[kind - VERDICTS](t, r);
	put_packets(t, r);
	outbuf_char(t->b, '\n');
}

void text_again(struct text *t, const struct report *r, unsigned kind, const char *how)
{
	size_t from = t->b->n;
	stamp_plain(&t->stamp, t->b, r->record.end);
	outbuf_format(t->b, " (%s)", how);
	put_tuple(t, r, kind);
	text_wrap(t, from, TEXT_INDENT);
	text_messages(t, r);
	put_packets(t, r);
	outbuf_char(t->b, '\n');
}

void text_repeat(struct text *t, const struct throttle_repeat *repeat)
{
	size_t from = t->b->n;
	stamp_plain(&t->stamp, t->b, repeat->until);
	outbuf_char(t->b, ' ');
	text_severity(t, repeat->worst, true, 0);
	outbuf_char(t->b, ' ');
	text_brief_repeat(t, repeat);
	text_wrap(t, from, TEXT_INDENT);
	outbuf_char(t->b, '\n');
}

void text_daily(struct text *t, const struct daily *day)
{
	size_t from = t->b->n;
	stamp_plain(&t->stamp, t->b, day->until);
	outbuf_char(t->b, ' ');
	text_brief_daily(t, day);
	text_wrap(t, from, TEXT_INDENT);
	outbuf_char(t->b, '\n');
}
