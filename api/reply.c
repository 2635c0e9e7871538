/* SPDX-License-Identifier: BSD-2-Clause */
#include "reply.h"

#include "json_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void reply_done(struct reply *reply)
{
	text_done(&reply->body);
	for (size_t i = 0; i < reply->header_count; i++)
		free(reply->headers[i].value);
	*reply = (struct reply){0};
}

void reply_set_empty(struct reply *reply, unsigned status)
{
	reply_done(reply);
	reply->status = status;
}

void reply_set(struct reply *reply, unsigned status, const char *content_type, struct text body)
{
	if (body.failed) {
		text_done(&body);
		reply_set_empty(reply, MHD_HTTP_INTERNAL_SERVER_ERROR);
		return;
	}
	reply_set_empty(reply, status);
	reply->body = body;
	reply_add_header(reply, MHD_HTTP_HEADER_CONTENT_TYPE, "%s", content_type);
}

/* The first header is the body's type: see reply_set(). */
void reply_set_not_modified(struct reply *reply)
{
	text_done(&reply->body);
	reply->status = MHD_HTTP_NOT_MODIFIED;
	free(reply->headers[0].value);
	reply->header_count--;
	memmove(reply->headers, reply->headers + 1,
		reply->header_count * sizeof(reply->headers[0]));
}

void reply_set_json(struct reply *reply, json_t *json, const struct error *error)
{
	if (!json) {
		reply_set_problem(reply, problem_kind_of(error->kind), "%s", error->message);
		return;
	}
	reply_set(reply, MHD_HTTP_OK, REPLY_JSON_CONTENT_TYPE, json_text_of(json));
	json_decref(json);
}

static void set_problem_document(struct reply *reply, enum problem_kind kind, struct text document)
{
	const struct problem_class *class = problem_class(kind);

	reply_set(reply, class->status, PROBLEM_CONTENT_TYPE, document);
	if (class->retry_after_s > 0)
		reply_add_header(reply, MHD_HTTP_HEADER_RETRY_AFTER, "%u", class->retry_after_s);
}

void reply_set_problem(struct reply *reply, enum problem_kind kind, const char *format, ...)
{
	char detail[ERROR_MESSAGE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(detail, sizeof(detail), format, arguments);
	va_end(arguments);
	set_problem_document(reply, kind, problem_document(kind, detail));
}

void reply_set_faults(struct reply *reply, const struct error_list *faults)
{
	set_problem_document(reply, problem_kind_of_faults(faults),
			     problem_document_of_faults(faults));
}

void reply_add_header(struct reply *reply, const char *name, const char *format, ...)
{
	char *value = NULL;
	va_list arguments;
	int length;

	if (reply->header_count == REPLY_HEADERS_MAX)
		return;
	va_start(arguments, format);
	length = vasprintf(&value, format, arguments);
	va_end(arguments);
	if (length >= 0)
		reply->headers[reply->header_count++] = (struct reply_header){name, value};
}

void reply_add_etag(struct reply *reply, uint64_t revision)
{
	reply_add_header(reply, MHD_HTTP_HEADER_ETAG, "\"%" PRIu64 "\"", revision);
}

static enum MHD_Result add_headers(struct MHD_Response *response, const struct reply *reply,
				   bool closes)
{
	for (size_t i = 0; i < reply->header_count; i++)
		if (MHD_add_response_header(response, reply->headers[i].name,
					    reply->headers[i].value) == MHD_NO)
			return MHD_NO;
	if (!closes)
		return MHD_YES;
	return MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

enum MHD_Result reply_queue(struct reply *reply, struct MHD_Connection *connection, bool closes)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		reply->body.length, reply->body.bytes, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result = MHD_NO;

	if (response) {
		reply->body = (struct text){0}; /* the response's now */
		if (add_headers(response, reply, closes) == MHD_YES)
			result = MHD_queue_response(connection, reply->status, response);
		MHD_destroy_response(response);
	}
	reply_done(reply);
	return result;
}

void reply_send_last(const struct reply *reply, const struct peer *peer)
{
	struct text text = {0};

	text_add(&text, "HTTP/1.1 ");
	text_add_number(&text, reply->status);
	text_add(&text, " ");
	text_add(&text, MHD_get_reason_phrase_for(reply->status));
	text_add(&text, "\r\nConnection: close\r\nContent-Length: ");
	text_add_number(&text, reply->body.length);
	for (size_t i = 0; i < reply->header_count; i++) {
		text_add(&text, "\r\n");
		text_add(&text, reply->headers[i].name);
		text_add(&text, ": ");
		text_add(&text, reply->headers[i].value);
	}
	text_add(&text, "\r\n\r\n");
	text_add_bytes(&text, reply->body.bytes, reply->body.length);
	if (!text.failed)
		peer_send_last(peer, text.bytes, text.length);
	text_done(&text);
}
