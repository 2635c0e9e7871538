/* SPDX-License-Identifier: BSD-2-Clause */
#include "waiters.h"

static uint64_t waiters_now_ms(const struct waiters *waiters)
{
	return uv_now(waiters->timer.loop);
}

static bool waiter_has_ended(const struct waiters *waiters, struct waiter *waiter)
{
	return waiter->look(waiter,
			    waiters->is_stopping || waiters_now_ms(waiters) >= waiter->deadline_ms);
}

static void on_due(uv_timer_t *timer);

static void set_timer(struct waiters *waiters)
{
	uint64_t now_ms = waiters_now_ms(waiters), due_ms = UINT64_MAX;
	struct waiter *waiter;

	TAILQ_FOREACH (waiter, &waiters->list, entry)
		if (waiter->deadline_ms < due_ms)
			due_ms = waiter->deadline_ms;
	if (due_ms != UINT64_MAX)
		uv_timer_start(&waiters->timer, on_due, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

/* An end may bring new waiters, so those that have ended are taken out first. */
static void waiters_look(struct waiters *waiters)
{
	struct waiter_list ended = TAILQ_HEAD_INITIALIZER(ended);
	struct waiter *waiter = TAILQ_FIRST(&waiters->list), *next;

	for (; waiter; waiter = next) {
		next = TAILQ_NEXT(waiter, entry);
		if (!waiter_has_ended(waiters, waiter))
			continue;
		TAILQ_REMOVE(&waiters->list, waiter, entry);
		TAILQ_INSERT_TAIL(&ended, waiter, entry);
	}
	while ((waiter = TAILQ_FIRST(&ended))) {
		TAILQ_REMOVE(&ended, waiter, entry);
		waiter->end(waiter);
	}
}

/* A waiter that ended meanwhile costs at most a look too many. */
static void on_due(uv_timer_t *timer)
{
	struct waiters *waiters = timer->data;

	waiters_look(waiters);
	set_timer(waiters);
}

/* An engine_observer's notify. */
static void waiters_notify(void *context, enum engine_event event, const struct error *reason)
{
	(void)reason;
	if (event == ENGINE_PUBLISHED || event == ENGINE_TICKED)
		waiters_look(context);
}

void waiters_init(struct waiters *waiters, struct engine *engine)
{
	waiters->observer.notify = waiters_notify;
	waiters->observer.context = waiters;
	TAILQ_INIT(&waiters->list);
	uv_timer_init(engine_loop(engine), &waiters->timer);
	waiters->timer.data = waiters;
	engine_observe(engine, &waiters->observer);
}

void waiters_add(struct waiters *waiters, struct waiter *waiter)
{
	uint64_t now_ms = waiters_now_ms(waiters);

	if (waiter_has_ended(waiters, waiter)) {
		waiter->end(waiter);
		return;
	}
	TAILQ_INSERT_TAIL(&waiters->list, waiter, entry);
	if (!uv_is_active((uv_handle_t *)&waiters->timer) ||
	    now_ms + uv_timer_get_due_in(&waiters->timer) > waiter->deadline_ms)
		set_timer(waiters);
}

void waiters_stop(struct waiters *waiters)
{
	waiters->is_stopping = true;
	waiters_look(waiters);
}

void waiters_close(struct waiters *waiters)
{
	uv_close((uv_handle_t *)&waiters->timer, NULL);
}
