/* close.c - the facts of a session's end. */
#include "core/session/state.h"

static enum seen seen_of(const struct conn *conn, enum unsure unsure)
{
	const struct conn_flow *c = &conn->flow[CLIENT], *v = &conn->flow[SERVER];
	if ((conn->side[CLIENT].packets == 0 || conn->side[SERVER].packets == 0) &&
	    c->bytes + v->bytes + c->gap + v->gap > 0)
		return SEEN_ONE_WAY;
	if (c->gap + v->gap > 0)
		return c->cut || v->cut ? SEEN_TRUNCATED : SEEN_GAPS;
	if (!v->syn && !c->syn)
		return SEEN_NO_HANDSHAKE;
	return unsure == UNSURE_CAPTURE_END || unsure == UNSURE_IDLE || unsure == UNSURE_EVICTED
		       ? SEEN_UNFINISHED
		       : SEEN_FULL;
}

/*
 * The server's refusal was its last word, unless the client had read it and sent something more,
 * which the server received, and had time to answer: a server that closes upon its refusal often
 * meets the next command on its way, and its kernel acknowledges that.
 */
static bool refusal_stands(const struct session *s, const struct conn *conn, int64_t closed)
{
	static const int64_t pause = 3 * FRAME_SECOND;
	enum { ROUND_TRIPS = 4 };
	const struct smtp_pending *p = s->dialogue.head;
	int64_t time = conn->rtt * ROUND_TRIPS > pause ? conn->rtt * ROUND_TRIPS : pause;
	bool went_on = p && p->knew >= s->farewell_at && s->dialogue.acked[SERVER] >= p->end;
	return !went_on || closed - p->ts < time;
}

/* When the first closing segment came. Of a FIN, when that came: the other side may leave its end
 * open for long. */
static int64_t closed_at(const struct session *s, const struct conn_end *end, int64_t ts)
{
	int64_t fin = !s || end->closer == CLOSER_NOBODY
			      ? 0
			      : s->fin_ts[end->closer == CLOSER_SERVER ? SERVER : CLIENT];
	return fin && end->how == HOW_FIN ? fin : ts;
}

/*
 * A reply to a message that came when the client had closed, and that met the client's RST: the
 * client has not got it (RFC 1047). A client that closes in the segment of the dot, or right behind
 * it, has not given up: it was answered as soon as the server could, and whether it read that, its
 * acknowledgement tells (that of an RST is none).
 */
static void late_take_back(struct session *s, const struct conn *conn, const struct conn_end *end,
			   struct ending *e)
{
	struct transaction *t = s->answered;
	uint64_t sent = conn->flow[SERVER].bytes + conn->flow[SERVER].gap;
	bool acked = s->late_at + conn->side[SERVER].unacked <= sent;
	/* A client may never have got, or have dropped, what its server said last before it closed.
	 */
	e->may_hide |= t && !acked && end->closer == CLOSER_SERVER;
	if (end->closer != CLOSER_CLIENT || end->how != HOW_FIN || !t || !t->late)
		return;
	bool waits = s->fin_ts[CLIENT] - t->ts_end < FRAME_SECOND;
	bool met_rst = end->by_rst && end->rst_by == CLIENT;
	/* Whether it met an RST that was not captured, or a client that still reads, is not known.
	 */
	if (waits || !met_rst) {
		e->may_hide |= !acked && (met_rst || !waits);
		return;
	}
	session_message_uncount(s, t);
	t->fate = FATE_OPEN;
	s->base = STAGE_END_OF_MESSAGE;
	s->farewell = FAREWELL_NONE;
}

/* The sender believes that it was accepted. Where the server's own answer may be missing, what it
 * did is not known. */
static void premature_read(struct transaction *t, bool whole, struct ending_premature *p)
{
	bool believed = t->fate == FATE_FALSELY_ACCEPTED;
	bool maybe = believed && (t->early || t->hole) && !whole;
	if (maybe)
		t->taken = TAKEN_UNKNOWN;
	p->maybe |= maybe;
	p->lost |= believed && !maybe;
	p->taken |= t->taken == TAKEN_YES;
}

