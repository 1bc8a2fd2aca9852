/* test_scenario_parts.c - "include" in the scenario language: what it reads, and what it refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/build.h"
#include "lib/scenario.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLEAN "expect verdict clean\n"

/* A folder of the test's own, with its files. */

static char folder[64];

static void path_of(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", folder, name);
}

static void file_write(const char *name, const char *text)
{
	char path[128];
	path_of(path, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int folder_make(void **state)
{
	char path[128];
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/smtpwatch-parts-XXXXXX");
	assert_non_null(mkdtemp(folder));
	path_of(path, "folder.part");
	return mkdir(path, 0700);
}

static int folder_remove(void **state)
{
	char pattern[128];
	glob_t found = {0};
	(void)state;
	path_of(pattern, "*");
	glob(pattern, 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++)
		remove(found.gl_pathv[i]);
	globfree(&found);
	return rmdir(folder);
}

/* The scenario with this text in the folder. */
static struct scenario *read_here(const char *text, char why[SCENARIO_WHY])
{
	char path[128];
	file_write("t.smtp", text);
	path_of(path, "t.smtp");
	return scenario_read(path, why);
}

/* Steps and expectations are those of the second text, in which nothing is included. */
static void assert_same(const char *text, const char *written)
{
	char why[SCENARIO_WHY] = "";
	struct scenario *a = read_here(text, why);
	if (!a)
		fail_msg("%s", why);
	struct scenario *b = read_here(written, why);
	assert_non_null(b);
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct step *x = &a->steps[i], *y = &b->steps[i];
		assert_true(x->kind == y->kind && x->side == y->side && x->joined == y->joined);
		assert_true(x->scene == y->scene && x->number == y->number && x->n == y->n);
		assert_memory_equal(x->n ? x->data : (const uint8_t *)"",
				    y->n ? y->data : (const uint8_t *)"", x->n);
	}
	for (int e = 0; e < EXPECTS; e++)
		assert_string_equal(a->scene[0].want[e] ? a->scene[0].want[e] : "",
				    b->scene[0].want[e] ? b->scene[0].want[e] : "");
	scenario_free(a);
	scenario_free(b);
}

/* Parts are lines: a segment may go on behind one, and a session or an expectation stand in one. */
static void stands_for_its_lines(void **state)
{
	(void)state;
	file_write("one.part", "# what it is\nC: A\n");
	file_write("two-2.part", "S: B\nS+ C\n");
	file_write("both.part", "include one two-2\n");
	file_write("end.part", "S! FIN\n" CLEAN);
	file_write("ehlo.part", "S: mine\n");
	assert_same("include one\n" CLEAN, "C: A\n" CLEAN);
	assert_same("include one two-2\n" CLEAN, "C: A\nS: B\nS+ C\n" CLEAN);
	assert_same("S: X\ninclude both one\nC+ D\n" CLEAN,
		    "S: X\nC: A\nS: B\nS+ C\nC: A\nC+ D\n" CLEAN);
	assert_same("include one\nsession 2\ninclude end\nsession 1\n" CLEAN,
		    "C: A\nsession 2\nS! FIN\n" CLEAN "session 1\n" CLEAN);
	/* A part beside the scenario goes before that of tests/scenarios, which is there for all.
	 */
	assert_same("include ehlo mail\n" CLEAN,
		    "S: mine\nC: MAIL FROM:<a@example.org>\nS: 250 2.1.0 Ok\n" CLEAN);
}

/* What is wrong is told with the file and the line, and no file outside is opened. */
static void refuses(void **state)
{
	static const struct {
		const char *text, *why[3];
	} rows[] = {
		{"include\n", {"t.smtp:1: include needs the name of a part"}},
		{"\ninclude nobody\n",
		 {"t.smtp:2: No such file or directory: tests/scenarios/nobody.part"}},
		{"include one nobody\n", {"t.smtp:1: No such file"}},
		{"include folder\n", {"t.smtp:1: Is a directory", "/folder.part"}},
		{"include empty\n", {"t.smtp:1: empty", "/empty.part"}},
		{"include ../etc/passwd\n",
		 {"t.smtp:1: a part's name has small letters, digits and hyphens only: "
		  "../etc/passwd"}},
		{"include /etc/passwd\n", {"t.smtp:1: a part's name has"}},
		{"include one.part\n", {"t.smtp:1: a part's name has"}},
		{"include ..\n", {"t.smtp:1: a part's name has"}},
		{"\n\ninclude wrong\n",
		 {"/wrong.part:3: not understood: hallo", "included at ", "t.smtp:3"}},
		{"include around\n",
		 {"/around.part:2: too deep: parts include each other: around", "t.smtp:1"}},
		{"include there\n",
		 {"too deep: parts include each other", "/back.part:1", "/there.part:1"}},
		{"include deep-1\n",
		 {"/deep-4.part:1: too deep: parts include each other: deep-5"}},
		{"include many\n", {"/many.part:1: too many parts: one"}},
		{"include tree-1\n", {"too many parts"}},
		{"C+ A\n", {"t.smtp:1: nothing before it"}},
		{"include joined\n", {"/joined.part:1: nothing before it"}},
		{"include one\nhallo\n", {"t.smtp:2: not understood: hallo"}},
	};
	char many[5 * (SCENARIO_PARTS + 1) + 16] = "include", why[SCENARIO_WHY];
	(void)state;
	for (unsigned i = 0; i <= SCENARIO_PARTS; i++)
		strcat(many, " one");
	file_write("many.part", many);
	file_write("one.part", "C: A\n");
	file_write("empty.part", "");
	file_write("wrong.part", "C: A\n\nhallo\n");
	file_write("around.part", "C: A\ninclude around\n");
	file_write("there.part", "include back\n");
	file_write("back.part", "include there\n");
	file_write("joined.part", "C+ A\n");
	for (char name[] = "deep-1.part", text[] = "include deep-2\n"; name[5] <= '5';
	     name[5]++, text[13]++)
		file_write(name, name[5] == '5' ? "C: A\n" : text);
	/* Sixty thousand, were it not for the bound. */
	many[sizeof "include" - 1] = '\0';
	for (unsigned i = 0; i < 16; i++)
		strcat(many, " tree-2");
	for (char name[] = "tree-1.part"; name[5] <= '4'; name[5]++) {
		file_write(name, name[5] == '4' ? "C: A\n" : many);
		for (char *at = many; (at = strstr(at, "tree-"));)
			*(at += 5) += 1;
	}
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_null(read_here(rows[i].text, why));
		for (size_t k = 0; k < 3 && rows[i].why[k]; k++)
			if (!strstr(why, rows[i].why[k]))
				fail_msg("expected \"%s\", got \"%s\"", rows[i].why[k], why);
	}
	struct scenario *s = read_here("include deep-2\n" CLEAN, why);
	if (!s)
		fail_msg("four deep: %s", why);
	scenario_free(s);
}

/* Each part of tests/scenarios is used, and says in its first line what it is. */
static void each_part_serves(void **state)
{
	glob_t parts;
	(void)state;
	assert_int_equal(glob("tests/scenarios/*.part", 0, NULL, &parts), 0);
	for (size_t i = 0; i < parts.gl_pathc; i++) {
		char command[512], line[128] = "", *name = strrchr(parts.gl_pathv[i], '/') + 1;
		FILE *f = fopen(parts.gl_pathv[i], "r");
		assert_non_null(f);
		assert_non_null(fgets(line, sizeof line, f));
		fclose(f);
		assert_memory_equal(line, "# ", 2);
		snprintf(command, sizeof command,
			 "grep -rqE '^include (.* )?%.*s( |$)' tests/scenarios",
			 (int)strcspn(name, "."), name);
		if (system(command) != 0)
			fail_msg("%s is included nowhere", name);
	}
	globfree(&parts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stands_for_its_lines),
		cmocka_unit_test(refuses),
		cmocka_unit_test(each_part_serves),
	};
	return cmocka_run_group_tests_name("scenario parts", tests, folder_make, folder_remove);
}
