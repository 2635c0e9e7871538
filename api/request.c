/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One request's life, driven by libmicrohttpd on the event loop's thread:
 *
 *   open ──► header ──► body … ──► end ──► read: answer
 *              │          │         ├────► write: suspend ──► settle ──► resume ──► answer
 *              │          │         ├────► large read: suspend ──► rendered ──► resume ──► answer
 *              │          │         ├────► watch: suspend ──► settle, read ──► resume ──► answer
 *              │          │         └────► stream: answer, as long as there is something to say
 *              └──────────┴──► refuse: the answer goes out while the rest still comes in
 *
 * A request belongs to its connection, and ends with it; but while a command is under way, that
 * holds it too: a client that has gone leaves its request to settle(), which then only frees it.
 */
#include "request_parts.h"

#include "config.h"
#include "json_text.h"

#include <stdlib.h>
#include <string.h>

/* Answers of up to so many bytes, as those of writes are, go out whatever others hold: they are
 * bounded by the number of clients. */
#define UNCOUNTED_BYTES_MAX ((size_t)16 << 10)

static uint64_t now_ms(const struct request *request)
{
	return uv_now(request->service->loop);
}

static bool hold(const struct request *request, size_t bytes)
{
	return client_hold(request->client, bytes, now_ms(request));
}

static void set_too_busy(struct request *request)
{
	reply_set_problem(&request->reply, PROBLEM_BUSY,
			  "the bodies and answers of other requests fill %zu MiB of memory",
			  CLIENTS_HELD_BYTES_MAX >> 20);
}

static void request_free(struct request *request)
{
	text_done(&request->body);
	reply_done(&request->reply);
	stream_free(request->stream);
	free(request);
}

void *request_open(void *service, const char *uri, struct MHD_Connection *connection)
{
	struct client *client = client_of(connection);
	struct request *request = client ? calloc(1, sizeof(*request)) : NULL;

	(void)uri;
	if (!request)
		return NULL;
	request->service = service;
	request->client = client;
	request->connection = connection;
	if (client->phase != CLIENT_LINGERING)
		client_enter(client, CLIENT_RECEIVING, now_ms(request));
	return request;
}

void request_close(void *service, struct MHD_Connection *connection, void **context,
		   enum MHD_RequestTerminationCode code)
{
	struct request *request = *context;

	(void)service, (void)connection, (void)code;
	if (!request)
		return;
	*context = NULL;
	request->connection = NULL;
	client_release(request->client);
	if (request->client->phase != CLIENT_LINGERING)
		client_enter(request->client, CLIENT_IDLE, now_ms(request));
	if (!request->is_under_way)
		request_free(request);
	else if (request->service->is_stopping)
		request->service = NULL; /* it may be gone before the command is */
}

/* ---- the answer ---- */

/* Who comes back is to be judged by the certificates of today. */
static bool is_last(const struct request *request)
{
	return request->service->is_stopping || request->is_misframed ||
	       client_is_outdated(request->client, access_tls(request->service->access));
}

/* A stream that begins has no reply. */
static void audit_reply(struct request *request)
{
	unsigned status = request->reply.status;

	request_audit(request, &(struct audit_outcome){
				       .status = status ? status : MHD_HTTP_OK,
				       .revision = commands_revision(request->service->commands),
				       .remark = "",
			       });
}

static enum MHD_Result answer(struct request *request)
{
	audit_reply(request);
	if (request->stream && request->reply.status == 0)
		return stream_queue(request->stream, request->connection);
	if (request->reply.body.length > UNCOUNTED_BYTES_MAX &&
	    !hold(request, request->reply.body.length))
		set_too_busy(request);
	client_enter(request->client, CLIENT_SENDING, now_ms(request));
	return reply_queue(&request->reply, request->connection, is_last(request));
}

/* While the body is still to come. A client that asked whether to send it at all is answered in
 * libmicrohttpd's own way, which closes the connection at once: nothing unread can be lost. */
static enum MHD_Result refuse(struct request *request)
{
	if (!request->received_bytes && request_header(request, MHD_HTTP_HEADER_EXPECT))
		return answer(request);
	audit_reply(request);
	client_dismiss(request->client, &request->reply, now_ms(request));
	return MHD_YES;
}

static enum MHD_Result receive_header(struct request *request, const char *url, const char *method,
				      const char *version)
{
	bool has_body = request_announced_length(request) > 0 ||
			request_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING);

	request->has_header = true;
	request->url = url;
	audit_set_subject(&request->audit_subject, &request->client->peer, method, url);
	client_touch(request->client, now_ms(request));
	if (!request_check_framing(request, version))
		return refuse(request);
	if (request_check_header(request, method) || !has_body)
		return MHD_YES;
	return refuse(request);
}

