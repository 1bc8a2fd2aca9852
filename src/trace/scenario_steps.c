/* scenario_steps.c - turns each segment into a step, after the directives that the step needs. */
#include "trace/scenario_steps.h"

#include "smtpwatch/frame.h"

#include <stdio.h>
#include <stdlib.h>

/* AHEAD: after so many segments an acknowledgement is no longer searched for. */
enum { AHEAD = 2000, TTL_CLIENT = 64, TTL_SERVER = 57, IDS = 64 };

/* pause: a shorter pause is not written. rto: how long the language's stacks wait before a
 * retransmission. twice: the same segment within this time is a captured duplicate. */
static const int64_t pause = 50 * FRAME_MS, rto = 300 * FRAME_MS, twice = 5 * FRAME_MS;

static const char letter[] = "CS";

/* What happened to a segment, as far as the other side shows. */
enum arrival {
	/* something acknowledged it */
	ARRIVED,
	SENT_AGAIN, /* it was retransmitted before anything acknowledged it */
	NOT_ACKED,  /* the other side went on, but never acknowledged it */
	SILENCE     /* nothing more came from the other side */
};

static uint64_t offset_of(const struct scenario_steps *s, enum side side, uint32_t seq)
{
	const struct scenario_side *d = &s->side[side];
	int64_t offset = (int64_t)d->delivered + (int32_t)(seq - d->base - (uint32_t)d->delivered);
	return offset > 0 ? (uint64_t)offset : 0;
}

static uint64_t acked_of(const struct scenario_steps *s, const struct recorded_packet *p)
{
	return offset_of(s, side_other(p->side), p->ack);
}

static uint32_t span_of(const struct recorded_packet *p)
{
	return p->len + ((p->flags & TCP_FIN) != 0);
}

/* Finds what happened to the side's bytes before `end`. at: the packet that brought the last of
 * them. */
static enum arrival arrival_of(const struct scenario_steps *s, size_t at, enum side side,
			       uint64_t end)
{
	size_t max = at + AHEAD < s->packets ? at + AHEAD : s->packets;
	bool answered = false;
	for (size_t i = at + 1; i < max; i++) {
		const struct recorded_packet *p = &s->packet[i];
		if (p->side != side && (p->flags & TCP_ACK) && acked_of(s, p) >= end)
			return ARRIVED;
		answered |= p->side != side && (p->flags & TCP_ACK);
		if (p->side == side && span_of(p) > 0 && p->ts > s->packet[at].ts + twice) {
			uint64_t from = offset_of(s, side, p->seq);
			if (from < end && from + span_of(p) >= end)
				return SENT_AGAIN;
		}
	}
	return max < s->packets ? ARRIVED : answered ? NOT_ACKED : SILENCE;
}

/* Returns true if the other side sends nothing after packet `at`, although this side still sends.
 */
static bool falls_silent(const struct scenario_steps *s, size_t at, enum side side)
{
	bool tried = false;
	for (size_t i = at + 1; i < s->packets; i++) {
		if (s->packet[i].side != side)
			return false;
		tried |= !(s->packet[i].flags & TCP_RST);
	}
	return tried;
}

static void put_time(struct outbuf *b, int64_t ns)
{
	int64_t unit = ns < FRAME_SECOND ? 10 : 100, ms = (ns / FRAME_MS + unit / 2) / unit * unit;
	if (ms % 1000 == 0)
		outbuf_format(b, "wait %llds\n", (long long)(ms / 1000));
	else
		outbuf_format(b, "wait %lldms\n", (long long)ms);
}

/* Writes the unwritten part of a message, in segments as the language cuts them. */
static void run_end(struct scenario_writer *w)
{
	struct scenario_steps *s = w->run;
	uint64_t from = s ? s->run_from : 0;
	w->run = NULL;
	if (s)
		s->joinable = (unsigned)scenario_put_body(
			w->b, CLIENT,
			scenario_text_of(&s->side[CLIENT].text, from, s->side[CLIENT].sent),
			from == 0 || s->r->side[CLIENT].stream.p[from - 1] == '\n');
}

