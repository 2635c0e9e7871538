/* SPDX-License-Identifier: BSD-2-Clause */
/* An HTTP answer: put together by whoever knows what to say, sent by whoever holds the connection.
 */
#ifndef CAROM_REPLY_H
#define CAROM_REPLY_H

#include "peer.h"
#include "problem.h"
#include "text.h"

#include <jansson.h>
#include <microhttpd.h>

#define REPLY_HEADERS_MAX	4
#define REPLY_JSON_CONTENT_TYPE "application/json"

struct reply_header {
	const char *name;
	char *value; /* owned */
};

/* All zeroes: nothing to say yet. */
struct reply {
	unsigned status; /* 0: none yet */
	struct text body;
	struct reply_header headers[REPLY_HEADERS_MAX];
	size_t header_count;
};

void reply_done(struct reply *reply);

/* Each makes the whole answer anew. body: taken. For want of memory it becomes a bare 500. */
void reply_set(struct reply *reply, unsigned status, const char *content_type, struct text body);
void reply_set_empty(struct reply *reply, unsigned status);
/* Of a 200 with a body: the client knows it. Its headers stay, as RFC 9110, section 15.4.5, asks,
 * but for the body's type. */
void reply_set_not_modified(struct reply *reply);
/* 200 with a value that is taken, or, when it is NULL, the problem that error describes. */
void reply_set_json(struct reply *reply, json_t *json, const struct error *error);
void reply_set_problem(struct reply *reply, enum problem_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void reply_set_faults(struct reply *reply, const struct error_list *faults);

void reply_add_header(struct reply *reply, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void reply_add_etag(struct reply *reply, uint64_t revision);

/* Hands it to libmicrohttpd and leaves the reply empty. closes: the connection ends with it. */
enum MHD_Result reply_queue(struct reply *reply, struct MHD_Connection *connection, bool closes);
/*
 * Writes it past libmicrohttpd, which takes no answer while a request is still coming in. It is
 * the last thing on this connection, and sent as far as that takes it at once.
 */
void reply_send_last(const struct reply *reply, const struct peer *peer);

#endif
