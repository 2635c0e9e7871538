/* SPDX-License-Identifier: BSD-2-Clause */
/* What a method and a path stand for. Pure, but for the handlers that the table in routes.c names.
 */
#ifndef CAROM_ROUTE_H
#define CAROM_ROUTE_H

#include "commands.h"
#include "parameter.h"
#include "path.h"
#include "reply.h"
#include "role.h"
#include "view.h"

#define ROUTE_NAMES_MAX	  2
#define ROUTE_ALLOW_BYTES 64

/* What a body is that patches (RFC 5789), by its media type. */
enum route_patch {
	ROUTE_PATCH_MERGE,	/* RFC 7396 */
	ROUTE_PATCH_OPERATIONS, /* RFC 6902 */
	ROUTE_PATCH_BY_BODY,	/* plain JSON: an object merges, an array has operations */
};

struct route_call {
	struct commands *commands;	    /* NULL to a read that has a view */
	struct view *view;		    /* NULL to all others */
	const char *path;		    /* as it was sent */
	const char *names[ROUTE_NAMES_MAX]; /* of the pattern's {…}, decoded, in their order */
	const json_t *body;		    /* NULL if the route takes none */
	enum route_patch patch;
	const struct parameter_values *parameters;
	const char *last_event_id;	 /* NULL: not sent */
	bool prefers_text;		 /* to JSON, where there are both */
	commands_is_awaited *is_awaited; /* of write's reply */
	struct commands_write write;
};

struct stream;

/* A read answers at once; one with a view may do so on any thread, and uses nothing but the call. A
 * write answers through its reply, which may be later; a stream is started, or refused by a reply.
 */
typedef void route_read(const struct route_call *call, struct reply *ret_reply);
typedef void route_write(const struct route_call *call);
typedef void route_stream(const struct route_call *call, struct stream *stream,
			  struct reply *ret_reply);
typedef uint64_t route_tag(void);
/* What a read shows; NULL on failure, described. */
typedef struct view *route_view(const struct route_call *call, struct error *ret_error);
/* How many VIPs and backends that is, about. */
typedef size_t route_size(const struct route_call *call);

/* What a write changes, for its preconditions. */
enum route_target { ROUTE_ALL, ROUTE_VIP, ROUTE_BACKEND };

/* Parameters of watchable reads. */
#define ROUTE_REVISION "revision"
#define ROUTE_WAIT_MS  "wait_ms"

struct route {
	const char *method;  /* GET stands for HEAD too */
	const char *pattern; /* "/v1/vips/{vip}": a {…} stands for one segment, not empty */
	enum role role;	     /* that a caller needs, or one that may more */
	/* Of these, one is there: */
	route_read *read;
	route_write *write;
	route_stream *stream;
	route_view *view;		    /* of a read that may be large */
	route_size *size;		    /* of a read with a view; NULL: it is always small */
	const struct parameter *parameters; /* of its query; see parameter.h */
	size_t body_bytes_max;		    /* 0: a body, if any, is thrown away */
	bool may_lack_body;		    /* none at all is as good as an empty object */
	bool takes_patch;		    /* the body is a patch */
	bool shows_revision;		    /* of a read: its entity tag is the revision */
	route_tag *tag;			    /* of a read: it has another entity tag */
	bool is_watchable;		    /* of a read: it can wait for another revision */
	bool copies_packets;		    /* of a stream: for the record, as a write is */
	enum route_target target;	    /* of a write */
};

const struct route *route_table(size_t *ret_count);

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

/* Of a write: whether what it changes is there. */
bool route_target_exists(const struct route *route, const struct route_call *call);

/* error: describes ROUTE_UNKNOWN_PATH and ROUTE_MALFORMED_PATH. */
enum route_result route_find(const char *method, const char *path, struct route_match *ret_match,
			     struct error *error);

#endif