/* What the sender believes of a message against what the server did with it. */
static void taken_read(struct transaction *t, bool whole, struct ending *e)
{
	if (t->early == 221 || (t->fate == FATE_FALSELY_ACCEPTED && t->code == 221))
		premature_read(t, whole, &e->by_221);
	else if (t->early / 100 == 2)
		premature_read(t, whole, &e->by_2yz);
	e->taken_unanswered |= t->fate == FATE_OPEN && t->taken == TAKEN_YES;
	e->taken_refused |= (t->fate == FATE_DEFERRED || t->fate == FATE_REJECTED) &&
			    t->taken == TAKEN_YES;
}

/* The server has closed, and never acknowledged the end of the message whose answer its 2yz was
 * taken for. */
static bool is_disproved(const struct transaction *t, const struct conn *conn,
			 const struct ending *e)
{
	return t->unproved && t->fate == FATE_ACCEPTED && e->closer == CLOSER_SERVER &&
	       conn->flow[SERVER].acked < t->unproved;
}

/* What a transaction that the close has left open says of the ending. */
static void open_read(const struct session *s, const struct transaction *t, struct ending *e)
{
	if (t->end_sent) {
		e->waited = e->closed - t->ts_end;
		e->end_unanswered = true;
		return;
	}
	/* A MAIL that the server had not received when it closed opened nothing. */
	bool begun = t->mail_accepted || e->closer != CLOSER_SERVER ||
		     s->dialogue.acked[SERVER] >= t->begin;
	e->content_open |= t->content_begun;
	/* One of which replies are missing may be over since. */
	e->transaction_open |= begun && !t->hole && !t->content_begun;
	e->content_bytes = t->bytes;
	e->content_acked = t->bytes_acked;
}

static void transactions_read(struct session *s, const struct conn *conn, struct ending *e)
{
	static const enum fate finished[] = {FATE_ACCEPTED, FATE_FALSELY_ACCEPTED, FATE_DEFERRED,
					     FATE_REJECTED};
	/* All that the server said was captured, up to its close. */
	bool whole = conn->flow[SERVER].gap == 0 && !s->dialogue.holed &&
		     e->closer != CLOSER_NOBODY;

	for (struct transaction *t = s->info.first; t; t = t->next) {
		if (whole && is_disproved(t, conn, e)) {
			session_message_disprove(s, t);
		} else if (t->unproved && t->fate == FATE_ACCEPTED) {
			/* The sender believes in the 2yz; whether the server meant this message is
			 * not known. */
			t->taken = TAKEN_UNKNOWN;
			e->may_hide = true;
		}
		if (t->early || t->fate != FATE_ACCEPTED)
			taken_read(t, whole, e);
		if (t->fate == FATE_OPEN && !t->refused)
			open_read(s, t, e);
	}
	for (size_t i = 0; i < sizeof finished / sizeof *finished; i++)
		e->finished += s->info.fates[finished[i]];
	e->accepted = s->info.fates[FATE_ACCEPTED];
	e->unknown_fates = s->info.fates[FATE_UNKNOWN];
}

/* How much of each message the server's TCP has taken. */
static void acked_read(struct session *s, uint64_t acked)
{
	for (struct transaction *t = s->info.first; t; t = t->next) {
		uint64_t some = acked > t->begin ? acked - t->begin : 0;
		t->bytes_acked = some < t->bytes ? some : t->bytes;
	}
}

/* Who was silent for how long before the end. */
static void times_read(const struct session *s, struct ending *e)
{
	int64_t ts = e->closed;
	bool final = e->farewell != FAREWELL_NONE && e->farewell != FAREWELL_HIDDEN &&
		     e->farewell != FAREWELL_UNKNOWN && s->farewell_ts;
	int64_t until = final ? s->farewell_ts : ts;
	if (s->unasked_221)
		e->client_silence = s->unasked_quiet * FRAME_MS;
	else if (s->last_byte[CLIENT] && until > s->last_byte[CLIENT])
		e->client_silence = until - s->last_byte[CLIENT];
	if (s->last_byte[SERVER] && ts > s->last_byte[SERVER])
		e->server_silence = ts - s->last_byte[SERVER];
	int64_t slowest = s->slowest * FRAME_MS;
	e->slowest_reply = e->waited > slowest ? e->waited : slowest;
	e->reply_cut = s->dialogue.code != 0 || (s->info.flaws & FLAW_UNENDED_REPLY);
}

