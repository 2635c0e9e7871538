/* SPDX-License-Identifier: BSD-2-Clause */
#include "tokens.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* As `printf %s TOKEN | sha256sum` has it. */
#define HASH_OF_ALPHA "8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f8"
#define HASH_OF_BETA  "f44e64e75f3948e9f73f8dfa94721c4ce8cbb4f265c4790c702b2d41cfbf2753"

static struct tokens *tokens_of(const char *text)
{
	struct error_list errors = {0};
	struct tokens *tokens = tokens_parse(text, strlen(text), &errors);

	if (!tokens)
		fail_msg("'%s' is refused: %s", text, errors.items[0].message);
	return tokens;
}

static void expect_grant(const struct grant *grant, enum role role, const char *name)
{
	assert_non_null(grant);
	assert_string_equal(role_name(grant->role), role_name(role));
	assert_string_equal(grant->name, name);
}

/* A line for each fault. */
static void expect_errors(const char *text, size_t length, const char *expected)
{
	struct error_list errors = {0};
	struct tokens *tokens = tokens_parse(text, length, &errors);
	char found[4096] = "";

	for (size_t i = 0; i < errors.count; i++) {
		strncat(found, errors.items[i].message, sizeof(found) - strlen(found) - 1);
		strncat(found, "\n", sizeof(found) - strlen(found) - 1);
	}
	assert_string_equal(found, expected);
	assert_null(tokens);
	error_list_done(&errors);
}

static void test_who_has_a_token(void **state)
{
	struct tokens *tokens = tokens_of("# who may what\n"
					  "\n"
					  "reader  prometheus\t" HASH_OF_ALPHA "  # since May\r\n"
					  "\t admin alice@home " HASH_OF_BETA);

	(void)state;
	expect_grant(tokens_find(tokens, "alpha"), ROLE_READER, "prometheus");
	expect_grant(tokens_find(tokens, "beta"), ROLE_ADMIN, "alice@home");
	assert_null(tokens_find(tokens, "gamma"));
	assert_null(tokens_find(tokens, ""));
	assert_null(tokens_find(tokens, HASH_OF_ALPHA));
	assert_null(tokens_find_subject(tokens, "prometheus"));
	assert_null(tokens_find_subject(tokens, ""));
	tokens_free(tokens);
}

static void test_hash_in_capitals(void **state)
{
	char text[128] = "operator x " HASH_OF_ALPHA;
	struct tokens *tokens;

	(void)state;
	for (char *at = text + strlen("operator x "); *at; at++)
		*at = (char)(*at >= 'a' ? *at - 'a' + 'A' : *at);
	tokens = tokens_of(text);
	expect_grant(tokens_find(tokens, "alpha"), ROLE_OPERATOR, "x");
	tokens_free(tokens);
}

static void test_who_has_a_certificate(void **state)
{
	struct tokens *tokens = tokens_of("operator deploy cert:spiffe://example.org/deploy\n"
					  "reader prometheus cert:prometheus.example.org\n");

	(void)state;
	expect_grant(tokens_find_subject(tokens, "spiffe://example.org/deploy"), ROLE_OPERATOR,
		     "deploy");
	expect_grant(tokens_find_subject(tokens, "prometheus.example.org"), ROLE_READER,
		     "prometheus");
	assert_null(tokens_find_subject(tokens, "prometheus.example.or"));
	assert_null(tokens_find_subject(tokens, ""));
	tokens_free(tokens);
}

/* No token hashes to the zeroes that stand where a certificate has no hash. */
static void test_certificate_is_no_token(void **state)
{
	struct tokens *tokens = tokens_of("admin alice cert:alice");

	(void)state;
	assert_null(tokens_find(tokens, "cert:alice"));
	assert_null(tokens_find(tokens, "alice"));
	tokens_free(tokens);
}

static void test_two_tokens_of_one_name(void **state)
{
	struct tokens *tokens = tokens_of("reader x " HASH_OF_ALPHA "\nadmin x " HASH_OF_BETA "\n");

	(void)state;
	expect_grant(tokens_find(tokens, "alpha"), ROLE_READER, "x");
	expect_grant(tokens_find(tokens, "beta"), ROLE_ADMIN, "x");
	tokens_free(tokens);
}

static void test_nobody(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const char *const texts[] = {"", "\n \n", "# nobody"};
		struct tokens *tokens = tokens_of(texts[i]);

		assert_null(tokens_find(tokens, "alpha"));
		tokens_free(tokens);
	}
}

