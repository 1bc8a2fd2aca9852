/* test_sasl.c - what is a mechanism, and what may be a password. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/smtp/sasl.h"

static void mechanisms_are_known(void **state)
{
	(void)state;
	static const struct {
		const char *args, *name, *shown, *secret;
	} rows[] = {
		{"PLAIN AHVzZXIAc2VjcmV0", "PLAIN", "PLAIN", "AHVzZXIAc2VjcmV0"},
		{"login\tdXNlcg== more", "login", "login", "dXNlcg== more"},
		{"CRAM-MD5", "CRAM-MD5", "CRAM-MD5", ""},
		{"SCRAM-SHA-256-PLUS =", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS", "="},
		{"  KERBEROS_V4", "KERBEROS_V4", "KERBEROS_V4", ""},
		/* a password, or a part of one */
		{"U2VjcmV0Q2FuYXJ5", "", "other", "U2VjcmV0Q2FuYXJ5"},
		{"user:pass", "", "other", "user:pass"},
		{"PLAIN=U2VjcmV0", "", "other", "PLAIN=U2VjcmV0"},
		{"PLAINER secret", "", "other", "PLAINER secret"},
		{"PLAI secret", "", "other", "PLAI secret"},
		{"secret PLAIN", "", "other", "secret PLAIN"},
		{"", "", "", ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct bytes secret, args = bytes_str(rows[i].args);
		struct bytes name = sasl_mechanism(args, &secret), shown = sasl_shown(args);
		assert_true(bytes_equal(name, bytes_str(rows[i].name)));
		assert_true(bytes_equal(shown, bytes_str(rows[i].shown)));
		if (*rows[i].name)
			while (secret.n > 0 && (*secret.p == ' ' || *secret.p == '\t'))
				secret = bytes_from(secret, 1);
		assert_true(bytes_equal(secret, bytes_str(rows[i].secret)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(mechanisms_are_known)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
