/* SPDX-License-Identifier: BSD-2-Clause */
#include "json_text.h"

#include "utf8.h"

#include <stdio.h>
#include <stdlib.h>

#define INDENT		      "  "
#define INDENT_WIDTH	      2
#define REPLACEMENT_CHARACTER "\xef\xbf\xbd" /* U+FFFD in UTF-8 */

static void add_escape(struct text *text, char character)
{
	char escape[sizeof("\\u0000")];

	if (character == '"' || character == '\\')
		snprintf(escape, sizeof(escape), "\\%c", character);
	else
		snprintf(escape, sizeof(escape), "\\u%04x", (unsigned char)character);
	text_add(text, escape);
}

static bool is_plain(char character)
{
	return character >= ' ' && character < 0x7f && character != '"' && character != '\\';
}

/* Adds the character at the start of the string, and returns its length. */
static size_t add_special(struct text *text, const char *string)
{
	size_t length = utf8_character_length(string);

	if (length == 0) {
		text_add(text, REPLACEMENT_CHARACTER);
		return 1;
	}
	if (length == 1)
		add_escape(text, *string);
	else
		text_add_bytes(text, string, length);
	return length;
}

static void add_string(struct text *text, const char *string)
{
	text_add(text, "\"");
	for (;;) {
		size_t plain = 0;

		while (is_plain(string[plain]))
			plain++;
		text_add_bytes(text, string, plain);
		string += plain;
		if (!*string)
			break;
		string += add_special(text, string);
	}
	text_add(text, "\"");
}

static void start_line(struct json_text *json)
{
	text_add(&json->text, "\n");
	for (unsigned i = 0; i < json->depth; i++)
		text_add(&json->text, INDENT);
}

static void start_value(struct json_text *json, const char *key)
{
	if (json->has_members)
		text_add(&json->text, ",");
	if (json->depth > 0)
		start_line(json);
	json->has_members = true;
	if (key) {
		add_string(&json->text, key);
		text_add(&json->text, ": ");
	}
}

static void open_level(struct json_text *json, const char *key, const char *bracket)
{
	start_value(json, key);
	text_add(&json->text, bracket);
	json->depth++;
	json->has_members = false;
}

static void close_level(struct json_text *json, const char *bracket)
{
	json->depth--;
	if (json->has_members)
		start_line(json);
	text_add(&json->text, bracket);
	json->has_members = true;
}

void json_text_open_object(struct json_text *json, const char *key)
{
	open_level(json, key, "{");
}

void json_text_close_object(struct json_text *json)
{
	close_level(json, "}");
}

void json_text_open_array(struct json_text *json, const char *key)
{
	open_level(json, key, "[");
}

void json_text_close_array(struct json_text *json)
{
	close_level(json, "]");
}

void json_text_string(struct json_text *json, const char *key, const char *value)
{
	start_value(json, key);
	add_string(&json->text, value);
}

void json_text_number(struct json_text *json, const char *key, uint64_t value)
{
	start_value(json, key);
	text_add_number(&json->text, value);
}

void json_text_boolean(struct json_text *json, const char *key, bool value)
{
	start_value(json, key);
	text_add(&json->text, value ? "true" : "false");
}

static void add_object(struct json_text *json, const char *key, const json_t *tree)
{
	const char *name;
	json_t *value;

	json_text_open_object(json, key);
	json_object_foreach((json_t *)tree, name, value)
	{
		json_text_tree(json, name, value);
	}
	json_text_close_object(json);
}

static void add_array(struct json_text *json, const char *key, const json_t *tree)
{
	json_text_open_array(json, key);
	for (size_t i = 0; i < json_array_size(tree); i++)
		json_text_tree(json, NULL, json_array_get(tree, i));
	json_text_close_array(json);
}

static void add_scalar(struct json_text *json, const char *key, const json_t *tree)
{
	char *text = json_dumps(tree, JSON_ENCODE_ANY);

	start_value(json, key);
	if (text)
		text_add(&json->text, text);
	else
		json->text.failed = true;
	free(text);
}

void json_text_tree(struct json_text *json, const char *key, const json_t *tree)
{
	switch (json_typeof(tree)) {
	case JSON_OBJECT: add_object(json, key, tree); break;
	case JSON_ARRAY: add_array(json, key, tree); break;
	case JSON_STRING: json_text_string(json, key, json_string_value(tree)); break;
	case JSON_INTEGER:
	case JSON_REAL:
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL: add_scalar(json, key, tree); break;
	}
}

struct text json_text_finish(struct json_text *json)
{
	struct text text = json->text;

	text_add(&text, "\n");
	*json = (struct json_text){0};
	return text;
}

static int add_dumped(const char *bytes, size_t length, void *context)
{
	struct text *text = context;

	text_add_bytes(text, bytes, length);
	return text->failed ? -1 : 0;
}

struct text json_text_of(const json_t *json)
{
	struct text text = {0};

	if (json_dump_callback(json, add_dumped, &text, JSON_INDENT(INDENT_WIDTH)))
		text.failed = true;
	text_add(&text, "\n");
	return text;
}
