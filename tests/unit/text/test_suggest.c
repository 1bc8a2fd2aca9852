/* test_suggest.c - which name is taken as the one that was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "text/suggest.h"

static const char *const names[] = {"ports",
				    "port",
				    "output",
				    "interface",
				    "min-severity",
				    "severity",
				    "j",
				    "a-name-that-is-longer-than-any-word-that-is-looked-at"};

struct row {
	const char *word, *best;
};

static const struct row rows[] = {
	{"prots", "ports"}, /* two neighbours exchanged count as one */
	{"prot", "port"},   /* the nearest, not the first */
	{"portss", "ports"},
	{"itnerface", "interface"},
	{"interfaces", "interface"},
	{"INTERFACE", "interface"},
	{"MIN_SEVERITY", "min-severity"},
	{"severty", "severity"},
	{"utput", "output"},
	{"oupttu", "output"}, /* two of six */
	{"otpttx", NULL},     /* three of six */
	{"colour", NULL},
	{"x", "j"}, /* one letter is always allowed to be wrong */
	{"", NULL},
	{"a-name-that-is-longer-than-any-word-that-is-looked-at", NULL},
};

static void the_nearest_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct suggestion near = {.word = rows[i].word, .n = strlen(rows[i].word)};

		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++)
			suggest_offer(&near, names[j]);
		if (near.best == NULL
			    ? rows[i].best != NULL
			    : rows[i].best == NULL || strcmp(near.best, rows[i].best) != 0)
			fail_msg("\"%s\": %s, expected %s", rows[i].word,
				 near.best != NULL ? near.best : "none",
				 rows[i].best != NULL ? rows[i].best : "none");
	}
}

/* It is given with its length, because in "--name=value" more follows. */
static void only_the_word_counts(void **state)
{
	(void)state;
	struct suggestion near = {.word = "port=25", .n = 4};

	suggest_offer(&near, "port");
	assert_string_equal(near.best, "port");
	assert_int_equal(near.distance, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_is_found),
		cmocka_unit_test(only_the_word_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
