/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON Pointer, JSON Patch and JSON Merge Patch: the RFCs' own examples, and every fault that a
 * patch can have, with its pointer and its whole message.
 */
#include "config_support.h"
#include "json_patch.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct patch_case {
	const char *document;
	const char *patch;
	const char *result; /* or NULL: refused … */
	const char *errors; /* … with these */
};

static json_t *apply(const json_t *document, const json_t *json, struct error_list *errors)
{
	struct json_patch *patch = json_patch_parse(json, errors);
	json_t *result = patch ? json_patch_apply(patch, document, errors) : NULL;

	json_patch_free(patch);
	return result;
}

static void assert_patch_case(const struct patch_case *patch_case)
{
	struct error_list errors = {0};
	json_t *document = json_of(patch_case->document), *patch = json_of(patch_case->patch);
	json_t *untouched_document = json_of(patch_case->document);
	json_t *untouched_patch = json_of(patch_case->patch);
	json_t *result = apply(document, patch, &errors);
	json_t *expected = patch_case->result ? json_of(patch_case->result) : NULL;

	assert_string_equal(errors_text(&errors), patch_case->errors ? patch_case->errors : "");
	if (expected)
		assert_json_equal(result, expected);
	else
		assert_null(result);
	assert_json_equal(document, untouched_document);
	assert_json_equal(patch, untouched_patch);
	json_decref(expected);
	json_decref(result);
	json_decref(untouched_patch);
	json_decref(untouched_document);
	json_decref(patch);
	json_decref(document);
}

/* ---- RFC 6902, appendix A, in its order ---- */

static const struct patch_case rfc6902[] = {
	{"{'foo': 'bar'}", "[{'op': 'add', 'path': '/baz', 'value': 'qux'}]",
	 "{'baz': 'qux', 'foo': 'bar'}", NULL},
	{"{'foo': ['bar', 'baz']}", "[{'op': 'add', 'path': '/foo/1', 'value': 'qux'}]",
	 "{'foo': ['bar', 'qux', 'baz']}", NULL},
	{"{'baz': 'qux', 'foo': 'bar'}", "[{'op': 'remove', 'path': '/baz'}]", "{'foo': 'bar'}",
	 NULL},
	{"{'foo': ['bar', 'qux', 'baz']}", "[{'op': 'remove', 'path': '/foo/1'}]",
	 "{'foo': ['bar', 'baz']}", NULL},
	{"{'baz': 'qux', 'foo': 'bar'}", "[{'op': 'replace', 'path': '/baz', 'value': 'boo'}]",
	 "{'baz': 'boo', 'foo': 'bar'}", NULL},
	{"{'foo': {'bar': 'baz', 'waldo': 'fred'}, 'qux': {'corge': 'grault'}}",
	 "[{'op': 'move', 'from': '/foo/waldo', 'path': '/qux/thud'}]",
	 "{'foo': {'bar': 'baz'}, 'qux': {'corge': 'grault', 'thud': 'fred'}}", NULL},
	{"{'foo': ['all', 'grass', 'cows', 'eat']}",
	 "[{'op': 'move', 'from': '/foo/1', 'path': '/foo/3'}]",
	 "{'foo': ['all', 'cows', 'eat', 'grass']}", NULL},
	{"{'baz': 'qux', 'foo': ['a', 2, 'c']}",
	 "[{'op': 'test', 'path': '/baz', 'value': 'qux'}, {'op': 'test', 'path': '/foo/1',"
	 " 'value': 2}]",
	 "{'baz': 'qux', 'foo': ['a', 2, 'c']}", NULL},
	{"{'baz': 'qux'}", "[{'op': 'test', 'path': '/baz', 'value': 'bar'}]", NULL,
	 "conflict /0/value: patch[0]: value is \"bar\", but '/baz' is \"qux\"\n"},
	{"{'foo': 'bar'}", "[{'op': 'add', 'path': '/child', 'value': {'grandchild': {}}}]",
	 "{'foo': 'bar', 'child': {'grandchild': {}}}", NULL},
	{"{'foo': 'bar'}", "[{'op': 'add', 'path': '/baz', 'value': 'qux', 'xyz': 123}]",
	 "{'foo': 'bar', 'baz': 'qux'}", NULL},
	{"{'foo': 'bar'}", "[{'op': 'add', 'path': '/baz/bat', 'value': 'qux'}]", NULL,
	 "conflict /0/path: patch[0]: path '/baz/bat' leads nowhere: 'the document' has no"
	 " 'baz'\n"},
	/* A.13, an operation with two members 'op', is the loader's to refuse: see below. */
	{"{'/': 9, '~1': 10}", "[{'op': 'test', 'path': '/~01', 'value': 10}]",
	 "{'/': 9, '~1': 10}", NULL},
	{"{'/': 9, '~1': 10}", "[{'op': 'test', 'path': '/~01', 'value': '10'}]", NULL,
	 "conflict /0/value: patch[0]: value is \"10\", but '/~01' is 10\n"},
	{"{'foo': ['bar']}", "[{'op': 'add', 'path': '/foo/-', 'value': ['abc', 'def']}]",
	 "{'foo': ['bar', ['abc', 'def']]}", NULL},
};

