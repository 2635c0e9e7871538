/* SPDX-License-Identifier: BSD-2-Clause */
/* The beginning and end of what the use cases work on, and the reads that are of no view. */
#include "capture_command.h"
#include "commands_parts.h"
#include "events_parts.h"

#include <errno.h>
#include <stdlib.h>

struct commands *commands_new(struct engine *engine, struct dataplane *dataplane,
			      struct error *ret_error)
{
	struct commands *commands = calloc(1, sizeof(*commands));

	if (!commands) {
		error_set_errno(ret_error, ENOMEM, "commands");
		return NULL;
	}
	commands->engine = engine;
	commands->explain = explain_new(dataplane, ret_error);
	commands->capture = commands->explain ? capture_new(dataplane, ret_error) : NULL;
	if (!commands->capture) {
		commands_free(commands);
		return NULL;
	}
	waiters_init(&commands->waiters, engine);
	events_init(commands);
	return commands;
}

void commands_end_waits(struct commands *commands)
{
	commands->is_ending = true;
	waiters_stop(&commands->waiters);
	events_stop(commands);
	capture_command_end(commands);
}

void commands_stop(struct commands *commands)
{
	commands_end_waits(commands);
	capture_command_cut(commands);
	waiters_close(&commands->waiters);
}

void commands_free(struct commands *commands)
{
	if (!commands)
		return;
	capture_free(commands->capture);
	explain_free(commands->explain);
	free(commands);
}

const struct engine *commands_engine(const struct commands *commands)
{
	return commands->engine;
}

uint64_t commands_revision(const struct commands *commands)
{
	return engine_shown_revision(commands->engine);
}

uint64_t commands_latest_revision(const struct commands *commands)
{
	return engine_desired_revision(commands->engine);
}

bool commands_exists(const struct commands *commands, const char *vip, const char *backend)
{
	const struct config_vip *found = config_find_vip(engine_desired(commands->engine), vip);

	return found && (!backend || config_find_backend(found, backend));
}

bool commands_is_ready(const struct commands *commands, struct error *ret_error)
{
	return engine_is_ready(commands->engine, ret_error);
}