/* No message may repeat a credential. */
static void test_every_fault_is_told_with_its_line(void **state)
{
	static const char text[] = "reader x\n"
				   "# a comment\n"
				   "root x " HASH_OF_ALPHA "\n"
				   "reader a/b " HASH_OF_ALPHA "\n"
				   "reader x the-token-itself\n"
				   "reader x cert:\n"
				   "reader x " HASH_OF_ALPHA "0\n"
				   "reader x " HASH_OF_ALPHA " y\n"
				   "reader x " HASH_OF_BETA "\n"
				   "admin y " HASH_OF_BETA "\n"
				   "admin z cert:z\n"
				   "reader z cert:z\n";
	const char *fields = "fields; expected a role, a name, and a hash or 'cert:SUBJECT'";
	const char *credential =
		"the third field is not a credential; expected the 64 hex digits of a token's"
		" SHA-256, or 'cert:SUBJECT' with at most 255 bytes";
	const char *twice = "this token or certificate has a line already";
	char expected[4096];

	(void)state;
	snprintf(expected, sizeof(expected),
		 "line 1: 2 %s\n"
		 "line 3: the first field is not a role; expected 'reader', 'operator' or 'admin'\n"
		 "line 4: the second field is not a name; expected 1 to 63 of A-Z, a-z, 0-9, '.',"
		 " '_', '@' and '-'\n"
		 "line 5: %s\nline 6: %s\nline 7: %s\nline 8: 4 %s\nline 10: %s\nline 12: %s\n",
		 fields, credential, credential, credential, fields, twice, twice);
	expect_errors(text, sizeof(text) - 1, expected);
}

static void test_bytes_that_are_no_text(void **state)
{
	static const char zero_in_name[] = "reader x\0y " HASH_OF_ALPHA;
	static const char zero_in_subject[] = "reader x cert:a\0b";

	(void)state;
	expect_errors(zero_in_name, sizeof(zero_in_name) - 1,
		      "line 1: the second field is not a name; expected 1 to 63 of A-Z, a-z, 0-9,"
		      " '.', '_', '@' and '-'\n");
	expect_errors(zero_in_subject, sizeof(zero_in_subject) - 1,
		      "line 1: the third field is not a credential; expected the 64 hex digits of a"
		      " token's SHA-256, or 'cert:SUBJECT' with at most 255 bytes\n");
}

static void test_lengths(void **state)
{
	char text[1024], name[66], subject[260];

	(void)state;
	for (size_t length = 62; length <= 64; length++) {
		struct error_list errors = {0};
		struct tokens *tokens;

		snprintf(name, sizeof(name), "%.*s", (int)length,
			 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
		snprintf(text, sizeof(text), "reader %s " HASH_OF_ALPHA, name);
		tokens = tokens_parse(text, strlen(text), &errors);
		assert_int_equal(tokens != NULL, length <= 63);
		tokens_free(tokens);
		error_list_done(&errors);
	}
	for (size_t length = 254; length <= 256; length++) {
		struct error_list errors = {0};
		struct tokens *tokens;

		memset(subject, 's', length);
		subject[length] = '\0';
		snprintf(text, sizeof(text), "reader x cert:%s", subject);
		tokens = tokens_parse(text, strlen(text), &errors);
		assert_int_equal(tokens != NULL, length <= 255);
		tokens_free(tokens);
		error_list_done(&errors);
	}
}

static void test_too_many(void **state)
{
	size_t room = (TOKENS_MAX + 10) * 100, length = 0;
	char *text = malloc(room);
	struct error_list errors = {0};
	struct tokens *tokens;

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < TOKENS_MAX; i++)
		length += (size_t)snprintf(text + length, room - length, "reader x %064x\n", i);
	tokens = tokens_parse(text, length, &errors);
	assert_non_null(tokens);
	tokens_free(tokens);
	length += (size_t)snprintf(text + length, room - length, "reader x %064x\n", TOKENS_MAX);
	length += (size_t)snprintf(text + length, room - length, "reader x %064x\n", 1);
	expect_errors(text, length,
		      "line 1025: there are 1024 lines that give a role already, which is the"
		      " limit\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_has_a_token),
		cmocka_unit_test(test_hash_in_capitals),
		cmocka_unit_test(test_who_has_a_certificate),
		cmocka_unit_test(test_certificate_is_no_token),
		cmocka_unit_test(test_two_tokens_of_one_name),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_every_fault_is_told_with_its_line),
		cmocka_unit_test(test_bytes_that_are_no_text),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
