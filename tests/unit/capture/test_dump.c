/* test_dump.c - why a capture file cannot be begun. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "capture/dump.h"

/* The caller prints errno. */
static void the_error_of_the_file_is_told(void **state)
{
	enum { LINK_ETHERNET = 1 };
	int ends[2];
	(void)state;
	assert_int_equal(pipe(ends), 0);
	errno = 0;
	assert_null(dump_open(ends[1], LINK_ETHERNET));
	assert_int_equal(errno, ESPIPE);
	assert_int_equal(close(ends[1]), -1); /* dump_open has closed it */
	close(ends[0]);
	errno = 0;
	assert_null(dump_open(open("/dev/null", O_RDONLY), LINK_ETHERNET));
	assert_int_equal(errno, EINVAL);
	errno = 0;
	assert_null(dump_open(-1, LINK_ETHERNET));
	assert_int_equal(errno, EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_error_of_the_file_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
