/* test_source.c - captures as files: every format and packing, cut anywhere, damaged, refused,
 * filtered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/capfile.h"
#include "lib/within.h"

#include <pcap/pcap.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test_source.XXXXXX";

static const char *file_write(const char *name, const void *p, size_t n)
{
	static char path[128];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	return path;
}

static void every_format_and_packing(void **state)
{
	(void)state;
	static const size_t batches[] = {1, 3, 64};
	for (size_t f = 0; f < CAPFILE_FORMATS; f++)
		for (enum capfile_pack pack = 0; pack < CAPFILE_PACKS; pack++)
			for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
				struct capfile plain = capfile_short(&capfile_formats[f]),
					       m = capfile_pack(&plain, pack);
				struct source *s = capfile_open(file_write("x", m.p, m.n), NULL);
				struct error why = {0};
				int last;
				assert_int_equal(capfile_short_read(s, batches[b], &last, &why),
						 CAPFILE_SHORT);
				assert_int_equal(last, 0);
				source_close(s);
				capfile_free(&m);
				capfile_free(&plain);
			}
}

/* How a capture is refused of which not even the header is whole: pcapng's is two blocks. */
static const char *cut_words(size_t n, bool pcapng)
{
	if (n < 4)
		return n == 0 ? "/cut is empty" : "/cut is no capture file";
	return pcapng && n == 28 ? "/cut cannot be read: it describes no interface"
				 : "/cut ends in the middle of its header";
}

/* Cut at n: every whole record is read, and the end is good only between two records. */
static void cut_check(const struct capfile *m, size_t n)
{
	struct error why = {0};
	bool usage, whole = false;
	size_t records = 0;
	struct source *s = source_open(file_write("cut", m->p, n), NULL, &why, &usage);
	if (n < m->ends[0]) {
		assert_null(s);
		capfile_words(why.text, cut_words(n, m->ends[0] > 24));
		return;
	}
	for (size_t i = 0; i < m->records && m->ends[i] <= n; i++) {
		whole = m->ends[i] == n;
		records = i;
	}
	int last;
	assert_non_null(s);
	assert_int_equal(capfile_short_read(s, 1 + n % 7, &last, &why), records);
	assert_int_equal(last, whole ? 0 : -1);
	if (!whole) {
		char want[128];
		snprintf(want, sizeof want,
			 "/cut ends in the middle of a record after %zu packet%s", records,
			 records == 1 ? "" : "s");
		capfile_words(why.text, want);
		assert_string_equal(strstr(why.text, want), want);
	}
	source_close(s);
}

static void cut_anywhere(void **state)
{
	(void)state;
	for (size_t f = 0; f < CAPFILE_FORMATS; f++) {
		struct capfile m = capfile_short(&capfile_formats[f]);
		for (size_t n = 0; n <= m.n; n++)
			cut_check(&m, n);
		capfile_free(&m);
	}
}

/* What a compressed capture still gives after a cut depends on the compression; that it was cut is
 * always said. */
static void cut_compressed(void **state)
{
	(void)state;
	for (enum capfile_pack pack = CAPFILE_PACK_GZIP; pack <= CAPFILE_PACK_ZSTD; pack++) {
		struct capfile plain = capfile_short(&capfile_formats[0]),
			       m = capfile_pack(&plain, pack);
		for (size_t n = 4; n < m.n; n++) {
			struct error why = {0};
			bool usage;
			int last = -1;
			size_t records = 0;
			struct source *s =
				source_open(file_write("cut", m.p, n), NULL, &why, &usage);
			if (s)
				records = capfile_short_read(s, 4, &last, &why);
			assert_int_equal(last, -1);
			capfile_words(why.text, pack == CAPFILE_PACK_GZIP
							? "ends in the middle of its gzip data"
							: "ends in the middle of its zstd data");
			/* Only the gzip trailer (CRC and length, 8 bytes) is missing: everything is
			 * there. */
			if (pack == CAPFILE_PACK_GZIP && n == m.n - 8)
				assert_int_equal(records, CAPFILE_SHORT);
			source_close(s);
		}
		capfile_free(&m);
		capfile_free(&plain);
	}
}

