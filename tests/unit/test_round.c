/* SPDX-License-Identifier: BSD-2-Clause */
/* The transitions of a round: each as a row, and what no sequence of events may lead to. */
#include "round.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Everything is as in a round that has nothing to wait for. */
#define SMOOTH                                                                                     \
	{                                                                                          \
		.is_stored = true, .has_idle_generation = true, .is_reconciled = true              \
	}

struct row {
	enum round_stage before;
	enum round_event event;
	struct round_conditions conditions;
	enum round_stage after;
	enum round_action action;
};

#define UNSTORED                                                                                   \
	{                                                                                          \
		.has_idle_generation = true, .is_reconciled = true                                 \
	}
#define BUSY                                                                                       \
	{                                                                                          \
		.is_stored = true, .is_reconciled = true, .may_get_room = true                     \
	}
#define RETIRED                                                                                    \
	{                                                                                          \
		.is_stored = true, .has_idle_generation = true, .is_reconciled = true,             \
		.may_get_room = true                                                               \
	}
#define UNSTORED_RETIRED                                                                           \
	{                                                                                          \
		.has_idle_generation = true, .is_reconciled = true, .may_get_room = true           \
	}

static const struct row rows[] = {
	/* The straight way. */
	{ROUND_IDLE, ROUND_WANTED, SMOOTH, ROUND_GATHERING, ROUND_GATHER},
	{ROUND_GATHERING, ROUND_WANTED, SMOOTH, ROUND_GATHERING, ROUND_GATHER},
	{ROUND_GATHERING, ROUND_GATHERED, SMOOTH, ROUND_PLANNING, ROUND_PLAN},
	{ROUND_PLANNING, ROUND_PLANNED, UNSTORED, ROUND_CHECKING, ROUND_CHECK},
	{ROUND_CHECKING, ROUND_FITS, UNSTORED, ROUND_STORING, ROUND_STORE},
	{ROUND_STORING, ROUND_STORED, SMOOTH, ROUND_PUBLISHING, ROUND_PUBLISH},
	{ROUND_PUBLISHING, ROUND_PUBLISHED, SMOOTH, ROUND_TELLING, ROUND_SETTLE},
	{ROUND_TELLING, ROUND_TOLD, SMOOTH, ROUND_IDLE, ROUND_REST},
	{ROUND_TELLING, ROUND_TOLD, {.has_more = true}, ROUND_GATHERING, ROUND_GATHER},
	/* Facts alone have changed. */
	{ROUND_PLANNING, ROUND_PLANNED, SMOOTH, ROUND_PUBLISHING, ROUND_PUBLISH},
	{ROUND_PLANNING,
	 ROUND_PLANNED,
	 {.is_stored = true, .is_unchanged = true},
	 ROUND_TELLING,
	 ROUND_PASS},
	/* What is published is stored afterwards, as at the start. */
	{ROUND_PLANNING, ROUND_PLANNED, {.is_unchanged = true}, ROUND_CHECKING, ROUND_CHECK},
	{ROUND_STORING,
	 ROUND_STORED,
	 {.is_stored = true, .is_unchanged = true},
	 ROUND_TELLING,
	 ROUND_PASS},
	/* A predecessor has published something. */
	{ROUND_PLANNING,
	 ROUND_PLANNED,
	 {.is_stored = true, .has_idle_generation = true},
	 ROUND_RECONCILING,
	 ROUND_RECONCILE},
	{ROUND_RECONCILING, ROUND_RECONCILED, SMOOTH, ROUND_PUBLISHING, ROUND_PUBLISH},
	/* Waiting for grace periods. */
	{ROUND_PLANNING, ROUND_PLANNED, BUSY, ROUND_AWAITING_GENERATION, ROUND_AWAIT_GRACE},
	{ROUND_STORING, ROUND_STORED, BUSY, ROUND_AWAITING_GENERATION, ROUND_AWAIT_GRACE},
	{ROUND_AWAITING_GENERATION, ROUND_WANTED, BUSY, ROUND_AWAITING_GENERATION, ROUND_REST},
	{ROUND_AWAITING_GENERATION, ROUND_GRACE_OVER, BUSY, ROUND_AWAITING_GENERATION,
	 ROUND_AWAIT_GRACE},
	{ROUND_AWAITING_GENERATION, ROUND_GRACE_OVER, SMOOTH, ROUND_PUBLISHING, ROUND_PUBLISH},
	/* Another plan for what has no room now. */
	{ROUND_CHECKING, ROUND_LACKS_ROOM, UNSTORED_RETIRED, ROUND_AWAITING_ROOM, ROUND_AWAIT_ROOM},
	{ROUND_PUBLISHING, ROUND_LACKS_ROOM, RETIRED, ROUND_AWAITING_ROOM, ROUND_AWAIT_ROOM},
	{ROUND_AWAITING_ROOM, ROUND_GRACE_OVER, SMOOTH, ROUND_PLANNING, ROUND_PLAN},
	{ROUND_AWAITING_ROOM, ROUND_WANTED, SMOOTH, ROUND_AWAITING_ROOM, ROUND_REST},
	/* The ways back. */
	{ROUND_PLANNING, ROUND_NOT_PLANNED, UNSTORED, ROUND_TELLING, ROUND_GIVE_UP},
	{ROUND_PLANNING, ROUND_NOT_PLANNED, SMOOTH, ROUND_TELLING, ROUND_OVERRULE},
	{ROUND_CHECKING, ROUND_LACKS_ROOM, UNSTORED, ROUND_TELLING, ROUND_GIVE_UP},
	{ROUND_CHECKING, ROUND_NOT_PUBLISHED, UNSTORED_RETIRED, ROUND_TELLING, ROUND_GIVE_UP},
	{ROUND_STORING, ROUND_NOT_STORED, UNSTORED, ROUND_TELLING, ROUND_GIVE_UP},
	{ROUND_PUBLISHING, ROUND_LACKS_ROOM, SMOOTH, ROUND_TELLING, ROUND_OVERRULE},
	{ROUND_PUBLISHING, ROUND_NOT_PUBLISHED, RETIRED, ROUND_TELLING, ROUND_OVERRULE},
	/* Nothing is begun while something is on its way. */
	{ROUND_PLANNING, ROUND_WANTED, SMOOTH, ROUND_PLANNING, ROUND_REST},
	{ROUND_STORING, ROUND_WANTED, SMOOTH, ROUND_STORING, ROUND_REST},
	{ROUND_STORING, ROUND_GRACE_OVER, SMOOTH, ROUND_STORING, ROUND_REST},
	{ROUND_TELLING, ROUND_WANTED, SMOOTH, ROUND_TELLING, ROUND_REST},
	{ROUND_IDLE, ROUND_GRACE_OVER, SMOOTH, ROUND_IDLE, ROUND_REST},
	/* After the stop, jobs may still be done. */
	{ROUND_STORING, ROUND_STOP, SMOOTH, ROUND_STOPPED, ROUND_REST},
	{ROUND_STOPPED, ROUND_STORED, SMOOTH, ROUND_STOPPED, ROUND_REST},
	{ROUND_STOPPED, ROUND_WANTED, SMOOTH, ROUND_STOPPED, ROUND_REST},
};

