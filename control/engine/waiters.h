/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever waits for something: drains, long polls. Each is looked at after a publication, at each
 * tick, and when its time is over; when the engine stops, all of them end.
 *
 * One timer serves all of them, set to the earliest deadline. On the event loop's thread.
 */
#ifndef CAROM_WAITERS_H
#define CAROM_WAITERS_H

#include "engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <uv.h>

/* Embedded in what waits, which is its owner's. */
struct waiter {
	uint64_t deadline_ms; /* on the loop's clock */
	/* Looks whether it has ended; must say so once is_last: the time is over, or the engine
	 * stops. */
	bool (*look)(struct waiter *waiter, bool is_last);
	/* It has ended, and is on no list any more. May add others. */
	void (*end)(struct waiter *waiter);
	TAILQ_ENTRY(waiter) entry; /* waiters.c's */
};

struct waiters {
	TAILQ_HEAD(waiter_list, waiter) list;
	struct engine_observer observer;
	uv_timer_t timer;
	bool is_stopping;
};

void waiters_init(struct waiters *waiters, struct engine *engine);
/* Looks at it at once, so that it may have ended when this returns. */
void waiters_add(struct waiters *waiters, struct waiter *waiter);
/* Ends all; those added later end at once. */
void waiters_stop(struct waiters *waiters);
void waiters_close(struct waiters *waiters); /* its handle */

#endif
