/* SPDX-License-Identifier: BSD-2-Clause */
#include "response.h"

#include "json_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void response_done(struct response *response)
{
	text_done(&response->body);
	for (size_t i = 0; i < response->header_count; i++)
		free(response->headers[i].value);
	*response = (struct response){0};
}

void response_set_empty(struct response *response, unsigned status)
{
	response_done(response);
	response->status = status;
}

void response_set(struct response *response, unsigned status, const char *content_type,
		  struct text body)
{
	if (body.failed) {
		text_done(&body);
		response_set_empty(response, MHD_HTTP_INTERNAL_SERVER_ERROR);
		return;
	}
	response_set_empty(response, status);
	response->body = body;
	response_add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "%s", content_type);
}

/* The first header is the body's type: see response_set(). */
void response_set_not_modified(struct response *response)
{
	text_done(&response->body);
	response->status = MHD_HTTP_NOT_MODIFIED;
	free(response->headers[0].value);
	response->header_count--;
	memmove(response->headers, response->headers + 1,
		response->header_count * sizeof(response->headers[0]));
}

void response_set_json(struct response *response, json_t *json, const struct error *error)
{
	if (!json) {
		response_set_problem(response, problem_kind_of(error->kind), "%s", error->message);
		return;
	}
	response_set(response, MHD_HTTP_OK, RESPONSE_JSON_CONTENT_TYPE, json_text_of(json));
	json_decref(json);
}

static void set_problem_document(struct response *response, enum problem_kind kind,
				 struct text document)
{
	const struct problem_class *class = problem_class(kind);

	response_set(response, class->status, PROBLEM_CONTENT_TYPE, document);
	if (class->retry_after_s > 0)
		response_add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "%u",
				    class->retry_after_s);
}

void response_set_problem(struct response *response, enum problem_kind kind, const char *format,
			  ...)
{
	char detail[ERROR_MESSAGE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(detail, sizeof(detail), format, arguments);
	va_end(arguments);
	set_problem_document(response, kind, problem_document(kind, detail));
}

void response_set_errors(struct response *response, const struct error_list *errors)
{
	set_problem_document(response, problem_kind_of_errors(errors),
			     problem_document_of_errors(errors));
}

void response_add_header(struct response *response, const char *name, const char *format, ...)
{
	char *value = NULL;
	va_list arguments;
	int length;

	if (response->header_count == RESPONSE_HEADERS_MAX)
		return;
	va_start(arguments, format);
	length = vasprintf(&value, format, arguments);
	va_end(arguments);
	if (length >= 0)
		response->headers[response->header_count++] = (struct response_header){name, value};
}

void response_add_etag(struct response *response, const char *noun, uint64_t tag)
{
	response_add_header(response, MHD_HTTP_HEADER_ETAG, "\"%" PRIu64 "\"", tag);
	response->tag_noun = noun;
	response->tag = tag;
}

static enum MHD_Result add_headers(struct MHD_Response *queued, const struct response *response,
				   bool closes)
{
	for (size_t i = 0; i < response->header_count; i++)
		if (MHD_add_response_header(queued, response->headers[i].name,
					    response->headers[i].value) == MHD_NO)
			return MHD_NO;
	if (!closes)
		return MHD_YES;
	return MHD_add_response_header(queued, MHD_HTTP_HEADER_CONNECTION, "close");
}

enum MHD_Result response_queue(struct response *response, struct MHD_Connection *connection,
			       bool closes)
{
	struct MHD_Response *queued = MHD_create_response_from_buffer(
		response->body.length, response->body.bytes, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result = MHD_NO;

	if (queued) {
		response->body = (struct text){0}; /* libmicrohttpd's now */
		if (add_headers(queued, response, closes) == MHD_YES)
			result = MHD_queue_response(connection, response->status, queued);
		MHD_destroy_response(queued);
	}
	response_done(response);
	return result;
}
