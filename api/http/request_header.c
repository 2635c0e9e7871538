/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is judged before the body is read: size, path, method, caller, query, preconditions, media
 * type, announced length. Whatever a client asks for and we do not do is refused: it could rely on
 * it.
 */
#include "request_parts.h"

#include "origin.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES_MAX	 ((size_t)16 << 10)
#define DISCARDED_BODY_BYTES_MAX ((size_t)1 << 20)
#define MERGE_PATCH_TYPE	 "application/merge-patch+json"
#define JSON_PATCH_TYPE		 "application/json-patch+json"
#define REALM			 "Bearer realm=\"carom\""
#define PATCH_TYPES		 MERGE_PATCH_TYPE ", " JSON_PATCH_TYPE

/* ---- size and route ---- */

static bool check_size(struct request *request)
{
	size_t size = MHD_get_connection_info(request->connection,
					      MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
			      ->header_size;

	if (size <= HEADER_BYTES_MAX)
		return true;
	response_set_problem(&request->response, PROBLEM_HEADERS_TOO_LARGE,
			     "the header has %zu bytes; at most %zu are read", size,
			     HEADER_BYTES_MAX);
	return false;
}

static void add_accept_patch(struct request *request)
{
	response_add_header(&request->response, "Accept-Patch", "%s", PATCH_TYPES);
}

static bool check_route(struct request *request, const char *method)
{
	struct route_match *match = &request->match;
	struct error error = {0};

	switch (route_find(&request->common->routes, method, request->url, match, &error)) {
	case ROUTE_FOUND: return true;
	case ROUTE_OPTIONS:
		response_set_empty(&request->response, MHD_HTTP_NO_CONTENT);
		if (strstr(match->allow, MHD_HTTP_METHOD_PATCH))
			add_accept_patch(request);
		break;
	case ROUTE_WRONG_METHOD:
		response_set_problem(&request->response, PROBLEM_METHOD_NOT_ALLOWED,
				     "'%s' has no %s; it has %s", request->url, method,
				     match->allow);
		break;
	case ROUTE_UNKNOWN_PATH:
		response_set_problem(&request->response, PROBLEM_NOT_FOUND, "%s", error.message);
		return false;
	case ROUTE_MALFORMED_PATH:
		response_set_problem(&request->response, PROBLEM_BAD_REQUEST, "%s", error.message);
		return false;
	}
	response_add_header(&request->response, MHD_HTTP_HEADER_ALLOW, "%s", match->allow);
	return false;
}

/* ---- browsers ---- */

/* Where every caller is admin, a page of the World Wide Web must not be one. */
static bool needs_loopback_host(const struct request *request)
{
	const struct peer *peer = &request->client->peer;

	return !peer->is_unix && !peer->session && access_is_open(request->common->access);
}

static bool check_rebinding(struct request *request)
{
	const char *host = request_header(request, MHD_HTTP_HEADER_HOST);

	if (!host || !needs_loopback_host(request) || origin_host_is_loopback(host))
		return true;
	response_set_problem(&request->response, PROBLEM_MISDIRECTED,
			     "Host is '%s'; without api.tokens it has to be localhost or a loopback"
			     " address, lest another site's page speak for this host's users",
			     host);
	return false;
}

static bool check_origin(struct request *request)
{
	const char *origin = request_header(request, MHD_HTTP_HEADER_ORIGIN);
	const char *host = request_header(request, MHD_HTTP_HEADER_HOST);

	if (!origin || origin_is_own(origin, host, request->client->peer.session))
		return true;
	response_set_problem(&request->response, PROBLEM_FORBIDDEN,
			     "Origin is '%s': a page that did not come from here asks for this",
			     origin);
	return false;
}

/* ---- roles ---- */

/* A route without a role was forgotten. */
static enum role needed_role(const struct route *route)
{
	return route->role == ROLE_UNSET ? ROLE_ADMIN : route->role;
}

static void set_unauthenticated(struct request *request, bool has_token, const char *reason)
{
	response_set_problem(&request->response, PROBLEM_UNAUTHENTICATED, "%s", reason);
	response_add_header(&request->response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "%s",
			    has_token ? REALM ", error=\"invalid_token\"" : REALM);
}

static bool check_role(struct request *request)
{
	const char *authorization = request_header(request, MHD_HTTP_HEADER_AUTHORIZATION);
	enum role needed = needed_role(request->match.route);
	struct caller *caller = &request->caller;
	struct error error = {0};

	if (needed == ROLE_ANYBODY)
		return true;
	if (access_identify(request->common->access, &request->client->peer, authorization, caller,
			    &error)) {
		set_unauthenticated(request, authorization, error.message);
		return false;
	}
	request->is_known = true;
	if (caller->role >= needed)
		return true;
	response_set_problem(&request->response, PROBLEM_FORBIDDEN,
			     "%s has the role '%s'; this needs the role '%s'", caller->name,
			     role_name(caller->role), role_name(needed));
	return false;
}

/* ---- query, preconditions, body ---- */

static enum MHD_Result take_parameter(void *context, enum MHD_ValueKind kind, const char *key,
				      const char *value)
{
	struct request *request = context;
	struct error error = {0};

	(void)kind;
	if (parameter_take(&request->parameters, key, value, &error) == 0)
		return MHD_YES;
	response_set_problem(&request->response, PROBLEM_BAD_REQUEST, "%s", error.message);
	return MHD_NO;
}

static bool check_parameters(struct request *request)
{
	request->parameters.parameters = request->match.route->parameters;
	MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, take_parameter,
				  request);
	return request->response.status == 0;
}

