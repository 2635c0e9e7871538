/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames in hexadecimal and base64. */
#include "frame_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SIZE	     8

struct row {
	const char *text;
	const char *bytes;
};

static void test_good(void **state)
{
	static const struct row rows[] = {
		{"", ""},
		{"00ff", "00ff"},
		{"DEADbeef", "deadbeef"},
		{"de:ad be\nef", "deadbeef"},
		{"d e a d", "dead"},
		{"0xdead", "dead"},
		{"3q2+7w==", "deadbeef"},
		{"3q2+ 7w\n==", "deadbeef"},
		{"/w==", "ff"},
		{"Zm9vYmFy", "666f6f626172"},
		{"Zm9vYmE=", "666f6f6261"},
		{"0001020304050607", "0001020304050607"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t bytes[SIZE];
		char text[2 * SIZE + 1];
		size_t length = 0;

		if (frame_text_parse(rows[i].text, bytes, sizeof(bytes), &length))
			fail_msg("'%s' is refused", rows[i].text);
		assert_string_equal(frame_text_format(bytes, length, text), rows[i].bytes);
	}
}

static void test_refused(void **state)
{
	static const char *const malformed[] = {
		"0",	     "abc",    "zz",	   "3q2+7w=",  "3q2+7w",
		"3q2+7w===", "====",   "3q2+=7w=", "3q2+7x==", /* bits that belong to no byte */
		"0x0",	     "0x00x0", "3q2-",	   "Zg=",      "é",
	};
	uint8_t bytes[SIZE];
	size_t length = 42;

	(void)state;
	for (size_t i = 0; i < COUNT(malformed); i++) {
		if (frame_text_parse(malformed[i], bytes, sizeof(bytes), &length) !=
		    FRAME_TEXT_MALFORMED)
			fail_msg("'%s' is taken, or for too long", malformed[i]);
	}
	assert_int_equal(frame_text_parse("000102030405060708", bytes, sizeof(bytes), &length),
			 FRAME_TEXT_TOO_LONG);
	assert_int_equal(frame_text_parse("Zm9vYmFyZm9v", bytes, sizeof(bytes), &length),
			 FRAME_TEXT_TOO_LONG);
	assert_int_equal(length, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("frame_text", tests, NULL, NULL);
}