static void rubbish_behind_compressed(void **state)
{
	(void)state;
	for (enum capfile_pack pack = CAPFILE_PACK_GZIP; pack <= CAPFILE_PACK_ZSTD; pack++) {
		struct capfile plain = capfile_short(&capfile_formats[0]),
			       m = capfile_pack(&plain, pack);
		struct error why = {0};
		int last;
		capfile_put(&m, "rubbish, more than a magic number", 33);
		struct source *s = capfile_open(file_write("x", m.p, m.n), NULL);
		assert_int_equal(capfile_short_read(s, 64, &last, &why), CAPFILE_SHORT);
		assert_int_equal(last, -1);
		capfile_words(why.text, pack == CAPFILE_PACK_GZIP ? "/x has damaged gzip data: "
								  : "/x has damaged zstd data: ");
		capfile_words(why.text, ", after 6 packets");
		source_close(s);
		capfile_free(&m);
		capfile_free(&plain);
	}
}

/* More than the reader's block and the arena hold, with records of every size up to the longest, so
 * that each boundary falls into a record. */
static uint32_t long_length(size_t i)
{
	return i % 50 == 49 ? 262144 - (uint32_t)i : (uint32_t)(i * 37 % 1500);
}

static void long_check(const struct capfile_format *f, const uint8_t *data, enum capfile_pack pack)
{
	enum { LONG = 1000 };
	struct capfile plain = {0};
	capfile_begin(&plain, f, 1);
	for (size_t i = 0; i < LONG; i++) {
		struct frame r = {.data = data + i,
				  .caplen = long_length(i),
				  .len = 300000,
				  .ts = (int64_t)i * FRAME_SECOND,
				  .link = 1};
		capfile_record(&plain, f, &r);
	}
	struct capfile m = capfile_pack(&plain, pack);
	struct source *s = capfile_open(file_write("long", m.p, m.n), NULL);
	struct frame frames[64];
	size_t count = 0;
	struct error why;
	int r;
	while ((r = source_read(s, frames, 64, &why)) > 0)
		for (int j = 0; j < r; j++, count++) {
			struct frame want = {.data = data + count,
					     .caplen = long_length(count),
					     .len = 300000,
					     .ts = (int64_t)count * FRAME_SECOND,
					     .link = 1};
			capfile_check(&frames[j], &want);
		}
	assert_int_equal(r, 0);
	assert_int_equal(count, LONG);
	source_close(s);
	capfile_free(&m);
	capfile_free(&plain);
}

