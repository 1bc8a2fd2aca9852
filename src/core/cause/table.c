/* table.c - the table of causes, and which of those that hold is the best founded. To add one: an
 * enumerator in cause.h, a rule, a row here. */
#include "core/cause/signs.h"

#include <assert.h>

/* What is left where no rule holds: the figures that a pattern over several sessions would show in,
 * where they are no mere moment. */
static bool unexplained(const struct cause_input *f, struct cause *c)
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
	[CAUSE_SHUTDOWN] = {"shutdown", "the server was being stopped or restarted",
			    "on the server: its log for who stopped it (a stop should let the "
			    "messages under way finish); the sender "
			    "tries again by itself",
			    cause_server_shutdown},
	[CAUSE_IDLE_TIMEOUT] =
		{"idle-timeout",
		 "the server ended a session in which the client had been silent for too long",
		 "on the sender: what kept it from going on; on the server: its time-out, which "
		 "should be five minutes "
		 "(Postfix: smtpd_timeout, Exim: smtp_receive_timeout)",
		 cause_time_idle},
	[CAUSE_SESSION_LIMIT] =
		{"session-limit", "the server ends every session at a certain age",
		 "on the server: its limit of time for each connection (Exchange: "
		 "ConnectionTimeout), or that of a firewall "
		 "or balancer in front of it; on the sender: how long it uses one connection",
		 cause_server_session_limit},
	[CAUSE_MESSAGE_LIMIT] = {"message-limit",
				 "the server ends every session after a certain number of messages",
				 "the sender's own limit of messages for each connection: set "
				 "below the server's, it avoids the drops",
				 cause_server_message_limit},
	[CAUSE_TOO_MANY_ERRORS] = {"too-many-errors",
				   "the server had refused too much in this session",
				   "the commands that were refused: a list of dead addresses, or a "
				   "client that guesses them",
				   cause_server_too_many_errors},
	[CAUSE_AUTH_FAILURES] = {"auth-failures", "the client failed to authenticate",
				 "on the client: its user name and password; on the server: its "
				 "log, as many such sessions are an attack",
				 cause_server_auth_failures},
	[CAUSE_POLICY] = {"policy", "the server refused the client or its mail by its rules",
			  "on the server: its access rules, block lists and rate limits for this "
			  "client; on the sender: whether its "
			  "address is listed, and how many connections it opens at once",
			  cause_server_policy},
	[CAUSE_SIZE_LIMIT] = {"size-limit", "the message is larger than the server takes",
			      "the server's limit of size; one that declares SIZE and answers 552 "
			      "would spare the transfer",
			      cause_server_size_limit},
	[CAUSE_NOT_SMTP] = {"not-smtp", "the client did not speak SMTP",
			    "which program connects to this port, and why", cause_talk_not_smtp},
	[CAUSE_TLS_FAILURE] = {"tls-failure", "the TLS handshake failed",
			       "certificates, protocol versions and ciphers of both sides",
			       cause_talk_tls_failure},
	[CAUSE_SERVER_CRASH] = {"server-crash",
				"the server's program or system went down with the session open",
				"the server's log and its system's for a crash, a kill or a lack "
				"of memory at this time",
				cause_server_crash},
	[CAUSE_REPLY_LOST] =
		{"reply-lost", "the server answered, and the answer did not reach the client",
		 "whether the message arrived: the sender does not know and sends it again",
		 cause_path_reply_lost},
	[CAUSE_REPLY_UNFINISHED] = {"reply-unfinished",
				    "the server's last reply was cut off in its middle",
				    "the server's log: it failed while it answered",
				    cause_talk_reply_unfinished},
	[CAUSE_MIDDLEBOX_RESET] =
		{"middlebox-reset",
		 "something between the two reset the connection in the name of one of them",
		 "firewalls, intrusion prevention and balancers on the way; a capture at each end "
		 "shows which RST who sent",
		 cause_reset_by_middlebox},
	[CAUSE_MIDDLEBOX_REWRITE] = {"middlebox-rewrite",
				     "a device on the way rewrites the SMTP dialogue",
				     "the SMTP inspection of the firewall (on Cisco \"fixup "
				     "smtp\", \"inspect esmtp\"): switch it off",
				     cause_talk_middlebox_rewrite},
	[CAUSE_PATH_MTU] = {"path-mtu", "large packets do not get through",
			    "the path's MTU, tunnels on it, and who filters ICMP \"fragmentation "
			    "needed\"; MSS clamping helps",
			    cause_path_mtu},
	[CAUSE_PATH_LOSS] =
		{"path-loss", "packets got lost on the way",
		 "the path between the two, and whether the silent side was up at this time",
		 cause_path_loss},
	[CAUSE_RECEIVER_STALLED] =
		{"receiver-stalled", "the server stopped reading what the client sent",
		 "what keeps the server from reading: a full disk or queue, a filter that hangs",
		 cause_path_receiver_stalled},
	[CAUSE_SLOW_FILTER] = {"slow-filter", "the server took too long to answer the message",
			       "the content filter behind the server, and what it waits for: it "
			       "should answer well within five minutes",
			       cause_time_slow_filter},
	[CAUSE_CLIENT_TIMEOUT] = {"client-timeout",
				  "the client waited as long as it is set to, and no longer",
				  "what the server was doing meanwhile; the client's time-out, "
				  "which should be five to ten minutes",
				  cause_time_client},
	[CAUSE_OUT_OF_STEP] =
		{"out-of-step",
		 "the server did not answer each command once, and the client gave up upon it",
		 "the server, or the filter or proxy before it, for the reply that is one too many "
		 "or missing",
		 cause_talk_out_of_step},
	[CAUSE_UNEXPLAINED] = {"unexplained", "nothing that was seen explains it", NULL,
			       unexplained},
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

/* Of usual endings, which no operator is told of, nobody asks why. */
static bool wanted(const struct cause_input *f)
{
	return verdict_severity(f->judgement->verdict, f->ending) >= SEVERITY_NOTICE;
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
	if (out->evidences == 0 && wanted(f))
		unexplained(f, out);
}
