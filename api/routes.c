/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that the API offers: the table at the end, and above it what each line of it does, which is
 * one command. Called by request.c, on the event loop's thread.
 *
 * What comes from the desired state carries its revision as the ETag.
 */
#include "capture_command.h"
#include "config.h"
#include "drops.h"
#include "events.h"
#include "explain_command.h"
#include "json_text.h"
#include "lists.h"
#include "metrics.h"
#include "openapi.h"
#include "packets.h"
#include "revision_routes.h"
#include "route.h"
#include "stream.h"
#include "table.h"
#include "view_list.h"

#define BODY_BYTES_MAX	    ((size_t)4 << 20)
#define EVENTS_CONTENT_TYPE "text/event-stream"

/* ---- what reads show, and how much that is ---- */

static struct view *make_view_desired(const struct route_call *call, struct error *ret_error)
{
	return view_desired(commands_engine(call->commands), ret_error);
}

static struct view *make_view_ring(const struct route_call *call, struct error *ret_error)
{
	return view_ring(commands_engine(call->commands), call->names[0], ret_error);
}

static struct view *make_view_status(const struct route_call *call, struct error *ret_error)
{
	return view_status(commands_engine(call->commands), ret_error);
}

static struct view *make_view_stats(const struct route_call *call, struct error *ret_error)
{
	return view_stats(commands_engine(call->commands), ret_error);
}

static size_t size_of_all(const struct route_call *call)
{
	return view_size_of_all(commands_engine(call->commands));
}

static size_t size_of_vip(const struct route_call *call)
{
	return view_size_of_vip(commands_engine(call->commands), call->names[0]);
}

/* ---- the desired state ---- */

static void add_revision(const struct route_call *call, struct reply *reply)
{
	if (reply->status == MHD_HTTP_OK)
		reply_add_etag(reply, view_number(call->view));
}

static void set_desired(const struct route_call *call, struct reply *ret_reply, json_t *json,
			const struct error *error)
{
	reply_set_json(ret_reply, json, error);
	add_revision(call, ret_reply);
}

static void get_config(const struct route_call *call, struct reply *ret_reply)
{
	struct error error = {0};

	set_desired(call, ret_reply, view_config_to_json(call->view, &error), &error);
}

static void get_vips(const struct route_call *call, struct reply *ret_reply)
{
	lists_get_vips(call, ret_reply);
	add_revision(call, ret_reply);
}

static void get_backends(const struct route_call *call, struct reply *ret_reply)
{
	lists_get_backends(call, ret_reply);
	add_revision(call, ret_reply);
}

static void get_vip(const struct route_call *call, struct reply *ret_reply)
{
	struct error error = {0};

	set_desired(call, ret_reply, view_vip_to_json(call->view, call->names[0], &error), &error);
}

static void get_backend(const struct route_call *call, struct reply *ret_reply)
{
	struct error error = {0};
	json_t *json = view_backend_to_json(call->view, call->names[0], call->names[1], &error);

	set_desired(call, ret_reply, json, &error);
}

static void put_config(const struct route_call *call)
{
	commands_put_config(call->commands, call->body, &call->write);
}

static void put_vip(const struct route_call *call)
{
	commands_put_vip(call->commands, call->names[0], call->body, &call->write);
}

static struct config_patch patch_of(const struct route_call *call)
{
	bool has_operations = call->patch == ROUTE_PATCH_OPERATIONS ||
			      (call->patch == ROUTE_PATCH_BY_BODY && json_is_array(call->body));

	return (struct config_patch){
		.kind = has_operations ? CONFIG_PATCH_OPERATIONS : CONFIG_PATCH_MERGE,
		.body = call->body,
	};
}

static void patch_config(const struct route_call *call)
{
	struct config_patch patch = patch_of(call);

	commands_patch_config(call->commands, &patch, &call->write);
}

static void patch_vip(const struct route_call *call)
{
	struct config_patch patch = patch_of(call);

	commands_patch_vip(call->commands, call->names[0], &patch, &call->write);
}

static void patch_backend(const struct route_call *call)
{
	struct config_patch patch = patch_of(call);

	commands_patch_backend(call->commands, call->names[0], call->names[1], &patch,
			       &call->write);
}

static void delete_vip(const struct route_call *call)
{
	commands_delete_vip(call->commands, call->names[0], &call->write);
}

static void put_backends(const struct route_call *call)
{
	commands_put_backends(call->commands, call->names[0], call->body, &call->write);
}

static void put_backend(const struct route_call *call)
{
	commands_put_backend(call->commands, call->names[0], call->names[1], call->body,
			     &call->write);
}

static void delete_backend(const struct route_call *call)
{
	commands_delete_backend(call->commands, call->names[0], call->names[1], &call->write);
}

static void drain_backend(const struct route_call *call)
{
	const struct commands_drain_order order = {
		.vip = call->names[0],
		.backend = call->names[1],
		.wait_ms = parameter_number(call->parameters, ROUTE_WAIT_MS),
		.is_awaited = call->is_awaited,
	};

	commands_drain_backend(call->commands, &order, &call->write);
}

