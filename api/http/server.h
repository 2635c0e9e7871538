/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An HTTP/1.1 server of JSON on Unix and TCP sockets, inside the caller's event loop and on its
 * thread. It knows no path by itself: the routes are handed to it. Which status means what:
 * problem.c.
 */
#ifndef CAROM_SERVER_H
#define CAROM_SERVER_H

#include "access.h"
#include "listen_socket.h"
#include "route.h"

#include <uv.h>

struct server;

struct server_options {
	uv_loop_t *loop;			/* borrowed; lives until the server has stopped */
	const struct access *access;		/* borrowed, likewise */
	struct routes routes;			/* copied */
	const struct listen_address *addresses; /* copied */
	size_t address_count;
};

/*
 * Listens on every address, or on none. NULL on failure, described in error; the loop has then to
 * run once more before it can be closed, as libuv gives its handles back in the loop.
 */
struct server *server_new(const struct server_options *options, struct error *error);

typedef void server_stopped(void *context);

/*
 * Takes no more connections, lets the responses that are under way finish for a few seconds, closes
 * what is left, frees the server, and then calls stopped (unless NULL), always from the loop. A
 * handler that outlasts this may still call request_settle(), without an effect.
 */
void server_stop(struct server *server, server_stopped *stopped, void *context);

#endif
