/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads that may be large: their answers are made on libuv's pool, so that the event loop has time
 * for others. A few at a time; further ones wait for their turn, and take their view only then. */
#ifndef CAROM_RENDERING_H
#define CAROM_RENDERING_H

#include "route.h"

#include <uv.h>

/* So many leave threads of the pool, and a processor, to what writes need. */
#define RENDERINGS_RUNNING_MAX 2
/* Further ones are refused. */
#define RENDERINGS_WAITING_MAX 256

struct rendering;

struct renderings {
	uv_loop_t *loop;
	struct rendering *first, *last; /* of those that wait */
	size_t waiting_count;
	size_t running_count;
	bool is_stopping; /* none is to wait any more */
};

/* Of a read that has a view. Part of its request, for as long as it is under way. */
struct rendering {
	const struct route *route;
	struct route_call call;	   /* its commands are for the view, and its view for the read */
	struct response *response; /* borrowed */
	/* The response is there: maybe before rendering_start() has returned, maybe later. */
	void (*done)(void *context);
	void *context;

	uint64_t revision; /* once it is done: what was shown; 0: nothing was */
	/* rendering.c's: */
	struct renderings *renderings;
	struct rendering *next;
	uv_work_t work;
};

/* Its route, call, response, done and context are set. */
void rendering_start(struct renderings *renderings, struct rendering *rendering);

/* Refuses those that wait. Those that run are to be waited for. */
void renderings_stop(struct renderings *renderings);
bool renderings_run(const struct renderings *renderings);

#endif
