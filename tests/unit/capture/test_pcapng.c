/* test_pcapng.c - pcapng files as libpcap does not take them: several link types, units of time,
 * sections; blocks of every kind, cut anywhere and damaged; and the key logs among them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/blocks.h"
#include "lib/segments.h"
#include "lib/within.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char path[] = "/tmp/test_pcapng.XXXXXX";

static struct source *file_open(const struct capfile *m, const char *filter, struct error *why,
				bool *usage)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(m->p, 1, m->n, f), m->n);
	assert_int_equal(fclose(f), 0);
	return source_open(path, filter, why, usage);
}

static struct source *file_read(const struct capfile *m)
{
	struct error why = {0};
	bool usage;
	struct source *s = file_open(m, NULL, &why, &usage);
	if (!s)
		fail_msg("%s", why.text);
	return s;
}

static void packet(struct capfile *m, uint32_t interface, uint64_t time, size_t i)
{
	struct frame f = capfile_short_frame(i);
	block_enhanced(m, interface, time, &f);
}

/* The next frame has the bytes of short frame i, cut to caplen. */
static void frame_is(struct source *s, size_t i, uint32_t caplen, int link, int64_t ts)
{
	struct frame want = capfile_short_frame(i), f;
	struct error why = {0};
	assert_int_equal(source_read(s, &f, 1, &why), 1);
	if (caplen < want.caplen)
		want.caplen = caplen;
	want.link = link;
	want.ts = ts;
	capfile_check(&f, &want);
}

static void end_is(struct source *s, const char *words)
{
	struct frame f;
	for (int again = 0; again < 2; again++) {
		struct error why = {0};
		assert_int_equal(source_read(s, &f, 1, &why), words ? -1 : 0);
		if (words)
			capfile_words(why.text, words);
	}
	source_close(s);
}

/* An interface with a resolution, and an offset in seconds. */
static void clocked(struct capfile *m, uint16_t link, uint8_t resolution, int64_t offset)
{
	size_t begin = block_begin(m, BLOCKS_INTERFACE);
	capfile_put16(m, link);
	capfile_put16(m, 0);
	capfile_put32(m, 0);
	block_option(m, 2, "eth0", 4);
	block_option_number(m, 9, resolution, 1);
	if (offset != 0)
		block_option_number(m, 14, (uint64_t)offset, 8);
	block_option(m, 0, NULL, 0);
	block_end(m, begin);
}

static void every_interface_is_its_own(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct capfile m = {0};
		block_section(&m, big);
		block_interface(&m, 1, 262144);
		clocked(&m, 101, 9, 0);
		clocked(&m, 113, 0x80 | 10, 1000);
		packet(&m, 0, 1500000, 0);
		packet(&m, 1, 1600000000, 2);
		packet(&m, 2, 2 * 1024 + 512, 3);
		packet(&m, 0, 1700000, 1);
		struct source *s = file_read(&m);
		frame_is(s, 0, UINT32_MAX, 1, 1500000000);
		frame_is(s, 2, UINT32_MAX, 101, 1600000000);
		frame_is(s, 3, UINT32_MAX, 113, 1002500000000);
		frame_is(s, 1, UINT32_MAX, 1, 1700000000);
		end_is(s, NULL);
		capfile_free(&m);
	}
}

