/* test_source_pipe.c - captures from standard input, as they grow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/capfile.h"
#include "lib/within.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

/* Makes standard input a pipe; the end to write to. */
static int stdin_pipe(void)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[0], 0), 0);
	close(ends[0]);
	return ends[1];
}

static void piece_write(int fd, const struct capfile *m, size_t from, size_t to,
			enum capfile_pack pack)
{
	struct capfile part = {.p = m->p + from, .n = to - from}, piece = capfile_pack(&part, pack);
	assert_int_equal(write(fd, piece.p, piece.n), piece.n);
	capfile_free(&piece);
}

static size_t pipe_read(struct source *s, size_t count, size_t until)
{
	struct frame frames[8];
	struct error why = {0};
	while (count < until) {
		int r = source_read(s, frames, 8, &why);
		assert_within(r, 1, until - count);
		for (int i = 0; i < r; i++) {
			struct frame want = capfile_short_frame(count++);
			capfile_check(&frames[i], &want);
		}
	}
	return count;
}

/* The frames that the pipe holds are handed out, although a piece of a record follows them and the
 * writer waits. A mistake here hangs: the alarm ends it. */
static void pipe_is_not_waited_for(void **state)
{
	(void)state;
	alarm(20);
	for (size_t f = 0; f < CAPFILE_FORMATS; f++)
		for (enum capfile_pack pack = CAPFILE_PACK_PLAIN; pack <= CAPFILE_PACK_ZSTD;
		     pack++) {
			struct capfile m = capfile_short(&capfile_formats[f]);
			struct frame frame;
			struct error why = {0};
			int fd = stdin_pipe();
			piece_write(fd, &m, 0, m.ends[2] + 9, pack);
			struct source *s = capfile_open("-", NULL);
			pipe_read(s, 0, 2);
			piece_write(fd, &m, m.ends[2] + 9, m.n, pack);
			pipe_read(s, 2, CAPFILE_SHORT);
			close(fd);
			assert_int_equal(source_read(s, &frame, 1, &why), 0);
			source_close(s);
			capfile_free(&m);
		}
	alarm(0);
}

/* Pieces that end anywhere, also within the magic numbers, and come one by one. */
static void *slow_writer(void *arg)
{
	const struct capfile *m = arg;
	int fd = (int)m->records;
	for (size_t i = 0; i < m->n; i++) {
		if (write(fd, m->p + i, 1) != 1)
			break;
		if (i < 40)
			usleep(200);
	}
	close(fd);
	return NULL;
}

static void pipe_byte_by_byte(void **state)
{
	(void)state;
	for (size_t f = 0; f < CAPFILE_FORMATS; f++)
		for (enum capfile_pack pack = 0; pack < CAPFILE_PACKS; pack++) {
			struct capfile plain = capfile_short(&capfile_formats[f]),
				       m = capfile_pack(&plain, pack);
			pthread_t writer;
			struct error why = {0};
			int last;
			m.records = (size_t)stdin_pipe();
			assert_int_equal(pthread_create(&writer, NULL, slow_writer, &m), 0);
			struct source *s = capfile_open("-", NULL);
			assert_int_equal(capfile_short_read(s, 8, &last, &why), CAPFILE_SHORT);
			assert_int_equal(last, 0);
			pthread_join(writer, NULL);
			source_close(s);
			capfile_free(&m);
			capfile_free(&plain);
		}
}

static void pipe_cut_is_standard_input(void **state)
{
	(void)state;
	struct capfile m = capfile_short(&capfile_formats[0]);
	struct error why = {0};
	int last, fd = stdin_pipe();
	piece_write(fd, &m, 0, m.n - 1, CAPFILE_PACK_PLAIN);
	close(fd);
	struct source *s = capfile_open("-", NULL);
	assert_int_equal(capfile_short_read(s, 8, &last, &why), CAPFILE_SHORT - 1);
	assert_string_equal(why.text,
			    "standard input ends in the middle of a record after 5 packets");
	source_close(s);
	capfile_free(&m);
}

static void *stopper(void *s)
{
	usleep(20000);
	source_stop(s);
	return NULL;
}

/* In the middle of a record as well, which then is not called cut. */
static void stop_ends_a_wait(void **state)
{
	(void)state;
	alarm(20);
	for (size_t f = 0; f < CAPFILE_FORMATS; f++) {
		struct capfile m = capfile_short(&capfile_formats[f]);
		struct frame frame;
		struct error why = {0};
		pthread_t thread;
		int fd = stdin_pipe();
		piece_write(fd, &m, 0, m.ends[1] + 9, CAPFILE_PACK_PLAIN);
		struct source *s = capfile_open("-", NULL);
		pipe_read(s, 0, 1);
		assert_int_equal(pthread_create(&thread, NULL, stopper, s), 0);
		assert_int_equal(source_read(s, &frame, 1, &why), 0);
		pthread_join(thread, NULL);
		piece_write(fd, &m, m.ends[1] + 9, m.n, CAPFILE_PACK_PLAIN);
		assert_int_equal(source_read(s, &frame, 1, &why), 0);
		source_close(s);
		close(fd);
		capfile_free(&m);
	}
	alarm(0);
}

static void on_alarm(int number)
{
	(void)number;
}

static void signal_ends_the_wait_for_the_first_bytes(void **state)
{
	(void)state;
	struct sigaction action = {.sa_handler = on_alarm}, before;
	struct error why = {0};
	bool usage;
	int fd = stdin_pipe();
	assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
	ualarm(20000, 20000);
	assert_null(source_open("-", NULL, &why, &usage));
	ualarm(0, 0);
	assert_string_equal(why.text, "standard input cannot be read: Interrupted system call");
	assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
	close(fd);
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pipe_is_not_waited_for),
		cmocka_unit_test(pipe_byte_by_byte),
		cmocka_unit_test(pipe_cut_is_standard_input),
		cmocka_unit_test(stop_ends_a_wait),
		cmocka_unit_test(signal_ends_the_wait_for_the_first_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
