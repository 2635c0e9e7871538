/* SPDX-License-Identifier: BSD-2-Clause */
/* An HTTP response: a handler puts it together, and request.c sends it. */
#ifndef CAROM_RESPONSE_H
#define CAROM_RESPONSE_H

#include "problem.h"
#include "text.h"

#include <jansson.h>
#include <microhttpd.h>

#define RESPONSE_HEADERS_MAX	   4
#define RESPONSE_JSON_CONTENT_TYPE "application/json"

struct response_header {
	const char *name;
	char *value; /* owned */
};

/* All zeroes: nothing to say yet. */
struct response {
	unsigned status; /* 0: none yet */
	struct text body;
	struct response_header headers[RESPONSE_HEADERS_MAX];
	size_t header_count;
	const char *tag_noun; /* static: what the entity tag is, for messages; NULL: it has none */
	uint64_t tag;
};

void response_done(struct response *response);

/* Each makes the whole response anew, and takes ownership of the body. Without memory it becomes a
 * bare 500. */
void response_set(struct response *response, unsigned status, const char *content_type,
		  struct text body);
void response_set_empty(struct response *response, unsigned status);
/* Of a 200 with a body that the client knows. All headers but the type of the body stay (RFC 9110,
 * section 15.4.5). */
void response_set_not_modified(struct response *response);
/* 200 with a value of which it takes ownership; or the problem that error describes, if it is NULL.
 */
void response_set_json(struct response *response, json_t *json, const struct error *error);
void response_set_problem(struct response *response, enum problem_kind kind, const char *format,
			  ...) __attribute__((format(printf, 3, 4)));
void response_set_errors(struct response *response, const struct error_list *errors);

void response_add_header(struct response *response, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* noun: static; "revision", "entity tag". */
void response_add_etag(struct response *response, const char *noun, uint64_t tag);

/* Hands it to libmicrohttpd and leaves the response empty. closes: the connection ends with it. */
enum MHD_Result response_queue(struct response *response, struct MHD_Connection *connection,
			       bool closes);
#endif
