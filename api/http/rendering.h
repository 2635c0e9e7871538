/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads that may be large: their responses are made on libuv's pool, so that the event loop has
 * time for others. A few at a time; further ones wait for their turn, and take their view only
 * then. */
#ifndef CAROM_RENDERING_H
#define CAROM_RENDERING_H

#include "route.h"

#include <sys/queue.h>
#include <uv.h>

/* So many leave threads of the pool, and a processor, to what writes need. */
#define RENDERINGS_RUNNING_MAX 2
/* Further ones are refused. */
#define RENDERINGS_WAITING_MAX 256

struct rendering;

STAILQ_HEAD(rendering_queue, rendering);

struct renderings {
	uv_loop_t *loop;
	void (*view_free)(struct view *view);
	struct rendering_queue waiting;
	size_t waiting_count;
	size_t running_count;
	bool is_stopping; /* none is to wait any more */
};

/* Of a read. Part of its request, for as long as it is under way. */
struct rendering {
	struct route_call call;	   /* its context is for the view, and its view for the read */
	struct response *response; /* borrowed */
	/* The response is there: maybe before rendering_start() has returned, maybe later. */
	void (*done)(void *context);
	void *context;

	/* rendering.c's: */
	struct renderings *renderings;
	STAILQ_ENTRY(rendering) link;
	struct view *view; /* owned */
	uv_work_t work;
};

void renderings_init(struct renderings *renderings, uv_loop_t *loop,
		     void (*view_free)(struct view *view));
/* Its call, response, done and context are set. */
void rendering_start(struct renderings *renderings, struct rendering *rendering);

/* Refuses those that wait. Those that run are to be waited for. */
void renderings_stop(struct renderings *renderings);
bool renderings_run(const struct renderings *renderings);

#endif
