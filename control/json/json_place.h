/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A place in a config document: where decoding is, and how a fault there is worded.
 *
 * Places live on the stack and point to their parents, so that walking a document without a fault
 * costs nothing. A fault at a place has an RFC 6901 pointer, and a message that names the things
 * around it: "vip 'web': backend 'web-3': address '10.0.0.300' is not an IP address".
 *
 * For the config library, and for those who decode a request's body by it.
 */
#ifndef CAROM_JSON_PLACE_H
#define CAROM_JSON_PLACE_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>

#define JSON_QUOTE_BYTES 84

struct json_place {
	struct error_list *errors;
	const struct json_place *parent; /* NULL: the root, whose pointer is given */
	const char *pointer;		 /* of the root only */
	const char *key;		 /* NULL: the whole document, or an element by its index */
	size_t index;
	const char *noun; /* "vip": this place is called "vip 'web'"; NULL: it is called by key */
	bool is_item;	  /* of a collection, which goes without saying in messages */
};

/* The whole document, with "" as its pointer. */
struct json_place json_place_document(struct error_list *errors);
/* A named thing that is judged by itself: "vip" 'web' at "/vips/web". */
struct json_place json_place_thing(struct error_list *errors, const char *pointer, const char *noun,
				   const char *name);
struct json_place json_place_member(const struct json_place *parent, const char *key);
/* A member of a collection of named things: the 'web' in "vips", called "vip 'web'". */
struct json_place json_place_item(const struct json_place *collection, const char *noun,
				  const char *name);
struct json_place json_place_element(const struct json_place *array, size_t index);

/* Adds a fault and returns -1. The message starts with the place's name; format goes on from
 * there, so it begins with a space or with ": ". */
int json_refuse(const struct json_place *place, enum error_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int json_refuse_memory(const struct json_place *place);
/* Whether further errors will only be counted, so that wording them would be wasted. */
bool json_refusal_is_futile(const struct json_place *place);

/* Foreign text made fit for a message: cut when long, and without control characters. */
const char *json_quote(const char *text, char ret_quote[JSON_QUOTE_BYTES]);

/* Makes pointers into the whole config relative to a body that stands at `pointer` in it. Faults
 * that are not within the body point at all of it. */
void json_errors_make_relative(struct error_list *errors, const char *pointer);

#endif
