/* SPDX-License-Identifier: BSD-2-Clause */
#include "path.h"

#include "percent.h"

#include <string.h>

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
		if (percent_decode("path", &text, '/', &output, error))
			return -1;
	}
	return 0;
}
