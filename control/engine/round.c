/* SPDX-License-Identifier: BSD-2-Clause */
/* Every transition of a round: one function a stage, which says what each event does there. */
#include "round.h"

static struct round_step step_to(enum round_stage stage, enum round_action action)
{
	return (struct round_step){stage, action};
}

/* The plan has room, or had when it was stored. */
static struct round_step step_to_publishing(const struct round_conditions *conditions)
{
	if (!conditions->has_idle_generation)
		return step_to(ROUND_AWAITING_GENERATION, ROUND_AWAIT_GRACE);
	if (!conditions->is_reconciled)
		return step_to(ROUND_RECONCILING, ROUND_RECONCILE);
	return step_to(ROUND_PUBLISHING, ROUND_PUBLISH);
}

static struct round_step step_with_plan(const struct round_conditions *conditions)
{
	if (!conditions->is_stored)
		return step_to(ROUND_CHECKING, ROUND_CHECK);
	if (conditions->is_unchanged)
		return step_to(ROUND_TELLING, ROUND_PASS);
	return step_to_publishing(conditions);
}

/* What is on disk must not come back at the next start. */
static struct round_step step_to_failure(const struct round_conditions *conditions)
{
	return step_to(ROUND_TELLING, conditions->is_stored ? ROUND_OVERRULE : ROUND_GIVE_UP);
}

static struct round_step step_idle(enum round_event event)
{
	if (event == ROUND_WANTED)
		return step_to(ROUND_GATHERING, ROUND_GATHER);
	return step_to(ROUND_IDLE, ROUND_REST);
}

static struct round_step step_gathering(enum round_event event)
{
	if (event == ROUND_GATHERED)
		return step_to(ROUND_PLANNING, ROUND_PLAN);
	return step_to(ROUND_GATHERING, event == ROUND_WANTED ? ROUND_GATHER : ROUND_REST);
}

static struct round_step step_planning(enum round_event event,
				       const struct round_conditions *conditions)
{
	if (event == ROUND_PLANNED)
		return step_with_plan(conditions);
	if (event == ROUND_NOT_PLANNED)
		return step_to_failure(conditions);
	return step_to(ROUND_PLANNING, ROUND_REST);
}

static struct round_step step_checking(enum round_event event,
				       const struct round_conditions *conditions)
{
	if (event == ROUND_FITS)
		return step_to(ROUND_STORING, ROUND_STORE);
	if (event == ROUND_LACKS_ROOM && conditions->may_get_room)
		return step_to(ROUND_AWAITING_ROOM, ROUND_AWAIT_ROOM);
	if (event == ROUND_LACKS_ROOM || event == ROUND_NOT_PUBLISHED)
		return step_to(ROUND_TELLING, ROUND_GIVE_UP);
	return step_to(ROUND_CHECKING, ROUND_REST);
}

static struct round_step step_storing(enum round_event event,
				      const struct round_conditions *conditions)
{
	if (event == ROUND_STORED)
		return step_with_plan(conditions);
	if (event == ROUND_NOT_STORED)
		return step_to(ROUND_TELLING, ROUND_GIVE_UP);
	return step_to(ROUND_STORING, ROUND_REST);
}

static struct round_step step_publishing(enum round_event event,
					 const struct round_conditions *conditions)
{
	if (event == ROUND_PUBLISHED)
		return step_to(ROUND_TELLING, ROUND_SETTLE);
	if (event == ROUND_LACKS_ROOM && conditions->may_get_room)
		return step_to(ROUND_AWAITING_ROOM, ROUND_AWAIT_ROOM);
	if (event == ROUND_LACKS_ROOM || event == ROUND_NOT_PUBLISHED)
		return step_to_failure(conditions);
	return step_to(ROUND_PUBLISHING, ROUND_REST);
}

static struct round_step step_telling(enum round_event event,
				      const struct round_conditions *conditions)
{
	if (event != ROUND_TOLD)
		return step_to(ROUND_TELLING, ROUND_REST);
	if (conditions->has_more)
		return step_to(ROUND_GATHERING, ROUND_GATHER);
	return step_to(ROUND_IDLE, ROUND_REST);
}

struct round_step round_step(enum round_stage stage, enum round_event event,
			     const struct round_conditions *conditions)
{
	if (event == ROUND_STOP)
		return step_to(ROUND_STOPPED, ROUND_REST);
	switch (stage) {
	case ROUND_IDLE: return step_idle(event);
	case ROUND_GATHERING: return step_gathering(event);
	case ROUND_PLANNING: return step_planning(event, conditions);
	case ROUND_CHECKING: return step_checking(event, conditions);
	case ROUND_STORING: return step_storing(event, conditions);
	case ROUND_PUBLISHING: return step_publishing(event, conditions);
	case ROUND_TELLING: return step_telling(event, conditions);
	case ROUND_AWAITING_GENERATION:
		if (event == ROUND_GRACE_OVER)
			return step_with_plan(conditions);
		break;
	case ROUND_AWAITING_ROOM:
		if (event == ROUND_GRACE_OVER)
			return step_to(ROUND_PLANNING, ROUND_PLAN);
		break;
	case ROUND_RECONCILING:
		if (event == ROUND_RECONCILED)
			return step_to(ROUND_PUBLISHING, ROUND_PUBLISH);
		break;
	case ROUND_STOPPED:
	case ROUND_STAGE_COUNT: break;
	}
	return step_to(stage, ROUND_REST);
}

bool round_holds_plan(enum round_stage stage)
{
	switch (stage) {
	case ROUND_IDLE:
	case ROUND_GATHERING:
	case ROUND_AWAITING_ROOM:
	case ROUND_TELLING:
	case ROUND_STOPPED:
	case ROUND_STAGE_COUNT: return false;
	case ROUND_PLANNING:
	case ROUND_CHECKING:
	case ROUND_STORING:
	case ROUND_AWAITING_GENERATION:
	case ROUND_RECONCILING:
	case ROUND_PUBLISHING: break;
	}
	return true;
}

const char *round_stage_name(enum round_stage stage)
{
	static const char *const names[ROUND_STAGE_COUNT] = {
		[ROUND_IDLE] = "idle",
		[ROUND_GATHERING] = "gathering",
		[ROUND_PLANNING] = "planning",
		[ROUND_CHECKING] = "checking",
		[ROUND_AWAITING_ROOM] = "awaiting room",
		[ROUND_STORING] = "storing",
		[ROUND_AWAITING_GENERATION] = "awaiting a generation",
		[ROUND_RECONCILING] = "reconciling",
		[ROUND_PUBLISHING] = "publishing",
		[ROUND_TELLING] = "telling",
		[ROUND_STOPPED] = "stopped",
	};

	return names[stage];
}
