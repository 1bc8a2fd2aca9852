/* record_queue.c - cuts two streams into records (RFC 8446 5.1, RFC 5246 6.2). */
#include "decrypt/record_queue.h"

static void queue_add(struct record_queue *q, struct queued_record *s)
{
	s->next = NULL;
	if (q->tail)
		q->tail->next = s;
	else
		q->head = s;
	q->tail = s;
	q->bytes += s->size;
}

/* Without memory the side is lost, if there is as much as is needed to say so. */
static struct queued_record *record_make(struct record_queue *q, const struct tls_place *at,
					 enum queued_kind kind, size_t n)
{
	uint32_t size = (uint32_t)(sizeof(struct queued_record) + n);
	struct queued_record *s = pool_get(q->pool, size);
	if (!s)
		return NULL;
	*s = (struct queued_record){.at = *at, .kind = kind, .n = (uint32_t)n, .size = size};
	return s;
}

static void record_add(struct record_queue *q, const struct tls_place *at, enum queued_kind kind)
{
	struct queued_record *s = record_make(q, at, kind, 0);
	if (s)
		queue_add(q, s);
}

static void side_lose(struct record_queue *q, const struct tls_place *at)
{
	struct record_queue_side *side = &q->side[at->side];
	record_queue_drop(q, side->now);
	side->now = NULL;
	side->lost = true;
	record_add(q, at, QUEUED_LOST);
}

/* The record under way, or the line in clear, has all that it will get. */
static void record_end(struct record_queue *q, const struct tls_place *at,
		       struct queued_record *now)
{
	now->at = *at;
	now->n = now->have;
	queue_add(q, now);
	q->side[at->side].now = NULL;
}

static void clear_byte(struct record_queue *q, const struct tls_place *at, uint8_t byte)
{
	struct record_queue_side *side = &q->side[at->side];
	if (!side->now)
		side->now = record_make(q, at, QUEUED_CLEAR, CLEAR_LINE_MAX);
	struct queued_record *s = side->now;
	if (!s) {
		side_lose(q, at);
		return;
	}
	s->at = *at;
	s->body[s->have++] = byte;
	if (byte == '\n' || s->have == s->n)
		record_end(q, at, s);
}

/* A client that leaves TLS has nothing to say that is looked at. */
static void clear_take(struct record_queue *q, const struct tls_place *at, struct bytes b)
{
	struct record_queue_side *side = &q->side[at->side];
	struct tls_place here = *at;
	if (at->side == CLIENT)
		side_lose(q, at);
	for (here.end -= b.n; b.n > 0 && !side->lost; b = bytes_from(b, 1)) {
		here.end++;
		clear_byte(q, &here, *b.p);
	}
}

static void clear_rest(struct record_queue *q, enum side which)
{
	struct record_queue_side *side = &q->side[which];
	if (!side->clear || !side->now)
		return;
	struct tls_place last = side->now->at;
	record_end(q, &last, side->now);
}

static void head_end(struct record_queue *q, const struct tls_place *at)
{
	struct record_queue_side *side = &q->side[at->side];
	side->head_n = 0;
	if (!tls_record_sane(side->head)) {
		side->clear = true;
		clear_take(q, at, bytes_of(side->head, TLS_RECORD_HEAD));
		return;
	}
	side->now = record_make(q, at, QUEUED_RECORD, tls_record_length(side->head));
	if (!side->now) {
		side_lose(q, at);
		return;
	}
	memcpy(side->now->head, side->head, TLS_RECORD_HEAD);
	if (side->now->n == 0)
		record_end(q, at, side->now);
}

/* Takes what it can use of the data at `at`; how much that was. */
static size_t piece_take(struct record_queue *q, const struct tls_place *at, struct bytes data)
{
	struct record_queue_side *side = &q->side[at->side];
	struct queued_record *s = side->clear ? NULL : side->now;
	size_t want = s ? s->n - s->have : (size_t)TLS_RECORD_HEAD - side->head_n,
	       used = side->clear || data.n < want ? data.n : want;
	struct tls_place here = *at;
	here.end -= data.n - used;
	if (side->clear) {
		clear_take(q, &here, data);
	} else if (s) {
		memcpy(s->body + s->have, data.p, used);
		s->have += (uint32_t)used;
		if (s->have == s->n)
			record_end(q, &here, s);
	} else {
		memcpy(side->head + side->head_n, data.p, used);
		side->head_n += (uint8_t)used;
		if (side->head_n == TLS_RECORD_HEAD)
			head_end(q, &here);
	}
	return used;
}

void record_queue_push(struct record_queue *q, const struct tls_place *at, struct bytes data)
{
	while (data.n > 0 && !q->side[at->side].lost)
		data = bytes_from(data, piece_take(q, at, data));
}

void record_queue_gap(struct record_queue *q, const struct tls_place *at, uint64_t len)
{
	struct record_queue_side *side = &q->side[at->side];
	clear_rest(q, at->side);
	struct queued_record *s = side->now;
	if (side->lost)
		return;
	if (!s || len > s->n - s->have) {
		side_lose(q, at);
		return;
	}
	s->kind = QUEUED_HOLED;
	s->have += (uint32_t)len;
	if (s->have == s->n)
		record_end(q, at, s);
}

void record_queue_fin(struct record_queue *q, const struct tls_place *at)
{
	clear_rest(q, at->side);
	record_add(q, at, QUEUED_FIN);
}

void record_queue_rest(struct record_queue *q)
{
	clear_rest(q, SERVER);
}

struct queued_record *record_queue_take(struct record_queue *q)
{
	struct queued_record *s = q->head;
	if (!s)
		return NULL;
	q->head = s->next;
	if (!q->head)
		q->tail = NULL;
	q->bytes -= s->size;
	return s;
}

void record_queue_drop(struct record_queue *q, struct queued_record *s)
{
	if (s)
		pool_put(q->pool, s, s->size);
}

void record_queue_clear(struct record_queue *q)
{
	struct queued_record *s;
	while ((s = record_queue_take(q)))
		record_queue_drop(q, s);
	for (unsigned i = 0; i < 2; i++) {
		record_queue_drop(q, q->side[i].now);
		q->side[i].now = NULL;
	}
}