/* QUIT was sent behind the end of a message, without a wait for its reply; one that comes minutes
 * later means that the client has given up. */
static bool quit_at_once(const struct session *s)
{
	const struct smtp_pending *end = s->dialogue.head, *quit = end;
	while (quit && quit->verb != SMTP_QUIT)
		quit = quit->next;
	return s->quit_sent && quit && end->last && quit->ts - end->ts < FRAME_SECOND;
}

/* Of all that was said unasked the worst is the farewell, wherever it stood. */
static void unasked_read(struct session *s, struct ending *e)
{
	if (!s->unasked_221)
		return;
	e->farewell = FAREWELL_221_UNASKED;
	s->info.farewell_code = 221;
	s->info.farewell_enhanced = s->unasked_enhanced;
	s->info.farewell_apart = s->farewell != FAREWELL_221_UNASKED ||
				 s->farewell_ts != s->unasked_ts;
	s->farewell_ts = s->unasked_ts;
	e->unprompted = s->unasked_unprompted;
	e->stage = e->stage_221;
}

/* Behind its own QUIT a client's FIN is only the end of what it has to say: with a message
 * unanswered, the server is the one that closed. */
static void closer_read(const struct session *s, const struct conn_end *end, struct ending *e)
{
	if (end->closer != CLOSER_CLIENT || end->how != HOW_FIN || !quit_at_once(s) ||
	    !e->end_unanswered || !s->fin[SERVER])
		return;
	e->closer = CLOSER_SERVER;
	e->how = HOW_FIN;
	e->waited += s->fin_ts[SERVER] - e->closed;
	e->closed = s->fin_ts[SERVER];
}

/* The 421 after which the server closed. RFC 5321 3.8: a client whose message is answered with 421
 * closes, and has not ended the session by that. */
static void final_421_read(const struct session *s, const struct conn_end *end, struct ending *e)
{
	bool in_message = (s->final_421 & PLACE_MESSAGE) || e->content_open;
	bool by_421 = s->went_on == 0 && in_message && e->closer == CLOSER_CLIENT &&
		      e->how != HOW_SILENCE;
	bool closed_first = e->closer == CLOSER_SERVER || by_421 ||
			    (end->crossed && end->closer != CLOSER_NOBODY);
	if (s->farewell == FAREWELL_421 && closed_first)
		e->final_421 = s->final_421;
}

/* The server's last words, as far as they ended the session. */
static enum farewell farewell_of(const struct session *s, const struct conn *conn,
				 const struct ending *e)
{
	bool refused = s->farewell == FAREWELL_REFUSAL;
	if (refused && (!refusal_stands(s, conn, e->closed) || e->closer != CLOSER_SERVER ||
			e->end_unanswered))
		return FAREWELL_NONE;
	return s->farewell == FAREWELL_NONE && s->encrypted ? FAREWELL_HIDDEN
							    : (enum farewell)s->farewell;
}

/* A farewell belongs to the stage in which it was said. */
static enum stage stage_of(const struct session *s, const struct ending *e)
{
	bool final = e->farewell != FAREWELL_NONE && e->farewell != FAREWELL_HIDDEN &&
		     !(e->farewell == FAREWELL_421 && !e->final_421);
	if (e->farewell == FAREWELL_221_AFTER_QUIT)
		return STAGE_DONE;
	return final ? (enum stage)s->farewell_stage : session_stage_now(s, s->fin[SERVER]);
}

/* The bytes that are missing may have been a farewell. */
static bool hides_farewell(enum unsure unsure)
{
	return unsure == UNSURE_SERVER_GAP || unsure == UNSURE_ONE_WAY ||
	       unsure == UNSURE_MIDSTREAM || unsure == UNSURE_HANDSHAKE;
}

