/* SPDX-License-Identifier: BSD-2-Clause */
#include "utf8.h"

#include <stdint.h>

static bool is_between(uint8_t byte, uint8_t first, uint8_t last)
{
	return byte >= first && byte <= last;
}

/* Of a lead byte of 0xc2 … 0xf4; the narrower ranges are those of RFC 3629, section 4. */
static bool second_byte_fits(uint8_t lead, uint8_t second)
{
	switch (lead) {
	case 0xe0: return is_between(second, 0xa0, 0xbf);
	case 0xed: return is_between(second, 0x80, 0x9f);
	case 0xf0: return is_between(second, 0x90, 0xbf);
	case 0xf4: return is_between(second, 0x80, 0x8f);
	default: return is_between(second, 0x80, 0xbf);
	}
}

static size_t length_by_lead(uint8_t lead)
{
	if (is_between(lead, 0x01, 0x7f))
		return 1;
	if (is_between(lead, 0xc2, 0xdf))
		return 2;
	if (is_between(lead, 0xe0, 0xef))
		return 3;
	return is_between(lead, 0xf0, 0xf4) ? 4 : 0;
}

size_t utf8_character_length(const char *text)
{
	const uint8_t *bytes = (const uint8_t *)text;
	size_t length = length_by_lead(bytes[0]);

	if (length > 1 && !second_byte_fits(bytes[0], bytes[1]))
		return 0;
	for (size_t i = 2; i < length; i++)
		if (!is_between(bytes[i], 0x80, 0xbf))
			return 0;
	return length;
}

bool utf8_is_valid(const char *text)
{
	while (*text) {
		size_t length = utf8_character_length(text);

		if (length == 0)
			return false;
		text += length;
	}
	return true;
}