/* Units from seconds to less than can be told, and what no time can be. */
static void units_of_time(void **state)
{
	(void)state;
	static const struct {
		uint8_t resolution;
		int64_t offset;
		uint64_t time;
		int64_t ts;
	} rows[] = {
		{0, 0, 7, 7 * FRAME_SECOND},
		{0, -8, 7, 0},
		{0, 0, UINT64_MAX, FRAME_TIME_MAX},
		{3, 0, 7001, 7001 * FRAME_MS},
		{9, 0, (uint64_t)FRAME_TIME_MAX + 1, FRAME_TIME_MAX},
		{12, 0, 7001999, 7001},
		{19, 0, UINT64_MAX, 1844674407},
		{29, 0, UINT64_MAX, 0},
		{127, 3, UINT64_MAX, 3 * FRAME_SECOND},
		{0x80, 0, 7, 7 * FRAME_SECOND},
		{0x80 | 1, 0, 3, FRAME_SECOND + FRAME_SECOND / 2},
		{0x80 | 30, 0, UINT64_C(1) << 31, 2 * FRAME_SECOND},
		{0x80 | 32, 0, UINT64_C(5) << 31, 2 * FRAME_SECOND + FRAME_SECOND / 2},
		{0x80 | 63, 0, UINT64_C(3) << 62, FRAME_SECOND + FRAME_SECOND / 2},
		{0x80 | 64, 0, UINT64_C(1) << 63, FRAME_SECOND / 2},
		{0x80 | 127, 0, UINT64_MAX, 0},
		{6, INT64_MAX, 1, FRAME_TIME_MAX},
		{6, INT64_MIN, UINT64_MAX, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct capfile m = {0};
		block_section(&m, i % 2);
		clocked(&m, 1, rows[i].resolution, rows[i].offset);
		packet(&m, 0, rows[i].time, 0);
		struct source *s = file_read(&m);
		struct frame f;
		struct error why = {0};
		assert_int_equal(source_read(s, &f, 1, &why), 1);
		/* Far above, a second is not told exactly. */
		if (rows[i].ts == FRAME_TIME_MAX)
			assert_within(f.ts, FRAME_TIME_MAX - FRAME_SECOND, FRAME_TIME_MAX);
		else
			assert_int_equal(f.ts, rows[i].ts);
		end_is(s, NULL);
		capfile_free(&m);
	}
}

/* A section may have another byte order, and numbers its interfaces anew. */
static void sections_begin_anew(void **state)
{
	(void)state;
	struct capfile m = {0};
	block_section(&m, false);
	block_interface(&m, 1, 262144);
	packet(&m, 0, 1, 0);
	block_section(&m, true);
	block_interface(&m, 101, 262144);
	packet(&m, 0, 2, 2);
	block_section(&m, false);
	packet(&m, 0, 3, 3);
	struct source *s = file_read(&m);
	frame_is(s, 0, UINT32_MAX, 1, 1000);
	frame_is(s, 2, UINT32_MAX, 101, 2000);
	end_is(s, "is damaged after 2 packets: a block of type 6 at byte ");
	capfile_free(&m);
}

/* A simple packet is of the first interface, cut to its snaplen, and as late as the packet before.
 */
static void simple_packets(void **state)
{
	(void)state;
	static const uint32_t snaplens[] = {7, 64, 0};
	for (size_t i = 0; i < 3; i++) {
		struct capfile m = {0};
		struct frame f = capfile_short_frame(3);
		uint32_t caplen = i == 0 ? 7 : 64;
		f.caplen = caplen;
		block_section(&m, i == 1);
		block_interface(&m, 101, snaplens[i]);
		block_interface(&m, 1, 262144);
		block_simple(&m, &f);
		packet(&m, 1, 5, 0);
		block_simple(&m, &f);
		struct source *s = file_read(&m);
		frame_is(s, 3, caplen, 101, 0);
		frame_is(s, 0, UINT32_MAX, 1, 5000);
		frame_is(s, 3, caplen, 101, 5000);
		end_is(s, NULL);
		capfile_free(&m);
	}
}

/* The obsolete packet block: the interface has 16 bits, before a count of drops. */
static void old_packets(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct capfile m = {0};
		struct frame f = capfile_short_frame(0);
		block_section(&m, big);
		block_interface(&m, 113, 262144);
		block_interface(&m, 1, 262144);
		size_t begin = block_begin(&m, BLOCKS_PACKET);
		capfile_put16(&m, 1);
		capfile_put16(&m, 0xffff);
		capfile_put32(&m, 1);
		capfile_put32(&m, 2);
		capfile_put32(&m, f.caplen);
		capfile_put32(&m, f.len);
		capfile_put(&m, f.data, f.caplen);
		block_option(&m, 0, NULL, 0);
		block_end(&m, begin);
		struct source *s = file_read(&m);
		frame_is(s, 0, UINT32_MAX, 1, 4294967298000);
		end_is(s, NULL);
		capfile_free(&m);
	}
}

