/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoding by tables, and the judgement of single values: types, ranges, choices and names.
 *
 * Nothing stops at the first fault: an object's other keys are still decoded, so that all errors of
 * a document are told at once.
 *
 * It owns no state; decoding calls it, on its caller's thread.
 */
#include "json_field.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEY_LIST_BYTES	    192
#define SUGGEST_BYTES	    32 /* longer keys are no typing errors */
#define EXPECTED_BYTES	    64
#define LETTERS_PER_MISTAKE 3

#define LETTERS		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS		"0123456789"
#define NAME_CHARACTERS LETTERS DIGITS "._-"

static unsigned min3(unsigned first, unsigned second, unsigned third)
{
	unsigned least = first < second ? first : second;

	return least < third ? least : third;
}

static bool is_same_letter(char left, char right)
{
	return tolower((unsigned char)left) == tolower((unsigned char)right);
}

/* Insertions, deletions and substitutions from one text to the other (Levenshtein 1966). Both are
 * shorter than SUGGEST_BYTES. Capitals do not count. */
static unsigned edit_distance(const char *from, const char *to)
{
	size_t to_length = strlen(to);
	unsigned row[SUGGEST_BYTES];

	for (unsigned column = 0; column <= to_length; column++)
		row[column] = column;
	for (unsigned line = 1; from[line - 1]; line++) {
		unsigned diagonal = row[0];

		row[0] = line;
		for (size_t column = 1; column <= to_length; column++) {
			unsigned above = row[column];
			unsigned substituted =
				diagonal + !is_same_letter(from[line - 1], to[column - 1]);

			row[column] = min3(above + 1, row[column - 1] + 1, substituted);
			diagonal = above;
		}
	}
	return row[to_length];
}

/* ---- tables ---- */

static const char *row_key(const void *row)
{
	return *(const char *const *)row;
}

static bool is_required(const void *row)
{
	return *((const bool *)row + offsetof(struct json_field, is_required));
}

static const void *next_row(const struct json_keys *keys, const void *row)
{
	return (const char *)row + keys->row_bytes;
}

/* The known key that was probably meant, or NULL. */
static const char *nearest_key(const struct json_keys *keys, const char *key)
{
	const char *nearest = NULL, *known;
	unsigned least = 0;

	if (strlen(key) >= SUGGEST_BYTES)
		return NULL;
	for (const void *row = keys->rows; (known = row_key(row)); row = next_row(keys, row)) {
		unsigned distance = edit_distance(key, known);
		size_t allowed = 1 + strlen(known) / LETTERS_PER_MISTAKE;

		if (distance > allowed || distance >= strlen(known))
			continue;
		if (nearest && distance >= least)
			continue;
		nearest = known;
		least = distance;
	}
	return nearest;
}

static const char *list_keys(const struct json_keys *keys, char ret_list[KEY_LIST_BYTES])
{
	const char *separator = "";
	size_t used = 0;

	ret_list[0] = '\0';
	for (const void *row = keys->rows; row_key(row) && used < KEY_LIST_BYTES;
	     row = next_row(keys, row)) {
		used += (size_t)snprintf(ret_list + used, KEY_LIST_BYTES - used, "%s%s", separator,
					 row_key(row));
		separator = ", ";
	}
	return ret_list;
}

static int refuse_key(const struct json_place *object, const char *key,
		      const struct json_keys *keys)
{
	struct json_place place = json_place_member(object, key);
	char list[KEY_LIST_BYTES];
	const char *nearest;

	place.noun = "unknown key";
	if (json_refusal_is_futile(&place))
		return json_refuse(&place, ERROR_INVALID, "%s", "");
	nearest = nearest_key(keys, key);
	list_keys(keys, list);
	if (!nearest)
		return json_refuse(&place, ERROR_INVALID, "; known keys: %s", list);
	return json_refuse(&place, ERROR_INVALID, "; did you mean '%s'? Known keys: %s", nearest,
			   list);
}

static const void *find_row(const struct json_keys *keys, const char *key)
{
	const char *known;

	for (const void *row = keys->rows; (known = row_key(row)); row = next_row(keys, row))
		if (known[0] == key[0] && strcmp(known, key) == 0)
			return row;
	return NULL;
}

static int require_keys(const struct json_place *place, const json_t *json,
			const struct json_keys *keys)
{
	int failed = 0;

	for (const void *row = keys->rows; row_key(row); row = next_row(keys, row))
		if (is_required(row) && !json_object_get(json, row_key(row)))
			failed |= json_refuse(place, ERROR_INVALID, ": key '%s' is missing",
					      row_key(row));
	return failed;
}

int json_decode_keys(const struct json_place *place, const json_t *json,
		     const struct json_keys *keys, json_row_decoder *decode, void *target)
{
	const char *key;
	json_t *value;
	int failed = 0;

	if (!json_is_object(json))
		return json_refuse_type(place, json, "an object");
	json_object_foreach(json_mutable(json), key, value)
	{
		const void *row = find_row(keys, key);
		struct json_place member = json_place_member(place, key);

		failed |= row ? decode(&member, value, row, target) : refuse_key(place, key, keys);
	}
	failed |= require_keys(place, json, keys);
	return failed;
}

