/* test_reason.c - the sentence beside a verdict says what was measured, and no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smtpwatch/verdict.h"

static const struct row {
	enum verdict verdict;
	struct ending e;
	const char *says;
} rows[] = {
	{VERDICT_UNKNOWN,
	 {.unsure = UNSURE_CLIENT_GAP, .unsure_bytes = 9},
	 "a gap of 9 client bytes: what they said is not known"},
	{VERDICT_UNKNOWN,
	 {.unsure = UNSURE_CLIENT_GAP},
	 "which reply answers which command is not known"},
	{VERDICT_UNKNOWN, {.unsure = UNSURE_ONE_WAY}, "only one direction was captured"},
	{VERDICT_UNKNOWN,
	 {.unsure = UNSURE_HANDSHAKE},
	 "a SYN was captured, and not the whole handshake"},
	{VERDICT_UNKNOWN,
	 {.unsure = UNSURE_MIDSTREAM},
	 "the capture began in the middle of the session"},
	{VERDICT_UNKNOWN, {.unknown_fates = 1}, "the reply to a message was not seen"},
	{VERDICT_CONNECT_UNANSWERED, {.no_answer = true}, "the SYN was never answered"},
	{VERDICT_CONNECT_UNANSWERED,
	 {.no_answer = true, .late_rst = true},
	 "the SYN was not answered while that was waited for; an RST came later"},
	{VERDICT_CONNECT_UNANSWERED,
	 {.no_answer = true, .closer = CLOSER_CLIENT, .how = HOW_RST},
	 "the SYN was never answered, and the client gave up with an RST"},
	{VERDICT_221_FOR_MESSAGE,
	 {.how = HOW_CAPTURE_END, .stage = STAGE_DATA},
	 "the capture ends at stage DATA"},
	{VERDICT_221_FOR_MESSAGE,
	 {.how = HOW_IDLE, .stage = STAGE_DATA},
	 "no packet came for long at stage DATA"},
	{VERDICT_221_FOR_MESSAGE,
	 {.how = HOW_EVICTED, .stage = STAGE_DATA},
	 "the watch was ended at stage DATA, to make room for others"},
	{VERDICT_TLS_HANDSHAKE_FAILED,
	 {.tls = {.clear = true, .failed_by = CLOSER_SERVER}},
	 "the client spoke SMTP in clear on a TLS port, and the server ended that"},
	{VERDICT_TLS_HANDSHAKE_FAILED,
	 {.tls = {.failed_by = CLOSER_CLIENT}},
	 "the client ended the TLS handshake"},
};

static void only_what_was_measured(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char out[256];
		const struct judgement j = {.verdict = rows[i].verdict};
		assert_string_equal(verdict_reason(&rows[i].e, &j, out, sizeof out), rows[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(only_what_was_measured)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
