/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drives rounds. round.h decides what follows what; here stands how each action is done, and what
 * the decision looks at.
 *
 * Jobs on libuv's pool: a plan with much to fill, a write to disk, a grace period, at most one of
 * each. They read what the round holds, which nothing changes meanwhile.
 */
#include "engine.h"

#include "actions.h"
#include "engine_parts.h"
#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TICK_MS 500
/* All writes that wait, the first state, and one that came back. */
#define PENDING_MAX (WRITE_QUEUE_MAX + 2)

void engine_observe(struct engine *engine, struct engine_observer *observer)
{
	STAILQ_INSERT_TAIL(&engine->observers, observer, entry);
}

/* ---- grace periods, one at a time ---- */

static void engine_drive(struct engine *engine, enum round_event event);

/* A job_done. */
static void on_grace_over(void *context, const struct error *error)
{
	struct engine *engine = context;

	if (error) {
		/* The next tick starts another one. */
		log_line(LOG_LEVEL_ERROR, "%s; retired memory is kept", error->message);
		return;
	}
	publish_reclaim(engine->publish, engine->grace_epoch);
	engine_drive(engine, engine->round.stage == ROUND_AWAITING_ROOM
				     ? actions_sweep_for_room(engine)
				     : ROUND_GRACE_OVER);
}

/* ---- gathering ---- */

static void on_gather(uv_check_t *check)
{
	struct engine *engine = check->data;

	uv_idle_stop(&engine->gather_idle);
	uv_check_stop(&engine->gather);
	if (engine->round.stage == ROUND_GATHERING && next_hops_are_settled(&engine->next_hops))
		engine_drive(engine, ROUND_GATHERED);
}

static void on_gather_idle(uv_idle_t *idle)
{
	(void)idle;
}

static void gather(struct engine *engine)
{
	uv_idle_start(&engine->gather_idle, on_gather_idle);
	uv_check_start(&engine->gather, on_gather);
}

/* A next_hops_notify. */
static void on_facts_changed(void *context)
{
	struct engine *engine = context;

	engine->facts_changed = true;
	actions_notify(engine, ENGINE_FACTS_CHANGED, NULL);
	engine_drive(engine, ROUND_WANTED);
}

/* A next_hops_notify. What has been looked up by now gets a moment to answer, too. */
static void on_looked_up(void *context)
{
	struct engine *engine = context;

	if (engine->round.stage != ROUND_GATHERING)
		return;
	next_hops_stay_patient(&engine->next_hops);
	gather(engine);
}

/* A next_hops_notify. */
static void on_patience_over(void *context)
{
	struct engine *engine = context;

	if (engine->round.stage == ROUND_GATHERING)
		gather(engine);
}

/* A job_done. */
static void on_filled(void *context, const struct error *error)
{
	struct engine *engine = context;

	if (error)
		engine->round.failure = *error;
	engine_drive(engine, error ? ROUND_NOT_PLANNED : ROUND_PLANNED);
}

/* A job_done. */
static void on_stored(void *context, const struct error *error)
{
	struct engine *engine = context;

	ledger_note_written(&engine->ledger, error);
	if (error)
		engine->round.failure = *error;
	engine_drive(engine, error ? ROUND_NOT_STORED : ROUND_STORED);
}

/* ---- driving ---- */

/* What made a round fail is there still: only a newer state is worth another one at once. */
static bool engine_has_more(const struct engine *engine)
{
	if (!engine->published.config)
		return false;
	if (engine->desired.revision != engine->published.revision)
		return true;
	return !engine->round.failure.kind &&
	       (engine->facts_changed ||
		!ledger_has_stored(&engine->ledger, engine->published.revision));
}

/* Whether the plan is what is published already: then it shares all of its VIPs. */
static bool plan_is_unchanged(const struct engine *engine)
{
	const struct image *plan = engine->round.plan.image;
	const struct image *image = publish_image(engine->publish);

	return plan && engine->published.config && plan->revision == image->revision &&
	       plan->vip_count == image->vip_count &&
	       memcmp(plan->vips, image->vips, plan->vip_count * sizeof(plan->vips[0])) == 0;
}

