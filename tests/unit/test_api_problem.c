/* SPDX-License-Identifier: BSD-2-Clause */
#include "problem.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Parses what was written, as a client would. */
static json_t *load(struct text text)
{
	json_error_t error;
	json_t *json;

	assert_false(text.failed);
	json = json_loadb(text.bytes, text.length, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		fail_msg("not JSON: %s: %.*s", error.text, (int)text.length, text.bytes);
	text_done(&text);
	return json;
}

static const char *string(const json_t *json, const char *key)
{
	const char *value = json_string_value(json_object_get(json, key));

	return value ? value : "(none)";
}

static void test_document(void **state)
{
	json_t *json = load(problem_document(PROBLEM_BODY_TOO_LARGE, "the body has 9 bytes"));

	(void)state;
	assert_string_equal(string(json, "type"), "/problems/body-too-large");
	assert_string_equal(string(json, "title"), "Body too large");
	assert_string_equal(string(json, "detail"), "the body has 9 bytes");
	assert_int_equal(json_integer_value(json_object_get(json, "status")), 413);
	assert_int_equal(json_object_size(json), 4);
	json_decref(json);
}

static void test_detail_is_escaped(void **state)
{
	json_t *json =
		load(problem_document(PROBLEM_SYSTEM, "\"\\\n\x01\x7f \xe2\x82\xac \xff\xe2"));

	(void)state;
	assert_string_equal(string(json, "detail"),
			    "\"\\\n\x01\x7f \xe2\x82\xac \xef\xbf\xbd\xef\xbf\xbd");
	json_decref(json);
}

static void test_errors(void **state)
{
	struct error_list errors = {.omitted = 7};
	json_t *json, *first;

	(void)state;
	error_list_add(&errors, ERROR_INVALID, "/port", "port 70000 is too large");
	error_list_add(&errors, ERROR_INVALID, "/a~1b", "unknown key 'a/b'");
	json = load(problem_document_of_errors(&errors));
	assert_string_equal(string(json, "type"), "/problems/invalid");
	assert_string_equal(string(json, "detail"), "9 faults; the first: port 70000 is too large");
	assert_int_equal(json_integer_value(json_object_get(json, "status")), 422);
	assert_int_equal(json_integer_value(json_object_get(json, "omitted")), 7);
	assert_int_equal(json_array_size(json_object_get(json, "errors")), 2);
	first = json_array_get(json_object_get(json, "errors"), 1);
	assert_string_equal(string(first, "pointer"), "/a~1b");
	assert_string_equal(string(first, "detail"), "unknown key 'a/b'");
	json_decref(json);
	error_list_done(&errors);
}

static void test_one_fault_is_the_detail(void **state)
{
	struct error_list errors = {0};
	json_t *json;

	(void)state;
	error_list_add(&errors, ERROR_SYNTAX, "", "line 3, column 7: '}' expected");
	json = load(problem_document_of_errors(&errors));
	assert_string_equal(string(json, "type"), "/problems/syntax");
	assert_string_equal(string(json, "detail"), "line 3, column 7: '}' expected");
	assert_null(json_object_get(json, "omitted"));
	json_decref(json);
	error_list_done(&errors);
}

static void test_kind_of_errors(void **state)
{
	struct error_list errors = {.omitted = 1};

	(void)state;
	assert_int_equal(problem_kind_of_errors(&errors), PROBLEM_SYSTEM);
	error_list_add(&errors, ERROR_CONFLICT, "", "a");
	assert_int_equal(problem_kind_of_errors(&errors), PROBLEM_CONFLICT);
	error_list_add(&errors, ERROR_CONFLICT, "", "b");
	assert_int_equal(problem_kind_of_errors(&errors), PROBLEM_CONFLICT);
	error_list_add(&errors, ERROR_LIMIT, "", "c");
	assert_int_equal(problem_kind_of_errors(&errors), PROBLEM_INVALID);
	error_list_done(&errors);
}

static void test_status_of_errors(void **state)
{
	static const struct {
		enum error_kind kind;
		unsigned status;
	} cases[] = {
		{ERROR_SYNTAX, 400},	  {ERROR_INVALID, 422}, {ERROR_NOT_FOUND, 404},
		{ERROR_CONFLICT, 409},	  {ERROR_LIMIT, 422},	{ERROR_PERMISSION, 500},
		{ERROR_UNSUPPORTED, 501}, {ERROR_BUSY, 503},	{ERROR_SYSTEM, 500},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct problem_class *class = problem_class(problem_kind_of(cases[i].kind));

		assert_string_equal(class->name, error_kind_name(cases[i].kind));
		assert_int_equal(class->status, cases[i].status);
	}
	assert_int_equal(problem_kind_of(ERROR_NONE), PROBLEM_SYSTEM);
	assert_true(problem_class(PROBLEM_BUSY)->retry_after_s > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_detail_is_escaped),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_one_fault_is_the_detail),
		cmocka_unit_test(test_kind_of_errors),
		cmocka_unit_test(test_status_of_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