static int decode_field(const struct json_place *place, const json_t *json, const void *row,
			void *target)
{
	const struct json_field *field = row;

	return field->decode(place, json, target);
}

int json_decode_object(const struct json_place *place, const json_t *json,
		       const struct json_field *fields, void *target)
{
	struct json_keys keys = {fields, sizeof(*fields)};

	return json_decode_keys(place, json, &keys, decode_field, target);
}

/* ---- single values ---- */

const char *json_type_name(const json_t *json)
{
	switch (json_typeof(json)) {
	case JSON_OBJECT: return "an object";
	case JSON_ARRAY: return "an array";
	case JSON_STRING: return "a string";
	case JSON_INTEGER: return "an integer";
	case JSON_REAL: return "a real number";
	case JSON_TRUE:
	case JSON_FALSE: return "a boolean";
	case JSON_NULL: return "null";
	}
	return "unknown";
}

int json_refuse_type(const struct json_place *place, const json_t *json, const char *expected)
{
	char quote[JSON_QUOTE_BYTES];

	if (json_is_string(json))
		return json_refuse(place, ERROR_INVALID, " is '%s', a string; expected %s",
				   json_quote(json_string_value(json), quote), expected);
	if (json_is_real(json))
		return json_refuse(place, ERROR_INVALID, " is %g, a real number; expected %s",
				   json_real_value(json), expected);
	return json_refuse(place, ERROR_INVALID, " is %s; expected %s", json_type_name(json),
			   expected);
}

int json_decode_string(const struct json_place *place, const json_t *json, const char **ret_text)
{
	if (!json_is_string(json))
		return json_refuse_type(place, json, "a string");
	*ret_text = json_string_value(json);
	return 0;
}

int json_decode_name(const struct json_place *place, const json_t *json,
		     char ret_name[CAROM_NAME_BYTES])
{
	const char *name = json_string_value(json);
	char quote[JSON_QUOTE_BYTES];

	if (!name)
		return json_refuse_type(place, json, "a string");
	if (!json_name_is_valid(name))
		return json_refuse(place, ERROR_INVALID,
				   " '%s' is not a name; expected " JSON_NAME_SPELLING,
				   json_quote(name, quote));
	strcpy(ret_name, name); /* NOLINT: a valid name fits */
	return 0;
}

int json_decode_integer(const struct json_place *place, const json_t *json,
			struct json_bounds bounds, uint32_t *ret_value)
{
	json_int_t value = json_integer_value(json);
	char expected[EXPECTED_BYTES];

	if (!json_is_integer(json)) {
		snprintf(expected, sizeof(expected), "an integer from %" PRIu32 " to %" PRIu32,
			 bounds.min, bounds.max);
		return json_refuse_type(place, json, expected);
	}
	if (value < bounds.min || value > bounds.max)
		return json_refuse(place, ERROR_INVALID,
				   " %" JSON_INTEGER_FORMAT " is out of range; expected %" PRIu32
				   " to %" PRIu32,
				   value, bounds.min, bounds.max);
	*ret_value = (uint32_t)value;
	return 0;
}

const char *json_list_choices(struct json_choices choices, char ret_list[JSON_CHOICES_BYTES])
{
	size_t used = 0;

	ret_list[0] = '\0';
	for (size_t index = 0; index < choices.count && used < JSON_CHOICES_BYTES; index++) {
		const char *separator = index == 0		     ? ""
					: index + 1 == choices.count ? " or "
								     : ", ";

		used += (size_t)snprintf(ret_list + used, JSON_CHOICES_BYTES - used, "%s'%s'",
					 separator, choices.names[index]);
	}
	return ret_list;
}

static int refuse_choice(const struct json_place *place, const json_t *json,
			 struct json_choices choices)
{
	char expected[JSON_CHOICES_BYTES], quote[JSON_QUOTE_BYTES];

	json_list_choices(choices, expected);
	if (!json_is_string(json))
		return json_refuse_type(place, json, expected);
	return json_refuse(place, ERROR_INVALID, " '%s' is unknown; expected %s",
			   json_quote(json_string_value(json), quote), expected);
}

int json_decode_choice(const struct json_place *place, const json_t *json,
		       struct json_choices choices, size_t *ret_index)
{
	const char *text = json_string_value(json);

	for (size_t index = 0; text && index < choices.count; index++)
		if (strcmp(text, choices.names[index]) == 0) {
			*ret_index = index;
			return 0;
		}
	return refuse_choice(place, json, choices);
}

int json_check_array(const struct json_place *place, const json_t *json, size_t max)
{
	size_t size = json_array_size(json);

	if (!json_is_array(json))
		return json_refuse_type(place, json, "an array");
	if (size < 1 || size > max)
		return json_refuse(place, size ? ERROR_LIMIT : ERROR_INVALID,
				   " has %zu elements; expected 1 to %zu", size, max);
	return 0;
}

bool json_name_is_valid(const char *name)
{
	size_t length = strspn(name, NAME_CHARACTERS);

	return length > 0 && length < CAROM_NAME_BYTES && name[length] == '\0' &&
	       strchr(LETTERS DIGITS, name[0]);
}
