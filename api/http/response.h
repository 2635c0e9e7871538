/* SPDX-License-Identifier: BSD-2-Clause */
/* An HTTP answer: put together by whoever knows what to say, sent by whoever holds the connection.
 */
#ifndef CAROM_RESPONSE_H
#define CAROM_RESPONSE_H

#include "peer.h"
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
};

void response_done(struct response *response);

/* Each makes the whole answer anew. body: taken. For want of memory it becomes a bare 500. */
void response_set(struct response *response, unsigned status, const char *content_type,
		  struct text body);
void response_set_empty(struct response *response, unsigned status);
/* Of a 200 with a body: the client knows it. Its headers stay, as RFC 9110, section 15.4.5, asks,
 * but for the body's type. */
void response_set_not_modified(struct response *response);
/* 200 with a value that is taken, or, when it is NULL, the problem that error describes. */
void response_set_json(struct response *response, json_t *json, const struct error *error);
void response_set_problem(struct response *response, enum problem_kind kind, const char *format,
			  ...) __attribute__((format(printf, 3, 4)));
void response_set_faults(struct response *response, const struct error_list *faults);

void response_add_header(struct response *response, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void response_add_etag(struct response *response, uint64_t revision);

/* Hands it to libmicrohttpd and leaves the response empty. closes: the connection ends with it. */
enum MHD_Result response_queue(struct response *response, struct MHD_Connection *connection,
			       bool closes);
/*
 * Writes it past libmicrohttpd, which takes no answer while a request is still coming in. It is
 * the last thing on this connection, and sent as far as that takes it at once.
 */
void response_send_last(const struct response *response, const struct peer *peer);

#endif
