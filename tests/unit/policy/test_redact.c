/* test_redact.c - no address survives redaction, wherever in a record it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "lib/made.h"
#include "policy/redact.h"
#include "smtpwatch/cause.h"

static struct bytes string_of(const struct strings *n, enum string_tag tag)
{
	return strings_find(n, tag).text;
}

static void is(struct bytes text, const char *want)
{
	assert_non_null(text.p);
	assert_int_equal(text.n, strlen(want));
	assert_memory_equal(text.p, want, text.n);
}

/* The first 16 digits of `openssl dgst -sha256 -mac HMAC` with the key 00 01 .. 1f. */
#define HASH_ALICE "03a2cceef95fc1b3" /* alice@example.org */
#define HASH_BOB   "40ea4904a2767e43" /* bob@example.net */

static struct redactor *redactor_of(enum redact_mode mode)
{
	struct redaction how = {.mode = mode};
	for (unsigned i = 0; i < sizeof how.key; i++)
		how.key[i] = (uint8_t)i;
	struct redactor *r = redactor_new(&how);
	assert_non_null(r);
	return r;
}

struct text_row {
	enum redact_mode mode;
	const char *in, *out;
};

/* The session's messages are from alice@example.org to bob@example.net and to postmaster. */
static const struct text_row texts[] = {
	{REDACT_LOCAL, "<bob@example.net>: Recipient address rejected",
	 "<***@example.net>: Recipient address rejected"},
	{REDACT_ALL, "<bob@example.net>: Recipient address rejected",
	 "<***>: Recipient address rejected"},
	{REDACT_HASH, "<Bob@Example.NET>: rejected", "<" HASH_BOB ">: rejected"},
	{REDACT_LOCAL, "unknown user Bob.", "unknown user ***."},
	{REDACT_HASH, "unknown user 'bob'", "unknown user '***'"},
	{REDACT_LOCAL, "bobby tables", "bobby tables"},
	{REDACT_LOCAL, "see http://x/Why?id=carol%40example.com;ip=1",
	 "see http:***%40example.com;ip=1"},
	{REDACT_LOCAL, "\"john doe\"@example.org is gone", "***@example.org is gone"},
	{REDACT_LOCAL, "\"john doe\" is gone", "\"john doe\" is gone"},
	{REDACT_LOCAL, "j\xc3\xb6rg@example.org", "***@example.org"},
	{REDACT_ALL, "a@b, c@d", "***, ***"},
	{REDACT_LOCAL, "queued as 4Qx1", "queued as 4Qx1"},
	{REDACT_LOCAL, "closing", "closing"},
	{REDACT_LOCAL, "'alice@example.org'.", "'***@example.org'."},
	/* within a word, whatever stands around it */
	{REDACT_LOCAL, "user=bob {Bob} bob! _bob_ bob/INBOX bob+x bob%x no-such-user-bob",
	 "user=*** {***} ***! _***_ ***/INBOX ***+x ***%x no-such-user-***"},
	{REDACT_HASH, "x#bob?*BOB* ~bob \"bob\" bob\xc3\xa9",
	 "x#***?***** ~*** \"***\" ***\xc3\xa9"},
	{REDACT_ALL, "(alice;bob)", "(***;***)"},
	{REDACT_LOCAL, "bobsled kabob b0b 7bob bob7 bo-b", "bobsled kabob b0b 7bob bob7 bo-b"},
};

static void addresses_in_replies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct redactor *r = redactor_of(texts[i].mode);
		struct made m;
		struct transaction *t;
		const struct record *out;

		made_init(&m);
		t = made_message(&m, FATE_REJECTED, "alice@example.org", "bob@example.net");
		made_string(&m, &t->strings, STRING_REPLY, 0, texts[i].in);
		made_message(&m, FATE_CUT, "", "postmaster");
		strings_set(&m.info.strings, m.pool, STRING_REPLY, 0, bytes_str(texts[i].in));
		out = redactor_record(r, &m.record);
		is(string_of(&out->session->strings, STRING_REPLY), texts[i].out);
		is(string_of(&out->session->first->strings, STRING_REPLY), texts[i].out);
		redactor_free(r);
		made_free(&m);
	}
}

/* Quoted, and with a tag (RFC 5233), which servers take off. */
static void forms_of_a_local_part(void **state)
{
	(void)state;
	struct redactor *r = redactor_of(REDACT_LOCAL);
	struct made m;
	const struct record *out;

	made_init(&m);
	made_message(&m, FATE_REJECTED, "carol+lists@example.org", "\"john doe\"@example.net");
	made_string(&m, &m.info.strings, STRING_REPLY, 0,
		    "mailboxes carol, carol+lists, carol+other and john doe; list lists");
	/* A machine's name is only taken out as a whole word. */
	made_string(&m, &m.info.strings, STRING_HELO, 0, "carol.example.org");
	made_string(&m, &m.info.strings, STRING_BANNER, 0, "carol ESMTP");
	out = redactor_record(r, &m.record);
	is(string_of(&out->session->strings, STRING_REPLY),
	   "mailboxes ***, ***, ***+other and ***; list lists");
	is(string_of(&out->session->strings, STRING_HELO), "carol.example.org");
	is(string_of(&out->session->strings, STRING_BANNER), "*** ESMTP");
	redactor_free(r);
	made_free(&m);
}

