/* recording.c - appends segments, bytes and ICMP errors to arrays. */
#include "trace/recording.h"

#include "trace/mask.h"

#include <stdlib.h>

struct recording *recording_new(void)
{
	return calloc(1, sizeof(struct recording));
}

void recording_free(struct recording *r)
{
	if (!r)
		return;
	for (int s = CLIENT; s <= SERVER; s++) {
		outbuf_free(&r->side[s].stream);
		outbuf_free(&r->side[s].spans);
	}
	outbuf_free(&r->packets);
	outbuf_free(&r->data);
	outbuf_free(&r->icmps);
	outbuf_free(&r->words);
	free(r);
}

size_t recording_packets(const struct recording *r, const struct recorded_packet **all)
{
	*all = (const void *)r->packets.p;
	return r->packets.n / sizeof **all;
}

size_t recording_data(const struct recording *r, const struct recorded_data **all)
{
	*all = (const void *)r->data.p;
	return r->data.n / sizeof **all;
}

size_t recording_icmps(const struct recording *r, const struct recorded_icmp **all)
{
	*all = (const void *)r->icmps.p;
	return r->icmps.n / sizeof **all;
}

size_t recording_spans(const struct recording *r, enum side side, const struct recorded_span **all)
{
	*all = (const void *)r->side[side].spans.p;
	return r->side[side].spans.n / sizeof **all;
}

static size_t last_packet(const struct recording *r)
{
	const struct recorded_packet *all;
	size_t n = recording_packets(r, &all);
	return n > 0 ? n - 1 : 0;
}

static void put_filler(struct outbuf *b, uint64_t n)
{
	char *at = outbuf_reserve(b, n);
	if (!at)
		return;
	memset(at, 'x', n);
	b->n += n;
}

/* After the close the engine delivers no bytes. Their content does not matter, so x's stand for
 * them. */
static void bytes_behind(struct recording *r, enum side side, const struct packet *p)
{
	struct recorded_side *s = &r->side[side];
	const struct recorded_data one = {
		.at = last_packet(r),
		.ts = p->ts,
		.side = side,
		.offset = s->stream.n,
		.n = p->payload_len,
		.acked = r->side[side_other(side)].stream.n,
	};
	if (!s->based || one.n == 0 || p->seq != s->base + (uint32_t)one.offset ||
	    one.offset + one.n > RECORDING_BYTES)
		return;
	put_filler(&s->stream, one.n);
	outbuf_bytes(&r->data, &one, sizeof one);
}

void recording_packet(struct recording *r, enum side side, const struct packet *p)
{
	struct recorded_side *s = &r->side[side];
	const struct recorded_packet one = {
		.ts = p->ts,
		.number = p->number,
		.seq = p->seq,
		.ack = p->ack,
		.len = p->payload_len,
		.window = p->window,
		.ip_id = p->ip_id,
		.flags = p->flags,
		.ttl = p->ttl,
		.side = side,
		.stamped = p->has_tsopt,
	};
	r->now = p;
	r->full |= last_packet(r) >= RECORDING_PACKETS;
	if (r->full)
		return;
	outbuf_bytes(&r->packets, &one, sizeof one);
	if (p->flags & TCP_SYN) {
		s->base = p->seq + 1;
		s->based = true;
	}
	if (r->closed)
		bytes_behind(r, side, p);
}

void recording_icmp(struct recording *r, enum side side, const struct packet_icmp *icmp)
{
	const struct recorded_icmp one = {last_packet(r), icmp->ts, side, icmp->too_big, icmp->mtu};
	outbuf_bytes(&r->icmps, &one, sizeof one);
}

/* Without a SYN, bytes of the current segment show where the stream begins. */
static void base_find(struct recording *r, const struct trace_event *e)
{
	struct recorded_side *s = &r->side[e->side];
	const struct packet *p = r->now;
	if (s->based || !p || e->text.p < p->payload || e->text.p >= p->payload + p->payload_cap)
		return;
	s->base = p->seq + (uint32_t)(e->text.p - p->payload) - (uint32_t)e->offset;
	s->based = true;
}

