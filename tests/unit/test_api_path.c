/* SPDX-License-Identifier: BSD-2-Clause */
#include "path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect_segments(const char *text, size_t count, const char *const *expected)
{
	struct path path;
	struct error error = {0};

	if (path_parse(text, &path, &error))
		fail_msg("path '%s': %s", text, error.message);
	assert_int_equal(path.segment_count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(path.segments[i], expected[i]);
}

static void expect_error(const char *text, enum error_kind kind, const char *message)
{
	struct path path;
	struct error error = {0};

	assert_int_equal(path_parse(text, &path, &error), -1);
	assert_string_equal(error.message, message);
	assert_string_equal(error_kind_name(error.kind), error_kind_name(kind));
}

static void test_cut_at_slashes(void **state)
{
	(void)state;
	expect_segments("/", 1, (const char *const[]){""});
	expect_segments("/metrics", 1, (const char *const[]){"metrics"});
	expect_segments("/v1/vips/web", 3, (const char *const[]){"v1", "vips", "web"});
	expect_segments("/v1//web/", 4, (const char *const[]){"v1", "", "web", ""});
}

static void test_decode(void **state)
{
	(void)state;
	expect_segments("/%76%31/a%2Fb%2fc", 2, (const char *const[]){"v1", "a/b/c"});
	expect_segments("/%e2%82%ac%25", 1, (const char *const[]){"\xe2\x82\xac%"});
	expect_segments("/a+b", 1, (const char *const[]){"a+b"});
	expect_segments("/..", 1, (const char *const[]){".."});
}

static void test_refuse_malformed(void **state)
{
	(void)state;
	expect_error("/a%2", ERROR_SYNTAX, "path: '%2' is not '%' and two hexadecimal digits");
	expect_error("/a%", ERROR_SYNTAX, "path: '%' is not '%' and two hexadecimal digits");
	expect_error("/a%g0b", ERROR_SYNTAX, "path: '%g0' is not '%' and two hexadecimal digits");
	expect_error("/a%0gb", ERROR_SYNTAX, "path: '%0g' is not '%' and two hexadecimal digits");
	expect_error("/a%00b", ERROR_SYNTAX, "path: '%00' cannot be part of it");
	expect_error("/%c0%af", ERROR_SYNTAX, "path: '\xc0\xaf' is not UTF-8");
	expect_error("/%ed%a0%80", ERROR_SYNTAX, "path: '\xed\xa0\x80' is not UTF-8");
	expect_error("/%f4%90%80%80", ERROR_SYNTAX, "path: '\xf4\x90\x80\x80' is not UTF-8");
	expect_error("/%e2%82", ERROR_SYNTAX, "path: '\xe2\x82' is not UTF-8");
}

static void test_refuse_what_no_route_has(void **state)
{
	char text[PATH_BYTES + 1];

	(void)state;
	expect_error("*", ERROR_NOT_FOUND, "there is no path '*'");
	expect_error("", ERROR_NOT_FOUND, "there is no path ''");
	expect_error("/1/2/3/4/5/6/7/8/9", ERROR_NOT_FOUND, "no path is as deep as this one");
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	text[PATH_BYTES] = '\0';
	expect_error(text, ERROR_NOT_FOUND, "no path is as long as this one");
}

/* The longest one fills the storage to its last byte. */
static void test_longest(void **state)
{
	struct path path;
	char text[PATH_BYTES];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(path_parse(text, &path, NULL), 0);
	assert_string_equal(path.segments[0], text + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_at_slashes),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_refuse_malformed),
		cmocka_unit_test(test_refuse_what_no_route_has),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
