/* SPDX-License-Identifier: BSD-2-Clause */
#include "problem.h"

#include "json_text.h"

#include <stdio.h>

#define DETAIL_BYTES (ERROR_MESSAGE_BYTES + 64)

/*
 * The one table of what status means what. A limit is the request's fault, for it asks for more
 * than the limits that are configured: so 422, not 507. A permission is one that caromd lacks,
 * and nothing that the client could have brought along: so 500, not 403.
 */
static const struct problem_class classes[] = {
	[PROBLEM_SYNTAX] = {400, 0, "syntax", "Invalid JSON"},
	[PROBLEM_INVALID] = {422, 0, "invalid", "Invalid body"},
	[PROBLEM_NOT_FOUND] = {404, 0, "not-found", "Not found"},
	[PROBLEM_CONFLICT] = {409, 0, "conflict", "Conflict"},
	[PROBLEM_LIMIT] = {422, 0, "limit", "Limit exceeded"},
	[PROBLEM_PERMISSION] = {500, 0, "permission", "Missing privilege"},
	[PROBLEM_UNSUPPORTED] = {501, 0, "unsupported", "Not supported"},
	[PROBLEM_BUSY] = {503, 1, "busy", "Busy"},
	[PROBLEM_SYSTEM] = {500, 0, "system", "System error"},
	[PROBLEM_BAD_REQUEST] = {400, 0, "bad-request", "Bad request"},
	[PROBLEM_METHOD_NOT_ALLOWED] = {405, 0, "method-not-allowed", "Method not allowed"},
	[PROBLEM_TIMEOUT] = {408, 0, "timeout", "Request timeout"},
	[PROBLEM_BODY_TOO_LARGE] = {413, 0, "body-too-large", "Body too large"},
	[PROBLEM_MEDIA_TYPE] = {415, 0, "media-type", "Unsupported media type"},
	[PROBLEM_HEADERS_TOO_LARGE] = {431, 0, "headers-too-large", "Header too large"},
	[PROBLEM_NOT_READY] = {503, 1, "not-ready", "Not ready"},
	[PROBLEM_PRECONDITION] = {412, 0, "precondition-failed", "Precondition failed"},
	[PROBLEM_UNAUTHENTICATED] = {401, 0, "unauthenticated", "Unauthorized"},
	[PROBLEM_FORBIDDEN] = {403, 0, "forbidden", "Forbidden"},
	[PROBLEM_EXPECTATION] = {417, 0, "expectation-failed", "Expectation failed"},
	[PROBLEM_MISDIRECTED] = {421, 0, "misdirected", "Misdirected request"},
};

const struct problem_class *problem_class(enum problem_kind kind)
{
	return &classes[kind];
}

enum problem_kind problem_kind_of(enum error_kind kind)
{
	switch (kind) {
	case ERROR_SYNTAX: return PROBLEM_SYNTAX;
	case ERROR_INVALID: return PROBLEM_INVALID;
	case ERROR_NOT_FOUND: return PROBLEM_NOT_FOUND;
	case ERROR_CONFLICT: return PROBLEM_CONFLICT;
	case ERROR_LIMIT: return PROBLEM_LIMIT;
	case ERROR_PERMISSION: return PROBLEM_PERMISSION;
	case ERROR_UNSUPPORTED: return PROBLEM_UNSUPPORTED;
	case ERROR_BUSY: return PROBLEM_BUSY;
	case ERROR_NONE: /* a failure without a description is our own fault */
	case ERROR_SYSTEM: break;
	}
	return PROBLEM_SYSTEM;
}

/* Faults of several kinds are invalid in all. No fault described: memory ran out meanwhile. */
enum problem_kind problem_kind_of_errors(const struct error_list *errors)
{
	if (errors->count == 0)
		return PROBLEM_SYSTEM;
	for (size_t i = 1; i < errors->count; i++)
		if (errors->items[i].kind != errors->items[0].kind)
			return PROBLEM_INVALID;
	return problem_kind_of(errors->items[0].kind);
}

static void open_document(struct json_text *json, enum problem_kind kind, const char *detail)
{
	char type[64];

	snprintf(type, sizeof(type), "/problems/%s", classes[kind].name);
	json_text_open_object(json, NULL);
	json_text_string(json, "type", type);
	json_text_string(json, "title", classes[kind].title);
	json_text_number(json, "status", classes[kind].status);
	json_text_string(json, "detail", detail);
}

static struct text close_document(struct json_text *json)
{
	json_text_close_object(json);
	return json_text_finish(json);
}

struct text problem_document(enum problem_kind kind, const char *detail)
{
	struct json_text json = {0};

	open_document(&json, kind, detail);
	return close_document(&json);
}

static void add_errors(struct json_text *json, const struct error_list *errors)
{
	json_text_open_array(json, "errors");
	for (size_t i = 0; i < errors->count; i++) {
		json_text_open_object(json, NULL);
		json_text_string(json, "pointer", errors->items[i].pointer);
		json_text_string(json, "detail", errors->items[i].message);
		json_text_close_object(json);
	}
	json_text_close_array(json);
	if (errors->omitted > 0)
		json_text_number(json, "omitted", errors->omitted);
}

static void describe_errors(const struct error_list *errors, char ret_detail[DETAIL_BYTES])
{
	const char *first = errors->count ? errors->items[0].message
					  : "memory ran out before the faults could be described";
	size_t count = errors->count + errors->omitted;

	if (count > 1 && errors->count > 0)
		snprintf(ret_detail, DETAIL_BYTES, "%zu faults; the first: %s", count, first);
	else
		snprintf(ret_detail, DETAIL_BYTES, "%s", first);
}

struct text problem_document_of_errors(const struct error_list *errors)
{
	struct json_text json = {0};
	char detail[DETAIL_BYTES];

	describe_errors(errors, detail);
	open_document(&json, problem_kind_of_errors(errors), detail);
	add_errors(&json, errors);
	return close_document(&json);
}
