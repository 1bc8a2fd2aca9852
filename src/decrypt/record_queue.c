/* record_queue.c - splits two streams into records (RFC 8446 5.1, RFC 5246 6.2). */
#include "decrypt/record_queue.h"

static void queue_add(struct record_queue *q, struct queued_record *r)
{
	r->next = NULL;
	if (q->tail)
		q->tail->next = r;
	else
		q->head = r;
	q->tail = r;
	q->bytes += r->size;
}

/* Makes a record with room for n bytes. Returns NULL if memory is exhausted. */
static struct queued_record *record_make(struct record_queue *q, const struct tls_place *at,
					 enum queued_kind kind, size_t n)
{
	uint32_t size = (uint32_t)(sizeof(struct queued_record) + n);
	struct queued_record *r = pool_get(q->pool, size);
	if (!r)
		return NULL;
	*r = (struct queued_record){.at = *at, .kind = kind, .n = (uint32_t)n, .size = size};
	return r;
}

static void record_add(struct record_queue *q, const struct tls_place *at, enum queued_kind kind)
{
	struct queued_record *r = record_make(q, at, kind, 0);
	if (r)
		queue_add(q, r);
}

static void side_mark_lost(struct record_queue *q, const struct tls_place *at)
{
	struct record_queue_side *side = &q->side[at->side];
	record_queue_drop(q, side->now);
	side->now = NULL;
	side->lost = true;
	record_add(q, at, QUEUED_LOST);
}

/* Queues the current record or line with the bytes that it has. */
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
	struct queued_record *r = side->now;
	if (!r) {
		side_mark_lost(q, at);
		return;
	}
	r->at = *at;
	r->body[r->have++] = byte;
	if (byte == '\n' || r->have == r->n)
		record_end(q, at, r);
}

/* Plaintext of a client is not read: the client'r side is lost. */
static void clear_take(struct record_queue *q, const struct tls_place *at, struct bytes b)
{
	struct record_queue_side *side = &q->side[at->side];
	struct tls_place here = *at;
	if (at->side == CLIENT)
		side_mark_lost(q, at);
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
		side_mark_lost(q, at);
		return;
	}
	memcpy(side->now->head, side->head, TLS_RECORD_HEAD);
	if (side->now->n == 0)
		record_end(q, at, side->now);
}

/* Takes the first part of the data, which end at `at`. Returns how many bytes it took. */
static size_t piece_take(struct record_queue *q, const struct tls_place *at, struct bytes data)
{
	struct record_queue_side *side = &q->side[at->side];
	struct queued_record *r = side->clear ? NULL : side->now;
	size_t want = r ? r->n - r->have : (size_t)TLS_RECORD_HEAD - side->head_n,
	       used = side->clear || data.n < want ? data.n : want;
	struct tls_place here = *at;
	here.end -= data.n - used;
	if (side->clear) {
		clear_take(q, &here, data);
	} else if (r) {
		memcpy(r->body + r->have, data.p, used);
		r->have += (uint32_t)used;
		if (r->have == r->n)
			record_end(q, &here, r);
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
	struct queued_record *r = side->now;
	if (side->lost)
		return;
	if (!r || len > r->n - r->have) {
		side_mark_lost(q, at);
		return;
	}
	r->kind = QUEUED_HOLED;
	r->have += (uint32_t)len;
	if (r->have == r->n)
		record_end(q, at, r);
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
	struct queued_record *r = q->head;
	if (!r)
		return NULL;
	q->head = r->next;
	if (!q->head)
		q->tail = NULL;
	q->bytes -= r->size;
	return r;
}

void record_queue_drop(struct record_queue *q, struct queued_record *r)
{
	if (r)
		pool_put(q->pool, r, r->size);
}

void record_queue_clear(struct record_queue *q)
{
	struct queued_record *r;
	while ((r = record_queue_take(q)))
		record_queue_drop(q, r);
	for (unsigned i = 0; i < 2; i++) {
		record_queue_drop(q, q->side[i].now);
		q->side[i].now = NULL;
	}
}
