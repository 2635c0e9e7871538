/* SPDX-License-Identifier: BSD-2-Clause */
/* The beginning and end of what the use cases work on. Reads show what the data plane follows: a
 * write that is under way may still be refused. */
#include "capture_command.h"
#include "commands_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct commands *commands_new(const struct commands_options *options, struct error *ret_error)
{
	struct commands *commands = calloc(1, sizeof(*commands));

	if (!commands) {
		error_set_errno(ret_error, ENOMEM, "commands");
		return NULL;
	}
	commands->loop = options->loop;
	commands->dataplane = options->dataplane;
	commands->desired = config_ref(options->config);
	commands->first_published = options->first_published;
	commands->first_context = options->first_context;
	commands->started_ms = uv_now(options->loop);
	commands->explain = explain_new(options->dataplane, ret_error);
	commands->capture = commands->explain ? capture_new(options->dataplane, ret_error) : NULL;
	if (commands->capture && commands_persist_start(commands, options, ret_error) == 0 &&
	    commands_commit_start(commands, ret_error) == 0) {
		commands_waits_start(commands);
		return commands;
	}
	commands_free(commands);
	return NULL;
}

void commands_stop(struct commands *commands)
{
	commands_end_waits(commands);
	commands_cut_capture(commands);
	commands_waits_stop(commands);
	commands_commit_stop(commands);
}

void commands_free(struct commands *commands)
{
	if (!commands)
		return;
	capture_free(commands->capture);
	explain_free(commands->explain);
	nexthop_free(commands->nexthop);
	grace_free(commands->grace);
	publish_free(commands->former);
	publish_free(commands->publish);
	commands_persist_done(commands);
	config_unref(commands->published);
	config_unref(commands->followed_published);
	config_unref(commands->followed_desired);
	plan_done(&commands->plan);
	config_unref(commands->staged);
	config_unref(commands->desired);
	free(commands->attachments);
	free(commands);
}

int commands_set_attachments(struct commands *commands, const struct attachment *attachments,
			     size_t count, struct error *ret_error)
{
	struct attachment *copy = calloc(count, sizeof(copy[0]));

	if (!copy)
		return error_set_errno(ret_error, ENOMEM, "attachments");
	memcpy(copy, attachments, count * sizeof(copy[0]));
	free(commands->attachments);
	commands->attachments = copy;
	commands->attachment_count = count;
	commands_forget_former(commands);
	return 0;
}

void commands_end_waits(struct commands *commands)
{
	commands->nobody_waits = true;
	commands_look_at_drains(commands);
	commands_look_at_watches(commands);
	commands_end_subscribers(commands);
	commands_end_capture(commands);
}

struct config *commands_shown(const struct commands *commands)
{
	return commands->published ? commands->published : commands->desired;
}

uint64_t commands_revision(const struct commands *commands)
{
	return commands->published ? commands->published_revision : commands->revision;
}

uint64_t commands_latest_revision(const struct commands *commands)
{
	return commands->revision;
}

bool commands_exists(const struct commands *commands, const char *vip, const char *backend)
{
	const struct config_vip *found = config_find_vip(commands->desired, vip);

	return found && (!backend || config_find_backend(found, backend));
}

bool commands_is_ready(const struct commands *commands, struct error *ret_error)
{
	size_t wanted = commands->desired->node.interface_count;

	if (!commands->published)
		return error_set(ret_error, ERROR_BUSY, "no generation is published yet") == 0;
	if (commands->attachment_count < wanted)
		return error_set(ret_error, ERROR_BUSY,
				 "the program is attached to %zu of %zu interfaces",
				 commands->attachment_count, wanted) == 0;
	return true;
}
