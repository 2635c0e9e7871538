/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wording of errors: pointers and messages are put together only when there is a fault, from
 * the chain of places that leads to it.
 *
 * Every text here is bounded. A pointer that would not fit ends at the last place that does, for a
 * pointer cut anywhere would lead nowhere. Foreign text is cut and cleaned before it is quoted.
 *
 * It owns no state; decoding and checking call it, on their caller's thread.
 */
#include "json_place.h"

#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ELLIPSIS "..."

/* A bounded text that grows at its end; once something has not fitted, it stays as it is. */
struct text {
	char *start;
	size_t size;
	size_t used;
	bool is_full;
};

struct json_place json_place_document(struct error_list *errors)
{
	return (struct json_place){.errors = errors, .pointer = ""};
}

struct json_place json_place_thing(struct error_list *errors, const char *pointer, const char *noun,
				   const char *name)
{
	return (struct json_place){.errors = errors, .pointer = pointer, .noun = noun, .key = name};
}

struct json_place json_place_member(const struct json_place *parent, const char *key)
{
	return (struct json_place){.errors = parent->errors, .parent = parent, .key = key};
}

struct json_place json_place_item(const struct json_place *collection, const char *noun,
				  const char *name)
{
	struct json_place item = json_place_member(collection, name);

	item.noun = noun;
	item.is_item = true;
	return item;
}

struct json_place json_place_element(const struct json_place *array, size_t index)
{
	return (struct json_place){
		.errors = array->errors, .parent = array, .index = index, .is_item = true};
}

const char *json_quote(const char *text, char ret_quote[JSON_QUOTE_BYTES])
{
	size_t length = strnlen(text, JSON_QUOTE_BYTES);
	bool is_cut = length == JSON_QUOTE_BYTES;

	if (is_cut)
		length = JSON_QUOTE_BYTES - sizeof(ELLIPSIS);
	while (is_cut && length > 0 && utf8_is_continuation(text[length]))
		length--; /* back to the start of a UTF-8 character */
	for (size_t at = 0; at < length; at++) {
		unsigned char byte = (unsigned char)text[at];

		ret_quote[at] = byte < ' ' || byte == 0x7f ? '?' : (char)byte;
	}
	memcpy(ret_quote + length, is_cut ? ELLIPSIS : "", is_cut ? sizeof(ELLIPSIS) : 1);
	return ret_quote;
}

/* All or nothing: a text that does not fit is left out, with all that would follow. */
__attribute__((format(printf, 2, 3))) static void text_append(struct text *text, const char *format,
							      ...)
{
	size_t room = text->size - text->used;
	va_list arguments;
	int length;

	if (text->is_full)
		return;
	va_start(arguments, format);
	length = vsnprintf(text->start + text->used, room, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= room) {
		text->start[text->used] = '\0';
		text->is_full = true;
		return;
	}
	text->used += (size_t)length;
}

static void append_key(struct text *pointer, const char *key)
{
	char escaped[ERROR_POINTER_BYTES];
	size_t used = 0;

	for (; *key; key++) {
		if (used + sizeof("~0") > sizeof(escaped)) {
			pointer->is_full = true;
			return;
		}
		if (*key == '~' || *key == '/')
			escaped[used++] = '~';
		escaped[used++] = *key == '~' ? '0' : *key == '/' ? '1' : *key;
	}
	escaped[used] = '\0';
	text_append(pointer, "/%s", escaped);
}

static void append_pointer(struct text *pointer, const struct json_place *place)
{
	if (!place->parent) {
		text_append(pointer, "%s", place->pointer);
		return;
	}
	append_pointer(pointer, place->parent);
	if (place->key)
		append_key(pointer, place->key);
	else
		text_append(pointer, "/%zu", place->index);
}

static void append_name(struct text *message, const struct json_place *place)
{
	char quote[JSON_QUOTE_BYTES];

	if (place->noun)
		text_append(message, "%s '%s'", place->noun, json_quote(place->key, quote));
	else if (place->key)
		text_append(message, "%s", place->key);
	else if (place->parent)
		text_append(message, "%s[%zu]", place->parent->key, place->index);
	else
		text_append(message, "the document");
}

/* Names what is around the place: neither the document nor the collection that it is an item of. */
static void append_surroundings(struct text *message, const struct json_place *place)
{
	const struct json_place *around = place->parent;

	if (!around)
		return;
	append_surroundings(message, around);
	if (place->is_item || (!around->parent && !around->key))
		return;
	append_name(message, around);
	text_append(message, ": ");
}

void json_errors_make_relative(struct error_list *errors, const char *pointer)
{
	size_t length = strlen(pointer);

	for (size_t index = 0; index < errors->count; index++) {
		char *at = errors->items[index].pointer;
		bool is_within = strncmp(at, pointer, length) == 0 &&
				 (at[length] == '/' || at[length] == '\0');

		memmove(at, is_within ? at + length : "", is_within ? strlen(at + length) + 1 : 1);
	}
}

bool json_refusal_is_futile(const struct json_place *place)
{
	return place->errors->count >= ERROR_LIST_MAX;
}

int json_refuse(const struct json_place *place, enum error_kind kind, const char *format, ...)
{
	char pointer_text[ERROR_POINTER_BYTES] = "";
	char subject_text[ERROR_MESSAGE_BYTES] = "";
	char detail[ERROR_MESSAGE_BYTES];
	struct text pointer = {.start = pointer_text, .size = sizeof(pointer_text)};
	struct text subject = {.start = subject_text, .size = sizeof(subject_text)};
	va_list arguments;

	if (json_refusal_is_futile(place))
		return error_list_add(place->errors, kind, "", "%s", "");
	append_pointer(&pointer, place);
	append_surroundings(&subject, place);
	append_name(&subject, place);
	va_start(arguments, format);
	vsnprintf(detail, sizeof(detail), format, arguments);
	va_end(arguments);
	return error_list_add(place->errors, kind, pointer_text, "%s%s", subject_text, detail);
}

int json_refuse_memory(const struct json_place *place)
{
	return json_refuse(place, ERROR_SYSTEM, ": out of memory");
}
