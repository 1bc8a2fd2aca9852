/* test_keylog.c - lines of a key log, whole and cut, good and bad; files that grow or shrink,
 * FIFOs; a table that is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/keyed_hash.h"
#include "decrypt/keylog.h"

#define RANDOM_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define SECRET32 "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
#define SECRET48 SECRET32 "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"

static void random_a(uint8_t out[KEYLOG_RANDOM])
{
	for (unsigned i = 0; i < KEYLOG_RANDOM; i++)
		out[i] = (uint8_t)i;
}

/* How many bytes the secret has; their values are those of SECRET48. */
static unsigned found(struct keylog *k, enum keylog_label label)
{
	uint8_t random[KEYLOG_RANDOM];
	struct keylog_secret s = {0};
	random_a(random);
	if (!keylog_find(k, random, NULL, label, &s))
		return 0;
	for (unsigned i = 0; i < s.n; i++)
		assert_int_equal(s.bytes[i], 0xa0 + i);
	return s.n;
}

static const char log_13[] = "# comment\n"
			     "CLIENT_HANDSHAKE_TRAFFIC_SECRET " RANDOM_A " " SECRET48 "\r\n"
			     "SERVER_HANDSHAKE_TRAFFIC_SECRET " RANDOM_A " " SECRET32 "\n"
			     "EXPORTER_SECRET " RANDOM_A " " SECRET32 "\n"
			     "\n"
			     "CLIENT_EARLY_TRAFFIC_SECRET " RANDOM_A " " SECRET32 "\n"
			     "CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " " SECRET32 "\n"
			     "SERVER_TRAFFIC_SECRET_0 " RANDOM_A " " SECRET32;

static void labels_are_found(void **state)
{
	(void)state;
	struct keylog_stats stats;
	struct keylog *k = keylog_new(8);
	keylog_add(k, bytes_str(log_13));
	assert_int_equal(found(k, KEYLOG_MASTER), 0);
	assert_int_equal(found(k, KEYLOG_CLIENT_HANDSHAKE), 48);
	assert_int_equal(found(k, KEYLOG_SERVER_HANDSHAKE), 32);
	assert_int_equal(found(k, KEYLOG_CLIENT_TRAFFIC), 32);
	assert_int_equal(found(k, KEYLOG_SERVER_TRAFFIC), 32);
	keylog_add(k, bytes_str("CLIENT_RANDOM " RANDOM_A " " SECRET48 "\n"));
	assert_int_equal(found(k, KEYLOG_MASTER), 48);
	keylog_stats(k, &stats);
	assert_int_equal(stats.secrets, 5);
	assert_int_equal(stats.bad_lines, 0);
	keylog_free(k);
}

/* The lines of smtpwatch-keys: by hash first, then by random. */
static void transcripts_are_found(void **state)
{
	static const char log[] = "TRANSCRIPT_CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " " SECRET32 "\n"
				  "TRANSCRIPT_SERVER_TRAFFIC_SECRET_0 " SECRET48 " " SECRET48 "\n"
				  "CLIENT_TRAFFIC_SECRET_0 " SECRET32 " " SECRET48 "\n"
				  "TRANSCRIPT_CLIENT_TRAFFIC_SECRET_N " RANDOM_A " " SECRET32 "\n";
	/* A hash of another length than the secret; TLS 1.2, which has no such hash; no hash. */
	static const char bad[] = "TRANSCRIPT_CLIENT_TRAFFIC_SECRET_0 " SECRET48 " " SECRET32 "\n"
				  "TRANSCRIPT_SERVER_TRAFFIC_SECRET_0 " SECRET32 " " SECRET48 "\n"
				  "TRANSCRIPT_CLIENT_RANDOM " SECRET48 " " SECRET48 "\n"
				  "TRANSCRIPT_CLIENT_TRAFFIC_SECRET_0 " SECRET32 "\n"
				  "TRANSCRIPT_\n";
	uint8_t hash[KEYLOG_RANDOM], other[KEYLOG_RANDOM];
	struct keylog_secret s = {0};
	struct keylog_stats stats;
	struct keylog *k = keylog_new(8);
	(void)state;
	random_a(hash);
	for (unsigned i = 0; i < KEYLOG_RANDOM; i++)
		other[i] = (uint8_t)(0xa0 + i);
	keylog_add(k, bytes_str(log));
	assert_true(keylog_find(k, other, hash, KEYLOG_CLIENT_TRAFFIC, &s));
	assert_int_equal(s.n, 32);
	assert_true(keylog_find(k, other, NULL, KEYLOG_CLIENT_TRAFFIC, &s));
	assert_int_equal(s.n, 48);
	assert_true(keylog_find(k, hash, other, KEYLOG_SERVER_TRAFFIC, &s));
	assert_false(keylog_find(k, hash, NULL, KEYLOG_SERVER_TRAFFIC, &s));
	keylog_add(k, bytes_str(bad));
	keylog_stats(k, &stats);
	assert_int_equal(stats.secrets, 3);
	assert_int_equal(stats.bad_lines, 5);
	keylog_free(k);
}

