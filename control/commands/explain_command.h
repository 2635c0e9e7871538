/* SPDX-License-Identifier: BSD-2-Clause */
/* What would become of a packet. */
#ifndef CAROM_COMMANDS_EXPLAIN_H
#define CAROM_COMMANDS_EXPLAIN_H

#include "commands.h"

#define COMMANDS_EXPLAIN_BODY_BYTES 16384

/*
 * Runs the real program's code on a packet, without an effect on anything. body: as
 * explain_request.h says; borrowed. Returns a new JSON value, in which "summary" is a sentence for
 * people and "steps" a list of them; NULL with the errors listed, their pointers relative to the
 * body.
 */
json_t *commands_explain(const struct commands *commands, const json_t *body,
			 struct error_list *errors);

#endif
