/* SPDX-License-Identifier: BSD-2-Clause */
#include "path.h"

#include "utf8.h"

#include <ctype.h>
#include <string.h>

#define ESCAPE_LENGTH 3 /* of "%2F" */

static int hex_value(char digit)
{
	if (!isxdigit((unsigned char)digit))
		return -1;
	return isdigit((unsigned char)digit) ? digit - '0'
					     : tolower((unsigned char)digit) - 'a' + 10;
}

static int decode_escape(const char *escape, char *ret_byte, struct error *error)
{
	int high = hex_value(escape[1]);
	int low = high < 0 ? -1 : hex_value(escape[2]);

	if (low < 0)
		return error_set(error, ERROR_SYNTAX,
				 "path: '%.*s' is not '%%' and two hexadecimal digits",
				 ESCAPE_LENGTH, escape);
	if (high == 0 && low == 0)
		return error_set(error, ERROR_SYNTAX, "path: '%%00' cannot be part of a name");
	*ret_byte = (char)(high << 4 | low);
	return 0;
}

/* Decodes up to the next slash or the end, and terminates. */
static int decode_segment(const char **position, char **output, struct error *error)
{
	const char *start = *output;

	while (**position && **position != '/') {
		if (**position != '%') {
			*(*output)++ = *(*position)++;
			continue;
		}
		if (decode_escape(*position, *output, error))
			return -1;
		(*output)++;
		*position += ESCAPE_LENGTH;
	}
	*(*output)++ = '\0';
	if (!utf8_is_valid(start))
		return error_set(error, ERROR_SYNTAX, "path: '%s' is not UTF-8", start);
	return 0;
}

int path_parse(const char *text, struct path *ret_path, struct error *error)
{
	char *output = ret_path->storage;

	ret_path->segment_count = 0;
	if (strlen(text) >= sizeof(ret_path->storage))
		return error_set(error, ERROR_NOT_FOUND, "no path is as long as this one");
	/* Only "OPTIONS *" and a proxy's whole URL do not begin with a slash. */
	if (*text != '/')
		return error_set(error, ERROR_NOT_FOUND, "there is no path '%s'", text);
	while (*text) {
		text++;
		if (ret_path->segment_count == PATH_SEGMENTS_MAX)
			return error_set(error, ERROR_NOT_FOUND, "no path is as deep as this one");
		ret_path->segments[ret_path->segment_count++] = output;
		if (decode_segment(&text, &output, error))
			return -1;
	}
	return 0;
}