static void bad_lines_are_counted(void **state)
{
	static const char *const bad[] = {
		"CLIENT_RANDOM",
		"CLIENT_RANDOM ",
		"CLIENT_RANDOM " RANDOM_A,
		"CLIENT_RANDOM " RANDOM_A " ",
		"CLIENT_RANDOM " RANDOM_A " " SECRET32,
		"CLIENT_RANDOM " RANDOM_A "00 " SECRET48,
		"CLIENT_RANDOM " RANDOM_A " " SECRET48 "00",
		"CLIENT_RANDOM " RANDOM_A " " SECRET48 " ",
		"CLIENT_RANDOM " RANDOM_A " " SECRET32 "a",
		"CLIENT_RANDOM " RANDOM_A "  " SECRET48,
		"CLIENT_RANDOM x" RANDOM_A " " SECRET48,
		"CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " aabb",
		"CLIENT_TRAFFIC_SECRET_1 " RANDOM_A " " SECRET32,
		" CLIENT_RANDOM " RANDOM_A " " SECRET48,
		"\x16\x03\x01",
	};
	(void)state;
	struct keylog *k = keylog_new(8);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct keylog_stats stats;
		keylog_add(k, bytes_str(bad[i]));
		keylog_stats(k, &stats);
		if (stats.bad_lines != i + 1 || stats.secrets != 0)
			fail_msg("\"%s\" was taken", bad[i]);
	}
	/* Too long for any line, and then a good one. */
	char *longer = malloc(100000);
	memset(longer, 'a', 100000);
	memcpy(longer, "CLIENT_RANDOM ", 14);
	keylog_add(k, bytes_of(longer, 100000));
	free(longer);
	keylog_add(k, bytes_str(log_13));
	assert_int_equal(found(k, KEYLOG_SERVER_TRAFFIC), 32);
	keylog_free(k);
}

static void append(const char *path, const char *text, size_t n)
{
	FILE *f = fopen(path, "a");
	assert_non_null(f);
	fwrite(text, 1, n, f);
	fclose(f);
}

static void a_file_grows_byte_by_byte_and_is_emptied(void **state)
{
	char path[] = "/tmp/smtpwatch-keylog-XXXXXX";
	(void)state;
	int fd = mkstemp(path);
	struct keylog *k = keylog_new(8);
	keylog_read(k, fd);
	assert_true(keylog_waits(k));
	for (size_t i = 0; i < sizeof log_13 - 1; i++) {
		append(path, log_13 + i, 1);
		found(k, KEYLOG_MASTER);
		/* A line is none before its end. */
		assert_int_equal(found(k, KEYLOG_SERVER_TRAFFIC), 0);
	}
	append(path, "\n", 1);
	assert_int_equal(found(k, KEYLOG_SERVER_TRAFFIC), 32);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(found(k, KEYLOG_MASTER), 0);
	append(path, "CLIENT_RANDOM " RANDOM_A " " SECRET48 "\n",
	       strlen("CLIENT_RANDOM " RANDOM_A " " SECRET48 "\n"));
	assert_int_equal(found(k, KEYLOG_MASTER), 48);
	keylog_free(k);
	unlink(path);
}

