/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The codec's verdicts, for test_config_schema.py: reads documents, one a line, and answers each
 * with a line {"errors": [{"pointer": …, "message": …}], "config": …}, the config as it would be
 * printed, or null if it is refused.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

static json_t *errors_to_json(const struct error_list *errors)
{
	json_t *array = json_array();

	for (size_t index = 0; index < errors->count; index++)
		json_array_append_new(array, json_pack("{s:s, s:s}", "pointer",
						       errors->items[index].pointer, "message",
						       errors->items[index].message));
	return array;
}

static json_t *judge(const char *text, size_t length)
{
	struct error_list errors = {0};
	json_t *document = json_parse(text, length, &errors);
	struct config *config = document ? config_from_json(document, &errors) : NULL;
	json_t *verdict = json_pack("{s:o, s:o}", "faults", errors_to_json(&errors), "config",
				    config ? config_to_json(config) : json_null());

	config_unref(config);
	json_decref(document);
	error_list_done(&errors);
	return verdict;
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	int failed = 0;

	while (!failed && (length = getline(&line, &size, stdin)) >= 0) {
		json_t *verdict = judge(line, (size_t)length);

		failed = json_dumpf(verdict, stdout, JSON_COMPACT) || putchar('\n') == EOF;
		json_decref(verdict);
	}
	free(line);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
