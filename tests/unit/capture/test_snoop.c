/* test_snoop.c - snoop files (RFC 1761): read, cut anywhere, damaged, refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/capfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/test_snoop.XXXXXX";

static void header(struct capfile *m, uint32_t version, uint32_t type)
{
	*m = (struct capfile){.big = true};
	capfile_put(m, "snoop\0\0\0", 8);
	capfile_put32(m, version);
	capfile_put32(m, type);
	m->ends[m->records++] = m->n;
}

/* pad: bytes behind the data. */
static void record(struct capfile *m, const struct frame *f, uint32_t pad, uint32_t drops)
{
	const uint32_t head[] = {f->len,
				 f->caplen,
				 24 + f->caplen + pad,
				 drops,
				 (uint32_t)(f->ts / FRAME_SECOND),
				 (uint32_t)(f->ts % FRAME_SECOND / 1000)};
	for (size_t i = 0; i < sizeof head / sizeof *head; i++)
		capfile_put32(m, head[i]);
	capfile_put(m, f->data, f->caplen);
	capfile_put(m, "pad", pad);
	m->ends[m->records++] = m->n;
}

static struct capfile short_snoop(void)
{
	struct capfile m;
	header(&m, 2, 4);
	for (size_t i = 0; i < CAPFILE_SHORT; i++) {
		struct frame f = capfile_short_frame(i);
		record(&m, &f, (4 - f.caplen % 4) % 4, (uint32_t)i);
	}
	return m;
}

static struct source *file_open(const struct capfile *m, struct error *why)
{
	FILE *f = fopen(path, "w");
	bool usage;
	assert_non_null(f);
	assert_int_equal(fwrite(m->p, 1, m->n, f), m->n);
	assert_int_equal(fclose(f), 0);
	return source_open(path, NULL, why, &usage);
}

static void read_in_every_packing(void **state)
{
	(void)state;
	static const size_t batches[] = {1, 3, 64};
	for (enum capfile_pack pack = 0; pack < CAPFILE_PACKS; pack++)
		for (size_t b = 0; b < 3; b++) {
			struct capfile plain = short_snoop(), m = capfile_pack(&plain, pack);
			struct error why = {0};
			int last;
			struct source *s = file_open(&m, &why);
			assert_non_null(s);
			assert_int_equal(capfile_short_read(s, batches[b], &last, &why),
					 CAPFILE_SHORT);
			assert_int_equal(last, 0);
			assert_int_equal(source_counts(s).dropped, CAPFILE_SHORT - 1);
			source_close(s);
			capfile_free(&m);
			capfile_free(&plain);
		}
}

static void cut_anywhere(void **state)
{
	(void)state;
	struct capfile m = short_snoop();
	size_t whole = m.n, records = 0;
	for (m.n = 8; m.n < whole; m.n++) {
		struct error why = {0};
		int last;
		struct source *s = file_open(&m, &why);
		if (m.n < m.ends[0]) {
			assert_null(s);
			capfile_words(why.text, " ends in the middle of its header");
			continue;
		}
		if (m.n == m.ends[records + 1])
			records++;
		assert_non_null(s);
		assert_int_equal(capfile_short_read(s, 1 + m.n % 7, &last, &why), records);
		assert_int_equal(last, m.n == m.ends[records] ? 0 : -1);
		if (last < 0)
			capfile_words(why.text, " ends in the middle of a record after ");
		source_close(s);
	}
	capfile_free(&m);
}

static void damage(void **state)
{
	(void)state;
	static const uint32_t lengths[][2] = {{60, 83},         {60, 23},     {0, 0},
					      {262145, 300000}, {60, 400000}, {0xffffffff, 23}};
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct capfile m;
		struct frame f = capfile_short_frame(0), got;
		struct error why = {0};
		header(&m, 2, 4);
		record(&m, &f, 0, 0);
		capfile_put32(&m, 60);
		capfile_put32(&m, lengths[i][0]);
		capfile_put32(&m, lengths[i][1]);
		capfile_put(&m, f.data, 60);
		struct source *s = file_open(&m, &why);
		assert_non_null(s);
		assert_int_equal(source_read(s, &got, 1, &why), 1);
		for (int again = 0; again < 2; again++) {
			assert_int_equal(source_read(s, &got, 1, &why), -1);
			capfile_words(why.text, " is damaged at byte 100: a record of ");
		}
		source_close(s);
		capfile_free(&m);
	}
}

static void kinds_of_link(void **state)
{
	(void)state;
	static const struct {
		uint32_t version, type;
		int link;
		const char *words;
	} rows[] = {
		{2, 0, 1, NULL},
		{2, 4, 1, NULL},
		{2, 0x80000001, 228, NULL},
		{2, 0x80000002, 229, NULL},
		{2, 8, -1, " has snoop's data link type 8, which is not decoded"},
		{3, 4, -1, " cannot be read: snoop version 3 is not known"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct capfile m;
		struct frame f = capfile_short_frame(0), got;
		struct error why = {0};
		header(&m, rows[i].version, rows[i].type);
		record(&m, &f, 3, 0);
		struct source *s = file_open(&m, &why);
		if (rows[i].words) {
			assert_null(s);
			capfile_words(why.text, rows[i].words);
		} else {
			assert_non_null(s);
			assert_int_equal(source_read(s, &got, 1, &why), 1);
			assert_int_equal(got.link, rows[i].link);
		}
		source_close(s);
		capfile_free(&m);
	}
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
		cmocka_unit_test(read_in_every_packing),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(damage),
		cmocka_unit_test(kinds_of_link),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
