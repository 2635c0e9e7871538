/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of writes that other use cases have, too. */
#ifndef CAROM_WRITE_H
#define CAROM_WRITE_H

#include "commands.h"
#include "config.h"

/* Refuses with errors, and frees them. */
void write_refuse_all(const struct commands *commands, struct error_list *errors,
		      struct commands_reply reply);
void write_set_state(struct commands *commands, const char *vip, const char *backend,
		     enum config_state state, const struct commands_write *write);

#endif
