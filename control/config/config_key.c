/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows at work: whole tables, and the types whose rows tell what may stand there.
 *
 * It owns no state; it runs on its caller's thread.
 */
#include "config_key.h"

#include <stdlib.h>
#include <string.h>

/* ---- whole tables ---- */

static int decode_row(const struct json_place *place, const json_t *json, const void *row,
		      void *owner)
{
	const struct config_key *key = row;

	return key->type->decode(place, json, key, owner);
}

int config_table_decode(const struct json_place *place, const json_t *json,
			const struct config_table *table, void *owner)
{
	struct json_keys keys = {table->keys, sizeof(table->keys[0])};

	return json_decode_keys(place, json, &keys, decode_row, owner);
}

bool config_key_is_given(const struct config_key *key, const void *owner)
{
	const char *bytes = config_const_member(key, owner);

	/* All zero: the first byte is, and each is like the one before it. */
	return !key->is_optional || bytes[0] || memcmp(bytes, bytes + 1, key->bytes - 1) != 0;
}

json_t *config_table_print(const struct config_table *table, const void *owner)
{
	json_t *json = json_object();

	for (const struct config_key *key = table->keys; json && key->name; key++)
		if (config_key_is_given(key, owner) &&
		    json_object_set_new_nocheck(json, key->name, key->type->print(key, owner))) {
			json_decref(json);
			return NULL;
		}
	return json;
}

bool config_table_equal(const struct config_table *table, const void *left, const void *right)
{
	for (const struct config_key *key = table->keys; key->name; key++)
		if (!key->type->equal(key, left, right))
			return false;
	return true;
}

/* The text is one that its type takes. */
static void set_default_text(const struct config_key *key, void *owner)
{
	struct error_list none = {0};
	struct json_place place = json_place_document(&none);
	json_t *json = json_string(key->default_text);

	if (key->element)
		json = json_pack("[o]", json);
	if (json)
		key->type->decode(&place, json, key, owner);
	json_decref(json);
	error_list_done(&none);
}

void config_table_set_default(const struct config_table *table, void *owner)
{
	for (const struct config_key *key = table->keys; key->name; key++) {
		if (key->default_text)
			set_default_text(key, owner);
		else if (key->default_number)
			config_store_number(key, owner, key->default_number);
		else if (key->type == &config_type_object && !key->is_optional)
			config_table_set_default(key->members, config_member(key, owner));
	}
}

/* ---- numbers ---- */

bool config_equal_numbers(const struct config_key *key, const void *left, const void *right)
{
	return config_load_number(key, left) == config_load_number(key, right);
}

static int check_multiple(const struct json_place *place, const struct config_key *key,
			  uint32_t value)
{
	if (!key->multiple_of || value % key->multiple_of == 0)
		return 0;
	if (!key->multiple_words)
		return json_refuse(place, ERROR_INVALID, " %u is not a multiple of %u", value,
				   key->multiple_of);
	return json_refuse(place, ERROR_INVALID, " %u is not %s; expected a multiple of %u", value,
			   key->multiple_words, key->multiple_of);
}

static int decode_integer(const struct json_place *place, const json_t *json,
			  const struct config_key *key, void *owner)
{
	uint32_t value;

	if (json_decode_integer(place, json, key->bounds, &value) ||
	    check_multiple(place, key, value))
		return -1;
	config_store_number(key, owner, value);
	return 0;
}

json_t *config_print_number(const struct config_key *key, const void *owner)
{
	return json_integer(config_load_number(key, owner));
}

const struct config_type config_type_integer = {.name = "integer",
						.decode = decode_integer,
						.print = config_print_number,
						.equal = config_equal_numbers};

/* ---- choices ---- */

static int decode_choice(const struct json_place *place, const json_t *json,
			 const struct config_key *key, void *owner)
{
	size_t index;

	if (json_decode_choice(place, json, *key->choices, &index))
		return -1;
	config_store_number(key, owner, key->values ? key->values[index] : (uint32_t)index);
	return 0;
}

static json_t *print_choice(const struct config_key *key, const void *owner)
{
	uint32_t number = config_load_number(key, owner);
	size_t index = key->values ? 0 : number;

	while (key->values && index + 1 < key->choices->count && key->values[index] != number)
		index++;
	return json_string_nocheck(key->choices->names[index]);
}

const struct config_type config_type_choice = {.name = "choice",
					       .decode = decode_choice,
					       .print = print_choice,
					       .equal = config_equal_numbers};

/* ---- objects ---- */

static int decode_object(const struct json_place *place, const json_t *json,
			 const struct config_key *key, void *owner)
{
	void *member = config_member(key, owner);

	if (config_table_decode(place, json, key->members, member) == 0)
		return 0;
	memset(member, 0, key->bytes);
	return -1;
}

static json_t *print_object(const struct config_key *key, const void *owner)
{
	return config_table_print(key->members, config_const_member(key, owner));
}

static bool equal_objects(const struct config_key *key, const void *left, const void *right)
{
	return config_table_equal(key->members, config_const_member(key, left),
				  config_const_member(key, right));
}

const struct config_type config_type_object = {
	.name = "object", .decode = decode_object, .print = print_object, .equal = equal_objects};

/* ---- arrays ---- */

static size_t load_count(const struct config_key *key, const void *owner)
{
	return *(const size_t *)(const void *)((const char *)owner + key->count_place);
}

static void store_count(const struct config_key *key, void *owner, size_t count)
{
	*(size_t *)(void *)((char *)owner + key->count_place) = count;
}

static const void *element_at(const struct config_key *key, const void *owner, size_t index)
{
	return (const char *)config_const_member(key, owner) + index * key->element->bytes;
}

