/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The writes that say what is to be different, and not how it is to be. Each makes a new desired
 * state out of the present one and hands it to the one door; however many VIPs a patch touches, it
 * is one revision and one generation.
 */
#include "commands_parts.h"

/* desired: NULL if it was refused, with faults. Takes both over. */
static void finish(struct commands *commands, struct config *desired, struct error_list *faults,
		   const struct commands_write *write)
{
	if (!desired) {
		commands_refuse(commands, faults, write->reply);
		return;
	}
	error_list_done(faults);
	commands_apply(commands, desired, false, write);
}

void commands_patch_config(struct commands *commands, const struct config_patch *patch,
			   const struct commands_write *write)
{
	struct error_list faults = {0};
	struct config *desired = config_patch_all(commands->desired, patch, &faults);

	finish(commands, desired, &faults, write);
}

void commands_patch_vip(struct commands *commands, const char *vip,
			const struct config_patch *patch, const struct commands_write *write)
{
	struct error_list faults = {0};
	struct config *desired = config_patch_vip(commands->desired, vip, patch, &faults);

	finish(commands, desired, &faults, write);
}

void commands_patch_backend(struct commands *commands, const char *vip, const char *backend,
			    const struct config_patch *patch, const struct commands_write *write)
{
	struct error_list faults = {0};
	struct config *desired =
		config_patch_backend(commands->desired, vip, backend, patch, &faults);

	finish(commands, desired, &faults, write);
}