static enum MHD_Result receive_body(struct request *request, const char *data, size_t length)
{
	client_touch(request->client, now_ms(request));
	request->received_bytes += length;
	if (!request_check_length(request, request->received_bytes))
		return refuse(request);
	if (request->match.route->body_bytes_max == 0)
		return MHD_YES;
	if (!hold(request, length)) {
		set_too_busy(request);
		return refuse(request);
	}
	text_add_bytes(&request->body, data, length);
	return MHD_YES;
}

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

static const char *remark_of(const struct commands_result *result)
{
	if (result->faults)
		return "";
	if (result->forecast)
		return ", dry run";
	return result->changed ? "" : ", unchanged";
}

static unsigned status_of(const struct commands_result *result)
{
	if (result->faults)
		return problem_class(problem_kind_of_faults(result->faults))->status;
	return result->created && !result->forecast ? MHD_HTTP_CREATED : MHD_HTTP_OK;
}

static void audit_result(struct request *request, const struct commands_result *result)
{
	request_audit(request, &(struct audit_outcome){
				       .status = status_of(result),
				       .revision = result->revision,
				       .remark = remark_of(result),
			       });
}

static void set_accepted(struct request *request, const struct commands_result *result)
{
	unsigned status = status_of(result);
	struct json_text json = {0};

	json_text_open_object(&json, NULL);
	json_text_number(&json, "revision", result->revision);
	json_text_boolean(&json, "changed", result->changed);
	if (result->drain)
		add_drain(&json, result->drain);
	if (result->forecast)
		json_text_tree(&json, "forecast", result->forecast);
	json_text_close_object(&json);
	reply_set(&request->reply, status, REPLY_JSON_CONTENT_TYPE, json_text_finish(&json));
	reply_add_etag(&request->reply, result->revision);
	if (status == MHD_HTTP_CREATED)
		reply_add_header(&request->reply, MHD_HTTP_HEADER_LOCATION, "%s", request->url);
}

static void resume(struct request *request)
{
	if (!request->is_under_way && request->client->phase == CLIENT_WAITING)
		client_resume(request->client, now_ms(request));
}

static void read_route(struct request *request, const json_t *body);

/* A commands_done. */
static void settle(void *context, const struct commands_result *result)
{
	struct request *request = context;

	request->is_under_way = false;
	if (request->service)
		audit_result(request, result);
	if (!request->connection) {
		request_free(request);
		return;
	}
	if (result->faults)
		reply_set_faults(&request->reply, result->faults);
	else if (request->match.route->write)
		set_accepted(request, result);
	else
		read_route(request, NULL);
	resume(request);
}

/* A commands_is_awaited. */
static bool is_awaited(const void *context)
{
	const struct request *request = context;

	return request->connection && !client_has_hung_up(request->client);
}

/* JSON is what everybody gets who does not ask for text alone. */
static bool prefers_text(const struct request *request)
{
	const char *accept = request_header(request, MHD_HTTP_HEADER_ACCEPT);

	return accept && strcasestr(accept, "text/plain") &&
	       !strcasestr(accept, REPLY_JSON_CONTENT_TYPE);
}

static struct route_call call_of(struct request *request, const json_t *body)
{
	const struct route_match *match = &request->match;

	return (struct route_call){
		.commands = request->service->commands,
		.path = request->url,
		.names = {match->names[0], match->names[1]},
		.body = body,
		.patch = request_patch_kind(request),
		.parameters = &request->parameters,
		.last_event_id = request_header(request, REQUEST_LAST_EVENT_ID),
		.prefers_text = prefers_text(request),
		.is_awaited = is_awaited,
		.write =
			{
				.dry_run = match->route->write &&
					   parameter_number(&request->parameters, "dry_run"),
				.author = request->caller.name,
				.reply = {settle, request},
			},
	};
}

/* By its query: see watch_revision(). */
static bool knows_revision(const struct request *request, uint64_t revision)
{
	return request->match.route->is_watchable &&
	       parameter_is_given(&request->parameters, ROUTE_REVISION) &&
	       parameter_number(&request->parameters, ROUTE_REVISION) == revision;
}

static void set_precondition_failed(struct request *request,
				    const struct precondition_target *target)
{
	const struct precondition *precondition = &request->precondition;
	bool is_match = !precondition_matches(precondition, target);
	const char *header = is_match ? MHD_HTTP_HEADER_IF_MATCH : MHD_HTTP_HEADER_IF_NONE_MATCH;

	if (is_match ? !target->exists : precondition->none_match.is_any)
		reply_set_problem(&request->reply, PROBLEM_PRECONDITION,
				  "it is %sthere, which is not what %s asks for",
				  is_match ? "not " : "", header);
	else
		reply_set_problem(&request->reply, PROBLEM_PRECONDITION,
				  "the %s is %llu, which is not what %s asks for",
				  request->match.route->tag ? "entity tag" : "revision",
				  (unsigned long long)target->revision, header);
	reply_add_etag(&request->reply, target->revision);
}

