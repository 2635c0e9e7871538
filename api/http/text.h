/* SPDX-License-Identifier: BSD-2-Clause */
/* A growing run of bytes: a body that comes in, or one that goes out. */
#ifndef CAROM_TEXT_H
#define CAROM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* All zeroes is an empty one. When memory runs out, `failed` is set for good, so that a writer
 * checks once, at its end. */
struct text {
	char *bytes; /* owned; not terminated */
	size_t length;
	size_t capacity;
	bool failed;
};

void text_done(struct text *text);
/* Room for so many bytes more; false, and text->failed, if there is none. */
bool text_reserve(struct text *text, size_t more);
void text_add_number(struct text *text, uint64_t number);

/* Inline, for a reading of all counters is made of a million calls. */
static inline void text_add_bytes(struct text *text, const char *bytes, size_t length)
{
	if (length == 0 || (text->capacity - text->length < length && !text_reserve(text, length)))
		return;
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
}

static inline void text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

#endif
