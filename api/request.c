/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One request's life, driven by libmicrohttpd on the event loop's thread:
 *
 *   open ──► header ──► body … ──► end ──► read: answer
 *              │          │         └────► write: suspend ──► settle ──► resume ──► answer
 *              └──────────┴──► refuse: the answer goes out while the rest still comes in
 *
 * A request belongs to its connection, and ends with it; but while a write is under way, the write
 * holds it too: a client that has gone leaves its request to settle(), which then only frees it.
 */
#include "request.h"

#include "config.h"
#include "json_text.h"
#include "route.h"
#include "service.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES_MAX	 ((size_t)16 << 10)
#define DISCARDED_BODY_BYTES_MAX ((size_t)1 << 20)

struct request {
	struct service *service;
	struct client *client;
	struct MHD_Connection *connection; /* NULL: gone, and a write is still under way */
	const char *url;		   /* libmicrohttpd's, while there is a connection */
	bool has_header;
	bool is_write_under_way;
	bool has_parameter;
	uint64_t parameter;
	struct route_match match;
	size_t received_bytes; /* of the body */
	size_t held_bytes;     /* counted in service->held_bytes */
	struct text body;
	struct reply reply;
};

static uint64_t now_ms(const struct request *request)
{
	return uv_now(request->service->loop);
}

static const char *header(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

static bool hold(struct request *request, size_t bytes)
{
	if (SERVICE_HELD_BYTES_MAX - request->service->held_bytes < bytes)
		return false;
	request->service->held_bytes += bytes;
	request->held_bytes += bytes;
	return true;
}

static void set_too_busy(struct request *request)
{
	reply_set_problem(&request->reply, PROBLEM_BUSY,
			  "the bodies and answers of other requests fill %zu MiB of memory",
			  SERVICE_HELD_BYTES_MAX >> 20);
}

static void request_free(struct request *request)
{
	text_done(&request->body);
	reply_done(&request->reply);
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
	request->service->held_bytes -= request->held_bytes;
	if (request->client->phase != CLIENT_LINGERING)
		client_enter(request->client, CLIENT_IDLE, now_ms(request));
	if (!request->is_write_under_way)
		request_free(request);
}

/* ---- the header: each check refuses by setting the reply ---- */

static bool check_header_size(struct request *request)
{
	size_t size = MHD_get_connection_info(request->connection,
					      MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
			      ->header_size;

	if (size <= HEADER_BYTES_MAX)
		return true;
	reply_set_problem(&request->reply, PROBLEM_HEADERS_TOO_LARGE,
			  "the header has %zu bytes; at most %zu are read", size, HEADER_BYTES_MAX);
	return false;
}

static bool check_route(struct request *request, const char *method)
{
	struct route_match *match = &request->match;
	struct error error = {0};

	switch (route_find(method, request->url, match, &error)) {
	case ROUTE_FOUND: return true;
	case ROUTE_OPTIONS: reply_set_empty(&request->reply, MHD_HTTP_NO_CONTENT); break;
	case ROUTE_WRONG_METHOD:
		reply_set_problem(&request->reply, PROBLEM_METHOD_NOT_ALLOWED,
				  "'%s' has no %s; it has %s", request->url, method, match->allow);
		break;
	case ROUTE_UNKNOWN_PATH:
		reply_set_problem(&request->reply, PROBLEM_NOT_FOUND, "%s", error.message);
		return false;
	case ROUTE_MALFORMED_PATH:
		reply_set_problem(&request->reply, PROBLEM_BAD_REQUEST, "%s", error.message);
		return false;
	}
	reply_add_header(&request->reply, MHD_HTTP_HEADER_ALLOW, "%s", match->allow);
	return false;
}

static enum MHD_Result take_parameter(void *context, enum MHD_ValueKind kind, const char *key,
				      const char *value)
{
	struct request *request = context;
	const struct parameter *parameter = &request->match.route->parameter;
	struct error error = {0};

	(void)kind;
	if (!parameter->name || strcmp(key, parameter->name) != 0)
		error_set(&error, ERROR_INVALID, "there is no query parameter '%s' here", key);
	else if (request->has_parameter)
		error_set(&error, ERROR_INVALID, "query parameter '%s' is given twice", key);
	else
		parameter_parse(parameter, value, &request->parameter, &error);
	request->has_parameter = true;
	if (!error.kind)
		return MHD_YES;
	reply_set_problem(&request->reply, PROBLEM_BAD_REQUEST, "%s", error.message);
	return MHD_NO;
}

/* A parameter that is ignored could be one that the client relies on. */
static bool check_parameters(struct request *request)
{
	MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, take_parameter,
				  request);
	return request->reply.status == 0;
}

/* A precondition must not be ignored either (RFC 9110, section 13.1). */
static bool check_preconditions(struct request *request)
{
	static const char *const names[] = {MHD_HTTP_HEADER_IF_MATCH, MHD_HTTP_HEADER_IF_NONE_MATCH,
					    MHD_HTTP_HEADER_IF_UNMODIFIED_SINCE};

	if (!request->match.route->write)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!header(request, names[i]))
			continue;
		reply_set_problem(&request->reply, PROBLEM_UNSUPPORTED,
				  "writes cannot be made to depend on %s", names[i]);
		return false;
	}
	return true;
}

static bool is_json_type(const char *content_type)
{
	size_t length = strcspn(content_type, "; \t");

	return length == strlen(REPLY_JSON_CONTENT_TYPE) &&
	       strncasecmp(content_type, REPLY_JSON_CONTENT_TYPE, length) == 0;
}

