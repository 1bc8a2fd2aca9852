/* test_safe_open.c - what another user has prepared in a folder does not aim root's rights, and
 * what the operator has arranged works as ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/service.h"
#include "replay/pcap_dir.h"
#include "transport/atomic_file.h"
#include "transport/file.h"
#include "transport/safe_open.h"

enum { OTHER = 65534, BECOME = 65533 };

static const struct run_mode live = {.live = true, .become = true, .uid = BECOME, .gid = BECOME},
			     offline = {.uid = BECOME};

/* root: ours, with a secret; theirs: of another user; crowd: where everybody may write, as in /tmp.
 */
struct ground {
	char top[32], secret[64], theirs[64], crowd[64];
};

static const char text[] = "root's own\n";

static void write_file(const char *path, uid_t owner)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchown(fd, owner, owner), 0);
	close(fd);
}

static void folder_make(char *path, const char *top, const char *name, uid_t owner, mode_t mode)
{
	snprintf(path, 64, "%s/%s", top, name);
	assert_int_equal(mkdir(path, mode), 0);
	assert_int_equal(chown(path, owner, owner), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void ground_make(struct ground *p)
{
	strcpy(p->top, "/tmp/smtpwatch-path-XXXXXX");
	assert_non_null(mkdtemp(p->top));
	snprintf(p->secret, sizeof(p->secret), "%s/secret", p->top);
	write_file(p->secret, 0);
	folder_make(p->theirs, p->top, "theirs", OTHER, 0755);
	folder_make(p->crowd, p->top, "crowd", 0, 01777);
}

static void ground_free(struct ground *p)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", p->top);
	assert_int_equal(system(command), 0);
}

static void path_in(char out[128], const char *folder, const char *name)
{
	snprintf(out, 128, "%s/%s", folder, name);
}

static void is_untouched(const char *path)
{
	char got[64] = "";
	struct stat st;
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, got, sizeof(got)), strlen(text));
	assert_string_equal(got, text);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_uid, 0);
	close(fd);
}

static void outfile_is(const char *path, const struct run_mode *mode, bool opened)
{
	struct error why = {0};
	struct outfile f;

	assert_int_equal(outfile_open(&f, path, mode, &why), opened);
	if (opened)
		assert_true(outfile_close(&f));
	else
		assert_non_null(strstr(why.text, "with root's rights"));
}

static void atomic_file_is(const char *path, bool held, bool written)
{
	struct outbuf b = {0};
	struct error why = {0};
	struct atomic_file f;

	outbuf_str(&b, "a page\n");
	assert_true(atomic_file_init(&f, path, 0644));
	assert_int_equal(atomic_file_hold(&f, &live, &why), held);
	assert_int_equal(atomic_file_write(&f, &b), written);
	atomic_file_free(&f);
	outbuf_free(&b);
}

static void a_link_of_another_is_not_followed(void **state)
{
	struct ground p;
	char link[128];
	(void)state;

	ground_make(&p);
	for (size_t i = 0; i < 2; i++) {
		path_in(link, i == 0 ? p.theirs : p.crowd, "log");
		assert_int_equal(symlink("../secret", link), 0);
		outfile_is(link, &live, false);
		outfile_is(link, &offline, false);
		outfile_is(link, NULL, false);
		is_untouched(p.secret);
		/* it takes the link's place; what it pointed to is let alone */
		atomic_file_is(link, false, true);
		is_untouched(p.secret);
	}
	ground_free(&p);
}

static void a_link_that_points_nowhere_makes_no_file(void **state)
{
	struct ground p;
	char link[128], made[128];
	(void)state;

	ground_make(&p);
	path_in(link, p.theirs, "page");
	path_in(made, p.top, "made");
	assert_int_equal(symlink("../made", link), 0);
	outfile_is(link, &live, false);
	outfile_is(link, &offline, false);
	atomic_file_is(link, false, true);
	assert_int_equal(access(made, F_OK), -1);
	ground_free(&p);
}

/* The way, not only its end. */
static void a_folder_that_is_a_link_is_not_entered(void **state)
{
	struct ground p;
	char link[128], through[128];
	struct stat st;
	(void)state;

	ground_make(&p);
	path_in(link, p.theirs, "logs");
	assert_int_equal(symlink("..", link), 0);
	path_in(through, p.theirs, "logs/secret");
	outfile_is(through, &live, false);
	outfile_is(through, &offline, false);
	atomic_file_is(through, false, false);
	assert_false(service_pid_write(through, NULL));
	is_untouched(p.secret);
	path_in(through, p.theirs, "logs/packets");
	assert_null(export_open(through, "nobody", NULL));
	path_in(through, p.top, "packets");
	assert_int_equal(stat(through, &st), -1);
	ground_free(&p);
}

