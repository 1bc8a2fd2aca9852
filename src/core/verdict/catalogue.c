/* catalogue.c - the catalogue of verdicts. To add one: an enumerator in verdict.h, a row here. */
#include "core/verdict/tls_rules.h"
#include "smtpwatch/verdict.h"

#include <assert.h>

/* May the close itself be judged? Not where bytes are missing, the watch ended first, or TLS hid
 * the dialogue. */
static bool judged(const struct ending *e)
{
	return e->connected && e->unsure == UNSURE_NONE && !e->encrypted;
}

/* The server ended the session and had not said that it would. */
static bool dropped(const struct ending *e)
{
	return judged(e) && e->closer == CLOSER_SERVER && e->farewell == FAREWELL_NONE;
}

static bool nothing_open(const struct ending *e)
{
	return !e->end_unanswered && !e->content_open && !e->transaction_open;
}

static bool client_closed(const struct ending *e)
{
	return judged(e) && e->closer == CLOSER_CLIENT && e->farewell != FAREWELL_221_AFTER_QUIT &&
	       e->farewell != FAREWELL_221_UNASKED;
}

static bool is_221_for_message(const struct ending *e)
{
	return e->unasked_221 & PLACE_MESSAGE;
}

static bool is_250_in_message(const struct ending *e)
{
	return e->by_2yz.lost || e->by_2yz.maybe || e->by_2yz.taken;
}

static bool is_221_in_transaction(const struct ending *e)
{
	return e->unasked_221 & PLACE_TRANSACTION;
}

static bool is_221_before_message(const struct ending *e)
{
	return e->unasked_221 & PLACE_BEFORE;
}

static bool is_221_between_messages(const struct ending *e)
{
	return e->unasked_221 & PLACE_BETWEEN;
}

static bool is_221_to_non_smtp(const struct ending *e)
{
	return e->unasked_221 & PLACE_NOT_SMTP;
}

static bool is_drop_after_message(const struct ending *e)
{
	return dropped(e) && e->end_unanswered;
}

static bool is_drop_in_message(const struct ending *e)
{
	return dropped(e) && e->content_open && !e->end_unanswered;
}

static bool is_drop_in_transaction(const struct ending *e)
{
	return dropped(e) && e->transaction_open && !e->content_open && !e->end_unanswered &&
	       !e->quit_sent;
}

static bool is_drop_idle(const struct ending *e)
{
	return dropped(e) && nothing_open(e) && !e->quit_sent;
}

static bool is_drop_before_message(const struct ending *e)
{
	return is_drop_idle(e) && e->accepted == 0;
}

static bool is_drop_between_messages(const struct ending *e)
{
	return is_drop_idle(e) && e->accepted > 0;
}

static bool is_drop_after_quit(const struct ending *e)
{
	return dropped(e) && e->quit_sent && !e->quit_answered && !e->end_unanswered &&
	       !e->content_open;
}

static bool is_server_vanished(const struct ending *e)
{
	return e->vanished && judged(e) && !e->quit_answered;
}

/* One that was written in clear into a TLS connection is read as what it is. */
static bool is_421(const struct ending *e, unsigned places)
{
	return e->connected && e->unsure == UNSURE_NONE && (e->final_421 & places);
}

static bool is_421_in_message(const struct ending *e)
{
	return is_421(e, PLACE_MESSAGE);
}

static bool is_421_in_transaction(const struct ending *e)
{
	return is_421(e, PLACE_TRANSACTION);
}

static bool is_421_idle(const struct ending *e)
{
	return is_421(e, PLACE_BEFORE | PLACE_BETWEEN | PLACE_NOT_SMTP);
}

static bool is_refused_then_closed(const struct ending *e)
{
	return e->connected && (e->unsure == UNSURE_NONE || e->unsure == UNSURE_NO_DIALOGUE) &&
	       e->farewell == FAREWELL_REFUSAL && e->closer == CLOSER_SERVER;
}

static bool is_refused_yet_taken(const struct ending *e)
{
	return e->taken_refused;
}

static bool is_client_gave_up(const struct ending *e)
{
	return client_closed(e) && (e->end_unanswered || e->ungreeted);
}