/* What is left of an address at the end of a text that was cut does not look like one. */
static void the_end_of_a_cut_text(void **state)
{
	(void)state;
	static const char person[] = " carol@example.net";

	for (size_t over = 0; over < sizeof(person); over++) {
		struct redactor *r = redactor_of(REDACT_LOCAL);
		struct made m;
		char text[STRING_REPLY_MAX + sizeof(person)];
		struct bytes got;

		made_init(&m);
		made_message(&m, FATE_REJECTED, "alice@example.org", "bob@example.net");
		memset(text, 'x', sizeof(text));
		memcpy(text + STRING_REPLY_MAX - over, person, sizeof(person) - 1);
		strings_set(&m.info.strings, m.pool, STRING_REPLY, 0,
			    bytes_of(text, STRING_REPLY_MAX + sizeof(person) - 1 - over));
		got = string_of(&redactor_record(r, &m.record)->session->strings, STRING_REPLY);
		assert_null(memmem(got.p, got.n, "ca", 2));
		/* A shorter one stays as it is. */
		strings_set(&m.info.strings, m.pool, STRING_REPLY, 0,
			    bytes_str("no room for more"));
		is(string_of(&redactor_record(r, &m.record)->session->strings, STRING_REPLY),
		   "no room for more");
		redactor_free(r);
		made_free(&m);
	}
}

struct mode_row {
	enum redact_mode mode;
	const char *from, *rcpt, *id; /* NULL: no string */
};

static const struct mode_row modes[] = {
	{REDACT_NONE, "Alice@example.org", "bob@example.net", "1.2@out.example.org"},
	{REDACT_LOCAL, "***@example.org", "***@example.net", "***@out.example.org"},
	{REDACT_HASH, HASH_ALICE, HASH_BOB, "1c011de01a441404"},
	{REDACT_ALL, NULL, NULL, NULL},
};

static void string_is(const struct strings *n, enum string_tag tag, const char *want)
{
	if (want == NULL)
		assert_null(string_of(n, tag).p);
	else
		is(string_of(n, tag), want);
}

static void addresses_of_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct redactor *r = redactor_of(modes[i].mode);
		struct made m;
		const struct record *out;

		made_init(&m);
		made_string(&m,
			    &made_message(&m, FATE_CUT, "Alice@example.org", "bob@example.net")
				     ->strings,
			    STRING_MESSAGE_ID, 0, "1.2@out.example.org");
		made_message(&m, FATE_CUT, "", "postmaster");
		/* twice, because the first copy must not be in the second's way */
		redactor_record(r, &m.record);
		out = redactor_record(r, &m.record);
		assert_ptr_equal(out->conn, &m.conn);
		assert_int_equal(out->session->first->fate, FATE_CUT);
		string_is(&out->session->first->strings, STRING_FROM, modes[i].from);
		string_is(&out->session->first->strings, STRING_RCPT, modes[i].rcpt);
		string_is(&out->session->first->strings, STRING_MESSAGE_ID, modes[i].id);
		string_is(&out->session->first->next->strings, STRING_FROM,
			  modes[i].mode == REDACT_ALL ? NULL : "");
		assert_null(out->session->first->next->next);
		/* what came in is as it was */
		is(string_of(&m.messages[0].strings, STRING_FROM), "Alice@example.org");
		redactor_free(r);
		made_free(&m);
	}
}

/* What is ours is not taken for somebody's name, even where it is one. */
static void evidence_of_a_cause(void **state)
{
	(void)state;
	struct redactor *r = redactor_of(REDACT_LOCAL);
	struct made m;
	const struct cause *out;
	char full[CAUSE_EVIDENCE_TEXT];

	made_init(&m);
	made_message(&m, FATE_CUT, "server@example.org", "bob@example.net");
	made_cause(&m, CAUSE_POLICY, CONFIDENCE_LIKELY, "the server refused <bob@example.net>",
		   NULL);
	out = redactor_record(r, &m.record)->cause;
	assert_string_equal(out->evidence[0], "the server refused <***@example.net>");
	assert_string_equal(m.cause.evidence[0], "the server refused <bob@example.net>");
	assert_int_equal(out->id, CAUSE_POLICY);
	/* an address of one letter grows: the end is cut, and not in the middle of a character */
	memset(full, 'x', sizeof(full));
	memcpy(full, "a@b ", 4);
	memcpy(full + sizeof(full) - 5, "\xe2\x82\xac\xc2", 4);
	full[sizeof(full) - 2] = '\0';
	made_cause(&m, CAUSE_POLICY, CONFIDENCE_LIKELY, full, NULL);
	out = redactor_record(r, &m.record)->cause;
	assert_memory_equal(out->evidence[0], "***@b xxx", 9);
	assert_int_equal(strlen(out->evidence[0]), CAUSE_EVIDENCE_TEXT - 5 + 2);
	redactor_free(r);
	made_free(&m);
}

static void names_read_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REDACT_MODES; i++)
		assert_int_equal(redact_read(redact_name((enum redact_mode)i)), i);
	assert_int_equal(redact_read("some"), REDACT_MODES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_in_replies),  cmocka_unit_test(forms_of_a_local_part),
		cmocka_unit_test(the_end_of_a_cut_text), cmocka_unit_test(addresses_of_messages),
		cmocka_unit_test(evidence_of_a_cause),   cmocka_unit_test(names_read_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