static void statistics(struct capfile *m, uint32_t interface, uint64_t ifdrop, uint64_t osdrop)
{
	size_t begin = block_begin(m, BLOCKS_STATISTICS);
	capfile_put32(m, interface);
	capfile_put32(m, 0);
	capfile_put32(m, 0);
	block_option_number(m, 4, 1000, 8);
	block_option_number(m, 5, ifdrop, 8);
	block_option_number(m, 7, osdrop, 8);
	block_option(m, 0, NULL, 0);
	block_end(m, begin);
}

/* The counters of an interface go on from block to block; those of interfaces and sections add up.
 */
static void drops_are_counted(void **state)
{
	(void)state;
	struct capfile m = {0};
	block_section(&m, false);
	block_interface(&m, 1, 262144);
	block_interface(&m, 1, 262144);
	statistics(&m, 0, 1, 10);
	statistics(&m, 0, 2, 20);
	statistics(&m, 1, 3, 30);
	block_section(&m, true);
	block_interface(&m, 1, 262144);
	statistics(&m, 0, 5, 50);
	struct source *s = file_read(&m);
	struct frame f;
	struct error why = {0};
	assert_int_equal(source_read(s, &f, 1, &why), 0);
	struct source_counts counts = source_counts(s);
	assert_int_equal(counts.dropped, 100);
	assert_int_equal(counts.dropped_by_interface, 10);
	assert_int_equal(counts.filtered, 0);
	source_close(s);
	capfile_free(&m);
}

static void unknown_blocks_are_passed_over(void **state)
{
	(void)state;
	static const size_t lengths[] = {0, 4, 1000, 320 << 10, 1 << 20};
	struct capfile m = {0};
	block_section(&m, false);
	block_unknown(&m, 400000);
	block_interface(&m, 1, 262144);
	for (size_t i = 0; i < 5; i++) {
		block_unknown(&m, lengths[i]);
		packet(&m, 0, i, i % 2 ? 0 : 3);
	}
	struct source *s = file_read(&m);
	for (size_t i = 0; i < 5; i++)
		frame_is(s, i % 2 ? 0 : 3, UINT32_MAX, 1, (int64_t)i * 1000);
	end_is(s, NULL);
	/* Cut within the last, when nothing of it is left in the window. */
	m.n -= 112 + 4;
	s = file_read(&m);
	for (size_t i = 0; i < 4; i++)
		frame_is(s, i % 2 ? 0 : 3, UINT32_MAX, 1, (int64_t)i * 1000);
	end_is(s, "ends in the middle of a record after 4 packets");
	capfile_free(&m);
}

/* A block that is wrong, behind a section, an interface and a packet. */
struct wrong {
	uint32_t numbers[8];
	size_t n;
	const char *words;
};

