/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drains: a write that gives a backend the state `drain`, after which the caller may wait until the
 * backend has no flow left.
 *
 *   write ──► refused: answered with its faults
 *     └─────► published: look ──► at an end: answered
 *                          ▲ └──► wait for the next tick, or the deadline ──┐
 *                          └────────────────────────────────────────────────┘
 *
 * A look takes what the last sweep counted, so that a drain costs nothing while it waits.
 *
 * Owns the drains under way, each from its order to its answer. On the event loop's thread.
 */
#include "commands_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRAINS_MAX 256

struct drain {
	struct drain *next;
	struct commands *commands;
	char vip[CAROM_NAME_BYTES];
	char backend[CAROM_NAME_BYTES];
	uint64_t wait_ms;
	commands_is_awaited *is_awaited;
	struct commands_reply reply;

	bool is_published; /* the write; what follows is not set before */
	uint64_t published_ms;
	struct commands_result result;
	struct commands_drain standing; /* as of the last look */
};

static uint64_t deadline_of(const struct drain *drain)
{
	return drain->published_ms + drain->wait_ms;
}

/* ---- looking ---- */

static struct flows_remainder remainder_of(const struct drain *drain,
					   const struct config_backend *backend)
{
	const struct publish *publish = drain->commands->publish;
	const struct image *image = publish_image(publish);
	int vip = image_find_index(image, drain->vip), ordinal = -1;
	struct flows_remainder nothing = {0};

	if (vip >= 0)
		ordinal = image_find_ordinal(image->vips[vip], backend->name, &backend->address);
	if (ordinal < 0)
		return nothing;
	return flows_remainder(publish_flows(publish), (size_t)vip, (size_t)ordinal);
}

static const struct config_backend *find_backend(const struct drain *drain)
{
	const struct config_vip *vip = config_find_vip(drain->commands->published, drain->vip);

	return vip ? config_find_backend(vip, drain->backend) : NULL;
}

/* NULL: it has not ended. */
static const char *end_of(const struct drain *drain, bool is_drain)
{
	if (!is_drain)
		return "changed";
	if (drain->standing.drained)
		return "drained";
	if (drain->standing.waited_ms >= drain->wait_ms)
		return "timeout";
	if (drain->commands->nobody_waits)
		return "stopping";
	return drain->is_awaited(drain->reply.context) ? NULL : "hangup";
}

/* Returns whether it has ended. */
static bool look(struct drain *drain)
{
	const struct config_backend *backend = find_backend(drain);
	bool is_drain = backend && backend->state == CONFIG_STATE_DRAIN;
	struct flows_remainder remainder = {0};

	if (backend)
		remainder = remainder_of(drain, backend);
	drain->standing = (struct commands_drain){
		.state = backend ? config_state_name(backend->state) : "removed",
		.drained = is_drain && remainder.is_none,
		.flows = remainder.flows,
		.older_slots = remainder.older_slots,
		.settles_in_ms = (uint64_t)remainder.settles_in_s * 1000,
		.waited_ms = uv_now(drain->commands->loop) - drain->published_ms,
	};
	drain->standing.ended_by = end_of(drain, is_drain);
	return drain->standing.ended_by != NULL;
}

/* ---- from order to answer ---- */

static struct drain *drain_new(struct commands *commands, const struct commands_drain_order *order,
			       struct commands_reply reply, struct error *ret_error)
{
	struct drain *drain = NULL;

	if (order->wait_ms && commands->drain_count >= DRAINS_MAX)
		error_set(ret_error, ERROR_BUSY,
			  "%d drains are being waited for; with wait_ms=0 this one can begin",
			  DRAINS_MAX);
	else if (!(drain = calloc(1, sizeof(*drain))))
		error_set_errno(ret_error, ENOMEM, "drain");
	if (!drain)
		return NULL;
	drain->commands = commands;
	/* A name that is too long names nothing, and the write is refused. */
	snprintf(drain->vip, sizeof(drain->vip), "%s", order->vip);
	snprintf(drain->backend, sizeof(drain->backend), "%s", order->backend);
	drain->wait_ms = order->wait_ms;
	drain->is_awaited = order->is_awaited;
	drain->reply = reply;
	drain->next = commands->drains;
	commands->drains = drain;
	commands->drain_count++;
	return drain;
}

static void take_out(struct drain **link)
{
	struct drain *drain = *link;

	*link = drain->next;
	drain->commands->drain_count--;
}

static void answer(struct drain *drain)
{
	if (!drain->result.faults)
		drain->result.drain = &drain->standing;
	drain->reply.done(drain->reply.context, &drain->result);
	free(drain);
}

/* A commands_done. */
static void on_published(void *context, const struct commands_result *result)
{
	struct drain *drain = context, **link = &drain->commands->drains;

	drain->is_published = true;
	drain->published_ms = uv_now(drain->commands->loop);
	drain->result = *result;
	if (!result->faults && !look(drain)) {
		commands_waits_note(drain->commands, deadline_of(drain));
		return;
	}
	while (*link != drain)
		link = &(*link)->next;
	take_out(link);
	answer(drain);
}

void commands_drain_backend(struct commands *commands, const struct commands_drain_order *order,
			    const struct commands_write *write)
{
	struct error_list faults = {0};
	struct error error = {0};
	struct commands_write step = *write;
	struct drain *drain;

	if (write->dry_run) {
		commands_set_state(commands, order->vip, order->backend, CONFIG_STATE_DRAIN, write);
		return;
	}
	drain = drain_new(commands, order, write->reply, &error);
	if (drain) {
		step.reply = (struct commands_reply){on_published, drain};
		commands_set_state(commands, order->vip, order->backend, CONFIG_STATE_DRAIN, &step);
		return;
	}
	error_list_append(&faults, &error);
	commands_refuse(commands, &faults, write->reply);
}

/* An answer may bring new orders, so those that have ended are taken out first. */
void commands_look_at_drains(struct commands *commands)
{
	struct drain **link = &commands->drains, *ended = NULL, *drain;

	while ((drain = *link)) {
		if (!drain->is_published || !look(drain)) {
			link = &drain->next;
			continue;
		}
		take_out(link);
		drain->next = ended;
		ended = drain;
	}
	while ((drain = ended)) {
		ended = drain->next;
		answer(drain);
	}
}

uint64_t commands_drain_deadline(const struct commands *commands)
{
	uint64_t earliest_ms = COMMANDS_NO_DEADLINE;

	for (const struct drain *drain = commands->drains; drain; drain = drain->next)
		if (drain->is_published && deadline_of(drain) < earliest_ms)
			earliest_ms = deadline_of(drain);
	return earliest_ms;
}
