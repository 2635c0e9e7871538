/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables: widths, sides, and rows out of JSON. */
#include "table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct table_column columns[] = {
	{"NAME", TABLE_NAME, false},
	{"WEIGHT", "weight", true},
	{"NOTE", "note", false},
	{0},
};

static void expect_text(struct table *table, const char *expected)
{
	struct text text = table_finish(table);

	assert_false(text.failed);
	text_add_bytes(&text, "", 1);
	assert_string_equal(text.bytes, expected);
	text_done(&text);
}

static void add_row(struct table *table, const char *name, uint64_t weight, const char *note)
{
	table_add(table, name);
	table_add_number(table, weight);
	table_add(table, note);
}

static void test_no_rows(void **state)
{
	struct table table = table_begin(columns);

	(void)state;
	expect_text(&table, "NAME  WEIGHT  NOTE\n");
}

static void test_widths(void **state)
{
	struct table table = table_begin(columns);

	(void)state;
	add_row(&table, "a", 1, "");
	add_row(&table, "longer", 12345678, "x");
	expect_text(&table, "NAME      WEIGHT  NOTE\n"
			    "a              1  \n"
			    "longer  12345678  x\n");
}

/* Nothing that a name contains can move the reader's cursor; wide bytes count as characters. */
static void test_odd_characters(void **state)
{
	struct table table = table_begin(columns);

	(void)state;
	add_row(&table, "a\n\x1b[2J\x7f", 1, "\xe2\x82\xac");
	add_row(&table, "\xc3\xa4\xc3\xb6", 2, "y");
	expect_text(&table, "NAME     WEIGHT  NOTE\n"
			    "a??[2J?       1  \xe2\x82\xac\n"
			    "\xc3\xa4\xc3\xb6            2  y\n");
}

static void test_json(void **state)
{
	json_t *members = json_pack("{s:{s:i, s:s}, s:{s:f}, s:{s:[i, i], s:b}, s:{s:{s:i}, s:n}}",
				    "b", "weight", 7, "note", "x", "a", "weight", 0.25, "c",
				    "weight", 1, 2, "note", 1, "d", "weight", "k", 1, "note");
	struct table table = table_begin(columns);

	(void)state;
	table_add_members(&table, NULL, members);
	json_decref(members);
	expect_text(&table, "NAME  WEIGHT  NOTE\n"
			    "b          7  x\n"
			    "a     0.2500  \n"
			    "c          2  yes\n"
			    "d          1  \n");
}

static void test_json_below_a_name(void **state)
{
	json_t *members = json_pack("[{s:i, s:s}]", "weight", 7, "note", "x");
	struct table table = table_begin(columns);

	(void)state;
	table_add_members(&table, "web", members);
	json_decref(members);
	expect_text(&table, "NAME  WEIGHT  NOTE\n"
			    "web        7  x\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_rows),		  cmocka_unit_test(test_widths),
		cmocka_unit_test(test_odd_characters),	  cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_below_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
