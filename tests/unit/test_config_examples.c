/* SPDX-License-Identifier: BSD-2-Clause */
/* Each example in configs/ is accepted, and is the same after it was printed and read again. */
#include "config_support.h"

#include <glob.h>

#define EXAMPLES_MIN 4 /* minimal, dual-stack, example, and the lab's */

static void assert_example(const char *path)
{
	struct error_list errors = {0};
	json_t *json = json_parse_file(path, &errors);
	struct config *config = json ? config_from_json(json, &errors) : NULL;

	if (!config)
		fail_msg("%s:\n%s", path, errors_text(&errors));
	assert_round_trip(config);
	config_unref(config);
	json_decref(json);
}

static void each_example_is_accepted(void **state)
{
	size_t examples = 0;
	glob_t found;

	(void)state;
	assert_int_equal(glob(CONFIGS_DIR "/*.json", 0, NULL, &found), 0);
	assert_int_equal(glob(CONFIGS_DIR "/lab/carom.json", GLOB_APPEND, NULL, &found), 0);
	for (size_t index = 0; index < found.gl_pathc; index++) {
		if (strcmp(strrchr(found.gl_pathv[index], '/'), "/schema.json") == 0)
			continue;
		assert_example(found.gl_pathv[index]);
		examples++;
	}
	assert_in_range(examples, EXAMPLES_MIN, found.gl_pathc);
	globfree(&found);
}

/* So that it shows all there is. */
static void the_large_example_has_every_key(void **state)
{
	struct error_list errors = {0};
	json_t *json = json_parse_file(CONFIGS_DIR "/example.json", &errors);
	struct config *config = config_of_json(json);
	json_t *printed = config_to_json(config);

	(void)state;
	assert_json_equal(json, printed);
	json_decref(printed);
	config_unref(config);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_example_is_accepted),
		cmocka_unit_test(the_large_example_has_every_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
