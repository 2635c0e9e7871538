/* SPDX-License-Identifier: BSD-2-Clause */
/* How caromd and its data plane are: status, rings, flows, and what a supervisor asks. */
#include "handlers.h"
#include "json_text.h"
#include "listing.h"

#include <inttypes.h>
#include <stdio.h>

#define FLOW_LIMIT_DEFAULT 1000
#define PLACE_BYTES	   24

const struct parameter status_flows_parameters[] = {
	{LISTING_AFTER, PARAMETER_NUMBER, 0, UINT32_MAX},
	{LISTING_LIMIT, PARAMETER_NUMBER, 1, VIEW_FLOW_LIMIT_MAX},
	{"vip", PARAMETER_TEXT, 0, 0},
	{"backend", PARAMETER_TEXT, 0, 0},
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

struct view *status_view(const struct route_call *call, struct error *ret_error)
{
	return view_status(handlers_engine(call), ret_error);
}

size_t status_size(const struct route_call *call)
{
	return view_size_of_all(handlers_engine(call));
}

void status_get(const struct route_call *call, struct response *ret_response)
{
	struct error error = {0};
	json_t *status = view_status_to_json(call->view, &error), *vip;
	struct table table;
	const char *name;

	if (!status || !call->prefers_text) {
		listing_set(call, ret_response, status, status_columns, &error);
		return;
	}
	table = table_begin(status_columns);
	json_object_foreach(json_object_get(status, "vips"), name, vip)
	{
		table_add_members(&table, name, json_object_get(vip, "backends"));
	}
	listing_set_table(ret_response, &table);
	json_decref(status);
}

struct view *status_view_ring(const struct route_call *call, struct error *ret_error)
{
	return view_ring(handlers_engine(call), call->names[0], ret_error);
}

void status_get_ring(const struct route_call *call, struct response *ret_response)
{
	struct error error = {0};
	json_t *ring = view_ring_to_json(call->view, &error), *shown = ring;

	if (ring && call->prefers_text)
		shown = json_incref(json_object_get(ring, "backends"));
	listing_set(call, ret_response, shown, ring_columns, &error);
	if (shown != ring)
		json_decref(ring);
}

size_t status_size_of_flows(const struct route_call *call)
{
	uint64_t limit = parameter_number(call->parameters, LISTING_LIMIT);

	return limit ? limit : FLOW_LIMIT_DEFAULT;
}

struct view *status_view_flows(const struct route_call *call, struct error *ret_error)
{
	const struct view_flow_filter filter = {
		.vip = parameter_text(call->parameters, "vip"),
		.backend = parameter_text(call->parameters, "backend"),
		.after = parameter_number(call->parameters, LISTING_AFTER),
		.limit = status_size_of_flows(call),
	};

	return view_flows(handlers_engine(call), &filter, ret_error);
}

void status_get_flows(const struct route_call *call, struct response *ret_response)
{
	char after[PLACE_BYTES];
	uint64_t next = 0;
	struct error error = {0};
	json_t *flows = view_list_flows(call->view, &next, &error);

	listing_set(call, ret_response, flows, flow_columns, &error);
	snprintf(after, sizeof(after), "%" PRIu64, next);
	listing_add_link(call, ret_response, next ? after : NULL);
}

static void set_ok(struct response *ret_response, const char *status)
{
	struct json_text json = {0};

	json_text_open_object(&json, NULL);
	json_text_string(&json, "status", status);
	json_text_close_object(&json);
	response_set(ret_response, MHD_HTTP_OK, RESPONSE_JSON_CONTENT_TYPE,
		     json_text_finish(&json));
}

/* Says no more than that the event loop answers. */
void status_get_healthz(const struct route_call *call, struct response *ret_response)
{
	(void)call;
	set_ok(ret_response, "ok");
}

void status_get_readyz(const struct route_call *call, struct response *ret_response)
{
	struct error error = {0};

	if (commands_is_ready(call->context, &error))
		set_ok(ret_response, "ready");
	else
		response_set_problem(ret_response, PROBLEM_NOT_READY, "%s", error.message);
}
