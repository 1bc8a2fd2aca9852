/* ladder_fill.c - turns segments and events into lines, and finds the packet of each. */
#include "trace/ladder_state.h"

#include "base/ascii.h"
#include "core/smtp/sasl.h"
#include "smtpwatch/frame.h"
#include "trace/mask.h"

#include <stdio.h>
#include <stdlib.h>

/* The same segment within this time is a captured duplicate: a retransmission never comes so soon.
 */
static const int64_t twice = 5 * FRAME_MS;

static uint32_t length_of(const struct packet *p)
{
	return p->payload_len + ((p->flags & TCP_SYN) != 0) + ((p->flags & TCP_FIN) != 0);
}

/* Returns the first segment with this byte. Retransmissions are not in the ring. */
static const struct ladder_segment *segment_find(const struct ladder_side *s, uint32_t seq)
{
	for (uint64_t i = s->n; i > 0 && i + LADDER_SEGMENTS > s->n; i--) {
		const struct ladder_segment *g = &s->ring[(i - 1) % LADDER_SEGMENTS];
		if (seq - g->seq < g->len)
			return g;
	}
	return NULL;
}

/* Returns the packet of the byte before an offset in the stream; if unknown, the packet of that
 * time; else 0. */
static uint64_t packet_of(const struct ladder *l, enum side side, uint64_t offset, int64_t ts)
{
	const struct ladder_side *s = &l->side[side];
	const struct ladder_segment *g =
		s->based && offset > 0 ? segment_find(s, s->base + (uint32_t)offset - 1) : NULL;
	if (g)
		return g->number;
	for (uint64_t i = s->n; i > 0 && i + LADDER_SEGMENTS > s->n; i--)
		if (s->ring[(i - 1) % LADDER_SEGMENTS].ts == ts)
			return s->ring[(i - 1) % LADDER_SEGMENTS].number;
	return 0;
}

static void side_take(struct ladder_side *s, const struct packet *p)
{
	uint32_t len = length_of(p);
	if (p->flags & TCP_SYN) {
		s->base = p->seq + 1;
		s->based = true;
	}
	s->ring[s->n++ % LADDER_SEGMENTS] = (struct ladder_segment){p->ts, p->number, p->seq, len};
	if (!s->begun || seq_diff(p->seq + len, s->end) > 0)
		s->end = p->seq + len;
	s->begun = true;
}

static struct ladder_line line_of(const struct ladder *l, const struct packet *p, unsigned flags)
{
	return (struct ladder_line){.ts = p->ts,
				    .packet = p->number,
				    .kind = LADDER_TCP,
				    .side = l->from,
				    .stage = l->stage,
				    .count = 1,
				    .flags = flags};
}

/* Returns true if the last line already tells the same: the segment is counted there. */
static bool joins(const struct ladder *l, unsigned flags, const char *text)
{
	struct ladder_line *last = ladder_last(l);
	if (!last || last->kind != LADDER_TCP || last->side != l->from || last->flags != flags ||
	    strncmp(last->text, text, strlen(text)) != 0)
		return false;
	last->count++;
	last->last = l->now->number;
	last->bytes += l->now->payload_len;
	return true;
}

static void put_tcp(struct ladder *l, unsigned flags, const char *text)
{
	struct ladder_line line = line_of(l, l->now, flags);
	if (joins(l, flags, text))
		return;
	line.bytes = l->now->payload_len;
	ladder_add(l, line, bytes_str(text));
}

static void put_again(struct ladder *l)
{
	const struct packet *p = l->now;
	if (p->payload_len <= 1 && p->seq == l->side[l->from].end - 1 &&
	    !(p->flags & (TCP_SYN | TCP_FIN)))
		put_tcp(l, 0, "keep-alive");
	else if (p->flags & TCP_SYN)
		put_tcp(l, LADDER_AGAIN | LADDER_SYN,
			p->flags & TCP_ACK ? "SYN ACK again" : "SYN again");
	else if (p->payload_len == 0)
		put_tcp(l, LADDER_AGAIN | LADDER_FIN, "FIN again");
	else
		put_tcp(l, LADDER_AGAIN, "sent again");
}

static bool is_of(const struct ladder *l, enum side side, const struct packet *p)
{
	return l->port[side] == p->src_port && ip_addr_equal(&l->addr[side], &p->src);
}