static void the_examples_of_rfc_6902_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rfc6902); i++)
		assert_patch_case(&rfc6902[i]);
}

static void an_operation_with_two_verbs_is_refused(void **state)
{
	static const char text[] = "[{\"op\": \"add\", \"path\": \"/baz\", \"value\": \"qux\","
				   " \"op\": \"remove\"}]";
	struct error_list errors = {0};

	(void)state;
	assert_null(json_parse(text, strlen(text), &errors));
	assert_string_equal(errors_text(&errors),
			    "syntax : line 1, column 49: duplicate key 'op'\n");
}

/* ---- what the RFC says without an example ---- */

static const struct patch_case further[] = {
	{"{'a': 1}", "[]", "{'a': 1}", NULL},
	{"{'a': 1}", "[{'op': 'add', 'path': '', 'value': [2]}]", "[2]", NULL},
	{"{'a': 1}", "[{'op': 'replace', 'path': '', 'value': null}]", "null", NULL},
	{"{'a': 1}", "[{'op': 'add', 'path': '/a', 'value': 2}]", "{'a': 2}", NULL},
	{"{'a': 1}", "[{'op': 'add', 'path': '/', 'value': 2}]", "{'a': 1, '': 2}", NULL},
	{"[1]", "[{'op': 'add', 'path': '/1', 'value': 2}]", "[1, 2]", NULL},
	{"[1]", "[{'op': 'add', 'path': '/0', 'value': 2}]", "[2, 1]", NULL},
	{"[1, 2]", "[{'op': 'replace', 'path': '/1', 'value': 3}]", "[1, 3]", NULL},
	{"{'a': {'b': 1}}", "[{'op': 'copy', 'from': '/a', 'path': '/a/c'}]",
	 "{'a': {'b': 1, 'c': {'b': 1}}}", NULL},
	/* A copy is independent of what it was made from. */
	{"{'a': {'b': 1}}",
	 "[{'op': 'copy', 'from': '/a', 'path': '/c'}, {'op': 'replace', 'path': '/a/b', 'value':"
	 " 2}]",
	 "{'a': {'b': 2}, 'c': {'b': 1}}", NULL},
	{"[1, 2]", "[{'op': 'copy', 'from': '/0', 'path': '/-'}]", "[1, 2, 1]", NULL},
	{"{'a': 1}", "[{'op': 'move', 'from': '/a', 'path': '/a'}]", "{'a': 1}", NULL},
	{"{'a': 1}", "[{'op': 'move', 'from': '', 'path': ''}]", "{'a': 1}", NULL},
	{"{'a': {'b': 1}}", "[{'op': 'move', 'from': '/a/b', 'path': '/a'}]", "{'a': 1}", NULL},
	{"{'a': {'b': 1}}", "[{'op': 'move', 'from': '/a/b', 'path': ''}]", "1", NULL},
	/* '/ab' does not lie within '/a'. */
	{"{'a': 1}", "[{'op': 'move', 'from': '/a', 'path': '/ab'}]", "{'ab': 1}", NULL},
	/* Numbers are compared as numbers, objects without regard to order. */
	{"[1, 2.0, {'a': [1.5], 'b': 2}]",
	 "[{'op': 'test', 'path': '', 'value': [1.0, 2, {'b': 2, 'a': [1.5]}]}]",
	 "[1, 2.0, {'a': [1.5], 'b': 2}]", NULL},
	{"[9007199254740993]", "[{'op': 'test', 'path': '/0', 'value': 9007199254740992.0}]", NULL,
	 "conflict /0/value: patch[0]: value is 9007199254740992.0, but '/0' is"
	 " 9007199254740993\n"},
	{"[[1, 2]]", "[{'op': 'test', 'path': '/0', 'value': [1]}]", NULL,
	 "conflict /0/value: patch[0]: value is [1], but '/0' is [1,2]\n"},
	{"[{'a': 1}]", "[{'op': 'test', 'path': '/0', 'value': {'b': 1}}]", NULL,
	 "conflict /0/value: patch[0]: value is {\"b\":1}, but '/0' is {\"a\":1}\n"},
	{"['123456789012345678901234567890123456789012345678901234567890123456789012345678901234']",
	 "[{'op': 'test', 'path': '', 'value': 'x'}]", NULL,
	 "conflict /0/value: patch[0]: value is \"x\", but 'the document' is"
	 " [\"123456789012345678901234567890123456789012345678901234567890123456789012345678...\n"},
	{"[null]", "[{'op': 'test', 'path': '/0', 'value': false}]", NULL,
	 "conflict /0/value: patch[0]: value is false, but '/0' is null\n"},
};

