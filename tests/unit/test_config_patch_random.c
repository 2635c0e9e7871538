/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Properties of patches of desired states, on random ones from a fixed seed:
 *
 * - a patch of which only the VIPs that it names were printed is accepted exactly when it is on the
 *   whole document, and makes the same of it;
 * - the difference of two states, as a patch, makes the one of the other.
 */
#include "config_patch.h"
#include "config_support.h"
#include "json_patch.h"

#define ROUNDS		 6000
#define SEED		 0x9e3779b97f4a7c15u
#define OPERATIONS_MAX	 4
#define OUTLINE_VIPS_MAX 3
#define MANY_VIPS	 40 /* more than are checked one by one */

/* ---- randomness: xorshift64* (Vigna 2016) ---- */

static uint32_t random_below(uint64_t *state, uint32_t bound)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)((*state * 0x2545f4914f6cdd1du) >> 32) % bound;
}

static bool random_bool(uint64_t *state)
{
	return random_below(state, 2);
}

/* From so few names and addresses that clashes are frequent. */
static const char *random_name(uint64_t *state)
{
	static const char *const names[] = {"v0", "v1", "v2", "v3", "v4", "v5"};

	return names[random_below(state, sizeof(names) / sizeof(names[0]))];
}

static json_t *random_backend(uint64_t *state)
{
	return json_pack("{s:o, s:i}", "address",
			 json_sprintf("10.9.0.%u", 9 + random_below(state, 12)), "weight",
			 random_below(state, 3));
}

static json_t *random_vip(uint64_t *state)
{
	json_t *backends = json_object();

	for (uint32_t count = random_below(state, 3); count; count--)
		json_object_set_new(backends, random_bool(state) ? "b0" : "b1",
				    random_backend(state));
	return json_pack("{s:o, s:i, s:s, s:o}", "address",
			 json_sprintf("10.9.0.%u", 1 + random_below(state, 12)), "port",
			 random_below(state, 3), "protocol", random_bool(state) ? "tcp" : "udp",
			 "backends", backends);
}

static json_t *random_value(uint64_t *state)
{
	switch (random_below(state, 12)) {
	case 0: return json_object();
	case 1: return json_string("10.9.0.8");
	case 2:
	case 3: return json_integer(random_below(state, 70000));
	case 4: return json_null();
	case 5:
	case 6: return random_backend(state);
	default: return random_vip(state);
	}
}

static json_t *random_pointer(uint64_t *state)
{
	static const char *const places[] = {"/port", "/address", "/backends/b0", "/backends/b1",
					     "/backends/b0/weight"};
	const char *place = random_below(state, 3) ? "" : places[random_below(state, 5)];

	switch (random_below(state, 40)) {
	case 0: return json_string("/vips");
	case 1: return json_string("");
	case 2: return json_string("/node/name");
	case 3: return json_string("/api");
	default: return json_sprintf("/vips/%s%s", random_name(state), place);
	}
}

static json_t *random_operations(uint64_t *state)
{
	static const char *const verbs[] = {"add", "add", "remove", "replace", "move", "copy"};
	json_t *operations = json_array();

	for (uint32_t count = 1 + random_below(state, OPERATIONS_MAX); count; count--)
		json_array_append_new(operations, json_pack("{s:s, s:o, s:o, s:o}", "op",
							    verbs[random_below(state, 6)], "path",
							    random_pointer(state), "from",
							    random_pointer(state), "value",
							    random_value(state)));
	return operations;
}

static json_t *random_outline(uint64_t *state)
{
	json_t *vips = json_object();

	for (uint32_t count = random_below(state, OUTLINE_VIPS_MAX + 1); count; count--)
		json_object_set_new(vips, random_name(state), random_value(state));
	if (random_below(state, 20) == 0)
		return json_pack("{s:o, s:o}", "vips", vips, "node", random_value(state));
	return json_pack("{s:o}", "vips", vips);
}

/* ---- a patch of a part is that of the whole ---- */

static json_t *apply_to_whole(const json_t *document, const struct config_patch *patch)
{
	struct error_list errors = {0};
	struct json_patch *operations;
	json_t *result;

	if (patch->kind == CONFIG_PATCH_MERGE)
		return json_patch_merge(document, patch->body);
	operations = json_patch_parse(patch->body, &errors);
	assert_non_null(operations);
	result = json_patch_apply(operations, document, &errors);
	json_patch_free(operations);
	error_list_done(&errors);
	return result;
}

