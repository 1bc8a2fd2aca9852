/* test_schedule.c - lines out of the steps of key schedules: names, chains, bounds, the unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "keys/schedule.h"

/* A secret whose bytes are all n; the hash of a session, and its random. */
static struct keys_event step(unsigned kind, unsigned from, unsigned to, unsigned hash,
			      unsigned random)
{
	struct keys_event e = {.pid = 7, .kind = (uint8_t)kind, .n = 32};
	memset(e.from, (int)from, 32);
	memset(e.to, (int)to, 32);
	e.hashed = hash ? 32 : 0;
	memset(e.hash, (int)hash, e.hashed);
	e.named = random != 0;
	memset(e.random, (int)random, e.named ? 32 : 0);
	return e;
}

/* "LABEL name secret": the first byte of both, in hexadecimal; or "". */
static const char *said(struct schedule *s, struct keys_event e, int64_t now)
{
	static char out[128];
	char line[SCHEDULE_ROOM], label[64], name[97], secret[97];
	size_t n = schedule_take(s, &e, now, line);
	if (n == 0)
		return "";
	assert_int_equal(n, strlen(line));
	assert_int_equal(line[n - 1], '\n');
	assert_int_equal(sscanf(line, "%63s %96s %96s", label, name, secret), 3);
	assert_int_equal(strspn(name, name[0] == name[1] ? (char[]){name[0], 0} : name), 64);
	snprintf(out, sizeof out, "%s %.2s %.2s", label, name, secret);
	return out;
}

static void a_session_by_random(void **state)
{
	struct schedule *s = schedule_new();
	(void)state;
	assert_string_equal(said(s, step(KEYS_SERVER_HANDSHAKE, 0x11, 0x12, 0x99, 0xaa), 0),
			    "SERVER_HANDSHAKE_TRAFFIC_SECRET aa 12");
	assert_string_equal(said(s, step(KEYS_CLIENT_HANDSHAKE, 0x11, 0x13, 0x99, 0), 0),
			    "CLIENT_HANDSHAKE_TRAFFIC_SECRET aa 13");
	assert_string_equal(said(s, step(KEYS_CHAIN, 0x11, 0x22, 0, 0), 0), "");
	assert_string_equal(said(s, step(KEYS_SERVER_TRAFFIC, 0x22, 0x23, 0x98, 0), 0),
			    "SERVER_TRAFFIC_SECRET_0 aa 23");
	assert_string_equal(said(s, step(KEYS_CLIENT_TRAFFIC, 0x22, 0x24, 0x98, 0), 0),
			    "CLIENT_TRAFFIC_SECRET_0 aa 24");
	assert_string_equal(said(s, step(KEYS_UPDATE, 0x23, 0x25, 0, 0), 0),
			    "SERVER_TRAFFIC_SECRET_N aa 25");
	assert_string_equal(said(s, step(KEYS_UPDATE, 0x25, 0x26, 0, 0), 0),
			    "SERVER_TRAFFIC_SECRET_N aa 26");
	assert_string_equal(said(s, step(KEYS_UPDATE, 0x24, 0x27, 0, 0), 0),
			    "CLIENT_TRAFFIC_SECRET_N aa 27");
	assert_int_equal(schedule_counts(s)->sessions, 1);
	assert_int_equal(schedule_counts(s)->lines, 7);
	assert_int_equal(schedule_counts(s)->unknown, 0);
	schedule_free(s);
}

/* All lines have the name of the first: the hash of both hellos. */
static void a_session_by_hash(void **state)
{
	struct schedule *s = schedule_new();
	(void)state;
	assert_string_equal(said(s, step(KEYS_CLIENT_HANDSHAKE, 0x11, 0x13, 0x99, 0), 0),
			    "TRANSCRIPT_CLIENT_HANDSHAKE_TRAFFIC_SECRET 99 13");
	/* GnuTLS has a step more. */
	assert_string_equal(said(s, step(KEYS_CHAIN, 0x11, 0x21, 0, 0), 0), "");
	assert_string_equal(said(s, step(KEYS_CHAIN, 0x21, 0x22, 0, 0), 0), "");
	assert_string_equal(said(s, step(KEYS_SERVER_TRAFFIC, 0x22, 0x23, 0x98, 0xbb), 0),
			    "TRANSCRIPT_SERVER_TRAFFIC_SECRET_0 99 23");
	schedule_free(s);
}

