/* test_privilege.c - what counts as being able to become root again. Most of it takes root; an
 * ordinary user tries its own rights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "os/privilege.h"

#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ORDINARY = 1000, DROPPED = 0, REFUSED = 1, OTHER = 2 };

/* User and group ids: real, effective, saved. */
struct ids {
	uid_t user[3];
	gid_t group[3];
};

static int dropped(void)
{
	struct error why = {0};

	if (privilege_drop(NULL, PRIVILEGE_KEEP_NONE, &why))
		return DROPPED;
	return strstr(why.text, "could become root again") != NULL ? REFUSED : OTHER;
}

/* Returns what privilege_drop makes of a process that begins with these ids. */
static int drops(const struct ids *ids)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		bool fine = setgroups(0, NULL) == 0 &&
			    setresgid(ids->group[0], ids->group[1], ids->group[2]) == 0 &&
			    setresuid(ids->user[0], ids->user[1], ids->user[2]) == 0;
		_exit(fine ? dropped() : OTHER);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define EACH(n)                                                                                    \
	{                                                                                          \
		(n), (n), (n)                                                                      \
	}

static void test_ordinary_user_of_group_0(void **state)
{
	(void)state;
	if (geteuid() == 0) {
		assert_int_equal(drops(&(struct ids){EACH(ORDINARY), EACH(0)}), DROPPED);
		assert_int_equal(drops(&(struct ids){EACH(ORDINARY), EACH(ORDINARY)}), DROPPED);
	}
}

/* As a program that is setuid or setgid root leaves it. */
static void test_root_is_kept_in_a_saved_id(void **state)
{
	(void)state;
	if (geteuid() == 0) {
		static const struct ids kept[] = {
			{{ORDINARY, ORDINARY, 0}, EACH(ORDINARY)},
			{{0, ORDINARY, ORDINARY}, EACH(ORDINARY)},
			{EACH(ORDINARY), {ORDINARY, ORDINARY, 0}},
			{EACH(ORDINARY), {0, ORDINARY, ORDINARY}},
		};
		for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
			assert_int_equal(drops(&kept[i]), REFUSED);
	}
}

static void test_own_rights(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (child == 0)
		_exit(dropped());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), DROPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ordinary_user_of_group_0),
		cmocka_unit_test(test_root_is_kept_in_a_saved_id),
		cmocka_unit_test(test_own_rights),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