static void long_records_across_blocks(void **state)
{
	(void)state;
	uint8_t *data = malloc(300000);
	assert_non_null(data);
	uint32_t seed = 1;
	for (size_t i = 0; i < 300000; i++)
		data[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
	for (enum capfile_pack pack = 0; pack < CAPFILE_PACKS; pack++) {
		long_check(&capfile_formats[1], data, pack);
		long_check(&capfile_formats[7], data, pack);
	}
	free(data);
}

/* Two good records, then one whose header is this. */
static struct capfile damage_make(uint32_t caplen, uint32_t len)
{
	struct capfile m = {0};
	struct frame r = capfile_short_frame(0);
	capfile_begin(&m, &capfile_formats[0], 1);
	capfile_record(&m, &capfile_formats[0], &r);
	capfile_record(&m, &capfile_formats[0], &r);
	capfile_put32(&m, 1);
	capfile_put32(&m, 1);
	capfile_put32(&m, caplen);
	capfile_put32(&m, len);
	capfile_put(&m, r.data, 60);
	return m;
}

static void record_length_is_damage(void **state)
{
	(void)state;
	static const struct {
		uint32_t caplen;
		const char *end;
	} rows[] = {{0xffffffff, "/x is damaged at byte 176: a record of 4294967295 bytes"},
		    {262145, "/x is damaged at byte 176: a record of 262145 bytes"},
		    {262144, "/x ends in the middle of a record after 2 packets"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct capfile m = damage_make(rows[i].caplen, 60);
		struct source *s = capfile_open(file_write("x", m.p, m.n), NULL);
		struct frame frames[8];
		struct error why = {0};
		assert_int_equal(source_read(s, frames, 8, &why), 2);
		for (int again = 0; again < 2; again++) {
			assert_int_equal(source_read(s, frames, 8, &why), -1);
			capfile_words(why.text, rows[i].end);
		}
		source_close(s);
		capfile_free(&m);
	}
}

static void captured_more_than_there_was(void **state)
{
	(void)state;
	struct capfile m = damage_make(60, 10);
	struct source *s = capfile_open(file_write("x", m.p, m.n), NULL);
	struct frame frames[8];
	struct error why = {0};
	assert_int_equal(source_read(s, frames, 8, &why), 3);
	assert_int_equal(frames[2].caplen, 60);
	assert_int_equal(frames[2].len, 60);
	source_close(s);
	capfile_free(&m);
}

/* Seconds are 32 bits without a sign, and a fraction may be more than a second. */
static void times_are_taken_as_they_are(void **state)
{
	(void)state;
	for (size_t f = 0; f < 6; f++) {
		struct capfile m = {0};
		capfile_begin(&m, &capfile_formats[f], 1);
		for (int i = 0; i < 4; i++)
			capfile_put32(&m, i < 2 ? 0xffffffff : 0);
		for (uint32_t i = 0; i < capfile_formats[f].extra; i++)
			capfile_put(&m, "", 1);
		struct source *s = capfile_open(file_write("x", m.p, m.n), NULL);
		struct frame frame;
		struct error why = {0};
		assert_int_equal(source_read(s, &frame, 1, &why), 1);
		assert_int_equal(frame.ts, 4294967295 * FRAME_SECOND +
						   INT64_C(4294967295) * capfile_formats[f].unit);
		source_close(s);
		capfile_free(&m);
	}
}

/* Here they have 64 bits: what cannot be is as far as a time goes, so that the core can reckon with
 * any two. */
static void times_of_pcapng_are_bounded(void **state)
{
	(void)state;
	static const uint32_t times[][2] = {{0xffffffff, 0xffffffff},
					    {0x80000000, 0},
					    {0x7fffffff, 0xffffffff},
					    {0x40000000, 0},
					    {0, 5}};
	struct capfile m = capfile_short(&capfile_formats[7]);
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		const uint32_t block[] = {6, 32, 0, times[i][0], times[i][1], 0, 0, 32};
		for (size_t j = 0; j < sizeof block / sizeof *block; j++)
			capfile_put32(&m, block[j]);
	}
	struct source *s = capfile_open(file_write("x", m.p, m.n), NULL);
	struct frame frames[CAPFILE_SHORT + 5];
	struct error why = {0};
	assert_int_equal(source_read(s, frames, CAPFILE_SHORT + 5, &why), CAPFILE_SHORT + 5);
	for (size_t i = 0; i < 5; i++)
		assert_within(frames[CAPFILE_SHORT + i].ts, 0, FRAME_TIME_MAX);
	assert_int_equal(frames[CAPFILE_SHORT].ts, FRAME_TIME_MAX);
	source_close(s);
	capfile_free(&m);
}

/* A block of a kind and length that contradict each other, and one that is too long. */
static void pcapng_damage(void **state)
{
	(void)state;
	static const uint32_t blocks[][5] = {
		{6, 12, 12}, {6, 13, 0, 0, 0}, {1, 400000, 113, 0, 20}};
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
		struct capfile m = capfile_short(&capfile_formats[7]);
		struct error why = {0};
		int last;
		for (size_t j = 0; j < 5; j++)
			capfile_put32(&m, blocks[i][j]);
		struct source *s = capfile_open(file_write("x", m.p, m.n), NULL);
		assert_int_equal(capfile_short_read(s, 64, &last, &why), CAPFILE_SHORT);
		assert_int_equal(last, -1);
		capfile_words(why.text, "/x is damaged after 6 packets: ");
		source_close(s);
		capfile_free(&m);
	}
}

