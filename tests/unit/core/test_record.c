/* test_record.c - a record that was packed says what it said, whatever became of the original. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "lib/made.h"
#include "lib/output.h"
#include "sink/sink.h"
#include "smtpwatch/cause.h"
#include "smtpwatch/verdict.h"

/* What JSON makes of it: it shows every field. */
static char *shown(struct made *m)
{
	struct output o;
	output_open(&o, &sink_json);
	output_record(&o, m);
	char *text = strdup(output_text(&o));
	output_free(&o);
	return text;
}

static void check(struct made *m)
{
	char *before = shown(m);
	size_t n = record_size(&m->record);
	uint8_t *memory = aligned_alloc(16, n + 16);
	memset(memory + n, 0x5a, 16);
	const struct record *copy = record_pack(&m->record, memory);
	for (size_t i = 0; i < 16; i++)
		assert_int_equal(memory[n + i], 0x5a);
	m->record = *copy;
	memset(&m->conn, 0xee, sizeof m->conn);
	memset(m->sides, 0xee, sizeof m->sides);
	memset(&m->ending, 0xee, sizeof m->ending);
	memset(&m->cause, 0xee, sizeof m->cause);
	struct strings kept = m->info.strings;
	memset(kept.block, 0xee, kept.used);
	for (unsigned i = 0; i < m->n; i++)
		memset(m->messages[i].strings.block, 0xee, m->messages[i].strings.used);
	char *after = shown(m);
	assert_string_equal(after, before);
	/* A copy of a copy, read where nothing else is left. */
	assert_int_equal(record_size(copy), n);
	free(before);
	free(after);
	free(memory);
}

static void all_that_it_points_to_is_copied(void **state)
{
	(void)state;
	struct made m;
	made_init(&m);
	made_message(&m, FATE_ACCEPTED, "a@example.org", "b@example.net");
	made_message(&m, FATE_CUT, "c@example.org", "d@example.net");
	made_cause(&m, CAUSE_SHUTDOWN, CONFIDENCE_LIKELY, "it said so", NULL);
	made_verdict(&m, VERDICT_221_FOR_MESSAGE, 0);
	check(&m);
	made_free(&m);
}

static void without_messages_and_cause(void **state)
{
	(void)state;
	struct made m;
	made_init(&m);
	m.record.cause = NULL;
	made_verdict(&m, VERDICT_DROP_BEFORE_MESSAGE, 0);
	check(&m);
	made_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_it_points_to_is_copied),
		cmocka_unit_test(without_messages_and_cause),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