static void what_is_unknown_is_counted(void **state)
{
	struct schedule *s = schedule_new();
	struct keys_event e = step(KEYS_SERVER_TRAFFIC, 0x22, 0x23, 0x98, 0);
	(void)state;
	assert_string_equal(said(s, e, 0), "");
	assert_string_equal(said(s, step(KEYS_UPDATE, 0x22, 0x23, 0, 0), 0), "");
	assert_string_equal(said(s, step(KEYS_CLIENT_HANDSHAKE, 0x11, 0x12, 0, 0), 0), "");
	assert_int_equal(schedule_counts(s)->unknown, 3);
	/* The same secret in another process is another session's. */
	assert_string_equal(said(s, step(KEYS_CLIENT_HANDSHAKE, 0x22, 0x12, 0x99, 0), 0),
			    "TRANSCRIPT_CLIENT_HANDSHAKE_TRAFFIC_SECRET 99 12");
	e.pid = 8;
	assert_string_equal(said(s, e, 0), "");
	/* Nonsense: a kind or length that does not exist. */
	e.kind = KEYS_KINDS;
	assert_string_equal(said(s, e, 0), "");
	e = step(KEYS_CLIENT_HANDSHAKE, 0x11, 0x12, 0x99, 0);
	e.n = 33;
	assert_string_equal(said(s, e, 0), "");
	assert_int_equal(schedule_counts(s)->unknown, 4);
	schedule_free(s);
}

static void early_secrets_need_a_random(void **state)
{
	struct schedule *s = schedule_new();
	(void)state;
	assert_string_equal(said(s, step(KEYS_CLIENT_EARLY, 0x11, 0x12, 0x99, 0), 0), "");
	assert_string_equal(said(s, step(KEYS_CLIENT_EARLY, 0x11, 0x12, 0x99, 0xaa), 0),
			    "CLIENT_EARLY_TRAFFIC_SECRET aa 12");
	assert_string_equal(said(s, step(KEYS_EARLY_EXPORTER, 0x11, 0x13, 0x99, 0xaa), 0),
			    "EARLY_EXPORTER_SECRET aa 13");
	schedule_free(s);
}

/* What was derived from is wiped after seconds, the rest after minutes. */
static void secrets_are_forgotten(void **state)
{
	struct schedule *s = schedule_new();
	(void)state;
	said(s, step(KEYS_SERVER_HANDSHAKE, 0x11, 0x12, 0x99, 0), 0);
	said(s, step(KEYS_CLIENT_HANDSHAKE, 0x11, 0x13, 0x99, 0), 0);
	said(s, step(KEYS_CHAIN, 0x11, 0x22, 0, 0), 0);
	schedule_tick(s, 4);
	said(s, step(KEYS_CHAIN, 0x11, 0x22, 0, 0), 4);
	schedule_tick(s, 60);
	/* The first one is gone, so that this begins another session. */
	said(s, step(KEYS_SERVER_HANDSHAKE, 0x11, 0x12, 0x97, 0), 60);
	assert_int_equal(schedule_counts(s)->sessions, 2);
	assert_string_equal(said(s, step(KEYS_SERVER_TRAFFIC, 0x22, 0x23, 0, 0), 60),
			    "TRANSCRIPT_SERVER_TRAFFIC_SECRET_0 99 23");
	schedule_tick(s, SCHEDULE_SECONDS + 61);
	assert_string_equal(said(s, step(KEYS_SERVER_TRAFFIC, 0x22, 0x23, 0, 0), 700), "");
	schedule_free(s);
}

static void the_oldest_go(void **state)
{
	struct schedule *s = schedule_new();
	char line[SCHEDULE_ROOM];
	(void)state;
	for (unsigned i = 0; i <= SCHEDULE_SECRETS; i++) {
		struct keys_event e = step(KEYS_SERVER_HANDSHAKE, 0x11, 0x12, 0x99, 0);
		memcpy(e.from, &i, sizeof i);
		assert_int_not_equal(schedule_take(s, &e, 0, line), 0);
	}
	struct keys_event chain = step(KEYS_CHAIN, 0x11, 0x22, 0, 0);
	unsigned first = 0, last = SCHEDULE_SECRETS;
	memcpy(chain.from, &first, sizeof first);
	schedule_take(s, &chain, 0, line);
	assert_string_equal(said(s, step(KEYS_CLIENT_TRAFFIC, 0x22, 0x23, 0, 0), 0), "");
	memcpy(chain.from, &last, sizeof last);
	schedule_take(s, &chain, 0, line);
	assert_string_equal(said(s, step(KEYS_CLIENT_TRAFFIC, 0x22, 0x23, 0, 0), 0),
			    "TRANSCRIPT_CLIENT_TRAFFIC_SECRET_0 99 23");
	schedule_free(s);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(a_session_by_random),
		cmocka_unit_test(a_session_by_hash),
		cmocka_unit_test(what_is_unknown_is_counted),
		cmocka_unit_test(early_secrets_need_a_random),
		cmocka_unit_test(secrets_are_forgotten),
		cmocka_unit_test(the_oldest_go),
	};
	return cmocka_run_group_tests(all, NULL, NULL);
}