static void what_needs_no_example_holds_too(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(further); i++)
		assert_patch_case(&further[i]);
}

/* ---- errors ---- */

#define VERBS "expected 'add', 'remove', 'replace', 'move', 'copy' or 'test'\n"

static const struct patch_case faulty[] = {
	/* of form: all of them at once */
	{"{}", "{}", NULL, "invalid : patch is an object; expected an array of operations\n"},
	{"{}", "[1, {}, {'op': 'put', 'path': 'a'}, {'op': 7, 'path': 8}]", NULL,
	 "invalid /0: patch[0] is an integer; expected an object\n"
	 "invalid /1: patch[1]: key 'path' is missing\n"
	 "invalid /1: patch[1]: key 'op' is missing\n"
	 "invalid /2/path: patch[2]: path 'a' is not a JSON Pointer; expected '/' before each"
	 " name\n"
	 "invalid /2/op: patch[2]: op 'put' is unknown; " VERBS
	 "invalid /3/path: patch[3]: path is an integer; expected a string\n"
	 "invalid /3/op: patch[3]: op is an integer; " VERBS},
	{"{}", "[{'op': 'add', 'path': '/a'}, {'op': 'move', 'path': '/a'}]", NULL,
	 "invalid /0: patch[0]: key 'value' is missing\n"
	 "invalid /1: patch[1]: key 'from' is missing\n"},
	{"{}", "[{'op': 'remove', 'path': '/a~'}, {'op': 'copy', 'path': '/~2', 'from': '~'}]",
	 NULL,
	 "invalid /0/path: patch[0]: path '/a~' is not a JSON Pointer; expected '~0' for '~' and"
	 " '~1' for '/'\n"
	 "invalid /1/path: patch[1]: path '/~2' is not a JSON Pointer; expected '~0' for '~' and"
	 " '~1' for '/'\n"
	 "invalid /1/from: patch[1]: from '~' is not a JSON Pointer; expected '/' before each"
	 " name\n"},
	{"{}",
	 "[{'op': 'remove', 'path': '/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8"
	 "/9/0/1/2/3'}]",
	 NULL,
	 "limit /0/path: patch[0]: path '/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8"
	 "/9/0/1/2/3' has 33 names; expected at most 32\n"},
	/* of the document: the first of them */
	{"{'a': 1}", "[{'op': 'remove', 'path': '/b'}, {'op': 'remove', 'path': '/c'}]", NULL,
	 "conflict /0/path: patch[0]: path '/b' leads nowhere: 'the document' has no 'b'\n"},
	{"{'a': {'x/y': {}}}", "[{'op': 'replace', 'path': '/a/x~1y/c', 'value': 1}]", NULL,
	 "conflict /0/path: patch[0]: path '/a/x~1y/c' leads nowhere: '/a/x~1y' has no 'c'\n"},
	{"{'a': 1}", "[{'op': 'add', 'path': '/a/b', 'value': 1}]", NULL,
	 "conflict /0/path: patch[0]: path '/a/b' leads nowhere: '/a' is an integer; expected an"
	 " object or an array\n"},
	{"{'a': [1]}", "[{'op': 'add', 'path': '/a/2', 'value': 1}]", NULL,
	 "conflict /0/path: patch[0]: path '/a/2' leads nowhere: '/a' has 1 elements\n"},
	{"{'a': [1]}", "[{'op': 'replace', 'path': '/a/-', 'value': 1}]", NULL,
	 "conflict /0/path: patch[0]: path '/a/-' leads nowhere: '/a' has 1 elements\n"},
	{"{'a': [1, 2]}", "[{'op': 'remove', 'path': '/a/01'}]", NULL,
	 "conflict /0/path: patch[0]: path '/a/01' leads nowhere: '/a' is an array; expected a"
	 " number for '01'\n"},
	{"{'a': [1, 2]}", "[{'op': 'add', 'path': '/a/+1', 'value': 1}]", NULL,
	 "conflict /0/path: patch[0]: path '/a/+1' leads nowhere: '/a' is an array; expected a"
	 " number for '+1'\n"},
	{"[1]", "[{'op': 'test', 'path': '/18446744073709551616', 'value': 1}]", NULL,
	 "conflict /0/path: patch[0]: path '/18446744073709551616' leads nowhere: 'the document'"
	 " is an array; expected a number for '18446744073709551616'\n"},
	{"{'a': {}}", "[{'op': 'copy', 'path': '/a', 'from': '/b'}]", NULL,
	 "conflict /0/from: patch[0]: from '/b' leads nowhere: 'the document' has no 'b'\n"},
	{"{'a': {}}", "[{'op': 'move', 'path': '/a/b', 'from': '/a'}]", NULL,
	 "invalid /0/path: patch[0]: path lies within '/a', which moves\n"},
	{"{'a': {}}", "[{'op': 'remove', 'path': ''}]", NULL,
	 "invalid /0/path: patch[0]: path is that of the document; expected one within it\n"},
	/* Nothing is applied in part, and a test sees what operations before it did. */
	{"{'a': 1}",
	 "[{'op': 'replace', 'path': '/a', 'value': 2}, {'op': 'test', 'path': '/a', 'value': 1}]",
	 NULL, "conflict /1/value: patch[1]: value is 1, but '/a' is 2\n"},
};

