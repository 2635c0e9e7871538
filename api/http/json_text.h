/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes JSON as text, piece by piece, without a tree in between: counters of 65,536 backends are
 * to be written in milliseconds. A key is NULL in an array and for the outermost value.
 */
#ifndef CAROM_JSON_TEXT_H
#define CAROM_JSON_TEXT_H

#include "text.h"

#include <jansson.h>

struct json_text {
	struct text text;
	unsigned depth;
	bool has_members; /* the innermost object or array has one already */
};

void json_text_open_object(struct json_text *json, const char *key);
void json_text_close_object(struct json_text *json);
void json_text_open_array(struct json_text *json, const char *key);
void json_text_close_array(struct json_text *json);
/* What is not UTF-8 becomes U+FFFD, so that the document is always valid. */
void json_text_string(struct json_text *json, const char *key, const char *value);
void json_text_number(struct json_text *json, const char *key, uint64_t value);
void json_text_boolean(struct json_text *json, const char *key, bool value);
void json_text_tree(struct json_text *json, const char *key, const json_t *tree);
/* Ends the document; the caller owns the text. */
struct text json_text_finish(struct json_text *json);

/* A whole tree at once. */
struct text json_text_of(const json_t *json);

#endif
