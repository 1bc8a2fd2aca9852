/* capfile.c - captures made byte by byte. */
#include "lib/capfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/within.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

void capfile_words(const char *why, const char *words)
{
	if (!strstr(why, words))
		fail_msg("\"%s\" is not in \"%s\"", words, why);
}

void capfile_put(struct capfile *m, const void *p, size_t n)
{
	if (m->n + n > m->capacity) {
		m->capacity = (m->n + n) * 2;
		m->p = realloc(m->p, m->capacity);
		assert_non_null(m->p);
	}
	if (n > 0)
		memcpy(m->p + m->n, p, n);
	m->n += n;
}

void capfile_put16(struct capfile *m, uint16_t v)
{
	v = m->big ? htobe16(v) : htole16(v);
	capfile_put(m, &v, sizeof v);
}

void capfile_put32(struct capfile *m, uint32_t v)
{
	v = m->big ? htobe32(v) : htole32(v);
	capfile_put(m, &v, sizeof v);
}

void capfile_free(struct capfile *m)
{
	free(m->p);
	*m = (struct capfile){0};
}

const struct capfile_format capfile_formats[CAPFILE_FORMATS] = {
	{"pcap, little-endian", false, false, 0xa1b2c3d4, 4, 0, 1000},
	{"pcap, big-endian", true, false, 0xa1b2c3d4, 4, 0, 1000},
	{"pcap, nanoseconds, little-endian", false, false, 0xa1b23c4d, 4, 0, 1},
	{"pcap, nanoseconds, big-endian", true, false, 0xa1b23c4d, 4, 0, 1},
	{"Kuznetzov's pcap, little-endian", false, false, 0xa1b2cd34, 4, 8, 1000},
	{"Kuznetzov's pcap, big-endian", true, false, 0xa1b2cd34, 4, 8, 1000},
	{"pcap 2.3, big-endian", true, false, 0xa1b2c3d4, 3, 0, 1000},
	{"pcapng, little-endian", false, true, 0, 0, 0, 1},
	{"pcapng, big-endian", true, true, 0, 0, 0, 1},
};

static void record_end(struct capfile *m)
{
	if (m->records < sizeof m->ends / sizeof *m->ends)
		m->ends[m->records] = m->n;
	m->records++;
}

/* A section header and one interface with times in nanoseconds. */
static void pcapng_begin(struct capfile *m, uint32_t link)
{
	static const uint8_t resolution[] = {9, 0, 0, 0};
	const uint32_t section[] = {0x0a0d0d0a, 28,         0x1a2b3c4d, m->big ? 1u << 16 : 1,
				    0xffffffff, 0xffffffff, 28};
	for (size_t i = 0; i < sizeof section / sizeof *section; i++)
		capfile_put32(m, section[i]);
	capfile_put32(m, 1);
	capfile_put32(m, 32);
	capfile_put16(m, (uint16_t)link);
	capfile_put16(m, 0);
	capfile_put32(m, 262144);
	capfile_put16(m, 9);
	capfile_put16(m, 1);
	capfile_put(m, resolution, sizeof resolution);
	capfile_put32(m, 0);
	capfile_put32(m, 32);
}

void capfile_begin(struct capfile *m, const struct capfile_format *f, uint32_t link)
{
	m->big = f->big;
	if (f->pcapng) {
		pcapng_begin(m, link);
	} else {
		capfile_put32(m, f->magic);
		capfile_put16(m, 2);
		capfile_put16(m, f->minor);
		capfile_put32(m, 0);
		capfile_put32(m, 0);
		capfile_put32(m, 262144);
		capfile_put32(m, link);
	}
	record_end(m);
}

void capfile_record(struct capfile *m, const struct capfile_format *f, const struct frame *r)
{
	static const uint8_t zeros[8];
	uint32_t padded = (r->caplen + 3) & ~3u;
	if (f->pcapng) {
		const uint32_t head[] = {
			6,         32 + padded, 0, (uint32_t)(r->ts >> 32), (uint32_t)r->ts,
			r->caplen, r->len};
		for (size_t i = 0; i < sizeof head / sizeof *head; i++)
			capfile_put32(m, head[i]);
	} else {
		capfile_put32(m, (uint32_t)(r->ts / FRAME_SECOND));
		capfile_put32(m, (uint32_t)(r->ts % FRAME_SECOND / f->unit));
		capfile_put32(m, r->caplen);
		capfile_put32(m, r->len);
		capfile_put(m, zeros, f->extra);
	}
	capfile_put(m, r->data, r->caplen);
	if (f->pcapng) {
		capfile_put(m, zeros, padded - r->caplen);
		capfile_put32(m, 32 + padded);
	}
	record_end(m);
}

