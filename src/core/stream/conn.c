/* conn.c - what the facts of a connection say, whichever engine found them. */
#include "smtpwatch/stream.h"

/* Fewer tries, or in less time, are what any loss on the path looks like. */
enum { SILENT_TRIES = 3 };
#define SILENT_TIME (5 * FRAME_SECOND)

/* The third SYN goes out after three seconds, the fourth after seven (RFC 6298). */
#define UNANSWERED_TIME (10 * FRAME_SECOND)

int stream_order_compare(const struct stream_order *a, const struct stream_order *b)
{
	if (a->step != b->step)
		return a->step < b->step ? -1 : 1;
	if (a->since != b->since)
		return a->since < b->since ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

bool conn_silent(const struct conn *conn, enum side silent, int64_t ts)
{
	const struct conn_side *other = &conn->side[side_other(silent)];
	if (other->tries < SILENT_TRIES || other->unanswered_since == 0 ||
	    conn->side[silent].packets == 0)
		return false;
	int64_t tried = conn->last - other->unanswered_since, since = ts - conn->last;
	bool gave_up = conn->flow[side_other(silent)].fin || conn->flow[side_other(silent)].rst;
	return tried >= SILENT_TIME && (gave_up || since > tried + tried / 2);
}

bool conn_unanswered(const struct conn *conn, int64_t ts)
{
	const struct conn_flow *client = &conn->flow[CLIENT], *server = &conn->flow[SERVER];
	return client->syn && conn->side[SERVER].packets == 0 &&
	       client->bytes + client->gap + server->gap == 0 &&
	       ts - conn->start >= UNANSWERED_TIME;
}

void conn_end_silence(const struct conn *conn, struct conn_end *end, int64_t ts)
{
	bool server = end->closer != CLOSER_SERVER && conn_silent(conn, SERVER, ts);
	bool client = !server && end->closer != CLOSER_CLIENT && conn_silent(conn, CLIENT, ts);
	if (!server && !client)
		return;
	end->closer = server ? CLOSER_NOBODY : CLOSER_CLIENT;
	end->how = HOW_SILENCE;
}
