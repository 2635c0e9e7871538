/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CAROM_UTF8_H
#define CAROM_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Of a character of several bytes: any but the first. */
static inline bool utf8_is_continuation(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* How many bytes the character at the start of a string takes; 0: none that is well-formed (RFC
 * 3629: neither overlong, nor a surrogate, nor beyond U+10FFFF). Never reads past the NUL. */
size_t utf8_character_length(const char *text);
bool utf8_is_valid(const char *text);

#endif
