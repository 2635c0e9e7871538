/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of a request that its files share. */
#ifndef CAROM_REQUEST_PARTS_H
#define CAROM_REQUEST_PARTS_H

#include "common.h"
#include "precondition.h"
#include "route.h"
#include "stream.h"

struct request {
	enum request_hold hold;
	struct common *common;		   /* NULL: REQUEST_ORPHANED */
	struct client *client;		   /* likewise */
	struct MHD_Connection *connection; /* likewise */
	const char *url;		   /* libmicrohttpd's, while there is a connection */
	bool is_misframed; /* by its header, it is not clear where it ends or what it says */
	bool is_known;	   /* its caller is */
	bool is_audited;   /* already */
	struct caller caller;
	struct audit_subject audit_subject;
	struct parameter_values parameters;
	struct precondition precondition;
	struct route_match match;
	size_t received_bytes; /* of the body */
	struct text body;
	struct response response;
	struct rendering rendering; /* of a read */
	struct stream *stream;	    /* owned; NULL: the response is no stream */
};

#define REQUEST_LAST_EVENT_ID "Last-Event-ID"

/* NULL: it was not sent. Only while there is a connection. */
static inline const char *request_header(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* ---- request_framing.c ---- */

/* Before anything else is taken from the header. False: refused, and is_misframed. */
bool request_check_framing(struct request *request, const char *version);

/* ---- request_header.c: each refuses by setting the response, and then returns false ---- */

bool request_check_header(struct request *request, const char *method);
/* length: of the body, as announced or as received so far. */
bool request_check_length(struct request *request, uint64_t length);
uint64_t request_announced_length(const struct request *request);
/* Of the body, by its Content-Type. Only of routes that take patches. */
enum route_patch request_patch_kind(const struct request *request);

#endif
