/* fuzz.c - what the fuzzers share. */
#include "fuzz/fuzz.h"

uint64_t fuzz_number(struct bytes *in, unsigned n)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < n && i < in->n; i++)
		v |= (uint64_t)in->p[i] << 8 * i;
	*in = bytes_from(*in, n);
	return v;
}

struct bytes fuzz_take(struct bytes *in, size_t n)
{
	struct bytes first = bytes_first(*in, n);
	*in = bytes_from(*in, n);
	return first;
}

uint32_t fuzz_dice(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(*state >> 33);
}

void fuzz_text_check(const struct outbuf *b, bool lines)
{
	unsigned left = 0;
	CHECK(!b->failed);
	for (size_t i = 0; i < b->n; i++) {
		uint8_t byte = (uint8_t)b->p[i];
		CHECK((byte >= 0x20 && byte != 0x7f) || (lines && byte == '\n'));
		CHECK((byte >> 6 == 2) == (left > 0));
		/* C1 controls, which a terminal obeys too. */
		CHECK(byte != 0xc2 || (i + 1 < b->n && (uint8_t)b->p[i + 1] >= 0xa0));
		if (byte >> 6 == 2)
			left--;
		else
			left = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc0 ? 1 : 0;
	}
	CHECK(left == 0);
}

void fuzz_same_text(const char *how, const struct outbuf *a, const struct outbuf *b)
{
	if (a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0))
		return;
	/* For whoever looks at the case. */
	fprintf(stderr, "whole:\n%.*s%s:\n%.*s", (int)a->n, a->p, how, (int)b->n, b->p);
	abort();
}

enum {
	TO_CLIENT = 0xf8,
	TO_SERVER,
	PASSES,
	MISSING,
	FIN,
	BEHIND,
	LITERAL,
	FIRST = TO_CLIENT,
	LAST = LITERAL
};

/* 0, 1 ms ... 59 s, 2000 s. */
static int64_t time_of(uint8_t n)
{
	return n < 64    ? n * INT64_C(1000000)
	       : n < 128 ? (n - 64) * INT64_C(900000000)
			 : (n - 127) * INT64_C(20000000000);
}

static struct fuzz_event event_of(struct fuzz_script *s, enum fuzz_act act, struct bytes bytes,
				  uint64_t len)
{
	uint64_t other = s->at[side_other(s->side)];
	s->at[s->side] += len;
	return (struct fuzz_event){act, bytes, len, other > s->behind ? other - s->behind : 0};
}

static bool word_obey(struct fuzz_script *s, uint8_t word, struct fuzz_event *e)
{
	switch (word) {
	case TO_CLIENT:
	case TO_SERVER:
		s->side = word == TO_CLIENT ? CLIENT : SERVER;
		s->behind = 0;
		return false;
	case PASSES:
		s->ts += time_of((uint8_t)fuzz_number(&s->in, 1));
		return false;
	case BEHIND:
		s->behind = fuzz_number(&s->in, 1);
		return false;
	case MISSING:
		*e = event_of(s, FUZZ_GAP, bytes_of(NULL, 0), 1 + fuzz_number(&s->in, 1));
		break;
	case FIN:
		*e = event_of(s, FUZZ_FIN, bytes_of(NULL, 0), 0);
		s->fin[s->side] = true;
		return true;
	default:
		s->literal = (uint8_t)fuzz_number(&s->in, 1);
		*e = event_of(s, FUZZ_BYTES, bytes_of(&s->literal, 1), 1);
	}
	return true;
}

struct fuzz_event fuzz_script_next(struct fuzz_script *s)
{
	while (s->in.n > 0) {
		struct fuzz_event e;
		bool dumb = s->fin[s->side];
		size_t n = 0;
		if (s->in.p[0] >= FIRST && s->in.p[0] <= LAST) {
			uint8_t word = (uint8_t)fuzz_number(&s->in, 1);
			if (dumb && word != TO_CLIENT && word != TO_SERVER)
				continue;
			if (word_obey(s, word, &e))
				return e;
			continue;
		}
		while (n < s->in.n && (s->in.p[n] < FIRST || s->in.p[n] > LAST))
			n++;
		struct bytes run = fuzz_take(&s->in, n);
		if (!dumb)
			return event_of(s, FUZZ_BYTES, run, n);
	}
	return (struct fuzz_event){.act = FUZZ_END};
}
