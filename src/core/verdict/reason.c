/* reason.c - the sentence that says why: what was measured of an ending, and no more. */
#include "smtpwatch/verdict.h"

#include <stdio.h>

/* Why not: a sentence for each reason; where a number was measured, in two parts with the number
 * between them. */
static const struct reason {
	const char *text, *before, *behind;
} reasons[UNSURES] = {
	[UNSURE_NONE] = {"nothing in the catalogue fits", NULL, NULL},
	[UNSURE_SERVER_GAP] = {"which reply answers which command is not known", "a gap of ",
			       " server bytes: what they said is not known"},
	[UNSURE_CLIENT_GAP] = {"which reply answers which command is not known", "a gap of ",
			       " client bytes: what they said is not known"},
	[UNSURE_MIDSTREAM] = {"the capture began in the middle of the session", NULL, NULL},
	[UNSURE_ONE_WAY] = {"only one direction was captured",
			    "only one direction was captured: ", " bytes of the other are missing"},
	[UNSURE_CAPTURE_END] = {"the capture ended before the session did", NULL, NULL},
	[UNSURE_IDLE] = {"no packet came for so long that the watch was ended", NULL, NULL},
	[UNSURE_EVICTED] = {"the watch was ended to make room for others", NULL, NULL},
	[UNSURE_TURNED] = {"the two sides exchanged their roles (TURN)", NULL, NULL},
	[UNSURE_NO_DIALOGUE] = {"the client spoke no SMTP", NULL, NULL},
	[UNSURE_CAPTURE_LOSS] =
		{"the kernel dropped packets while it was open", "the kernel dropped ",
		 " packets while it was open, and the end is told by what did not come"},
	[UNSURE_OVERFLOW] = {"more messages were under way at once than are kept", NULL, NULL},
	[UNSURE_NO_MEMORY] = {"there was no memory for what they said (--memory)", NULL, NULL},
	[UNSURE_HANDSHAKE] = {"a SYN was captured, and not the whole handshake", NULL, NULL},
	[UNSURE_HALF_OPEN] = {"the handshake was not finished: nothing acknowledged the server's "
			      "SYN before its close",
			      NULL, NULL},
	[UNSURE_RETRACTED] =
		{"both sides went on behind what seemed to end it: that FIN or RST was forged",
		 NULL, NULL},
	[UNSURE_DISPUTED] = {"one side sent two texts for the same place, and which of both was "
			     "taken cannot be seen",
			     NULL, NULL},
	[UNSURE_ANSWERED] = {"the client had closed, and its RST answers something of the server's "
			     "that was not captured",
			     NULL, NULL},
	[UNSURE_OPAQUE] = {"a command that is not known here was answered with 3yz, and what the "
			   "client then said cannot be read",
			   NULL, NULL},
};

static void unsure_reason(const struct ending *e, char *out, size_t n)
{
	const struct reason *r = &reasons[e->unsure];
	unsigned long long bytes = e->unsure_bytes;
	bool hidden = e->unsure == UNSURE_NONE && e->unknown_fates > 0;
	if (hidden && bytes > 0)
		snprintf(out, n, "the reply to a message lies in a gap of %llu bytes", bytes);
	else if (hidden)
		snprintf(out, n, "the reply to a message was not seen");
	else if (r->before && bytes > 0)
		snprintf(out, n, "%s%llu%s", r->before, bytes, r->behind);
	else
		snprintf(out, n, "%s", r->text);
}

/* "the client closed first, with a FIN, at stage QUIT": what nearly every record says, put together
 * without a call of snprintf, which costs as much as a whole verdict. */
static void closer_reason(const char *const parts[], size_t count, char *out, size_t n)
{
	size_t at = 0;
	for (size_t i = 0; i < count && at + 1 < n; i++) {
		size_t length = strlen(parts[i]), fits = length < n - 1 - at ? length : n - 1 - at;
		memcpy(out + at, parts[i], fits);
		at += fits;
	}
	out[at] = '\0';
}

/* Nobody closed, as far as was seen: why nothing more was. */
static void unobserved_reason(const struct ending *e, char *out, size_t n)
{
	const char *stage = stage_name(e->stage);
	if (e->quit_answered)
		snprintf(out, n, "221 was seen at stage %s; the close was not captured", stage);
	else if (e->how == HOW_IDLE)
		snprintf(out, n, "no packet came for long at stage %s", stage);
	else if (e->how == HOW_EVICTED)
		snprintf(out, n, "the watch was ended at stage %s, to make room for others", stage);
	else
		snprintf(out, n, "the capture ends at stage %s", stage);
}

