/* test_day_file.c - the files of a history: written, read, upgraded, damaged, erased. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history/store/day_file.h"
#include "history/store/folder.h"
#include "history/store/sqlite_api.h"
#include "lib/made.h"

static char folder[] = "/tmp/history-XXXXXX", path[64];

static void fresh(void)
{
	snprintf(path, sizeof path, "%s/day.db", folder);
	unlink(path);
}

static struct day_file *opened(enum day_mode mode)
{
	enum day_fault fault;
	struct error why = {0};
	struct day_file *d = day_open(path, mode, "mx1", 4711, &fault, &why);
	if (!d)
		fail_msg("%s", why.text);
	return d;
}

static struct attempt attempt(int64_t at, uint64_t rcpt)
{
	struct attempt a = {.at = at,
			    .sender = UINT64_C(0xf000000000000001),
			    .rcpt = rcpt,
			    .msgid = 5,
			    .site = 6,
			    .domain = 7,
			    .size = 1000,
			    .bytes = 999,
			    .client = made_addr("2001:db8::1"),
			    .server = made_addr("192.0.2.1"),
			    .client_port = 40000,
			    .server_port = 25,
			    .code = 451,
			    .fate = ATTEMPT_DEFERRED,
			    .flags = ATTEMPT_ACKED};
	snprintf(a.queue, sizeof a.queue, "4Xyz");
	snprintf(a.verdict, sizeof a.verdict, "clean");
	return a;
}

static void put(struct day_file *d, const struct attempt *a)
{
	enum day_fault fault;
	struct error why;
	assert_true(day_begin(d, &fault, &why));
	assert_true(day_put(d, a, &fault, &why));
	assert_true(day_put_name(d, (struct day_name){a->rcpt, bytes_str("b@example.net")}, &fault,
				 &why));
	assert_true(day_commit(d, &fault, &why));
}

static unsigned count(struct day_file *d, struct day_query q, struct attempt *last)
{
	struct error why = {0};
	struct day_cursor *c = day_cursor_open(d, &q, &why);
	unsigned n = 0;
	assert_non_null(c);
	while (day_cursor_next(c, last, &why))
		n++;
	day_cursor_close(c);
	assert_string_equal(why.text, "");
	return n;
}

static void what_is_written_is_read(void **state)
{
	struct attempt a = attempt(2000, 22), b = attempt(1000, UINT64_C(1) << 63), read = {0};
	struct stat st;
	(void)state;
	fresh();
	struct day_file *d = opened(DAY_WRITE);
	put(d, &a);
	put(d, &b);
	day_close(d, true);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	d = opened(DAY_READ);
	assert_string_equal(day_gateway(d), "mx1");
	assert_int_equal(day_key_id(d), 4711);
	/* In the order of time. */
	assert_int_equal(count(d, (struct day_query){0}, &read), 2);
	assert_memory_equal(&read, &a, sizeof a);
	assert_int_equal(count(d, (struct day_query){.rcpt = b.rcpt}, &read), 1);
	assert_memory_equal(&read, &b, sizeof b);
	assert_int_equal(count(d, (struct day_query){.sender = a.sender}, &read), 2);
	assert_int_equal(count(d, (struct day_query){.msgid = 5}, &read), 2);
	assert_int_equal(count(d, (struct day_query){.msgid = 6}, &read), 0);
	assert_int_equal(count(d, (struct day_query){.queue = "4Xyz"}, &read), 2);
	assert_int_equal(count(d, (struct day_query){.since = 1500}, &read), 1);
	day_close(d, false);
}

static void on_watched(void *arg, const struct day_watched *w)
{
	*(struct day_watched *)arg = *w;
}