static void damage(void **state)
{
	(void)state;
	static const struct wrong rows[] = {
		{{6, 12, 12}, 3, "a block of type 6 at byte 144 has an impossible length"},
		{{7, 8, 8}, 3, "has an impossible length"},
		{{6, 33, 0}, 3, "has an impossible length"},
		{{6, 0xfffffffc, 0}, 3, "is too long"},
		{{6, 32, 0, 0, 0, 0, 0, 36}, 8, "does not end with its length"},
		{{6, 32, 1, 0, 0, 0, 0, 32}, 8, "of an interface that was not described"},
		{{6, 32, 0, 0, 0, 4, 4, 32}, 8, "is shorter than its packet"},
		{{6, 32, 0, 0, 0, 0xffffffff, 4, 32}, 8, "is shorter than its packet"},
		{{3, 20, 8, 0, 20}, 5, "is shorter than its packet"},
		{{1, 24, 1, 0, 0x00080009, 24}, 6, "ends in the middle of an option"},
		{{1, 28, 1, 0, 0x00020009, 0, 28}, 7, "has an option of a wrong length"},
		{{10, 20, 0x544c534b, 1, 20}, 5, "is shorter than its key log"},
		{{10, 20, 0x544c534b, 0, 24}, 5, "does not end with its length"},
		{{0xbad, 16, 0, 20}, 4, "does not end with its length"},
		{{0x0a0d0d0a, 28, 0x1a2b3c4d, 2, 0, 0, 28}, 7, "has an unknown version"},
		{{0x0a0d0d0a, 28, 0x1a2b3c4e, 1, 0, 0, 28}, 7, "tells no byte order"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct capfile m = {0};
		block_section(&m, false);
		block_interface(&m, 1, 262144);
		packet(&m, 0, 1, 3);
		for (size_t j = 0; j < rows[i].n; j++)
			capfile_put32(&m, rows[i].numbers[j]);
		block_interface(&m, 1, 262144);
		struct source *s = file_read(&m);
		frame_is(s, 3, UINT32_MAX, 1, 1000);
		end_is(s, rows[i].words);
		capfile_free(&m);
	}
}

static void too_many_interfaces(void **state)
{
	(void)state;
	struct capfile m = {0};
	block_section(&m, false);
	for (int i = 0; i < 65537; i++)
		block_interface(&m, 1, 262144);
	end_is(file_read(&m), "describes one interface too many");
	m.n -= 20;
	end_is(file_read(&m), NULL);
	capfile_free(&m);
}

/* Minimal TCP to port 25: Ethernet, or bare IP from byte 14 on. */
static struct frame tcp(bool ethernet)
{
	static const uint8_t bytes[54] = {
		[12] = 8, [14] = 0x45, [17] = 40, [22] = 64, [23] = 6, [37] = 25, [46] = 0x50};
	return (struct frame){.data = bytes + (ethernet ? 0 : 14),
			      .caplen = ethernet ? 54 : 40,
			      .len = ethernet ? 54 : 40};
}

/* Interfaces 0: Ethernet, 1: bare IP, 2: not decoded. */
static struct capfile three_types(bool late)
{
	struct capfile m = {0};
	struct frame ethernet = tcp(true), bare = tcp(false);
	block_section(&m, false);
	block_interface(&m, 1, 262144);
	if (late)
		block_enhanced(&m, 0, 1, &ethernet);
	block_interface(&m, 101, 262144);
	block_interface(&m, 195, 262144);
	block_enhanced(&m, 1, 2, &bare);
	block_enhanced(&m, 2, 3, &bare);
	block_enhanced(&m, 0, 4, &ethernet);
	return m;
}

/* Frames of a link type that is not decoded are counted, whatever the filter. */
static void filter_for_each_type(void **state)
{
	(void)state;
	static const struct {
		const char *filter;
		int frames;
	} rows[] = {{"port 25", 3}, {"tcp port 80", 1}, {"", 3}};
	for (size_t i = 0; i < 3; i++)
		for (int late = 0; late < 2; late++) {
			struct capfile m = three_types(late);
			struct error why = {0};
			struct frame frames[8];
			bool usage;
			int n, count = 0, all = late ? 4 : 3;
			struct source *s = file_open(&m, rows[i].filter, &why, &usage);
			assert_non_null(s);
			while ((n = source_read(s, frames, 8, &why)) > 0)
				count += n;
			assert_int_equal(n, 0);
			assert_int_equal(count, rows[i].frames + (late && rows[i].frames == 3));
			assert_int_equal(source_counts(s).filtered, all - count);
			source_close(s);
			capfile_free(&m);
		}
}

/* Good for Ethernet, nonsense for bare IP. */
static void filter_compiles_not_for_all(void **state)
{
	(void)state;
	struct capfile m = three_types(false);
	struct error why = {0};
	struct frame frames[8];
	bool usage;
	assert_null(file_open(&m, "ether src 00:00:00:00:00:00", &why, &usage));
	assert_true(usage);
	capfile_words(why.text, "the filter \"ether src 00:00:00:00:00:00\" does not compile for ");
	capfile_free(&m);
	m = three_types(true);
	struct source *s = file_open(&m, "ether src 00:00:00:00:00:00", &why, &usage);
	assert_non_null(s);
	assert_int_equal(source_read(s, frames, 8, &why), 1);
	end_is(s, " does not compile for ");
	capfile_free(&m);
}

static void no_type_is_decoded(void **state)
{
	(void)state;
	struct capfile m = {0};
	struct error why = {0};
	bool usage;
	block_section(&m, false);
	block_interface(&m, 195, 0);
	block_interface(&m, 65000, 0);
	struct source *s = file_open(&m, NULL, &why, &usage);
	assert_non_null(s);
	end_is(s, " has link type 195 (IEEE802_15_4), which is not decoded");
	capfile_free(&m);
}

/* The first interface says nothing of those that follow, in its section or in the next. */
static void a_decoded_type_may_come_later(void **state)
{
	(void)state;
	for (int section = 0; section < 2; section++) {
		struct capfile m = {0};
		struct frame bare = tcp(false);
		block_section(&m, false);
		block_interface(&m, 195, 262144);
		block_enhanced(&m, 0, 1, &bare);
		if (section)
			block_section(&m, false);
		block_interface(&m, 101, 262144);
		block_enhanced(&m, section ? 0 : 1, 2, &bare);
		struct source *s = file_read(&m);
		struct error why;
		struct frame frames[8];
		int n, count = 0;
		while ((n = source_read(s, frames, 8, &why)) > 0)
			count += n;
		assert_int_equal(count, 2);
		end_is(s, NULL);
		capfile_free(&m);
	}
}

/* What an unknown interface lost is no reason to give up the packets. */
static void statistics_of_an_unknown_interface(void **state)
{
	(void)state;
	static const uint32_t numbers[] = {5, 24, 1, 0, 0, 24};
	struct capfile m = {0};
	block_section(&m, false);
	block_interface(&m, 1, 262144);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		capfile_put32(&m, numbers[i]);
	packet(&m, 0, 1, 3);
	struct source *s = file_read(&m);
	frame_is(s, 3, UINT32_MAX, 1, 1000);
	end_is(s, NULL);
	capfile_free(&m);
}

enum { TLSK = 0x544c534b, SSHK = 0x5353484b };

static struct capfile with_secrets(void)
{
	struct capfile m = {0};
	block_section(&m, false);
	block_secrets(&m, TLSK, "one line\n");
	block_interface(&m, 1, 262144);
	block_secrets(&m, SSHK, "not this\n");
	packet(&m, 0, 1, 3);
	block_unknown(&m, 0);
	block_section(&m, true);
	block_secrets(&m, TLSK, "two");
	block_interface(&m, 1, 262144);
	block_secrets(&m, TLSK, "");
	block_secrets(&m, TLSK, "three\nfour\n");
	packet(&m, 0, 2, 3);
	return m;
}

static const char said[] = "one line\n\ntwo\nthree\nfour\n\n";

/* Makes a file whose bytes come in pieces. The first one is as long as the least that a reader asks
 * for: of a longer piece the rest would be lost. */
static int pieces_open(const struct capfile *m, size_t piece)
{
	int ends[2], most = 4 << 20;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	assert_int_equal(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &most, sizeof most), 0);
	for (size_t at = 0, n = 24; at < m->n; at += n, n = piece) {
		if (n > m->n - at)
			n = m->n - at;
		assert_int_equal(send(ends[1], m->p + at, n, MSG_DONTWAIT), n);
	}
	close(ends[1]);
	return ends[0];
}