void ladder_segment(struct ladder *l, const struct packet *p)
{
	struct ladder_side *s;
	const struct ladder_segment *before = NULL;
	uint32_t len = length_of(p);
	l->from = is_of(l, CLIENT, p) ? CLIENT : SERVER;
	l->now = p;
	if (l->recording)
		recording_packet(l->recording, l->from, p);
	s = &l->side[l->from];
	if (len > 0 && s->begun)
		before = segment_find(s, p->seq + len - 1);
	l->again = before != NULL;
	if (!before) {
		if (len > 0)
			side_take(s, p);
		if (p->flags & TCP_SYN)
			put_tcp(l, LADDER_SYN, p->flags & TCP_ACK ? "SYN ACK" : "SYN");
	} else if (p->ts - before->ts > twice || before->len != len) {
		put_again(l);
	}
	if (p->window == 0 && !(p->flags & (TCP_RST | TCP_SYN | TCP_FIN)))
		put_tcp(l, 0, "window closed: it takes no more bytes for now");
}

/* FIN and RST come after the segment's bytes. */
void ladder_segment_done(struct ladder *l)
{
	if ((l->now->flags & TCP_FIN) && !l->again)
		put_tcp(l, LADDER_FIN, "FIN");
	if (l->now->flags & TCP_RST)
		put_tcp(l, LADDER_RST, "RST");
	l->now = NULL;
	if (l->recording)
		l->recording->now = NULL;
}

void ladder_icmp(struct ladder *l, const struct packet_icmp *icmp, uint64_t packet)
{
	char text[96];
	bool client = l->port[CLIENT] == icmp->src_port &&
		      ip_addr_equal(&l->addr[CLIENT], &icmp->src);
	if (l->recording)
		recording_icmp(l->recording, client ? CLIENT : SERVER, icmp);
	if (icmp->too_big)
		snprintf(text, sizeof text,
			 "a router says: too big, the path takes packets of %u bytes",
			 (unsigned)icmp->mtu);
	else
		snprintf(text, sizeof text, "a router says: unreachable (type %u, code %u)",
			 icmp->type, icmp->code);
	ladder_add(
		l,
		(struct ladder_line){
			.ts = icmp->ts, .packet = packet, .kind = LADDER_NOTE, .stage = l->stage},
		bytes_str(text));
}

/* Adds a line for the bytes of a message that have none. whole: the message is complete. */
static void content_flush(struct ladder *l, bool whole)
{
	char text[96];
	uint64_t n = whole ? l->message : l->content;
	/* The dot and its line end are no part of the message (RFC 5321 4.1.1.4). */
	if (whole && l->content_stage == STAGE_DATA)
		n -= n < 3 ? n : 3;
	if (n == 0 && !whole)
		return;
	l->message = whole ? 0 : l->message;
	snprintf(text, sizeof text,
		 whole ? "(message: %llu bytes)" : "(part of a message: %llu bytes)",
		 (unsigned long long)n);
	ladder_add(l,
		   (struct ladder_line){.ts = l->content_ts,
					.packet = l->content_first,
					.last = l->content_last > l->content_first ? l->content_last
										   : 0,
					.kind = LADDER_MESSAGE,
					.side = CLIENT,
					.stage = l->content_stage,
					.bytes = n},
		   bytes_str(text));
	l->content = 0;
	l->content_first = l->content_last = 0;
}

static struct ladder_line line_sent(struct ladder *l, const struct trace_event *e,
				    enum ladder_kind kind)
{
	l->stage = e->stage;
	return (struct ladder_line){.ts = e->ts,
				    .packet = packet_of(l, e->side, e->offset, e->ts),
				    .kind = kind,
				    .side = e->side,
				    .stage = e->stage};
}

static void on_data(struct ladder *l, const struct trace_event *e)
{
	struct ladder_side *s = &l->side[e->side];
	const struct packet *p = l->now;
	/* Without a SYN, bytes of the current segment show where the stream begins. */
	if (!s->based && p && e->side == l->from && e->text.p >= p->payload &&
	    e->text.p < p->payload + p->payload_cap) {
		s->base = p->seq + (uint32_t)(e->text.p - p->payload) - (uint32_t)e->offset;
		s->based = true;
	}
}

static void on_gap(struct ladder *l, const struct trace_event *e)
{
	struct ladder_line line = {.ts = e->ts,
				   .side = e->side,
				   .stage = l->stage,
				   .flags = LADDER_GAP,
				   .bytes = e->bytes};
	char text[96];
	content_flush(l, false);
	snprintf(text, sizeof text, "%llu byte%s of the %s %s missing from the capture",
		 (unsigned long long)e->bytes, e->bytes == 1 ? "" : "s",
		 e->side == CLIENT ? "client" : "server", e->bytes == 1 ? "is" : "are");
	line.kind = LADDER_NOTE;
	ladder_add(l, line, bytes_str(text));
}

