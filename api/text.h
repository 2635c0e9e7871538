/* SPDX-License-Identifier: BSD-2-Clause */
/* A growing run of bytes: a body that comes in, or one that goes out. */
#ifndef CAROM_TEXT_H
#define CAROM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zeroes is an empty one. When memory runs out, `failed` is set, and what is added from then
 * on is dropped: so a writer checks once, at its end. */
struct text {
	char *bytes; /* owned; not terminated */
	size_t length;
	size_t capacity;
	bool failed;
};

void text_done(struct text *text);
void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t length);
void text_add_number(struct text *text, uint64_t number);

#endif