/* Whether a file is refused must not depend on how many interfaces came at once. */
static void types_however_they_come(void **state)
{
	(void)state;
	for (int other = 0; other < 2; other++) {
		struct capfile m = {0};
		block_section(&m, false);
		block_interface(&m, 195, 262144);
		block_interface(&m, other ? 101 : 65000, 262144);
		packet(&m, 1, 1, 3);
		block_section(&m, false);
		block_interface(&m, 195, 262144);
		for (size_t piece = 1; piece <= m.n; piece++) {
			char from[32];
			struct error why = {0};
			bool usage;
			int fd = pieces_open(&m, piece);
			snprintf(from, sizeof from, "/dev/fd/%d", fd);
			struct source *s = source_open(from, NULL, &why, &usage);
			assert_non_null(s);
			frame_is(s, 3, UINT32_MAX, other ? 101 : 65000, 1000);
			end_is(s, other ? NULL : " has link type 195 ");
			close(fd);
		}
		capfile_free(&m);
	}
}

static void secrets_however_they_come(void **state)
{
	(void)state;
	struct capfile m = with_secrets();
	for (size_t piece = 1; piece <= m.n; piece++) {
		char from[32], text[256];
		struct error why = {0};
		struct frame frames[8];
		bool usage;
		size_t n = 0;
		int fd = pieces_open(&m, piece), r, count = 0;
		snprintf(from, sizeof from, "/dev/fd/%d", fd);
		struct source *s = source_open(from, NULL, &why, &usage);
		assert_non_null(s);
		do {
			r = source_read(s, frames, 8, &why);
			struct bytes part = source_secrets(s);
			if (part.n > 0)
				memcpy(text + n, part.p, part.n);
			n += part.n;
			text[n] = '\0';
			count += r;
			/* What stands before a frame is there with it. */
			assert_int_equal(strncmp(text, "one line\n\n", 10), 0);
		} while (r > 0);
		assert_int_equal(r, 0);
		assert_int_equal(count, 2);
		assert_string_equal(text, said);
		source_close(s);
		close(fd);
	}
	capfile_free(&m);
}

