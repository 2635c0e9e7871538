/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the config library share: documents in C strings, and errors as text. */
#ifndef CONFIG_SUPPORT_H
#define CONFIG_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Documents are written with single quotes, which C strings need not escape. */
#define NODE "'node': {'interfaces': [{'name': 'eth0'}]}"

#define FAULTS_TEXT_BYTES 65536
#define JSON_DUMP_FLAGS	  (JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY)

/* Well-formed JSON. The caller drops the reference. */
static inline json_t *json_of(const char *text)
{
	char *copy = strdup(text);
	json_error_t error;
	json_t *json;

	assert_non_null(copy);
	for (char *quote = copy; (quote = strchr(quote, '\''));)
		*quote = '"';
	json = json_loads(copy, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!json)
		fail_msg("not JSON: %s in %s", error.text, copy);
	free(copy);
	return json;
}

/* A line for each fault: "kind pointer: message". Empties the list. */
static inline const char *errors_text(struct error_list *errors)
{
	static char text[FAULTS_TEXT_BYTES];
	size_t used = 0;

	text[0] = '\0';
	for (size_t index = 0; index < errors->count; index++) {
		const struct error *fault = &errors->items[index];

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %s: %s\n",
					 error_kind_name(fault->kind), fault->pointer,
					 fault->message);
		assert_true(used < sizeof(text));
	}
	error_list_done(errors);
	return text;
}

static inline struct config *config_of_json(const json_t *json)
{
	struct error_list errors = {0};
	struct config *config = config_from_json(json, &errors);

	if (!config)
		fail_msg("refused:\n%s", errors_text(&errors));
	assert_true(error_list_is_empty(&errors));
	return config;
}

/* A document without errors. */
static inline struct config *config_of(const char *text)
{
	json_t *json = json_of(text);
	struct config *config = config_of_json(json);

	json_decref(json);
	return config;
}

static inline struct config_vip *vip_of(const char *name, const char *text)
{
	struct error_list errors = {0};
	json_t *json = json_of(text);
	struct config_vip *vip = config_vip_from_json(json, name, "", &errors);

	if (!vip)
		fail_msg("refused:\n%s", errors_text(&errors));
	json_decref(json);
	return vip;
}

static inline void assert_json_equal(const json_t *found, const json_t *expected)
{
	char *found_text = json_dumps(found, JSON_DUMP_FLAGS);
	char *expected_text = json_dumps(expected, JSON_DUMP_FLAGS);

	assert_non_null(found_text);
	assert_non_null(expected_text);
	assert_string_equal(found_text, expected_text);
	free(found_text);
	free(expected_text);
}

/* Prints the config as JSON text, reads that, and asserts that nothing has changed. */
static inline void assert_round_trip(const struct config *config)
{
	struct error_list errors = {0};
	json_t *printed = config_to_json(config);
	char *text = json_dumps(printed, JSON_INDENT(2));
	json_t *read = json_parse(text, strlen(text), &errors);
	struct config *again;
	json_t *printed_again;

	assert_non_null(read);
	again = config_of_json(read);
	printed_again = config_to_json(again);
	assert_true(config_objects_equal(config, again));
	assert_json_equal(printed_again, printed);

	json_decref(printed_again);
	config_unref(again);
	json_decref(read);
	free(text);
	json_decref(printed);
}

#endif
