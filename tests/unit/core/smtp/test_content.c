/* test_content.c - where a message ends, whatever the cuts; and the Message-ID in its header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/smtp/content.h"
#include "lib/split.h"

/* clang-format off */
#define B(literal) {(const uint8_t *)(literal), sizeof(literal) - 1}
/* clang-format on */

/* Every end that was found: what kind, and how many bytes lay before and in it. */
struct ends {
	struct {
		enum content_end kind;
		size_t at;
	} row[4096];
	size_t n, fed;
	struct content content;
};

static void ends_add(struct ends *ends, enum content_end kind, size_t at)
{
	assert_true(ends->n < sizeof ends->row / sizeof *ends->row);
	ends->row[ends->n].kind = kind;
	ends->row[ends->n++].at = at;
}

static void scan_piece(void *arg, struct bytes in)
{
	struct ends *ends = arg;
	while (in.n > 0) {
		size_t used = 0;
		enum content_end kind = content_scan(&ends->content, in, &used);
		assert_true(used <= in.n);
		assert_true(kind != CONTENT_MORE || used == in.n);
		ends->fed += used;
		in = bytes_from(in, used);
		if (kind != CONTENT_MORE)
			ends_add(ends, kind, ends->fed);
	}
}

/* The definition: a line that is a dot alone, hard where CRLF stands before and behind it. The
 * beginning counts as a CRLF. */
static void scan_plainly(struct ends *ends, struct bytes in)
{
	uint8_t *text = malloc(in.n + 2);
	memcpy(text, "\r\n", 2);
	memcpy(text + 2, in.p, in.n);
	for (size_t i = 2; i < in.n + 2; i++) {
		bool cr = text[i - 1] == '\r';
		size_t dot = i - 1 - cr;
		if (text[i] != '\n' || dot < 2 || text[dot] != '.' || text[dot - 1] != '\n')
			continue;
		ends_add(ends, cr && text[dot - 2] == '\r' ? CONTENT_END : CONTENT_SOFT_END, i - 1);
	}
	free(text);
}

static void assert_every_split(struct bytes in, struct dice *dice)
{
	static struct ends want, got;
	want = (struct ends){0};
	scan_plainly(&want, in);
	for (enum split how = SPLIT_WHOLE; how < SPLITS; how++) {
		got = (struct ends){0};
		split_feed(in, how, dice, scan_piece, &got);
		assert_int_equal(got.fed, in.n);
		assert_int_equal(got.n, want.n);
		for (size_t i = 0; i < want.n; i++) {
			assert_int_equal(got.row[i].kind, want.row[i].kind);
			assert_int_equal(got.row[i].at, want.row[i].at);
		}
	}
}

/* The first end in a text, alone and behind a body long enough for the vectors. */
static void ends_by_definition(void **state)
{
	(void)state;
	static const struct {
		struct bytes in;
		enum content_end kind;
		size_t used;
	} rows[] = {
		{B(".\r\n"), CONTENT_END, 3},
		{B(".\n"), CONTENT_SOFT_END, 2},
		{B("hello\r\n.\r\n"), CONTENT_END, 10},
		{B("hello\r\n.\r\nQUIT\r\n"), CONTENT_END, 10},
		{B("hello\n.\n"), CONTENT_SOFT_END, 8},
		{B("hello\n.\r\n"), CONTENT_SOFT_END, 9},
		{B("hello\r\n.\n"), CONTENT_SOFT_END, 9},
		{B("\n.\r\n"), CONTENT_SOFT_END, 4},
		{B("\r\n.\r\n"), CONTENT_END, 5},
		{B("a\r\r\n.\r\n"), CONTENT_END, 7},
		{B("a\r\n\r.\r\n"), CONTENT_MORE, 7},
		{B("a\r.\r\n"), CONTENT_MORE, 5},
		{B("a\r.\r"), CONTENT_MORE, 4},
		{B("a\r\n.\r\r\n"), CONTENT_MORE, 7},
		{B("a\r\n..\r\n"), CONTENT_MORE, 7},
		{B("a\r\n. \r\n"), CONTENT_MORE, 7},
		{B("a\r\n.\0\r\n"), CONTENT_MORE, 7},
		{B("a\r\n..\r\n.\r\n"), CONTENT_END, 10},
		{B("a\r\n.b\r\n.\r\n"), CONTENT_END, 10},
		{B("a\r\n221 closing\r\nQUIT\r\n.\r\n"), CONTENT_END, 25},
		{B("a.\r\n"), CONTENT_MORE, 4},
		{B("\xff\0\r\n.\r\n"), CONTENT_END, 7},
		{B("..\r\n"), CONTENT_MORE, 4},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (size_t before = 0; before < 450; before++) {
			uint8_t text[512];
			memset(text, 'x', sizeof text);
			if (before >= 2)
				memcpy(text + before - 2, "\r\n", 2);
			memcpy(text + before, rows[i].in.p, rows[i].in.n);
			if (before == 1)
				continue; /* no room for the line end that the rows take for granted
					   */
			struct content c = {0};
			size_t used;
			assert_int_equal(
				content_scan(&c, bytes_of(text, before + rows[i].in.n), &used),
				rows[i].kind);
			assert_int_equal(used, before + rows[i].used);
		}
	}
}

