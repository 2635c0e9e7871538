/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is judged before the body is read: size, path, method, caller, query, preconditions, media
 * type, announced length. Whatever a client sends and we do not do is refused: it could rely on it.
 */
#include "request_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES_MAX	 ((size_t)16 << 10)
#define DISCARDED_BODY_BYTES_MAX ((size_t)1 << 20)
#define MERGE_PATCH_TYPE	 "application/merge-patch+json"
#define JSON_PATCH_TYPE		 "application/json-patch+json"
#define PATCH_TYPES		 MERGE_PATCH_TYPE ", " JSON_PATCH_TYPE

const char *request_header(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

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

	switch (route_find(method, request->url, match, &error)) {
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
	if (request->response.status == 0 && request->match.route->is_watchable &&
	    parameter_is_given(&request->parameters, ROUTE_WAIT_MS) &&
	    !parameter_is_given(&request->parameters, ROUTE_REVISION))
		response_set_problem(&request->response, PROBLEM_BAD_REQUEST,
				     "query parameter '" ROUTE_WAIT_MS
				     "' goes with '" ROUTE_REVISION
				     "', which says what is known: another revision is waited for");
	return request->response.status == 0;
}

/* What is in them is judged when the request is carried out. A date cannot be: nothing has one. */
static bool check_preconditions(struct request *request)
{
	static const char *const match = MHD_HTTP_HEADER_IF_MATCH;
	static const char *const none_match = MHD_HTTP_HEADER_IF_NONE_MATCH;
	struct precondition *precondition = &request->precondition;
	struct error error = {0};

	if (request->match.route->write &&
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
	return check_size(request) && check_route(request, method) &&
	       request_check_caller(request) && check_parameters(request) &&
	       check_preconditions(request) && check_media_type(request) &&
	       request_check_length(request, request_announced_length(request));
}
