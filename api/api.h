/* SPDX-License-Identifier: BSD-2-Clause */
/* The REST API of a configuration: its guard and its server, made of what the config's `api` says.
 */
#ifndef CAROM_API_H
#define CAROM_API_H

#include "access.h"
#include "commands.h"
#include "config.h"
#include "server.h"

/* Borrows its strings. NULL on failure, with all errors: see access_new(). */
struct access *api_guard(const struct config_api *api, const struct opener *opener,
			 struct error_list *errors);

struct api_options {
	uv_loop_t *loop;	     /* borrowed; lives until the server has stopped */
	struct commands *commands;   /* borrowed, likewise */
	const struct access *access; /* borrowed, likewise */
	const struct config_api *api;
};

/* See server_new(). */
struct server *api_serve(const struct api_options *options, struct error *error);

#endif
