/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The codec's verdicts, for test_config_schema.py: reads documents, one a line, and answers each
 * with a line {"faults": [{"pointer": …, "message": …}], "config": …}, the config as it would be
 * printed, or null if it is refused.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

static json_t *faults_to_json(const struct error_list *faults)
{
	json_t *array = json_array();

	for (size_t index = 0; index < faults->count; index++)
		json_array_append_new(array, json_pack("{s:s, s:s}", "pointer",
						       faults->items[index].pointer, "message",
						       faults->items[index].message));
	return array;
}

static json_t *judge(const char *text, size_t length)
{
	struct error_list faults = {0};
	json_t *document = json_parse(text, length, &faults);
	struct config *config = document ? config_from_json(document, &faults) : NULL;
	json_t *verdict = json_pack("{s:o, s:o}", "faults", faults_to_json(&faults), "config",
				    config ? config_to_json(config) : json_null());

	config_unref(config);
	json_decref(document);
	error_list_done(&faults);
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