/* Call before each step: writes the session's number and the pause since the last step. spent:
 * nanoseconds of the pause that the step itself takes. */
static void step_begin(struct scenario_steps *s, int64_t ts, int64_t spent)
{
	struct scenario_writer *w = s->w;
	run_end(w);
	s->joinable = 0;
	if (w->several && w->number != s->number)
		outbuf_format(w->b, "session %u\n", s->number);
	w->number = s->number;
	if (w->now > 0 && ts - w->now - spent >= pause) {
		outbuf_str(w->b, s->connect_pending ? "connect\n" : "");
		put_time(w->b, ts - w->now - spent);
	}
	s->connect_pending = false;
	w->now = ts > w->now ? ts : w->now;
}

static void lost_add(struct scenario_side *d, uint64_t from, uint64_t to)
{
	if (d->losts < SCENARIO_LOST)
		d->lost[d->losts++] = (struct scenario_lost){from, to};
}

static void vanish(struct scenario_steps *s, enum side side)
{
	struct scenario_side *d = &s->side[side];
	if (!d->vanished)
		outbuf_format(s->w->b, "vanish %c\n", letter[side]);
	d->vanished = true;
}

/* Writes what happens to the next segment of a side. at: its packet; to: the offset behind it. */
static void put_output(struct scenario_steps *s, size_t at, enum side side, uint64_t to)
{
	struct scenario_side *d = &s->side[side], *peer = &s->side[side_other(side)];
	enum arrival arrival = arrival_of(s, at, side, to);
	if (arrival == ARRIVED || (arrival == SILENCE && !peer->vanished))
		return;
	if (falls_silent(s, at, side))
		vanish(s, side_other(side));
	else if (!peer->vanished)
		outbuf_str(s->w->b, "no-ack\n");
	lost_add(d, d->sent, to);
}

/* Returns true if the segment was sent before bytes of the other side arrived. */
static bool is_crossing(const struct scenario_steps *s, enum side side, uint64_t acked)
{
	const struct scenario_side *peer = &s->side[side_other(side)];
	uint64_t had = peer->losts > 0 ? peer->lost[0].from : peer->sent;
	return acked < had;
}

static void put_directives(struct scenario_steps *s, size_t at, enum side side, uint64_t acked,
			   uint64_t to)
{
	if (is_crossing(s, side, acked))
		outbuf_str(s->w->b, "crossing\n");
	put_output(s, at, side, to);
}

/* Returns the packet that brought the bytes, which may have waited for others. */
static size_t brought_by(const struct scenario_steps *s, const struct recorded_data *d)
{
	uint32_t last = s->side[d->side].base + (uint32_t)(d->offset + d->n) - 1;
	for (size_t i = d->at + 1; !d->gap && i-- > 0;) {
		const struct recorded_packet *p = &s->packet[i];
		if (p->side == d->side && p->ts == d->ts && last - p->seq < p->len)
			return i;
	}
	return d->at;
}

/* Returns what the sender had received. The packet tells it if it is known: delivered bytes tell
 * nothing of a FIN. */
static uint64_t data_acked(const struct scenario_steps *s, const struct recorded_data *d, size_t at)
{
	const struct recorded_packet *p = &s->packet[at];
	return p->side == d->side && (p->flags & TCP_ACK) ? acked_of(s, p) : d->acked;
}

/* Returns true for a part of a message that needs no directive and no pause. */
static bool is_run(struct scenario_steps *s, const struct recorded_data *d, size_t at)
{
	return d->side == CLIENT && d->n > 0 &&
	       scenario_text_content(&s->side[CLIENT].text, d->offset, d->offset + d->n) &&
	       !is_crossing(s, CLIENT, data_acked(s, d, at)) &&
	       arrival_of(s, at, CLIENT, d->offset + d->n) == ARRIVED &&
	       (s->w->run != s || d->ts - s->w->now < pause);
}

