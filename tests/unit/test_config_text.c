/* SPDX-License-Identifier: BSD-2-Clause */
/* From text and files to JSON: what is refused, where, and in which words. */
#include "config_support.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define REPEAT8(text)  text text text text text text text text
#define REPEAT32(text) REPEAT8(text) REPEAT8(text) REPEAT8(text) REPEAT8(text)
#define LONG_KEY       "a-key-that-is-longer-than-what-jansson-puts-into-messages"

struct text_case {
	const char *text;
	size_t length; /* 0: up to the NUL byte */
	const char *fault;
};

static const struct text_case cases[] = {
	{"", 0, "line 1, column 1: nothing there; expected a JSON object"},
	{" \n\t ", 0, "line 2, column 3: nothing there; expected a JSON object"},
	{"\"text\"", 0, "line 1, column 6: '[' or '{' expected near '\"text\"'"},
	{"{\n  \"a\": 1,\n}", 0, "line 3, column 1: string or '}' expected near '}'"},
	{"{\"a\": [1, 2}", 0, "line 1, column 12: ']' expected near '}'"},
	{"{\"a\": 1", 0, "line 1, column 7: '}' expected near end of file"},
	{"{\n", 0, "line 2, column 1: string or '}' expected near end of file"},
	{"{\"a\": 1} {}", 0, "line 1, column 10: end of file expected near '{'"},
	{"{\"a\": 1}x", 0, "line 1, column 9: end of file expected near 'x'"},
	{"{\"a\": tru}", 0, "line 1, column 9: invalid token near 'tru'"},
	{"{\"\u00e9\u00e9\": tru}", 0, "line 1, column 10: invalid token near 'tru'"},
	{"{\"a\": 123456789012345678901234567890}", 0, "line 1, column 36: too big integer"},
	{"{\"a\": \"\xff\"}", 0, "line 1, column 7: unable to decode byte 0xff near '\"'"},
	{"{\"a\": \"x\ny\"}", 0, "line 1, column 8: unexpected newline near '\"x'"},
	{"{\"a\": \"\\u0000\"}", 0, "line 1, column 14: \\u0000 is not allowed"},
	{"{\"a\\u0000b\": 1}", 0, "line 1, column 11: \\u0000 is not allowed"},
	{"{\"a\": \"\0\"}", 10, "line 1, column 8: a NUL byte"},
	{"{\n}\n\0", 5, "line 3, column 1: a NUL byte"},
	{"{\"a\": 1,\n \"b\": 2, \"a\": 3}", 0, "line 2, column 11: duplicate key 'a'"},
	{"{\"a\": {\"x\": 1, \"x\": 2}}", 0, "line 1, column 17: duplicate key 'x'"},
	{"{\"" LONG_KEY "\": 1,\n\"" LONG_KEY "\": 2}", 0,
	 "line 2, column 2: duplicate key '" LONG_KEY "'"},
	{"{\"a\\\"b\\\\\": 1, \"a\\\"b\\\\\": 2}", 0,
	 "line 1, column 16: duplicate key 'a\\\"b\\\\'"},
	{REPEAT32("[") "\n[" REPEAT32("]") "]", 0,
	 "line 2, column 1: nested deeper than 32 levels"},
};

static void each_fault_has_its_place(void **state)
{
	(void)state;
	for (size_t index = 0; index < sizeof(cases) / sizeof(cases[0]); index++) {
		const struct text_case *this = &cases[index];
		size_t length = this->length ? this->length : strlen(this->text);
		struct error_list errors = {0};
		/* Of exactly this size, so that reading beyond it is caught. */
		char *text = malloc(length + !length);

		assert_non_null(text);
		memcpy(text, this->text, length);
		assert_null(json_parse(text, length, &errors));
		assert_int_equal(errors.count, 1);
		assert_string_equal(errors.items[0].message, this->fault);
		assert_int_equal(errors.items[0].kind, ERROR_SYNTAX);
		assert_string_equal(errors.items[0].pointer, "");
		error_list_done(&errors);
		free(text);
	}
}

