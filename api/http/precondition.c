/* SPDX-License-Identifier: BSD-2-Clause */
#include "precondition.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEAK_PREFIX "W/"
#define SPACES	    " \t"

/* The number of a tag's opaque part, only if it is written as we write it. */
static uint64_t tag_number(const char *opaque, size_t length)
{
	char text[24], again[24];
	uint64_t number;

	if (length == 0 || length >= sizeof(text))
		return 0;
	memcpy(text, opaque, length);
	text[length] = '\0';
	number = strtoull(text, NULL, 10);
	snprintf(again, sizeof(again), "%" PRIu64, number);
	return strcmp(text, again) == 0 ? number : 0;
}

/* Leaves *position behind the tag. */
static bool parse_tag(const char **position, struct precondition_tag *ret_tag)
{
	const char *opaque, *end;

	ret_tag->is_weak = strncmp(*position, WEAK_PREFIX, strlen(WEAK_PREFIX)) == 0;
	if (ret_tag->is_weak)
		*position += strlen(WEAK_PREFIX);
	if (**position != '"')
		return false;
	opaque = *position + 1;
	end = strchr(opaque, '"');
	if (!end)
		return false;
	ret_tag->number = tag_number(opaque, (size_t)(end - opaque));
	*position = end + 1;
	return true;
}

/* Behind the separator; false if what comes is neither that nor the end. */
static bool skip_separator(const char **position)
{
	*position += strspn(*position, SPACES);
	if (!**position)
		return true;
	if (**position != ',')
		return false;
	*position += 1 + strspn(*position + 1, SPACES);
	return **position != '\0';
}

static int precondition_refuse(const char *header, const char *value, struct error *error)
{
	return error_set(error, ERROR_INVALID,
			 "%s is '%s'; expected '*', or up to %d entity tags like \"42\"", header,
			 value, PRECONDITION_TAGS_MAX);
}

int precondition_parse(const char *header, const char *value, struct precondition_tags *ret_tags,
		       struct error *error)
{
	const char *position = value;

	*ret_tags = (struct precondition_tags){.is_given = value != NULL};
	if (!value)
		return 0;
	ret_tags->is_any = strcmp(value, "*") == 0;
	if (ret_tags->is_any)
		return 0;
	do {
		if (ret_tags->count == PRECONDITION_TAGS_MAX ||
		    !parse_tag(&position, &ret_tags->tags[ret_tags->count++]) ||
		    !skip_separator(&position))
			return precondition_refuse(header, value, error);
	} while (*position);
	return 0;
}

static bool includes(const struct precondition_tags *tags, uint64_t number, bool takes_weak)
{
	for (size_t i = 0; i < tags->count; i++)
		if (tags->tags[i].number == number && (takes_weak || !tags->tags[i].is_weak))
			return true;
	return false;
}

bool precondition_matches(const struct precondition *precondition,
			  const struct precondition_target *target)
{
	const struct precondition_tags *tags = &precondition->match;

	if (!tags->is_given)
		return true;
	return target->exists && (tags->is_any || includes(tags, target->tag, false));
}

bool precondition_is_news(const struct precondition *precondition,
			  const struct precondition_target *target)
{
	const struct precondition_tags *tags = &precondition->none_match;

	if (!tags->is_given || !target->exists)
		return true;
	return !tags->is_any && !includes(tags, target->tag, true);
}

void precondition_know(struct precondition *precondition, uint64_t tag)
{
	struct precondition_tags *tags = &precondition->none_match;

	tags->is_given = true;
	tags->tags[tags->count++] = (struct precondition_tag){.number = tag};
}

static void set_failed(struct response *response, const struct precondition *precondition,
		       const struct precondition_target *target)
{
	bool is_match = !precondition_matches(precondition, target);
	const char *header = is_match ? MHD_HTTP_HEADER_IF_MATCH : MHD_HTTP_HEADER_IF_NONE_MATCH;

	if (is_match ? !target->exists : precondition->none_match.is_any)
		response_set_problem(response, PROBLEM_PRECONDITION,
				     "it is %sthere, which is not what %s asks for",
				     is_match ? "not " : "", header);
	else
		response_set_problem(response, PROBLEM_PRECONDITION,
				     "the %s is %" PRIu64 ", which is not what %s asks for",
				     target->noun, target->tag, header);
	response_add_etag(response, target->noun, target->tag);
}

bool precondition_allows(const struct precondition *precondition,
			 const struct precondition_target *target, struct response *ret_response)
{
	if (precondition_matches(precondition, target) &&
	    precondition_is_news(precondition, target))
		return true;
	set_failed(ret_response, precondition, target);
	return false;
}

void precondition_apply(const struct precondition *precondition, struct response *response)
{
	const struct precondition_target target = {true, response->tag_noun, response->tag};

	if (!precondition_matches(precondition, &target))
		set_failed(response, precondition, &target);
	else if (!precondition_is_news(precondition, &target))
		response_set_not_modified(response);
}