static void dialogue_read(struct session *s, const struct conn *conn, const struct conn_end *end,
			  struct ending *e)
{
	e->encrypted = s->encrypted;
	e->spoke = s->spoke;
	e->unasked_221 = s->unasked_221;
	e->stage_221 = (enum stage)s->stage_221;
	e->quit_sent = s->quit_sent;
	e->quit_answered = s->quit_answered;
	e->quit_in_transaction = s->quit_in_transaction;
	e->unprompted = s->unprompted;
	e->knew_all = s->fin[SERVER] ? s->knew_all
				     : conn->flow[CLIENT].acked >= conn->flow[SERVER].bytes;
	closer_read(s, end, e);
	final_421_read(s, end, e);
	e->farewell = farewell_of(s, conn, e);
	e->stage = stage_of(s, e);
	unasked_read(s, e);
	if (e->farewell == FAREWELL_NONE && hides_farewell(e->unsure))
		e->farewell = FAREWELL_UNKNOWN;
}

/* Every message gets its fate. */
static void fates_settle(struct session *s, const struct ending *e)
{
	bool known = e->unsure == UNSURE_NONE || e->unsure == UNSURE_NO_DIALOGUE;
	for (struct transaction *t = s->info.first; t; t = t->next) {
		bool aborted = s->quit_sent && !t->end_sent;
		enum fate fate = aborted       ? FATE_ABORTED
				 : !known      ? FATE_UNKNOWN
				 : t->end_sent ? FATE_UNANSWERED
					       : FATE_CUT;
		if (e->final_421 & (PLACE_MESSAGE | PLACE_TRANSACTION) && !t->end_sent && !aborted)
			fate = t->code == 421 && !t->early ? FATE_DEFERRED : fate;
		session_message_over(s, t, fate);
		if (t->fate == FATE_CUT || t->fate == FATE_ABORTED || t->code >= 400)
			t->taken = t->taken == TAKEN_YES ? TAKEN_YES : TAKEN_NO;
	}
}

/* The time from which the client waits for the greeting: in TLS from the first byte the server owes
 * it to a client that has finished the handshake. */
static int64_t greeting_due(const struct session *s, const struct conn *conn)
{
	return s && s->inside ? s->tls->client_ts : conn->start;
}

/* The client waited for the greeting, which the server owes it, and got nothing. */
static bool is_ungreeted(const struct session *s, const struct conn *conn,
			 const struct conn_end *end, const struct ending *e)
{
	/* A greeting that comes when the client has closed is none. */
	bool late = s && s->greeted_late;
	if (e->closer != CLOSER_CLIENT || (s && s->info.replies > 0 && !late))
		return false;
	bool silent = late || (s && s->inside) ||
		      conn->flow[SERVER].bytes + conn->flow[SERVER].gap == 0;
	bool handshake = conn->flow[CLIENT].syn && conn->flow[SERVER].syn && !end->half_open;
	return handshake && silent && (e->how == HOW_FIN || e->how == HOW_RST) &&
	       e->closed - greeting_due(s, conn) >= ENDING_PATIENCE;
}

/* s is NULL if nothing was heard. */
static void ending_read(struct session *s, const struct conn *conn, const struct conn_end *tcp,
			int64_t ts, struct ending *e)
{
	const struct conn_end inside = s ? session_tls_closed(s, tcp) : *tcp, *end = &inside;
	*e = (struct ending){.closer = end->closer,
			     .how = end->how,
			     .refused = end->refused,
			     .no_answer = end->unanswered};
	e->vanished = end->how == HOW_SILENCE && end->closer == CLOSER_NOBODY;
	e->connected = !end->refused &&
		       (conn->side[SERVER].packets > 0 || conn->flow[CLIENT].bytes > 0);
	e->closed = closed_at(s, end, ts);
	if (s) {
		dialogue_close(&s->dialogue, s->fin[SERVER] ? 0 : conn->flow[SERVER].acked, ts);
		if (s->lines)
			session_lines_end(s);
		acked_read(s, conn->flow[SERVER].acked);
		late_take_back(s, conn, end, e);
		if (end->closer == CLOSER_NOBODY)
			session_injected_forget(s);
		transactions_read(s, conn, e);
	}
	e->ungreeted = is_ungreeted(s, conn, end, e);

	e->unsure = session_unsure(s, conn, end);
	e->unsure_bytes = s && (s->lost_bytes || s->dialogue.hole)
				  ? (s->lost_bytes ? s->lost_bytes : conn->flow[CLIENT].gap)
				  : 0;
	if (s && session_tls_fin_missing(s))
		e->unsure_bytes = 1;
	if (s) {
		dialogue_read(s, conn, end, e);
		times_read(s, e);
		session_tls_end(s, tcp, conn->flow[SERVER].acked, e, ts);
		fates_settle(s, e);
		e->unknown_fates = s->info.fates[FATE_UNKNOWN];
	}
	if (e->ungreeted)
		e->waited = e->closed - greeting_due(s, conn);
	e->seen = seen_of(conn, e->unsure);
	e->may_hide |= !conn->flow[CLIENT].syn || !conn->flow[SERVER].syn;
}

