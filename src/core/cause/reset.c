/* reset.c - whether an RST comes from the host whose address it bears, or from something
 * between. */
#include "core/cause/signs.h"

/*
 * What a Linux kernel does by itself, so that it is no sign: an RST without time stamps, with IP ID
 * 0, with window 0; for a socket that is gone it knows none of them.
 */
enum { TTL_NOISE = 1, ID_BACK = 256, ID_AHEAD = 4096 };

static const int64_t at_once = 10 * FRAME_MS;

/* The distance from the TTLs of the side's other segments. A route that changes moves it by a hop.
 */
static unsigned ttl_off(const struct conn_side *s)
{
	if (s->ttl_high == 0)
		return 0; /* not known */
	int below = s->ttl_low - s->reset.ttl, above = s->reset.ttl - s->ttl_high;
	int off = below > above ? below : above;
	return off > TTL_NOISE ? (unsigned)off : 0;
}

/* The same way, and another of the usual first values (64, 128, 255): a second stack at the same
 * place, such as a load balancer's, or a system that resets with its own. */
static bool ttl_other_stack(unsigned off)
{
	return off == 128 - 64 || off == 255 - 128 || off == 255 - 64;
}

/* Its IP ID is in no sequence with those before: weak, because some systems choose them by chance.
 */
static bool id_strange(const struct conn_side *s)
{
	uint16_t ahead = (uint16_t)(s->reset.ip_id - s->ip_id),
		 back = (uint16_t)(s->ip_id - s->reset.ip_id);
	if (s->reset.ip_id == 0)
		return false;
	return s->ip_id == 0 ? s->df : ahead > ID_AHEAD && back > ID_BACK;
}

static bool both_at_once(const struct conn *conn)
{
	int64_t apart = conn->side[CLIENT].reset.ts - conn->side[SERVER].reset.ts;
	return conn->side[CLIENT].reset.seen && conn->side[SERVER].reset.seen && apart <= at_once &&
	       apart >= -at_once;
}

/*
 * An RST that carries a time stamp where its side uses none, an IP ID out of order, an open window
 * (kernels reset with 0): two together, or each with a better sign, mean something; all three are
 * another stack's.
 */
static void weak_signs(const struct conn_side *s, struct cause *c)
{
	bool id = id_strange(s), stamp = s->reset.tsopt && !s->tsopt, window = s->reset.window != 0,
	     alone = c->evidences == 0;
	if (alone && !(id && stamp))
		return;
	if (id)
		CAUSE_SIGN(c, CONFIDENCE_POSSIBLE,
			   "the RST has IP ID %u, that side's segment before it has %u",
			   s->reset.ip_id, s->ip_id);
	if (stamp && c->evidences < CAUSE_EVIDENCE)
		CAUSE_SIGN(c, CONFIDENCE_POSSIBLE,
			   "the RST bears a time stamp, that side's other segments bear none");
	if (id && stamp && window && c->evidences < CAUSE_EVIDENCE)
		CAUSE_SIGN(c, CONFIDENCE_POSSIBLE, "the RST announces a window of %u",
			   s->reset.window);
	if (alone)
		cause_rules_limit(c, window ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE);
}

static void ttl_sign(const struct conn *conn, enum side side, struct cause *c)
{
	const struct conn_side *s = &conn->side[side];
	const char *ttl = ip_addr_is_v4(&conn->addr[side]) ? "TTL" : "hop limit",
		   *who = side == SERVER ? "server" : "client";
	unsigned off = ttl_off(s);
	if (off == 0)
		return;
	enum confidence confidence = ttl_other_stack(off) ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY;
	if (s->ttl_low == s->ttl_high)
		CAUSE_SIGN(c, confidence, "the RST has %s %u, the %s's other segments have %u", ttl,
			   s->reset.ttl, who, s->ttl_low);
	else
		CAUSE_SIGN(c, confidence,
			   "the RST has %s %u, the %s's other segments have %u to %u", ttl,
			   s->reset.ttl, who, s->ttl_low, s->ttl_high);
}

bool cause_reset_by_middlebox(const struct cause_input *f, struct cause *c)
{
	const struct ending *e = f->ending;
	enum side side = e->closer == CLOSER_SERVER ? SERVER : CLIENT;
	const struct conn_side *s = &f->conn->side[side];
	if (e->how != HOW_RST || e->closer == CLOSER_NOBODY || !s->reset.seen || s->packets == 0 ||
	    e->farewell != FAREWELL_NONE)
		return false;
	if (s->reset.after > 0)
		CAUSE_SIGN(
			c, CONFIDENCE_CERTAIN,
			"the %s went on sending after the RST that bears its address, %u segments",
			side == SERVER ? "server" : "client", s->reset.after);
	ttl_sign(f->conn, side, c);
	if (both_at_once(f->conn))
		CAUSE_SIGN(c, CONFIDENCE_LIKELY, "RSTs of both sides came within %.1f ms",
			   (double)at_once / (double)FRAME_MS);
	weak_signs(s, c);
	return c->evidences > 0;
}
