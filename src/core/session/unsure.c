/* unsure.c - why nothing that rests on the close of a session can be said: a table in order of
 * priority. */
#include "core/session/state.h"

struct close {
	const struct session *s; /* NULL: no byte was seen, or there was no memory for them */
	const struct conn *conn;
	const struct conn_end *end;
};

bool session_may_be_answered(const struct session *s, const struct conn_end *end)
{
	const struct smtp_pending *due = s->dialogue.head;
	bool message = due && due->last && due->transaction && due->transaction->fate == FATE_OPEN;
	return message && (!s->tls || s->inside) && end->by_rst && end->rst_by == CLIENT &&
	       end->closer == CLOSER_CLIENT && end->how == HOW_FIN;
}

/* Where a SYN was seen, the capture did not begin in the middle. */
static bool syn_seen(const struct close *c)
{
	return c->conn->flow[CLIENT].syn || c->conn->flow[SERVER].syn;
}

static bool is_silent(const struct close *c, enum side side)
{
	return c->conn->side[side].packets == 0;
}

static bool has_bytes(const struct close *c)
{
	const struct conn_flow *client = &c->conn->flow[CLIENT], *server = &c->conn->flow[SERVER];
	return client->bytes + client->gap + server->bytes + server->gap > 0;
}

static bool overflows(const struct close *c)
{
	return c->s && c->s->overflow;
}

static bool is_unread(const struct close *c)
{
	return !c->s && has_bytes(c);
}

static bool is_turned(const struct close *c)
{
	return c->s && c->s->dialogue.mode == MODE_TURNED;
}

static bool is_opaque(const struct close *c)
{
	const struct dialogue *d = c->s ? &c->s->dialogue : NULL;
	return d && (d->mode == MODE_ANSWER || (d->lost && d->opaque && c->s->lost_bytes == 0));
}

/* Which commands are outstanding is not known. */
static bool is_lost(const struct close *c)
{
	return c->s && (c->s->dialogue.lost || c->s->dialogue.hole);
}

static bool is_one_way(const struct close *c)
{
	return is_lost(c) && (is_silent(c, CLIENT) || is_silent(c, SERVER));
}

/* The pairing was lost from the beginning on, and no bytes are missing since. */
static bool is_never_paired(const struct close *c)
{
	return is_lost(c) && c->s->lost_bytes == 0 && !c->s->sure && !c->s->dialogue.hole;
}

static bool begins_in_handshake(const struct close *c)
{
	return is_never_paired(c) && syn_seen(c);
}

static bool misses_client(const struct close *c)
{
	return (is_lost(c) && (c->s->dialogue.hole || c->s->lost_side == CLIENT)) ||
	       (c->s && c->s->uncounted && c->s->lost_side == CLIENT);
}

static bool misses_server(const struct close *c)
{
	return is_lost(c) || (c->s && c->s->uncounted);
}

static bool is_answered_unseen(const struct close *c)
{
	return c->s && session_may_be_answered(c->s, c->end) && c->conn->side[CLIENT].reset.bare &&
	       !c->conn->flow[SERVER].fin;
}

/* The server closed before it had the acknowledgement of its SYN, as far as was seen: in
 * SYN-RECEIVED (RFC 9293 3.10.4) there is no session yet that it could drop. */
static bool is_half_open(const struct close *c)
{
	return !has_bytes(c) && c->end->half_open && c->end->closer == CLOSER_SERVER &&
	       c->conn->flow[SERVER].syn && !c->end->refused;
}

/* Nobody was seen to end the connection. A client that has only half closed still waits for what is
 * outstanding, or may be: a dot that only some servers take as the end. */
static bool is_open(const struct close *c)
{
	const struct conn_end *end = c->end;
	bool over = end->over == HOW_FIN || end->over == HOW_RST || end->how == HOW_SILENCE ||
		    end->refused || end->unanswered;
	bool waits = c->s && (c->s->dialogue.head || c->s->dialogue.mode == MODE_SOFT);
	return !over && (end->closer == CLOSER_NOBODY || (end->closer == CLOSER_CLIENT && waits));
}

static bool is_open_at_end(const struct close *c)
{
	return is_open(c) && c->end->over == HOW_CAPTURE_END;
}

static bool is_evicted(const struct close *c)
{
	return is_open(c) && c->end->over == HOW_EVICTED;
}

/* The server was seen, and not that it answered a SYN. */
static bool is_begun_unseen(const struct close *c)
{
	return !c->s && !is_silent(c, SERVER) && !c->conn->flow[SERVER].syn && !c->end->refused;
}

static bool is_begun_with_syn(const struct close *c)
{
	return is_begun_unseen(c) && syn_seen(c);
}

static bool misses_tls_fin(const struct close *c)
{
	return c->s && session_tls_fin_missing(c->s);
}

static bool is_no_dialogue(const struct close *c)
{
	return c->s && c->s->foreign && !c->s->spoke;
}

/* The first that holds counts. Direct calls, which the compiler puts in line: every session comes
 * through here. */
#define ROWS(ROW)                                                                                  \
	ROW(UNSURE_NO_MEMORY, is_unread)                                                           \
	ROW(UNSURE_OVERFLOW, overflows)                                                            \
	ROW(UNSURE_TURNED, is_turned)                                                              \
	ROW(UNSURE_OPAQUE, is_opaque)                                                              \
	ROW(UNSURE_ONE_WAY, is_one_way)                                                            \
	ROW(UNSURE_HANDSHAKE, begins_in_handshake)                                                 \
	ROW(UNSURE_MIDSTREAM, is_never_paired)                                                     \
	ROW(UNSURE_CLIENT_GAP, misses_client)                                                      \
	ROW(UNSURE_SERVER_GAP, misses_server)                                                      \
	ROW(UNSURE_ANSWERED, is_answered_unseen)                                                   \
	ROW(UNSURE_HALF_OPEN, is_half_open)                                                        \
	ROW(UNSURE_CAPTURE_END, is_open_at_end)                                                    \
	ROW(UNSURE_EVICTED, is_evicted)                                                            \
	ROW(UNSURE_IDLE, is_open)                                                                  \
	ROW(UNSURE_HANDSHAKE, is_begun_with_syn)                                                   \
	ROW(UNSURE_MIDSTREAM, is_begun_unseen)                                                     \
	ROW(UNSURE_CLIENT_GAP, misses_tls_fin)                                                     \
	ROW(UNSURE_NO_DIALOGUE, is_no_dialogue)

enum unsure session_unsure(const struct session *s, const struct conn *conn,
			   const struct conn_end *end)
{
	const struct close c = {s, conn, end};
#define RETURN_IF(unsure, holds)                                                                   \
	if (holds(&c))                                                                             \
		return unsure;
	ROWS(RETURN_IF)
	return UNSURE_NONE;
}
