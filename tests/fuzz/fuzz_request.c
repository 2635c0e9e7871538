/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of a request's header the API reads by itself. An input's first line is a target,
 * "/path?a=1&b", and its second the value of If-Match.
 *
 * What is accepted is within its bounds, UTF-8, and never longer than what was sent; what is
 * refused is the client's fault, and said so.
 */
#include "fuzz.h"
#include "parameter.h"
#include "path.h"
#include "precondition.h"
#include "utf8.h"

#define NUMBER_MAX 600000

static const struct parameter parameters[] = {
	{"number", PARAMETER_NUMBER, 1, NUMBER_MAX},
	{"boolean", PARAMETER_BOOLEAN, 0, 0},
	{"text", PARAMETER_TEXT, 0, 0},
	{0},
};

static void expect_kind(const struct error *error, enum error_kind kind, enum error_kind other)
{
	if ((error->kind != kind && error->kind != other) || !error->message[0])
		fuzz_fail("refused as '%s': %s", error_kind_name(error->kind), error->message);
}

static void try_path(const char *text)
{
	struct error error = {0};
	struct path path;

	if (path_parse(text, &path, &error)) {
		expect_kind(&error, ERROR_SYNTAX, ERROR_NOT_FOUND);
		return;
	}
	if (path.segment_count > PATH_SEGMENTS_MAX)
		fuzz_fail("%zu segments", path.segment_count);
	for (size_t i = 0; i < path.segment_count; i++)
		if (!utf8_is_valid(path.segments[i]) || strlen(path.segments[i]) > strlen(text))
			fuzz_fail("segment %zu is '%s'", i, path.segments[i]);
}

static void expect_value(const struct parameter_values *values, const char *value)
{
	const char *text = parameter_text(values, "text");
	uint64_t number = parameter_number(values, "number");

	if (parameter_is_given(values, "number") && (number < 1 || number > NUMBER_MAX))
		fuzz_fail("'%s' is read as %ju", value, (uintmax_t)number);
	if (parameter_number(values, "boolean") > 1)
		fuzz_fail("'%s' is neither true nor false", value);
	if (text && (!*text || !utf8_is_valid(text)))
		fuzz_fail("'%s' is read as '%s'", value, text);
}

static void try_query(char *query)
{
	struct parameter_values values = {.parameters = parameters};
	struct error error = {0};

	for (char *name, *value; (name = strsep(&query, "&"));) {
		value = strchr(name, '=');
		if (value)
			*value++ = '\0';
		if (parameter_take(&values, name, value, &error)) {
			expect_kind(&error, ERROR_INVALID, ERROR_INVALID);
			return;
		}
		expect_value(&values, value);
	}
}

static void try_tags(const char *value)
{
	struct precondition_tags tags = {0};
	struct error error = {0};

	if (precondition_parse("If-Match", value, &tags, &error))
		expect_kind(&error, ERROR_SYNTAX, ERROR_INVALID);
	else if (tags.count > PRECONDITION_TAGS_MAX || tags.is_given != (value != NULL))
		fuzz_fail("%zu tags of '%s'", tags.count, value ? value : "nothing");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *text = strndup((const char *)bytes, length), *rest = text;
	char *query = strsep(&rest, "\n");
	const char *path = strsep(&query, "?");

	try_path(path);
	try_query(query);
	try_tags(rest);
	free(text);
	return 0;
}