static void what_cannot_be_done_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(faulty); i++)
		assert_patch_case(&faulty[i]);
}

/* ---- bounds ---- */

static void assert_refused(const json_t *document, const json_t *patch, const char *expected)
{
	struct error_list errors = {0};
	json_t *result = apply(document, patch, &errors);

	assert_null(result);
	assert_string_equal(errors_text(&errors), expected);
}

static void a_bomb_of_copies_is_refused(void **state)
{
	json_t *document = json_of("[0]"), *patch = json_array();

	(void)state;
	for (int i = 0; i < 30; i++)
		json_array_append_new(patch, json_pack("{s:s, s:s, s:s}", "op", "copy", "from", "",
						       "path", "/-"));
	assert_refused(document, patch,
		       "limit /15/from: patch[15]: from: with it, the patch copies, moves or shifts"
		       " more than 69376 values, the most that one of its length may\n");
	json_decref(patch);
	json_decref(document);
}

static void a_document_does_not_grow_too_deep(void **state)
{
	json_t *document = json_of("{'a': {}}"), *patch = json_array(), *deeper = json_of("{}");

	(void)state;
	for (int i = 0; i < 30; i++)
		deeper = json_pack("{s:o}", "a", deeper);
	json_array_append_new(
		patch, json_pack("{s:s, s:s, s:O}", "op", "add", "path", "/a/a", "value", deeper));
	assert_refused(document, patch,
		       "limit /0/path: patch[0]: path: the document would be 33 levels deep;"
		       " expected at most 32\n");
	json_object_set_new(json_array_get(patch, 0), "op", json_string("replace"));
	json_object_set_new(json_array_get(patch, 0), "path", json_string("/a"));
	json_array_append_new(
		patch, json_pack("{s:s, s:s, s:s}", "op", "copy", "from", "/a", "path", "/a/b"));
	assert_refused(document, patch,
		       "limit /1/path: patch[1]: path: the document would be 33 levels deep;"
		       " expected at most 32\n");
	json_decref(deeper);
	json_decref(patch);
	json_decref(document);
}

