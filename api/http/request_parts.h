/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of a request share. */
#ifndef CAROM_REQUEST_PARTS_H
#define CAROM_REQUEST_PARTS_H

#include "common.h"
#include "precondition.h"
#include "request.h"
#include "route.h"
#include "stream.h"

struct request {
	struct common *common; /* NULL: it is stopping, and the connection is gone */
	struct client *client;
	struct MHD_Connection *connection; /* NULL: gone, and a command is still under way */
	const char *url;		   /* libmicrohttpd's, while there is a connection */
	bool has_header;
	bool is_misframed; /* by its header, it is not clear where it ends or what it says */
	bool is_under_way; /* a command that answers later, or a rendering */
	bool is_known;	   /* caller is somebody */
	bool is_audited;
	struct caller caller;
	struct audit_subject audit_subject;
	struct parameter_values parameters;
	struct precondition precondition;
	struct route_match match;
	size_t received_bytes; /* of the body */
	struct text body;
	struct response response;
	struct rendering rendering; /* of a read with a view */
	struct stream *stream;	    /* owned; NULL: the answer is no stream */
};

#define REQUEST_LAST_EVENT_ID "Last-Event-ID"

/* NULL: it was not sent. Only while there is a connection. */
const char *request_header(const struct request *request, const char *name);

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

/* ---- request_guard.c ---- */

/* Whether no other site's page asks, and who asks has the role for it. */
bool request_check_caller(struct request *request);
/* Once, of what is for the record, when its outcome is known. */
void request_audit(struct request *request, const struct audit_outcome *outcome);

#endif
