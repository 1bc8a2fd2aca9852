/* test_line.c - lines out of a stream that is cut anywhere, against a plain reading of the whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/smtp/line.h"
#include "lib/split.h"

/* What came out: each line as its flaws in one byte, its length in two, its text. */
struct log {
	uint8_t *p;
	size_t n;
};

static void log_line(struct log *log, struct line_out line)
{
	log->p = realloc(log->p, log->n + 3 + line.text.n);
	uint8_t *at = log->p + log->n;
	at[0] = (uint8_t)line.flaws;
	at[1] = (uint8_t)(line.text.n >> 8);
	at[2] = (uint8_t)line.text.n;
	if (line.text.n > 0)
		memcpy(at + 3, line.text.p, line.text.n);
	log->n += 3 + line.text.n;
}

struct reader {
	struct line line;
	struct pool *pool;
	struct log log;
};

static void read_piece(void *arg, struct bytes in)
{
	struct reader *r = arg;
	struct line_out out;
	while (line_next(&r->line, r->pool, &in, &out))
		log_line(&r->log, out);
	assert_int_equal(in.n, 0);
}

static struct log read_all(struct bytes in, enum split how, struct dice *dice)
{
	struct reader r = {.pool = pool_new((size_t)1 << 20)};
	struct line_out out;
	split_feed(in, how, dice, read_piece, &r);
	if (line_rest(&r.line, r.pool, &out))
		log_line(&r.log, out);
	assert_false(line_rest(&r.line, r.pool, &out));
	assert_int_equal(pool_used(r.pool), 0);
	pool_free(r.pool);
	return r.log;
}

/* The same by the plainest means: the whole is there, and nothing is fast. */
static struct log read_plainly(struct bytes in)
{
	struct log log = {0};
	while (in.n > 0) {
		size_t n = 0;
		unsigned flaws = 0;
		while (n < in.n && in.p[n] != '\n')
			n++;
		bool ended = n<in.n, cr = n> 0 && in.p[n - 1] == '\r';
		struct bytes text = bytes_first(in, n - cr);
		flaws |= ended ? 0 : LINE_UNENDED;
		flaws |= ended && !cr ? LINE_BARE_LF : 0;
		flaws |= text.n > LINE_MAX_KEPT ? LINE_LONG : 0;
		text = bytes_first(text, LINE_MAX_KEPT);
		for (size_t i = 0; i < text.n; i++)
			flaws |= text.p[i] == '\r'   ? LINE_LONE_CR
				 : text.p[i] == '\0' ? LINE_NUL
						     : 0;
		log_line(&log, (struct line_out){text, flaws});
		in = bytes_from(in, n + ended);
	}
	return log;
}

static void assert_every_split(struct bytes in, struct dice *dice)
{
	struct log want = read_plainly(in);
	for (enum split how = SPLIT_WHOLE; how < SPLITS; how++) {
		struct log got = read_all(in, how, dice);
		assert_int_equal(got.n, want.n);
		if (want.n > 0)
			assert_memory_equal(got.p, want.p, want.n);
		free(got.p);
	}
	free(want.p);
}

/* clang-format off */
#define B(literal) {(const uint8_t *)(literal), sizeof(literal) - 1}
/* clang-format on */

static void lines_and_their_flaws(void **state)
{
	(void)state;
	static const struct {
		struct bytes in, text;
		unsigned flaws;
	} rows[] = {
		{B("QUIT\r\n"), B("QUIT"), 0},
		{B("\r\n"), B(""), 0},
		{B("\n"), B(""), LINE_BARE_LF},
		{B("QUIT\n"), B("QUIT"), LINE_BARE_LF},
		{B("QUIT\r\r\n"), B("QUIT\r"), LINE_LONE_CR},
		{B("\r\r\n"), B("\r"), LINE_LONE_CR},
		{B("a\rb\r\n"), B("a\rb"), LINE_LONE_CR},
		{B("a\rb\n"), B("a\rb"), LINE_LONE_CR | LINE_BARE_LF},
		{B("a\0b\r\n"), B("a\0b"), LINE_NUL},
		{B("\0\r\xff\n"), B("\0\r\xff"), LINE_NUL | LINE_LONE_CR | LINE_BARE_LF},
		{B("250 ok"), B("250 ok"), LINE_UNENDED},
		{B("250 ok\r"), B("250 ok"), LINE_UNENDED},
		{B("\r"), B(""), LINE_UNENDED},
		{B("\0"), B("\0"), LINE_UNENDED | LINE_NUL},
	};
	struct dice dice = dice_new("lines_and_their_flaws", 1);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct log want = {0};
		log_line(&want, (struct line_out){rows[i].text, rows[i].flaws});
		for (enum split how = SPLIT_WHOLE; how < SPLITS; how++) {
			struct log got = read_all(rows[i].in, how, &dice);
			assert_int_equal(got.n, want.n);
			assert_memory_equal(got.p, want.p, want.n);
			free(got.p);
		}
		free(want.p);
		assert_every_split(rows[i].in, &dice);
	}
}