/* The SYN, and nothing that answers it. */
static const char *no_answer_reason(const struct ending *e)
{
	if (e->late_rst)
		return "the SYN was not answered while that was waited for; an RST came later";
	if (e->closer == CLOSER_CLIENT && e->how == HOW_RST)
		return "the SYN was never answered, and the client gave up with an RST";
	return "the SYN was never answered";
}

/* What the facts of the close are, where they were seen. */
static void close_reason(const struct ending *e, char *out, size_t n)
{
	static const char *const who[] = {
		[CLOSER_CLIENT] = "the client", [CLOSER_SERVER] = "the server"};
	const char *with = e->how == HOW_RST ? "an RST" : "a FIN";
	if (e->refused)
		snprintf(out, n, "the SYN was answered by an RST");
	else if (e->no_answer)
		snprintf(out, n, "%s", no_answer_reason(e));
	else if (e->vanished)
		snprintf(out, n,
			 "the client sent again and again at stage %s, and nothing came back",
			 stage_name(e->stage));
	else if (e->how == HOW_SILENCE)
		snprintf(out, n,
			 "the server sent again and again at stage %s, and nothing came back from "
			 "the client",
			 stage_name(e->stage));
	else if (e->closer == CLOSER_NOBODY)
		unobserved_reason(e, out, n);
	else if (e->ungreeted)
		snprintf(
			out, n,
			"%s closed first, with %s, after it had waited for the greeting for %.1f s",
			who[e->closer], with, (double)e->waited / (double)FRAME_SECOND);
	else if (e->waited > 0)
		snprintf(out, n,
			 "%s closed first, with %s, at stage %s, %.1f s after the end of the "
			 "message",
			 who[e->closer], with, stage_name(e->stage),
			 (double)e->waited / (double)FRAME_SECOND);
	else
		closer_reason((const char *const[]){who[e->closer], " closed first, with ", with,
						    ", at stage ", stage_name(e->stage)},
			      5, out, n);
}

/* By which signs it was concluded. */
static void tls_reason(const struct ending *e, enum verdict v, char *out, size_t n)
{
	static const char *const pending[] = {"nothing that the client had sent was unanswered",
					      "a command was unanswered",
					      "a message was unanswered, or under way"};
	const char *by = e->tls.failed_by == CLOSER_SERVER ? "server" : "client",
		   *with = e->how == HOW_RST ? "an RST" : "a FIN";
	const char *notify = e->tls.notified ? "with" : "without";
	if (v == VERDICT_TLS_HANDSHAKE_FAILED && e->tls.clear)
		snprintf(out, n,
			 "the client spoke SMTP in clear on a TLS port, and the %s ended that", by);
	else if (v == VERDICT_TLS_HANDSHAKE_FAILED)
		snprintf(out, n, "the %s ended the TLS handshake", by);
	else if (v == VERDICT_TLS_BROKEN_OFF)
		snprintf(out, n, "the server closed first, with %s, %s close_notify%s; %s", with,
			 notify,
			 e->tls.notifies || e->tls.notified ? ""
							    : ", which it was never seen to send",
			 pending[e->tls.pending]);
	else if (v == VERDICT_TLS_CLOSED_UNASKED)
		snprintf(out, n,
			 "the server sent one more record after silence, and closed, %s "
			 "close_notify",
			 notify);
	else if (v == VERDICT_TLS_CLIENT_LEFT)
		snprintf(out, n,
			 "the client's close_notify, FIN or RST came first, and no QUIT can have "
			 "been answered");
	else if (e->tls.usual > 0)
		snprintf(out, n,
			 "six bytes, an answer of %u, as long as this server's 221, and the close "
			 "of TLS",
			 e->tls.reply);
	else
		snprintf(out, n, "six bytes, one answer, and the server's close_notify");
}

char *verdict_reason(const struct ending *e, const struct judgement *j, char *out, size_t n)
{
	if (j->verdict == VERDICT_UNKNOWN)
		unsure_reason(e, out, n);
	else if (verdict_inferred(j->verdict) || j->verdict == VERDICT_TLS_HANDSHAKE_FAILED)
		tls_reason(e, j->verdict, out, n);
	else
		close_reason(e, out, n);
	return out;
}
