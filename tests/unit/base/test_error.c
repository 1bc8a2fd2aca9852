/* test_error.c - the text of an error, where it is cut, and the lines of the log. */
#include "base/error.h"

#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void a_text_is_set_and_appended_to(void **state)
{
	struct error e;
	(void)state;
	assert_false(error_set(&e, "%s %d", "ports", 25));
	assert_string_equal(e.text, "ports 25");
	assert_false(error_append(&e, ", %d", 587));
	assert_string_equal(e.text, "ports 25, 587");
	assert_false(error_set(&e, "x.pcap has %s", e.text));
	assert_string_equal(e.text, "x.pcap has ports 25, 587");
	assert_false(error_append(&e, "; %s", e.text));
	assert_string_equal(e.text, "x.pcap has ports 25, 587; x.pcap has ports 25, 587");
	assert_false(error_set(NULL, "%d", 1));
	assert_false(error_append(NULL, "%d", 1));
}

/* A character of 1 to 4 bytes begins so many bytes before the end. */
static void a_long_text_is_cut_before_a_character(void **state)
{
	static const char *const characters[] = {"x", "\u00e4", "\u20ac", "\U0001f600"};
	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (size_t at = ERROR_MAX - 8; at < ERROR_MAX; at++) {
			size_t n = strlen(characters[i]), whole = at + n;
			struct error set, appended;
			char text[ERROR_MAX + 8];
			memset(text, 'a', at);
			memcpy(text + at, characters[i], n + 1);
			error_set(&set, "%s%s", text, whole < ERROR_MAX ? "" : "aaaa");
			text[whole < ERROR_MAX ? whole : at] = '\0';
			assert_string_equal(set.text, text);
			error_set(&appended, "%.*s", (int)at - 9, text);
			error_append(&appended, "aaaaaaaaa%s", characters[i]);
			assert_string_equal(appended.text, text);
		}
}

/* An end of characters in Latin 1 is none in UTF-8, and stays. */
static void bytes_that_are_no_utf8_stay(void **state)
{
	struct error e;
	char text[ERROR_MAX + 1];
	(void)state;
	memset(text, '\x80', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	error_set(&e, "%s", text);
	assert_int_equal(strlen(e.text), ERROR_MAX - 1);
	assert_memory_equal(e.text, text, ERROR_MAX - 1);
}

/* Each write to the socket becomes a packet: processes share standard error, and no line of theirs
 * stands within another. */
static void a_line_is_one_write(void **state)
{
	int ends[2], before = dup(STDERR_FILENO);
	bool usage = false;
	char got[2][64] = {""};
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	dup2(ends[1], STDERR_FILENO);
	log_line("%s has %d mistakes", "line 3", 2);
	bool result = log_fail(&usage, "no %s", "memory");
	fflush(stderr);
	dup2(before, STDERR_FILENO);
	for (size_t i = 0; i < 2; i++)
		assert_true(recv(ends[0], got[i], sizeof got[i] - 1, MSG_DONTWAIT) > 0);
	assert_string_equal(got[0], "smtpwatch: line 3 has 2 mistakes\n");
	assert_string_equal(got[1], "smtpwatch: no memory\n");
	assert_true(usage);
	assert_false(result);
	close(ends[0]);
	close(ends[1]);
	close(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_set_and_appended_to),
		cmocka_unit_test(a_long_text_is_cut_before_a_character),
		cmocka_unit_test(bytes_that_are_no_utf8_stay),
		cmocka_unit_test(a_line_is_one_write),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
