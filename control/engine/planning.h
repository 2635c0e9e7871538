/* SPDX-License-Identifier: BSD-2-Clause */
/* From what is staged to an image of it, with rings that are filled here or on libuv's pool. */
#ifndef CAROM_PLANNING_H
#define CAROM_PLANNING_H

#include "commands.h"
#include "plan.h"

/* How this desired state would be planned from what is published, as revision 0. Borrows all. */
struct plan_input commands_plan_input(const struct commands *commands,
				      const struct config *desired);
/* Plans what is staged. Returns 0, and then either the plan is whole, or commands->fill_runs and
 * commands_on_planned() follows; -1 and there is none. */
int commands_plan_staged(struct commands *commands, struct error *ret_error);
/* It will not be published. Nothing happens if there is none. */
void commands_drop_plan(struct commands *commands);

#endif