static const struct session_end *end_store(struct session *s, const struct conn *conn,
					   const struct conn_end *tcp, int64_t ts)
{
	struct session_end end;
	const struct dialogue_env *env = s->dialogue.env;
	if (!s->silent)
		session_settle(s);
	ending_read(s->silent ? NULL : s, conn, tcp, ts, &end.ending);
	if (!s->silent)
		session_dialogue_free(s);
	end.ts = ts;
	s->phase = SESSION_CLOSED;
	s->closed.env = env;
	s->closed.end = end;
	return &s->closed.end;
}

const struct session_end *session_close(struct session *s, const struct conn *conn,
					const struct conn_end *end, int64_t ts)
{
	if (s->silent || !session_may_be_answered(s, end))
		return end_store(s, conn, end, ts);
	s->phase = SESSION_WAITING;
	s->tcp = *end;
	s->closed_ts = ts;
	return NULL;
}

/* The bytes were said before the client's RST came. */
void session_late(struct session *s, const struct conn *conn, struct bytes data)
{
	if (s->phase == SESSION_WAITING)
		session_data(s, conn, SERVER, data, s->closed_ts);
}

const struct session_end *session_wait_over(struct session *s, const struct conn *conn)
{
	return s->phase == SESSION_WAITING ? end_store(s, conn, &s->tcp, s->closed_ts) : NULL;
}

struct session_end *session_end(struct session *s)
{
	assert(s->phase == SESSION_CLOSED);
	return &s->closed.end;
}

/* A FIN, and a server's RST, stand in the sequence: what is missing before them shows as a gap,
 * which session_close has judged. */
static bool rests_on_absence(const struct ending *e)
{
	return e->how == HOW_SILENCE || e->no_answer ||
	       (e->closer == CLOSER_CLIENT && e->how == HOW_RST);
}

/* What rests on the close is not known; what was said stands. */
static void close_downgrade(struct session *s, enum unsure why)
{
	struct ending *e = &s->closed.end.ending;
	e->unsure = why;
	e->no_answer = false;
	if (e->farewell == FAREWELL_NONE)
		e->farewell = FAREWELL_UNKNOWN;
	for (struct transaction *t = s->info.first; t; t = t->next)
		if (t->fate == FATE_UNANSWERED || t->fate == FATE_CUT)
			session_message_downgrade(s, t);
	e->unknown_fates = s->info.fates[FATE_UNKNOWN];
}

void session_capture_loss(struct session *s, uint64_t lost)
{
	struct ending *e = &session_end(s)->ending;
	if (lost == 0 || !rests_on_absence(e) || e->quit_answered || e->unsure != UNSURE_NONE)
		return;
	close_downgrade(s, UNSURE_CAPTURE_LOSS);
	e->unsure_bytes = lost;
}

void session_retracted(struct session *s)
{
	const struct ending *e = &session_end(s)->ending;
	if (!e->quit_answered && (e->unsure == UNSURE_NONE || e->unsure == UNSURE_NO_DIALOGUE))
		close_downgrade(s, UNSURE_RETRACTED);
}

void session_disputed(struct session *s)
{
	struct ending *e = &session_end(s)->ending;
	close_downgrade(s, UNSURE_DISPUTED);
	for (struct transaction *t = s->info.first; t; t = t->next)
		if (t->fate != FATE_UNKNOWN)
			session_message_downgrade(s, t);
	e->unknown_fates = s->info.fates[FATE_UNKNOWN];
	e->unasked_221 = e->final_421 = 0;
	e->quit_answered = e->ungreeted = e->taken_unanswered = e->taken_refused = false;
	e->by_221 = e->by_2yz = (struct ending_premature){0};
	e->slowest_reply = 0;
}