static void assert_loads(const char *text)
{
	struct error_list errors = {0};
	json_t *json = json_parse(text, strlen(text), &errors);

	assert_string_equal(errors_text(&errors), "");
	assert_non_null(json);
	json_decref(json);
}

static void good_text_is_loaded(void **state)
{
	(void)state;
	assert_loads("{}");
	assert_loads(" \n{\"a\": [1, 2.5, true, null, \"\\u00e9 \\\" ] } \\\\\"]}\n");
	assert_loads("{\"a\": \"" REPEAT32("[[{\\\"") "\"}");
	assert_loads(REPEAT32("[") REPEAT32("]"));
	assert_loads("[" REPEAT32("[],{},") "[]]");
	assert_loads("[{\"a\": 1}, {\"a\": 1}]");
}

static void a_huge_text_is_refused_unread(void **state)
{
	size_t length = (size_t)JSON_TEXT_BYTES_MAX + 1;
	struct error_list errors = {0};
	char *text = calloc(1, length);

	(void)state;
	assert_non_null(text);
	assert_null(json_parse(text, length, &errors));
	assert_string_equal(errors_text(&errors), "limit : the document has 67108865 bytes or more;"
						  " expected at most 67108864\n");
	free(text);
}

/* ---- files ---- */

static char folder[] = "config-text-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static char *path_in_folder(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

/* The path of a new file; the test unlinks it. */
static char *write_file(const char *name, const char *text)
{
	char *path = path_in_folder(name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return path;
}

static void assert_file_refused(const char *path, enum error_kind kind, const char *message)
{
	struct error_list errors = {0};
	char expected[ERROR_MESSAGE_BYTES];

	snprintf(expected, sizeof(expected), "%s: %s", path, message);
	assert_null(json_parse_file(path, &errors));
	assert_int_equal(errors.count, 1);
	assert_string_equal(errors.items[0].message, expected);
	assert_int_equal(errors.items[0].kind, kind);
	error_list_done(&errors);
}

static void a_file_is_loaded_whole(void **state)
{
	char *text = malloc(300001);
	struct error_list errors = {0};
	json_t *json;
	char *path;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', 300000);
	memcpy(text, "{\"first\": 1,", 12);
	memcpy(text + 299988, "\"last\": 2}\n", 11);
	text[299999] = '\0';
	path = write_file("large.json", text);
	json = json_parse_file(path, &errors);
	assert_string_equal(errors_text(&errors), "");
	assert_int_equal(json_integer_value(json_object_get(json, "last")), 2);
	json_decref(json);
	unlink(path);
	free(text);
}

static void a_faulty_file_is_named(void **state)
{
	char *path;

	(void)state;
	path = write_file("faulty.json", "{\n  \"a\" 1}\n");
	assert_file_refused(path, ERROR_SYNTAX, "line 2, column 7: ':' expected near '1'");
	unlink(path);
	path = write_file("empty.json", "");
	assert_file_refused(path, ERROR_SYNTAX,
			    "line 1, column 1: nothing there; expected a JSON object");
	unlink(path);
	assert_file_refused(folder, ERROR_SYSTEM, "Is a directory");
	assert_file_refused(path_in_folder("none.json"), ERROR_NOT_FOUND,
			    "No such file or directory");
}

static void a_huge_file_is_refused(void **state)
{
	char *path = write_file("huge.json", "{");

	(void)state;
	assert_int_equal(truncate(path, (off_t)JSON_TEXT_BYTES_MAX + 4096), 0);
	assert_file_refused(path, ERROR_LIMIT,
			    "the document has 67112960 bytes or more; expected at most 67108864");
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_has_its_place),
		cmocka_unit_test(good_text_is_loaded),
		cmocka_unit_test(a_huge_text_is_refused_unread),
		cmocka_unit_test(a_file_is_loaded_whole),
		cmocka_unit_test(a_faulty_file_is_named),
		cmocka_unit_test(a_huge_file_is_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