static struct round_conditions engine_conditions(const struct engine *engine)
{
	bool is_first = !engine->published.config;

	return (struct round_conditions){
		/* What is in force at the start is published first: a full disk must not keep
		 * caromd down. */
		.is_stored = is_first ||
			     ledger_has_stored(&engine->ledger, engine->round.staged.revision),
		.is_unchanged = plan_is_unchanged(engine),
		.has_idle_generation = publish_is_ready(engine->publish),
		.may_get_room = actions_may_get_room(engine),
		.is_reconciled = !is_first || !publish_image(engine->publish),
		.has_more = engine_has_more(engine),
	};
}

/* Returns the event that it brought about, unless that is for a job or a handle to tell. */
static enum round_event engine_do(struct engine *engine, enum round_action action)
{
	switch (action) {
	case ROUND_REST: break;
	case ROUND_GATHER: gather(engine); break;
	case ROUND_PLAN: return actions_plan(engine);
	case ROUND_CHECK: return actions_check(engine);
	case ROUND_STORE: return actions_store(engine);
	case ROUND_AWAIT_GRACE: actions_start_grace(engine); break;
	case ROUND_AWAIT_ROOM: return actions_await_room(engine);
	case ROUND_RECONCILE: return actions_reconcile(engine);
	case ROUND_PUBLISH: return actions_publish(engine);
	case ROUND_SETTLE: return actions_settle(engine);
	case ROUND_PASS: return actions_pass(engine);
	case ROUND_GIVE_UP: return actions_give_up(engine);
	case ROUND_OVERRULE: return actions_overrule(engine);
	}
	return ROUND_NO_EVENT;
}

static void sweep(struct engine *engine)
{
	struct error error = {0};

	if (!engine->is_sweep_due || round_holds_plan(engine->round.stage))
		return;
	engine->is_sweep_due = false;
	if (flows_sweep(publish_flows(engine->publish), &error))
		log_line(LOG_LEVEL_ERROR, "%s", error.message);
}

static void engine_drive(struct engine *engine, enum round_event event)
{
	while (event != ROUND_NO_EVENT) {
		struct round_conditions conditions = engine_conditions(engine);
		struct round_step step = round_step(engine->round.stage, event, &conditions);

		engine->round.stage = step.stage;
		event = engine_do(engine, step.action);
	}
	sweep(engine);
}

/* The clock goes on whatever a round does. */
static void tick_clock(struct engine *engine)
{
	uint32_t now_s = flow_clock_advance(&engine->clock, uv_now(engine->loop));

	if (now_s == flows_clock(publish_flows(engine->publish)))
		return;
	flows_set_clock(publish_flows(engine->publish), now_s);
	engine->is_sweep_due = true;
	sweep(engine);
}

static void on_tick(uv_timer_t *timer)
{
	struct engine *engine = timer->data;

	next_hops_tick(&engine->next_hops);
	tick_clock(engine);
	actions_notify(engine, ENGINE_TICKED, NULL);
	actions_start_grace(engine);
	if (engine->round.stage == ROUND_AWAITING_ROOM && !publish_is_waiting(engine->publish))
		engine_drive(engine, actions_sweep_for_room(engine));
	if (engine->facts_changed && uv_now(engine->loop) >= engine->retry_ms)
		engine_drive(engine, ROUND_WANTED);
}

/* ---- the door ---- */

int engine_check_busy(const struct engine *engine, struct error *ret_error)
{
	if (engine->round.stage == ROUND_STOPPED)
		return error_set(ret_error, ERROR_BUSY, "caromd is stopping");
	if (engine->writes.count == WRITE_QUEUE_MAX)
		return error_set(ret_error, ERROR_BUSY,
				 "%d writes are already waiting for the data plane",
				 WRITE_QUEUE_MAX);
	return 0;
}

/* Takes ownership of desired, unless it fails. */
static int change_desired(struct engine *engine, struct config *desired, const char *author,
			  struct error *ret_error)
{
	size_t unresolved = next_hops_unresolved(&engine->next_hops);

