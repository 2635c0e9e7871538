/* SPDX-License-Identifier: BSD-2-Clause */
/* What of a request's target the API reads by itself: an input is a path, and then maybe '?' and
 * the value of a query parameter. */
#include "fuzz.h"
#include "parameter.h"
#include "path.h"
#include "utf8.h"

#define MAXIMUM 600000

static void try_path(const char *text)
{
	struct error error = {0};
	struct path path;

	if (path_parse(text, &path, &error)) {
		if (error.kind != ERROR_SYNTAX && error.kind != ERROR_NOT_FOUND)
			fuzz_fail("a path is refused as '%s'", error_kind_name(error.kind));
		return;
	}
	if (path.segment_count > PATH_SEGMENTS_MAX)
		fuzz_fail("%zu segments", path.segment_count);
	for (size_t i = 0; i < path.segment_count; i++)
		if (!utf8_is_valid(path.segments[i]) || strlen(path.segments[i]) > strlen(text))
			fuzz_fail("segment %zu is '%s'", i, path.segments[i]);
}

static void try_parameter(const char *value)
{
	const struct parameter parameter = {"wait_ms", MAXIMUM};
	struct error error = {0};
	uint64_t number = UINT64_MAX;

	if (parameter_parse(&parameter, value, &number, &error) == 0) {
		if (number > MAXIMUM || number != strtoull(value, NULL, 10))
			fuzz_fail("'%s' is read as %ju", value, (uintmax_t)number);
	} else if (error.kind != ERROR_INVALID || number != UINT64_MAX) {
		fuzz_fail("'%s' is refused as '%s'", value, error_kind_name(error.kind));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *text = strndup((const char *)bytes, length);
	char *value = strchr(text, '?');

	if (value)
		*value++ = '\0';
	try_path(text);
	try_parameter(value);
	free(text);
	return 0;
}
