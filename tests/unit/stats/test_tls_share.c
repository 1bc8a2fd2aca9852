/* test_tls_share.c - the words for the share of TLS, and that all who count it count the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "lib/made.h"
#include "stats/metrics.h"
#include "stats/tls_share.h"

static const struct share_row {
	uint64_t sessions, tls, decrypted;
	const char *words;
} rows[] = {
	{0, 0, 0, "0 of 0 sessions (0 %) went into TLS"},
	{1, 0, 0, "0 of 1 session (0 %) went into TLS"},
	{1, 1, 1, "1 of 1 session (100 %) went into TLS; 1 of them was read"},
	{4, 1, 0, "1 of 4 sessions (25 %) went into TLS; 0 of them were read"},
	{1000, 1, 0, "1 of 1,000 sessions (under 1 %) went into TLS; 0 of them were read"},
	{1000, 999, 2, "999 of 1,000 sessions (over 99 %) went into TLS; 2 of them were read"},
	{3, 2, 0, "2 of 3 sessions (67 %) went into TLS; 0 of them were read"},
};

static void the_words_tell_the_share(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct outbuf b = {0};
		tls_share_put(&b, rows[i].sessions, rows[i].tls, rows[i].decrypted);
		outbuf_char(&b, '\0');
		assert_string_equal(b.p, rows[i].words);
		outbuf_free(&b);
	}
}

static void totals_and_metrics_count_alike(void **state)
{
	(void)state;
	struct metrics *m = calloc(1, sizeof *m);
	struct totals t = {.servers = servers_new()};
	for (unsigned i = 0; i < 6; i++) {
		struct made one;
		made_init(&one);
		one.info.tls = i >= 2;
		one.info.tls_decrypted = i >= 5;
		totals_count(&t, &one.report);
		metrics_count(m, &one.report);
		made_free(&one);
	}
	assert_int_equal(t.tls, 4);
	assert_int_equal(t.decrypted, 1);
	assert_int_equal(m->tls, t.tls);
	assert_int_equal(m->decrypted, t.decrypted);
	servers_free(t.servers);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_words_tell_the_share),
		cmocka_unit_test(totals_and_metrics_count_alike),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
