/* test_grammar.c - single lines of SMTP, row by row; and what no line may do to the readers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/split.h"
#include "smtpwatch/smtp.h"

/* clang-format off */
#define B(literal) {(const uint8_t *)(literal), sizeof(literal) - 1}
/* clang-format on */
#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* Says which row it was. */
static void assert_text(struct bytes got, struct bytes want, struct bytes row)
{
	if (!bytes_equal(got, want))
		fail_msg("\"%.*s\": got \"%.*s\", want \"%.*s\"", (int)row.n, (const char *)row.p,
			 (int)got.n, (const char *)got.p, (int)want.n, (const char *)want.p);
}

static void assert_number(uint64_t got, uint64_t want, struct bytes row)
{
	if (got != want)
		fail_msg("\"%.*s\": got %llu, want %llu", (int)row.n, (const char *)row.p,
			 (unsigned long long)got, (unsigned long long)want);
}

static void commands(void **state)
{
	(void)state;
	static const struct {
		struct bytes line;
		enum smtp_verb verb;
		struct bytes args;
	} rows[] = {
		{B("EHLO out.example.org"), SMTP_EHLO, B("out.example.org")},
		{B("ehlo\tout.example.org \t"), SMTP_EHLO, B("out.example.org")},
		{B("MAIL FROM:<a@b> SIZE=1"), SMTP_MAIL, B("FROM:<a@b> SIZE=1")},
		{B("mail from <a@b>"), SMTP_MAIL, B("from <a@b>")},
		{B("MAIL"), SMTP_MAIL, B("")},
		{B("RCPT TO:<a@b>"), SMTP_RCPT, B("TO:<a@b>")},
		{B("Data"), SMTP_DATA, B("")},
		{B("DATA\r"), SMTP_DATA, B("")},
		{B("  DATA"), SMTP_DATA, B("")},
		{B("BDAT 10 LAST"), SMTP_BDAT, B("10 LAST")},
		{B("QUIT now"), SMTP_QUIT, B("now")},
		{B("qUiT"), SMTP_QUIT, B("")},
		{B("StartTLS"), SMTP_STARTTLS, B("")},
		{B("XFORWARD NAME=x"), SMTP_XFORWARD, B("NAME=x")},
		{B("DATAX"), SMTP_UNKNOWN, B("DATAX")},
		{B("STARTTL"), SMTP_UNKNOWN, B("STARTTL")},
		{B("STARTTLSX"), SMTP_UNKNOWN, B("STARTTLSX")},
		{B("QUI"), SMTP_UNKNOWN, B("QUI")},
		{B("QUIT\0"), SMTP_UNKNOWN, B("QUIT\0")},
		{B(""), SMTP_UNKNOWN, B("")},
		{B(" "), SMTP_UNKNOWN, B(" ")},
		{B("XXXX out.example.org"), SMTP_UNKNOWN, B("XXXX out.example.org")},
		{B("connect"), SMTP_NOT_SMTP, B("connect")},
		{B("end of message"), SMTP_UNKNOWN, B("end of message")},
		{B("AUTH answer"), SMTP_AUTH, B("answer")},
		{B("not SMTP"), SMTP_UNKNOWN, B("not SMTP")},
		/* 0xdf folds 0x35 to 0x15 and '-' to CR: neither may become a letter */
		{B("\x6d\x41\x49\x0c"), SMTP_UNKNOWN, B("\x6d\x41\x49\x0c")},
		{B("\xed\x61\x69\x6c x"), SMTP_UNKNOWN, B("\xed\x61\x69\x6c x")},
		{B("GET / HTTP/1.1"), SMTP_NOT_SMTP, B("GET / HTTP/1.1")},
		{B("get /"), SMTP_NOT_SMTP, B("get /")},
		{B("GETTING"), SMTP_UNKNOWN, B("GETTING")},
		{B("POST /x HTTP/1.0"), SMTP_NOT_SMTP, B("POST /x HTTP/1.0")},
		{B("CONNECT mx:25 HTTP/1.0"), SMTP_NOT_SMTP, B("CONNECT mx:25 HTTP/1.0")},
		{B("PRI * HTTP/2.0"), SMTP_NOT_SMTP, B("PRI * HTTP/2.0")},
		{B("INVITE sip:x SIP/2.0"), SMTP_NOT_SMTP, B("INVITE sip:x SIP/2.0")},
		{B("HTTP/1.1 200 OK"), SMTP_NOT_SMTP, B("HTTP/1.1 200 OK")},
		{B("SSH-2.0-x"), SMTP_NOT_SMTP, B("SSH-2.0-x")},
		{B("PROXY TCP4 192.0.2.1 192.0.2.2 1 25"), SMTP_NOT_SMTP,
		 B("PROXY TCP4 192.0.2.1 192.0.2.2 1 25")},
		{B("\x16\x03\x01\x02"), SMTP_NOT_SMTP, B("\x16\x03\x01\x02")},
		{B("\x16\x02\x01\x02"), SMTP_UNKNOWN, B("\x16\x02\x01\x02")},
		{B("Host: mx"), SMTP_NOT_SMTP, B("Host: mx")},
		{B("User-Agent : x"), SMTP_NOT_SMTP, B("User-Agent : x")},
		{B("From:"), SMTP_NOT_SMTP, B("From:")},
		{B(": x"), SMTP_UNKNOWN, B(": x")},
		{B("two words: x"), SMTP_UNKNOWN, B("two words: x")},
		{B("H\xf6st: x"), SMTP_UNKNOWN, B("H\xf6st: x")},
		{B("\0\xff\0"), SMTP_UNKNOWN, B("\0\xff\0")},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct smtp_command got = smtp_command_read(rows[i].line);
		assert_number(got.verb, rows[i].verb, rows[i].line);
		assert_text(got.args, rows[i].args, rows[i].line);
	}
}

