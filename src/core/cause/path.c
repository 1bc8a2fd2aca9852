/* path.c - causes that lie with the network between the two, and with who cannot take what it
 * brings. */
#include "core/cause/signs.h"

/*
 * stuck: retransmissions of the largest segments, without progress, before they are taken for such
 * as do not fit. tries: retransmissions without an answer before the path is taken for broken; one
 * or two happen on any. plain: what every IPv4 path carries (RFC 791: 576 bytes), headers taken
 * off. super: a super-segment, of which the size on the wire is not known.
 */
enum { STUCK = 3, STUCK_WITH_ICMP = 2, TRIES = 3, PLAIN = 536, SUPER = 65535 };

/* Small segments pass, large ones do not. */
static bool large_stuck(const struct conn_side *c, unsigned times)
{
	return c->df && c->stuck >= times && c->largest > PLAIN && c->largest_acked > 0 &&
	       c->largest_acked < c->largest;
}

bool cause_path_stuck(const struct cause_input *f)
{
	return large_stuck(&f->conn->side[CLIENT], STUCK_WITH_ICMP);
}

static void stuck_sign(const struct conn_side *c, struct cause *out, enum confidence confidence)
{
	if (c->largest == SUPER)
		CAUSE_SIGN(out, confidence,
			   "the client's largest segments were sent %u times more and never "
			   "acknowledged",
			   c->stuck);
	else
		CAUSE_SIGN(out, confidence,
			   "segments of %u bytes were sent %u times more and never acknowledged; "
			   "%u bytes passed",
			   c->largest, c->stuck, c->largest_acked);
}

bool cause_path_mtu(const struct cause_input *f, struct cause *c)
{
	const struct conn_side *client = &f->conn->side[CLIENT];
	const char *error = ip_addr_is_v4(&f->conn->addr[CLIENT]) ? "fragmentation needed"
								  : "packet too big";
	if (!large_stuck(client, client->too_big > 0 ? STUCK_WITH_ICMP : STUCK) ||
	    f->conn->side[SERVER].window_closed)
		return false;
	stuck_sign(client, c, client->too_big > 0 ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY);
	if (client->too_big > 0 && client->mtu > 0)
		CAUSE_SIGN(c, CONFIDENCE_CERTAIN,
			   "a router said \"%s\", with an MTU of %u, %u times", error, client->mtu,
			   client->too_big);
	else if (client->too_big > 0)
		CAUSE_SIGN(c, CONFIDENCE_CERTAIN, "a router said \"%s\", without the MTU, %u times",
			   error, client->too_big);
	else
		CAUSE_REMARK(c, "no ICMP \"%s\" was seen: it is probably filtered on the way",
			     error);
	return true;
}

/* Is this a path on which much gets lost, besides what is unanswered now? */
static bool lossy(const struct conn_side *s)
{
	uint32_t before = s->retransmits - s->unanswered;
	return before >= TRIES && before >= s->packets / 10;
}

/* How long the oldest bytes of a side have waited for their acknowledgement. */
static int64_t waited_for_ack(const struct cause_input *f, enum side side)
{
	int64_t since = f->conn->side[side].unanswered_since;
	return since ? f->end - since : 0;
}

/* The least that so many tries take is a second and more (RFC 6298 2.4); what comes faster is
 * copies, or a loss that was noticed at once. */
static void side_lost(const struct cause_input *f, enum side side, struct cause *c)
{
	const struct conn_side *s = &f->conn->side[side];
	const char *who = side == SERVER ? "server" : "client";
	if (s->unanswered < TRIES || waited_for_ack(f, side) < FRAME_SECOND)
		return;
	CAUSE_SIGN(c, CONFIDENCE_POSSIBLE,
		   "the %s sent again %u times in %.1f s, and nothing came back", who,
		   s->unanswered, CAUSE_SECONDS(waited_for_ack(f, side)));
	if (lossy(s))
		CAUSE_SIGN(c, CONFIDENCE_POSSIBLE,
			   "before that, %u of the %s's %u segments had been sent again",
			   s->retransmits - s->unanswered, who, s->packets);
}

/* Retransmissions that were answered did what they are for, however many. A window that is closed
 * is asked again and again too: that is no loss. */
bool cause_path_loss(const struct cause_input *f, struct cause *c)
{
	const struct conn_side *client = &f->conn->side[CLIENT], *server = &f->conn->side[SERVER];
	enum side side = client->unanswered >= server->unanswered ? CLIENT : SERVER;
	if (server->window_closed)
		return false;
	side_lost(f, side, c);
	if (c->evidences > 0 && client->unreachable > 0)
		CAUSE_SIGN(c, CONFIDENCE_LIKELY,
			   "ICMP errors said that the server cannot be reached, %u times",
			   client->unreachable);
	return c->evidences > 0;
}

bool cause_path_receiver_stalled(const struct cause_input *f, struct cause *c)
{
	const struct conn_side *server = &f->conn->side[SERVER];
	const struct ending *e = f->ending;
	if (e->closer == CLOSER_NOBODY && !e->vanished)
		return false;
	if (server->window_closed)
		CAUSE_SIGN(c, CONFIDENCE_LIKELY,
			   "the server's receive window was closed at the end (zero windows in "
			   "all: %u)",
			   server->zero_windows);
	else if (server->zero_windows >= TRIES && e->content_open)
		CAUSE_SIGN(c, CONFIDENCE_POSSIBLE,
			   "the server had closed its receive window %u times",
			   server->zero_windows);
	return c->evidences > 0;
}

/* Every TCP acknowledges within half a second what it gets (RFC 9293 3.8.6.3). A client that closes
 * at once need not have. */
static void unread_sign(const struct cause_input *f, struct cause *c)
{
	const struct conn_side *server = &f->conn->side[SERVER];
	int64_t since = waited_for_ack(f, SERVER);
	if (server->unacked == 0 || since < FRAME_SECOND)
		return;
	CAUSE_SIGN(c, CONFIDENCE_LIKELY,
		   "the server's last %llu bytes were never acknowledged, for %.1f s",
		   (unsigned long long)server->unacked, CAUSE_SECONDS(since));
	if (server->retransmits > 0)
		CAUSE_SIGN(c, CONFIDENCE_LIKELY, "the server sent %u segments again",
			   server->retransmits);
}

/* What the server said, and the client has not read, or may not have: an RST takes with it what has
 * arrived and was not read yet. */
bool cause_path_reply_lost(const struct cause_input *f, struct cause *c)
{
	const struct conn_side *server = &f->conn->side[SERVER];
	bool reset = cause_rules_dropped(f) && f->ending->how == HOW_RST;
	if (f->session->replies == 0)
		return false;
	if (!cause_rules_by_server(f))
		unread_sign(f, c);
	if (reset && server->unacked > 0)
		CAUSE_SIGN(c, CONFIDENCE_POSSIBLE,
			   "the server's RST came with its last %llu bytes unacknowledged",
			   (unsigned long long)server->unacked);
	if (reset && server->unacked > 0 && server->reset.overtook)
		CAUSE_SIGN(
			c, CONFIDENCE_POSSIBLE,
			"the RST's sequence number lies before them: it leaves no place for them");
	return c->evidences > 0;
}
