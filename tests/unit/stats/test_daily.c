/* test_daily.c - when a day is over, what was counted in it; and which side the watched host is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "lib/made.h"
#include "smtpwatch/frame.h"
#include "smtpwatch/verdict.h"
#include "stats/daily.h"

#define S FRAME_SECOND
enum { MIDNIGHT = 1795392000 /* 2026-11-23 */, DAY = 86400 };

static void times_of_the_day(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int minute;
	} rows[] = {{"00:00", 0},  {"08:05", 485}, {"23:59", 1439}, {"off", -1},  {"24:00", -2},
		    {"12:60", -2}, {"8:05", -2},   {"", -2},        {"08:5", -2}, {"08:050", -2},
		    {"ab:cd", -2}, {"08.05", -2},  {"-1:00", -2},   {"Off", -2}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(daily_read(rows[i].text), rows[i].minute);
}

static void a_day_ends_at_its_minute(void **state)
{
	(void)state;
	struct daily d;
	struct made m;
	int64_t at = MIDNIGHT + 7 * 3600;

	made_init(&m);
	assert_true(daily_begin(&d, 8 * 60, &m.alerting));
	assert_false(daily_over(&d, at * S));
	daily_count(&d, &m.report);
	assert_false(daily_over(&d, (MIDNIGHT + 8 * 3600) * S - 1));
	assert_true(daily_over(&d, (MIDNIGHT + 8 * 3600) * S + 5));
	assert_int_equal(d.since, at * S);
	assert_int_equal(d.totals.sessions, 1);
	assert_int_equal(d.totals.alert_kinds[VERDICT_221_FOR_MESSAGE], 1);
	daily_next(&d);
	assert_int_equal(d.totals.sessions, 0);
	assert_int_equal(servers_others(d.totals.servers)->sessions, 0);
	for (int64_t t = MIDNIGHT + 8 * 3600 + 1; t < MIDNIGHT + DAY + 8 * 3600; t += 60)
		assert_false(daily_over(&d, t * S));
	assert_true(daily_over(&d, (MIDNIGHT + DAY + 8 * 3600) * S));
	daily_next(&d);
	/* set back by half a day: the next end is that of the clock as it is now */
	assert_false(daily_over(&d, (MIDNIGHT + DAY / 2) * S));
	assert_true(daily_over(&d, (MIDNIGHT + DAY + 8 * 3600) * S));
	daily_end(&d);
	assert_true(daily_begin(&d, -1, &m.alerting));
	assert_false(daily_over(&d, at * S));
	assert_false(daily_over(&d, (at + 10 * DAY) * S));
	daily_end(&d);
	made_free(&m);
}

static void sides_by_address(void **state)
{
	(void)state;
	static const struct {
		const char *client, *server;
		enum role role;
	} rows[] = {
		{"192.0.2.1", "198.51.100.9", ROLE_CLIENT},
		{"198.51.100.9", "192.0.2.1", ROLE_SERVER},
		{"192.0.2.1", "192.0.2.1", ROLE_BOTH},
		{"198.51.100.9", "198.51.100.8", ROLE_UNKNOWN},
		{"2001:db8::1", "2001:db8::2", ROLE_CLIENT},
		{"2001:db8::3", "2001:db8::1", ROLE_SERVER},
	};
	const struct ip_addr own[] = {made_addr("2001:db8::1"), made_addr("192.0.2.1"),
				      made_addr("127.0.0.1")};
	struct role_addrs *a = role_addrs_of(own, sizeof(own) / sizeof(own[0]));

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct conn conn = {.addr = {made_addr(rows[i].client), made_addr(rows[i].server)}};

		assert_int_equal(role_of(a, &conn), rows[i].role);
	}
	role_addrs_free(a);
}

static bool host_has_loopback(void)
{
	FILE *f = fopen("/proc/net/fib_trie", "r");
	char line[256];
	bool has = false;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		has |= strstr(line, "127.0.0.1") != NULL;
	if (f != NULL)
		fclose(f);
	return has;
}

static void this_host_knows_itself(void **state)
{
	(void)state;
	struct conn conn = {.addr = {made_addr("127.0.0.1"), made_addr("192.0.2.77")}};
	struct role_addrs *a = role_addrs_new();

	assert_non_null(a);
	assert_int_equal(role_of(a, &conn), host_has_loopback() ? ROLE_CLIENT : ROLE_UNKNOWN);
	role_addrs_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_of_the_day),
		cmocka_unit_test(a_day_ends_at_its_minute),
		cmocka_unit_test(sides_by_address),
		cmocka_unit_test(this_host_knows_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
