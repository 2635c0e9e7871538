/* SPDX-License-Identifier: BSD-2-Clause */
#include "error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_set_describes(void **state)
{
	struct error error = {.kind = ERROR_SYSTEM, .system_errno = EIO, .pointer = "/old"};

	(void)state;
	assert_int_equal(error_set(&error, ERROR_INVALID, "port %d is not a port", 70000), -1);
	assert_int_equal(error.kind, ERROR_INVALID);
	assert_int_equal(error.system_errno, 0);
	assert_string_equal(error.pointer, "");
	assert_string_equal(error.message, "port 70000 is not a port");
}

static void test_set_errno_appends_its_text(void **state)
{
	struct error error;

	(void)state;
	assert_int_equal(error_set_errno(&error, ENOENT, "file '%s'", "a"), -1);
	assert_int_equal(error.kind, ERROR_NOT_FOUND);
	assert_int_equal(error.system_errno, ENOENT);
	assert_string_equal(error.message, "file 'a': No such file or directory");
	error_set_errno(&error, 4095, "x");
	assert_int_equal(error.kind, ERROR_SYSTEM);
	assert_string_equal(error.message, "x: error 4095");
}

static void test_errno_tells_the_kind(void **state)
{
	static const struct {
		int system_errno;
		enum error_kind kind;
	} cases[] = {
		{EPERM, ERROR_PERMISSION},
		{EACCES, ERROR_PERMISSION},
		{ENODEV, ERROR_NOT_FOUND},
		{EEXIST, ERROR_CONFLICT},
		{EBUSY, ERROR_BUSY},
		{EADDRINUSE, ERROR_BUSY},
		{ENOSPC, ERROR_LIMIT},
		{EMFILE, ERROR_LIMIT},
		{EOPNOTSUPP, ERROR_UNSUPPORTED},
		{EIO, ERROR_SYSTEM},
	};
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		error_set_errno(&error, cases[i].system_errno, "x");
		assert_int_equal(error.kind, cases[i].kind);
	}
}

static void test_prefix_comes_first(void **state)
{
	struct error error;

	(void)state;
	error_set_errno(&error, EIO, "backend 'b'");
	assert_int_equal(error_prefix(&error, "vip '%s': ", "web"), -1);
	assert_string_equal(error.message, "vip 'web': backend 'b': Input/output error");
	assert_int_equal(error.kind, ERROR_SYSTEM);
	assert_int_equal(error.system_errno, EIO);
}

static void test_arguments_may_lie_in_the_error(void **state)
{
	struct error error;

	(void)state;
	error_set(&error, ERROR_INVALID, "inner");
	error_prefix(&error, "<%s> ", error.message);
	assert_string_equal(error.message, "<inner> inner");
	error_set(&error, ERROR_INVALID, "again %s", error.message);
	assert_string_equal(error.message, "again <inner> inner");
}

static void test_nobody_need_listen(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, ERROR_INVALID, "x"), -1);
	assert_int_equal(error_set_errno(NULL, EIO, "x"), -1);
	assert_int_equal(error_prefix(NULL, "x"), -1);
}

static bool ends_in_ellipsis(const char *text)
{
	size_t length = strlen(text);

	return length > 3 && strcmp(text + length - 3, "...") == 0;
}

static void test_long_messages_are_cut(void **state)
{
	char exact[ERROR_MESSAGE_BYTES];
	char longer[ERROR_MESSAGE_BYTES + 1];
	struct error error;

	(void)state;
	memset(exact, 'x', sizeof(exact) - 1);
	exact[sizeof(exact) - 1] = '\0';
	error_set(&error, ERROR_INVALID, "%s", exact);
	assert_string_equal(error.message, exact);
	error_prefix(&error, "p");
	assert_true(ends_in_ellipsis(error.message));
	assert_int_equal(strlen(error.message), ERROR_MESSAGE_BYTES - 1);
	memset(longer, 'y', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	error_set(&error, ERROR_INVALID, "%s", longer);
	assert_true(ends_in_ellipsis(error.message));
	assert_int_equal(strlen(error.message), ERROR_MESSAGE_BYTES - 1);
}

/* A half character would make the problem+json invalid. */
static void test_cuts_fall_between_characters(void **state)
{
	static const char *const characters[] = {"é", "€", "🎱"};
	char text[2 * ERROR_MESSAGE_BYTES];
	struct error error;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t shift = 0; shift < 4; shift++) {
			size_t size = strlen(characters[i]);
			size_t length = shift;

			memset(text, 'x', shift);
			for (; length + size < sizeof(text); length += size)
				memcpy(text + length, characters[i], size);
			text[length] = '\0';
			error_set(&error, ERROR_INVALID, "%s", text);
			length = strlen(error.message);
			assert_true(ends_in_ellipsis(error.message));
			assert_int_equal((length - 3 - shift) % size, 0);
			assert_in_range(length, ERROR_MESSAGE_BYTES - 4, ERROR_MESSAGE_BYTES - 1);
			assert_memory_equal(error.message, text, length - 3);
		}
}

static void test_list_keeps_the_order(void **state)
{
	struct error_list list = {0};
	struct error error;

	(void)state;
	assert_true(error_list_is_empty(&list));
	assert_int_equal(error_list_add(&list, ERROR_INVALID, "/a", "first %d", 1), -1);
	error_set(&error, ERROR_CONFLICT, "second");
	assert_int_equal(error_list_append(&list, &error), -1);
	error_list_append(&list, &list.items[0]);
	assert_false(error_list_is_empty(&list));
	assert_int_equal(list.count, 3);
	assert_string_equal(list.items[0].pointer, "/a");
	assert_string_equal(list.items[0].message, "first 1");
	assert_int_equal(list.items[1].kind, ERROR_CONFLICT);
	assert_string_equal(list.items[1].message, "second");
	assert_string_equal(list.items[2].message, "first 1");
	error_list_done(&list);
	assert_true(error_list_is_empty(&list));
	error_list_done(NULL);
}

static void test_list_is_bounded(void **state)
{
	struct error_list list = {0};

	(void)state;
	for (int i = 0; i < ERROR_LIST_MAX + 5; i++)
		error_list_add(&list, ERROR_INVALID, "", "fault %d", i);
	assert_int_equal(list.count, ERROR_LIST_MAX);
	assert_int_equal(list.omitted, 5);
	assert_string_equal(list.items[ERROR_LIST_MAX - 1].message, "fault 99");
	error_list_done(&list);
}

static void test_kinds_have_names_of_their_own(void **state)
{
	(void)state;
	assert_string_equal(error_kind_name(ERROR_INVALID), "invalid");
	assert_string_equal(error_kind_name(ERROR_NOT_FOUND), "not-found");
	for (enum error_kind one = ERROR_NONE; one <= ERROR_SYSTEM; one++)
		for (enum error_kind other = ERROR_NONE; other < one; other++)
			assert_string_not_equal(error_kind_name(one), error_kind_name(other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_describes),
		cmocka_unit_test(test_set_errno_appends_its_text),
		cmocka_unit_test(test_errno_tells_the_kind),
		cmocka_unit_test(test_prefix_comes_first),
		cmocka_unit_test(test_arguments_may_lie_in_the_error),
		cmocka_unit_test(test_nobody_need_listen),
		cmocka_unit_test(test_long_messages_are_cut),
		cmocka_unit_test(test_cuts_fall_between_characters),
		cmocka_unit_test(test_list_keeps_the_order),
		cmocka_unit_test(test_list_is_bounded),
		cmocka_unit_test(test_kinds_have_names_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