/* Each verb that is typed is read back from its name, in any case, alone and with something behind
 * it. */
static void verbs_are_read_back(void **state)
{
	(void)state;
	for (unsigned v = SMTP_EHLO; v <= SMTP_QUIT; v++) {
		char line[40];
		for (unsigned lower = 0; lower < 2; lower++) {
			snprintf(line, sizeof line, "%s", smtp_verb_name(v));
			for (char *c = line; *c; c++)
				*c = (char)(lower ? *c | 0x20 : *c);
			assert_int_equal(smtp_command_read(bytes_str(line)).verb, v);
			strcat(line, " x");
			assert_int_equal(smtp_command_read(bytes_str(line)).verb, v);
			line[strlen(line) - 2] = '_';
			assert_int_equal(smtp_command_read(bytes_str(line)).verb, SMTP_UNKNOWN);
		}
	}
	for (unsigned v = 0; v < SMTP_VERBS; v++)
		assert_true(smtp_verb_name(v)[0] != '\0');
}

static void replies(void **state)
{
	(void)state;
	static const struct {
		struct bytes line;
		uint16_t code;
		bool more;
		struct smtp_enhanced enhanced;
		struct bytes text;
	} rows[] = {
		{B("220 mx.example.net ESMTP"), 220, false, {0}, B("mx.example.net ESMTP")},
		{B("250"), 250, false, {0}, B("")},
		{B("250 "), 250, false, {0}, B("")},
		{B("250-PIPELINING"), 250, true, {0}, B("PIPELINING")},
		{B("250-"), 250, true, {0}, B("")},
		{B("250- SIZE 1"), 250, true, {0}, B("SIZE 1")},
		{B("250\r"), 250, false, {0}, B("")},
		{B("250 2.1.0 Ok"), 250, false, {2, 1, 0}, B("Ok")},
		{B("250 2.0.0"), 250, false, {2, 0, 0}, B("")},
		{B("550-5.7.1 no"), 550, true, {5, 7, 1}, B("no")},
		{B("421 4.3.2 bye"), 421, false, {4, 3, 2}, B("bye")},
		{B("550 5.999.999 x"), 550, false, {5, 999, 999}, B("x")},
		{B("550 5.1000.1 x"), 550, false, {0}, B("5.1000.1 x")},
		{B("550 5.1.1000 x"), 550, false, {0}, B("5.1.1000 x")},
		{B("550 4.7.1 x"), 550, false, {0}, B("4.7.1 x")},
		{B("221 4.4.1 Connection timed out"),
		 221,
		 false,
		 {4, 4, 1},
		 B("Connection timed out")},
		{B("421-2.0.0 x"), 421, true, {2, 0, 0}, B("x")},
		{B("221 3.4.2 x"), 221, false, {0}, B("3.4.2 x")},
		{B("250 4.4.1 x"), 250, false, {0}, B("4.4.1 x")},
		{B("451 2.0.0 x"), 451, false, {0}, B("2.0.0 x")},
		{B("550 5.7.1: x"), 550, false, {0}, B("5.7.1: x")},
		{B("550 5.7 x"), 550, false, {0}, B("5.7 x")},
		{B("550 5.7. x"), 550, false, {0}, B("5.7. x")},
		{B("550 5..1 x"), 550, false, {0}, B("5..1 x")},
		{B("550 5.7.1.2 x"), 550, false, {0}, B("5.7.1.2 x")},
		{B("550 05.7.1 x"), 550, false, {5, 7, 1}, B("x")},
		{B("354 3.0.0 go"), 354, false, {0}, B("3.0.0 go")},
		{B("221 2.0.0 closing"), 221, false, {2, 0, 0}, B("closing")},
		{B("599 x"), 599, false, {0}, B("x")},
		{B("120 wait"), 0, false, {0}, B("120 wait")},
		{B("620 x"), 0, false, {0}, B("620 x")},
		{B("25 x"), 0, false, {0}, B("25 x")},
		{B("2500 x"), 0, false, {0}, B("2500 x")},
		{B("250x"), 0, false, {0}, B("250x")},
		{B("250\0"), 0, false, {0}, B("250\0")},
		{B(" 250 x"), 0, false, {0}, B(" 250 x")},
		{B("******"), 0, false, {0}, B("******")},
		{B("2"), 0, false, {0}, B("2")},
		{B(""), 0, false, {0}, B("")},
		{B("\xff\xfe\xfd"), 0, false, {0}, B("\xff\xfe\xfd")},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct smtp_reply got = smtp_reply_read(rows[i].line);
		assert_number(got.code, rows[i].code, rows[i].line);
		assert_number(got.more, rows[i].more, rows[i].line);
		assert_number(got.enhanced.class, rows[i].enhanced.class, rows[i].line);
		assert_number(got.enhanced.subject, rows[i].enhanced.subject, rows[i].line);
		assert_number(got.enhanced.detail, rows[i].enhanced.detail, rows[i].line);
		assert_text(got.text, rows[i].text, rows[i].line);
	}
}