static void a_fifo_outlives_its_writers(void **state)
{
	char dir[] = "/tmp/smtpwatch-keylog-XXXXXX", path[64];
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	struct keylog *k = keylog_new(8);
	keylog_read(k, open(path, O_RDWR | O_NONBLOCK));
	assert_int_equal(found(k, KEYLOG_MASTER), 0);
	append(path, log_13, 220);
	assert_int_equal(found(k, KEYLOG_CLIENT_HANDSHAKE), 48);
	append(path, log_13 + 220, sizeof log_13 - 1 - 220);
	append(path, "\n", 1);
	assert_int_equal(found(k, KEYLOG_SERVER_TRAFFIC), 32);
	keylog_free(k);
	unlink(path);
	rmdir(dir);
}

/* 64 chosen randoms for each of 1024 values: they differ in the first bits of a word alone, which
 * a product hands on to no lower bit. */
static void nobody_can_choose_the_bucket(void **state)
{
	enum { RANDOMS = 1 << 16 };
	static unsigned in_bucket[RANDOMS];
	struct keyed_hash hash;
	unsigned longest = 0;
	(void)state;
	memset(in_bucket, 0, sizeof in_bucket);
	for (size_t i = 0; i < sizeof hash.key / sizeof *hash.key; i++)
		hash.key[i] = (i + 1) * 0x9e3779b97f4a7c15;
	for (uint64_t i = 0; i < RANDOMS; i++) {
		uint64_t random[4] = {0, 0, 0, i << 48};
		unsigned place =
			keyed_hash_place(keyed_hash(&hash, random, sizeof random), RANDOMS);
		longest = ++in_bucket[place] > longest ? in_bucket[place] : longest;
	}
	assert_in_range(longest, 1, 16);
}

/* A log of three slices that grows while others wait for the lock. */
static void a_long_log_is_read_in_slices(void **state)
{
	enum { SLICE = 1 << 20 };
	static char comment[SLICE] = "#";
	char path[] = "/tmp/smtpwatch-keylog-XXXXXX";
	(void)state;
	int fd = mkstemp(path);
	struct keylog *k = keylog_new(8);
	keylog_read(k, fd);
	memset(comment + 1, ' ', sizeof comment - 2);
	comment[SLICE - 1] = '\n';
	for (unsigned i = 0; i < 2; i++)
		append(path, comment, sizeof comment);
	append(path, log_13, sizeof log_13 - 1);
	append(path, "\n", 1);
	assert_int_equal(found(k, KEYLOG_SERVER_TRAFFIC), 0);
	assert_int_equal(found(k, KEYLOG_SERVER_TRAFFIC), 0);
	assert_int_equal(found(k, KEYLOG_SERVER_TRAFFIC), 32);
	keylog_free(k);
	unlink(path);
}

static void the_oldest_go(void **state)
{
	enum { ROOM = 100, ALL = 1000 };
	char line[256];
	(void)state;
	struct keylog_stats stats;
	struct keylog *k = keylog_new(ROOM);
	for (unsigned i = 0; i < ALL; i++) {
		snprintf(line, sizeof line, "CLIENT_RANDOM %064x " SECRET48 "\n", i);
		keylog_add(k, bytes_str(line));
	}
	keylog_stats(k, &stats);
	assert_int_equal(stats.evicted, ALL - ROOM);
	for (unsigned i = 0; i < ALL; i++) {
		uint8_t random[KEYLOG_RANDOM] = {0};
		struct keylog_secret s;
		random[30] = (uint8_t)(i >> 8);
		random[31] = (uint8_t)i;
		assert_int_equal(keylog_find(k, random, NULL, KEYLOG_MASTER, &s), i >= ALL - ROOM);
	}
	keylog_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_found),
		cmocka_unit_test(transcripts_are_found),
		cmocka_unit_test(bad_lines_are_counted),
		cmocka_unit_test(a_file_grows_byte_by_byte_and_is_emptied),
		cmocka_unit_test(a_fifo_outlives_its_writers),
		cmocka_unit_test(nobody_can_choose_the_bucket),
		cmocka_unit_test(a_long_log_is_read_in_slices),
		cmocka_unit_test(the_oldest_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