static bool is_client_drop_in_message(const struct ending *e)
{
	return client_closed(e) && e->content_open && !e->end_unanswered && !e->quit_sent;
}

static bool is_client_drop(const struct ending *e)
{
	return client_closed(e) && !e->ungreeted && !e->quit_sent && !e->end_unanswered &&
	       !e->content_open && e->spoke && (e->transaction_open || e->finished == 0);
}

static bool is_client_no_quit(const struct ending *e)
{
	return client_closed(e) && !e->quit_sent && nothing_open(e) && e->finished > 0;
}

static bool is_quit_before_acceptance(const struct ending *e)
{
	return e->quit_in_transaction && !e->encrypted && e->connected && e->unknown_fates == 0 &&
	       (e->unsure == UNSURE_NONE || e->quit_answered);
}

static bool is_quit_unawaited(const struct ending *e)
{
	return client_closed(e) && e->quit_sent && !e->quit_answered && nothing_open(e) &&
	       !e->quit_in_transaction;
}

static bool is_probe(const struct ending *e)
{
	return e->connected && (e->unsure == UNSURE_NONE || e->unsure == UNSURE_NO_DIALOGUE) &&
	       e->closer == CLOSER_CLIENT && !e->spoke && !e->encrypted && !e->ungreeted &&
	       e->unasked_221 == 0;
}

static bool is_connect_refused(const struct ending *e)
{
	return e->refused;
}

static bool is_connect_unanswered(const struct ending *e)
{
	return e->no_answer;
}

/* QUIT and its 221 say all, whatever closed then, and even where the capture ends before that; only
 * a message whose reply fell into a hole leaves a doubt. */
static bool is_clean(const struct ending *e)
{
	return e->quit_answered && e->unasked_221 == 0 && !e->quit_in_transaction &&
	       e->unknown_fates == 0;
}

static bool is_encrypted(const struct ending *e)
{
	return e->encrypted && e->unasked_221 == 0 && !verdict_tls_broken_off(e) &&
	       !verdict_tls_closed_unasked(e) && !verdict_tls_handshake_failed(e) &&
	       !verdict_tls_client_left(e) && !verdict_tls_orderly(e) && !e->final_421;
}

/* What holds where nothing else does. */
static bool is_unknown(const struct ending *e)
{
	(void)e;
	return false;
}

#define BEFORE_ACCEPTANCE "221 before acceptance"
#define DROPPED           "dropped without 221"
#define ANNOUNCED         "announced or refused"
#define CLIENTS_DOING     "the client's doing"
#define UNDER_TLS         "under TLS, without keys"
#define FINE              "fine, or not known"

#define LOOK_SERVER                                                                                \
	"the server's log at this time: a crash, a restart, a limit, a content filter or a "       \
	"firewall in front of it"

