/* SPDX-License-Identifier: BSD-2-Clause */
/* From the desired state to the published one. */
#ifndef CAROM_COMMIT_H
#define CAROM_COMMIT_H

#include "commands.h"
#include "config.h"

void commands_on_stored(struct commands *commands, const struct error *error);
/* error: NULL, or why there is no plan. */
void commands_on_planned(struct commands *commands, const struct error *error);

int commands_commit_start(struct commands *commands, struct error *ret_error);
void commands_commit_stop(struct commands *commands);
/* The program is exchanged: copies the last flows from former maps, and lets go of them. */
void commands_forget_former(struct commands *commands);

/*
 * The one door: takes over a new desired state (a reference), which has been checked. `created`
 * goes into the result. Replies at once if nothing changes or the write is refused, else when the
 * data plane follows.
 */
void commands_apply(struct commands *commands, struct config *desired, bool created,
		    const struct commands_write *write);

#endif