static bool check_media_type(struct request *request)
{
	const char *type = header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
	const char *encoding = header(request, MHD_HTTP_HEADER_CONTENT_ENCODING);

	if (request->match.route->body_bytes_max == 0)
		return true;
	if (type && !is_json_type(type)) {
		reply_set_problem(&request->reply, PROBLEM_MEDIA_TYPE,
				  "Content-Type is '%s'; expected " REPLY_JSON_CONTENT_TYPE, type);
		return false;
	}
	if (encoding && strcasecmp(encoding, "identity") != 0) {
		reply_set_problem(&request->reply, PROBLEM_MEDIA_TYPE,
				  "Content-Encoding is '%s'; expected none", encoding);
		return false;
	}
	return true;
}

static bool check_length(struct request *request, uint64_t length)
{
	size_t limit = request->match.route->body_bytes_max;

	if (limit == 0)
		limit = DISCARDED_BODY_BYTES_MAX;
	if (length <= limit)
		return true;
	reply_set_problem(&request->reply, PROBLEM_BODY_TOO_LARGE,
			  "the body has %s%" PRIu64 " bytes; at most %zu are read here",
			  header(request, MHD_HTTP_HEADER_CONTENT_LENGTH) ? "" : "at least ",
			  length, limit);
	return false;
}

static uint64_t announced_length(const struct request *request)
{
	const char *length = header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return length ? strtoull(length, NULL, 10) : 0;
}

static bool check_header(struct request *request, const char *method)
{
	return check_header_size(request) && check_route(request, method) &&
	       check_parameters(request) && check_preconditions(request) &&
	       check_media_type(request) && check_length(request, announced_length(request));
}

/* ---- the answer ---- */

static enum MHD_Result answer(struct request *request)
{
	if (!hold(request, request->reply.body.length))
		set_too_busy(request);
	client_enter(request->client, CLIENT_SENDING, now_ms(request));
	return reply_queue(&request->reply, request->connection, request->service->is_stopping);
}

/* While the body is still to come. A client that asked whether to send it at all is answered in
 * libmicrohttpd's own way, which closes the connection at once: nothing unread can be lost. */
static enum MHD_Result refuse(struct request *request)
{
	if (!request->received_bytes && header(request, MHD_HTTP_HEADER_EXPECT))
		return answer(request);
	client_dismiss(request->client, &request->reply, now_ms(request));
	return MHD_YES;
}

static enum MHD_Result receive_header(struct request *request, const char *url, const char *method)
{
	bool has_body =
		announced_length(request) > 0 || header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING);

	request->has_header = true;
	request->url = url;
	client_touch(request->client, now_ms(request));
	if (check_header(request, method) || !has_body)
		return MHD_YES;
	return refuse(request);
}

static enum MHD_Result receive_body(struct request *request, const char *data, size_t length)
{
	client_touch(request->client, now_ms(request));
	request->received_bytes += length;
	if (!check_length(request, request->received_bytes))
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

static void set_accepted(struct request *request, const struct commands_result *result)
{
	struct json_text json = {0};

	json_text_open_object(&json, NULL);
	json_text_number(&json, "revision", result->revision);
	json_text_boolean(&json, "changed", result->changed);
	if (result->drain)
		add_drain(&json, result->drain);
	json_text_close_object(&json);
	reply_set(&request->reply, result->created ? MHD_HTTP_CREATED : MHD_HTTP_OK,
		  REPLY_JSON_CONTENT_TYPE, json_text_finish(&json));
	reply_add_etag(&request->reply, result->revision);
	if (result->created)
		reply_add_header(&request->reply, MHD_HTTP_HEADER_LOCATION, "%s", request->url);
}

/* A commands_done. */
static void settle(void *context, const struct commands_result *result)
{
	struct request *request = context;

	request->is_write_under_way = false;
	if (!request->connection) {
		request_free(request);
		return;
	}
	if (result->faults)
		reply_set_faults(&request->reply, result->faults);
	else
		set_accepted(request, result);
	if (request->client->phase == CLIENT_WAITING)
		client_resume(request->client, now_ms(request));
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
	const char *accept = header(request, MHD_HTTP_HEADER_ACCEPT);

	return accept && strcasestr(accept, "text/plain") &&
	       !strcasestr(accept, REPLY_JSON_CONTENT_TYPE);
}

static void call_route(struct request *request, const json_t *body)
{
	const struct route_match *match = &request->match;
	struct route_call call = {
		.commands = request->service->commands,
		.names = {match->names[0], match->names[1]},
		.body = body,
		.parameter = request->parameter,
		.prefers_text = prefers_text(request),
		.is_awaited = is_awaited,
	};

	if (match->route->read) {
		match->route->read(&call, &request->reply);
		return;
	}
	request->is_write_under_way = true;
	match->route->write(&call, (struct commands_reply){settle, request});
}

static void call_route_with_body(struct request *request)
{
	struct error_list faults = {0};
	json_t *body;

	if (request->body.failed) {
		reply_set_problem(&request->reply, PROBLEM_SYSTEM, "no memory for the body");
		return;
	}
	body = config_json_load(request->body.length ? request->body.bytes : "",
				request->body.length, &faults);
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
	if (request->reply.status == 0) {
		if (request->match.route->body_bytes_max > 0)
			call_route_with_body(request);
		else
			call_route(request, NULL);
	}
	if (!request->is_write_under_way)
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

	(void)service, (void)connection, (void)version;
	*data_length = 0;
	if (!request)
		return MHD_NO; /* there was no memory for it */
	if (request->client->phase == CLIENT_LINGERING)
		return length > 0 ? MHD_YES : MHD_NO;
	if (!request->has_header)
		return receive_header(request, url, method);
	if (length > 0)
		return receive_body(request, data, length);
	return finish(request);
}