/* Shows a line that is no command as far as it can be neither a password nor part of a message. */
static void put_unknown(struct outbuf *b, struct bytes line, bool secret)
{
	size_t n = mask_unknown(line, secret);
	if (n == 0 && line.n > 0) {
		outbuf_format(b, "(a line that is no command, %zu bytes)", line.n);
		return;
	}
	outbuf_bytes(b, line.p, n);
	if (ascii_trim(bytes_from(line, n)).n > 0)
		outbuf_format(b, " %s", mask_secret);
}

static void put_command(const struct ladder *l, struct outbuf *b, const struct trace_event *e)
{
	enum smtp_verb verb = (enum smtp_verb)e->pending->sent_verb;
	if (verb == SMTP_UNKNOWN || verb == SMTP_NOT_SMTP)
		put_unknown(b, e->text, l->secret || e->holed);
	else
		mask_command(b, verb, e->text);
}

/* A line that is AUTH in another spelling: what follows it may be its secrets. */
static bool names_mechanism(struct bytes line)
{
	struct bytes secret;
	ascii_word(&line);
	return sasl_mechanism(line, &secret).n > 0;
}

static void on_command(struct ladder *l, const struct trace_event *e)
{
	struct outbuf b = {0};
	enum smtp_verb verb = (enum smtp_verb)e->pending->verb;
	content_flush(l, false);
	if (verb == SMTP_MAIL)
		l->message = 0;
	l->commands_end = e->offset;
	l->secret |= verb == SMTP_AUTH || verb == SMTP_MAIL || verb == SMTP_DATA ||
		     verb == SMTP_BDAT;
	put_command(l, &b, e);
	l->secret |= verb == SMTP_UNKNOWN && names_mechanism(e->text);
	ladder_add(l, line_sent(l, e, LADDER_COMMAND), bytes_of(b.p, b.n));
	outbuf_free(&b);
}

/* Collects at most a little more than a line can show, however long the reply is. */
static void reply_line_add(struct ladder *l, struct bytes text)
{
	if (text.n == 0 || l->reply.n > LADDER_TEXT)
		return;
	if (l->reply.n > 0)
		outbuf_char(&l->reply, '\n');
	outbuf_bytes(&l->reply, text.p, text.n);
}

static void on_reply_line(struct ladder *l, const struct trace_event *e)
{
	l->reply_lines++;
	reply_line_add(l, e->text);
}

/* Writes the code, the enhanced code and the text of all lines. */
static void reply_words(struct ladder *l, struct outbuf *b, const struct trace_event *e)
{
	const struct smtp_reply *r = e->reply;
	outbuf_format(b, "%u ", (unsigned)r->code);
	if (r->enhanced.class != 0)
		outbuf_format(b, "%u.%u.%u ", (unsigned)r->enhanced.class,
			      (unsigned)r->enhanced.subject, (unsigned)r->enhanced.detail);
	reply_line_add(l, e->text);
	outbuf_bytes(b, l->reply.p, l->reply.n);
	while (b->n > 0 && b->p[b->n - 1] == ' ')
		b->n--;
	l->reply.n = 0;
	l->reply_lines = 0;
}

/* Returns true if the reply does not answer the line before it. The connection itself has no line.
 */
static bool is_pipelined(const struct ladder *l, const struct trace_event *e)
{
	const struct ladder_line *last = ladder_last(l);
	const char *verb;
	if (!e->pending || e->pending->verb == SMTP_CONNECT || !last)
		return false;
	if (last->kind == LADDER_MESSAGE)
		return e->pending->verb != SMTP_END && e->pending->verb != SMTP_BDAT;
	verb = smtp_verb_name((enum smtp_verb)e->pending->sent_verb);
	return last->kind != LADDER_COMMAND ||
	       (e->pending->verb < SMTP_NOT_SMTP && e->pending->verb != SMTP_AUTH_LINE &&
		strncmp(last->text, verb, strlen(verb)) != 0);
}

static const char *answered_name(enum smtp_verb verb)
{
	switch (verb) {
	case SMTP_CONNECT:
		return "the connection";
	case SMTP_END:
		return "the end of the message";
	case SMTP_UNKNOWN:
	case SMTP_NOT_SMTP:
		return "a line that is no command";
	default:
		return smtp_verb_name(verb);
	}
}

