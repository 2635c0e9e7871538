/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Carries out each action of a round. State: struct engine. Called by engine.c alone, on the event
 * loop's thread; actions_run_… run on libuv's pool.
 */
#include "actions.h"

#include "log.h"
#include "publish.h"

#include <inttypes.h>

/* Of rings, some five milliseconds' worth: more is filled on the pool. */
#define SLOTS_AT_ONCE_MAX (1u << 18)
/* After a round that failed, and left facts unpublished. */
#define RETRY_MS 5000

void actions_notify(struct engine *engine, enum engine_event event, const struct error *reason)
{
	struct engine_observer *observer;

	STAILQ_FOREACH (observer, &engine->observers, entry) {
		observer->notify(observer->context, event, reason);
	}
}

static void set_state(struct state *state, struct config *config, uint64_t revision)
{
	config_ref(config);
	config_unref(state->config);
	*state = (struct state){config, revision};
}

void actions_clear_state(struct state *state)
{
	config_unref(state->config);
	*state = (struct state){0};
}

/* A reader that has seen a revision which was given up must not take another one for it. */
uint64_t actions_next_revision(struct engine *engine)
{
	return ++engine->last_revision;
}

/* ---- grace periods, one at a time ---- */

/* A job_run. */
void actions_run_grace(void *context, struct error *ret_error)
{
	struct engine *engine = context;

	grace_wait(engine->grace, ret_error);
}

void actions_start_grace(struct engine *engine)
{
	struct error error = {0};

	if (engine->grace_period.is_running || engine->round.stage == ROUND_STOPPED ||
	    !publish_is_waiting(engine->publish))
		return;
	engine->grace_epoch = publish_epoch(engine->publish);
	if (job_start(&engine->grace_period, engine->loop, &error))
		log_line(LOG_LEVEL_ERROR, "%s", error.message);
}

bool actions_may_get_room(const struct engine *engine)
{
	return publish_is_waiting(engine->publish) ||
	       flows_sweep_count(publish_flows(engine->publish)) < engine->forgotten_by;
}

enum round_event actions_sweep_for_room(struct engine *engine)
{
	struct flows *flows = publish_flows(engine->publish);
	struct error error = {0};

	while (flows_sweep_count(flows) < engine->forgotten_by) {
		if (flows_sweep(flows, &error)) {
			log_line(LOG_LEVEL_ERROR, "%s", error.message);
			return ROUND_NO_EVENT;
		}
	}
	return ROUND_GRACE_OVER;
}

static void drop_plan(struct engine *engine)
{
	if (!engine->round.plan.image)
		return;
	plan_done(&engine->round.plan);
	engine->facts_changed |= engine->round.took_facts;
}

enum round_event actions_await_room(struct engine *engine)
{
	drop_plan(engine);
	if (!publish_is_waiting(engine->publish))
		return actions_sweep_for_room(engine);
	actions_start_grace(engine);
	return ROUND_NO_EVENT;
}

/* ---- planning ---- */

struct plan_input actions_plan_input(const struct engine *engine, const struct config *desired)
{
	return (struct plan_input){
		.desired = desired,
		.published = engine->published.config,
		.image = publish_image(engine->publish),
		.facts = next_hops_facts(&engine->next_hops),
		.facts_changed = engine->facts_changed,
		.sweep_count = flows_sweep_count(publish_flows(engine->publish)),
	};
}

/* A job_run. */
void actions_run_fill(void *context, struct error *ret_error)
{
	struct engine *engine = context;

	plan_fill(&engine->round.plan, ret_error);
}

static int start_plan(struct engine *engine)
{
	struct round *round = &engine->round;
	struct plan_input input;

	round->failure = (struct error){0};
	if (!round->staged.config) {
		set_state(&round->staged, engine->desired.config, engine->desired.revision);
		ledger_stage(&engine->ledger, round->staged.revision, round->staged.config);
	}
	input = actions_plan_input(engine, round->staged.config);
	input.revision = round->staged.revision;
	if (plan_start(&input, &round->plan, &round->failure))
		return -1;
	round->took_facts = engine->facts_changed;
	engine->facts_changed = false;
	return 0;
}

enum round_event actions_plan(struct engine *engine)
{
	struct round *round = &engine->round;
	struct error error = {0};

	if (start_plan(engine))
		return ROUND_NOT_PLANNED;
	if (round->plan.unfilled_slots > SLOTS_AT_ONCE_MAX &&
	    job_start(&engine->fill, engine->loop, &error) == 0)
		return ROUND_NO_EVENT;
	return plan_fill(&round->plan, &round->failure) ? ROUND_NOT_PLANNED : ROUND_PLANNED;
}

/* ---- checking and storing ---- */

/* What has no room is refused before it is stored, or a stop between the two would leave what no
 * start can publish. */
enum round_event actions_check(struct engine *engine)
{
	struct error *failure = &engine->round.failure;

	*failure = (struct error){0};
	if (publish_check(engine->publish, engine->round.plan.image, PUBLISH_ROOM_NOW, failure) ==
	    0)
		return ROUND_FITS;
	return failure->kind == ERROR_LIMIT ? ROUND_LACKS_ROOM : ROUND_NOT_PUBLISHED;
}

