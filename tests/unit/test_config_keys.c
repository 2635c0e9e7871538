/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every row of every table of keys: two different values of each go in and come out, are told
 * apart, and touch no other key. A type that no sample is listed for fails.
 */
#include "config_support.h"

#include "config_parts.h"

#define OWNER_BYTES 65536

enum sample { FIRST, SECOND, SAMPLES };

static const struct {
	const char *type;
	const char *values[SAMPLES]; /* as they are printed */
} samples[] = {
	{"name", {"'lb1'", "'lb2'"}},
	{"address", {"'10.0.0.1'", "'2001:db8::1'"}},
	{"IPv4 prefix", {"'10.1.0.0/16'", "'10.1.0.0/17'"}},
	{"IPv6 prefix", {"'2001:db8::/96'", "'2001:db8::1:0:0/96'"}},
	{"interface name", {"'eth0'", "'eth1'"}},
	{"text", {"'paris'", "'rome'"}},
	{"path", {"'/a'", "'/b'"}},
	{"path or empty", {"'/a'", "''"}},
	{"listener", {"'unix:/a'", "'127.0.0.1:1'"}},
	{"octal mode", {"'0600'", "'0660'"}},
	{"group name", {"'adm'", "'root'"}},
	{"0 or a power of two", {"512", "256"}},
};

static json_t *sample_of_table(const struct config_table *table, enum sample which);

static json_t *listed_sample(const struct config_key *key, enum sample which)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		if (strcmp(samples[i].type, key->type->name) == 0)
			return json_of(samples[i].values[which]);
	fail_msg("no samples of type '%s'", key->type->name);
	return NULL;
}

static json_t *sample_of(const struct config_key *key, enum sample which)
{
	static const char *const names[SAMPLES] = {"a", "b"};

	if (key->type == &config_type_integer)
		return json_integer(which == FIRST ? key->bounds.min : key->bounds.max);
	if (key->type == &config_type_choice)
		return json_string(key->choices->names[which]);
	if (key->type == &config_type_object)
		return sample_of_table(key->members, which);
	if (key->type == &config_type_array)
		return json_pack("[o]", sample_of(key->element, which));
	if (key->type == &config_type_collection)
		return json_pack("{s:o}", names[which], sample_of(key->element, FIRST));
	return listed_sample(key, which);
}

static json_t *sample_of_table(const struct config_table *table, enum sample which)
{
	json_t *json = json_object();

	for (const struct config_key *key = table->keys; key->name; key++)
		json_object_set_new(json, key->name, sample_of(key, which));
	return json;
}

static void decode(const struct config_key *key, const json_t *json, void *owner)
{
	struct error_list errors = {0};
	struct json_place document = json_place_document(&errors);
	struct json_place place = json_place_member(&document, key->name);

	if (key->type->decode(&place, json, key, owner))
		fail_msg("refused:\n%s", errors_text(&errors));
}

static void assert_only_this_differs(const struct config_table *table, const struct config_key *key,
				     const void *left, const void *right)
{
	assert_false(config_table_equal(table, left, right));
	for (const struct config_key *other = table->keys; other->name; other++)
		if (other->type->equal(other, left, right) != (other != key))
			fail_msg("%s changes %s", key->name, other->name);
}

static void check_key(const struct config_table *table, const struct config_key *key)
{
	void *owner = calloc(1, OWNER_BYTES), *other = calloc(1, OWNER_BYTES);
	json_t *json = sample_of(key, FIRST), *printed, *second = sample_of(key, SECOND);

	config_table_set_default(table, owner);
	config_table_set_default(table, other);
	decode(key, json, owner);
	printed = key->type->print(key, owner);
	assert_json_equal(printed, json);
	decode(key, printed, other);
	assert_true(config_table_equal(table, owner, other));
	decode(key, second, other);
	assert_only_this_differs(table, key, owner, other);
	json_decref(second);
	json_decref(printed);
	json_decref(json);
	free(other);
	free(owner);
}

static void check_help(const char *what, const char *help)
{
	if (!help || !help[0] || help[strlen(help) - 1] != '.')
		fail_msg("%s has no help that is a sentence", what);
}

static size_t check_table(const struct config_table *table)
{
	size_t count = 0;

	check_help(table->name, table->help);
	for (const struct config_key *key = table->keys; key->name; key++, count++) {
		const struct config_key *element = key->element ? key->element : key;

		check_help(key->name, key->help);
		check_key(table, key);
		if (element->members)
			count += check_table(element->members);
	}
	return count;
}

static void every_key_is_read_printed_compared_and_explained(void **state)
{
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < CONFIG_SECTION_COUNT; i++)
		count += check_table(config_sections[i].table);
	for (enum config_kind kind = 0; kind < CONFIG_KIND_COUNT; kind++)
		count += check_table(config_kinds[kind]->table);
	assert_true(count >= 34);
}

/* A document has all keys but those that are absent by default. */
static void a_key_that_is_left_out_has_its_default(void **state)
{
	struct config *config =
		config_of("{" NODE ", 'vips': {'v': {'address': '192.0.2.1', 'port': 1,"
			  " 'protocol': 'tcp', 'backends': {'b': {'address': '10.0.0.1'}}}}}");
	json_t *json = config_to_json(config);
	json_t *vip = json_object_get(json_object_get(json, "vips"), "v");
	json_t *tables[] = {json_object_get(json, "node"), json_object_get(json, "api"), vip};
	const struct config_table *of[] = {&config_node_table, &config_api_table,
					   &config_vip_table};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (const struct config_key *key = of[i]->keys; key->name; key++)
			assert_int_equal(json_object_get(tables[i], key->name) != NULL,
					 !key->is_optional);
	json_decref(json);
	config_unref(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_read_printed_compared_and_explained),
		cmocka_unit_test(a_key_that_is_left_out_has_its_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
