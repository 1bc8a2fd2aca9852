/* test_dump.c - captures that are written, go on, and do not fit onto their disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/dump.h"
#include "lib/capfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static char path[] = "/tmp/test_dump.XXXXXX";

static struct dump *file_dump(int link)
{
	struct dump *d = dump_open(open(path, O_WRONLY), link);
	assert_non_null(d);
	return d;
}

static void written_and_gone_on(void **state)
{
	(void)state;
	struct error why = {0};
	int last;
	assert_int_equal(truncate(path, 0), 0);
	for (size_t i = 0; i < CAPFILE_SHORT; i++) {
		struct frame f = capfile_short_frame(i), other = f;
		struct dump *d = file_dump(1);
		other.link = 101;
		assert_false(dump_frame(d, &other));
		assert_true(dump_frame(d, &f));
		assert_true(dump_close(d));
	}
	struct source *s = capfile_open(path, NULL);
	assert_int_equal(capfile_short_read(s, 64, &last, &why), CAPFILE_SHORT);
	assert_int_equal(last, 0);
	source_close(s);
}

static void full_from_the_beginning(void **state)
{
	(void)state;
	assert_null(dump_open(open("/dev/full", O_WRONLY), 1));
	assert_int_equal(errno, ENOSPC);
}

/* The failure of an early write is told, whatever comes after. */
static void full_later(void **state)
{
	(void)state;
	static uint8_t data[1000];
	struct frame f = {.data = data, .caplen = sizeof data, .len = sizeof data, .link = 1};
	struct rlimit before, tight;
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight = before;
	tight.rlim_cur = 20000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	struct dump *d = file_dump(1);
	for (int i = 0; i < 100; i++)
		assert_true(dump_frame(d, &f));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	errno = EPERM;
	assert_false(dump_close(d));
	assert_int_equal(errno, EFBIG);
}

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

static int setup(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	return fd >= 0 ? close(fd) : -1;
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_and_gone_on),
		cmocka_unit_test(full_from_the_beginning),
		cmocka_unit_test(full_later),
		cmocka_unit_test(the_error_of_the_file_is_told),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
