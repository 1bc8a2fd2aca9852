/* test_place.c - where the socket stands, with root's rights and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "status/place.h"

enum { NOBODY = 65534 };

static void an_option_goes_first(void **state)
{
	(void)state;
	char out[STATUS_PATH];
	assert_string_equal(status_place_own("/a", out), "/a");
	assert_null(status_place_own("off", out));
	assert_string_equal(status_place_other("/a", out), "/a");
}

static bool is(const char *path, const char *want)
{
	return want ? path && strcmp(path, want) == 0 : !path;
}

/* Returns true if an ordinary user with this runtime folder gets this path; NULL: none. */
static bool user_gets(const char *folder, const char *want)
{
	int status = 1;
	pid_t pid = fork();
	if (pid == 0) {
		char out[STATUS_PATH];
		if (geteuid() == 0 && setuid(NOBODY) != 0)
			_exit(2);
		if (folder)
			setenv("XDG_RUNTIME_DIR", folder, 1);
		else
			unsetenv("XDG_RUNTIME_DIR");
		_exit(is(status_place_own(NULL, out), want) ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	return status == 0;
}

static void a_user_has_a_place_of_ones_own(void **state)
{
	(void)state;
	char deep[160];
	memset(deep, 'x', sizeof deep - 1);
	deep[0] = '/';
	deep[sizeof deep - 1] = '\0';
	assert_true(user_gets("/tmp/of-mine", "/tmp/of-mine/smtpwatch-status.sock"));
	assert_true(user_gets("of-mine", NULL));
	assert_true(user_gets(deep, NULL));
	assert_true(user_gets(NULL, NULL));
}

static void who_asks_finds_the_users_own(void **state)
{
	(void)state;
	char folder[] = "/tmp/place-XXXXXX", path[64], out[STATUS_PATH];
	bool system = access(STATUS_SYSTEM, F_OK) == 0;
	assert_non_null(mkdtemp(folder));
	setenv("XDG_RUNTIME_DIR", folder, 1);
	snprintf(path, sizeof path, "%s/smtpwatch-status.sock", folder);
	assert_string_equal(status_place_other(NULL, out), STATUS_SYSTEM);
	fclose(fopen(path, "w"));
	assert_string_equal(status_place_other(NULL, out), system ? STATUS_SYSTEM : path);
	remove(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_option_goes_first),
		cmocka_unit_test(a_user_has_a_place_of_ones_own),
		cmocka_unit_test(who_asks_finds_the_users_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