/* Objects are told apart by their first key. */
static const struct config_key *identity_of(const struct config_key *element)
{
	return element->members ? element->members->keys : element;
}

static int refuse_twin(const struct json_place *place, const json_t *json,
		       const struct config_key *element)
{
	struct json_place name = *place;
	char quote[JSON_QUOTE_BYTES];

	if (element->members) {
		name = json_place_member(place, identity_of(element)->name);
		json = json_object_get(json, identity_of(element)->name);
	}
	return json_refuse(&name, ERROR_CONFLICT, " '%s' is given twice",
			   json_quote(json_string_value(json), quote));
}

/* Behind those that are there. */
static int decode_element(const struct json_place *place, const json_t *json,
			  const struct config_key *key, void *owner)
{
	const struct config_key *element = key->element, *identity = identity_of(element);
	size_t count = load_count(key, owner);
	void *added = (char *)config_member(key, owner) + count * element->bytes;

	memset(added, 0, element->bytes);
	if (element->members)
		config_table_set_default(element->members, added);
	if (element->type->decode(place, json, element, added))
		return -1;
	for (size_t index = 0; index < count; index++)
		if (identity->type->equal(identity, element_at(key, owner, index), added))
			return refuse_twin(place, json, element);
	store_count(key, owner, count + 1);
	return 0;
}

static int decode_array(const struct json_place *place, const json_t *json,
			const struct config_key *key, void *owner)
{
	const json_t *element;
	size_t index;
	int failed = 0;

	if (json_check_array(place, json, key->room))
		return -1;
	store_count(key, owner, 0);
	json_array_foreach(json, index, element)
	{
		struct json_place item = json_place_element(place, index);

		failed |= decode_element(&item, element, key, owner);
	}
	return failed;
}

static json_t *print_array(const struct config_key *key, const void *owner)
{
	json_t *array = json_array();

	for (size_t index = 0; index < load_count(key, owner); index++) {
		const void *element = element_at(key, owner, index);

		if (json_array_append_new(array,
					  key->element->type->print(key->element, element))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static bool equal_arrays(const struct config_key *key, const void *left, const void *right)
{
	size_t count = load_count(key, left);

	if (count != load_count(key, right))
		return false;
	for (size_t index = 0; index < count; index++)
		if (!key->element->type->equal(key->element, element_at(key, left, index),
					       element_at(key, right, index)))
			return false;
	return true;
}

const struct config_type config_type_array = {
	.name = "array", .decode = decode_array, .print = print_array, .equal = equal_arrays};

/* ---- collections: each item begins with its name ---- */

int config_decode_key_name(const struct json_place *place, char ret_name[CAROM_NAME_BYTES])
{
	if (!json_name_is_valid(place->key))
		return json_refuse(place, ERROR_INVALID,
				   " is not a name; expected " JSON_NAME_SPELLING);
	strcpy(ret_name, place->key); /* NOLINT: a valid name fits */
	return 0;
}

int config_decode_item(const struct json_place *place, const json_t *json,
		       const struct config_key *collection, void *ret_item)
{
	const struct config_key *element = collection->element;
	int failed;

	memset(ret_item, 0, element->bytes);
	config_table_set_default(element->members, ret_item);
	failed = config_decode_key_name(place, ret_item);
	failed |= config_table_decode(place, json, element->members, ret_item);
	return failed;
}

static int compare_items(const void *left, const void *right)
{
	return strcmp(left, right);
}

int config_decode_items(const struct json_place *place, const json_t *json,
			const struct config_key *collection, void *ret_items, size_t *ret_count)
{
	size_t bytes = collection->element->bytes, count = 0;
	const char *name;
	json_t *member;
	int failed = 0;

	if (!json_is_object(json))
		return json_refuse_type(place, json, "an object");
	json_object_foreach(json_mutable(json), name, member)
	{
		struct json_place item = json_place_item(place, collection->noun, name);

		if (config_decode_item(&item, member, collection,
				       (char *)ret_items + count * bytes))
			failed = -1;
		else
			count++;
	}
	if (count > 1)
		qsort(ret_items, count, bytes, compare_items);
	*ret_count = count;
	return failed;
}

json_t *config_print_items(const struct config_key *collection, const void *items, size_t count)
{
	const struct config_key *element = collection->element;
	json_t *json = json_object();

	for (size_t index = 0; index < count; index++) {
		const char *item = (const char *)items + index * element->bytes;

		if (json_object_set_new_nocheck(json, item,
						config_table_print(element->members, item))) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

static int decode_collection(const struct json_place *place, const json_t *json,
			     const struct config_key *key, void *owner)
{
	size_t count = 0;
	int failed = config_decode_items(place, json, key, config_member(key, owner), &count);

	store_count(key, owner, count);
	return failed;
}

static json_t *print_collection(const struct config_key *key, const void *owner)
{
	return config_print_items(key, config_const_member(key, owner), load_count(key, owner));
}

static bool equal_collections(const struct config_key *key, const void *left, const void *right)
{
	const struct config_key *element = key->element;
	size_t count = load_count(key, left);

	if (count != load_count(key, right))
		return false;
	for (size_t index = 0; index < count; index++) {
		const void *item = element_at(key, left, index);
		const void *other = element_at(key, right, index);

		/* Most often not a byte differs. */
		if (memcmp(item, other, element->bytes) == 0)
			continue;
		if (compare_items(item, other) != 0 ||
		    !config_table_equal(element->members, item, other))
			return false;
	}
	return true;
}

const struct config_type config_type_collection = {.name = "collection",
						   .decode = decode_collection,
						   .print = print_collection,
						   .equal = equal_collections};