/* The frames that the short captures hold: an empty one, cut ones, a time behind 2038, another that
 * goes back. */
struct frame capfile_short_frame(size_t i)
{
	static const struct {
		uint32_t caplen, len;
		int64_t ts;
	} rows[CAPFILE_SHORT] = {{60, 60, 1700000000000001000},
				 {0, 60, 1700000000000002000},
				 {7, 1514, 1700000000999999000},
				 {64, 64, 1600000000000000000},
				 {1, 1, 0},
				 {33, 33, 2147483647999999000}};
	static uint8_t data[CAPFILE_SHORT][64];
	for (size_t j = 0; j < sizeof data[i]; j++)
		data[i][j] = (uint8_t)(i * 64 + j);
	return (struct frame){.data = data[i],
			      .caplen = rows[i].caplen,
			      .len = rows[i].len,
			      .ts = rows[i].ts,
			      .link = 1};
}

struct capfile capfile_short(const struct capfile_format *f)
{
	struct capfile m = {0};
	capfile_begin(&m, f, 1);
	for (size_t i = 0; i < CAPFILE_SHORT; i++) {
		struct frame r = capfile_short_frame(i);
		capfile_record(&m, f, &r);
	}
	return m;
}

void capfile_check(const struct frame *is, const struct frame *want)
{
	assert_int_equal(is->caplen, want->caplen);
	assert_int_equal(is->len, want->len);
	assert_int_equal(is->ts, want->ts);
	assert_int_equal(is->link, want->link);
	assert_memory_equal(is->data, want->data, want->caplen);
}

/* Reads the short capture's frames to the end in batches of n; how many there were. *last is what
 * source_read said at the end, twice. */
size_t capfile_short_read(struct source *s, size_t n, int *last, struct error *why)
{
	struct frame frames[64];
	size_t count = 0;
	int r;
	while ((r = source_read(s, frames, n, why)) > 0) {
		assert_within(r, 1, n);
		for (int i = 0; i < r; i++) {
			struct frame want = capfile_short_frame(count++);
			capfile_check(&frames[i], &want);
		}
	}
	*last = r;
	assert_int_equal(source_read(s, frames, n, why), r);
	return count;
}

struct source *capfile_open(const char *path, const char *filter)
{
	struct error why = {0};
	bool usage = true;
	struct source *s = source_open(path, filter, &why, &usage);
	if (!s)
		fail_msg("%s", why.text);
	assert_false(usage);
	return s;
}

static void gzip_member(struct capfile *m, const uint8_t *p, size_t n)
{
	static uint8_t out[8 << 20];
	z_stream z = {0};
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	z.next_in = (Bytef *)(uintptr_t)p;
	z.avail_in = (uInt)n;
	z.next_out = out;
	z.avail_out = sizeof out;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	capfile_put(m, out, z.total_out);
	deflateEnd(&z);
}

static void zstd_frame(struct capfile *m, const uint8_t *p, size_t n)
{
	static uint8_t out[8 << 20];
	size_t r = ZSTD_compress(out, sizeof out, p, n, 3);
	assert_false(ZSTD_isError(r));
	capfile_put(m, out, r);
}

static void zstd_skippable(struct capfile *m)
{
	capfile_put(m, "\x5e\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);
}

/* Members and frames change in the middle of the header, and of a record; the last gzip member is
 * followed by a tape's zeros. */
struct capfile capfile_pack(const struct capfile *of, enum capfile_pack pack)
{
	struct capfile m = {0};
	if (pack == CAPFILE_PACK_PLAIN) {
		capfile_put(&m, of->p, of->n);
	} else if (pack == CAPFILE_PACK_GZIP) {
		gzip_member(&m, of->p, of->n);
	} else if (pack == CAPFILE_PACK_ZSTD) {
		zstd_frame(&m, of->p, of->n);
	} else if (pack == CAPFILE_PACK_GZIP_MEMBERS) {
		gzip_member(&m, of->p, 0);
		gzip_member(&m, of->p, 5);
		gzip_member(&m, of->p + 5, 50);
		gzip_member(&m, of->p + 55, of->n - 55);
		capfile_put(&m, "\0\0\0\0\0", 5);
	} else {
		zstd_skippable(&m);
		zstd_frame(&m, of->p, 5);
		zstd_frame(&m, of->p + 5, 50);
		zstd_skippable(&m);
		zstd_frame(&m, of->p + 55, of->n - 55);
	}
	return m;
}
