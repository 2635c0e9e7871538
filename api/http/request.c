/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One request's life, driven by libmicrohttpd on the event loop's thread:
 *
 *   open ──► header ──► body … ──► end ──► read: respond
 *              │          │         ├────► large read: suspend ──► rendered ──► resume ──► respond
 *              │          │         ├────► start: suspend ──► settle ──► resume ──► respond
 *              │          │         ├────► start: suspend ──► read, as above
 *              │          │         └────► stream: respond, while there is something to say
 *              └──────────┴──► refuse: the response goes out while the rest still comes in
 *
 * phase.h has the phases of its client. A request belongs to its connection, and ends with it; but
 * what is under way for it holds it, too: when the server stops, the request is left to that, and
 * then only freed.
 */
#include "request_parts.h"

#include "log.h"
#include "request.h"

#include <stdlib.h>
#include <string.h>

/* Responses of up to so many bytes go out whatever others hold: the number of clients bounds them.
 */
#define UNCOUNTED_BYTES_MAX ((size_t)16 << 10)

static uint64_t now_ms(const struct request *request)
{
	return uv_now(request->common->loop);
}

static bool hold(const struct request *request, size_t bytes)
{
	return client_hold(request->client, bytes, now_ms(request));
}

static void set_too_busy(struct request *request)
{
	response_set_problem(&request->response, PROBLEM_BUSY,
			     "the bodies and answers of other requests fill %zu MiB of memory",
			     CLIENTS_HELD_BYTES_MAX >> 20);
}

/* The one place that changes the hold. */
static void request_pass(struct request *request, enum request_hold hold)
{
	if (!hold_may_follow(request->hold, hold))
		log_line(LOG_LEVEL_ERROR, "api: request: hold %d follows %d, which is a bug", hold,
			 request->hold);
	request->hold = hold;
}

static void request_free(struct request *request)
{
	text_done(&request->body);
	response_done(&request->response);
	stream_free(request->stream);
	free(request);
}

void *request_open(void *common, const char *uri, struct MHD_Connection *connection)
{
	struct client *client = client_of(connection);
	struct request *request = client ? calloc(1, sizeof(*request)) : NULL;

	(void)uri;
	if (!request)
		return NULL;
	request->common = common;
	request->client = client;
	request->connection = connection;
	if (!client_is_done(client))
		client_enter(client, CLIENT_HEADER, now_ms(request));
	return request;
}

void request_close(void *common, struct MHD_Connection *connection, void **context,
		   enum MHD_RequestTerminationCode code)
{
	struct request *request = *context;

	(void)common, (void)connection, (void)code;
	if (!request)
		return;
	*context = NULL;
	client_release(request->client);
	if (!client_is_done(request->client))
		client_enter(request->client, CLIENT_IDLE, now_ms(request));
	if (request->hold == REQUEST_ATTENDED) {
		request_free(request);
		return;
	}
	request_pass(request, REQUEST_ORPHANED);
	request->common = NULL;
	request->client = NULL;
	request->connection = NULL;
}

/* ---- the response ---- */

/* A client that comes back is to be judged by the certificates of today. */
static bool is_last(const struct request *request)
{
	return request->common->is_stopping || request->is_misframed ||
	       client_is_outdated(request->client, access_tls(request->common->access));
}

/* Once, when the response is known; a stream that begins has none. remark: NULL: no handler has
 * settled it. */
static void request_audit(struct request *request, const char *remark)
{
	const struct routes *routes = &request->common->routes;
	const struct route *route = request->match.route;
	unsigned status = request->response.status;
	char unsettled[AUDIT_REMARK_BYTES];

	if (!route || !(route->changes || route->is_audited) || request->is_audited)
		return;
	request->is_audited = true;
	if (!remark)
		routes->remark(routes->context, unsettled);
	audit_log(&request->common->audit_gate, &request->audit_subject,
		  request->is_known ? request->caller.name : NULL, status ? status : MHD_HTTP_OK,
		  remark ? remark : unsettled, now_ms(request));
}

