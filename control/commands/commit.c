/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the desired state to the published one.
 *
 * A write changes `desired` at once and waits for its answer. When the loop has taken in everything
 * that was there, so that writes which arrive together are one generation, `desired` is staged,
 * planned (planning.c), stored (persist.c) if there is room for it in the maps, published, and the
 * writes in it are answered; then comes the next round. If a write brings backends whose next hops
 * are not known yet, the commit gives them a moment to answer: else a set of backends that is
 * replaced whole would leave the VIP with none.
 *
 * Grace periods block, so they run on libuv's pool, one at a time; a commit needs one only when all
 * generations are still being read or the maps are full of retired memory.
 */
#include "commands_parts.h"

#include "log.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_MS		  500
#define FIRST_PATIENCE_MS 2000 /* for next hops, before the first generation */
#define PATIENCE_MS	  250  /* for new ones, before a later generation */

static void want_commit(struct commands *commands);

/* ---- grace periods ---- */

static void grace_run(uv_work_t *work)
{
	struct commands *commands = work->data;

	grace_wait(commands->grace, &commands->grace_error);
}

static void grace_done(uv_work_t *work, int status)
{
	struct commands *commands = work->data;

	commands->grace_runs = false;
	if (status)
		return;
	if (commands->grace_error.kind)
		log_line(LOG_LEVEL_ERROR, "%s; retired memory is kept",
			 commands->grace_error.message);
	else
		publish_reclaim(commands->publish, commands->grace_epoch);
	if (commands->commit_wanted && !commands->stopping)
		want_commit(commands);
}

static void start_grace(struct commands *commands)
{
	if (commands->grace_runs || commands->stopping || !publish_is_waiting(commands->publish))
		return;
	commands->grace_error = (struct error){0};
	commands->grace_epoch = publish_epoch(commands->publish);
	commands->grace_work.data = commands;
	commands->grace_runs =
		uv_queue_work(commands->loop, &commands->grace_work, grace_run, grace_done) == 0;
}

/* ---- committing ---- */

/* Whoever has seen a revision that was given up must not take another one for it. */
static uint64_t next_revision(struct commands *commands)
{
	commands->revision = ++commands->last_revision;
	return commands->revision;
}

/* How the desired state differs from what a former process had published. */
static void reconcile(struct commands *commands, struct image *image)
{
	const struct image *former = publish_image(commands->publish);
	size_t same = 0, changed = 0, removed = 0;

	for (size_t i = 0; i < image->vip_count; i++) {
		const struct image_vip *before = image_find(former, image->vips[i]->name);

		same += before == image->vips[i];
		changed += before && before != image->vips[i];
	}
	for (size_t i = 0; i < former->vip_count; i++)
		removed += !image_find(image, former->vips[i]->name);
	if (commands->revision == former->revision && (same < image->vip_count || removed))
		image->revision = next_revision(commands);
	commands_renumber_staged(commands, image->revision);
	log_line(LOG_LEVEL_INFO,
		 "took over revision %llu: %zu vips as they were, %zu changed, %zu new, %zu gone",
		 (unsigned long long)former->revision, same, changed,
		 image->vip_count - same - changed, removed);
}

static void take_over(struct commands *commands)
{
	bool is_first = !commands->published;

	config_unref(commands->published);
	commands->published = commands->staged;
	commands->staged = NULL;
	commands->published_revision = commands->staged_revision;
	commands->commit_wanted = false;
	commands_follow_published(commands);
	commands_record_published(commands);
	commands_answer_published(commands);
	commands_look_at_watches(commands);
	commands_tell_subscribers(commands);
	if (is_first)
		commands->first_published(commands->first_context, NULL);
	start_grace(commands);
	/* What was written meanwhile, what became of next hops, and what a reconciliation numbered
	 * anew. */
	if (commands->revision != commands->published_revision || commands->next_hops_changed ||
	    (commands->store && commands->stored.number != commands->published_revision))
		want_commit(commands);
}

/* Of several writes that came together, whose room is missing is not known: so each may try again,
 * and whoever is to blame will be alone at some time. */
static void refuse_waiting(struct commands *commands, const struct error *error)
{
	struct error reason = *error;

	if (error->kind == ERROR_LIMIT && commands->waiting_count > 1) {
		reason.kind = ERROR_BUSY;
		error_prefix(&reason, "one of several writes that came together is refused, and so "
				      "all are: ");
	}
	commands_refuse_waiting(commands, &reason);
}

