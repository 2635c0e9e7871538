/* SPDX-License-Identifier: BSD-2-Clause */
#include "origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_own_origin(void **state)
{
	(void)state;
	assert_true(origin_is_own("http://127.0.0.1:7007", "127.0.0.1:7007", false));
	assert_true(origin_is_own("HTTP://LocalHost:7007", "localhost:7007", false));
	assert_true(origin_is_own("http://[::1]:7007", "[::1]:7007", false));
	assert_true(origin_is_own("https://lb1.example.org", "lb1.example.org", true));
	assert_true(origin_is_own("https://lb1.example.org", "lb1.example.org", false));
}

static void test_foreign_origin(void **state)
{
	(void)state;
	assert_false(origin_is_own("http://lb1.example.org", "lb1.example.org", true));
	assert_false(origin_is_own("https://example.org", "127.0.0.1:7007", false));
	assert_false(origin_is_own("http://127.0.0.1:7008", "127.0.0.1:7007", false));
	assert_false(origin_is_own("http://127.0.0.1:70070", "127.0.0.1:7007", false));
	assert_false(origin_is_own("http://127.0.0.1", "127.0.0.1:7007", false));
	assert_false(origin_is_own("null", "null", false));
	assert_false(origin_is_own("", "", false));
	assert_false(origin_is_own("http://", NULL, false));
	assert_false(origin_is_own("ftp://127.0.0.1:7007", "127.0.0.1:7007", false));
}

static void test_loopback_host(void **state)
{
	static const char *const hosts[] = {
		"localhost", "LOCALHOST:7007", "127.0.0.1", "127.0.0.1:7007", "127.255.0.9:1",
		"[::1]",     "[::1]:7007",     "[0:0::1]",  "localhost:",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		if (!origin_host_is_loopback(hosts[i]))
			fail_msg("'%s' is not taken for loopback", hosts[i]);
}

static void test_other_host(void **state)
{
	static const char *const hosts[] = {
		"",
		":7007",
		"carom",
		"example.org",
		"localhost.example.org",
		"127.0.0.1.example.org",
		"127.0.0.1:7007:1",
		"127.0.0.1:7007x",
		"127.0.0.1:-1",
		"127.1",
		"2130706433",
		"10.0.0.1",
		"0.0.0.0",
		"::1",
		"[::1",
		"[]",
		"[::1]x",
		"[::2]:7007",
		"[::ffff:127.0.0.1]",
		"localhostlocalhostlocalhostlocalhostlocalhostlocalhostlocalhostlocalhost",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		if (origin_host_is_loopback(hosts[i]))
			fail_msg("'%s' is taken for loopback", hosts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_origin),
		cmocka_unit_test(test_foreign_origin),
		cmocka_unit_test(test_loopback_host),
		cmocka_unit_test(test_other_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