static void splitting_changes_nothing(void **state)
{
	(void)state;
	struct dice dice = dice_new("splitting_changes_nothing", 1);
	static const char *const alphabets[] = {
		"\r\n.", "\r\n.a",
		"\r\n.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"\n."};
	for (unsigned round = 0; round < 3000; round++) {
		size_t n = 1 + dice_roll(&dice, round % 20 ? 300 : 3000);
		uint8_t *in = malloc(n);
		split_babble(&dice, alphabets[round % 4], in, n);
		assert_every_split(bytes_of(in, n), &dice);
		free(in);
	}
}

/* Every text of up to eight bytes out of the four kinds of bytes. */
static void every_short_text(void **state)
{
	(void)state;
	struct dice dice = dice_new("every_short_text", 2);
	for (size_t n = 1; n <= 8; n++) {
		for (unsigned code = 0; code < 1u << (2 * n); code++) {
			uint8_t in[8];
			for (size_t i = 0; i < n; i++)
				in[i] = (uint8_t) "\r\n.a"[code >> (2 * i) & 3];
			assert_every_split(bytes_of(in, n), &dice);
		}
	}
}

static void after_a_gap_no_line_begins(void **state)
{
	(void)state;
	static const struct {
		struct bytes before, after;
		enum content_end kind;
	} rows[] = {
		{B("a\r\n"), B(".\r\n"), CONTENT_MORE}, {B("a\r\n."), B("\r\n"), CONTENT_MORE},
		{B("a\r\n.\r"), B("\n"), CONTENT_MORE}, {B("a\r"), B("\n.\r\n"), CONTENT_SOFT_END},
		{B("a"), B("\r\n.\r\n"), CONTENT_END},  {B(""), B(".\r\n"), CONTENT_MORE},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct content c = {0};
		size_t used;
		assert_int_equal(content_scan(&c, rows[i].before, &used), CONTENT_MORE);
		content_gap(&c);
		assert_int_equal(content_scan(&c, rows[i].after, &used), rows[i].kind);
	}
}

static void header_piece(void *arg, struct bytes in)
{
	message_header_scan(arg, in);
}

static void the_message_id(void **state)
{
	(void)state;
	static const struct {
		struct bytes in, id;
		bool done;
	} rows[] = {
		{B("Message-ID: <a@b>\r\n"), B("a@b"), true},
		{B("message-id:<a@b>"), B("a@b"), true},
		{B("MESSAGE-ID \t : <a@b>"), B("a@b"), true},
		{B("Subject: x\r\nMessage-Id: <a@b>\r\n\r\n"), B("a@b"), true},
		{B("Subject: x\nMessage-Id: <a@b>\n"), B("a@b"), true},
		{B("Subject: <Message-ID: <no>\r\n Message-ID: <no>\r\nMessage-ID: <yes>"),
		 B("yes"), true},
		{B("Message-ID:\r\n <folded@b>\r\n"), B("folded@b"), true},
		{B("Message-ID:\r\n\t\r\n <folded@b>\r\n"), B("folded@b"), true},
		{B("Message-ID: <fol\r\n  ded@b>\r\n"), B("folded@b"), true},
		{B("Message-ID: <open@b\r\nSubject: x\r\n"), B("open@b"), true},
		{B("Message-ID: bare@b\r\n"), B("bare@b"), true},
		{B("Message-ID: bare@b (comment)\r\n"), B("bare@b"), true},
		{B("Message-ID: bare"), B("bare"), false},
		{B("Message-ID: <>\r\n"), B(""), true},
		{B("Message-ID:\r\nMessage-ID: <second>\r\n"), B("second"), true},
		{B("Message-ID:\r\n\r\n<body>\r\n"), B(""), true},
		{B("Message-ID\r\n: <a@b>\r\n"), B(""), false},
		{B("Message-IDs: <a@b>\r\n"), B(""), false},
		{B("Message-I\r\nMessage-ID: <a@b>\r\n"), B("a@b"), true},
		{B("XMessage-ID: <a@b>\r\n"), B(""), false},
		{B("Resent-Message-ID: <a@b>\r\n"), B(""), false},
		{B("Subject: x\r\n\r\nMessage-ID: <body>\r\n"), B(""), true},
		{B("Subject: x\n\nMessage-ID: <body>\n"), B(""), true},
		{B("\r\nMessage-ID: <body>\r\n"), B(""), true},
		{B("\rMessage-ID: <a@b>\r\n"), B(""), false},
		{B("Message-ID: <\0\xff>\r\n"), B("\0\xff"), true},
		{B("..\r\nMessage-ID: <a@b>\r\n"), B("a@b"), true},
		{B(""), B(""), false},
	};
	struct dice dice = dice_new("the_message_id", 3);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (enum split how = SPLIT_WHOLE; how < SPLITS; how++) {
			struct message_header h = {0};
			split_feed(rows[i].in, how, &dice, header_piece, &h);
			assert_true(bytes_equal(bytes_of(h.id, h.n), rows[i].id));
			assert_int_equal(h.done, rows[i].done);
		}
	}
}

