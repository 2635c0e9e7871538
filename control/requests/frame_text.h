/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames as text: hexadecimal, or base64 (RFC 4648). Pure. */
#ifndef CAROM_FRAME_TEXT_H
#define CAROM_FRAME_TEXT_H

#include <stddef.h>
#include <stdint.h>

enum frame_text_result { FRAME_TEXT_GOOD, FRAME_TEXT_MALFORMED, FRAME_TEXT_TOO_LONG };

/* Reads hexadecimal, with or without a 0x before it, if all of it is that, else base64, with its
 * padding. White space may stand between the digits of either, and colons between hexadecimal ones.
 */
enum frame_text_result frame_text_parse(const char *text, uint8_t *ret_bytes, size_t size,
					size_t *ret_length);

/* Needs 2 * length + 1 bytes; returns ret_text. */
const char *frame_text_format(const uint8_t *bytes, size_t length, char *ret_text);

#endif