static void paths(void **state)
{
	(void)state;
	static const struct {
		struct bytes args;
		bool ok;
		struct bytes address, params;
	} rows[] = {
		{B("FROM:<a@b>"), true, B("a@b"), B("")},
		{B("TO:<a@b> NOTIFY=NEVER ORCPT=rfc822;a@b"), true, B("a@b"),
		 B("NOTIFY=NEVER ORCPT=rfc822;a@b")},
		{B("from:<>"), true, B(""), B("")},
		{B("FROM:<> BODY=8BITMIME"), true, B(""), B("BODY=8BITMIME")},
		{B("FROM: <a@b> "), true, B("a@b"), B("")},
		{B("FROM : <a@b>"), true, B("a@b"), B("")},
		{B("FROM <a@b>"), true, B("a@b"), B("")},
		{B("FROM<a@b>SIZE=1"), true, B("a@b"), B("SIZE=1")},
		{B("<a@b>"), true, B("a@b"), B("")},
		{B("FROM:a@b SIZE=1"), true, B("a@b"), B("SIZE=1")},
		{B("FROM: a@b"), true, B("a@b"), B("")},
		{B("FROM a@b"), true, B("a@b"), B("")},
		{B("from@example.org"), true, B("from@example.org"), B("")},
		{B("tom@example.org"), true, B("tom@example.org"), B("")},
		{B("TO:tom@example.org"), true, B("tom@example.org"), B("")},
		{B("FROM:< a@b >"), true, B("a@b"), B("")},
		{B("FROM:<@r1,@r2:a@b> X=1"), true, B("a@b"), B("X=1")},
		{B("FROM:<@r1>"), true, B("@r1"), B("")},
		{B("FROM:<\"a>b\"@c> X"), true, B("\"a>b\"@c"), B("X")},
		{B("FROM:<\"a\\\">b\"@c>"), true, B("\"a\\\">b\"@c"), B("")},
		{B("FROM:<\"a b\"@c>"), true, B("\"a b\"@c"), B("")},
		{B("FROM:\"a b\"@c X"), true, B("\"a b\"@c"), B("X")},
		{B("FROM:<\"a@b> X"), true, B("\"a@b"), B("X")},
		{B("FROM:<a@b X=1"), true, B("a@b"), B("X=1")},
		{B("FROM:<a@[IPv6:::1]>"), true, B("a@[IPv6:::1]"), B("")},
		{B("FROM:<\xff\0>"), true, B("\xff\0"), B("")},
		{B("FROM:<"), false, B(""), B("")},
		{B("FROM:"), false, B(""), B("")},
		{B("FROM"), false, B(""), B("")},
		{B(""), false, B(""), B("")},
		{B("  "), false, B(""), B("")},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct smtp_path got = smtp_path_read(rows[i].args);
		assert_number(got.ok, rows[i].ok, rows[i].args);
		assert_text(got.address, rows[i].address, rows[i].args);
		assert_text(got.params, rows[i].params, rows[i].args);
	}
}

