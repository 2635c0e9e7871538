/* SPDX-License-Identifier: BSD-2-Clause */
/* The config codec. Whatever a text says, it is refused with sound errors, or it becomes a config
 * that prints to what becomes the same config. */
#include "fuzz.h"

static void expect_round_trip(const struct config *config)
{
	struct error_list errors = {0};
	json_t *printed = config_to_json(config), *printed_again;
	char *text = json_dumps(printed, JSON_COMPACT);
	json_t *read = fuzz_load((const uint8_t *)text, strlen(text));
	struct config *again = config_from_json(read, &errors);

	if (!again)
		fuzz_fail("what was printed is refused: %s\n%s", errors.items[0].message, text);
	printed_again = config_to_json(again);
	fuzz_expect_equal(printed_again, printed, "what was printed, read and printed differs");
	if (!config_objects_equal(config, again))
		fuzz_fail("what was printed and read differs from what was: %s", text);
	json_decref(printed_again);
	config_unref(again);
	json_decref(read);
	free(text);
	json_decref(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct error_list errors = {0};
	json_t *json = fuzz_load(bytes, length);
	struct config *config = json ? config_from_json(json, &errors) : NULL;

	if (json && !config == error_list_is_empty(&errors))
		fuzz_fail("%s, and %zu faults", config ? "accepted" : "refused", errors.count);
	fuzz_expect_errors_within(&errors, json);
	if (config)
		expect_round_trip(config);
	config_unref(config);
	json_decref(json);
	error_list_done(&errors);
	return 0;
}
