/* mutate.c - changes that mean something in a capture: frames that move, are lost, repeated, cut;
 * numbers, flags and times that do not fit; words of SMTP. */
#include "fuzz/case.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
				 uint8_t *out, size_t max_out, unsigned seed);

/* Frames that are changed are copied first. */
struct work {
	struct fuzz_case c;
	uint64_t state;
	size_t used;
	uint8_t arena[CASE_MAX];
};

static struct work work;

static uint32_t roll(uint32_t sides)
{
	work.state += UINT64_C(0x9e3779b97f4a7c15);
	uint64_t x = work.state;
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((x ^ x >> 31) % sides);
}

/* A frame's bytes, to be changed, with room for `more` behind them. NULL: there is none. */
static uint8_t *own(struct frame *f, size_t more)
{
	if (f->caplen + more > sizeof work.arena - work.used)
		return NULL;
	uint8_t *to = memcpy(work.arena + work.used, f->data, f->caplen);
	work.used += f->caplen + more;
	f->data = to;
	return to;
}

static void frame_move(size_t from, size_t to)
{
	struct frame f = work.c.frames[from];
	memmove(&work.c.frames[from], &work.c.frames[from + 1], (work.c.n - from - 1) * sizeof f);
	memmove(&work.c.frames[to + 1], &work.c.frames[to], (work.c.n - to - 1) * sizeof f);
	work.c.frames[to] = f;
}

static void frame_repeat(size_t at)
{
	if (work.c.n == CASE_FRAMES)
		return;
	work.c.frames[work.c.n] = work.c.frames[at];
	work.c.n++;
	frame_move(work.c.n - 1, at + roll((uint32_t)(work.c.n - at)));
}

static void frame_drop(size_t at)
{
	frame_move(at, work.c.n - 1);
	work.c.n -= work.c.n > 1;
}

/* Where TCP begins in a plain frame over Ethernet; 0: elsewhere. */
static size_t tcp_at(const struct frame *f)
{
	if (f->link != 1 || f->caplen < 54)
		return 0;
	size_t at = f->data[12] == 8 && f->data[13] == 0 ? 14 + (f->data[14] & 15) * 4u
		    : f->data[12] == 0x86                ? 54
							 : 0;
	return at + 20 <= f->caplen ? at : 0;
}

