/* SPDX-License-Identifier: BSD-2-Clause */
/* What a method and a path stand for. Pure, but for the handlers that the table in routes.c names.
 */
#ifndef CAROM_ROUTE_H
#define CAROM_ROUTE_H

#include "commands.h"
#include "parameter.h"
#include "path.h"
#include "reply.h"

#define ROUTE_NAMES_MAX	  2
#define ROUTE_ALLOW_BYTES 64

struct route_call {
	struct commands *commands;
	const char *names[ROUTE_NAMES_MAX]; /* of the pattern's {…}, decoded, in their order */
	const json_t *body;		    /* NULL if the route takes none */
	uint64_t parameter;		    /* 0 if it is not given */
	bool prefers_text;		    /* to JSON, where there are both */
	commands_is_awaited *is_awaited;    /* of a write's reply */
};

/* A read answers at once; a write does through its reply, which may be later. */
typedef void route_read(const struct route_call *call, struct reply *ret_reply);
typedef void route_write(const struct route_call *call, struct commands_reply reply);

struct route {
	const char *method;  /* GET stands for HEAD too */
	const char *pattern; /* "/v1/vips/{vip}": a {…} stands for one segment, not empty */
	route_read *read;    /* of read and write, one is there */
	route_write *write;
	size_t body_bytes_max;	    /* 0: a body, if any, is thrown away */
	struct parameter parameter; /* that its query may have; without a name: none */
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

/* error: describes ROUTE_UNKNOWN_PATH and ROUTE_MALFORMED_PATH. */
enum route_result route_find(const char *method, const char *path, struct route_match *ret_match,
			     struct error *error);

#endif
