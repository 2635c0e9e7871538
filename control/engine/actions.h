/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How each action of a round is carried out. The functions return what happened, or ROUND_NO_EVENT
 * if a job on libuv's pool goes on with it: then its `done` says so.
 */
#ifndef CAROM_ACTIONS_H
#define CAROM_ACTIONS_H

#include "engine_parts.h"

enum round_event actions_plan(struct engine *engine);
enum round_event actions_check(struct engine *engine);
enum round_event actions_store(struct engine *engine);
enum round_event actions_reconcile(struct engine *engine);
enum round_event actions_publish(struct engine *engine);
enum round_event actions_settle(struct engine *engine);
enum round_event actions_pass(struct engine *engine);
enum round_event actions_give_up(struct engine *engine);
enum round_event actions_overrule(struct engine *engine);

struct plan_input actions_plan_input(const struct engine *engine, const struct config *desired);
enum round_event actions_await_room(struct engine *engine);

/* Whether a grace period, or sweeps, will make something reusable. */
bool actions_may_get_room(const struct engine *engine);
/* Sweeps the flow table until what the last commit removed is forgotten. Only after a grace period:
 * before it, packets may still record flows. */
enum round_event actions_sweep_for_room(struct engine *engine);
/* Unless one runs, or no memory is retired. */
void actions_start_grace(struct engine *engine);
void actions_notify(struct engine *engine, enum engine_event event, const struct error *reason);
uint64_t actions_next_revision(struct engine *engine);
void actions_clear_state(struct state *state);

/* What the jobs do on the pool: each a job_run. */
void actions_run_fill(void *engine, struct error *ret_error);
void actions_run_store(void *engine, struct error *ret_error);
void actions_run_grace(void *engine, struct error *ret_error);

#endif
