/* SPDX-License-Identifier: BSD-2-Clause */
/* The beginning and end of commands: the daemon's side, which the API does not see. */
#ifndef CAROM_COMMANDS_SETUP_H
#define CAROM_COMMANDS_SETUP_H

#include "commands.h"
#include "dataplane.h"
#include "engine.h"

/* Both are borrowed until commands_free(). NULL on failure, described. */
struct commands *commands_new(struct engine *engine, struct dataplane *dataplane,
			      struct error *ret_error);
/* Ends what waits and streams, and closes the handles; the loop must run once more before
 * commands_free(), and no event of the engine may come after that. Before engine_stop(). */
void commands_stop(struct commands *commands);
void commands_free(struct commands *commands);

#endif
