/* test_columns.c - csv, zeek and ecs keep their shape whatever the wire says; and the line of
 * progress. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "format/fields.h"
#include "lib/hostile.h"
#include "lib/output.h"
#include "smtpwatch/frame.h"
#include "smtpwatch/verdict.h"
#include "tui/progress.h"

/* Every name that an output has is its own, and so is its place. */
static void names_are_unique(void **state)
{
	(void)state;
	for (enum field_output o = FIELD_CSV; o < FIELD_OUTPUTS; o++) {
		struct field_list list = field_list_of(o);
		assert_in_range(list.n, 20, FIELDS_MAX - 1);
		for (size_t i = 0; i < list.n; i++)
			for (size_t before = 0; before < i; before++) {
				const struct field *f = list.at[i], *other = list.at[before];
				assert_string_not_equal(other->name[o], f->name[o]);
				assert_true(o == FIELD_ALERT_NAME ? other->alert < f->alert
								  : other->table < f->table);
				assert_in_range(o == FIELD_ALERT_NAME ? f->alert : f->table, 1,
						FIELD_PLACE_MAX);
			}
	}
}

/* docs/columns.md has a line for each place. */
static void places_are_of_one_field(void **state)
{
	struct field_list csv = field_list_of(FIELD_CSV),
			  others[] = {field_list_of(FIELD_ZEEK), field_list_of(FIELD_ECS), csv};
	(void)state;
	for (size_t o = 0; o < 3; o++)
		for (size_t i = 0; i < others[o].n; i++)
			for (size_t k = 0; k < others[(o + 1) % 3].n; k++) {
				const struct field *f = others[o].at[i],
						   *other = others[(o + 1) % 3].at[k];
				assert_true(f == other || f->table != other->table);
			}
}

/* No output has a field of a type that it cannot write. */
static void outputs_can_write_their_types(void **state)
{
	static const struct field *const json[] = {field_session, field_tls,   field_net,
						   field_message, field_reset, field_recipient};
	(void)state;
	for (enum field_output o = FIELD_CSV; o < FIELD_OUTPUTS; o++) {
		struct field_list list = field_list_of(o);
		for (size_t i = 0; i < list.n; i++) {
			assert_int_not_equal(list.at[i]->type, FIELD_RESETS);
			assert_int_not_equal(list.at[i]->type, FIELD_MESSAGES);
		}
	}
	for (size_t i = 0; i < sizeof json / sizeof *json; i++)
		for (const struct field *f = json[i]; f->get != NULL; f++) {
			assert_int_not_equal(f->type, FIELD_WORDS);
			assert_int_not_equal(f->type, FIELD_EPOCH);
			assert_int_not_equal(f->group, FIELD_NONE);
			assert_true(f->key_n < sizeof f->key);
		}
}

/* Every field of an alert has room where all of them are kept. */
static void alerts_have_room(void **state)
{
	(void)state;
	assert_true(field_list_of(FIELD_ALERT_NAME).n <= ALERT_FIELDS_MAX);
}

static size_t count(const char *text, char c)
{
	size_t n = 0;
	for (; *text != '\0'; text++)
		n += *text == c;
	return n;
}

/* Lines and separators are as many as without a single byte off the wire, and nothing that acts
 * comes out. */
static void shape_check(const struct sink_kind *kind, struct made *m, char separator,
			size_t *separators)
{
	struct output o;
	output_open(&o, kind);
	output_record(&o, m);
	const char *text = output_text(&o);
	const char *last = strrchr(text, '\n');
	assert_non_null(last);
	assert_string_equal(last, "\n");
	assert_int_equal(count(text, '\n'), kind == &sink_csv ? 2 : kind == &sink_zeek ? 9 : 1);
	for (const char *p = text; *p != '\0'; p++)
		assert_true((uint8_t)*p >= 0x20 || *p == '\n' || *p == '\t' || *p == '\r');
	if (separator != '\0') {
		if (*separators == 0)
			*separators = count(text, separator);
		assert_int_equal(count(text, separator), *separators);
	}
	output_free(&o);
}

