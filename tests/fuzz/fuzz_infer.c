/*
 * fuzz_infer.c - what is inferred of a dialogue under TLS from the lengths of its records: it rests
 * on a close that was seen, on bytes that had arrived, and, where lengths hide what is inside, on
 * no length; once a side has closed for good, nothing that comes later changes it; and later by a
 * day, all is the same.
 */
#include "core/session/tls_infer.h"
#include "core/tls/record.h"
#include "fuzz/fuzz.h"

static const uint16_t suites[] = {0x1301, 0x1302, 0x1304, 0x1305, 0xc02f, 0xcca8,
				  0x002f, 0x003c, 0x000a, 0x0005, 0x009c, 0xc09c};

struct step {
	enum side side;
	uint8_t type;
	bool close;
	uint32_t length;
	uint64_t end, acked; /* of the side's stream; of the other's */
	int64_t ts;
};

/* head: side, type, close, what the server has acknowledged; then a length of two bytes, one of
 * time. */
static struct step step_read(struct bytes *in, uint64_t at[2], int64_t *now)
{
	static const uint8_t types[] = {TLS_APPLICATION, TLS_APPLICATION, TLS_ALERT, TLS_HANDSHAKE};
	static const int64_t waits[] = {0, 1, 900, 1000, 1100, 2100, 9900, 11000};
	unsigned head = (unsigned)fuzz_number(in, 1);
	struct step s = {.side = head & 1 ? SERVER : CLIENT,
			 .type = types[head >> 1 & 3],
			 .close = (head & 0x18) == 0x18};
	s.length = (uint32_t)fuzz_number(in, head & 0x20 ? 2 : 1);
	*now += waits[fuzz_number(in, 1) & 7] * FRAME_MS;
	uint64_t other = at[side_other(s.side)], late = head & 0x40 ? s.length : 0;
	at[s.side] += s.close ? 0 : TLS_RECORD_HEAD + s.length;
	s.end = at[s.side];
	s.acked = other > late ? other - late : 0;
	s.ts = *now;
	return s;
}

static void step_do(struct tls_infer *i, const struct step *s, uint64_t client, int64_t later)
{
	/* What the server has of the client's stream, whoever speaks. */
	uint64_t acked = s->side == SERVER ? s->acked : client;
	if (s->close)
		tls_infer_close(i, s->side, acked, s->ts + later);
	else
		tls_infer_record(i, s->side, s->type, s->length, s->end, acked, s->ts + later);
}

static void end_check(const struct tls_infer *i, const struct ending_tls *e, bool records)
{
	CHECK(e->followed == (i->suite != NULL));
	if (e->first == CLOSER_NOBODY)
		CHECK(!e->pending && !e->short_answered && !e->message_answered && !e->reply &&
		      !e->quiet && !e->unasked);
	CHECK(records ||
	      (!e->short_answered && !e->message_answered && e->pending == TLS_PENDING_NOTHING));
	CHECK(!(e->short_answered && e->message_answered) || i->asked_n > 0);
	CHECK(e->reply == 0 || (e->short_answered && !tls_suite_padded(i->suite)));
	CHECK(e->pending == TLS_PENDING_NOTHING || !(e->short_answered || e->message_answered));
}

static bool same(const struct ending_tls *a, const struct ending_tls *b)
{
	return a->first == b->first && a->pending == b->pending &&
	       a->short_answered == b->short_answered &&
	       a->message_answered == b->message_answered && a->reply == b->reply &&
	       a->quiet == b->quiet && a->unasked == b->unasked && a->notified == b->notified;
}

/* first byte: the suite, and encrypt-then-MAC */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	unsigned how = (unsigned)fuzz_number(&in, 1);
	struct tls_infer i = {
		.suite = tls_suite_find(suites[how % (sizeof suites / sizeof *suites)]),
		.encrypt_then_mac = how & 0x80};
	struct tls_infer tomorrow = i, nothing = {0};
	uint64_t at[2] = {0, 0};
	int64_t now = FRAME_SECOND;
	bool records = false, closed = false, fin[2] = {false, false};
	struct ending_tls fixed = {0};
	while (in.n > 0) {
		struct step s = step_read(&in, at, &now);
		if (fin[s.side])
			continue;
		fin[s.side] = s.close;
		step_do(&i, &s, at[CLIENT], 0);
		step_do(&tomorrow, &s, at[CLIENT], 86400 * FRAME_SECOND);
		step_do(&nothing, &s, at[CLIENT], 0);
		records |= !s.close && s.length > 0;
		struct ending_tls e = tls_infer_end(&i, true, true),
				  later = tls_infer_end(&tomorrow, true, true);
		end_check(&i, &e, records);
		CHECK(same(&e, &later));
		fixed.notified = e.notified;
		CHECK(!closed || same(&e, &fixed));
		/* A FIN is final; what looks like a close_notify may be none. */
		if (!closed && s.close && e.first != CLOSER_NOBODY && !i.notify[CLIENT] &&
		    !i.notify[SERVER]) {
			closed = true;
			fixed = e;
		}
	}
	CHECK(!tls_infer_end(&nothing, true, true).followed);
	return 0;
}