/* Link types as they stand in the file, and as frames bear them; -1: refused. */
static void link_types(void **state)
{
	/* libpcap 1.11 has a name for the first of those that anybody may use. */
	char user0[64];
	const char *name = pcap_datalink_val_to_name(147);
	(void)state;
	snprintf(user0, sizeof user0, "/x has link type 147 (%s), which is not decoded",
		 name ? name : "unnamed");
	const struct {
		uint32_t in_file;
		int link;
		const char *words;
	} rows[] = {
		{1, 1, NULL},
		{0x54000001, 1, NULL}, /* four bytes of frame check sequence */
		{101, 101, NULL},
		{12, 101, NULL},
		{14, 101, NULL},
		{113, 113, NULL},
		{195, -1, "/x has link type 195 (IEEE802_15_4), which is not decoded"},
		{147, -1, user0},
		{65000, -1, "/x has link type 65000 (unnamed), which is not decoded"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t f = 0; f < CAPFILE_FORMATS; f += 7) {
			struct capfile m = {0};
			struct frame r = capfile_short_frame(0), got;
			struct error why = {0};
			bool usage;
			/* pcapng has 16 bits for the link type. */
			if (rows[i].in_file > 65535 && capfile_formats[f].pcapng)
				continue;
			capfile_begin(&m, &capfile_formats[f], rows[i].in_file);
			capfile_record(&m, &capfile_formats[f], &r);
			struct source *s =
				source_open(file_write("x", m.p, m.n), NULL, &why, &usage);
			if (rows[i].link < 0) {
				/* In a pcapng another link type could follow. */
				assert_int_equal(s != NULL, capfile_formats[f].pcapng);
				if (s)
					assert_int_equal(source_read(s, &got, 1, &why), 1);
				if (s)
					assert_int_equal(source_read(s, &got, 1, &why), -1);
				capfile_words(why.text, rows[i].words);
			} else {
				assert_int_equal(source_read(s, &got, 1, &why), 1);
				assert_int_equal(got.link, rows[i].link);
			}
			assert_false(usage);
			source_close(s);
			capfile_free(&m);
		}
}

static void refusals(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t n;
		const char *words;
	} rows[] = {
		{"", 0, "/x is empty"},
		{"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0", 20, "/x is empty"},
		{"220 mx ESMTP\r\n", 14,
		 "/x is no capture file (pcap, pcapng or snoop): it begins with \"220 mx E\""},
		{"\x7f"
		 "ELF\x02",
		 5, "/x is no capture file (pcap, pcapng or snoop): it begins with 7f 45 4c 46 02"},
		{"btsnoop\0\0\0\0\x01\0\0\x03\xea", 16,
		 "/x is a Bluetooth btsnoop file, which holds no IP"},
		{"\xfd"
		 "7zXZ\0\0\x04",
		 8, "/x is compressed with xz: unpack it with `xz -d`"},
		{"\x1f\x8b\x08\0", 4, "/x ends in the middle of its gzip data"},
		{"\x1f\x8b\x63\0\0\0\0\0\0\x03", 10, "/x has damaged gzip data: "},
		{"\x28\xb5\x2f\xfd", 4, "/x ends in the middle of its zstd data"},
		{"\xd4\xc3\xb2\xa1\x02\0\x04\0", 8, "/x ends in the middle of its header"},
		{"\xd4\xc3\xb2\xa1\x09\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0", 24,
		 "/x cannot be read: pcap version 9.4 is not known"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct error why = {0};
		bool usage = true;
		assert_null(
			source_open(file_write("x", rows[i].bytes, rows[i].n), NULL, &why, &usage));
		capfile_words(why.text, rows[i].words);
		assert_false(usage);
	}
}

static void cannot_open(void **state)
{
	(void)state;
	struct error why;
	char path[1000];
	bool usage;
	assert_null(source_open(dir, NULL, &why, &usage));
	capfile_words(why.text, " is a directory");
	assert_memory_equal(why.text, dir, strlen(dir));
	assert_null(source_open("/nowhere/x.pcap", NULL, &why, &usage));
	assert_string_equal(why.text,
			    "/nowhere/x.pcap cannot be opened: No such file or directory");
	memset(path, 'a', sizeof path);
	memcpy(path + sizeof path - 6, "/tail", 6);
	assert_null(source_open(path, NULL, &why, &usage));
	capfile_words(why.text, "aaa/tail cannot be opened: File name too long");
	if (geteuid() != 0) {
		const char *secret = file_write("secret", "x", 1);
		assert_int_equal(chmod(secret, 0), 0);
		assert_null(source_open(secret, NULL, &why, &usage));
		capfile_words(why.text, "/secret cannot be opened: Permission denied");
	}
}

/* Two minimal TCP packets, to ports 25 and 80. */
static void tcp_records(struct capfile *m, const struct capfile_format *f, uint32_t link)
{
	static uint8_t packet[2][54] = {
		{[12] = 8, [14] = 0x45, [17] = 40, [22] = 64, [23] = 6, [37] = 25, [46] = 0x50}};
	memcpy(packet[1], packet[0], sizeof packet[0]);
	packet[1][37] = 80;
	capfile_begin(m, f, link);
	for (int i = 0; i < 4; i++) {
		struct frame r = {
			.data = packet[i & 1], .caplen = 54, .len = 54, .ts = i * FRAME_SECOND};
		if (link == 101) {
			r.data += 14;
			r.caplen = r.len = 40;
		}
		capfile_record(m, f, &r);
	}
}

static void filter_passes(void **state)
{
	(void)state;
	static const struct {
		const char *filter;
		int frames;
	} rows[] = {{"port 25", 2}, {"tcp", 4}, {"udp", 0}, {"", 4}, {NULL, 4}};
	for (size_t f = 0; f < CAPFILE_FORMATS; f++)
		for (uint32_t link = 1; link <= 101; link += 100)
			for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
				struct capfile m = {0};
				struct frame frames[8];
				struct error why = {0};
				int r, count = 0;
				tcp_records(&m, &capfile_formats[f], link);
				struct source *s =
					capfile_open(file_write("x", m.p, m.n), rows[i].filter);
				while ((r = source_read(s, frames, 8, &why)) > 0)
					for (int j = 0; j < r; j++)
						assert_int_equal(
							frames[j].ts,
							count++ * FRAME_SECOND *
								(rows[i].frames == 2 ? 2 : 1));
				assert_int_equal(r, 0);
				assert_int_equal(count, rows[i].frames);
				source_close(s);
				capfile_free(&m);
			}
}