static void params(void **state)
{
	(void)state;
	static const struct {
		struct bytes params;
		const char *name;
		bool there;
		struct bytes value;
	} rows[] = {
		{B("SIZE=100"), "SIZE", true, B("100")},
		{B("BODY=8BITMIME size=100 SMTPUTF8"), "SIZE", true, B("100")},
		{B("BODY=8BITMIME\tSMTPUTF8"), "SMTPUTF8", true, B("")},
		{B("SIZE="), "SIZE", true, B("")},
		{B("X=a=b"), "X", true, B("a=b")},
		{B("XSIZE=1 SIZES=2"), "SIZE", false, B("")},
		{B("SIZ"), "SIZE", false, B("")},
		{B("=1"), "SIZE", false, B("")},
		{B(""), "SIZE", false, B("")},
		{B("SIZE=1 SIZE=2"), "SIZE", true, B("1")},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bytes value = {0};
		assert_number(smtp_param(rows[i].params, rows[i].name, &value), rows[i].there,
			      rows[i].params);
		assert_text(value, rows[i].value, rows[i].params);
	}
}

static void numbers(void **state)
{
	(void)state;
	static const struct {
		struct bytes text;
		bool ok;
		uint64_t value;
	} rows[] = {
		{B("0"), true, 0},
		{B("0007"), true, 7},
		{B("18446744073709551615"), true, UINT64_MAX},
		{B("18446744073709551616"), false, 0},
		{B("99999999999999999999999"), false, 0},
		{B(""), false, 0},
		{B("-1"), false, 0},
		{B("+1"), false, 0},
		{B(" 1"), false, 0},
		{B("1 "), false, 0},
		{B("1x"), false, 0},
		{B("\xb1"), false, 0},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t value = 0;
		bool ok = smtp_number(rows[i].text, &value);
		assert_number(ok, rows[i].ok, rows[i].text);
		if (ok)
			assert_number(value, rows[i].value, rows[i].text);
	}
}

static void chunks(void **state)
{
	(void)state;
	static const struct {
		struct bytes args;
		bool ok;
		uint64_t size;
		bool last;
	} rows[] = {
		{B("100"), true, 100, false},
		{B("100 LAST"), true, 100, true},
		{B(" 0\tlast "), true, 0, true},
		{B("100 FIRST"), false, 0, false},
		{B("100 LAST x"), false, 0, false},
		{B("LAST"), false, 0, false},
		{B("100LAST"), false, 0, false},
		{B("-1"), false, 0, false},
		{B("99999999999999999999"), false, 0, false},
		{B(""), false, 0, false},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t size;
		bool last, ok = smtp_bdat_read(rows[i].args, &size, &last);
		assert_number(ok, rows[i].ok, rows[i].args);
		if (!ok)
			continue;
		assert_number(size, rows[i].size, rows[i].args);
		assert_number(last, rows[i].last, rows[i].args);
	}
}