static enum MHD_Result respond(struct request *request)
{
	request_audit(request, NULL);
	if (request->stream && request->response.status == 0)
		return stream_queue(request->stream, request->connection);
	if (request->response.body.length > UNCOUNTED_BYTES_MAX &&
	    !hold(request, request->response.body.length))
		set_too_busy(request);
	client_enter(request->client, CLIENT_SENDING, now_ms(request));
	return response_queue(&request->response, request->connection, is_last(request));
}

/* While the body is still to come. A client that asked whether to send it at all is answered in
 * libmicrohttpd's own way, which closes the connection at once: nothing unread can be lost. */
static enum MHD_Result request_refuse(struct request *request)
{
	if (!request->received_bytes && request_header(request, MHD_HTTP_HEADER_EXPECT))
		return respond(request);
	request_audit(request, NULL);
	client_dismiss(request->client, &request->response, now_ms(request));
	return MHD_YES;
}

static enum MHD_Result receive_header(struct request *request, const char *url, const char *method,
				      const char *version)
{
	bool has_body = request_announced_length(request) > 0 ||
			request_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING);

	request->url = url;
	audit_set_subject(&request->audit_subject, &request->client->peer, method, url);
	if (!request_check_framing(request, version) ||
	    (!request_check_header(request, method) && has_body))
		return request_refuse(request);
	client_enter(request->client, CLIENT_BODY, now_ms(request));
	return MHD_YES;
}

static enum MHD_Result receive_body(struct request *request, const char *data, size_t length)
{
	client_touch(request->client, now_ms(request));
	request->received_bytes += length;
	if (!request_check_length(request, request->received_bytes))
		return request_refuse(request);
	if (request->match.route->body_bytes_max == 0)
		return MHD_YES;
	if (!hold(request, length)) {
		set_too_busy(request);
		return request_refuse(request);
	}
	text_add_bytes(&request->body, data, length);
	return MHD_YES;
}

/* ---- the handler ---- */

/* A client gets JSON that does not ask for text alone. */
static bool prefers_text(const struct request *request)
{
	const char *accept = request_header(request, MHD_HTTP_HEADER_ACCEPT);

	return accept && strcasestr(accept, "text/plain") &&
	       !strcasestr(accept, RESPONSE_JSON_CONTENT_TYPE);
}

static struct route_call call_of(struct request *request, const json_t *body)
{
	const struct route_match *match = &request->match;

	return (struct route_call){
		.route = match->route,
		.context = request->common->routes.context,
		.request = request,
		.path = request->url,
		.names = {match->names[0], match->names[1]},
		.body = body,
		.patch = request_patch_kind(request),
		.parameters = &request->parameters,
		.precondition = &request->precondition,
		.last_event_id = request_header(request, REQUEST_LAST_EVENT_ID),
		.caller = request->caller.name,
		.prefers_text = prefers_text(request),
	};
}

static void finish_read(struct request *request)
{
	struct response *response = &request->response;

	if (response->tag_noun && response->status == MHD_HTTP_OK)
		precondition_apply(&request->precondition, response);
}

static void request_attend(struct request *request)
{
	request_pass(request, REQUEST_ATTENDED);
	client_resume(request->client, now_ms(request));
}

/* What was under way is over. */
static void request_regain(struct request *request)
{
	if (request->hold == REQUEST_ORPHANED) {
		request_free(request);
		return;
	}
	request_attend(request);
}

/* Of a rendering. */
static void rendered(void *context)
{
	struct request *request = context;

	if (request->hold == REQUEST_HELD)
		finish_read(request);
	request_regain(request);
}

/* Of a request that is held. */
static void read_route(struct request *request, const json_t *body)
{
	request->rendering = (struct rendering){
		.call = call_of(request, body),
		.response = &request->response,
		.done = rendered,
		.context = request,
	};
	rendering_start(&request->common->renderings, &request->rendering);
}