static void each_event_leads_where_its_row_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct round_step step = round_step(row->before, row->event, &row->conditions);

		if (step.stage != row->after || step.action != row->action)
			fail_msg("%s, event %d: expected %s and action %d, came to %s and %d",
				 round_stage_name(row->before), row->event,
				 round_stage_name(row->after), row->action,
				 round_stage_name(step.stage), step.action);
	}
}

/* ---- any sequence ---- */

#define STEPS 200000

static uint32_t next_random(uint32_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 17;
	*random ^= *random << 5;
	return *random;
}

static bool flip(uint32_t *random)
{
	return next_random(random) & 0x10000;
}

/* What an engine may report after an action. */
static enum round_event answer_to(enum round_action action, uint32_t *random)
{
	uint32_t choice = next_random(random) >> 16;

	switch (action) {
	case ROUND_REST: return ROUND_WANTED;
	case ROUND_GATHER: return ROUND_GATHERED;
	case ROUND_PLAN: return choice % 4 ? ROUND_PLANNED : ROUND_NOT_PLANNED;
	case ROUND_CHECK:
		return choice % 3 ? ROUND_FITS
				  : (choice % 2 ? ROUND_LACKS_ROOM : ROUND_NOT_PUBLISHED);
	case ROUND_STORE: return choice % 4 ? ROUND_STORED : ROUND_NOT_STORED;
	case ROUND_AWAIT_GRACE:
	case ROUND_AWAIT_ROOM: return ROUND_GRACE_OVER;
	case ROUND_RECONCILE: return ROUND_RECONCILED;
	case ROUND_PUBLISH:
		return choice % 3 ? ROUND_PUBLISHED
				  : (choice % 2 ? ROUND_LACKS_ROOM : ROUND_NOT_PUBLISHED);
	case ROUND_SETTLE:
	case ROUND_PASS:
	case ROUND_GIVE_UP:
	case ROUND_OVERRULE: break;
	}
	return ROUND_TOLD;
}

