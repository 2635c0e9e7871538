/* SPDX-License-Identifier: BSD-2-Clause */
/* One request, from its first line to its response's last byte: libmicrohttpd's three callbacks,
 * and how a handler that has begun something comes back. */
#ifndef CAROM_REQUEST_H
#define CAROM_REQUEST_H

#include "response.h"

#include <microhttpd.h>

struct request;

/* ---- for handlers: see route_start ---- */

/* Whether the client of a struct request is still there to get the response. */
bool request_is_awaited(const void *request);

/* The response is there, and is left empty. remark: how its line of the audit ends. */
void request_settle(struct request *request, struct response *response, const char *remark);

/* The route's read is to make the response. */
void request_read(struct request *request);

/* From within start: the client says by the query that it knows this entity tag, as if by
 * If-None-Match. */
void request_know(struct request *request, uint64_t tag);

/* ---- for libmicrohttpd; common: a struct common; a connection has got its client before ---- */

/* MHD_OPTION_URI_LOG_CALLBACK: a request's first line has come. */
void *request_open(void *common, const char *uri, struct MHD_Connection *connection);

/* MHD_AccessHandlerCallback: its header has come, a piece of its body, or its end. */
enum MHD_Result request_continue(void *common, struct MHD_Connection *connection, const char *url,
				 const char *method, const char *version, const char *data,
				 size_t *data_length, void **context);

/* MHD_OPTION_NOTIFY_COMPLETED: it is answered, or its connection is gone. */
void request_close(void *common, struct MHD_Connection *connection, void **context,
		   enum MHD_RequestTerminationCode code);

#endif
