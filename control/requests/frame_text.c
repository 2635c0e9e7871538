/* SPDX-License-Identifier: BSD-2-Clause */
#include "frame_text.h"

#include "hex.h"

#include <stdbool.h>
#include <string.h>

#define WHITE_SPACE    " \t\r\n"
#define HEX_PREFIX     "0x"
#define HEX_SEPARATORS WHITE_SPACE ":"
#define BASE64_DIGITS  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#define HEX_BITS       4
#define BASE64_BITS    6
#define BASE64_GROUP   4 /* digits, padding included */
#define BYTE_BITS      8

static int base64_value(char digit)
{
	return (int)(strchr(BASE64_DIGITS, digit) - BASE64_DIGITS);
}

/* Bytes that are put together from digits of so many bits. */
struct bytes {
	uint8_t *bytes;
	size_t size;
	size_t length;
	unsigned pending; /* bits of no whole byte yet ... */
	unsigned pending_bits;
	bool is_full;
};

static void add_digit(struct bytes *bytes, int value, unsigned bits)
{
	bytes->pending = bytes->pending << bits | (unsigned)value;
	bytes->pending_bits += bits;
	if (bytes->pending_bits < BYTE_BITS)
		return;
	bytes->pending_bits -= BYTE_BITS;
	if (bytes->length == bytes->size)
		bytes->is_full = true;
	else
		bytes->bytes[bytes->length++] = (uint8_t)(bytes->pending >> bytes->pending_bits);
	bytes->pending &= (1u << bytes->pending_bits) - 1;
}

static bool is_hex(const char *text)
{
	return text[strspn(text, HEX_DIGITS HEX_SEPARATORS)] == '\0';
}

static bool read_hex(const char *text, struct bytes *bytes)
{
	for (; *text; text++) {
		if (!strchr(HEX_SEPARATORS, *text))
			add_digit(bytes, hex_value(*text), HEX_BITS);
	}
	return bytes->pending_bits == 0;
}

/* The bits that a last byte leaves over must be zero, and the padding whole. */
static bool read_base64(const char *text, struct bytes *bytes)
{
	size_t digits = 0, padding = 0;

	for (; *text; text++) {
		if (strchr(WHITE_SPACE, *text))
			continue;
		if (*text == '=')
			padding++;
		else if (padding || !strchr(BASE64_DIGITS, *text))
			return false;
		else
			add_digit(bytes, base64_value(*text), BASE64_BITS);
		digits++;
	}
	return digits % BASE64_GROUP == 0 && padding <= 2 && bytes->pending == 0 &&
	       bytes->pending_bits == 2 * padding;
}

enum frame_text_result frame_text_parse(const char *text, uint8_t *ret_bytes, size_t size,
					size_t *ret_length)
{
	struct bytes bytes = {.bytes = ret_bytes, .size = size};

	if (strncmp(text, HEX_PREFIX, strlen(HEX_PREFIX)) == 0 && is_hex(text + strlen(HEX_PREFIX)))
		text += strlen(HEX_PREFIX);
	if (!(is_hex(text) ? read_hex(text, &bytes) : read_base64(text, &bytes)))
		return FRAME_TEXT_MALFORMED;
	if (bytes.is_full)
		return FRAME_TEXT_TOO_LONG;
	*ret_length = bytes.length;
	return FRAME_TEXT_GOOD;
}

const char *frame_text_format(const uint8_t *bytes, size_t length, char *ret_text)
{
	static const char digits[] = HEX_DIGITS;

	for (size_t i = 0; i < length; i++) {
		ret_text[2 * i] = digits[bytes[i] >> HEX_BITS];
		ret_text[2 * i + 1] = digits[bytes[i] & 0xf];
	}
	ret_text[2 * length] = '\0';
	return ret_text;
}
