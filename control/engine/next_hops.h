/* SPDX-License-Identifier: BSD-2-Clause */
/* Which next hops are followed: those of the desired state's backends and of the published one's.
 */
#ifndef CAROM_NEXT_HOPS_H
#define CAROM_NEXT_HOPS_H

#include "commands.h"
#include "config.h"

/* Has the next hops of this desired state's backends followed, beside those of the published one's:
 * a write that is given up after all finds them as they were. Takes a reference. Returns 0; -1 and
 * those of before are followed. */
int commands_follow_desired(struct commands *commands, struct config *config,
			    struct error *ret_error);
/* Lets go of what was followed only for the state that was published before. */
void commands_follow_published(struct commands *commands);

#endif
