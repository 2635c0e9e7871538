/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a method and a path stand for: the table of routes is handed to the server when it is made,
 * with whatever the handlers need. Pure, but for the handlers.
 *
 * A handler gets a call, and says what the response is: at once (`read`), after something has come
 * to its end (`start`, and later request_settle() or request_read()), or piece by piece (`stream`).
 * A response that may be large is made on another thread, of a view: see rendering.h.
 */
#ifndef CAROM_ROUTE_H
#define CAROM_ROUTE_H

#include "audit.h"
#include "parameter.h"
#include "path.h"
#include "precondition.h"
#include "response.h"
#include "role.h"

#define ROUTE_NAMES_MAX	  2
#define ROUTE_ALLOW_BYTES 64

/* What a body is that patches (RFC 5789), by its media type. */
enum route_patch {
	ROUTE_PATCH_MERGE,	/* RFC 7396 */
	ROUTE_PATCH_OPERATIONS, /* RFC 6902 */
	ROUTE_PATCH_BY_BODY,	/* plain JSON: an object merges, an array has operations */
};

struct request;
struct route;
struct stream;
/* Whatever a route shows: immutable, of the handlers' own making. */
struct view;

/* All of it is borrowed during the handler's call. */
struct route_call {
	const struct route *route;
	void *context;			    /* the routes'; NULL to a read that has a view */
	const struct view *view;	    /* NULL to all others */
	struct request *request;	    /* for a response that comes later */
	const char *path;		    /* as it was sent */
	const char *names[ROUTE_NAMES_MAX]; /* of the pattern's {…}, decoded, in their order */
	const json_t *body;		    /* NULL if the route takes none */
	enum route_patch patch;
	const struct parameter_values *parameters;
	const struct precondition *precondition;
	const char *last_event_id; /* NULL: not sent */
	const char *caller;	   /* a name for the record */
	bool prefers_text;	   /* to JSON, where there are both */
};

/* A read with a view may be called on any thread, and uses nothing but the call. */
typedef void route_read(const struct route_call *call, struct response *ret_response);
/*
 * Returns true if it has begun something, which then ends by request_settle() or request_read(),
 * exactly once, maybe before this has returned. If not, the response is set, or the route's read is
 * called.
 */
typedef bool route_start(const struct route_call *call, struct response *ret_response);
/* Calls stream_start(), or sets the response. */
typedef void route_stream(const struct route_call *call, struct stream *stream,
			  struct response *ret_response);
/* What a read shows; NULL on failure, described. */
typedef struct view *route_view(const struct route_call *call, struct error *ret_error);
/* How many things that is, about. */
typedef size_t route_size(const struct route_call *call);

struct route {
	const char *method;  /* GET stands for HEAD too */
	const char *pattern; /* "/v1/vips/{vip}": a {…} stands for one segment, not empty */
	enum role role;	     /* that a caller needs, or one that may more */
	/* At least one of these is there; a stream is alone. */
	route_start *start;
	route_read *read;
	route_stream *stream;
	route_view *view;		    /* of a read that may be large */
	route_size *size;		    /* of a read with a view; NULL: it is always small */
	const struct parameter *parameters; /* of its query; see parameter.h */
	size_t body_bytes_max;		    /* 0: a body, if any, is thrown away */
	bool may_lack_body;		    /* none at all is as good as an empty object */
	bool takes_patch;		    /* the body is a patch */
	bool changes;			    /* something: each call is a line of the audit */
	bool is_audited;		    /* likewise, though it changes nothing */
	const void *use;		    /* tells routes apart that have a handler in common */
};

/* What a server serves. */
struct routes {
	const struct route *routes; /* static */
	size_t count;
	void *context; /* the handlers'; borrowed, for as long as the server lives */
	/* A body as JSON. NULL, with the errors: it is none. */
	json_t *(*load)(const char *text, size_t length, struct error_list *errors);
	void (*view_free)(struct view *view);
	/* How a line of the audit ends that is not settled by a handler. */
	void (*remark)(void *context, char ret_remark[AUDIT_REMARK_BYTES]);
	/* The server stops: whatever waits or streams is to come to its end, and nothing more is to
	 * begin to wait. */
	void (*stop)(void *context);
};

enum route_result {
	ROUTE_FOUND,
	ROUTE_OPTIONS, /* a known path is asked for its methods */
	ROUTE_WRONG_METHOD,
	ROUTE_UNKNOWN_PATH,
	ROUTE_MALFORMED_PATH,
};

struct route_match {
	const struct route *route; /* if ROUTE_FOUND */
	const char *names[ROUTE_NAMES_MAX];
	char allow[ROUTE_ALLOW_BYTES]; /* of every known path: "GET, HEAD, OPTIONS" */
	struct path path;
};

/* error: describes ROUTE_UNKNOWN_PATH and ROUTE_MALFORMED_PATH. */
enum route_result route_find(const struct routes *routes, const char *method, const char *path,
			     struct route_match *ret_match, struct error *error);

#endif