static void a_patch_has_not_too_many_operations(void **state)
{
	json_t *document = json_object(), *patch = json_array(), *operation = json_of("{}");

	(void)state;
	for (int i = 0; i <= JSON_PATCH_OPERATIONS_MAX; i++)
		json_array_append(patch, operation);
	assert_refused(document, patch,
		       "limit : patch has 262145 operations; expected at most 262144\n");
	json_decref(operation);
	json_decref(patch);
	json_decref(document);
}

static void arrays_are_not_shifted_for_ever(void **state)
{
	json_t *document = json_array(), *patch = json_array();
	json_t *insertion = json_of("{'op': 'add', 'path': '/0', 'value': 1}");

	(void)state;
	for (int i = 0; i < 2000; i++)
		json_array_append(patch, insertion);
	assert_refused(document, patch,
		       "limit /802/path: patch[802]: path: with it, the patch copies, moves or"
		       " shifts more than 321536 values, the most that one of its length may\n");
	json_decref(insertion);
	json_decref(patch);
	json_decref(document);
}

#define LARGE_VIPS 4096

/* As many VIPs, each with 16 backends, as a config has at most by default. */
static json_t *large_document(void)
{
	json_t *vip = json_of("{'address': '192.0.2.1', 'port': 80, 'protocol': 'tcp',"
			      " 'ring_slots': 0, 'tracking': 'changes', 'on_down': 'keep'}");
	json_t *backends = json_object(), *vips = json_object();
	char name[16];

	for (int i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "b%d", i);
		json_object_set_new(
			backends, name,
			json_of("{'address': '10.0.0.1', 'weight': 1, 'state': 'active'}"));
	}
	json_object_set_new(vip, "backends", backends);
	for (int i = 0; i < LARGE_VIPS; i++) {
		snprintf(name, sizeof(name), "v%d", i);
		json_object_set_new(vips, name, json_deep_copy(vip));
	}
	json_decref(vip);
	return json_pack("{s:o}", "vips", vips);
}

static void a_short_patch_does_not_copy_a_large_document(void **state)
{
	json_t *document = large_document();
	json_t *patch = json_of("[{'op': 'copy', 'from': '/vips', 'path': '/more'}]");

	(void)state;
	assert_refused(document, patch,
		       "limit /0/from: patch[0]: from: with it, the patch copies, moves or shifts"
		       " more than 65664 values, the most that one of its length may\n");
	json_decref(patch);
	json_decref(document);
}

static void every_vip_of_a_large_document_may_move(void **state)
{
	json_t *document = large_document(), *patch = json_array(), *result;
	struct error_list errors = {0};
	char from[24], path[24];

	(void)state;
	for (int i = 0; i < LARGE_VIPS; i++) {
		snprintf(from, sizeof(from), "/vips/v%d", i);
		snprintf(path, sizeof(path), "/vips/w%d", i);
		json_array_append_new(patch, json_pack("{s:s, s:s, s:s}", "op", "move", "from",
						       from, "path", path));
	}
	result = apply(document, patch, &errors);
	assert_string_equal(errors_text(&errors), "");
	assert_int_equal(json_object_size(json_object_get(result, "vips")), LARGE_VIPS);
	assert_null(json_object_get(json_object_get(result, "vips"), "v0"));
	json_decref(result);
	json_decref(patch);
	json_decref(document);
}

/* ---- RFC 7396, appendix A, in its order ---- */