	if (next_hops_follow_desired(&engine->next_hops, desired, ret_error))
		return -1;
	if (next_hops_unresolved(&engine->next_hops) > unresolved)
		next_hops_be_patient(&engine->next_hops, unresolved, NEXT_HOPS_PATIENCE_MS);
	config_unref(engine->desired.config);
	engine->desired = (struct state){desired, actions_next_revision(engine)};
	ledger_note(&engine->ledger, engine->desired.revision, desired, author);
	return 0;
}

void engine_apply(struct engine *engine, const struct engine_write *order)
{
	struct queued_write write = {.done = order->done, .context = order->context};
	struct error error = {0};

	write.changed = !config_objects_equal(engine->desired.config, order->desired);
	if (engine_check_busy(engine, &error) ||
	    (write.changed && change_desired(engine, order->desired, order->author, &error))) {
		config_unref(order->desired);
		queued_write_refuse(&write, &error, engine->desired.revision);
		return;
	}
	write.revision = engine->desired.revision;
	write_queue_add(&engine->writes, &write);
	if (write.changed) {
		engine_drive(engine, ROUND_WANTED);
		return;
	}
	config_unref(order->desired);
	write_queue_accept(&engine->writes, engine->published.revision);
}

int engine_set_attachments(struct engine *engine, const struct attachment *attachments,
			   size_t count, struct error *ret_error)
{
	struct attachment *copy = calloc(count, sizeof(copy[0]));

	if (!copy)
		return error_set_errno(ret_error, ENOMEM, "attachments");
	memcpy(copy, attachments, count * sizeof(copy[0]));
	free(engine->attachments);
	engine->attachments = copy;
	engine->attachment_count = count;
	predecessor_forget(&engine->predecessor, engine->publish);
	return 0;
}

/* ---- beginning and end ---- */

static int adopt(struct engine *engine, struct error *ret_error)
{
	const struct revision *newest = revisions_newest(engine->ledger.history);
	const struct image *image;

	if (predecessor_adopt(&engine->predecessor, engine->publish, engine->grace, ret_error))
		return -1;
	image = publish_image(engine->publish);
	engine->desired.revision = newest ? newest->number : 1;
	if (image && image->revision > engine->desired.revision)
		engine->desired.revision = image->revision;
	engine->last_revision = engine->desired.revision;
	return 0;
}

static int open_parts(struct engine *engine, const struct engine_options *options,
		      struct error *ret_error)
{
	struct next_hops_options next_hops = {
		.loop = engine->loop,
		.node = &engine->desired.config->node,
		.changed = on_facts_changed,
		.looked_up = on_looked_up,
		.patience_over = on_patience_over,
		.context = engine,
	};

	if (ledger_init(&engine->ledger, options->history, options->store, PENDING_MAX, ret_error))
		return -1;
	engine->publish = publish_new(dataplane_memory(options->dataplane), ret_error);
	engine->grace = engine->publish ? grace_new(ret_error) : NULL;
	if (!engine->grace || adopt(engine, ret_error) ||
	    next_hops_open(&engine->next_hops, &next_hops, ret_error))
		return -1;
	return next_hops_follow_desired(&engine->next_hops, engine->desired.config, ret_error);
}

static void open_handles(struct engine *engine)
{
	uv_check_init(engine->loop, &engine->gather);
	uv_idle_init(engine->loop, &engine->gather_idle);
	uv_timer_init(engine->loop, &engine->tick);
	engine->gather.data = engine;
	engine->tick.data = engine;
	uv_timer_start(&engine->tick, on_tick, TICK_MS, TICK_MS);
	next_hops_start(&engine->next_hops);
}

struct engine *engine_new(const struct engine_options *options, struct error *ret_error)
{
	struct engine *engine = calloc(1, sizeof(*engine));

