/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON Patch and JSON Merge Patch. An input is {"document": …, "patch": …}.
 *
 * Whatever they are, both stay as they were; a patch that cannot be applied has a fault that points
 * into it; one that can makes a document of an allowed depth; and what is then made of the
 * difference between the two leads from the one to the other.
 */
#include "fuzz.h"
#include "json_patch.h"

static void expect_difference_leads(const json_t *from, const json_t *to)
{
	struct error_list errors = {0};
	json_t *operations = json_array(), *result = NULL;
	struct json_patch *patch;

	if (json_patch_make("", from, to, operations))
		fuzz_fail("no difference was made");
	patch = json_patch_parse(operations, &errors);
	if (patch)
		result = json_patch_apply(patch, from, &errors);
	if (!result)
		fuzz_fail("a difference cannot be applied: %s", errors.items[0].message);
	fuzz_expect_equal(result, to, "a difference leads elsewhere");
	json_patch_free(patch);
	json_decref(result);
	json_decref(operations);
}

static size_t depth_of(const json_t *json)
{
	size_t deepest = 0, depth, index;
	const char *key;
	json_t *member;

	json_array_foreach(json, index, member)
	{
		depth = depth_of(member);
		deepest = depth > deepest ? depth : deepest;
	}
	json_object_foreach((json_t *)json, key, member)
	{
		depth = depth_of(member);
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest + (json_is_array(json) || json_is_object(json) ? 1 : 0);
}

static void try_operations(const json_t *document, const json_t *json)
{
	struct error_list errors = {0};
	struct json_patch *patch = json_patch_parse(json, &errors);
	json_t *result = patch ? json_patch_apply(patch, document, &errors) : NULL;

	if (!result == error_list_is_empty(&errors))
		fuzz_fail("%s, and %zu faults", result ? "applied" : "refused", errors.count);
	if (patch && errors.count > 1)
		fuzz_fail("%zu faults of one operation", errors.count);
	fuzz_expect_errors_within(&errors, json);
	if (result && depth_of(result) > JSON_DEPTH_MAX)
		fuzz_fail("the result is %zu levels deep", depth_of(result));
	if (result)
		expect_difference_leads(document, result);
	json_patch_free(patch);
	json_decref(result);
	error_list_done(&errors);
}

static void try_merge(const json_t *document, const json_t *patch)
{
	json_t *result = json_patch_merge(document, patch), *again;

	if (!result)
		fuzz_fail("not merged");
	again = json_patch_merge(result, patch);
	fuzz_expect_equal(again, result, "a second merge of the same changes something");
	expect_difference_leads(document, result);
	json_decref(again);
	json_decref(result);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	json_t *json = fuzz_load(bytes, length);
	json_t *untouched = json_deep_copy(json);
	const json_t *document = json_object_get(json, "document");
	const json_t *patch = json_object_get(json, "patch");

	if (document && patch) {
		try_operations(document, patch);
		try_merge(document, patch);
		fuzz_expect_equal(json, untouched, "a patch changed what it was made from");
	}
	json_decref(untouched);
	json_decref(json);
	return 0;
}
