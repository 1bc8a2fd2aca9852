/* test_file.c - files of a live run: continued, opened again, full disks that have room again,
 * pipes whose reader is slow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/peer.h"
#include "transport/file.h"

static const struct run_mode live = {.live = true};

static bool put(struct outfile *f, unsigned number)
{
	outbuf_format(&f->buf, "%08u", number);
	outbuf_str(&f->buf, ",a line of the log\n");
	return outfile_put(f);
}

/* How many lines a file has, all of them whole; the first one's number and, by one each, the next
 * ones'. */
static unsigned lines_of(const char *path, unsigned first)
{
	FILE *f = fopen(path, "r");
	char line[256];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		assert_string_equal(line + 8, ",a line of the log\n");
		assert_int_equal(strtoul(line, NULL, 10), first + n);
		n++;
	}
	fclose(f);
	return n;
}

static void open_file(struct outfile *f, const char *path, const struct run_mode *mode)
{
	struct error why;

	assert_true(outfile_open(f, path, mode, &why));
}

static void a_log_is_continued(void **state)
{
	(void)state;
	const struct run_mode other = {
		.live = true, .become = geteuid() == 0, .uid = 65534, .gid = 65534};
	struct outfile f;
	struct peer p;
	struct stat st;

	peer_init(&p, SOCK_STREAM); /* for its folder */
	open_file(&f, p.path, &other);
	put(&f, 0);
	assert_true(outfile_close(&f));
	open_file(&f, p.path, &other);
	put(&f, 1);
	assert_true(outfile_close(&f));
	assert_int_equal(lines_of(p.path, 0), 2);
	assert_int_equal(stat(p.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(st.st_uid, geteuid() == 0 ? 65534 : geteuid());
	/* offline: emptied, as ever */
	open_file(&f, p.path, NULL);
	assert_true(outfile_close(&f));
	assert_int_equal(lines_of(p.path, 0), 0);
	peer_free(&p);
}

static void opened_again_after_it_was_moved(void **state)
{
	(void)state;
	struct outfile f;
	struct peer p;
	char moved[80];

	peer_init(&p, SOCK_STREAM);
	snprintf(moved, sizeof(moved), "%s.1", p.path);
	open_file(&f, p.path, &live);
	put(&f, 0);
	assert_int_equal(rename(p.path, moved), 0);
	put(&f, 1);
	assert_true(outfile_reopen(&f));
	put(&f, 2);
	outfile_flush(&f);
	assert_int_equal(lines_of(moved, 0), 2);
	assert_int_equal(lines_of(p.path, 2), 1);
	/* where it cannot be opened, the old one goes on */
	unlink(p.path);
	assert_int_equal(mkdir(p.path, 0700), 0);
	assert_false(outfile_reopen(&f));
	assert_int_equal(peer_said(&p, "cannot open"), 1);
	assert_true(put(&f, 3));
	assert_true(outfile_close(&f));
	rmdir(p.path);
	unlink(moved);
	peer_free(&p);
}

/* What a file takes under LIMIT: whole lines, and a part of the next. */
enum { LIMIT = 100 * 1000 + 13, LINE = 27, FIT = LIMIT / LINE, OFFERED = 10000 };

static void limit_set(rlim_t most)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = most;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void sums_agree(const struct target_state *s)
{
	assert_int_equal(s->offered, s->written + s->lost);
}

/* A limit of the process stands for the disk: a write that does not fit is cut, the next one fails.
 */
static void a_full_disk_has_room_again(void **state)
{
	(void)state;
	struct outfile f;
	struct peer p;

	signal(SIGXFSZ, SIG_IGN);
	peer_init(&p, SOCK_STREAM);
	open_file(&f, p.path, &live);
	limit_set(LIMIT);
	for (unsigned i = 0; i < 10000; i++)
		assert_true(put(&f, i));
	assert_true(outfile_flush(&f));
	assert_int_equal(peer_said(&p, "File too large"), 1);
	assert_int_equal(f.state.lost, 0);
	assert_true(outfile_flush(&f));
	limit_set(RLIM_INFINITY);
	assert_true(outfile_flush(&f));
	assert_int_equal(peer_said(&p, "takes records again; records lost: 0"), 1);
	assert_int_equal(lines_of(p.path, 0), 10000);
	/* and so long that not all can be kept */
	limit_set(LIMIT);
	for (unsigned i = 10000; i < 400000; i++)
		assert_true(put(&f, i));
	limit_set(RLIM_INFINITY);
	assert_true(outfile_flush(&f));
	assert_true(f.state.lost > 100000);
	assert_int_equal(lines_of(p.path, 0) + f.state.lost, 400000);
	assert_int_equal(peer_said(&p, ""), 4);
	assert_true(outfile_close(&f));
	sums_agree(&f.state);
	unlink(p.path);
	peer_free(&p);
}

/* Whoever reads standard output slowly must not stop the capture. */
static void fill(struct outfile *f)
{
	bool goes_on = true;
	limit_set(LIMIT);
	for (unsigned i = 0; i < OFFERED && goes_on; i++)
		goes_on = put(f, i);
	outfile_flush(f);
}

/* All of it is told, and no half line stays. */
static void what_a_full_disk_never_takes_is_lost(void **state)
{
	(void)state;
	struct outfile f;
	struct peer p;
	signal(SIGXFSZ, SIG_IGN);
	peer_init(&p, SOCK_STREAM);
	open_file(&f, p.path, &live);
	fill(&f);
	assert_false(outfile_close(&f));
	limit_set(RLIM_INFINITY);
	assert_int_equal(lines_of(p.path, 0), FIT);
	assert_int_equal(f.state.offered, OFFERED);
	assert_int_equal(f.state.written, FIT);
	sums_agree(&f.state);
	assert_int_equal(peer_said(&p, "records offered: 10000, written: 3704, lost: 6296"), 1);
	unlink(p.path);
	open_file(&f, p.path, NULL);
	fill(&f);
	assert_false(outfile_close(&f));
	limit_set(RLIM_INFINITY);
	assert_int_equal(lines_of(p.path, 0), FIT);
	assert_int_equal(f.state.written, FIT);
	sums_agree(&f.state);
	unlink(p.path);
	peer_free(&p);
}

/* What another program has written behind half a line is not cut off. */
static void half_a_line_stays_where_others_write(void **state)
{
	(void)state;
	struct outfile f;
	struct peer p;
	struct stat st;
	peer_init(&p, SOCK_STREAM);
	open_file(&f, p.path, &live);
	fill(&f);
	limit_set(RLIM_INFINITY);
	int other = open(p.path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(other, "x", 1), 1);
	close(other);
	limit_set(LIMIT);
	assert_false(outfile_close(&f));
	limit_set(RLIM_INFINITY);
	assert_int_equal(stat(p.path, &st), 0);
	assert_int_equal(st.st_size, LIMIT + 1);
	sums_agree(&f.state);
	unlink(p.path);
	peer_free(&p);
}

/* The line that did not fit the old file is whole in the new one. */
static void opened_again_within_a_line(void **state)
{
	(void)state;
	struct outfile f;
	struct peer p;
	char moved[128];
	peer_init(&p, SOCK_STREAM);
	snprintf(moved, sizeof moved, "%s.1", p.path);
	open_file(&f, p.path, &live);
	fill(&f);
	assert_int_equal(rename(p.path, moved), 0);
	assert_true(outfile_reopen(&f));
	limit_set(RLIM_INFINITY);
	assert_true(outfile_flush(&f));
	assert_true(outfile_close(&f));
	assert_int_equal(lines_of(moved, 0), FIT);
	assert_int_equal(lines_of(p.path, FIT), OFFERED - FIT);
	assert_int_equal(f.state.written, OFFERED);
	sums_agree(&f.state);
	unlink(moved);
	unlink(p.path);
	peer_free(&p);
}

/* What a killed process left is no part of the next one's line. */
static void half_a_line_of_before_gets_its_end(void **state)
{
	(void)state;
	struct outfile f;
	struct peer p;
	char text[64];
	peer_init(&p, SOCK_STREAM);
	FILE *old = fopen(p.path, "w");
	fputs("half", old);
	fclose(old);
	for (unsigned i = 0; i < 2; i++) {
		open_file(&f, p.path, &live);
		put(&f, i);
		assert_true(outfile_close(&f));
	}
	old = fopen(p.path, "r");
	size_t n = fread(text, 1, sizeof text, old);
	fclose(old);
	assert_int_equal(n, 5 + 2 * LINE);
	assert_memory_equal(text, "half\n00000000,", 14);
	assert_memory_equal(text + 5 + LINE, "00000001,", 9);
	unlink(p.path);
	peer_free(&p);
}

static void a_slow_pipe_is_not_waited_for(void **state)
{
	(void)state;
	struct outfile f;
	struct peer p;
	struct pollfd w;
	char path[32], piece[8192];
	int ends[2];
	ssize_t n;
	uint64_t got = 0;

	peer_init(&p, SOCK_STREAM);
	assert_int_equal(pipe(ends), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
	open_file(&f, path, &live);
	close(ends[1]);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	for (unsigned i = 0; i < 400000; i++)
		assert_true(put(&f, i));
	assert_true(f.state.lost > 100000);
	assert_int_equal(peer_said(&p, "more slowly than they come"), 1);
	/* What it has missed does not make it slower: it is waited for as before. */
	assert_int_equal(outfile_poll(&f, &w), 1);
	assert_int_equal(poll(&w, 1, 0), 0);
	while ((n = read(ends[0], piece, sizeof(piece))) > 0) {
		got += (uint64_t)n;
		if (outfile_poll(&f, &w) == 1 && poll(&w, 1, 0) == 1)
			outfile_flush(&f);
	}
	assert_int_equal(f.buf.n, 0);
	assert_int_equal(got % 27, 0);
	assert_int_equal(got / 27 + f.state.lost, 400000);
	close(ends[0]);
	put(&f, 0);
	assert_false(outfile_flush(&f));
	assert_int_equal(peer_said(&p, "nothing more is written there"), 1);
	assert_false(outfile_close(&f));
	peer_free(&p);
}

/* Standard output is a terminal whose line discipline turns a line's end into two bytes: it says
 * that it has room where it has one byte. */
static void a_terminal_that_takes_nothing_is_not_waited_for(void **state)
{
	(void)state;
	struct outfile f;
	struct peer p;
	int master = posix_openpt(O_RDWR | O_NOCTTY), old = dup(STDOUT_FILENO), slave;

	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open(ptsname(master), O_WRONLY | O_NOCTTY);
	peer_init(&p, SOCK_STREAM);
	fflush(stdout);
	dup2(slave, STDOUT_FILENO);
	close(slave);
	open_file(&f, "-", &live);
	assert_true(f.to.terminal);
	assert_int_equal(fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK, 0);
	dup2(old, STDOUT_FILENO);
	close(old);
	alarm(60); /* which ends a test that waits */
	for (unsigned i = 0; i < 400000; i++)
		assert_true(put(&f, i));
	assert_true(f.state.lost > 100000);
	close(master);
	outfile_flush(&f);
	assert_false(outfile_close(&f));
	alarm(0);
	peer_free(&p);
}

static void a_named_pipe_has_another_reader(void **state)
{
	(void)state;
	struct outfile f;
	struct peer p;
	struct pollfd w;
	char text[64];
	int reader;

	peer_init(&p, SOCK_STREAM);
	assert_int_equal(mkfifo(p.path, 0600), 0);
	reader = open(p.path, O_RDONLY | O_NONBLOCK);
	open_file(&f, p.path, &live);
	put(&f, 0);
	assert_int_equal(outfile_poll(&f, &w), 1);
	assert_true(outfile_flush(&f));
	assert_int_equal(read(reader, text, sizeof(text)), 27);
	assert_int_equal(outfile_poll(&f, &w), 0);
	close(reader);
	put(&f, 1);
	assert_true(outfile_flush(&f));
	assert_int_equal(peer_said(&p, "it is tried again"), 1);
	/* a pipe without a reader is always ready to fail: it must not be waited for */
	assert_int_equal(outfile_poll(&f, &w), 0);
	reader = open(p.path, O_RDONLY | O_NONBLOCK);
	assert_true(outfile_flush(&f));
	assert_int_equal(read(reader, text, sizeof(text)), 27);
	assert_memory_equal(text, "00000001,", 9);
	assert_int_equal(peer_said(&p, "takes records again; records lost: 0"), 1);
	assert_true(outfile_close(&f));
	close(reader);
	peer_free(&p);
}

/* A quarter of a second after everything else it begins to read. */
static void *read_late(void *end)
{
	static unsigned got;
	char piece[4096];
	ssize_t n;

	usleep(250000);
	while ((n = read(*(int *)end, piece, sizeof(piece))) > 0)
		got += (unsigned)n;
	return &got;
}

static void a_slow_reader_gets_the_last_words(void **state)
{
	(void)state;
	struct outfile f;
	struct peer p;
	pthread_t reader;
	char path[32];
	int ends[2];
	void *got;

	peer_init(&p, SOCK_STREAM);
	assert_int_equal(pipe(ends), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
	open_file(&f, path, &live);
	close(ends[1]);
	assert_int_equal(pthread_create(&reader, NULL, read_late, &ends[0]), 0);
	for (unsigned i = 0; i < 10000; i++)
		put(&f, i);
	assert_true(outfile_close(&f));
	pthread_join(reader, &got);
	assert_int_equal(*(unsigned *)got, 270000);
	close(ends[0]);
	peer_free(&p);
}

static void a_pipe_that_nobody_reads_is_no_target(void **state)
{
	(void)state;
	struct error why;
	struct outfile f;
	struct peer p;

	peer_init(&p, SOCK_STREAM);
	assert_int_equal(mkfifo(p.path, 0600), 0);
	assert_false(outfile_open(&f, p.path, &live, &why));
	assert_non_null(strstr(why.text, "nobody reads that pipe"));
	peer_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_is_continued),
		cmocka_unit_test(opened_again_after_it_was_moved),
		cmocka_unit_test(a_full_disk_has_room_again),
		cmocka_unit_test(a_slow_pipe_is_not_waited_for),
		cmocka_unit_test(a_terminal_that_takes_nothing_is_not_waited_for),
		cmocka_unit_test(a_named_pipe_has_another_reader),
		cmocka_unit_test(what_a_full_disk_never_takes_is_lost),
		cmocka_unit_test(half_a_line_stays_where_others_write),
		cmocka_unit_test(opened_again_within_a_line),
		cmocka_unit_test(half_a_line_of_before_gets_its_end),
		cmocka_unit_test(a_slow_reader_gets_the_last_words),
		cmocka_unit_test(a_pipe_that_nobody_reads_is_no_target),
	};
	signal(SIGPIPE, SIG_IGN);
	umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