static struct round_conditions any_conditions(bool is_stored, uint32_t *random)
{
	return (struct round_conditions){
		.is_stored = is_stored,
		.is_unchanged = flip(random),
		.has_idle_generation = flip(random),
		.may_get_room = flip(random),
		.is_reconciled = flip(random),
		.has_more = flip(random),
	};
}

/* What is written to disk is published or overruled; what is not, is neither. */
static void a_round_publishes_what_is_stored_and_comes_to_an_end(void **state)
{
	enum round_stage stage = ROUND_IDLE;
	enum round_event event = ROUND_WANTED;
	uint32_t random = 2463534242u, steps_of_round = 0;
	bool is_stored = false;

	(void)state;
	for (int i = 0; i < STEPS; i++) {
		struct round_conditions conditions = any_conditions(is_stored, &random);
		struct round_step step = round_step(stage, event, &conditions);

		if (step.action == ROUND_PUBLISH || step.action == ROUND_OVERRULE)
			assert_true(is_stored);
		if (step.action == ROUND_STORE)
			assert_false(is_stored);
		if (step.action == ROUND_PUBLISH || step.action == ROUND_CHECK ||
		    step.action == ROUND_STORE || step.action == ROUND_AWAIT_GRACE)
			assert_true(round_holds_plan(step.stage));
		stage = step.stage;
		event = answer_to(step.action, &random);
		steps_of_round = stage == ROUND_GATHERING ? 0 : steps_of_round + 1;
		assert_in_range(steps_of_round, 0, 500);
		is_stored |= event == ROUND_STORED;
		if (stage == ROUND_GATHERING)
			is_stored = flip(&random);
	}
}

/* An event that was not asked for (a late job, a write that comes in between) is no way around. */
static void an_event_out_of_turn_changes_nothing_but_a_round_at_rest(void **state)
{
	static const enum round_event late[] = {ROUND_WANTED, ROUND_GRACE_OVER};
	uint32_t random = 88172645u;

	(void)state;
	for (int stage = 0; stage < ROUND_STAGE_COUNT; stage++)
		for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++) {
			struct round_conditions conditions = any_conditions(flip(&random), &random);
			bool is_awaited =
				late[i] == ROUND_GRACE_OVER && (stage == ROUND_AWAITING_ROOM ||
								stage == ROUND_AWAITING_GENERATION);
			struct round_step step =
				round_step((enum round_stage)stage, late[i], &conditions);

			if (stage == ROUND_IDLE || stage == ROUND_GATHERING || is_awaited)
				continue;
			assert_int_equal(step.stage, stage);
			assert_int_equal(step.action, ROUND_REST);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_leads_where_its_row_says),
		cmocka_unit_test(a_round_publishes_what_is_stored_and_comes_to_an_end),
		cmocka_unit_test(an_event_out_of_turn_changes_nothing_but_a_round_at_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