/* The published state is the truth again; all writes that wait hear why, for they build on it. */
static void give_up(struct commands *commands, const struct error *error)
{
	config_unref(commands->staged);
	commands->staged = NULL;
	commands->commit_wanted = false;
	if (!commands->published) {
		commands->first_published(commands->first_context, error);
		return;
	}
	log_line(LOG_LEVEL_ERROR, "revision %llu is not published: %s",
		 (unsigned long long)commands->staged_revision, error->message);
	commands_forget_unpublished(commands);
	config_unref(commands->desired);
	commands->desired = config_ref(commands->published);
	commands->revision = commands->published_revision;
	commands_follow_desired(commands, commands->desired, NULL);
	refuse_waiting(commands, error);
}

/* A revision that is stored already, and cannot be published after all, is overruled by a newer one
 * that says what is published. */
static void overrule(struct commands *commands, const struct error *error)
{
	give_up(commands, error);
	if (!commands->store || !commands->published)
		return;
	commands_overrule_stored(commands);
	next_revision(commands);
	want_commit(commands);
}

static void publish_plan(struct commands *commands)
{
	struct error error = {0};

	if (publish_image(commands->publish) && !commands->published)
		reconcile(commands, commands->plan.image);
	if (publish_commit(commands->publish, commands->plan.image, &error) == 0) {
		plan_done(&commands->plan);
		take_over(commands);
		return;
	}
	commands_drop_plan(commands);
	if (error.kind == ERROR_LIMIT && publish_is_waiting(commands->publish))
		start_grace(commands);
	else
		overrule(commands, &error);
}

static void store_or_publish(struct commands *commands);

/* A plan of what is staged is there, or comes: then commands_on_planned() goes on. */
static void plan_staged(struct commands *commands)
{
	struct error error = {0};

	if (commands_plan_staged(commands, &error))
		commands_on_planned(commands, &error);
	else if (!commands->fill_runs)
		store_or_publish(commands);
}

/* What has no room is refused before it is stored, or a stop between the two would leave what no
 * start can publish. */
static void store_checked(struct commands *commands)
{
	struct error error = {0};

	if (publish_check(commands->publish, commands->plan.image, PUBLISH_ROOM_NOW, &error) == 0) {
		commands_store_staged(commands);
		return;
	}
	if (error.kind == ERROR_LIMIT && publish_is_waiting(commands->publish)) {
		start_grace(commands);
		return;
	}
	commands_drop_plan(commands);
	give_up(commands, &error);
}

static void store_or_publish(struct commands *commands)
{
	if (!commands_staged_is_stored(commands))
		store_checked(commands);
	else if (publish_is_ready(commands->publish))
		publish_plan(commands);
	else
		start_grace(commands);
}

static void commit(struct commands *commands)
{
	if (commands->store_runs || commands->fill_runs)
		return;
	if (!commands->staged)
		commands_stage(commands);
	if (commands->plan.image)
		store_or_publish(commands);
	else
		plan_staged(commands);
}

void commands_on_planned(struct commands *commands, const struct error *error)
{
	if (commands->stopping)
		return;
	if (!error)
		store_or_publish(commands);
	else if (commands_staged_is_stored(commands))
		overrule(commands, error);
	else
		give_up(commands, error);
}

void commands_on_stored(struct commands *commands, const struct error *error)
{
	if (commands->stopping)
		return;
	if (!error) {
		store_or_publish(commands);
		return;
	}
	commands_drop_plan(commands);
	give_up(commands, error);
}

static bool may_commit(const struct commands *commands)
{
	if (nexthop_new_count(commands->nexthop) > 0)
		return false;
	return nexthop_unresolved_count(commands->nexthop) <= commands->unresolved_tolerated ||
	       uv_now(commands->loop) >= commands->commit_deadline_ms;
}

static void on_check(uv_check_t *check)
{
	struct commands *commands = check->data;

	uv_idle_stop(&commands->commit_idle);
	uv_check_stop(&commands->commit_check);
	if (commands->commit_wanted && may_commit(commands))
		commit(commands);
}

static void on_idle(uv_idle_t *idle)
{
	(void)idle;
}

static void want_commit(struct commands *commands)
{
	commands->commit_wanted = true;
	uv_idle_start(&commands->commit_idle, on_idle);
	uv_check_start(&commands->commit_check, on_check);
}

static void on_deadline(uv_timer_t *timer)
{
	struct commands *commands = timer->data;

	if (commands->commit_wanted)
		want_commit(commands);
}

