/* SPDX-License-Identifier: BSD-2-Clause */
/* Making and ending what commands.h works on: main.c's side of it, which the API does not see. */
#ifndef CAROM_COMMANDS_SETUP_H
#define CAROM_COMMANDS_SETUP_H

#include "commands.h"
#include "config.h"
#include "dataplane.h"
#include "revisions.h"
#include "store.h"

#include <uv.h>

/* error: NULL when the first generation is published; else why it cannot be. */
typedef void commands_published(void *context, const struct error *error);

struct commands_options {
	uv_loop_t *loop;	     /* borrowed until commands_free() */
	struct dataplane *dataplane; /* borrowed, likewise */
	struct config *config;	     /* the first desired state; takes a reference */
	struct store *store;	     /* borrowed, likewise; NULL: writes are not stored */
	struct revisions *history;   /* borrowed, and added to; the newest, if any, has config */
	commands_published *first_published; /* called once, from the loop */
	void *first_context;
};

/* Publishes as soon as the next hops are known, or have had their chance. NULL on failure. */
struct commands *commands_new(const struct commands_options *options, struct error *ret_error);

/* The interfaces are attached: from here on the status says so. Copied. Returns 0 or -1. */
int commands_set_attachments(struct commands *commands, const struct attachment *attachments,
			     size_t count, struct error *ret_error);

/* Refuses the writes that wait, and closes the handles; the loop must run once more before
 * commands_free(). */
void commands_stop(struct commands *commands);
void commands_free(struct commands *commands);

#endif
