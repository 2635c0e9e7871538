/* SPDX-License-Identifier: BSD-2-Clause */
/* The history: which revisions there were, each as it was, and how two differ. */
#include "handlers.h"
#include "listing.h"

#include <errno.h>
#include <stdlib.h>

#define AGAINST	  "against"
#define LIMIT_MAX 100

const struct parameter revisions_parameters[] = {
	{LISTING_LIMIT, PARAMETER_NUMBER, 1, LIMIT_MAX},
	{0},
};

const struct parameter revisions_diff_parameters[] = {
	{AGAINST, PARAMETER_NUMBER, 1, HANDLERS_REVISION_MAX},
	{0},
};

static const struct table_column columns[] = {
	{"REVISION", "revision", true},
	{"TIME", "time", false},
	{"AUTHOR", "author", false},
	{"VIPS_ADDED", "vips_added", true},
	{"VIPS_CHANGED", "vips_changed", true},
	{"VIPS_REMOVED", "vips_removed", true},
	{0},
};

uint64_t revisions_number(const struct route_call *call)
{
	const char *text = call->names[0];
	unsigned long long number;
	char *end;

	if (text[0] < '1' || text[0] > '9')
		return 0;
	errno = 0;
	number = strtoull(text, &end, 10);
	return *end || errno ? 0 : number;
}

struct view *revisions_view(const struct route_call *call, struct error *ret_error)
{
	return view_revision(handlers_engine(call), revisions_number(call), ret_error);
}

struct view *revisions_view_both(const struct route_call *call, struct error *ret_error)
{
	uint64_t against = parameter_number(call->parameters, AGAINST);

	return view_revisions(handlers_engine(call), revisions_number(call), against, ret_error);
}

/* Of two, they are hardly of very different sizes. */
size_t revisions_size(const struct route_call *call)
{
	return view_size_of_revision(handlers_engine(call), revisions_number(call));
}

void revisions_get_list(const struct route_call *call, struct response *ret_response)
{
	uint64_t limit = parameter_number(call->parameters, LISTING_LIMIT);
	struct error error = {0};
	json_t *list =
		view_revisions_to_json(handlers_engine(call), limit ? limit : LIMIT_MAX, &error);

	listing_set(call, ret_response, list, columns, &error);
}

void revisions_get(const struct route_call *call, struct response *ret_response)
{
	struct error error = {0};

	response_set_json(ret_response, view_revision_to_json(call->view, &error), &error);
}

void revisions_get_diff(const struct route_call *call, struct response *ret_response)
{
	struct error error = {0};

	response_set_json(ret_response, view_revision_diff_to_json(call->view, &error), &error);
}