static void put_gap(struct scenario_steps *s, const struct recorded_data *d)
{
	const struct recorded_data *next = d + 1;
	while (next < s->data + s->datas && next->gap)
		next++;
	next = next < s->data + s->datas ? next : NULL;
	/* A gap is declared later than the bytes behind it were sent. */
	step_begin(s, next && next->ts < d->ts ? next->ts : d->ts, 0);
	outbuf_format(s->w->b, "gap %c %llu\n", letter[d->side], (unsigned long long)d->n);
	s->side[d->side].sent = d->offset + d->n;
}

static void data_take(struct scenario_steps *s, const struct recorded_data *d)
{
	struct scenario_side *side = &s->side[d->side];
	size_t at = brought_by(s, d);
	side->delivered = d->offset + d->n;
	if (d->gap) {
		put_gap(s, d);
		return;
	}
	if (is_run(s, d, at)) {
		if (s->w->run != s) {
			step_begin(s, d->ts, 0);
			s->run_from = d->offset;
		}
		s->w->run = s;
		s->w->now = d->ts;
		side->sent = side->delivered;
		return;
	}
	step_begin(s, d->ts, 0);
	put_directives(s, at, d->side, data_acked(s, d, at), side->delivered);
	scenario_put_bytes(s->w->b, d->side,
			   scenario_text_of(&side->text, d->offset, side->delivered));
	side->sent = side->delivered;
	s->joinable = 1u << d->side;
}

/* Returns true for the last segment of a session if the language makes the same FIN by itself. */
static bool is_last_fin(const struct scenario_steps *s, const struct recorded_packet *p, size_t at)
{
	const struct scenario_side *peer = &s->side[side_other(p->side)];
	for (size_t i = at + 1; i < s->packets; i++)
		if (span_of(&s->packet[i]) > 0 || (s->packet[i].flags & TCP_RST))
			return false;
	return peer->fin && peer->losts == 0 && !peer->vanished && p->ts - s->w->now < pause &&
	       !is_crossing(s, p->side, acked_of(s, p));
}

static void fin_take(struct scenario_steps *s, const struct recorded_packet *p, size_t at)
{
	struct scenario_side *d = &s->side[p->side];
	d->fin = true;
	if (is_last_fin(s, p, at)) {
		run_end(s->w);
		d->sent++;
		return;
	}
	if (p->len > 0 && s->w->run == s)
		run_end(s->w);
	if (p->len > 0 && (s->joinable >> p->side & 1) && s->w->number == s->number) {
		outbuf_format(s->w->b, "%c+! FIN\n", letter[p->side]);
	} else {
		step_begin(s, p->ts, 0);
		put_directives(s, at, p->side, acked_of(s, p), d->sent + 1);
		outbuf_format(s->w->b, "%c! FIN\n", letter[p->side]);
	}
	s->joinable = 0;
	d->sent++;
}

/* Writes how an RST differs from its side's other segments: it may be forged. */
static void put_forgery(struct scenario_steps *s, const struct recorded_packet *p, bool stamps)
{
	const struct scenario_side *d = &s->side[p->side];
	struct outbuf *b = s->w->b;
	int64_t shift = (int64_t)(int32_t)(p->seq - d->base - (uint32_t)d->sent);
	int usual = p->side == CLIENT ? TTL_CLIENT : TTL_SERVER;
	if (d->ttl > 0 && p->ttl != d->ttl)
		outbuf_format(b, " ttl %d", usual + p->ttl - d->ttl);
	if (shift != 0)
		outbuf_format(b, " seq %+lld", (long long)shift);
	if (d->ip_id > 0 && (uint16_t)(p->ip_id - d->ip_id - 1) >= IDS)
		outbuf_format(b, " ip-id %u", p->ip_id);
	if (p->window > 0)
		outbuf_format(b, " window %u", p->window);
	if (p->stamped != stamps)
		outbuf_str(b, p->stamped ? " timestamps" : " no-timestamps");
	if (!(p->flags & TCP_ACK))
		outbuf_str(b, " without-ack");
	outbuf_char(b, '\n');
}

