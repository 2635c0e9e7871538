/* SPDX-License-Identifier: BSD-2-Clause */
/*
 *   start ──► small: view, if there is one, read, done
 *        └──► wait ──► view ──► pool: read ──► done
 *
 * Everything but the read itself is on the event loop's thread; a read has nothing but its view,
 * which is immutable, and what is its request's own. Requests own renderings, and are not closed
 * while one of theirs is under way: their connections are suspended, and the server waits for those
 * that run before it stops libmicrohttpd.
 */
#include "rendering.h"

/* Some five milliseconds' worth. */
#define SIZE_AT_ONCE_MAX 1024

/* Whether there is something to read. If not, the response says why. */
static bool take_view(struct rendering *rendering)
{
	struct error error = {0};

	rendering->view = rendering->call.route->view(&rendering->call, &error);
	rendering->call.view = rendering->view;
	rendering->call.context = NULL;
	if (rendering->view)
		return true;
	response_set_problem(rendering->response, problem_kind_of(error.kind), "%s", error.message);
	return false;
}

static void read_view(struct rendering *rendering)
{
	rendering->call.route->read(&rendering->call, rendering->response);
}

static void rendering_finish(struct rendering *rendering)
{
	rendering->renderings->view_free(rendering->view);
	rendering->done(rendering->context);
}

static void rendering_refuse(struct rendering *rendering, const char *why)
{
	response_set_problem(rendering->response, PROBLEM_BUSY, "%s", why);
	rendering_finish(rendering);
}

static void rendering_run(uv_work_t *work)
{
	read_view(work->data);
}

static void start_waiting(struct renderings *renderings);

static void rendering_run_done(uv_work_t *work, int status)
{
	struct rendering *rendering = work->data;
	struct renderings *renderings = rendering->renderings;

	(void)status; /* it is never cancelled */
	renderings->running_count--;
	rendering_finish(rendering);
	start_waiting(renderings);
}

static void start(struct rendering *rendering)
{
	struct renderings *renderings = rendering->renderings;

	if (!take_view(rendering)) {
		rendering_finish(rendering);
		return;
	}
	rendering->work.data = rendering;
	if (uv_queue_work(renderings->loop, &rendering->work, rendering_run, rendering_run_done))
		rendering_refuse(rendering, "the answer cannot be made now");
	else
		renderings->running_count++;
}

static struct rendering *take_first(struct renderings *renderings)
{
	struct rendering *first = STAILQ_FIRST(&renderings->waiting);

	STAILQ_REMOVE_HEAD(&renderings->waiting, link);
	renderings->waiting_count--;
	return first;
}

static void start_waiting(struct renderings *renderings)
{
	while (!STAILQ_EMPTY(&renderings->waiting) &&
	       renderings->running_count < RENDERINGS_RUNNING_MAX)
		start(take_first(renderings));
}

void renderings_init(struct renderings *renderings, uv_loop_t *loop,
		     void (*view_free)(struct view *view))
{
	*renderings = (struct renderings){.loop = loop, .view_free = view_free};
	STAILQ_INIT(&renderings->waiting);
}

void rendering_start(struct renderings *renderings, struct rendering *rendering)
{
	const struct route *route = rendering->call.route;

	rendering->renderings = renderings;
	if (!route->size || route->size(&rendering->call) <= SIZE_AT_ONCE_MAX) {
		if (!route->view || take_view(rendering))
			read_view(rendering);
		rendering_finish(rendering);
	} else if (renderings->running_count < RENDERINGS_RUNNING_MAX) {
		start(rendering);
	} else if (renderings->is_stopping) {
		rendering_refuse(rendering, "caromd stops");
	} else if (renderings->waiting_count == RENDERINGS_WAITING_MAX) {
		rendering_refuse(rendering, "too many large answers are waited for already");
	} else {
		STAILQ_INSERT_TAIL(&renderings->waiting, rendering, link);
		renderings->waiting_count++;
	}
}

void renderings_stop(struct renderings *renderings)
{
	renderings->is_stopping = true;
	while (!STAILQ_EMPTY(&renderings->waiting))
		rendering_refuse(take_first(renderings), "caromd stops");
}

bool renderings_run(const struct renderings *renderings)
{
	return renderings->running_count > 0;
}
