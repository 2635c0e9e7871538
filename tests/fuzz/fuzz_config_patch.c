/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Patches of a desired state. An input is a JSON Patch if it is an array, else a JSON Merge Patch;
 * it is tried on the whole config below, on one of its VIPs, and on one backend.
 *
 * A patch makes a config that is valid as a whole, and the same that the long way makes: print all,
 * patch that, read it again. Or it is refused, by both ways, with errors that point into the patch
 * or into the patched document. The base stays as it was.
 */
#include "config_patch.h"
#include "fuzz.h"
#include "json_patch.h"

#define PATCHED_DOCUMENT "the patched document: "

static const char base_text[] =
	"{\"node\": {\"name\": \"lb1\", \"interfaces\": [{\"name\": \"eth0\"}], \"limits\":"
	" {\"vips\": 6, \"backends\": 8}}, \"vips\": {"
	"\"web\": {\"address\": \"192.0.2.10\", \"port\": 443, \"protocol\": \"tcp\","
	" \"backends\": {\"b1\": {\"address\": \"10.0.0.1\"}, \"b2\": {\"address\":"
	" \"10.0.0.2\", \"weight\": 0, \"state\": \"drain\"}}},"
	"\"dns\": {\"address\": \"2001:db8::53\", \"port\": 53, \"protocol\": \"udp\","
	" \"backends\": {\"d1\": {\"address\": \"10.0.0.9\"}}},"
	"\"all\": {\"address\": \"192.0.2.20\", \"port\": 0, \"protocol\": \"tcp\"}}}";

static struct config *load_base(void)
{
	struct error_list errors = {0};
	json_t *json = fuzz_load((const uint8_t *)base_text, sizeof(base_text) - 1);
	struct config *base = config_from_json(json, &errors);

	if (!base)
		fuzz_fail("the base is refused: %s", errors.items[0].message);
	json_decref(json);
	return base;
}

/* ---- the long way ---- */

/* NULL: it cannot be applied. */
static json_t *apply(const json_t *document, const struct config_patch *patch)
{
	struct error_list errors = {0};
	struct json_patch *operations;
	json_t *result = NULL;

	if (patch->kind == CONFIG_PATCH_MERGE)
		return json_patch_merge(document, patch->body);
	operations = json_patch_parse(patch->body, &errors);
	if (operations)
		result = json_patch_apply(operations, document, &errors);
	json_patch_free(operations);
	error_list_done(&errors);
	return result;
}

static struct config *read_whole(const struct config *base, const json_t *document)
{
	struct error_list errors = {0};
	struct config *config = NULL;

	if (json_object_get(document, "node") && json_object_get(document, "api"))
		config = config_replace_from_json(base, document, &errors);
	error_list_done(&errors);
	return config;
}

/* ---- what must hold ---- */

/* patched: the patched document; NULL if there is none. */
static void expect_errors(const struct error_list *errors, const struct config_patch *patch,
			  const json_t *patched)
{
	for (size_t i = 0; i < errors->count; i++) {
		const struct error *fault = &errors->items[i];
		bool is_of_result =
			patch->kind == CONFIG_PATCH_MERGE ||
			strncmp(fault->message, PATCHED_DOCUMENT, strlen(PATCHED_DOCUMENT)) == 0;

		fuzz_expect_sound(fault);
		if (!fuzz_leads_somewhere(is_of_result ? patched : patch->body, fault->pointer))
			fuzz_fail("'%s' leads nowhere: %s", fault->pointer, fault->message);
	}
}

static void expect_valid(const struct config *config)
{
	struct error_list errors = {0};
	json_t *printed = config_to_json(config);
	struct config *read = config_from_json(printed, &errors);

	if (!read)
		fuzz_fail("a patch made what is refused: %s", errors.items[0].message);
	config_unref(read);
	json_decref(printed);
}

/* Consumes the result of a patch and its errors. part: what was patched, printed. */
static void expect_judged(struct config *config, struct error_list *errors, json_t *part,
			  const struct config_patch *patch)
{
	json_t *patched = apply(part, patch);

	if (!config == error_list_is_empty(errors))
		fuzz_fail("%s, and %zu faults", config ? "accepted" : "refused", errors->count);
	if (config)
		expect_valid(config);
	expect_errors(errors, patch, patched);
	json_decref(patched);
	json_decref(part);
	config_unref(config);
	error_list_done(errors);
}

static void try_whole(const struct config *base, const struct config_patch *patch)
{
	struct error_list errors = {0};
	struct config *config = config_patch_all(base, patch, &errors);
	json_t *document = config_to_json(base), *patched = apply(document, patch);
	struct config *expected = read_whole(base, patched);

	if (!config != !expected)
		fuzz_fail("the whole is %s, the part %s", expected ? "accepted" : "refused",
			  config ? "accepted" : errors.items[0].message);
	if (config && !config_objects_equal(config, expected))
		fuzz_fail("the part became another than the whole");
	config_unref(expected);
	json_decref(patched);
	expect_judged(config, &errors, document, patch);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct error_list errors = {0};
	json_t *body = fuzz_load(bytes, length);
	struct config_patch patch = {
		.kind = json_is_array(body) ? CONFIG_PATCH_OPERATIONS : CONFIG_PATCH_MERGE,
		.body = body,
	};
	const struct config_vip *vip;
	struct config *base, *config;

	if (!body)
		return 0;
	base = load_base();
	vip = config_find_vip(base, "web");
	try_whole(base, &patch);
	config = config_patch_vip(base, "web", &patch, &errors);
	expect_judged(config, &errors, config_vip_to_json(vip), &patch);
	config = config_patch_backend(base, "web", "b1", &patch, &errors);
	expect_judged(config, &errors, config_backend_to_json(&vip->backends[0]), &patch);
	config_unref(base);
	json_decref(body);
	return 0;
}
