/* SPDX-License-Identifier: BSD-2-Clause */
/* What a query may say, and what not. */
#include "parameter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct parameter parameters[] = {
	{"wait_ms", PARAMETER_NUMBER, 0, 600000}, {"limit", PARAMETER_NUMBER, 1, 10},
	{"dry_run", PARAMETER_BOOLEAN, 0, 0},	  {"after", PARAMETER_TEXT, 0, 0},
	{"address", PARAMETER_ADDRESS, 0, 0},	  {0},
};

static void expect_number(const char *name, const char *value, uint64_t expected)
{
	struct parameter_values values = {.parameters = parameters};
	struct error error = {0};

	if (parameter_take(&values, name, value, &error))
		fail_msg("%s=%s is refused: %s", name, value, error.message);
	assert_int_equal(parameter_number(&values, name), expected);
	assert_true(parameter_is_given(&values, name));
}

static void expect_text(const char *value, const char *expected)
{
	struct parameter_values values = {.parameters = parameters};
	struct error error = {0};

	if (parameter_take(&values, "after", value, &error))
		fail_msg("after=%s is refused: %s", value, error.message);
	assert_string_equal(parameter_text(&values, "after"), expected);
}

static void expect_refused(const char *name, const char *value, const char *message)
{
	struct parameter_values values = {.parameters = parameters};
	struct error error = {0};

	if (parameter_take(&values, name, value, &error) == 0)
		fail_msg("%s=%s is taken", name, value ? value : "(nothing)");
	assert_int_equal(error.kind, ERROR_INVALID);
	if (!strstr(error.message, message))
		fail_msg("%s=%s: '%s'; expected '%s' in it", name, value ? value : "(nothing)",
			 error.message, message);
}

static void test_numbers(void **state)
{
	(void)state;
	expect_number("wait_ms", "0", 0);
	expect_number("wait_ms", "007", 7);
	expect_number("wait_ms", "600000", 600000);
	expect_number("limit", "1", 1);
	expect_number("limit", "10", 10);
	expect_number("limit", "%31%30", 10);
}

static void test_wrong_numbers(void **state)
{
	static const char *const refused[] = {
		NULL,  "",    " ",   " 1", "1 ",   "-1",     "+1",
		"1.0", "1e3", "0x1", "1s", "%2D1", "600001", "18446744073709551617",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		expect_refused("wait_ms", refused[i], "query parameter 'wait_ms' is '");
	expect_refused("wait_ms", "%3", "'%3' is not '%' and two hexadecimal digits");
	expect_refused("wait_ms", "%20%31", "is ' 1'; expected a number");
	expect_refused("wait_ms", "x", "expected a number from 0 to 600000");
	expect_refused("limit", "0", "expected a number from 1 to 10");
	expect_refused("limit", "11", "expected a number from 1 to 10");
}

static void test_booleans(void **state)
{
	(void)state;
	expect_number("dry_run", "true", 1);
	expect_number("dry_run", "false", 0);
	expect_number("dry_run", "tru%65", 1);
	expect_refused("dry_run", "yes", "'dry_run' is 'yes'; expected 'true' or 'false'");
	expect_refused("dry_run", "", "expected 'true' or 'false'");
	expect_refused("dry_run", NULL, "expected 'true' or 'false'");
}

static void test_texts(void **state)
{
	char longest[PARAMETER_TEXT_BYTES + 1];

	(void)state;
	expect_text("web", "web");
	expect_text("a%2Fb+c", "a/b+c");
	expect_text("%e2%82%ac", "\xe2\x82\xac");
	expect_refused("after", "", "'after' has 0 bytes; expected 1 to 127");
	expect_refused("after", "%2", "'%2' is not '%' and two hexadecimal digits");
	expect_refused("after", "%ff", "is not UTF-8");
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	expect_refused("after", longest, "has 128 bytes");
	longest[sizeof(longest) - 2] = '\0';
	expect_text(longest, longest);
}

static void test_addresses(void **state)
{
	struct parameter_values values = {.parameters = parameters};
	struct carom_address expected;
	struct error error = {0};

	(void)state;
	assert_null(parameter_address(&values, "address"));
	assert_true(address_parse("2001:db8::1", &expected));
	assert_int_equal(parameter_take(&values, "address", "2001%3Adb8::1", &error), 0);
	assert_true(address_equal(parameter_address(&values, "address"), &expected));
	expect_refused("address", "10.0.0.300",
		       "'address' is '10.0.0.300'; expected an IP address");
	expect_refused("address", "", "expected 1 to 127");
}

static void test_unknown(void **state)
{
	struct parameter_values none = {0};
	struct error error = {0};

	(void)state;
	expect_refused("Limit", "1", "there is no query parameter 'Limit' here");
	assert_int_equal(parameter_take(&none, "limit", "1", &error), -1);
}

static void test_twice(void **state)
{
	struct parameter_values values = {.parameters = parameters};
	struct error error = {0};

	(void)state;
	assert_int_equal(parameter_take(&values, "limit", "1", &error), 0);
	assert_int_equal(parameter_take(&values, "limit", "1", &error), -1);
	assert_string_equal(error.message, "query parameter 'limit' is given twice");
}

static void test_not_given(void **state)
{
	struct parameter_values values = {.parameters = parameters};

	(void)state;
	assert_int_equal(parameter_number(&values, "limit"), 0);
	assert_null(parameter_text(&values, "after"));
	assert_false(parameter_is_given(&values, "dry_run"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),	  cmocka_unit_test(test_wrong_numbers),
		cmocka_unit_test(test_booleans),  cmocka_unit_test(test_texts),
		cmocka_unit_test(test_addresses), cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_twice),	  cmocka_unit_test(test_not_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