static const struct patch_case rfc7396[] = {
	{"{'a': 'b'}", "{'a': 'c'}", "{'a': 'c'}", NULL},
	{"{'a': 'b'}", "{'b': 'c'}", "{'a': 'b', 'b': 'c'}", NULL},
	{"{'a': 'b'}", "{'a': null}", "{}", NULL},
	{"{'a': 'b', 'b': 'c'}", "{'a': null}", "{'b': 'c'}", NULL},
	{"{'a': ['b']}", "{'a': 'c'}", "{'a': 'c'}", NULL},
	{"{'a': 'c'}", "{'a': ['b']}", "{'a': ['b']}", NULL},
	{"{'a': {'b': 'c'}}", "{'a': {'b': 'd', 'c': null}}", "{'a': {'b': 'd'}}", NULL},
	{"{'a': [{'b': 'c'}]}", "{'a': [1]}", "{'a': [1]}", NULL},
	{"['a', 'b']", "['c', 'd']", "['c', 'd']", NULL},
	{"{'a': 'b'}", "['c']", "['c']", NULL},
	{"{'a': 'foo'}", "null", "null", NULL},
	{"{'a': 'foo'}", "'bar'", "'bar'", NULL},
	{"{'e': null}", "{'a': 1}", "{'e': null, 'a': 1}", NULL},
	{"[1, 2]", "{'a': 'b', 'c': null}", "{'a': 'b'}", NULL},
	{"{}", "{'a': {'bb': {'ccc': null}}}", "{'a': {'bb': {}}}", NULL},
};

static void the_examples_of_rfc_7396_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rfc7396); i++) {
		json_t *document = json_of(rfc7396[i].document), *patch = json_of(rfc7396[i].patch);
		json_t *untouched = json_of(rfc7396[i].document);
		json_t *expected = json_of(rfc7396[i].result);
		json_t *result = json_patch_merge(document, patch);

		assert_json_equal(result, expected);
		assert_json_equal(document, untouched);
		json_decref(result);
		json_decref(expected);
		json_decref(untouched);
		json_decref(patch);
		json_decref(document);
	}
}

/* ---- making patches ---- */

static void assert_made(const char *from_text, const char *to_text, const char *expected_text)
{
	json_t *from = json_of(from_text), *to = json_of(to_text);
	json_t *expected = json_of(expected_text), *operations = json_array();

	assert_int_equal(json_patch_make("/at", from, to, operations), 0);
	assert_json_equal(operations, expected);
	json_decref(operations);
	json_decref(expected);
	json_decref(to);
	json_decref(from);
}

static void a_patch_names_what_differs(void **state)
{
	(void)state;
	assert_made("{'a': 1}", "{'a': 1}", "[]");
	assert_made("1", "1.0", "[{'op': 'replace', 'path': '/at', 'value': 1.0}]");
	assert_made("{'a': []}", "[]", "[{'op': 'replace', 'path': '/at', 'value': []}]");
	assert_made("{'c': {'x': 1, 'y': [1]}, 'b': 2, 'a/~': 3}",
		    "{'d': null, 'c': {'y': [2], 'x': 1}, 'b': '2'}",
		    "[{'op': 'remove', 'path': '/at/a~1~0'},"
		    " {'op': 'replace', 'path': '/at/b', 'value': '2'},"
		    " {'op': 'replace', 'path': '/at/c/y', 'value': [2]},"
		    " {'op': 'add', 'path': '/at/d', 'value': null}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_rfc_6902_hold),
		cmocka_unit_test(an_operation_with_two_verbs_is_refused),
		cmocka_unit_test(what_needs_no_example_holds_too),
		cmocka_unit_test(what_cannot_be_done_is_refused),
		cmocka_unit_test(a_bomb_of_copies_is_refused),
		cmocka_unit_test(a_document_does_not_grow_too_deep),
		cmocka_unit_test(a_patch_has_not_too_many_operations),
		cmocka_unit_test(arrays_are_not_shifted_for_ever),
		cmocka_unit_test(a_short_patch_does_not_copy_a_large_document),
		cmocka_unit_test(every_vip_of_a_large_document_may_move),
		cmocka_unit_test(the_examples_of_rfc_7396_hold),
		cmocka_unit_test(a_patch_names_what_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
