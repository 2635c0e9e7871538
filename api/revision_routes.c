/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Revisions, by way of the commands that show and restore them.
 *
 * Owns no state; request.c calls it, on the event loop's thread, or rendering.c on libuv's pool.
 */
#include "revision_routes.h"

#include "table.h"

#include <errno.h>
#include <stdlib.h>

#define LIMIT	     "limit"
#define AGAINST	     "against"
#define LIMIT_MAX    100
#define REVISION_MAX (UINT64_MAX >> 4)

const struct parameter revision_routes_list_parameters[] = {
	{LIMIT, PARAMETER_NUMBER, 1, LIMIT_MAX},
	{0},
};

const struct parameter revision_routes_diff_parameters[] = {
	{AGAINST, PARAMETER_NUMBER, 1, REVISION_MAX},
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

/* The path's, or 0, which no revision has. */
static uint64_t number_of(const struct route_call *call)
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

struct view *revision_routes_view(const struct route_call *call, struct error *ret_error)
{
	return view_revision(commands_engine(call->commands), number_of(call), ret_error);
}

struct view *revision_routes_view_both(const struct route_call *call, struct error *ret_error)
{
	uint64_t against = parameter_number(call->parameters, AGAINST);

	return view_revisions(commands_engine(call->commands), number_of(call), against, ret_error);
}

/* Of two, they are hardly of very different sizes. */
size_t revision_routes_size(const struct route_call *call)
{
	return view_size_of_revision(commands_engine(call->commands), number_of(call));
}

void revision_routes_list(const struct route_call *call, struct reply *ret_reply)
{
	uint64_t limit = parameter_number(call->parameters, LIMIT);
	struct error error = {0};
	json_t *list = view_revisions_to_json(commands_engine(call->commands), limit ? limit : LIMIT_MAX, &error);
	struct table table;

	if (list && call->prefers_text) {
		table = table_begin(columns);
		table_add_members(&table, NULL, list);
		reply_set(ret_reply, MHD_HTTP_OK, TABLE_CONTENT_TYPE, table_finish(&table));
		json_decref(list);
	} else {
		reply_set_json(ret_reply, list, &error);
	}
	reply_add_header(ret_reply, MHD_HTTP_HEADER_VARY, "%s", MHD_HTTP_HEADER_ACCEPT);
}

void revision_routes_get(const struct route_call *call, struct reply *ret_reply)
{
	struct error error = {0};

	reply_set_json(ret_reply, view_revision_to_json(call->view, &error), &error);
}

void revision_routes_diff(const struct route_call *call, struct reply *ret_reply)
{
	struct error error = {0};

	reply_set_json(ret_reply, view_revision_diff_to_json(call->view, &error), &error);
}

void revision_routes_restore(const struct route_call *call)
{
	commands_restore_revision(call->commands, number_of(call), &call->write);
}