	if (!engine) {
		error_set_errno(ret_error, ENOMEM, "engine");
		return NULL;
	}
	engine->loop = options->loop;
	engine->predecessor.dataplane = options->dataplane;
	engine->desired.config = config_ref(options->config);
	engine->started_ms = uv_now(options->loop);
	engine->fill = (struct job){.run = actions_run_fill, .done = on_filled, .context = engine};
	engine->store =
		(struct job){.run = actions_run_store, .done = on_stored, .context = engine};
	engine->grace_period =
		(struct job){.run = actions_run_grace, .done = on_grace_over, .context = engine};
	STAILQ_INIT(&engine->observers);
	if (open_parts(engine, options, ret_error)) {
		engine_free(engine);
		return NULL;
	}
	flow_clock_init(&engine->clock, flows_clock(publish_flows(engine->publish)),
			engine->started_ms);
	open_handles(engine);
	next_hops_be_patient(&engine->next_hops, 0, NEXT_HOPS_FIRST_PATIENCE_MS);
	engine_drive(engine, ROUND_WANTED);
	return engine;
}

void engine_stop(struct engine *engine)
{
	struct error error = {0};

	engine_drive(engine, ROUND_STOP);
	error_set(&error, ERROR_BUSY, "caromd is stopping");
	write_queue_refuse(&engine->writes, &error, engine->desired.revision);
	next_hops_stop(&engine->next_hops);
	uv_close((uv_handle_t *)&engine->gather, NULL);
	uv_close((uv_handle_t *)&engine->gather_idle, NULL);
	uv_close((uv_handle_t *)&engine->tick, NULL);
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	plan_done(&engine->round.plan);
	next_hops_free(&engine->next_hops);
	predecessor_free(&engine->predecessor);
	grace_free(engine->grace);
	publish_free(engine->publish);
	ledger_done(&engine->ledger);
	actions_clear_state(&engine->round.staged);
	actions_clear_state(&engine->published);
	actions_clear_state(&engine->desired);
	free(engine->attachments);
	free(engine);
}

/* ---- reads ---- */

struct plan_input engine_plan_input(const struct engine *engine, const struct config *desired)
{
	return actions_plan_input(engine, desired);
}

struct config *engine_desired(const struct engine *engine)
{
	return engine->desired.config;
}

uint64_t engine_desired_revision(const struct engine *engine)
{
	return engine->desired.revision;
}

struct config *engine_published(const struct engine *engine)
{
	return engine->published.config;
}

uint64_t engine_published_revision(const struct engine *engine)
{
	return engine->published.revision;
}

static const struct state *shown(const struct engine *engine)
{
	return engine->published.config ? &engine->published : &engine->desired;
}

struct config *engine_shown(const struct engine *engine)
{
	return shown(engine)->config;
}

uint64_t engine_shown_revision(const struct engine *engine)
{
	return shown(engine)->revision;
}

bool engine_is_ready(const struct engine *engine, struct error *ret_error)
{
	size_t wanted = engine->desired.config->node.interface_count;

	if (!engine->published.config)
		return error_set(ret_error, ERROR_BUSY, "no generation is published yet") == 0;
	if (engine->attachment_count < wanted)
		return error_set(ret_error, ERROR_BUSY,
				 "the program is attached to %zu of %zu interfaces",
				 engine->attachment_count, wanted) == 0;
	return true;
}

uv_loop_t *engine_loop(const struct engine *engine)
{
	return engine->loop;
}

uint64_t engine_uptime_ms(const struct engine *engine)
{
	return uv_now(engine->loop) - engine->started_ms;
}

const struct adoption *engine_adoption(const struct engine *engine)
{
	return dataplane_adoption(engine->predecessor.dataplane);
}

uint64_t engine_foreign_writes(const struct engine *engine)
{
	return dataplane_memory(engine->predecessor.dataplane)->page->foreign_count;
}

const struct publish *engine_publish(const struct engine *engine)
{
	return engine->publish;
}

const struct ledger *engine_ledger(const struct engine *engine)
{
	return &engine->ledger;
}

struct facts engine_facts(const struct engine *engine)
{
	return next_hops_facts(&engine->next_hops);
}

struct engine_attachments engine_attachments(const struct engine *engine)
{
	return (struct engine_attachments){engine->attachments, engine->attachment_count};
}