static void old_schemas_are_read_and_upgraded(void **state)
{
	static const char one[] =
		"ALTER TABLE watched DROP COLUMN lost;"
		"INSERT INTO watched(start, end, sessions, unread, dropped) VALUES(1, 2, 3, 4, 5);"
		"UPDATE meta SET value = 1 WHERE name = 'schema_version';";
	struct error why = {0};
	const struct sqlite_api *api = sqlite_api(&why);
	struct day_watched w = {0};
	enum day_fault fault;
	sqlite3 *db;
	(void)state;
	fresh();
	struct attempt a = attempt(1000, 22), read;
	struct day_file *d = opened(DAY_WRITE);
	put(d, &a);
	day_close(d, true);
	assert_int_equal(api->open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(api->exec(db, one, NULL, NULL, NULL), SQLITE_OK);
	api->close(db);
	for (enum day_mode mode = DAY_READ; mode <= DAY_WRITE; mode++) {
		d = opened(mode);
		assert_true(day_read_watched(d, on_watched, &w, &why));
		assert_int_equal(w.dropped, 5);
		assert_int_equal(w.lost, 0);
		assert_int_equal(count(d, (struct day_query){0}, &read), 1);
		w.lost = 6;
		if (mode == DAY_WRITE) {
			assert_true(day_begin(d, &fault, &why));
			assert_true(day_put_watched(d, &w, &fault, &why));
			assert_true(day_commit(d, &fault, &why));
		}
		day_close(d, true);
	}
	d = opened(DAY_READ);
	assert_true(day_read_watched(d, on_watched, &w, &why));
	assert_int_equal(w.lost, 6);
	day_close(d, false);
	assert_int_equal(api->open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(api->exec(db, "UPDATE meta SET value = 99 WHERE name = 'schema_version'",
				   NULL, NULL, NULL),
			 SQLITE_OK);
	api->close(db);
	assert_null(day_open(path, DAY_READ, "mx1", 4711, &fault, &why));
	assert_int_equal(fault, DAY_NEWER);
}

static void damage_is_told(void **state)
{
	enum day_fault fault;
	struct error why = {0};
	(void)state;
	fresh();
	FILE *f = fopen(path, "w");
	for (unsigned i = 0; i < 10000; i++)
		fputs("no database", f);
	fclose(f);
	assert_null(day_open(path, DAY_READ, "mx1", 4711, &fault, &why));
	assert_int_equal(fault, DAY_DAMAGED);
	assert_null(day_open(path, DAY_WRITE, "mx1", 4711, &fault, &why));
	assert_int_equal(fault, DAY_DAMAGED);
}

/* Nothing of the person stays in the bytes of the file. */
static void the_erased_are_gone(void **state)
{
	struct attempt a = attempt(1000, UINT64_C(0x1122334455667788)), b = attempt(1000, 23), read;
	static const uint8_t key[] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88};
	uint64_t rows;
	struct error why = {0};
	char bytes[1 << 18];
	(void)state;
	fresh();
	struct day_file *d = opened(DAY_WRITE);
	put(d, &a);
	b.sender = 9;
	put(d, &b);
	day_close(d, true);
	for (unsigned i = 0; i < 2; i++) {
		FILE *f = fopen(path, "r");
		size_t n = fread(bytes, 1, sizeof bytes, f);
		fclose(f);
		assert_int_equal(memmem(bytes, n, key, sizeof key) != NULL, i == 0);
		if (i == 1)
			break;
		d = opened(DAY_CHANGE);
		assert_true(day_erase(d, a.rcpt, &rows, &why));
		assert_int_equal(rows, 2);
		assert_int_equal(count(d, (struct day_query){0}, &read), 1);
		day_close(d, true);
	}
}

static void files_have_names_by_day(void **state)
{
	char name[FOLDER_NAME_MAX], full[256];
	struct folder f;
	struct error why;
	(void)state;
	folder_name(name, 20454, "mx1/../x", 0xabc);
	assert_string_equal(name, "2026-01-01-mx1_.._x-00000abc.db");
	for (int64_t day = 20454; day < 20464; day++) {
		folder_name(name, day, day % 2 ? "mx1" : "mx", 0xabc);
		snprintf(full, sizeof full, "%s/%s", folder, name);
		fclose(fopen(full, "w"));
	}
	assert_true(folder_read(folder, &f, &why));
	assert_int_equal(f.n, 10);
	assert_int_equal(f.all[9].day, 20463);
	free(f.all);
	/* Another gateway's stay. */
	assert_int_equal(folder_prune(folder, "mx", 20460), 3);
	assert_true(folder_read(folder, &f, &why));
	assert_int_equal(f.n, 7);
	assert_true(folder_set_aside(folder, f.all[0].name));
	for (size_t i = 1; i < f.n; i++) {
		snprintf(full, sizeof full, "%s/%s", folder, f.all[i].name);
		unlink(full);
	}
	free(f.all);
	assert_true(folder_read(folder, &f, &why));
	assert_int_equal(f.n, 0);
}

static void one_writer_for_each_gateway(void **state)
{
	struct error why = {0};
	(void)state;
	int one = folder_lock(folder, "mx1", false, 0, 0, &why);
	assert_true(one >= 0);
	assert_int_equal(folder_lock(folder, "mx1", false, 0, 0, &why), -1);
	assert_non_null(strstr(why.text, "another process writes"));
	int two = folder_lock(folder, "mx2", false, 0, 0, &why);
	assert_true(two >= 0);
	close(one);
	one = folder_lock(folder, "mx1", false, 0, 0, &why);
	assert_true(one >= 0);
	close(one);
	close(two);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(old_schemas_are_read_and_upgraded),
		cmocka_unit_test(damage_is_told),
		cmocka_unit_test(the_erased_are_gone),
		cmocka_unit_test(files_have_names_by_day),
		cmocka_unit_test(one_writer_for_each_gateway),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
