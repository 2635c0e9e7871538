/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One row a key: what it is called, what may stand there, where it lies in memory, its default and
 * its help. The rows drive decoding, printing, comparing and defaults here, and the reference
 * (config_reference.c): the JSON Schema, the schemas of OpenAPI, and the table in
 * configs/README.md.
 *
 * A row has a type, which knows how its values are decoded, printed and compared, and gets the rest
 * from the row. A key of a type that is there already is a member of a struct and a row.
 *
 * Decoders return 0, or -1 with the errors listed and the member untouched; an object with errors
 * is left all zero. Private to the config library.
 */
#ifndef CAROM_CONFIG_KEY_H
#define CAROM_CONFIG_KEY_H

#include "json_field.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_key;

struct config_type {
	const char *name; /* "integer": as the reference says it */
	/* owner: the struct that the key places its member in. */
	int (*decode)(const struct json_place *place, const json_t *json,
		      const struct config_key *key, void *owner);
	json_t *(*print)(const struct config_key *key, const void *owner); /* NULL: no memory */
	bool (*equal)(const struct config_key *key, const void *left, const void *right);
	/* Of a text: what is wrong with it. */
	int (*check_text)(const struct json_place *place, const char *text);

	const char *schema;  /* JSON Schema of any value, as JSON; NULL: its row tells */
	bool is_definition;  /* the schema is said once, under the type's name */
	bool is_byte_string; /* its row's size bounds its length */
};

/* The rows of an object, the last of them without a name. */
struct config_table {
	const char *name; /* "vip" */
	const char *help;
	const struct config_key *keys;
	const char *schema; /* JSON Schema beyond the keys, as JSON; or NULL */
};

struct config_key {
	const char *name;
	bool is_required; /* these two: as json_keys wants them */
	bool is_optional; /* absent if all zero: then neither printed nor defaulted */
	const struct config_type *type;
	size_t place, bytes; /* of the member in its owner; see CONFIG_MEMBER */

	/* Numbers and choices have 32 bits. An integer's: */
	struct json_bounds bounds;
	uint32_t multiple_of;
	const char *multiple_words; /* "a whole number of seconds"; or NULL */
	/* A choice's; values: what is stored for each, or NULL: its index. */
	const struct json_choices *choices;
	const uint8_t *values;
	/* An object's. */
	const struct config_table *members;
	/* An array's or a collection's: its elements, and where their count lies. */
	const struct config_key *element;
	size_t count_place;
	size_t room;	  /* for so many */
	const char *noun; /* of an element that has a name: "backend" */

	/* A number or a choice has default_number, unless default_text is there. default_words tell
	 * of a default that is no constant, or of what absence means. */
	uint32_t default_number;
	const char *default_text;
	const char *default_words;
	const char *unit; /* "ms"; or NULL */
	const char *help;
};
#define CONFIG_MEMBER(owner, member)                                                               \
	.place = offsetof(owner, member), .bytes = sizeof(((owner *)NULL)->member)
/* Of a member that is called as its key. */
#define CONFIG_KEY(owner, member, kind)                                                            \
#member, .type = &config_type_##kind, CONFIG_MEMBER(owner, member)

/* From config_key.c: the row tells what may stand there. */
extern const struct config_type config_type_integer;
extern const struct config_type config_type_choice;
extern const struct config_type config_type_object;
extern const struct config_type config_type_array;	/* no element is there twice */
extern const struct config_type config_type_collection; /* of objects by name, sorted */

/* From config_type.c. */
extern const struct config_type config_type_name;
extern const struct config_type config_type_host; /* an address that packets can be sent to */
extern const struct config_type config_type_prefix4, config_type_prefix6;
extern const struct config_type config_type_interface;
extern const struct config_type config_type_seed;
extern const struct config_type config_type_path; /* absolute */
extern const struct config_type config_type_path_or_none;
extern const struct config_type config_type_listen;
extern const struct config_type config_type_socket_mode;
extern const struct config_type config_type_group;

/* Over an owner that is all zero. */
void config_table_set_default(const struct config_table *table, void *owner);
int config_table_decode(const struct json_place *place, const json_t *json,
			const struct config_table *table, void *owner);
/* Every default is spelled out. NULL: out of memory. */
json_t *config_table_print(const struct config_table *table, const void *owner);
bool config_table_equal(const struct config_table *table, const void *left, const void *right);

/* Not if it is optional and all zero. */
bool config_key_is_given(const struct config_key *key, const void *owner);

/* The name of an object that is called by its key. */
int config_decode_key_name(const struct json_place *place, char ret_name[CAROM_NAME_BYTES]);
/* One element of a collection, called by its place's key. */
int config_decode_item(const struct json_place *place, const json_t *json,
		       const struct config_key *collection, void *ret_item);
/* As many of them as have no fault, sorted. There is room for all members. */
int config_decode_items(const struct json_place *place, const json_t *json,
			const struct config_key *collection, void *ret_items, size_t *ret_count);
json_t *config_print_items(const struct config_key *collection, const void *items, size_t count);

/* ---- for types ---- */

static inline void *config_member(const struct config_key *key, void *owner)
{
	return (char *)owner + key->place;
}

static inline const void *config_const_member(const struct config_key *key, const void *owner)
{
	return (const char *)owner + key->place;
}

static inline uint32_t config_load_number(const struct config_key *key, const void *owner)
{
	return *(const uint32_t *)config_const_member(key, owner);
}

static inline void config_store_number(const struct config_key *key, void *owner, uint32_t number)
{
	*(uint32_t *)config_member(key, owner) = number;
}

json_t *config_print_number(const struct config_key *key, const void *owner);
bool config_equal_numbers(const struct config_key *key, const void *left, const void *right);

#endif
