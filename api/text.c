/* SPDX-License-Identifier: BSD-2-Clause */
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_CAPACITY_MIN 256
#define DECIMAL_DIGITS	  20 /* of 2^64 - 1 */

void text_done(struct text *text)
{
	free(text->bytes);
	*text = (struct text){0};
}

static void grow(struct text *text, size_t needed)
{
	size_t capacity = text->capacity ? text->capacity : TEXT_CAPACITY_MIN;
	char *bytes;

	while (capacity < needed)
		capacity *= 2;
	bytes = realloc(text->bytes, capacity);
	if (!bytes) {
		text->failed = true;
		return;
	}
	text->bytes = bytes;
	text->capacity = capacity;
}

void text_add_bytes(struct text *text, const char *bytes, size_t length)
{
	if (text->capacity - text->length < length && !text->failed)
		grow(text, text->length + length);
	if (text->failed || length == 0)
		return;
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
}

void text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

void text_add_number(struct text *text, uint64_t number)
{
	char digits[DECIMAL_DIGITS];
	size_t first = sizeof(digits);

	do
		digits[--first] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	text_add_bytes(text, digits + first, sizeof(digits) - first);
}