static void on_bytes(struct recording *r, const struct trace_event *e, bool gap)
{
	struct recorded_side *s = &r->side[e->side];
	struct recorded_data one = {
		.at = last_packet(r),
		.ts = e->ts,
		.side = e->side,
		.offset = gap ? s->stream.n : e->offset,
		.n = gap ? e->bytes : e->text.n,
		.acked = e->acked,
		.gap = gap,
	};
	r->full |= s->stream.n + one.n > RECORDING_BYTES || one.offset < s->stream.n ||
		   one.offset - s->stream.n > RECORDING_BYTES;
	if (r->full)
		return;
	put_filler(&s->stream, one.offset - s->stream.n);
	if (gap)
		put_filler(&s->stream, one.n);
	else
		outbuf_bytes(&s->stream, e->text.p, one.n);
	outbuf_bytes(&r->data, &one, sizeof one);
}

static uint64_t spans_end(const struct recording *r, enum side side)
{
	const struct recorded_span *all;
	size_t n = recording_spans(r, side, &all);
	return n > 0 ? all[n - 1].end : 0;
}

static void span_add(struct recording *r, enum side side, uint64_t end, enum span_kind kind,
		     size_t words)
{
	const struct recorded_span one = {end, kind, words, r->words.n - words};
	if (end > spans_end(r, side))
		outbuf_bytes(&r->side[side].spans, &one, sizeof one);
}

/* Returns true if only the secret must be replaced. For other verbs an unknown line of the same
 * length is written. */
static bool bears_secret(enum smtp_verb verb)
{
	uint8_t args = smtp_verbs[verb].args;
	return args == SMTP_ARGS_SASL || args == SMTP_ARGS_LINE || args == SMTP_ARGS_URL ||
	       args == SMTP_ARGS_LOGIN || args == SMTP_ARGS_PATH;
}

/* If nothing of a command is masked, its line stays as it was sent. */
static void on_command(struct recording *r, const struct trace_event *e, bool secret)
{
	enum smtp_verb verb = (enum smtp_verb)e->pending->sent_verb;
	struct outbuf shown = {0};
	size_t words = r->words.n;
	bool same;
	if (verb == SMTP_UNKNOWN || verb == SMTP_NOT_SMTP) {
		span_add(r, CLIENT, e->offset, secret || e->holed ? SPAN_HIDDEN : SPAN_UNKNOWN,
			 words);
		return;
	}
	mask_command(&shown, verb, e->text);
	same = !shown.failed && !memmem(shown.p, shown.n, mask_secret, strlen(mask_secret));
	if (!same && bears_secret(verb))
		outbuf_bytes(&r->words, shown.p, shown.n);
	span_add(r, CLIENT, e->offset,
		 same                 ? SPAN_SHOWN
		 : bears_secret(verb) ? SPAN_MASKED
				      : SPAN_UNKNOWN,
		 words);
	outbuf_free(&shown);
}

/* A server's line, in which what the client had sent in secret is masked already. */
static void on_reply(struct recording *r, const struct trace_event *e)
{
	size_t words = r->words.n;
	bool masked = e->text.n > 0 &&
		      memmem(e->text.p, e->text.n, mask_secret, strlen(mask_secret));
	if (masked)
		outbuf_bytes(&r->words, e->text.p, e->text.n);
	span_add(r, SERVER, e->offset, masked ? SPAN_MASKED : SPAN_SHOWN, words);
}

void recording_event(struct recording *r, const struct trace_event *e, bool secret)
{
	if (r->full)
		return;
	switch (e->kind) {
	case TRACE_DATA:
		base_find(r, e);
		on_bytes(r, e, false);
		break;
	case TRACE_GAP:
		on_bytes(r, e, true);
		break;
	case TRACE_COMMAND:
		on_command(r, e, secret);
		break;
	case TRACE_REPLY_LINE:
	case TRACE_REPLY:
	case TRACE_UNCODED:
		on_reply(r, e);
		break;
	case TRACE_CONTENT:
	case TRACE_END:
		span_add(r, CLIENT, e->offset, SPAN_CONTENT, r->words.n);
		break;
	case TRACE_LOST:
		span_add(r, e->side, e->offset, SPAN_UNCLEAR, r->words.n);
		break;
	case TRACE_TLS:
		for (int s = CLIENT; s <= SERVER; s++)
			span_add(r, (enum side)s, UINT64_MAX, SPAN_TLS, r->words.n);
		break;
	case TRACE_CLOSE:
		r->closed = true;
		break;
	}
}