/* Any bytes may be wrong, and the file may end anywhere. */
static void chance_damage(void **state)
{
	(void)state;
	struct dice dice = dice_new("chance_damage", 1);
	for (unsigned round = 0; round < 5000; round++) {
		struct capfile m = with_secrets();
		struct error why = {0};
		struct frame frames[8];
		bool usage;
		size_t whole = m.n, n = 0;
		for (unsigned i = dice_roll(&dice, 6); i > 0; i--)
			m.p[dice_roll(&dice, (uint32_t)m.n)] = (uint8_t)dice_roll(&dice, 256);
		m.n = dice_roll(&dice, (uint32_t)m.n + 1);
		struct source *s = file_open(&m, NULL, &why, &usage);
		while (s && source_read(s, frames, 8, &why) > 0)
			n += source_secrets(s).n;
		if (s)
			n += source_secrets(s).n;
		assert_true(n <= whole + 8);
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
		cmocka_unit_test(every_interface_is_its_own),
		cmocka_unit_test(units_of_time),
		cmocka_unit_test(sections_begin_anew),
		cmocka_unit_test(simple_packets),
		cmocka_unit_test(old_packets),
		cmocka_unit_test(drops_are_counted),
		cmocka_unit_test(unknown_blocks_are_passed_over),
		cmocka_unit_test(damage),
		cmocka_unit_test(too_many_interfaces),
		cmocka_unit_test(filter_for_each_type),
		cmocka_unit_test(filter_compiles_not_for_all),
		cmocka_unit_test(no_type_is_decoded),
		cmocka_unit_test(a_decoded_type_may_come_later),
		cmocka_unit_test(statistics_of_an_unknown_interface),
		cmocka_unit_test(types_however_they_come),
		cmocka_unit_test(secrets_however_they_come),
		cmocka_unit_test(chance_damage),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
