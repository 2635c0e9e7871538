/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads of the desired state. Each carries its revision as the ETag; that of the whole config can
 * wait for another one. */
#include "handlers.h"
#include "listing.h"
#include "request.h"

#define ADDRESS "address"

const struct parameter desired_config_parameters[] = {
	{HANDLERS_REVISION, PARAMETER_NUMBER, 0, HANDLERS_REVISION_MAX},
	{HANDLERS_WAIT_MS, PARAMETER_NUMBER, 0, COMMANDS_LONG_POLL_WAIT_MS_MAX},
	{0},
};

const struct parameter desired_vips_parameters[] = {
	{LISTING_AFTER, PARAMETER_TEXT, 0, 0},
	{LISTING_LIMIT, PARAMETER_NUMBER, 1, VIEW_PAGE_LIMIT_MAX},
	{ADDRESS, PARAMETER_ADDRESS, 0, 0},
	{"port", PARAMETER_NUMBER, 0, UINT16_MAX},
	{"protocol", PARAMETER_TEXT, 0, 0},
	{"backend_address", PARAMETER_ADDRESS, 0, 0},
	{0},
};

const struct parameter desired_backends_parameters[] = {
	{LISTING_AFTER, PARAMETER_TEXT, 0, 0},
	{LISTING_LIMIT, PARAMETER_NUMBER, 1, VIEW_PAGE_LIMIT_MAX},
	{ADDRESS, PARAMETER_ADDRESS, 0, 0},
	{"state", PARAMETER_TEXT, 0, 0},
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

struct view *desired_view(const struct route_call *call, struct error *ret_error)
{
	return view_desired(handlers_engine(call), ret_error);
}

size_t desired_size_of_vip(const struct route_call *call)
{
	return view_size_of_vip(handlers_engine(call), call->names[0]);
}

static void add_revision(const struct route_call *call, struct response *response)
{
	if (response->status == MHD_HTTP_OK)
		response_add_etag(response, HANDLERS_REVISION, view_number(call->view));
}

static void desired_set(const struct route_call *call, struct response *ret_response, json_t *json,
			const struct error *error)
{
	response_set_json(ret_response, json, error);
	add_revision(call, ret_response);
}

void desired_get_config(const struct route_call *call, struct response *ret_response)
{
	struct error error = {0};

	desired_set(call, ret_response, view_config_to_json(call->view, &error), &error);
}

void desired_get_vip(const struct route_call *call, struct response *ret_response)
{
	struct error error = {0};
	json_t *json = view_vip_to_json(call->view, call->names[0], &error);

	desired_set(call, ret_response, json, &error);
}

void desired_get_backend(const struct route_call *call, struct response *ret_response)
{
	struct error error = {0};
	json_t *json = view_backend_to_json(call->view, call->names[0], call->names[1], &error);

	desired_set(call, ret_response, json, &error);
}

void desired_get_vips(const struct route_call *call, struct response *ret_response)
{
	const struct parameter_values *values = call->parameters;
	const struct view_page page = listing_page(call);
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

	listing_set(call, ret_response, vips, vip_columns, &error);
	listing_add_link(call, ret_response, next);
	add_revision(call, ret_response);
}

void desired_get_backends(const struct route_call *call, struct response *ret_response)
{
	const struct view_page page = listing_page(call);
	const struct view_backend_filter filter = {
		.address = parameter_address(call->parameters, ADDRESS),
		.state = parameter_text(call->parameters, "state"),
	};
	const char *next = NULL;
	struct error error = {0};
	json_t *backends =
		view_list_backends(call->view, call->names[0], &filter, &page, &next, &error);

	listing_set(call, ret_response, backends, backend_columns, &error);
	listing_add_link(call, ret_response, next);
	add_revision(call, ret_response);
}

/* ---- a long poll ---- */

/* A commands_done. */
static void awaited(void *request, const struct commands_result *result)
{
	struct response response = {0};

	if (!result->errors) {
		request_read(request);
		return;
	}
	response_set_errors(&response, result->errors);
	request_settle(request, &response, "");
}

/* A client that knows the revision in force waits for another one. */
bool desired_await_config(const struct route_call *call, struct response *ret_response)
{
	const struct commands_long_poll order = {
		.revision = parameter_number(call->parameters, HANDLERS_REVISION),
		.wait_ms = parameter_number(call->parameters, HANDLERS_WAIT_MS),
		.is_awaited = request_is_awaited,
	};

	if (!parameter_is_given(call->parameters, HANDLERS_REVISION)) {
		if (parameter_is_given(call->parameters, HANDLERS_WAIT_MS))
			response_set_problem(
				ret_response, PROBLEM_BAD_REQUEST,
				"query parameter '" HANDLERS_WAIT_MS
				"' goes with '" HANDLERS_REVISION
				"', which says what is known: another revision is waited for");
		return false;
	}
	request_know(call->request, order.revision);
	if (order.revision != commands_revision(call->context))
		return false;
	commands_await_revision(call->context, &order,
				(struct commands_reply){awaited, call->request});
	return true;
}
