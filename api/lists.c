/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists, by way of the commands that make them. A page says by its Link header where the next one
 * is: the same query, with another `after`.
 *
 * Owns no state; request.c calls it, on the event loop's thread, or rendering.c on libuv's pool.
 */
#include "lists.h"

#include "percent.h"
#include "table.h"
#include "view_list.h"

#include <inttypes.h>
#include <stdio.h>

#define AFTER	    "after"
#define LIMIT	    "limit"
#define ADDRESS	    "address"
#define PLACE_BYTES 24

const struct parameter lists_vips_parameters[] = {
	{AFTER, PARAMETER_TEXT, 0, 0},
	{LIMIT, PARAMETER_NUMBER, 1, VIEW_PAGE_LIMIT_MAX},
	{ADDRESS, PARAMETER_ADDRESS, 0, 0},
	{"port", PARAMETER_NUMBER, 0, UINT16_MAX},
	{"protocol", PARAMETER_TEXT, 0, 0},
	{"backend_address", PARAMETER_ADDRESS, 0, 0},
	{0},
};

const struct parameter lists_backends_parameters[] = {
	{AFTER, PARAMETER_TEXT, 0, 0},
	{LIMIT, PARAMETER_NUMBER, 1, VIEW_PAGE_LIMIT_MAX},
	{ADDRESS, PARAMETER_ADDRESS, 0, 0},
	{"state", PARAMETER_TEXT, 0, 0},
	{0},
};

const struct parameter lists_flows_parameters[] = {
	{AFTER, PARAMETER_NUMBER, 0, UINT32_MAX},
	{LIMIT, PARAMETER_NUMBER, 1, VIEW_FLOW_LIMIT_MAX},
	{"vip", PARAMETER_TEXT, 0, 0},
	{"backend", PARAMETER_TEXT, 0, 0},
	{0},
};

static const struct table_column vip_columns[] = {
	{"VIP", TABLE_NAME, false},
	{"ADDRESS", "address", false},
	{"PORT", "port", true},
	{"PROTOCOL", "protocol", false},
	{"TRACKING", "tracking", false},
	{"BACKENDS", "backends", true},
	{0},
};

static const struct table_column backend_columns[] = {
	{"BACKEND", TABLE_NAME, false},
	{"ADDRESS", "address", false},
	{"WEIGHT", "weight", true},
	{"STATE", "state", false},
	{0},
};

static const struct table_column flow_columns[] = {
	{"PLACE", "place", true},
	{"VIP", "vip", false},
	{"BACKEND", "backend", false},
	{"SLOT", "slot", true},
	{"IDLE_S", "idle_s", true},
	{"CONFIRMED", "confirmed", false},
	{0},
};

static const struct table_column ring_columns[] = {
	{"BACKEND", TABLE_NAME, false},
	{"WEIGHT", "weight", true},
	{"SLOTS", "slots", true},
	{"SHARE", "share", true},
	{"IDEAL", "ideal_share", true},
	{"OLDER_SLOTS", "older_slots", true},
	{0},
};

static const struct table_column status_columns[] = {
	{"VIP", "", false},
	{"BACKEND", TABLE_NAME, false},
	{"ADDRESS", "address", false},
	{"ELIGIBLE", "eligible", false},
	{"SHARE", "share", true},
	{"FLOWS", "flows", true},
	{"REASON", "reason", false},
	{0},
};

/* ---- answers ---- */

/* Takes the table over. */
static void set_table(struct reply *ret_reply, struct table *table)
{
	reply_set(ret_reply, MHD_HTTP_OK, TABLE_CONTENT_TYPE, table_finish(table));
}

/* A wrong filter is a fault of the query, not of a body. */
static void set_failure(struct reply *ret_reply, const struct error *error)
{
	enum problem_kind kind =
		error->kind == ERROR_INVALID ? PROBLEM_BAD_REQUEST : problem_kind_of(error->kind);

	reply_set_problem(ret_reply, kind, "%s", error->message);
}

/* items: taken over; NULL: described by error. */
static void set_list(const struct route_call *call, struct reply *ret_reply, json_t *items,
		     const struct table_column *columns, const struct error *error)
{
	struct table table;

	if (!items) {
		set_failure(ret_reply, error);
		return;
	}
	if (call->prefers_text) {
		table = table_begin(columns);
		table_add_members(&table, NULL, items);
		set_table(ret_reply, &table);
		json_decref(items);
	} else {
		reply_set_json(ret_reply, items, error);
	}
	reply_add_header(ret_reply, MHD_HTTP_HEADER_VARY, "%s", MHD_HTTP_HEADER_ACCEPT);
}

static void add_parameter(struct text *text, const struct parameter *parameter,
			  const struct parameter_value *value)
{
	text_add(text, "&");
	text_add(text, parameter->name);
	text_add(text, "=");
	if (parameter->kind == PARAMETER_NUMBER)
		text_add_number(text, value->number);
	else
		percent_encode(text, value->text);
}