/* Through the door that bodies for the whole config come in by; NULL: refused. */
static struct config *patch_whole(const struct config *base, const struct config_patch *patch)
{
	struct error_list errors = {0};
	json_t *document = config_to_json(base), *result = apply_to_whole(document, patch);
	bool has_node = json_object_get(result, "node") && json_object_get(result, "api");
	struct config *config =
		result && has_node ? config_replace_from_json(base, result, &errors) : NULL;

	error_list_done(&errors);
	json_decref(result);
	json_decref(document);
	return config;
}

static void assert_equal_vips_are_shared(const struct config *config, const struct config *base)
{
	for (size_t index = 0; index < config->vip_count; index++) {
		const struct config_vip *vip = config->vips[index];
		const struct config_vip *former = config_find_vip(base, vip->name);

		if (former && config_vip_equal(former, vip))
			assert_ptr_equal(former, vip);
	}
}

/* Consumes the base; returns what is in force after the patch. */
static struct config *try_patch(struct config *base, const struct config_patch *patch,
				int *ret_accepted)
{
	struct error_list errors = {0};
	struct config *expected = patch_whole(base, patch);
	struct config *config = config_patch_all(base, patch, &errors);

	assert_int_equal(!config, !expected);
	assert_int_equal(!config, !error_list_is_empty(&errors));
	error_list_done(&errors);
	if (!config)
		return base;
	++*ret_accepted;
	assert_true(config_objects_equal(config, expected));
	assert_equal_vips_are_shared(config, base);
	assert_equal_vips_are_shared(expected, base);
	config_unref(expected);
	config_unref(base);
	return config;
}

static void a_patch_of_a_part_is_that_of_the_whole(void **state)
{
	struct config *config = config_of(
		"{'node': {'interfaces': [{'name': 'e'}], 'limits': {'vips': 5, 'backends': 6}}}");
	uint64_t random = SEED;
	int accepted = 0;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		bool is_outline = random_bool(&random);
		json_t *body = is_outline ? random_outline(&random) : random_operations(&random);
		struct config_patch patch = {
			.kind = is_outline ? CONFIG_PATCH_MERGE : CONFIG_PATCH_OPERATIONS,
			.body = body,
		};

		config = try_patch(config, &patch, &accepted);
		json_decref(body);
	}
	assert_in_range(accepted, ROUNDS / 20, ROUNDS * 19 / 20);
	assert_round_trip(config);
	config_unref(config);
}

static void many_edits_are_judged_as_the_whole_is(void **state)
{
	struct config *config = config_of("{" NODE "}");
	uint64_t random = SEED + 1;
	int accepted = 0;

	(void)state;
	for (int round = 0; round < 200; round++) {
		json_t *vips = json_object(), *body = json_pack("{s:o}", "vips", vips);
		struct config_patch patch = {.kind = CONFIG_PATCH_MERGE, .body = body};

		for (unsigned i = 0; i < MANY_VIPS; i++) {
			char name[] = {'m', (char)('0' + i / 10), (char)('0' + i % 10), '\0'};
			uint32_t last = random_below(&random, 20) ? i : 0;

			json_object_set_new(vips, name,
					    json_pack("{s:o, s:i, s:s}", "address",
						      json_sprintf("10.8.0.%u", last + 1), "port",
						      random_below(&random, 2), "protocol", "tcp"));
		}
		config = try_patch(config, &patch, &accepted);
		json_decref(body);
	}
	assert_in_range(accepted, 10, 190);
	config_unref(config);
}

/* ---- differences ---- */

static struct config *random_config(uint64_t *state)
{
	struct error_list errors = {0};
	struct config *config = NULL;

	while (!config) {
		json_t *document = json_of("{" NODE ", 'vips': {}}");

		for (uint32_t count = random_below(state, 6); count; count--)
			json_object_set_new(json_object_get(document, "vips"), random_name(state),
					    random_vip(state));
		config = config_from_json(document, &errors);
		error_list_done(&errors);
		json_decref(document);
	}
	return config;
}

static void a_difference_leads_from_one_to_the_other(void **state)
{
	uint64_t random = SEED + 2;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct error_list errors = {0};
		struct config *from = random_config(&random), *to = random_config(&random);
		json_t *difference = config_diff(from, to);
		struct config_patch patch = {CONFIG_PATCH_OPERATIONS, difference};
		struct config *config = config_patch_all(from, &patch, &errors);

		assert_string_equal(errors_text(&errors), "");
		assert_true(config_objects_equal(config, to));
		config_unref(config);
		json_decref(difference);
		config_unref(to);
		config_unref(from);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_patch_of_a_part_is_that_of_the_whole),
		cmocka_unit_test(many_edits_are_judged_as_the_whole_is),
		cmocka_unit_test(a_difference_leads_from_one_to_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
