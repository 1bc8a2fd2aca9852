/*
 * fuzz_keylog.c - a key log as text in memory, line by line, and as a file that grows: the same
 * secrets are known, and the same lines counted. Every line is a secret, a bad line, or none that
 * counts; what is known of a session has a length that a secret can have; and beyond the bound the
 * oldest go.
 */
#include "decrypt/keylog.h"
#include "fuzz/fuzz.h"
#include "fuzz/memory_file.h"

#include <fcntl.h>

enum { MANY = 1000, FEW = 3, ASKED = 64 };

/* The randoms that the text may tell of: 64 digits behind a blank. */
static uint8_t asked[ASKED][KEYLOG_RANDOM];
static unsigned asked_n;

static int digit(uint8_t c)
{
	return c >= '0' && c <= '9'                 ? c - '0'
	       : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
						    : -1;
}

static bool random_read(struct bytes in, uint8_t out[KEYLOG_RANDOM])
{
	for (size_t i = 0; i < KEYLOG_RANDOM; i++) {
		int high = digit(in.p[2 * i]), low = digit(in.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static void randoms_find(struct bytes in)
{
	asked_n = 0;
	for (size_t i = 0; i + 2 * (size_t)KEYLOG_RANDOM < in.n && asked_n < ASKED; i++)
		if (in.p[i] == ' ' && random_read(bytes_from(in, i + 1), asked[asked_n]))
			asked_n++;
}

static struct keylog *log_new(unsigned most)
{
	struct keylog *k = keylog_new(most);
	CHECK(k);
	return k;
}

static size_t line_length(struct bytes in)
{
	const uint8_t *end = in.n > 0 ? memchr(in.p, '\n', in.n) : NULL;
	return end ? (size_t)(end - in.p) + 1 : in.n;
}

static struct keylog *by_lines(struct bytes in)
{
	struct keylog *k = log_new(MANY);
	while (in.n > 0)
		keylog_add(k, fuzz_take(&in, line_length(in)));
	return k;
}

/* Cut anywhere; what a look-up reads of it, it reads from where it was before. */
static struct keylog *by_file(struct bytes in, uint64_t dice)
{
	struct keylog_secret secret;
	struct keylog *k = log_new(MANY);
	keylog_read(k, open(memory_file(fuzz_take(&in, fuzz_dice(&dice) % 90)), O_RDONLY));
	CHECK(keylog_waits(k));
	while (in.n > 0) {
		memory_file_more(fuzz_take(&in, 1 + fuzz_dice(&dice) % 200));
		if (asked_n > 0)
			keylog_find(k, asked[0], NULL, KEYLOG_MASTER, &secret);
	}
	memory_file_more(bytes_str("\n"));
	return k;
}

static void same(struct keylog *a, struct keylog *b)
{
	struct keylog_stats one, other;
	uint8_t nobody[KEYLOG_RANDOM] = {1};
	struct keylog_secret none;
	/* Reads what is left of a file: whoever finds one secret for a session does not look for a
	 * second, which no honest log has. */
	keylog_find(a, nobody, NULL, KEYLOG_MASTER, &none);
	keylog_find(b, nobody, NULL, KEYLOG_MASTER, &none);
	for (unsigned i = 0; i < asked_n; i++)
		for (enum keylog_label label = 0; label < KEYLOG_LABELS; label++) {
			struct keylog_secret x = {0}, y = {0};
			bool found = keylog_find(a, asked[i], NULL, label, &x);
			CHECK(found == keylog_find(b, asked[i], NULL, label, &y));
			CHECK(!found || x.n == 48 || (x.n == 32 && label != KEYLOG_MASTER));
			CHECK(x.n == y.n && memcmp(x.bytes, y.bytes, x.n) == 0);
		}
	keylog_stats(a, &one);
	keylog_stats(b, &other);
	CHECK(one.secrets == other.secrets && one.bad_lines == other.bad_lines &&
	      one.evicted == other.evicted);
}

static void counts_check(struct keylog *whole, struct bytes in)
{
	struct keylog_stats stats;
	uint64_t lines = 0;
	for (struct bytes rest = in; rest.n > 0; lines++)
		fuzz_take(&rest, line_length(rest));
	keylog_stats(whole, &stats);
	CHECK(stats.secrets + stats.bad_lines <= lines && stats.evicted == 0);
	struct keylog *few = log_new(FEW);
	keylog_add(few, in);
	struct keylog_stats small;
	keylog_stats(few, &small);
	CHECK(small.secrets == stats.secrets && small.bad_lines == stats.bad_lines &&
	      small.evicted <= small.secrets);
	keylog_free(few);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	randoms_find(in);
	struct keylog *whole = log_new(MANY), *lines = by_lines(in), *file = by_file(in, size);
	keylog_add(whole, in);
	same(whole, lines);
	same(whole, file);
	counts_check(whole, in);
	keylog_free(whole);
	keylog_free(lines);
	keylog_free(file);
	return 0;
}
