/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How inputs that are JSON become others: most changes are to what the text says, so that they
 * reach what lies behind the parser; the rest are libFuzzer's own, to the text.
 *
 * libFuzzer calls it, with a seed of its own, in place of its own changes.
 */
#include "fuzz.h"

#define PLACES_MAX   1024
#define STRING_BYTES 512

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t length, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t room, unsigned seed);

/* A member of an object, or an element of an array. */
struct place {
	json_t *around;
	const char *key; /* NULL: by index */
	size_t index;
};

struct places {
	size_t count;
	struct place places[PLACES_MAX];
};

/* ---- places ---- */

static json_t *value_at(const struct place *place)
{
	return place->key ? json_object_get(place->around, place->key)
			  : json_array_get(place->around, place->index);
}

static void add_places(struct places *places, json_t *around);

static void add_place(struct places *places, struct place place)
{
	if (places->count == PLACES_MAX)
		return;
	places->places[places->count++] = place;
	add_places(places, value_at(&place));
}

static void add_places(struct places *places, json_t *around)
{
	const char *key;
	json_t *value;

	json_object_foreach(around, key, value)
	{
		add_place(places, (struct place){.around = around, .key = key});
	}
	for (size_t i = 0; i < json_array_size(around); i++)
		add_place(places, (struct place){.around = around, .index = i});
}

/* ---- changes ---- */

static void set_value(const struct place *place, json_t *value)
{
	if (place->key)
		json_object_set_new(place->around, place->key, value);
	else
		json_array_set_new(place->around, place->index, value);
}

static void remove_place(const struct place *place)
{
	if (place->key)
		json_object_del(place->around, place->key);
	else
		json_array_remove(place->around, place->index);
}

/* Under a name that is used elsewhere, so that it may mean something. */
static void insert_beside(const struct place *place, const struct place *source)
{
	json_t *copy = json_deep_copy(value_at(source));

	if (!place->key)
		json_array_insert_new(place->around, place->index, copy);
	else if (source->key)
		json_object_set_new(place->around, source->key, copy);
	else
		json_decref(copy);
}

/* NULL: it became no JSON string. */
static json_t *mutate_string(const char *text)
{
	char string[STRING_BYTES] = "";
	size_t length = strnlen(text, sizeof(string));

	memcpy(string, text, length);
	length = LLVMFuzzerMutate((uint8_t *)string, length, sizeof(string));
	return memchr(string, '\0', length) ? NULL : json_stringn(string, length);
}

static json_t *mutate_integer(json_int_t value)
{
	LLVMFuzzerMutate((uint8_t *)&value, sizeof(value), sizeof(value));
	return json_integer(value);
}

static void mutate_value(const struct place *place)
{
	const json_t *value = value_at(place);
	json_t *mutated = NULL;

	if (json_is_string(value))
		mutated = mutate_string(json_string_value(value));
	else if (json_is_integer(value))
		mutated = mutate_integer(json_integer_value(value));
	if (mutated)
		set_value(place, mutated);
}

static void mutate_key(const struct place *place)
{
	json_t *key = place->key ? mutate_string(place->key) : NULL;

	if (key)
		json_object_set(place->around, json_string_value(key), value_at(place));
	json_decref(key);
}

static void change(json_t *json, unsigned seed)
{
	static struct places places;
	const struct place *place, *source;

	places.count = 0;
	add_places(&places, json);
	if (places.count == 0)
		return;
	place = &places.places[(seed >> 4) % places.count];
	source = &places.places[(seed >> 16) % places.count];
	switch (seed % 6) {
	case 0: remove_place(place); break;
	case 1: set_value(place, json_deep_copy(value_at(source))); break;
	case 2: insert_beside(place, source); break;
	case 3: insert_beside(place, place); break;
	case 4: mutate_key(place); break;
	case 5: mutate_value(place); break;
	}
}

/* ---- libFuzzer's side ---- */

/* 0: it does not fit. */
static size_t write_json(const json_t *json, uint8_t *bytes, size_t room)
{
	size_t length = json_dumpb(json, (char *)bytes, room, JSON_COMPACT | JSON_ENCODE_ANY);

	return length <= room ? length : 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t room, unsigned seed)
{
	json_t *json = json_loadb((const char *)bytes, length, 0, NULL);
	size_t written = 0;

	if (json && seed >> 28) {
		change(json, seed);
		written = write_json(json, bytes, room);
	}
	json_decref(json);
	return written ? written : LLVMFuzzerMutate(bytes, length, room);
}