static void set_metrics(const struct route_call *call, struct reply *ret_reply,
			const char *content_type, struct text (*write)(const struct metrics *))
{
	struct metrics metrics = {
		.stats = view_stats_of(call->view),
		.revision = view_number(call->view),
		.is_ready = view_is_ready(call->view),
		.version = CAROM_VERSION,
	};

	metrics.reason_count = stats_reasons(&metrics.reasons);
	reply_set(ret_reply, MHD_HTTP_OK, content_type, write(&metrics));
}

static void get_stats(const struct route_call *call, struct reply *ret_reply)
{
	set_metrics(call, ret_reply, REPLY_JSON_CONTENT_TYPE, metrics_json);
}

static void get_metrics(const struct route_call *call, struct reply *ret_reply)
{
	set_metrics(call, ret_reply, METRICS_CONTENT_TYPE, metrics_prometheus);
}

static void get_drops(const struct route_call *call, struct reply *ret_reply)
{
	if (call->prefers_text)
		set_metrics(call, ret_reply, TABLE_CONTENT_TYPE, drops_text);
	else
		set_metrics(call, ret_reply, REPLY_JSON_CONTENT_TYPE, drops_json);
	reply_add_header(ret_reply, MHD_HTTP_HEADER_VARY, "%s", MHD_HTTP_HEADER_ACCEPT);
}

static void set_ok(struct reply *ret_reply, const char *status)
{
	struct json_text json = {0};

	json_text_open_object(&json, NULL);
	json_text_string(&json, "status", status);
	json_text_close_object(&json);
	reply_set(ret_reply, MHD_HTTP_OK, REPLY_JSON_CONTENT_TYPE, json_text_finish(&json));
}

/* That the loop answers is what it says. */
static void get_healthz(const struct route_call *call, struct reply *ret_reply)
{
	(void)call;
	set_ok(ret_reply, "ok");
}

static void get_readyz(const struct route_call *call, struct reply *ret_reply)
{
	struct error error = {0};

	if (commands_is_ready(call->commands, &error))
		set_ok(ret_reply, "ready");
	else
		reply_set_problem(ret_reply, PROBLEM_NOT_READY, "%s", error.message);
}

/* ---- events ---- */

static void unsubscribe(void *subscriber)
{
	events_unsubscribe(subscriber);
}

#define REVISION_MAX (UINT64_MAX >> 4)

/* What a client that was cut off says by itself comes before what its first request said. */
static bool find_known_event(const struct route_call *call, uint64_t *ret_revision,
			     struct reply *ret_reply)
{
	const char *id = call->last_event_id;

	*ret_revision = parameter_number(call->parameters, "since");
	if (!id || parameter_read_number(id, REVISION_MAX, ret_revision))
		return true;
	reply_set_problem(ret_reply, PROBLEM_BAD_REQUEST,
			  "Last-Event-ID is '%s'; expected the id of one of our events, a revision",
			  id);
	return false;
}

static void get_events(const struct route_call *call, struct stream *stream,
		       struct reply *ret_reply)
{
	struct error error = {0};
	struct subscriber *subscriber;
	uint64_t known;

	if (!find_known_event(call, &known, ret_reply))
		return;
	subscriber = events_subscribe(call->commands, known, stream_sink(stream), &error);
	if (subscriber)
		stream_start(stream, EVENTS_CONTENT_TYPE, unsubscribe, subscriber);
	else
		reply_set_problem(ret_reply, problem_kind_of(error.kind), "%s", error.message);
}

/* ---- the table ---- */

static const struct parameter write_parameters[] = {{"dry_run", PARAMETER_BOOLEAN, 0, 0}, {0}};
static const struct parameter drain_parameters[] = {
	{"dry_run", PARAMETER_BOOLEAN, 0, 0},
	{ROUTE_WAIT_MS, PARAMETER_NUMBER, 0, COMMANDS_DRAIN_WAIT_MS_MAX},
	{0},
};
static const struct parameter watch_parameters[] = {
	{ROUTE_REVISION, PARAMETER_NUMBER, 0, REVISION_MAX},
	{ROUTE_WAIT_MS, PARAMETER_NUMBER, 0, COMMANDS_LONG_POLL_WAIT_MS_MAX},
	{0},
};
static const struct parameter event_parameters[] = {
	{"since", PARAMETER_NUMBER, 0, REVISION_MAX},
	{0},
};

#define BACKEND_PATTERN	 "/v1/vips/{vip}/backends/{backend}"
#define REVISION_PATTERN "/v1/revisions/{revision}"