static void filter_errors(void **state)
{
	(void)state;
	struct error why = {0};
	bool usage = false;
	struct capfile m = {0};
	tcp_records(&m, &capfile_formats[0], 101);
	const char *path = file_write("x", m.p, m.n);
	assert_null(source_open(path, "port smpt and (", &why, &usage));
	assert_true(usage);
	capfile_words(why.text, "the filter \"port smpt and (\" does not compile for ");
	capfile_words(why.text, "/x: ");
	/* Good for Ethernet, nonsense for bare IP. */
	assert_null(source_open(path, "ether src 00:00:5e:00:53:01", &why, &usage));
	assert_true(usage);
	/* The file's fault comes first. */
	assert_null(source_open("/nowhere/x.pcap", "port smpt and (", &why, &usage));
	assert_false(usage);
	capfile_free(&m);
}
static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	static const char *names[] = {"x", "cut", "long", "secret"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[128];
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_and_packing),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(cut_compressed),
		cmocka_unit_test(rubbish_behind_compressed),
		cmocka_unit_test(long_records_across_blocks),
		cmocka_unit_test(record_length_is_damage),
		cmocka_unit_test(captured_more_than_there_was),
		cmocka_unit_test(times_are_taken_as_they_are),
		cmocka_unit_test(times_of_pcapng_are_bounded),
		cmocka_unit_test(pcapng_damage),
		cmocka_unit_test(link_types),
		cmocka_unit_test(refusals),
		cmocka_unit_test(cannot_open),
		cmocka_unit_test(filter_passes),
		cmocka_unit_test(filter_errors),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