static void numbers_change(struct frame *f)
{
	static const int32_t by[] = {1,     -1,      2,       100,       -100,     1460,
				     65536, 1 << 20, 1 << 30, INT32_MIN, INT32_MAX};
	size_t at = tcp_at(f);
	uint8_t *p = at ? own(f, 0) : NULL;
	if (!p)
		return;
	p += at;
	uint8_t *number = p + (roll(2) ? 4 : 8);
	uint32_t v = (uint32_t)number[0] << 24 | (uint32_t)number[1] << 16 |
		     (uint32_t)number[2] << 8 | number[3];
	v += (uint32_t)by[roll(sizeof by / sizeof *by)];
	for (int i = 0; i < 4; i++)
		number[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void flags_change(struct frame *f)
{
	size_t at = tcp_at(f);
	uint8_t *p = at ? own(f, 0) : NULL;
	if (p)
		p[at + 13] ^= (uint8_t)(1u << roll(6));
}

/* The connection's tuple becomes another one's, or the two sides change. */
static void tuple_change(struct frame *f)
{
	size_t at = tcp_at(f);
	uint8_t *p = at ? own(f, 0) : NULL;
	if (!p)
		return;
	if (roll(3))
		p[at + roll(4)] = (uint8_t)roll(256);
	else
		for (int i = 0; i < 2; i++) {
			uint8_t t = p[at + i];
			p[at + i] = p[at + 2 + i];
			p[at + 2 + i] = t;
		}
}

/* One frame's time, or that of all from it on. */
static void time_change(size_t at)
{
	static const int64_t by[] = {1,           1000000,     50000000,
				     999999999,   1000000000,  11000000000,
				     31000000000, 76000000000, 1801000000000};
	int64_t d = by[roll(sizeof by / sizeof *by)] * (roll(2) ? 1 : -1);
	if (roll(8) == 0)
		d = (int64_t)roll(UINT32_MAX) << roll(31);
	size_t upto = roll(2) ? at + 1 : work.c.n;
	for (; at < upto; at++)
		work.c.frames[at].ts = (work.c.frames[at].ts + d) & FRAME_TIME_MAX;
}

static void frame_cut(struct frame *f)
{
	uint32_t n = f->caplen ? roll(f->caplen + 1) : 0;
	if (roll(2))
		f->len = n + roll(1000);
	f->caplen = n;
	if (f->len < n)
		f->len = n;
}

static void words_put(struct frame *f)
{
	static const char *const words[] = {"221 ",
					    "250 ",
					    "250-",
					    "354 ",
					    "421 4.3.2 ",
					    "\r\n.\r\n",
					    "\n.\n",
					    "QUIT\r\n",
					    "BDAT 5 LAST\r\n",
					    "RSET\r\n",
					    "DATA\r\n",
					    "STARTTLS\r\n",
					    "EHLO a\r\n",
					    "MAIL FROM:<a@b>\r\n",
					    "RCPT TO:<c@d>\r\n",
					    "AUTH PLAIN ",
					    "\x16\x03\x01\x02",
					    "PROXY TCP4 ",
					    "550 5.7.1 ",
					    "\r\n",
					    "\r",
					    "\n",
					    "220 2.0.0 ",
					    "BDAT 99999999999999999999\r\n",
					    "Subject: "};
	const char *word = words[roll(sizeof words / sizeof *words)];
	size_t at = tcp_at(f), n = strlen(word);
	at += at ? (f->data[at + 12] >> 4) * 4u : 0;
	if (at == 0 || at + n > f->caplen)
		return;
	uint8_t *p = own(f, 0);
	if (p)
		memcpy(p + at + (roll(2) ? 0 : roll((uint32_t)(f->caplen - at - n) + 1)), word, n);
}

static void bytes_change(struct frame *f)
{
	enum { MORE = 64 };
	uint8_t *p = f->caplen > 0 && f->caplen < UINT16_MAX - MORE ? own(f, MORE) : NULL;
	if (!p)
		return;
	uint32_t more = f->len - f->caplen;
	f->caplen = (uint32_t)LLVMFuzzerMutate(p, f->caplen, f->caplen + MORE);
	f->len = f->caplen + more;
}

static void change(void)
{
	size_t at = roll((uint32_t)work.c.n);
	struct frame *f = &work.c.frames[at];
	switch (roll(12)) {
	case 0:
		frame_move(at, roll((uint32_t)work.c.n));
		break;
	case 1:
		frame_repeat(at);
		break;
	case 2:
		frame_drop(at);
		break;
	case 3:
	case 4:
		numbers_change(f);
		break;
	case 5:
		flags_change(f);
		break;
	case 6:
		tuple_change(f);
		break;
	case 7:
		time_change(at);
		break;
	case 8:
		frame_cut(f);
		break;
	case 9:
	case 10:
		words_put(f);
		break;
	default:
		bytes_change(f);
	}
}

static void begin(const uint8_t *data, size_t size, unsigned seed)
{
	work.state = seed;
	work.used = 0;
	case_read(&work.c, data, size);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static uint8_t out[CASE_MAX];
	begin(data, size, seed);
	if (work.c.n == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	work.c.dice = (uint64_t)seed * UINT64_C(0x9e3779b97f4a7c15);
	if (roll(40) == 0)
		work.c.small = !work.c.small;
	if (roll(80) == 0)
		work.c.any_port = !work.c.any_port;
	for (uint32_t i = 0, n = 1 + roll(5); i < n; i++)
		change();
	size_t n = case_write(&work.c, out, max_size < sizeof out ? max_size : sizeof out);
	memcpy(data, out, n);
	return n;
}

/* The frames of two captures, each in its own order. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
				 uint8_t *out, size_t max_out, unsigned seed)
{
	static struct fuzz_case other;
	begin(a, a_size, seed);
	case_read(&other, b, b_size);
	for (size_t i = 0, at = 0; i < other.n && work.c.n < CASE_FRAMES; i++) {
		work.c.frames[work.c.n++] = other.frames[i];
		at += roll((uint32_t)(work.c.n - at));
		frame_move(work.c.n - 1, at);
		at += at + 1 < work.c.n;
	}
	return case_write(&work.c, out, max_out);
}