static void stream_route(struct request *request, const struct route_call *call)
{
	request->stream = stream_new(request->client, request->common->loop);
	if (!request->stream)
		response_set_problem(&request->response, PROBLEM_SYSTEM, "no memory for a stream");
	else
		call->route->stream(call, request->stream, &request->response);
}

/* Whatever begins here may be over before its function has returned. */
static void call_route(struct request *request, const json_t *body)
{
	const struct route_call call = call_of(request, body);
	const struct route *route = call.route;

	if (route->stream) {
		stream_route(request, &call);
		return;
	}
	request_pass(request, REQUEST_HELD);
	if (route->start && route->start(&call, &request->response))
		return;
	if (request->response.status == 0)
		read_route(request, body);
	else
		request_attend(request);
}

static void call_route_with_body(struct request *request)
{
	struct error_list errors = {0};
	json_t *body;

	if (request->body.failed) {
		response_set_problem(&request->response, PROBLEM_SYSTEM, "no memory for the body");
		return;
	}
	body = request->common->routes.load(request->body.length ? request->body.bytes : "",
					    request->body.length, &errors);
	text_done(&request->body);
	if (body)
		call_route(request, body);
	else
		response_set_errors(&request->response, &errors);
	json_decref(body);
	error_list_done(&errors);
}

bool request_is_awaited(const void *awaited)
{
	const struct request *request = awaited;

	return request->hold == REQUEST_HELD && !client_has_hung_up(request->client);
}

void request_know(struct request *request, uint64_t tag)
{
	precondition_know(&request->precondition, tag);
}

/* The target of a request that creates something is its place. */
void request_settle(struct request *request, struct response *response, const char *remark)
{
	request->response = *response;
	*response = (struct response){0};
	if (request->hold == REQUEST_HELD) {
		request_audit(request, remark);
		if (request->response.status == MHD_HTTP_CREATED)
			response_add_header(&request->response, MHD_HTTP_HEADER_LOCATION, "%s",
					    request->url);
	}
	request_regain(request);
}

void request_read(struct request *request)
{
	if (request->hold == REQUEST_HELD)
		read_route(request, NULL);
	else
		request_regain(request);
}

/* ---- libmicrohttpd's callback ---- */

/* Called for the end of the request. */
static enum MHD_Result request_end(struct request *request)
{
	const struct route *route = request->match.route;

	if (request->response.status == 0) {
		if (route->body_bytes_max > 0 &&
		    !(route->may_lack_body && !request->received_bytes))
			call_route_with_body(request);
		else
			call_route(request, NULL);
	}
	if (request->hold == REQUEST_ATTENDED)
		return respond(request);
	client_suspend(request->client, CLIENT_WAITING, now_ms(request));
	return MHD_YES;
}

enum MHD_Result request_continue(void *common, struct MHD_Connection *connection, const char *url,
				 const char *method, const char *version, const char *data,
				 size_t *data_length, void **context)
{
	struct request *request = *context;
	size_t length = *data_length;

	(void)common, (void)connection;
	*data_length = 0;
	if (!request)
		return MHD_NO; /* there was no memory for it */
	switch (request->client->phase) {
	case CLIENT_HEADER: return receive_header(request, url, method, version);
	case CLIENT_BODY:
		return length > 0 ? receive_body(request, data, length) : request_end(request);
	case CLIENT_RESUMED: return respond(request);
	case CLIENT_LINGERING: return length > 0 ? MHD_YES : MHD_NO;
	case CLIENT_GREETING:
	case CLIENT_IDLE:
	case CLIENT_WAITING:
	case CLIENT_SENDING:
	case CLIENT_STREAMING:
	case CLIENT_LISTENING:
	case CLIENT_CUT: break;
	}
	return MHD_NO;
}