/* Of a read that has succeeded. */
static void apply_preconditions(struct request *request)
{
	const struct route *route = request->match.route;
	const struct precondition_target target = {
		.exists = true,
		.revision = route->tag ? route->tag() : request->rendering.revision,
	};

	if (!precondition_matches(&request->precondition, &target)) {
		set_precondition_failed(request, &target);
	} else if (!precondition_is_news(&request->precondition, &target) ||
		   knows_revision(request, target.revision)) {
		reply_set_not_modified(&request->reply);
	}
}

static void finish_read(struct request *request)
{
	const struct route *route = request->match.route;

	if ((route->shows_revision || route->tag) && request->reply.status == MHD_HTTP_OK)
		apply_preconditions(request);
}

/* Of a rendering. */
static void rendered(void *context)
{
	struct request *request = context;

	request->is_under_way = false;
	if (!request->connection) {
		request_free(request);
		return;
	}
	finish_read(request);
	resume(request);
}

static void read_route(struct request *request, const json_t *body)
{
	const struct route *route = request->match.route;
	const struct route_call call = call_of(request, body);

	if (!route->view) {
		route->read(&call, &request->reply);
		finish_read(request);
		return;
	}
	request->is_under_way = true;
	request->rendering = (struct rendering){
		.route = route,
		.call = call,
		.reply = &request->reply,
		.done = rendered,
		.context = request,
	};
	rendering_start(&request->service->renderings, &request->rendering);
}

/* A long poll: whoever knows this revision waits for another. */
static void watch_revision(struct request *request)
{
	const struct commands_long_poll order = {
		.revision = parameter_number(&request->parameters, ROUTE_REVISION),
		.wait_ms = parameter_number(&request->parameters, ROUTE_WAIT_MS),
		.is_awaited = is_awaited,
	};

	request->is_under_way = true;
	commands_await_revision(request->service->commands, &order,
				(struct commands_reply){settle, request});
}

static void write_route(struct request *request, const struct route_call *call)
{
	const struct precondition_target target = {
		.exists = route_target_exists(request->match.route, call),
		.revision = commands_latest_revision(call->commands),
	};

	if (precondition_matches(&request->precondition, &target) &&
	    precondition_is_news(&request->precondition, &target)) {
		request->is_under_way = true;
		request->match.route->write(call);
	} else {
		set_precondition_failed(request, &target);
	}
}

static void stream_route(struct request *request, const struct route_call *call)
{
	request->stream = stream_new(request->client, request->service->loop);
	if (!request->stream)
		reply_set_problem(&request->reply, PROBLEM_SYSTEM, "no memory for a stream");
	else
		request->match.route->stream(call, request->stream, &request->reply);
}

static void call_route(struct request *request, const json_t *body)
{
	const struct route *route = request->match.route;
	const struct route_call call = call_of(request, body);

	if (route->write)
		write_route(request, &call);
	else if (route->stream)
		stream_route(request, &call);
	else if (knows_revision(request, commands_revision(call.commands)))
		watch_revision(request);
	else
		read_route(request, body);
}

static void call_route_with_body(struct request *request)
{
	struct error_list faults = {0};
	json_t *body;

	if (request->body.failed) {
		reply_set_problem(&request->reply, PROBLEM_SYSTEM, "no memory for the body");
		return;
	}
	body = json_parse(request->body.length ? request->body.bytes : "", request->body.length,
			  &faults);
	text_done(&request->body);
	if (body)
		call_route(request, body);
	else
		reply_set_faults(&request->reply, &faults);
	json_decref(body);
	error_list_done(&faults);
}

/* Called for the end of the request, and again when it is resumed. */
static enum MHD_Result finish(struct request *request)
{
	const struct route *route = request->match.route;

	if (request->reply.status == 0) {
		if (route->body_bytes_max > 0 &&
		    !(route->may_lack_body && !request->received_bytes))
			call_route_with_body(request);
		else
			call_route(request, NULL);
	}
	if (!request->is_under_way)
		return answer(request);
	client_suspend(request->client, now_ms(request));
	return MHD_YES;
}

enum MHD_Result request_continue(void *service, struct MHD_Connection *connection, const char *url,
				 const char *method, const char *version, const char *data,
				 size_t *data_length, void **context)
{
	struct request *request = *context;
	size_t length = *data_length;

	(void)service, (void)connection;
	*data_length = 0;
	if (!request)
		return MHD_NO; /* there was no memory for it */
	if (request->client->phase == CLIENT_LINGERING)
		return length > 0 ? MHD_YES : MHD_NO;
	if (!request->has_header)
		return receive_header(request, url, method, version);
	if (length > 0)
		return receive_body(request, data, length);
	return finish(request);
}