static const struct verdict_row rows[VERDICTS] = {
	[VERDICT_221_FOR_MESSAGE] = {"221-for-message", SEVERITY_CRITICAL, BEFORE_ACCEPTANCE,
				     "the server said 221 (closing) where it should have said 250 "
				     "(accepted), and never took the message",
				     "the sending server counts it as delivered and deletes its "
				     "copy: the mail is lost, and its own log says \"sent\"",
				     "the receiving server (or the filter or proxy in front of it) "
				     "for the reason of the 221; ask the sender to send "
				     "the message again",
				     "RFC 5321 4.2.3, 4.2.5, 4.3.2", is_221_for_message, NULL},
	[VERDICT_250_IN_MESSAGE] = {"250-in-message", SEVERITY_CRITICAL, BEFORE_ACCEPTANCE,
				    "the server said 250 (accepted) before it had the whole "
				    "message, and never took it",
				    "the sending server reads it as the answer to the end of the "
				    "message and deletes its copy: the mail is lost, and "
				    "its own log says \"sent\"",
				    "the receiving server (or the filter or proxy in front of it) "
				    "for the reply that came too early; ask the sender "
				    "to send the message again",
				    "RFC 5321 4.1.1.4, 4.2.5, 4.3.1; RFC 2920 3.2",
				    is_250_in_message, NULL},
	[VERDICT_221_IN_TRANSACTION] = {"221-in-transaction", SEVERITY_ERROR, BEFORE_ACCEPTANCE,
					"the server said 221 (closing) in the middle of a mail "
					"transaction, before the message was sent",
					"the sending server bounces the mail or tries again later, "
					"depending on the command that was answered",
					"the receiving server's log for what ended the session; "
					"the sender's queue for a bounce",
					"RFC 5321 3.8, 4.2.3", is_221_in_transaction, NULL},
	[VERDICT_221_BEFORE_MESSAGE] =
		{"221-before-message", SEVERITY_WARNING, BEFORE_ACCEPTANCE,
		 "the server said 221 (closing) without having been asked to, before any message",
		 "nothing was under way; the sender tries again, and fails again if the server "
		 "goes on doing so",
		 "the receiving server's access rules and limits for this client",
		 "RFC 5321 3.8, 4.2.3", is_221_before_message, NULL},
	[VERDICT_221_BETWEEN_MESSAGES] =
		{"221-between-messages", SEVERITY_NOTICE, BEFORE_ACCEPTANCE,
		 "the server said 221 (closing) without having been asked to, between two messages",
		 "the messages before it were accepted; any further one has to wait for a new "
		 "connection",
		 "a limit of messages or of time for each connection on the receiving server; 421 "
		 "would be the right word for it",
		 "RFC 5321 3.8, 4.2.3", is_221_between_messages, NULL},
	[VERDICT_221_TO_NON_SMTP] =
		{"221-to-non-smtp", SEVERITY_INFO, BEFORE_ACCEPTANCE,
		 "the server said 221 (closing) to a client that does not speak SMTP",
		 "no mail was involved", "nothing, unless the client is one of yours",
		 "RFC 5321 3.8", is_221_to_non_smtp, NULL},
	[VERDICT_DROP_AFTER_MESSAGE] = {"drop-after-message", SEVERITY_CRITICAL, DROPPED,
					"the server closed the connection after the whole message "
					"was sent, and never said whether it took it",
					"the sending server tries again: if the server did take "
					"the message, the recipient gets it twice",
					"the receiving server's log for this message: was it "
					"delivered in spite of that? then " LOOK_SERVER,
					"RFC 5321 3.8, 4.2.5; RFC 1047", is_drop_after_message,
					NULL},
	[VERDICT_DROP_IN_MESSAGE] =
		{"drop-in-message", SEVERITY_ERROR, DROPPED,
		 "the server closed the connection while the message was being sent",
		 "the sending server tries again later: the mail is delayed, and never arrives if "
		 "this happens each time",
		 LOOK_SERVER "; compare where in the message it happens each time (a size limit, a "
			     "filter, the path's MTU)",
		 "RFC 5321 3.8, 4.5.3.2.5", is_drop_in_message, NULL},
	[VERDICT_DROP_IN_TRANSACTION] =
		{"drop-in-transaction", SEVERITY_ERROR, DROPPED,
		 "the server closed the connection in the middle of a mail transaction, before the "
		 "message was sent",
		 "the sending server tries again later: the mail is delayed", LOOK_SERVER,
		 "RFC 5321 3.8", is_drop_in_transaction, NULL},
	[VERDICT_DROP_BEFORE_MESSAGE] =
		{"drop-before-message", SEVERITY_WARNING, DROPPED,
		 "the server closed the connection without a word, before any message",
		 "nothing was under way; the sender tries again later", LOOK_SERVER,
		 "RFC 5321 3.1, 3.8", is_drop_before_message, NULL},
	[VERDICT_DROP_BETWEEN_MESSAGES] =
		{"drop-between-messages", SEVERITY_NOTICE, DROPPED,
		 "the server closed the connection without a word, between two messages",
		 "the messages before it were accepted; any further one has to wait for a new "
		 "connection",
		 "an idle time-out or a limit for each connection on the receiving server; it "
		 "should say 421 first",
		 "RFC 5321 3.8", is_drop_between_messages, NULL},
	[VERDICT_DROP_AFTER_QUIT] =
		{"drop-after-quit", SEVERITY_NOTICE, DROPPED,
		 "the server closed the connection on QUIT without answering it with 221",
		 "what was accepted before stays accepted; nothing is lost",
		 "the receiving server: it breaks the protocol, though without harm",
		 "RFC 5321 4.1.1.10", is_drop_after_quit, NULL},
	[VERDICT_SERVER_VANISHED] = {"server-vanished", SEVERITY_ERROR, DROPPED,
				     "the server fell silent: what the client sent was never "
				     "acknowledged, until it gave up",
				     "the sending server tries again later; if the whole message "
				     "had been sent, it may arrive twice",
				     "whether the server or its network went down at this time; a "
				     "firewall that forgot the connection; the path's MTU",
				     "RFC 9293 3.8.3; RFC 5321 4.5.3.2", is_server_vanished, NULL},
	[VERDICT_421_IN_MESSAGE] =
		{"421-in-message", SEVERITY_WARNING, ANNOUNCED,
		 "the server said 421 (service not available) while a message was being sent, or "
		 "in answer to it, and closed",
		 "the sending server tries again later: the mail is delayed",
		 "the reason that the server gives in its reply; a time-out, a restart or a limit",
		 "RFC 5321 3.8, 4.2.3", is_421_in_message, NULL},
	[VERDICT_421_IN_TRANSACTION] = {"421-in-transaction", SEVERITY_NOTICE, ANNOUNCED,
					"the server said 421 (service not available) in the middle "
					"of a mail transaction, and closed",
					"the sending server tries again later: the mail is delayed",
					"the reason that the server gives in its reply",
					"RFC 5321 3.8, 4.2.3", is_421_in_transaction, NULL},
	[VERDICT_421_IDLE] = {"421-idle", SEVERITY_INFO, ANNOUNCED,
			      "the server said 421 (service not available) with no message under "
			      "way, and closed",
			      "nothing was under way",
			      "nothing, unless it happens to every session: then the reason that "
			      "the server gives in its reply",
			      "RFC 5321 3.8, 4.5.3.2.7", is_421_idle, NULL},
	[VERDICT_REFUSED_THEN_CLOSED] = {"refused-then-closed", SEVERITY_INFO, ANNOUNCED,
					 "the server refused, and closed without waiting for QUIT",
					 "what was refused with 4yz is tried again, what was "
					 "refused with 5yz goes back to its sender",
					 "the text of the refusal", "RFC 5321 3.1, 7.8; RFC 7504",
					 is_refused_then_closed, NULL},
	[VERDICT_REFUSED_YET_TAKEN] = {"refused-yet-taken", SEVERITY_WARNING, ANNOUNCED,
				       "the server refused a message, and took it all the same",
				       "what was refused with 4yz is sent again and arrives twice; "
				       "what was refused with 5yz is "
				       "delivered, and its sender "
				       "is told that it was not",
				       "the receiving server (or the filter or proxy in front of "
				       "it): it answers one message twice",
				       "RFC 5321 4.2.5, 4.3.1", is_refused_yet_taken, NULL},
	[VERDICT_CLIENT_GAVE_UP] = {"client-gave-up", SEVERITY_WARNING, CLIENTS_DOING,
				    "the client closed the connection while it waited for the "
				    "answer to a whole message",
				    "the sender tries again: if the server did take the message in "
				    "the end, the recipient gets it twice",
				    "what keeps the server from answering (a slow filter?), and "
				    "the client's time-out, which should be ten minutes",
				    "RFC 5321 4.5.3.2.6; RFC 1047", is_client_gave_up, NULL},
	[VERDICT_CLIENT_DROP_IN_MESSAGE] =
		{"client-drop-in-message", SEVERITY_NOTICE, CLIENTS_DOING,
		 "the client closed the connection while it was sending a message",
		 "the server throws away what it got; the sender tries again, or has given up",
		 "the sending server's log: a crash, a time-out, a user who cancelled",
		 "RFC 5321 4.1.1.10", is_client_drop_in_message, NULL},
	[VERDICT_CLIENT_DROP] =
		{"client-drop", SEVERITY_INFO, CLIENTS_DOING,
		 "the client closed the connection without QUIT, before it had sent a message",
		 "no message was sent", "nothing, unless the client is one of yours",
		 "RFC 5321 4.1.1.10", is_client_drop, NULL},
	[VERDICT_CLIENT_NO_QUIT] = {"client-no-quit", SEVERITY_INFO, CLIENTS_DOING,
				    "the client closed the connection without QUIT, after all its "
				    "messages had been answered",
				    "every message has its answer; nothing is lost",
				    "nothing: many clients do so", "RFC 5321 4.1.1.10",
				    is_client_no_quit, NULL},
	[VERDICT_QUIT_BEFORE_ACCEPTANCE] = {"quit-before-acceptance", SEVERITY_INFO, CLIENTS_DOING,
					    "the client itself sent QUIT with a transaction open",
					    "it did not want to send the message: most often a "
					    "check whether an address exists",
					    "nothing", "RFC 5321 4.1.1.10",
					    is_quit_before_acceptance, NULL},
	[VERDICT_QUIT_UNAWAITED] = {"quit-unawaited", SEVERITY_NONE, CLIENTS_DOING,
				    "the client sent QUIT and closed without waiting for the 221",
				    "every message has its answer; nothing is lost",
				    "nothing: Postfix does so", "RFC 5321 4.1.1.10",
				    is_quit_unawaited, NULL},
	[VERDICT_PROBE] = {"probe", SEVERITY_INFO, CLIENTS_DOING,
			   "the client closed the connection without having sent a byte of SMTP",
			   "no mail was involved", "nothing: a health check or a scanner",
			   "RFC 5321 3.1", is_probe, NULL},
	[VERDICT_CONNECT_REFUSED] =
		{"connect-refused", SEVERITY_INFO, CLIENTS_DOING,
		 "nothing listens on the server's port: the connection was refused",
		 "the sender tries again, or another server",
		 "whether a mail server should be listening there", "RFC 9293 3.10.7.1",
		 is_connect_refused, NULL},
	[VERDICT_CONNECT_UNANSWERED] =
		{"connect-unanswered", SEVERITY_INFO, CLIENTS_DOING,
		 "the server did not answer the connection",
		 "the sender tries again, or another server",
		 "whether the host is up, and what a firewall makes of the port", "RFC 9293 3.8.3",
		 is_connect_unanswered, NULL},
	[VERDICT_CLEAN] = {"clean", SEVERITY_NONE, FINE, "QUIT, 221, close",
			   "every message has its answer", "nothing", "RFC 5321 4.1.1.10", is_clean,
			   NULL},
	[VERDICT_TLS_BROKEN_OFF] = {"tls-broken-off", SEVERITY_ERROR, UNDER_TLS,
				    "the server closed the connection without the close of TLS, or "
				    "with something unanswered",
				    "an error if a message was under way, which is delayed or "
				    "arrives twice; a warning if a "
				    "command was; else, or of a "
				    "server that may never close TLS, a notice",
				    LOOK_SERVER, "RFC 5321 3.8; RFC 8446 6.1; RFC 5246 7.2.1",
				    verdict_tls_broken_off, verdict_tls_broken_off_grade},
	[VERDICT_TLS_CLOSED_UNASKED] =
		{"tls-closed-unasked", SEVERITY_NOTICE, UNDER_TLS,
		 "the server said something that was not asked for, after silence, and closed",
		 "a 421 or a 221, which look alike under TLS; nothing was pending",
		 "an idle time-out, a limit or a restart of the receiving server; its log says "
		 "which",
		 "RFC 5321 3.8", verdict_tls_closed_unasked, NULL},
	[VERDICT_TLS_HANDSHAKE_FAILED] =
		{"tls-handshake-failed", SEVERITY_NOTICE, UNDER_TLS,
		 "the TLS handshake was not finished",
		 "the sender tries again, or sends in clear, or does not send; a notice if the "
		 "server ended it, else info",
		 "certificates, protocol versions and ciphers of both sides",
		 "RFC 3207 4; RFC 8446 6.2", verdict_tls_handshake_failed,
		 verdict_tls_handshake_failed_grade},
	[VERDICT_TLS_CLIENT_LEFT] =
		{"tls-client-left", SEVERITY_INFO, UNDER_TLS,
		 "the client closed the connection before any QUIT was answered",
		 "the client's business: many do so after their last message",
		 "nothing, unless the client is one of yours", "RFC 5321 4.1.1.10",
		 verdict_tls_client_left, NULL},
	[VERDICT_TLS_ORDERLY] =
		{"tls-orderly", SEVERITY_NONE, UNDER_TLS,
		 "what was asked and answered last looks like QUIT and 221, and TLS was closed",
		 "most likely every message has its answer", "nothing",
		 "RFC 5321 4.1.1.10; RFC 8446 6.1", verdict_tls_orderly, NULL},
	[VERDICT_ENCRYPTED] = {"encrypted", SEVERITY_NONE, FINE, "the session went into TLS",
			       "the dialogue cannot be read", "nothing", "RFC 3207", is_encrypted,
			       NULL},
	[VERDICT_UNKNOWN] = {"unknown", SEVERITY_NONE, FINE, "not enough was seen to judge",
			     "not known", "the reason given; a capture without losses", "-",
			     is_unknown, NULL},
};