/* All lengths about the bound, with each way to end. */
static void long_lines_are_cut_once(void **state)
{
	(void)state;
	static const char *const ends[] = {"",     "\n",      "\r\n",   "\r\r\n",      "\r",
					   "\r\r", "\rx\r\n", "x\ry\n", "\r\nQUIT\r\n"};
	struct dice dice = dice_new("long_lines_are_cut_once", 2);
	static const size_t lengths[] = {LINE_MAX_KEPT - 2, LINE_MAX_KEPT - 1, LINE_MAX_KEPT,
					 LINE_MAX_KEPT + 1, LINE_MAX_KEPT + 2, 70000};
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
			size_t n = lengths[i] + strlen(ends[e]);
			uint8_t *in = malloc(n);
			memset(in, 'a', lengths[i]);
			memcpy(in + lengths[i], ends[e], strlen(ends[e]));
			assert_every_split(bytes_of(in, n), &dice);
			free(in);
		}
	}
}

static void splitting_changes_nothing(void **state)
{
	(void)state;
	struct dice dice = dice_new("splitting_changes_nothing", 3);
	static const char *const alphabets[] = {
		"\r\n", "\r\na", "\r\nabcdefghijklmnopqrstuvwxyz0123456789 <>@.:", "\xff\n\x01\r"};
	for (unsigned round = 0; round < 2000; round++) {
		size_t n = 1 + dice_roll(&dice, round % 50 ? 60 : 20000);
		uint8_t *in = malloc(n);
		split_babble(&dice, alphabets[round % 4], in, n);
		if (round % 5 == 0)
			in[dice_roll(&dice, (uint32_t)n)] = '\0';
		assert_every_split(bytes_of(in, n), &dice);
		free(in);
	}
}

static void a_whole_line_is_not_copied(void **state)
{
	(void)state;
	struct pool *pool = pool_new((size_t)1 << 20);
	struct line line = {0};
	struct line_out out;
	struct bytes text = bytes_str("NOOP\r\nQUIT\r\nMAI"), in = text;
	assert_true(line_next(&line, pool, &in, &out));
	assert_ptr_equal(out.text.p, text.p);
	assert_true(line_next(&line, pool, &in, &out));
	assert_ptr_equal(out.text.p, text.p + 6);
	assert_int_equal(pool_used(pool), 0);
	assert_false(line_next(&line, pool, &in, &out));
	assert_true(pool_used(pool) > 0);
	line_reset(&line, pool);
	assert_int_equal(pool_used(pool), 0);
	assert_false(line_rest(&line, pool, &out));
	pool_free(pool);
}

/* The beginning of the line has been kept when the pool runs dry: that is handed on, and the next
 * line is whole again. */
static void without_memory_the_line_is_cut(void **state)
{
	(void)state;
	struct pool *pool = pool_new((size_t)100 << 10);
	struct line line = {0};
	struct line_out out;
	struct bytes in = bytes_str("MAIL FROM:");
	assert_false(line_next(&line, pool, &in, &out));
	while (pool_get(pool, 256) || pool_get(pool, 16))
		continue;
	char tail[200];
	memset(tail, 'x', sizeof tail);
	in = bytes_of(tail, sizeof tail);
	assert_false(line_next(&line, pool, &in, &out));
	in = bytes_str("tail\r\nQUIT\r\n");
	assert_true(line_next(&line, pool, &in, &out));
	assert_true(bytes_equal(out.text, bytes_str("MAIL FROM:")));
	assert_int_equal(out.flaws, LINE_LONG);
	assert_true(line_next(&line, pool, &in, &out));
	assert_true(bytes_equal(out.text, bytes_str("QUIT")));
	assert_int_equal(out.flaws, 0);
	pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_and_their_flaws),
		cmocka_unit_test(long_lines_are_cut_once),
		cmocka_unit_test(splitting_changes_nothing),
		cmocka_unit_test(a_whole_line_is_not_copied),
		cmocka_unit_test(without_memory_the_line_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