static void be_patient(struct commands *commands, size_t tolerated, uint64_t patience_ms)
{
	commands->unresolved_tolerated = tolerated;
	commands->commit_deadline_ms = uv_now(commands->loop) + patience_ms;
	uv_timer_start(&commands->deadline, on_deadline, patience_ms, 0);
}

/* ---- next hops ---- */

static void on_next_hops(void *context)
{
	struct commands *commands = context;

	commands->next_hops_changed = true;
	want_commit(commands);
}

/* new_before: how many next hops were new before the last call. Those that have been looked up by
 * now get their moment to answer, too. */
static void await_new(struct commands *commands, size_t new_before)
{
	uint64_t moment_ms = uv_now(commands->loop) + PATIENCE_MS;

	if (new_before == 0 || !commands->commit_wanted)
		return;
	if (commands->commit_deadline_ms < moment_ms)
		be_patient(commands, commands->unresolved_tolerated, PATIENCE_MS);
	want_commit(commands);
}

static void on_netlink(uv_poll_t *poll, int status, int events)
{
	struct commands *commands = poll->data;
	size_t new_before = nexthop_new_count(commands->nexthop);

	(void)events;
	if (status != 0)
		return;
	nexthop_read(commands->nexthop, uv_now(commands->loop));
	await_new(commands, new_before);
}

/* The flow table's clock goes on from where a former process left it. */
static void sweep(struct commands *commands)
{
	uint64_t passed_ms = uv_now(commands->loop) - commands->started_ms;
	uint32_t now_s = commands->clock_at_start + (uint32_t)(passed_ms / 1000);
	struct error error = {0};

	if (now_s == flows_clock(publish_flows(commands->publish)) || commands->plan.image)
		return;
	flows_set_clock(publish_flows(commands->publish), now_s);
	if (flows_sweep(publish_flows(commands->publish), &error))
		log_line(LOG_LEVEL_ERROR, "%s", error.message);
}

static void on_tick(uv_timer_t *timer)
{
	struct commands *commands = timer->data;
	size_t new_before = nexthop_new_count(commands->nexthop);

	nexthop_tick(commands->nexthop, uv_now(commands->loop));
	await_new(commands, new_before);
	sweep(commands);
	commands_look_at_drains(commands);
	commands_look_at_watches(commands);
	commands_keep_subscribers(commands);
	start_grace(commands);
}

/* ---- the door ---- */

static void apply_change(struct commands *commands, struct config *desired, bool created,
			 const struct commands_write *write)
{
	size_t unresolved = nexthop_unresolved_count(commands->nexthop);
	struct error error = {0};

	if (commands_follow_desired(commands, desired, &error)) {
		config_unref(desired);
		commands_refuse_with(commands, &error, write->reply);
		return;
	}
	config_unref(commands->desired);
	commands->desired = desired;
	next_revision(commands);
	commands_note_revision(commands, write->author);
	commands_enqueue(commands, created, true, write->reply);
	if (nexthop_unresolved_count(commands->nexthop) > unresolved)
		be_patient(commands, unresolved, PATIENCE_MS);
	want_commit(commands);
}

/* A dry run is answered at once, from what is desired and published now. */
static void foretell(struct commands *commands, const struct config *desired, bool created,
		     const struct commands_write *write)
{
	struct error error = {0};
	json_t *forecast = commands_forecast(commands, desired, &error);
	struct commands_result result = {
		.forecast = forecast,
		.revision = commands->revision,
		.created = created,
		.changed = !config_vips_equal(commands->desired, desired),
	};

	if (forecast)
		commands_answer(&write->reply, &result);
	else
		commands_refuse_with(commands, &error, write->reply);
	json_decref(forecast);
}

static int check_busy(const struct commands *commands, struct error *ret_error)
{
	if (commands->stopping)
		return error_set(ret_error, ERROR_BUSY, "caromd is stopping");
	if (commands->waiting_count == COMMANDS_WAITING_MAX)
		return error_set(ret_error, ERROR_BUSY,
				 "%d writes are already waiting for the data plane",
				 COMMANDS_WAITING_MAX);
	return 0;
}

void commands_apply(struct commands *commands, struct config *desired, bool created,
		    const struct commands_write *write)
{
	struct error busy = {0};

	if (check_busy(commands, &busy)) {
		config_unref(desired);
		commands_refuse_with(commands, &busy, write->reply);
	} else if (write->dry_run) {
		foretell(commands, desired, created, write);
		config_unref(desired);
	} else if (!config_vips_equal(commands->desired, desired)) {
		apply_change(commands, desired, created, write);
	} else {
		config_unref(desired);
		commands_enqueue(commands, created, false, write->reply);
		commands_answer_published(commands);
	}
}

