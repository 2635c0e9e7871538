/* SPDX-License-Identifier: BSD-2-Clause */
#include "text.h"

#include <stdlib.h>

#define TEXT_CAPACITY_MIN 256
#define DECIMAL_DIGITS	  20 /* of 2^64 - 1 */

void text_done(struct text *text)
{
	free(text->bytes);
	*text = (struct text){0};
}

bool text_reserve(struct text *text, size_t more)
{
	size_t capacity = text->capacity ? text->capacity : TEXT_CAPACITY_MIN;
	char *bytes;

	while (capacity - text->length < more)
		capacity *= 2;
	bytes = realloc(text->bytes, capacity);
	if (!bytes) {
		text->failed = true;
		return false;
	}
	text->bytes = bytes;
	text->capacity = capacity;
	return true;
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
