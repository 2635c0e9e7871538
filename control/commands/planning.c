/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the staged desired state to the image that is published next.
 *
 * A few rings are filled at once. Many, as when a config is replaced whole, would hold the loop for
 * the better part of a second: they are filled on libuv's pool, which touches nothing but them.
 * Next hops that change meanwhile are for the next plan.
 *
 * Owns commands->plan, from the plan to its publication or its end. While there is one, nobody
 * sweeps the flow table: a plan tells for how many sweeps the ordinal of a removed backend must not
 * be given away, and packets go on to use it until the plan is published.
 */
#include "commands_parts.h"

/* Some five milliseconds' worth. */
#define SLOTS_AT_ONCE_MAX (1u << 18)

static const struct next_hop *find_next_hop(const void *context,
					    const struct carom_address *destination)
{
	return nexthop_find(context, destination);
}

static void fill_run(uv_work_t *work)
{
	struct commands *commands = work->data;

	plan_fill(&commands->plan, &commands->fill_error);
}

static void fill_done(uv_work_t *work, int status)
{
	struct commands *commands = work->data;

	commands->fill_runs = false;
	if (status)
		error_set(&commands->fill_error, ERROR_BUSY, "the plan was not made");
	if (commands->fill_error.kind)
		commands_drop_plan(commands);
	commands_on_planned(commands, commands->fill_error.kind ? &commands->fill_error : NULL);
}

struct plan_input commands_plan_input(const struct commands *commands, const struct config *desired)
{
	return (struct plan_input){
		.desired = desired,
		.published = commands->published,
		.image = publish_image(commands->publish),
		.next_hops_changed = commands->next_hops_changed,
		.sweep_count = flows_sweep_count(publish_flows(commands->publish)),
		.find_next_hop = find_next_hop,
		.next_hops = commands->nexthop,
	};
}

static int start_plan(struct commands *commands, struct error *ret_error)
{
	struct plan_input input = commands_plan_input(commands, commands->staged);

	input.revision = commands->staged_revision;
	if (plan_start(&input, &commands->plan, ret_error))
		return -1;
	commands->plan_took_next_hops = commands->next_hops_changed;
	commands->next_hops_changed = false;
	return 0;
}

int commands_plan_staged(struct commands *commands, struct error *ret_error)
{
	if (start_plan(commands, ret_error))
		return -1;
	if (commands->plan.unfilled_slots > SLOTS_AT_ONCE_MAX) {
		commands->fill_error = (struct error){0};
		commands->fill_work.data = commands;
		commands->fill_runs = uv_queue_work(commands->loop, &commands->fill_work, fill_run,
						    fill_done) == 0;
	}
	if (commands->fill_runs || plan_fill(&commands->plan, ret_error) == 0)
		return 0;
	commands_drop_plan(commands);
	return -1;
}

void commands_drop_plan(struct commands *commands)
{
	if (!commands->plan.image)
		return;
	plan_done(&commands->plan);
	commands->next_hops_changed |= commands->plan_took_next_hops;
}