static const struct route routes[] = {
	{"GET", "/v1/config", ROLE_READER, .read = get_config, .view = make_view_desired,
	 .size = size_of_all, .parameters = watch_parameters, .shows_revision = true,
	 .is_watchable = true},
	{"PUT", "/v1/config", ROLE_ADMIN, .write = put_config, .parameters = write_parameters,
	 .body_bytes_max = JSON_TEXT_BYTES_MAX},
	{"PATCH", "/v1/config", ROLE_ADMIN, .write = patch_config, .parameters = write_parameters,
	 .body_bytes_max = JSON_TEXT_BYTES_MAX, .takes_patch = true},
	{"GET", "/v1/vips", ROLE_READER, .read = get_vips, .view = make_view_desired,
	 .size = size_of_all, .parameters = lists_vips_parameters, .shows_revision = true},
	{"GET", "/v1/vips/{vip}", ROLE_READER, .read = get_vip, .view = make_view_desired,
	 .size = size_of_vip, .shows_revision = true},
	{"PUT", "/v1/vips/{vip}", ROLE_ADMIN, .write = put_vip, .parameters = write_parameters,
	 .body_bytes_max = BODY_BYTES_MAX, .target = ROUTE_VIP},
	{"PATCH", "/v1/vips/{vip}", ROLE_ADMIN, .write = patch_vip, .parameters = write_parameters,
	 .body_bytes_max = BODY_BYTES_MAX, .takes_patch = true, .target = ROUTE_VIP},
	{"DELETE", "/v1/vips/{vip}", ROLE_ADMIN, .write = delete_vip,
	 .parameters = write_parameters, .target = ROUTE_VIP},
	{"GET", "/v1/vips/{vip}/backends", ROLE_READER, .read = get_backends,
	 .view = make_view_desired, .size = size_of_vip, .parameters = lists_backends_parameters,
	 .shows_revision = true},
	{"PUT", "/v1/vips/{vip}/backends", ROLE_OPERATOR, .write = put_backends,
	 .parameters = write_parameters, .body_bytes_max = BODY_BYTES_MAX, .target = ROUTE_VIP},
	{"GET", BACKEND_PATTERN, ROLE_READER, .read = get_backend, .view = make_view_desired,
	 .shows_revision = true},
	{"PUT", BACKEND_PATTERN, ROLE_OPERATOR, .write = put_backend,
	 .parameters = write_parameters, .body_bytes_max = BODY_BYTES_MAX, .target = ROUTE_BACKEND},
	{"PATCH", BACKEND_PATTERN, ROLE_OPERATOR, .write = patch_backend,
	 .parameters = write_parameters, .body_bytes_max = BODY_BYTES_MAX, .takes_patch = true,
	 .target = ROUTE_BACKEND},
	{"DELETE", BACKEND_PATTERN, ROLE_OPERATOR, .write = delete_backend,
	 .parameters = write_parameters, .target = ROUTE_BACKEND},
	{"POST", BACKEND_PATTERN "/drain", ROLE_OPERATOR, .write = drain_backend,
	 .parameters = drain_parameters, .target = ROUTE_BACKEND},
	{"GET", "/v1/vips/{vip}/ring", ROLE_READER, .read = lists_get_ring, .view = make_view_ring,
	 .size = size_of_vip},
	{"GET", "/v1/flows", ROLE_READER, .read = lists_get_flows, .view = lists_view_flows,
	 .size = lists_size_of_flows, .parameters = lists_flows_parameters},
	{"GET", "/v1/revisions", ROLE_READER, .read = revision_routes_list,
	 .parameters = revision_routes_list_parameters},
	{"GET", REVISION_PATTERN, ROLE_READER, .read = revision_routes_get,
	 .view = revision_routes_view, .size = revision_routes_size},
	{"GET", REVISION_PATTERN "/diff", ROLE_READER, .read = revision_routes_diff,
	 .view = revision_routes_view_both, .size = revision_routes_size,
	 .parameters = revision_routes_diff_parameters},
	{"POST", REVISION_PATTERN "/restore", ROLE_ADMIN, .write = revision_routes_restore,
	 .parameters = write_parameters},
	{"GET", "/v1/events", ROLE_READER, .stream = get_events, .parameters = event_parameters},
	{"POST", "/v1/explain", ROLE_READER, .read = packets_explain,
	 .body_bytes_max = COMMANDS_EXPLAIN_BODY_BYTES},
	{"POST", "/v1/capture", ROLE_OPERATOR, .stream = packets_capture,
	 .body_bytes_max = CAPTURE_COMMAND_BODY_BYTES, .may_lack_body = true,
	 .copies_packets = true},
	{"GET", "/v1/status", ROLE_READER, .read = lists_get_status, .view = make_view_status,
	 .size = size_of_all},
	{"GET", "/v1/stats", ROLE_READER, .read = get_stats, .view = make_view_stats,
	 .size = size_of_all},
	{"GET", "/v1/drops", ROLE_READER, .read = get_drops, .view = make_view_stats,
	 .size = size_of_all},
	{"GET", "/metrics", ROLE_READER, .read = get_metrics, .view = make_view_stats,
	 .size = size_of_all},
	{"GET", "/healthz", ROLE_ANYBODY, .read = get_healthz},
	{"GET", "/readyz", ROLE_ANYBODY, .read = get_readyz},
	{"GET", "/openapi.yaml", ROLE_ANYBODY, .read = openapi_get, .tag = openapi_tag},
};

const struct route *route_table(size_t *ret_count)
{
	*ret_count = sizeof(routes) / sizeof(*routes);
	return routes;
}
