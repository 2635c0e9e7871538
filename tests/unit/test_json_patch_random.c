/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Properties of JSON Patch, on random documents from a fixed seed: what is made of two documents
 * makes the one of the other, and touches only what differs.
 */
#include "config_support.h"
#include "json_patch.h"

#define ROUNDS	    20000
#define SEED	    0x9e3779b97f4a7c15u
#define MEMBERS_MAX 4
#define DEPTH	    4

/* xorshift64* (Vigna 2016) */
static uint32_t random_below(uint64_t *state, uint32_t bound)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)((*state * 0x2545f4914f6cdd1du) >> 32) % bound;
}

static json_t *random_scalar(uint64_t *state)
{
	switch (random_below(state, 6)) {
	case 0: return json_null();
	case 1: return json_boolean(random_below(state, 2));
	case 2: return json_real(random_below(state, 4) / 2.0);
	case 3: return json_string("");
	case 4: return json_string("~1/\u00e9");
	default: return json_integer(random_below(state, 4));
	}
}

/* From so few names that two documents often share some. */
static json_t *random_value(uint64_t *state, int depth)
{
	static const char *const names[] = {"a", "b", "", "~", "/", "~1", "m~n/o", "0", "-"};
	uint32_t kind = depth ? random_below(state, 4) : 0;
	json_t *value;

	if (kind == 0)
		return random_scalar(state);
	value = kind == 1 ? json_array() : json_object();
	for (uint32_t count = random_below(state, MEMBERS_MAX + 1); count; count--) {
		const char *name = names[random_below(state, sizeof(names) / sizeof(*names))];
		json_t *member = random_value(state, depth - 1);

		if (kind == 1)
			json_array_append_new(value, member);
		else
			json_object_set_new(value, name, member);
	}
	return value;
}

static void what_is_made_of_two_leads_from_one_to_the_other(void **state)
{
	uint64_t random = SEED;
	size_t operations_count = 0;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct error_list errors = {0};
		json_t *from = random_value(&random, DEPTH), *to = random_value(&random, DEPTH);
		json_t *operations = json_array(), *result;
		struct json_patch *patch;

		assert_int_equal(json_patch_make("", from, to, operations), 0);
		patch = json_patch_parse(operations, &errors);
		result = patch ? json_patch_apply(patch, from, &errors) : NULL;
		assert_string_equal(errors_text(&errors), "");
		if (!json_equal(result, to))
			assert_json_equal(result, to);
		assert_int_equal(json_array_size(operations) == 0, json_equal(from, to));
		operations_count += json_array_size(operations);
		json_patch_free(patch);
		json_decref(result);
		json_decref(operations);
		json_decref(to);
		json_decref(from);
	}
	/* More than the one that replaces all, or the test says little. */
	assert_in_range(operations_count, ROUNDS * 5 / 4, SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_made_of_two_leads_from_one_to_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