/* Returns what an RST acknowledges. Without ACK flag: what the side's earlier segments acknowledge.
 */
static uint64_t reset_acked(const struct scenario_steps *s, const struct recorded_packet *p)
{
	uint64_t max = p->flags & TCP_ACK ? acked_of(s, p) : 0;
	for (const struct recorded_packet *o = s->packet; o < p && !(p->flags & TCP_ACK); o++)
		if (o->side == p->side && (o->flags & TCP_ACK) && acked_of(s, o) > max)
			max = acked_of(s, o);
	return max;
}

static void reset_take(struct scenario_steps *s, const struct recorded_packet *p)
{
	struct scenario_side *d = &s->side[p->side];
	if (d->reset)
		return;
	d->reset = true;
	step_begin(s, p->ts, 0);
	if (is_crossing(s, p->side, reset_acked(s, p)))
		outbuf_str(s->w->b, "crossing\n");
	outbuf_format(s->w->b, "%c! RST", letter[p->side]);
	put_forgery(s, p, s->packet[0].stamped);
}

/* Leaves out a retransmission of bytes that had arrived. */
static void again_take(struct scenario_steps *s, const struct recorded_packet *p)
{
	struct scenario_side *d = &s->side[p->side], *peer = &s->side[side_other(p->side)];
	uint64_t from = offset_of(s, p->side, p->seq), end = from + span_of(p);
	if (d->losts == 0 || d->lost[0].from >= end || d->lost[0].to <= from) {
		s->w->again++;
		return;
	}
	while (d->losts > 0 && d->lost[0].from < end) {
		enum arrival arrival = arrival_of(s, s->at, p->side, d->lost[0].to);
		bool arrives = !peer->vanished && arrival == ARRIVED;
		step_begin(s, p->ts, rto);
		if (!arrives && !peer->vanished)
			outbuf_str(s->w->b, falls_silent(s, s->at, p->side) ? "" : "no-ack\n");
		if (!arrives && !peer->vanished && falls_silent(s, s->at, p->side))
			vanish(s, side_other(p->side));
		outbuf_format(s->w->b, "retransmit %c\n", letter[p->side]);
		if (!arrives)
			break;
		memmove(d->lost, d->lost + 1, --d->losts * sizeof *d->lost);
	}
}

/* Returns true for a segment after silence that repeats a byte which had arrived. */
static bool is_keepalive(const struct scenario_steps *s, const struct recorded_packet *p)
{
	const struct scenario_side *d = &s->side[p->side];
	return p->len <= 1 && s->at > 0 && p->ts - s->packet[s->at - 1].ts >= FRAME_SECOND &&
	       d->losts == 0 && !(p->flags & (TCP_SYN | TCP_FIN | TCP_RST)) && d->sent > 0 &&
	       p->seq == d->base + (uint32_t)d->sent - 1;
}

static void keepalive_take(struct scenario_steps *s, const struct recorded_packet *p)
{
	step_begin(s, p->ts, 0);
	if (falls_silent(s, s->at, p->side))
		vanish(s, side_other(p->side));
	outbuf_format(s->w->b, "keepalive %c\n", letter[p->side]);
}

static void window_take(struct scenario_steps *s, const struct recorded_packet *p)
{
	struct scenario_side *d = &s->side[p->side];
	bool shut = p->window == 0;
	if (shut == d->shut || (p->flags & (TCP_SYN | TCP_RST)))
		return;
	d->shut = shut;
	step_begin(s, p->ts, 0);
	outbuf_format(s->w->b, "window %c %u\n", letter[p->side], shut ? 0 : 509);
}