/* ---- beginning and end ---- */

/* What a former process flipped away last may still be read: one grace period, here and now. */
static int adopt(struct commands *commands, struct error *ret_error)
{
	if (publish_adopt(commands->publish, ret_error) || grace_wait(commands->grace, ret_error))
		return -1;
	publish_reclaim(commands->publish, publish_epoch(commands->publish));
	return 0;
}

static int inherit(struct commands *commands, struct error *ret_error)
{
	commands->former = publish_new(dataplane_predecessor(commands->dataplane), ret_error);
	if (!commands->former || publish_adopt(commands->former, ret_error))
		return -1;
	return publish_inherit(commands->publish, commands->former, ret_error);
}

void commands_forget_former(struct commands *commands)
{
	if (!commands->former)
		return;
	flows_inherit(publish_flows(commands->publish), publish_flows(commands->former));
	publish_free(commands->former);
	commands->former = NULL;
	dataplane_forget_predecessor(commands->dataplane);
}

/* ERROR_CONFLICT: there is something, and it cannot be taken over. */
static int take_over_former(struct commands *commands, struct error *ret_error)
{
	if (dataplane_is_adopted(commands->dataplane)) {
		if (adopt(commands, ret_error))
			return -1;
	} else if (dataplane_predecessor(commands->dataplane)) {
		if (inherit(commands, ret_error))
			return -1;
	} else {
		return 0;
	}
	if (publish_image(commands->publish)->revision > commands->revision)
		commands->revision = publish_image(commands->publish)->revision;
	commands->last_revision = commands->revision;
	return 0;
}

static int open_parts(struct commands *commands, struct error *ret_error)
{
	const struct config_node *node = &commands->desired->node;
	uint32_t interfaces[CONFIG_INTERFACES_MAX];
	struct nexthop_options options = {
		.interfaces = interfaces,
		.interface_count = node->interface_count,
		.changed = on_next_hops,
		.context = commands,
	};
	unsigned ifindex;

	for (size_t i = 0; i < node->interface_count; i++) {
		ifindex = if_nametoindex(node->interfaces[i].name);
		if (!ifindex)
			return error_set(ret_error, ERROR_NOT_FOUND,
					 "interface '%s' does not exist in this network namespace",
					 node->interfaces[i].name);
		interfaces[i] = ifindex;
	}
	commands->publish = publish_new(dataplane_memory(commands->dataplane), ret_error);
	if (!commands->publish)
		return -1;
	commands->grace = grace_new(ret_error);
	if (!commands->grace)
		return -1;
	if (take_over_former(commands, ret_error))
		return -1;
	commands->nexthop = nexthop_new(&options, ret_error);
	return commands->nexthop ? 0 : -1;
}

static void open_handles(struct commands *commands)
{
	uv_check_init(commands->loop, &commands->commit_check);
	uv_idle_init(commands->loop, &commands->commit_idle);
	uv_timer_init(commands->loop, &commands->tick);
	uv_timer_init(commands->loop, &commands->deadline);
	uv_poll_init(commands->loop, &commands->nexthop_poll, nexthop_fd(commands->nexthop));
	commands->commit_check.data = commands;
	commands->tick.data = commands;
	commands->deadline.data = commands;
	commands->nexthop_poll.data = commands;
	uv_timer_start(&commands->tick, on_tick, TICK_MS, TICK_MS);
	uv_poll_start(&commands->nexthop_poll, UV_READABLE, on_netlink);
}

int commands_commit_start(struct commands *commands, struct error *ret_error)
{
	if (open_parts(commands, ret_error) ||
	    commands_follow_desired(commands, commands->desired, ret_error))
		return -1;
	commands->clock_at_start = flows_clock(publish_flows(commands->publish));
	open_handles(commands);
	be_patient(commands, 0, FIRST_PATIENCE_MS);
	want_commit(commands);
	return 0;
}

void commands_commit_stop(struct commands *commands)
{
	struct error error = {0};

	commands->stopping = true;
	error_set(&error, ERROR_BUSY, "caromd is stopping");
	commands_refuse_waiting(commands, &error);
	uv_close((uv_handle_t *)&commands->commit_check, NULL);
	uv_close((uv_handle_t *)&commands->commit_idle, NULL);
	uv_close((uv_handle_t *)&commands->tick, NULL);
	uv_close((uv_handle_t *)&commands->deadline, NULL);
	uv_close((uv_handle_t *)&commands->nexthop_poll, NULL);
}
