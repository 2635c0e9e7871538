/* SPDX-License-Identifier: BSD-2-Clause */
#include "percent.h"

#include "hex.h"
#include "utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define ESCAPE_LENGTH 3 /* of "%2F" */

static int decode_escape(const char *noun, const char *escape, char *ret_byte, struct error *error)
{
	int high = hex_value(escape[1]);
	int low = high < 0 ? -1 : hex_value(escape[2]);

	if (low < 0)
		return error_set(error, ERROR_SYNTAX,
				 "%s: '%.*s' is not '%%' and two hexadecimal digits", noun,
				 ESCAPE_LENGTH, escape);
	if (high == 0 && low == 0)
		return error_set(error, ERROR_SYNTAX, "%s: '%%00' cannot be part of it", noun);
	*ret_byte = (char)(high << 4 | low);
	return 0;
}

int percent_decode(const char *noun, const char **position, char stop, char **output,
		   struct error *error)
{
	const char *start = *output;

	while (**position && **position != stop) {
		if (**position != '%') {
			*(*output)++ = *(*position)++;
			continue;
		}
		if (decode_escape(noun, *position, *output, error))
			return -1;
		(*output)++;
		*position += ESCAPE_LENGTH;
	}
	*(*output)++ = '\0';
	if (!utf8_is_valid(start))
		return error_set(error, ERROR_SYNTAX, "%s: '%s' is not UTF-8", noun, start);
	return 0;
}

void percent_encode(struct text *text, const char *string)
{
	char escape[ESCAPE_LENGTH + 1];

	for (; *string; string++) {
		if (isalnum((unsigned char)*string) || strchr("-._~", *string)) {
			text_add_bytes(text, string, 1);
			continue;
		}
		snprintf(escape, sizeof(escape), "%%%02X", (unsigned char)*string);
		text_add(text, escape);
	}
}