static void icmp_take(struct scenario_steps *s, const struct recorded_icmp *i)
{
	step_begin(s, i->ts, 0);
	outbuf_format(s->w->b, "icmp %c %s", letter[i->side],
		      i->too_big ? "too-big" : "unreachable");
	if (i->too_big && i->mtu > 0)
		outbuf_format(s->w->b, " %u", i->mtu);
	outbuf_char(s->w->b, '\n');
}

/* Returns the first packet of this side with one of the flags (0: any), and with none of not_flags;
 * or NULL. */
static const struct recorded_packet *packet_find(const struct scenario_steps *s, enum side side,
						 uint8_t flags, uint8_t not_flags)
{
	for (size_t i = 0; i < s->packets; i++)
		if (s->packet[i].side == side && (!flags || (s->packet[i].flags & flags)) &&
		    !(s->packet[i].flags & not_flags))
			return &s->packet[i];
	return NULL;
}

/* Returns true if the client's first packet after its SYN is not a bare acknowledgement of the
 * server's SYN. */
static bool lacks_ack(const struct scenario_steps *s, const struct recorded_packet *client)
{
	const struct recorded_packet *syn_ack = packet_find(s, SERVER, TCP_SYN, 0);
	return span_of(client) > 0 || (syn_ack && client->ack != syn_ack->seq + 1);
}

/* Returns the word for a connection without a whole handshake, or NULL. */
static const char *connect_way(const struct scenario_steps *s)
{
	const struct recorded_packet *syn = packet_find(s, CLIENT, TCP_SYN, 0),
				     *answer = packet_find(s, SERVER, TCP_SYN, 0);
	const struct recorded_packet *client = packet_find(s, CLIENT, 0, TCP_SYN),
				     *server = packet_find(s, SERVER, 0, TCP_SYN);
	if (answer) {
		if (!client || (client->flags & TCP_RST))
			return "half";
		return !syn ? "without-syn" : lacks_ack(s, client) ? "without-ack" : NULL;
	}
	if (!syn || (!server && client))
		return NULL;
	if (!server)
		return "unanswered";
	return (server->flags & TCP_RST) && !client && s->datas == 0 ? "refused"
								     : "without-syn-ack";
}

static void connect_put(struct scenario_steps *s)
{
	struct outbuf *b = s->w->b;
	const char *way = connect_way(s);
	bool syns = packet_find(s, CLIENT, TCP_SYN, 0) || packet_find(s, SERVER, TCP_SYN, 0);
	step_begin(s, s->packet[0].ts, 0);
	for (int side = CLIENT; side <= SERVER; side++)
		if (!packet_find(s, (enum side)side_other((enum side)side), 0, 0) &&
		    !(way && side == CLIENT)) {
			outbuf_format(b, "only %c\n", letter[side]);
			way = NULL;
		}
	s->connect_pending = syns && !way && !s->w->several;
	if (!s->connect_pending)
		outbuf_format(b, "connect%s%s\n", way ? " " : "", way ? way : "");
	if (!syns)
		outbuf_str(b, "join\n");
	s->over = way && (strcmp(way, "refused") == 0 || strcmp(way, "unanswered") == 0);
}

void scenario_steps_begin(struct scenario_steps *s, struct scenario_writer *w,
			  const struct recording *r, unsigned number, ladder_cleaner *clean,
			  void *arg)
{
	*s = (struct scenario_steps){.w = w, .r = r, .number = number};
	s->packets = recording_packets(r, &s->packet);
	s->datas = recording_data(r, &s->data);
	s->icmps = recording_icmps(r, &s->icmp);
	for (int side = CLIENT; side <= SERVER; side++) {
		const struct recorded_packet *first = packet_find(s, (enum side)side, 0, 0);
		const struct recorded_packet *other =
			packet_find(s, side_other((enum side)side), TCP_ACK, 0);
		s->side[side].base = r->side[side].based ? r->side[side].base
				     : first             ? first->seq
				     : other             ? other->ack
							 : 0;
		scenario_text_make(&s->side[side].text, r, (enum side)side, clean, arg);
	}
	/* If the capture begins inside a connection, the first byte does not have offset 0. */
	for (size_t i = s->datas; i-- > 0;)
		s->side[s->data[i].side].delivered = s->side[s->data[i].side].sent =
			s->data[i].offset;
}