static void on_reply(struct ladder *l, const struct trace_event *e)
{
	struct outbuf b = {0};
	struct ladder_line line;
	content_flush(l, false);
	line = line_sent(l, e, LADDER_REPLY);
	line.code = e->reply->code;
	line.pipelined = is_pipelined(l, e);
	line.answers = e->pending ? answered_name((enum smtp_verb)e->pending->sent_verb) : NULL;
	line.waited = e->pending && e->pending->ts > 0 && e->ts > e->pending->ts
			      ? e->ts - e->pending->ts
			      : 0;
	line.flags = (line.code >= 400 ? LADDER_REFUSED : 0u) | (e->unasked ? LADDER_UNASKED : 0u) |
		     (e->unasked && e->behind_quit ? LADDER_BEHIND_QUIT : 0u) |
		     (e->early ? LADDER_EARLY : 0u);
	reply_words(l, &b, e);
	ladder_add(l, line, bytes_of(b.p, b.n));
	outbuf_free(&b);
}

static void on_uncoded(struct ladder *l, const struct trace_event *e)
{
	content_flush(l, false);
	ladder_add(l, line_sent(l, e, LADDER_REPLY), e->text);
}

static void on_content(struct ladder *l, const struct trace_event *e)
{
	uint64_t packet = packet_of(l, CLIENT, e->offset, 0);
	if (l->content == 0) {
		l->content_first = packet;
		l->content_ts = l->now ? l->now->ts : e->ts;
		l->content_stage = e->stage;
	}
	l->content_last = packet;
	l->content += e->bytes;
	l->message += e->bytes;
	l->stage = e->stage;
}

static void on_end(struct ladder *l, const struct trace_event *e)
{
	struct ladder_line *last;
	/* If the reply to DATA is missing, the message was not recognised as one. */
	if (l->message == 0 && e->offset > l->commands_end)
		l->message = e->offset - l->commands_end;
	if (l->content == 0)
		l->content_stage = STAGE_DATA;
	content_flush(l, true);
	last = ladder_last(l);
	/* The message's line has the time of its end, from which the reply's delay counts. */
	if (last && last->kind == LADDER_MESSAGE) {
		last->ts = e->ts;
		last->stage = STAGE_END_OF_MESSAGE;
		if (last->packet == 0)
			last->packet = packet_of(l, CLIENT, e->offset, e->ts);
	}
	l->stage = STAGE_END_OF_MESSAGE;
}

static void on_close(struct ladder *l, const struct trace_event *e)
{
	struct ladder_line line = {.ts = e->ts, .stage = l->stage, .kind = LADDER_NOTE};
	content_flush(l, false);
	if (l->reply_lines > 0)
		ladder_add(l,
			   (struct ladder_line){.ts = e->ts,
						.kind = LADDER_REPLY,
						.side = SERVER,
						.stage = l->stage},
			   bytes_str("(a reply that was not finished)"));
	if (e->end->over == HOW_CAPTURE_END)
		ladder_add(l, line, bytes_str("(the capture ends)"));
	else if (e->end->over == HOW_IDLE)
		ladder_add(l, line, bytes_str("(nothing more was seen)"));
	else if (e->end->over == HOW_EVICTED)
		ladder_add(l, line, bytes_str("(the watch ended for lack of room)"));
}

void ladder_event(struct ladder *l, const struct trace_event *e)
{
	if (l->recording)
		recording_event(l->recording, e, l->secret);
	switch (e->kind) {
	case TRACE_DATA:
		on_data(l, e);
		break;
	case TRACE_GAP:
		on_gap(l, e);
		break;
	case TRACE_COMMAND:
		on_command(l, e);
		break;
	case TRACE_REPLY_LINE:
		on_reply_line(l, e);
		break;
	case TRACE_REPLY:
		on_reply(l, e);
		break;
	case TRACE_UNCODED:
		on_uncoded(l, e);
		break;
	case TRACE_CONTENT:
		on_content(l, e);
		break;
	case TRACE_END:
		on_end(l, e);
		break;
	case TRACE_LOST:
		l->reply.n = 0;
		l->reply_lines = 0;
		break;
	case TRACE_TLS:
		content_flush(l, false);
		ladder_add(l,
			   (struct ladder_line){.ts = e->ts,
						.kind = LADDER_NOTE,
						.stage = e->stage,
						.flags = LADDER_TLS},
			   bytes_str("(TLS from here on)"));
		break;
	case TRACE_CLOSE:
		on_close(l, e);
		break;
	}
}