const struct verdict_row *verdict_row(enum verdict v)
{
	assert(v < VERDICTS);
	return &rows[v];
}

struct verdict_words verdict_words(enum verdict v, const struct ending *e)
{
	const struct verdict_row *row = verdict_row(v);
	const struct verdict_variant *other = verdict_variant_of(v, e);
	return other ? other->words
		     : (struct verdict_words){row->headline, row->meaning, row->advice};
}

enum severity verdict_severity(enum verdict v, const struct ending *e)
{
	const struct verdict_row *row = verdict_row(v);
	const struct verdict_variant *other = verdict_variant_of(v, e);
	return other ? other->severity : row->grade ? row->grade(e) : row->severity;
}

bool verdict_inferred(enum verdict v)
{
	return v == VERDICT_TLS_BROKEN_OFF || v == VERDICT_TLS_CLOSED_UNASKED ||
	       v == VERDICT_TLS_CLIENT_LEFT || v == VERDICT_TLS_ORDERLY;
}

/* What was not captured may hide a fault. One way, or without a handshake, a SYN is missing. */
static bool may_hide(const struct ending *e)
{
	return e->may_hide || e->seen == SEEN_GAPS || e->seen == SEEN_TRUNCATED;
}

/* A client that left is told by what it did itself. What was found stands whatever is missing; that
 * nothing was found does not. */
