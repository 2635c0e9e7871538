/* SPDX-License-Identifier: BSD-2-Clause */
/* What is a number in a query, and what is not. */
#include "parameter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define UNTOUCHED 4242

static const struct parameter wait_ms = {"wait_ms", 600000};

static void expect_number(const char *value, uint64_t expected)
{
	uint64_t number = UNTOUCHED;
	struct error error = {0};

	if (parameter_parse(&wait_ms, value, &number, &error))
		fail_msg("'%s' is refused: %s", value, error.message);
	assert_int_equal(number, expected);
}

static void expect_refused(const char *value)
{
	uint64_t number = UNTOUCHED;
	struct error error = {0};

	if (parameter_parse(&wait_ms, value, &number, &error) == 0)
		fail_msg("'%s' is taken for %llu", value ? value : "(nothing)",
			 (unsigned long long)number);
	assert_int_equal(number, UNTOUCHED);
	assert_int_equal(error.kind, ERROR_INVALID);
	assert_non_null(strstr(error.message, "wait_ms"));
	assert_non_null(strstr(error.message, "0 to 600000"));
}

static void test_numbers(void **state)
{
	(void)state;
	expect_number("0", 0);
	expect_number("007", 7);
	expect_number("600000", 600000);
}

static void test_what_is_refused(void **state)
{
	static const char *const refused[] = {
		NULL,  "",    " ",   " 1", "1 ",  "-1",	    "+1",
		"1.0", "1e3", "0x1", "1s", "%31", "600001", "18446744073709551617",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		expect_refused(refused[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_what_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