static void a_long_id_is_cut(void **state)
{
	(void)state;
	struct dice dice = dice_new("a_long_id_is_cut", 4);
	char in[400] = "Message-ID: <";
	memset(in + strlen(in), 'i', sizeof in - 100);
	for (enum split how = SPLIT_WHOLE; how < SPLITS; how++) {
		struct message_header h = {0};
		split_feed(bytes_str(in), how, &dice, header_piece, &h);
		assert_int_equal(h.n, MESSAGE_ID_MAX);
		assert_true(h.done);
		for (size_t i = 0; i < MESSAGE_ID_MAX; i++)
			assert_int_equal(h.id[i], 'i');
	}
}

/* Only the first 65,535 bytes are looked at. */
static void the_search_is_given_up(void **state)
{
	(void)state;
	struct dice dice = dice_new("the_search_is_given_up", 5);
	static const char field[] = "\nMessage-ID: <abc>";
	for (size_t over = 0; over < 4; over++) {
		size_t n = UINT16_MAX - 1 + over; /* the first bytes to be passed over are '>' and
						     then letters of the id */
		uint8_t *in = malloc(n + 100);
		memset(in, 'x', n + 100);
		memcpy(in + n - strlen(field), field, strlen(field));
		for (enum split how = SPLIT_WHOLE; how < SPLITS; how++) {
			struct message_header h = {0};
			split_feed(bytes_of(in, n + 100), how, &dice, header_piece, &h);
			assert_true(h.done);
			assert_int_equal(h.n, over < 3 ? 3 : 2);
			assert_int_equal(h.scanned, over < 2 ? n : UINT16_MAX);
		}
		free(in);
	}
}

static void cut_headers_are_the_same(void **state)
{
	(void)state;
	struct dice dice = dice_new("cut_headers_are_the_same", 6);
	static const char *const words[] = {"\r\n", "\n", "\r", "Message-ID",   ":", " ", "<", ">",
					    "a",    "m",  "\t", "Message-ID: <"};
	for (unsigned round = 0; round < 5000; round++) {
		char in[300] = "";
		for (unsigned i = 1 + dice_roll(&dice, 20); i > 0; i--)
			strcat(in, words[dice_roll(&dice, sizeof words / sizeof *words)]);
		struct message_header want = {0};
		message_header_scan(&want, bytes_str(in));
		for (enum split how = SPLIT_BYTES; how < SPLITS; how++) {
			struct message_header got = {0};
			split_feed(bytes_str(in), how, &dice, header_piece, &got);
			assert_memory_equal(&got, &want, sizeof want);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_by_definition),
		cmocka_unit_test(splitting_changes_nothing),
		cmocka_unit_test(every_short_text),
		cmocka_unit_test(after_a_gap_no_line_begins),
		cmocka_unit_test(the_message_id),
		cmocka_unit_test(a_long_id_is_cut),
		cmocka_unit_test(the_search_is_given_up),
		cmocka_unit_test(cut_headers_are_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