static void hostile_texts_keep_the_shape(void **state)
{
	size_t tabs = 0, none = 0;
	(void)state;
	for (unsigned i = 0; hostile_text(i) != NULL; i++) {
		struct made m;
		hostile_make(&m, bytes_str(hostile_text(i)));
		shape_check(&sink_csv, &m, '\0', &none);
		shape_check(&sink_zeek, &m, '\t', &tabs);
		shape_check(&sink_ecs, &m, '\0', &none);
		made_free(&m);
	}
	assert_true(tabs > 50);
}

static void zeek_words_are_escaped(void **state)
{
	struct output o;
	struct made m;
	(void)state;
	made_init(&m);
	made_message(&m, FATE_ACCEPTED, "-", "(empty)");
	made_string(&m, &m.messages[0].strings, STRING_RCPT, 250, "a,b@example.net");
	made_verdict(&m, VERDICT_221_FOR_MESSAGE, 0);
	output_open(&o, &sink_zeek);
	output_record(&o, &m);
	assert_non_null(strstr(output_text(&o), "\t\\x2d\t\\x28empty),a\\x2cb@example.net\t"));
	output_free(&o);
	made_free(&m);
}

static void formulas_are_words(void **state)
{
	struct output o;
	struct made m;
	(void)state;
	made_init(&m);
	made_message(&m, FATE_ACCEPTED, "=HYPERLINK(\"http://x\")", "+1@example.net");
	made_verdict(&m, VERDICT_221_FOR_MESSAGE, 0);
	output_open(&o, &sink_csv);
	output_record(&o, &m);
	assert_non_null(
		strstr(output_text(&o), ",\"'=HYPERLINK(\"\"http://x\"\")\",\"'+1@example.net\","));
	output_free(&o);
	made_free(&m);
}

/* What nobody said is left out, or said to be unknown; the line is as long as ever. */
static void a_bare_session_has_a_line(void **state)
{
	static const struct sink_kind *const kinds[] = {&sink_csv, &sink_zeek, &sink_ecs};
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct output o;
		struct made m;
		made_init_bare(&m);
		made_verdict(&m, VERDICT_PROBE, 0);
		output_open(&o, kinds[i]);
		output_record(&o, &m);
		assert_non_null(strstr(output_text(&o), "probe"));
		output_free(&o);
		made_free(&m);
	}
}

static void progress_in_words(void **state)
{
	static const struct {
		uint64_t total, before, done;
		int64_t elapsed;
		const char *text;
	} rows[] = {
		{1000, 0, 250, FRAME_SECOND, "250 B of 1.0 kB read (25 %), 250 B/s, 3 s left"},
		{3400000000, 1000000000, 700000000, 10 * FRAME_SECOND,
		 "1.7 GB of 3.4 GB read (50 %), 170 MB/s, 10 s left"},
		{0, 0, 5000, 2 * FRAME_SECOND, "5.0 kB read, 2.5 kB/s"},
		{100, 0, 200, FRAME_SECOND, "200 B read, 200 B/s"}, /* it has grown */
		{100, 0, 0, 0, "0 B of 100 B read (0 %), 0 B/s, 0 s left"},
	};
	char text[PROGRESS_TEXT];
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct progress p = {
			.what = "read", .total = rows[i].total, .before = rows[i].before};
		assert_string_equal(progress_text(&p, rows[i].done, rows[i].elapsed, text),
				    rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_unique),
		cmocka_unit_test(places_are_of_one_field),
		cmocka_unit_test(outputs_can_write_their_types),
		cmocka_unit_test(alerts_have_room),
		cmocka_unit_test(hostile_texts_keep_the_shape),
		cmocka_unit_test(zeek_words_are_escaped),
		cmocka_unit_test(formulas_are_words),
		cmocka_unit_test(a_bare_session_has_a_line),
		cmocka_unit_test(progress_in_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
