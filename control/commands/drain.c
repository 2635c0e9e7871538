/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drains: a write that gives a backend the state `drain`, after which the caller may wait until the
 * backend has no flow left.
 *
 *   write ──► refused: answered with its errors
 *     └─────► published ──► a waiter, which looks at what the last sweep counted ──► answered
 *
 * Owns each from its order to its result. On the event loop's thread.
 */
#include "commands_parts.h"
#include "write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define DRAINS_MAX 256

struct drain {
	struct waiter waiter; /* from the publication of the write on */
	struct commands *commands;
	char vip[CAROM_NAME_BYTES];
	char backend[CAROM_NAME_BYTES];
	uint64_t wait_ms;
	commands_is_awaited *is_awaited;
	struct commands_reply reply;

	uint64_t published_ms;
	struct commands_result result;
	struct commands_drain standing; /* as of the last look */
};

static uint64_t drain_now_ms(const struct drain *drain)
{
	return uv_now(engine_loop(drain->commands->engine));
}

/* ---- looking ---- */

static struct flows_remainder drain_remainder(const struct drain *drain,
					      const struct config_backend *backend)
{
	const struct publish *publish = engine_publish(drain->commands->engine);
	const struct image *image = publish_image(publish);
	int vip = image_find_index(image, drain->vip), ordinal = -1;
	struct flows_remainder nothing = {0};

	if (vip >= 0)
		ordinal = image_find_ordinal(image->vips[vip], backend->name, &backend->address);
	if (ordinal < 0)
		return nothing;
	return flows_remainder(publish_flows(publish), (size_t)vip, (size_t)ordinal);
}

static const struct config_backend *drain_find_backend(const struct drain *drain)
{
	const struct config *published = engine_published(drain->commands->engine);
	const struct config_vip *vip = config_find_vip(published, drain->vip);

	return vip ? config_find_backend(vip, drain->backend) : NULL;
}

/* NULL: it has not ended. */
static const char *drain_ended_by(const struct drain *drain, bool is_drain, bool is_last)
{
	if (!is_drain)
		return "changed";
	if (drain->standing.drained)
		return "drained";
	if (drain->standing.waited_ms >= drain->wait_ms)
		return "timeout";
	if (is_last)
		return "stopping";
	return drain->is_awaited(drain->reply.context) ? NULL : "hangup";
}

static bool drain_look(struct waiter *waiter, bool is_last)
{
	struct drain *drain = (struct drain *)waiter; /* its first member */
	const struct config_backend *backend = drain_find_backend(drain);
	bool is_drain = backend && backend->state == CONFIG_STATE_DRAIN;
	struct flows_remainder remainder = {0};

	if (backend)
		remainder = drain_remainder(drain, backend);
	drain->standing = (struct commands_drain){
		.state = backend ? config_state_name(backend->state) : "removed",
		.drained = is_drain && remainder.is_none,
		.flows = remainder.flows,
		.older_slots = remainder.older_slots,
		.settles_in_ms = (uint64_t)remainder.settles_in_s * 1000,
		.waited_ms = drain_now_ms(drain) - drain->published_ms,
	};
	drain->standing.ended_by = drain_ended_by(drain, is_drain, is_last);
	return drain->standing.ended_by != NULL;
}

/* ---- from order to result ---- */

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
	commands->drain_count++;
	return drain;
}

static void drain_end(struct waiter *waiter)
{
	struct drain *drain = (struct drain *)waiter;

	if (!drain->result.errors)
		drain->result.drain = &drain->standing;
	drain->commands->drain_count--;
	drain->reply.done(drain->reply.context, &drain->result);
	free(drain);
}

/* A commands_done. */
static void drain_on_published(void *context, const struct commands_result *result)
{
	struct drain *drain = context;

	drain->result = *result;
	if (result->errors) {
		drain_end(&drain->waiter);
		return;
	}
	drain->published_ms = drain_now_ms(drain);
	drain->waiter = (struct waiter){
		.deadline_ms = drain->published_ms + drain->wait_ms,
		.look = drain_look,
		.end = drain_end,
	};
	waiters_add(&drain->commands->waiters, &drain->waiter);
}

void commands_drain_backend(struct commands *commands, const struct commands_drain_order *order,
			    const struct commands_write *write)
{
	struct error_list errors = {0};
	struct error error = {0};
	struct commands_write step = *write;
	struct drain *drain;

	if (write->dry_run) {
		write_set_state(commands, order->vip, order->backend, CONFIG_STATE_DRAIN, write);
		return;
	}
	drain = drain_new(commands, order, write->reply, &error);
	if (drain) {
		step.reply = (struct commands_reply){drain_on_published, drain};
		write_set_state(commands, order->vip, order->backend, CONFIG_STATE_DRAIN, &step);
		return;
	}
	error_list_append(&errors, &error);
	write_refuse_all(commands, &errors, write->reply);
}
