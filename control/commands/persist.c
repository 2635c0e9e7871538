/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stores what is about to be published, before it is: whoever is answered finds it again after a
 * power cut. Writes that come meanwhile wait for the next round, and share it.
 *
 * The writing is on libuv's pool. It reads the staged config, which nobody changes.
 */
#include "commands_parts.h"

void commands_stage(struct commands *commands)
{
	commands->staged = config_ref(commands->desired);
	commands->staged_revision = commands->revision;
}

bool commands_staged_is_stored(const struct commands *commands)
{
	/* What is in force at the start is published first: a full disk must not keep caromd down.
	 */
	return !commands->store || !commands->published ||
	       commands->stored_revision == commands->staged_revision;
}

static void store_run(uv_work_t *work)
{
	struct commands *commands = work->data;

	store_write(commands->store, commands->staged_revision, commands->staged,
		    &commands->store_error);
}

static void store_done(uv_work_t *work, int status)
{
	struct commands *commands = work->data;

	commands->store_runs = false;
	if (status)
		error_set(&commands->store_error, ERROR_BUSY, "the write was not stored");
	if (!commands->store_error.kind)
		commands->stored_revision = commands->staged_revision;
	commands_on_stored(commands, commands->store_error.kind ? &commands->store_error : NULL);
}

void commands_store_staged(struct commands *commands)
{
	commands->store_error = (struct error){0};
	commands->store_work.data = commands;
	commands->store_runs = true;
	if (uv_queue_work(commands->loop, &commands->store_work, store_run, store_done))
		store_done(&commands->store_work, UV_ENOMEM);
}