/* after: NULL: this was the last page. */
static void add_link(const struct route_call *call, struct reply *ret_reply, const char *after)
{
	const struct parameter_values *values = call->parameters;
	struct text text = {0};

	if (!after || ret_reply->status != MHD_HTTP_OK)
		return;
	text_add(&text, call->path);
	text_add(&text, "?" AFTER "=");
	percent_encode(&text, after);
	for (size_t i = 0; values->parameters[i].name; i++)
		if (values->values[i].is_given && strcmp(values->parameters[i].name, AFTER) != 0)
			add_parameter(&text, &values->parameters[i], &values->values[i]);
	if (!text.failed)
		reply_add_header(ret_reply, MHD_HTTP_HEADER_LINK, "<%.*s>; rel=\"next\"",
				 (int)text.length, text.bytes);
	text_done(&text);
}

static struct view_page page_of(const struct route_call *call)
{
	return (struct view_page){
		.after = parameter_text(call->parameters, AFTER),
		.limit = parameter_number(call->parameters, LIMIT),
	};
}

/* ---- the lists ---- */

void lists_get_vips(const struct route_call *call, struct reply *ret_reply)
{
	const struct parameter_values *values = call->parameters;
	const struct view_page page = page_of(call);
	const struct view_vip_filter filter = {
		.address = parameter_address(values, ADDRESS),
		.backend_address = parameter_address(values, "backend_address"),
		.has_port = parameter_is_given(values, "port"),
		.port = (uint16_t)parameter_number(values, "port"),
		.protocol = parameter_text(values, "protocol"),
	};
	const char *next = NULL;
	struct error error = {0};
	json_t *vips = view_list_vips(call->view, &filter, &page, &next, &error);

	set_list(call, ret_reply, vips, vip_columns, &error);
	add_link(call, ret_reply, next);
}

void lists_get_backends(const struct route_call *call, struct reply *ret_reply)
{
	const struct view_page page = page_of(call);
	const struct view_backend_filter filter = {
		.address = parameter_address(call->parameters, ADDRESS),
		.state = parameter_text(call->parameters, "state"),
	};
	const char *next = NULL;
	struct error error = {0};
	json_t *backends =
		view_list_backends(call->view, call->names[0], &filter, &page, &next, &error);

	set_list(call, ret_reply, backends, backend_columns, &error);
	add_link(call, ret_reply, next);
}

#define FLOW_LIMIT_DEFAULT 1000

size_t lists_size_of_flows(const struct route_call *call)
{
	uint64_t limit = parameter_number(call->parameters, LIMIT);

	return limit ? limit : FLOW_LIMIT_DEFAULT;
}

struct view *lists_view_flows(const struct route_call *call, struct error *ret_error)
{
	const struct view_flow_filter filter = {
		.vip = parameter_text(call->parameters, "vip"),
		.backend = parameter_text(call->parameters, "backend"),
		.after = parameter_number(call->parameters, AFTER),
		.limit = lists_size_of_flows(call),
	};

	return view_flows(commands_engine(call->commands), &filter, ret_error);
}

void lists_get_flows(const struct route_call *call, struct reply *ret_reply)
{
	char after[PLACE_BYTES];
	uint64_t next = 0;
	struct error error = {0};
	json_t *flows = view_list_flows(call->view, &next, &error);

	set_list(call, ret_reply, flows, flow_columns, &error);
	snprintf(after, sizeof(after), "%" PRIu64, next);
	add_link(call, ret_reply, next ? after : NULL);
}

/* ---- reports ---- */

void lists_get_ring(const struct route_call *call, struct reply *ret_reply)
{
	struct error error = {0};
	json_t *ring = view_ring_to_json(call->view, &error);

	if (ring && call->prefers_text) {
		set_list(call, ret_reply, json_incref(json_object_get(ring, "backends")),
			 ring_columns, &error);
		json_decref(ring);
	} else {
		set_list(call, ret_reply, ring, ring_columns, &error);
	}
}

void lists_get_status(const struct route_call *call, struct reply *ret_reply)
{
	struct error error = {0};
	json_t *status = view_status_to_json(call->view, &error), *vip;
	struct table table;
	const char *name;

	if (!status || !call->prefers_text) {
		set_list(call, ret_reply, status, status_columns, &error);
		return;
	}
	table = table_begin(status_columns);
	json_object_foreach(json_object_get(status, "vips"), name, vip)
	{
		table_add_members(&table, name, json_object_get(vip, "backends"));
	}
	set_table(ret_reply, &table);
	json_decref(status);
	reply_add_header(ret_reply, MHD_HTTP_HEADER_VARY, "%s", MHD_HTTP_HEADER_ACCEPT);
}