enum confidence verdict_confidence(enum verdict v, const struct ending *e)
{
	bool founded = v == VERDICT_TLS_BROKEN_OFF
			       ? e->tls.pending != TLS_PENDING_NOTHING || e->tls.notifies
		       : v == VERDICT_TLS_ORDERLY ? verdict_tls_usual_221(e)
						  : v == VERDICT_TLS_CLIENT_LEFT;
	if (!verdict_inferred(v))
		return may_hide(e) && verdict_severity(v, e) <= SEVERITY_INFO ? CONFIDENCE_LIKELY
									      : CONFIDENCE_CERTAIN;
	return founded ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
}

const char *confidence_name(enum confidence c)
{
	static const char *const names[] = {"possible", "likely", "certain"};
	assert(c <= CONFIDENCE_CERTAIN);
	return names[c];
}

enum verdict verdict_read(const char *id)
{
	enum verdict v = 0;
	while (v < VERDICTS && strcmp(rows[v].id, id) != 0)
		v++;
	return v;
}

struct judgement verdict_judge(const struct ending *e)
{
	struct judgement j = {VERDICT_UNKNOWN, 0};
	for (enum verdict v = 0; v < VERDICTS; v++) {
		if (!rows[v].holds(e))
			continue;
		j.also |= UINT64_C(1) << v;
		if (j.verdict == VERDICT_UNKNOWN ||
		    verdict_severity(v, e) > verdict_severity(j.verdict, e))
			j.verdict = v;
	}
	j.also &= ~(UINT64_C(1) << j.verdict);
	return j;
}
