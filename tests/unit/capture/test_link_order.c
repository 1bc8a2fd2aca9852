/* test_link_order.c - link headers in the byte order of another machine, with filters and without;
 * and lengths as writers before version 2.4 ordered them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/linktype.h"
#include "lib/capfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/test_link_order.XXXXXX";

static struct source *file_open(const struct capfile *m, const char *filter)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(m->p, 1, m->n, f), m->n);
	assert_int_equal(fclose(f), 0);
	return capfile_open(path, filter);
}

/* An address family and then minimal TCP to port 25. */
static struct frame loopback(struct capfile *m, uint32_t family)
{
	static const uint8_t v4[40] = {0x45, [3] = 40, [8] = 64, [9] = 6, [23] = 25, [32] = 0x50},
			     v6[60] = {0x60, [5] = 20, [6] = 6, [43] = 25, [52] = 0x50};
	capfile_put32(m, family);
	if (family == 2)
		capfile_put(m, v4, sizeof v4);
	else
		capfile_put(m, v6, sizeof v6);
	return (struct frame){.data = m->p, .caplen = (uint32_t)m->n, .len = (uint32_t)m->n};
}

/* DLT_NULL of every byte order, of the file and of the family, and of every system's IPv6. */
static void loopback_passes_a_filter(void **state)
{
	(void)state;
	static const uint32_t families[] = {2, 24, 28, 30};
	static const char *filters[] = {"tcp dst port 25", "", NULL, "tcp dst port 26"};
	for (size_t f = 0; f < CAPFILE_FORMATS; f++)
		for (size_t i = 0; i < 4; i++)
			for (size_t j = 0; j < 4; j++)
				for (int big = 0; big < 2; big++) {
					struct capfile bytes = {.big = big}, m = {0};
					struct frame sent = loopback(&bytes, families[i]), got;
					struct error why = {0};
					uint32_t family;
					int n;
					capfile_begin(&m, &capfile_formats[f], 0);
					capfile_record(&m, &capfile_formats[f], &sent);
					struct source *s = file_open(&m, filters[j]);
					n = source_read(s, &got, 1, &why);
					assert_int_equal(n, j < 3);
					if (n > 0) {
						memcpy(&family, got.data, sizeof family);
						assert_int_equal(family, families[i]);
					}
					source_close(s);
					capfile_free(&m);
					capfile_free(&bytes);
				}
}

/* A short frame, and attributes that are cut, are left as they are. */
static void nflog_is_swapped(void **state)
{
	(void)state;
	uint8_t frame[] = {2, 0, 0, 0, 0, 8, 0, 1, 1, 2, 3, 4, 0, 6, 0, 9, 5, 6, 0, 0, 0, 20, 0, 1};
	static const uint8_t swapped[] = {2, 0, 0, 0, 8, 0, 1, 0, 1,  2, 3, 4,
					  6, 0, 9, 0, 5, 6, 0, 0, 20, 0, 1, 0};
	uint8_t other[sizeof frame];
	memcpy(other, frame, sizeof frame);
	for (uint32_t n = 0; n <= 4; n++)
		linktype_to_host(239, true, other, n);
	linktype_to_host(239, false, other, sizeof other);
	assert_memory_equal(other, frame, sizeof frame);
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
		linktype_to_host(239, true, frame, sizeof frame);
		assert_memory_equal(frame, swapped, sizeof frame);
	}
}

static void pflog_is_swapped(void **state)
{
	(void)state;
	uint8_t frame[64], want[64];
	for (uint8_t i = 0; i < 64; i++)
		frame[i] = want[i] = i;
	frame[0] = want[0] = 61;
	for (unsigned i = 44; i < 60; i++)
		want[i] = (uint8_t)(i / 4 * 4 + 3 - i % 4);
	linktype_to_host(117, false, frame, 64);
	assert_int_equal(frame[44], 44);
	linktype_to_host(117, true, frame, 47);
	assert_int_equal(frame[44], 44);
	linktype_to_host(117, true, frame, 64);
	assert_memory_equal(frame, want, 64);
}

/* The two lengths of a record in a version, and which of them is that of the captured bytes. */
static void lengths_of_old_versions(void **state)
{
	(void)state;
	static const struct {
		uint16_t major, minor;
		uint32_t first, second, caplen, len;
	} rows[] = {
		{2, 4, 20, 60, 20, 60}, {2, 3, 20, 60, 20, 60},   {2, 3, 60, 20, 20, 60},
		{2, 2, 60, 20, 20, 60}, {543, 0, 60, 20, 20, 60}, {2, 0, 20, 20, 20, 20},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct capfile m = {.big = i % 2};
		struct frame f = capfile_short_frame(0), got;
		struct error why = {0};
		capfile_put32(&m, 0xa1b2c3d4);
		capfile_put16(&m, rows[i].major);
		capfile_put16(&m, rows[i].minor);
		for (int j = 0; j < 3; j++)
			capfile_put32(&m, 0);
		capfile_put32(&m, 1);
		for (int j = 0; j < 2; j++) {
			capfile_put32(&m, 1);
			capfile_put32(&m, 0);
			capfile_put32(&m, rows[i].first);
			capfile_put32(&m, rows[i].second);
			capfile_put(&m, f.data, 20);
		}
		struct source *s = file_open(&m, NULL);
		for (int j = 0; j < 2; j++) {
			assert_int_equal(source_read(s, &got, 1, &why), 1);
			assert_int_equal(got.caplen, rows[i].caplen);
			assert_int_equal(got.len, rows[i].len);
			assert_memory_equal(got.data, f.data, 20);
		}
		assert_int_equal(source_read(s, &got, 1, &why), 0);
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
		cmocka_unit_test(loopback_passes_a_filter),
		cmocka_unit_test(nflog_is_swapped),
		cmocka_unit_test(pflog_is_swapped),
		cmocka_unit_test(lengths_of_old_versions),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