/* What is in them is judged when the request is carried out. A date cannot be: nothing has one. */
static bool check_preconditions(struct request *request)
{
	static const char *const match = MHD_HTTP_HEADER_IF_MATCH;
	static const char *const none_match = MHD_HTTP_HEADER_IF_NONE_MATCH;
	struct precondition *precondition = &request->precondition;
	struct error error = {0};

	if (request->match.route->changes &&
	    request_header(request, MHD_HTTP_HEADER_IF_UNMODIFIED_SINCE))
		error_set(&error, ERROR_UNSUPPORTED,
			  "writes cannot be made to depend on %s, only on %s and %s",
			  MHD_HTTP_HEADER_IF_UNMODIFIED_SINCE, match, none_match);
	else if (precondition_parse(match, request_header(request, match), &precondition->match,
				    &error) == 0)
		precondition_parse(none_match, request_header(request, none_match),
				   &precondition->none_match, &error);
	if (!error.kind)
		return true;
	response_set_problem(&request->response,
			     error.kind == ERROR_UNSUPPORTED ? PROBLEM_UNSUPPORTED
							     : PROBLEM_BAD_REQUEST,
			     "%s", error.message);
	return false;
}

static bool is_type(const char *content_type, const char *wanted)
{
	size_t length = strcspn(content_type, "; \t");

	return length == strlen(wanted) && strncasecmp(content_type, wanted, length) == 0;
}

enum route_patch request_patch_kind(const struct request *request)
{
	const char *type = request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);

	if (type && is_type(type, MERGE_PATCH_TYPE))
		return ROUTE_PATCH_MERGE;
	return type && is_type(type, JSON_PATCH_TYPE) ? ROUTE_PATCH_OPERATIONS
						      : ROUTE_PATCH_BY_BODY;
}

static bool check_content_type(struct request *request)
{
	const char *type = request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
	bool is_patch = request->match.route->takes_patch;

	if (!type || is_type(type, RESPONSE_JSON_CONTENT_TYPE) ||
	    (is_patch && request_patch_kind(request) != ROUTE_PATCH_BY_BODY))
		return true;
	response_set_problem(&request->response, PROBLEM_MEDIA_TYPE,
			     "Content-Type is '%s'; expected " RESPONSE_JSON_CONTENT_TYPE "%s",
			     type, is_patch ? ", " PATCH_TYPES : "");
	if (is_patch)
		add_accept_patch(request);
	return false;
}

static bool check_media_type(struct request *request)
{
	const char *encoding = request_header(request, MHD_HTTP_HEADER_CONTENT_ENCODING);

	if (request->match.route->body_bytes_max == 0)
		return true;
	if (!check_content_type(request))
		return false;
	if (!encoding || strcasecmp(encoding, "identity") == 0)
		return true;
	response_set_problem(&request->response, PROBLEM_MEDIA_TYPE,
			     "Content-Encoding is '%s'; expected none", encoding);
	response_add_header(&request->response, MHD_HTTP_HEADER_ACCEPT_ENCODING, "identity");
	return false;
}

bool request_check_length(struct request *request, uint64_t length)
{
	size_t limit = request->match.route->body_bytes_max;

	if (limit == 0)
		limit = DISCARDED_BODY_BYTES_MAX;
	if (length <= limit)
		return true;
	response_set_problem(&request->response, PROBLEM_BODY_TOO_LARGE,
			     "the body has %s%" PRIu64 " bytes; at most %zu are read here",
			     request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH) ? ""
										     : "at least ",
			     length, limit);
	return false;
}

uint64_t request_announced_length(const struct request *request)
{
	const char *length = request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return length ? strtoull(length, NULL, 10) : 0;
}

bool request_check_header(struct request *request, const char *method)
{
	return check_size(request) && check_route(request, method) && check_rebinding(request) &&
	       check_origin(request) && check_role(request) && check_parameters(request) &&
	       check_preconditions(request) && check_media_type(request) &&
	       request_check_length(request, request_announced_length(request));
}
