/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes: each is a command, whose result is the response. */
#include "handlers.h"
#include "json_text.h"
#include "request.h"

#include <inttypes.h>
#include <stdio.h>

#define DRY_RUN "dry_run"

const struct parameter write_parameters[] = {{DRY_RUN, PARAMETER_BOOLEAN, 0, 0}, {0}};

const struct parameter write_drain_parameters[] = {
	{DRY_RUN, PARAMETER_BOOLEAN, 0, 0},
	{HANDLERS_WAIT_MS, PARAMETER_NUMBER, 0, COMMANDS_DRAIN_WAIT_MS_MAX},
	{0},
};

/* ---- the result ---- */

static void add_drain(struct json_text *json, const struct commands_drain *drain)
{
	json_text_string(json, "state", drain->state);
	json_text_boolean(json, "drained", drain->drained);
	json_text_string(json, "ended_by", drain->ended_by);
	json_text_number(json, "flows", drain->flows);
	json_text_number(json, "older_slots", drain->older_slots);
	json_text_number(json, "settles_in_ms", drain->settles_in_ms);
	json_text_number(json, "waited_ms", drain->waited_ms);
}

static void set_accepted(struct response *ret_response, const struct commands_result *result)
{
	bool is_created = result->created && !result->forecast;
	struct json_text json = {0};

	json_text_open_object(&json, NULL);
	json_text_number(&json, "revision", result->revision);
	json_text_boolean(&json, "changed", result->changed);
	if (result->drain)
		add_drain(&json, result->drain);
	if (result->forecast)
		json_text_tree(&json, "forecast", result->forecast);
	json_text_close_object(&json);
	response_set(ret_response, is_created ? MHD_HTTP_CREATED : MHD_HTTP_OK,
		     RESPONSE_JSON_CONTENT_TYPE, json_text_finish(&json));
	response_add_etag(ret_response, HANDLERS_REVISION, result->revision);
}

static const char *write_remark(const struct commands_result *result)
{
	if (result->errors)
		return "";
	if (result->forecast)
		return ", dry run";
	return result->changed ? "" : ", unchanged";
}

/* A commands_done. */
static void write_done(void *request, const struct commands_result *result)
{
	struct response response = {0};
	char remark[AUDIT_REMARK_BYTES];

	if (result->errors)
		response_set_errors(&response, result->errors);
	else
		set_accepted(&response, result);
	snprintf(remark, sizeof(remark), ", revision %" PRIu64 "%s", result->revision,
		 write_remark(result));
	request_settle(request, &response, remark);
}

static bool target_exists(const struct route_call *call, enum write_target target)
{
	switch (target) {
	case WRITE_ALL: return true;
	case WRITE_VIP: return commands_exists(call->context, call->names[0], NULL);
	case WRITE_BACKEND: return commands_exists(call->context, call->names[0], call->names[1]);
	}
	return false;
}

bool write_start(const struct route_call *call, struct response *ret_response)
{
	const struct write_use *use = call->route->use;
	const struct precondition_target target = {
		.exists = target_exists(call, use->target),
		.noun = HANDLERS_REVISION,
		.tag = commands_latest_revision(call->context),
	};
	const struct commands_write write = {
		.author = call->caller,
		.dry_run = parameter_number(call->parameters, DRY_RUN),
		.reply = {write_done, call->request},
	};

	if (!precondition_allows(call->precondition, &target, ret_response))
		return false;
	use->command(call, &write);
	return true;
}

/* ---- the writes ---- */

static struct config_patch patch_of(const struct route_call *call)
{
	bool has_operations = call->patch == ROUTE_PATCH_OPERATIONS ||
			      (call->patch == ROUTE_PATCH_BY_BODY && json_is_array(call->body));

	return (struct config_patch){
		.kind = has_operations ? CONFIG_PATCH_OPERATIONS : CONFIG_PATCH_MERGE,
		.body = call->body,
	};
}

void write_put_config(const struct route_call *call, const struct commands_write *write)
{
	commands_put_config(call->context, call->body, write);
}

void write_put_vip(const struct route_call *call, const struct commands_write *write)
{
	commands_put_vip(call->context, call->names[0], call->body, write);
}

void write_put_backends(const struct route_call *call, const struct commands_write *write)
{
	commands_put_backends(call->context, call->names[0], call->body, write);
}

void write_put_backend(const struct route_call *call, const struct commands_write *write)
{
	commands_put_backend(call->context, call->names[0], call->names[1], call->body, write);
}

void write_patch_config(const struct route_call *call, const struct commands_write *write)
{
	struct config_patch patch = patch_of(call);

	commands_patch_config(call->context, &patch, write);
}

void write_patch_vip(const struct route_call *call, const struct commands_write *write)
{
	struct config_patch patch = patch_of(call);

	commands_patch_vip(call->context, call->names[0], &patch, write);
}

void write_patch_backend(const struct route_call *call, const struct commands_write *write)
{
	struct config_patch patch = patch_of(call);

	commands_patch_backend(call->context, call->names[0], call->names[1], &patch, write);
}

void write_delete_vip(const struct route_call *call, const struct commands_write *write)
{
	commands_delete_vip(call->context, call->names[0], write);
}

void write_delete_backend(const struct route_call *call, const struct commands_write *write)
{
	commands_delete_backend(call->context, call->names[0], call->names[1], write);
}

void write_drain_backend(const struct route_call *call, const struct commands_write *write)
{
	const struct commands_drain_order order = {
		.vip = call->names[0],
		.backend = call->names[1],
		.wait_ms = parameter_number(call->parameters, HANDLERS_WAIT_MS),
		.is_awaited = request_is_awaited,
	};

	commands_drain_backend(call->context, &order, write);
}

void write_restore_revision(const struct route_call *call, const struct commands_write *write)
{
	commands_restore_revision(call->context, revisions_number(call), write);
}
