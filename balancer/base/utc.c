/* SPDX-License-Identifier: BSD-2-Clause */
#include "utc.h"

#include <stdio.h>
#include <time.h>

#define MS_PER_S 1000

const char *utc_format(int64_t time_ms, char ret_text[UTC_TEXT_BYTES])
{
	time_t seconds = (time_t)(time_ms / MS_PER_S);
	struct tm broken_down = {0};
	size_t length;

	gmtime_r(&seconds, &broken_down);
	length = strftime(ret_text, UTC_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &broken_down);
	snprintf(ret_text + length, UTC_TEXT_BYTES - length, ".%03dZ", (int)(time_ms % MS_PER_S));
	return ret_text;
}