static void extensions(void **state)
{
	(void)state;
	static const struct {
		struct bytes text;
		uint32_t mask;
		uint64_t size;
	} rows[] = {
		{B("PIPELINING"), SMTP_EXT_PIPELINING, 0},
		{B("pipelining"), SMTP_EXT_PIPELINING, 0},
		{B("SIZE 52428800"), SMTP_EXT_SIZE, 52428800},
		{B("SIZE"), SMTP_EXT_SIZE, 0},
		{B("SIZE many"), SMTP_EXT_SIZE, 0},
		{B("SIZE=100"), SMTP_EXT_SIZE, 0},
		{B("AUTH PLAIN LOGIN"), SMTP_EXT_AUTH, 0},
		{B("AUTH=LOGIN"), SMTP_EXT_AUTH, 0},
		{B("LIMITS RCPTMAX=20"), SMTP_EXT_LIMITS, 0},
		{B("XCLIENT NAME ADDR"), SMTP_EXT_XCLIENT, 0},
		{B("XFORWARD NAME"), SMTP_EXT_XFORWARD, 0},
		{B("XXXX"), SMTP_EXT_MASKED, 0},
		{B("XXXXXXXA"), SMTP_EXT_MASKED, 0},
		{B("XXXXXXXXXXXX 100"), SMTP_EXT_MASKED, 0},
		{B("XXX"), 0, 0},
		{B("xxxxxx"), SMTP_EXT_MASKED, 0},
		{B("SIZES 1"), 0, 0},
		{B("mx.example.net at your service"), 0, 0},
		{B(""), 0, 0},
		{B("\0SIZE\xff"), 0, 0},
		{B("DSN\0"), 0, 0},
		{B("dsn=1"), SMTP_EXT_DSN, 0},
		{B("\x18"
		   "BITMIME"),
		 0, 0}, /* the digit and this byte differ in the bit that makes small letters */
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_number(smtp_extension_read(rows[i].text), rows[i].mask, rows[i].text);
		if (rows[i].mask == SMTP_EXT_SIZE)
			assert_number(smtp_extension_size(rows[i].text), rows[i].size,
				      rows[i].text);
	}
	for (unsigned bit = 0; bit < SMTP_EXTENSIONS; bit++)
		assert_int_equal(smtp_extension_read(bytes_str(smtp_extension_name(bit))),
				 UINT32_C(1) << bit);
}

static bool inside(struct bytes part, struct bytes whole)
{
	return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void read_everything(void *arg, struct bytes line)
{
	(void)arg;
	struct smtp_command command = smtp_command_read(line);
	struct smtp_reply reply = smtp_reply_read(line);
	struct smtp_path path = smtp_path_read(line);
	struct bytes value = {0};
	uint64_t size;
	bool last;
	assert_true(command.verb >= SMTP_EHLO && command.verb < SMTP_VERBS);
	assert_true(inside(command.args, line));
	assert_true(reply.code == 0 || (reply.code >= 200 && reply.code <= 599));
	assert_true(inside(reply.text, line));
	assert_true(inside(path.address, line) && inside(path.params, line));
	if (smtp_param(line, "SIZE", &value))
		assert_true(inside(value, line));
	if (smtp_bdat_read(line, &size, &last))
		assert_true(line.n > 0);
	smtp_extension_size(line);
	assert_true(smtp_extension_read(line) < UINT32_C(1) << SMTP_EXTENSIONS);
}

/* Words that begin something, in any order: nobody may read beyond the line, nor hand out what is
 * outside it. */
static void no_line_does_harm(void **state)
{
	(void)state;
	struct dice dice = dice_new("no_line_does_harm", 1);
	static const struct bytes words[] = {
		B("MAIL"),     B("FROM"),        B("RCPT TO:"), B("<"),     B(">"),  B("\""),
		B("\\"),       B("@"),           B(":"),        B(","),     B(" "),  B("\t"),
		B("\r"),       B("250"),         B("-"),        B("5.7.1"), B("."),  B("SIZE"),
		B("="),        B("99999999999"), B("XXXX"),     B("LAST"),  B("\0"), B("\xff"),
		B("\x16\x03"), B("HTTP/"),       B("BDAT"),     B("QUI"),   B("T")};
	for (unsigned round = 0; round < 100000; round++) {
		uint8_t line[256];
		size_t n = 0;
		for (unsigned i = 1 + dice_roll(&dice, 8); i > 0; i--) {
			struct bytes word = words[dice_roll(&dice, COUNT(words))];
			memcpy(line + n, word.p, word.n);
			n += word.n;
		}
		split_feed(bytes_of(line, n), SPLIT_WHOLE, &dice, read_everything, NULL);
	}
	read_everything(NULL, bytes_of(NULL, 0));
	uint8_t *huge = malloc(1 << 16);
	for (unsigned c = 0; c < 256; c++) {
		memset(huge, (int)c, 1 << 16);
		read_everything(NULL, bytes_of(huge, 1 << 16));
	}
	free(huge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(verbs_are_read_back),
		cmocka_unit_test(replies),
		cmocka_unit_test(paths),
		cmocka_unit_test(params),
		cmocka_unit_test(numbers),
		cmocka_unit_test(chunks),
		cmocka_unit_test(extensions),
		cmocka_unit_test(no_line_does_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
