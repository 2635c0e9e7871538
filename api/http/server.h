/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The REST server: HTTP/1.1 on Unix and TCP sockets, inside the caller's event loop and on its
 * thread. Which paths there are: routes.c. Which status means what: problem.c.
 */
#ifndef CAROM_SERVER_H
#define CAROM_SERVER_H

#include "access.h"
#include "commands.h"
#include "config.h"
#include "error.h"

#include <uv.h>

struct server;

struct server_options {
	uv_loop_t *loop;		 /* borrowed; lives until the server has stopped */
	struct commands *commands;	 /* borrowed, likewise */
	const struct access *access;	 /* borrowed, likewise */
	const struct config_api *listen; /* copied */
};

/*
 * Listens on every address, or on none. NULL on failure, described in error; the loop has then to
 * run once more before it can be closed, as libuv gives its handles back in the loop.
 */
struct server *server_new(const struct server_options *options, struct error *error);

typedef void server_stopped(void *context);

/*
 * Takes no more connections, lets the answers that are under way finish for a few seconds, closes
 * what is left, frees the server, and then calls stopped (unless NULL), always from the loop. A
 * write that outlasts this may still call its commands_done: it finds nobody, and does no harm.
 */
void server_stop(struct server *server, server_stopped *stopped, void *context);

#endif