/* A job_run. */
void actions_run_store(void *context, struct error *ret_error)
{
	struct engine *engine = context;

	ledger_write(&engine->ledger, ret_error);
}

enum round_event actions_store(struct engine *engine)
{
	return job_start(&engine->store, engine->loop, &engine->round.failure) ? ROUND_NOT_STORED
									       : ROUND_NO_EVENT;
}

/* ---- publishing ---- */

/* How the desired state differs from what the predecessor had published. */
enum round_event actions_reconcile(struct engine *engine)
{
	const struct image *before = publish_image(engine->publish);
	struct round *round = &engine->round;
	struct image *image = round->plan.image;
	size_t same = 0, changed = 0, removed = 0;

	for (size_t i = 0; i < image->vip_count; i++) {
		const struct image_vip *vip = image_find(before, image->vips[i]->name);

		same += vip == image->vips[i];
		changed += vip && vip != image->vips[i];
	}
	for (size_t i = 0; i < before->vip_count; i++)
		removed += !image_find(image, before->vips[i]->name);
	if (engine->desired.revision == before->revision && (same < image->vip_count || removed)) {
		engine->desired.revision = actions_next_revision(engine);
		round->staged.revision = image->revision = engine->desired.revision;
		ledger_renumber(&engine->ledger, image->revision, round->staged.config);
	}
	log_line(LOG_LEVEL_INFO,
		 "adopted revision %" PRIu64
		 ": %zu vips as they were, %zu changed, %zu new, %zu gone",
		 before->revision, same, changed, image->vip_count - same - changed, removed);
	return ROUND_RECONCILED;
}

enum round_event actions_publish(struct engine *engine)
{
	struct error *failure = &engine->round.failure;

	*failure = (struct error){0};
	if (publish_commit(engine->publish, engine->round.plan.image, failure) == 0) {
		engine->forgotten_by =
			flows_sweep_count(publish_flows(engine->publish)) + IMAGE_SWEEPS_TO_FORGET;
		return ROUND_PUBLISHED;
	}
	return failure->kind == ERROR_LIMIT ? ROUND_LACKS_ROOM : ROUND_NOT_PUBLISHED;
}

enum round_event actions_settle(struct engine *engine)
{
	struct round *round = &engine->round;

	plan_done(&round->plan);
	set_state(&engine->published, round->staged.config, round->staged.revision);
	actions_clear_state(&round->staged);
	next_hops_follow_published(&engine->next_hops, engine->published.config);
	ledger_publish(&engine->ledger, engine->published.revision);
	write_queue_accept(&engine->writes, engine->published.revision);
	actions_notify(engine, ENGINE_PUBLISHED, NULL);
	actions_start_grace(engine);
	return ROUND_TOLD;
}

/* The facts that changed make no difference to packets. */
enum round_event actions_pass(struct engine *engine)
{
	plan_done(&engine->round.plan);
	actions_clear_state(&engine->round.staged);
	return ROUND_TOLD;
}

/* ---- the ways back ---- */

/* Of several writes that came together, whose room is missing is not known: so each may try again,
 * and the one to blame will be alone at some time. */
static void refuse_writes(struct engine *engine, const struct error *error)
{
	struct error reason = *error;

	if (error->kind == ERROR_LIMIT && engine->writes.count > 1) {
		reason.kind = ERROR_BUSY;
		error_prefix(&reason, "one of several writes that came together is refused, and so "
				      "all are: ");
	}
	write_queue_refuse(&engine->writes, &reason, engine->desired.revision);
}

static void log_failure(const struct engine *engine, const struct error *failure)
{
	uint64_t revision = engine->round.staged.revision;

	if (revision == engine->published.revision)
		log_line(LOG_LEVEL_ERROR, "new next hops are not published: %s", failure->message);
	else
		log_line(LOG_LEVEL_ERROR, "revision %" PRIu64 " is not published: %s", revision,
			 failure->message);
}

/* The published state is the truth again; all writes that wait hear why, for they build on it. */
enum round_event actions_give_up(struct engine *engine)
{
	struct round *round = &engine->round;
	struct error failure = round->failure;

	drop_plan(engine);
	engine->retry_ms = uv_now(engine->loop) + RETRY_MS;
	if (engine->published.config) {
		log_failure(engine, &failure);
		ledger_forget_unpublished(&engine->ledger);
		set_state(&engine->desired, engine->published.config, engine->published.revision);
		next_hops_follow_desired(&engine->next_hops, engine->desired.config, NULL);
		refuse_writes(engine, &failure);
	}
	actions_clear_state(&round->staged);
	actions_notify(engine, ENGINE_GIVEN_UP, &failure);
	return ROUND_TOLD;
}

/* A revision that is stored already is overruled by a newer one that says what is published. */
enum round_event actions_overrule(struct engine *engine)
{
	actions_give_up(engine);
	if (engine->ledger.store && engine->published.config) {
		ledger_overrule(&engine->ledger);
		engine->desired.revision = actions_next_revision(engine);
	}
	return ROUND_TOLD;
}
