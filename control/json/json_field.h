/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoding JSON by tables: an object is a table of its keys, each with the function that decodes
 * its value. A new key is one more row in a table.
 *
 * All decoders return 0, or -1 with the errors listed and their outputs untouched.
 */
#ifndef CAROM_JSON_FIELD_H
#define CAROM_JSON_FIELD_H

#include "abi.h"
#include "json_place.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int json_decoder(const struct json_place *place, const json_t *json, void *target);

/* A table of keys. The last has a NULL key. */
struct json_field {
	const char *key;
	bool is_required;
	json_decoder *decode;
};

/* A table of any rows that begin with these two members of json_field, and end as its do. */
struct json_keys {
	const void *rows;
	size_t row_bytes;
};

typedef int json_row_decoder(const struct json_place *place, const json_t *json, const void *row,
			     void *target);

struct json_bounds {
	uint32_t min, max;
};

/* The names of an enum's values, in their order. */
struct json_choices {
	const char *const *names;
	size_t count;
};

/* Has room for the longest list there is, of the reasons in a capture's request. */
#define JSON_CHOICES_BYTES 256

/* "'tcp' or 'udp'". Returns ret_list. */
const char *json_list_choices(struct json_choices choices, char ret_list[JSON_CHOICES_BYTES]);

/* Refuses unknown and missing keys; what has no fault is in the target even when others have. */
int json_decode_object(const struct json_place *place, const json_t *json,
		       const struct json_field *fields, void *target);
/* An object by rows of another form. */
int json_decode_keys(const struct json_place *place, const json_t *json,
		     const struct json_keys *keys, json_row_decoder *decode, void *target);
/* ret_text: borrowed from the JSON. */
int json_decode_string(const struct json_place *place, const json_t *json, const char **ret_text);
/* Of a VIP, a backend or a node. */
int json_decode_name(const struct json_place *place, const json_t *json,
		     char ret_name[CAROM_NAME_BYTES]);
int json_decode_integer(const struct json_place *place, const json_t *json,
			struct json_bounds bounds, uint32_t *ret_value);
int json_decode_choice(const struct json_place *place, const json_t *json,
		       struct json_choices choices, size_t *ret_index);
/* So that arrays of a fixed room need no other bound: 1 to max elements. */
int json_check_array(const struct json_place *place, const json_t *json, size_t max);
/* "x is a string; expected …" */
int json_refuse_type(const struct json_place *place, const json_t *json, const char *expected);

/* "an object", "null" … */
const char *json_type_name(const json_t *json);

/* Of a VIP, a backend or a node. */
bool json_name_is_valid(const char *name);
#define JSON_NAME_SPELLING                                                                         \
	"1 to 63 of A-Z, a-z, 0-9, '.', '_' and '-', the first of them a letter or a digit"

/* jansson's iterators ask for a mutable object, though they do not write to it. */
static inline json_t *json_mutable(const json_t *json)
{
	return (json_t *)json;
}

#endif