void scenario_steps_free(struct scenario_steps *s)
{
	scenario_text_free(&s->side[CLIENT].text);
	scenario_text_free(&s->side[SERVER].text);
}

uint64_t scenario_steps_next(const struct scenario_steps *s)
{
	return s->at < s->packets ? s->packet[s->at].number : UINT64_MAX;
}

/* Writes the steps for a packet's bytes, up to those that were delivered after it. */
static void bytes_take(struct scenario_steps *s, const struct recorded_packet *p)
{
	const struct scenario_side *d = &s->side[p->side];
	uint64_t end = offset_of(s, p->side, p->seq) + span_of(p);
	bool old = span_of(p) > 0 && !(p->flags & TCP_SYN) && end <= d->sent && d->sent > 0;
	bool copied = s->at > 0 && s->packet[s->at - 1].side == p->side &&
		      s->packet[s->at - 1].seq == p->seq &&
		      p->ts - s->packet[s->at - 1].ts <= twice;
	if (is_keepalive(s, p))
		keepalive_take(s, p);
	else if (old && !copied)
		again_take(s, p);
	while (s->data_at < s->datas && s->data[s->data_at].at <= s->at)
		data_take(s, &s->data[s->data_at++]);
}

/* Returns true if bytes that were sent before the packet are still to come. */
static bool is_early(const struct scenario_steps *s, const struct recorded_packet *p)
{
	uint64_t end = offset_of(s, p->side, p->seq) + p->len, acked = acked_of(s, p);
	for (size_t i = s->data_at; i < s->datas; i++) {
		const struct recorded_data *d = &s->data[i];
		if (d->offset < (d->side == p->side ? end : p->flags & TCP_ACK ? acked : 0))
			return true;
	}
	return false;
}

/* Writes FINs and RSTs in the order of capture, as long as no bytes must come before them. */
static void ends_take(struct scenario_steps *s)
{
	for (; s->end_at <= s->at && s->end_at < s->packets; s->end_at++) {
		const struct recorded_packet *p = &s->packet[s->end_at];
		if (!(p->flags & (TCP_FIN | TCP_RST)))
			continue;
		if (is_early(s, p))
			return;
		if ((p->flags & TCP_FIN) && !s->side[p->side].fin)
			fin_take(s, p, s->end_at);
		if (p->flags & TCP_RST)
			reset_take(s, p);
	}
}

void scenario_steps_take(struct scenario_steps *s)
{
	const struct recorded_packet *p = &s->packet[s->at];
	struct scenario_side *d = &s->side[p->side];
	if (s->at == 0)
		connect_put(s);
	if (!s->over) {
		bytes_take(s, p);
		window_take(s, p);
		ends_take(s);
		while (s->icmp_at < s->icmps && s->icmp[s->icmp_at].at <= s->at)
			icmp_take(s, &s->icmp[s->icmp_at++]);
	}
	if (!(p->flags & TCP_RST)) {
		d->ttl = p->ttl;
		d->ip_id = p->ip_id;
	}
	s->at++;
}

void scenario_steps_end(struct scenario_steps *s, int64_t until)
{
	const struct scenario_side *c = &s->side[CLIENT], *v = &s->side[SERVER];
	run_end(s->w);
	if (until > s->w->now + pause && !s->over) {
		step_begin(s, until + pause, 0);
		outbuf_str(s->w->b, "icmp C elsewhere\n");
	}
	if (c->fin != v->fin && !c->reset && !v->reset && !c->vanished && !v->vanished) {
		step_begin(s, s->w->now, 0);
		outbuf_str(s->w->b, "open\n");
	}
}
