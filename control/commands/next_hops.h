/* SPDX-License-Identifier: BSD-2-Clause */
/* Which next hops are followed: those of the desired state's backends. */
#ifndef CAROM_NEXT_HOPS_H
#define CAROM_NEXT_HOPS_H

#include "commands.h"
#include "config.h"

/* Has the next hops of this config's backends followed, and no others. Takes a reference. Returns
 * 0; -1 and those of before are followed. */
int commands_follow_next_hops(struct commands *commands, struct config *config,
			      struct error *ret_error);

#endif