static void a_second_name_of_a_file_is_refused(void **state)
{
	struct ground p;
	char name[128];
	(void)state;

	ground_make(&p);
	path_in(name, p.theirs, "log");
	assert_int_equal(link(p.secret, name), 0);
	outfile_is(name, &live, false);
	outfile_is(name, &offline, false);
	atomic_file_is(name, false, true);
	is_untouched(p.secret);
	ground_free(&p);
}

static void a_file_that_lies_in_wait_is_refused(void **state)
{
	struct ground p;
	char name[128], own[128];
	(void)state;

	ground_make(&p);
	path_in(name, p.crowd, "log");
	write_file(name, OTHER);
	outfile_is(name, &live, false);
	outfile_is(name, &offline, false);
	path_in(own, p.crowd, "ours");
	write_file(own, BECOME);
	outfile_is(own, &live, true);
	ground_free(&p);
}

static void a_temporary_that_lies_in_wait_is_not_written_to(void **state)
{
	struct outbuf b = {0};
	struct ground p;
	struct atomic_file f;
	char name[128];
	struct stat before, after;
	int theirs;
	(void)state;

	ground_make(&p);
	path_in(name, p.theirs, "page");
	assert_true(atomic_file_init(&f, name, 0644));
	write_file(f.temporary, OTHER);
	theirs = open(f.temporary, O_RDONLY);
	assert_int_equal(fstat(theirs, &before), 0);
	outbuf_str(&b, "a page\n");
	assert_true(atomic_file_write(&f, &b));
	assert_int_equal(stat(name, &after), 0);
	assert_int_not_equal(before.st_ino, after.st_ino);
	assert_int_equal(after.st_uid, 0);
	assert_int_equal(fstat(theirs, &after), 0);
	assert_int_equal(after.st_size, strlen(text));
	close(theirs);
	atomic_file_free(&f);
	outbuf_free(&b);
	ground_free(&p);
}

/* What an operator does: a log in a folder of the user that we become, links of root's own,
 * standard output by a name. */
static void what_root_arranged_works(void **state)
{
	struct ground p;
	char name[128], link[128];
	struct stat st;
	struct export *e;
	int ends[2];
	(void)state;

	ground_make(&p);
	path_in(name, p.theirs, "log");
	outfile_is(name, &live, true);
	outfile_is(name, &live, true);
	outfile_is(name, &offline, true);
	path_in(link, p.top, "link");
	assert_int_equal(symlink("theirs/log", link), 0);
	outfile_is(link, &live, true);
	unlink(link);
	assert_int_equal(symlink(p.theirs, link), 0);
	path_in(name, p.top, "link/other");
	outfile_is(name, &live, true);
	path_in(name, p.theirs, "other");
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_uid, BECOME);
	path_in(name, p.top, "link/packets");
	e = export_open(name, "nobody", NULL);
	assert_non_null(e);
	export_close(e);
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(pipe(ends), 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", ends[1]);
	outfile_is(name, &live, true);
	close(ends[0]);
	close(ends[1]);
	outfile_is("/dev/null", &offline, true);
	ground_free(&p);
}

/* Whoever is not root has no rights that others could want: the system's own rules hold. */
static void without_roots_rights_it_is_open(void **state)
{
	char folder[] = "/tmp/smtpwatch-path-XXXXXX", name[64], link[64];
	struct stat st;
	int fd;
	(void)state;

	assert_non_null(mkdtemp(folder));
	assert_int_equal(chmod(folder, 0777), 0);
	snprintf(name, sizeof(name), "%s/file", folder);
	snprintf(link, sizeof(link), "%s/link", folder);
	assert_int_equal(symlink("file", link), 0);
	fd = outpath_open(link, O_WRONLY | O_CREAT, 0600, 0);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(stat(name, &st), 0);
	unlink(link);
	unlink(name);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest plain[] = {cmocka_unit_test(without_roots_rights_it_is_open)};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_of_another_is_not_followed),
		cmocka_unit_test(a_link_that_points_nowhere_makes_no_file),
		cmocka_unit_test(a_folder_that_is_a_link_is_not_entered),
		cmocka_unit_test(a_second_name_of_a_file_is_refused),
		cmocka_unit_test(a_file_that_lies_in_wait_is_refused),
		cmocka_unit_test(a_temporary_that_lies_in_wait_is_not_written_to),
		cmocka_unit_test(what_root_arranged_works),
	};
	if (geteuid() != 0)
		return cmocka_run_group_tests(plain, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
