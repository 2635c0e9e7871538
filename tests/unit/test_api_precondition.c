/* SPDX-License-Identifier: BSD-2-Clause */
/* If-Match and If-None-Match: what is read, and what it means for a target. */
#include "precondition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MANY "\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\","

static const char seventeen[] = MANY MANY "\"1\"";

static struct precondition_tags parse(const char *value)
{
	struct precondition_tags tags;
	struct error error = {0};

	if (precondition_parse("If-Match", value, &tags, &error))
		fail_msg("%s is refused: %s", value, error.message);
	return tags;
}

static void expect_refused(const char *value)
{
	struct precondition_tags tags;
	struct error error = {0};

	if (precondition_parse("If-Match", value, &tags, &error) == 0)
		fail_msg("%s is taken", value);
	assert_int_equal(error.kind, ERROR_INVALID);
	assert_non_null(strstr(error.message, "If-Match is '"));
	assert_non_null(strstr(error.message, "expected '*'"));
}

static void test_tags(void **state)
{
	struct precondition_tags tags = parse("\"42\" ,W/\"7\",  \"of somebody else\", \"007\"");

	(void)state;
	assert_int_equal(tags.count, 4);
	assert_int_equal(tags.tags[0].number, 42);
	assert_false(tags.tags[0].is_weak);
	assert_int_equal(tags.tags[1].number, 7);
	assert_true(tags.tags[1].is_weak);
	assert_int_equal(tags.tags[2].number, 0);
	assert_int_equal(tags.tags[3].number, 0);
	assert_true(parse("*").is_any);
	assert_false(parse(NULL).is_given);
	assert_int_equal(parse(seventeen + sizeof("\"1\",") - 1).count, 16);
}

static void test_malformed(void **state)
{
	static const char *const refused[] = {
		"",   "42",	  "\"42",    "42\"",   "\"42\",", "\"42\" \"43\"",
		"**", "\"1\", *", "w/\"1\"", ",\"1\"", seventeen,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		expect_refused(refused[i]);
}

static void expect(const char *match, const char *none_match, bool exists, bool matches,
		   bool is_news)
{
	const struct precondition_target target = {.exists = exists, .tag = 42};
	const struct precondition precondition = {parse(match), parse(none_match)};

	if (precondition_matches(&precondition, &target) != matches)
		fail_msg("If-Match %s: expected %d", match, matches);
	if (precondition_is_news(&precondition, &target) != is_news)
		fail_msg("If-None-Match %s: expected %d", none_match, is_news);
}

static void test_meaning(void **state)
{
	(void)state;
	expect(NULL, NULL, true, true, true);
	expect(NULL, NULL, false, true, true);
	expect("\"42\"", "\"42\"", true, true, false);
	expect("\"41\", \"42\"", "\"41\", \"42\"", true, true, false);
	expect("\"41\"", "\"41\"", true, false, true);
	expect("*", "*", true, true, false);
	expect("*", "*", false, false, true);
	expect("\"42\"", "\"42\"", false, false, true);
}

/* RFC 9110, section 8.8.3.2: If-Match compares strongly, If-None-Match weakly. */
static void test_weak(void **state)
{
	(void)state;
	expect("W/\"42\"", "W/\"42\"", true, false, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_meaning),
		cmocka_unit_test(test_weak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
