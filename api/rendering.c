/* SPDX-License-Identifier: BSD-2-Clause */
/*
 *   start ──► small: view, read, done
 *        └──► wait ──► view ──► pool: read ──► done
 *
 * Everything but the read itself is on the event loop's thread; a read has nothing but its view,
 * which is immutable, and what is its request's own. Requests own renderings, and are not closed
 * while one of theirs is under way: their connections are suspended, and the server waits for those
 * that run before it stops libmicrohttpd.
 */
#include "rendering.h"

/* VIPs and backends: some five milliseconds' worth of status. */
#define SIZE_AT_ONCE_MAX 1024

/* Whether there is something to read. If not, the reply says why. */
static bool take_view(struct rendering *rendering)
{
	struct error error = {0};

	rendering->call.view = rendering->route->view(&rendering->call, &error);
	rendering->call.commands = NULL;
	if (rendering->call.view)
		return true;
	reply_set_problem(rendering->reply, problem_kind_of(error.kind), "%s", error.message);
	return false;
}

static void read_view(struct rendering *rendering)
{
	rendering->route->read(&rendering->call, rendering->reply);
}

static void finish(struct rendering *rendering)
{
	if (rendering->call.view)
		rendering->revision = view_number(rendering->call.view);
	view_free(rendering->call.view);
	rendering->call.view = NULL;
	rendering->done(rendering->context);
}

static void refuse(struct rendering *rendering, const char *why)
{
	reply_set_problem(rendering->reply, PROBLEM_BUSY, "%s", why);
	finish(rendering);
}

static void run(uv_work_t *work)
{
	read_view(work->data);
}

static void start_waiting(struct renderings *renderings);

static void run_done(uv_work_t *work, int status)
{
	struct rendering *rendering = work->data;
	struct renderings *renderings = rendering->renderings;

	(void)status; /* nobody cancels it */
	renderings->running_count--;
	finish(rendering);
	start_waiting(renderings);
}

static void start(struct rendering *rendering)
{
	struct renderings *renderings = rendering->renderings;

	if (!take_view(rendering)) {
		finish(rendering);
		return;
	}
	rendering->work.data = rendering;
	if (uv_queue_work(renderings->loop, &rendering->work, run, run_done))
		refuse(rendering, "the answer cannot be made now");
	else
		renderings->running_count++;
}

static struct rendering *take_first(struct renderings *renderings)
{
	struct rendering *first = renderings->first;

	renderings->first = first->next;
	if (!first->next)
		renderings->last = NULL;
	renderings->waiting_count--;
	return first;
}

static void start_waiting(struct renderings *renderings)
{
	while (renderings->first && renderings->running_count < RENDERINGS_RUNNING_MAX)
		start(take_first(renderings));
}

static void wait_for_turn(struct rendering *rendering)
{
	struct renderings *renderings = rendering->renderings;

	if (renderings->last)
		renderings->last->next = rendering;
	else
		renderings->first = rendering;
	renderings->last = rendering;
	renderings->waiting_count++;
}

void rendering_start(struct renderings *renderings, struct rendering *rendering)
{
	const struct route *route = rendering->route;

	rendering->renderings = renderings;
	if (!route->size || route->size(&rendering->call) <= SIZE_AT_ONCE_MAX) {
		if (take_view(rendering))
			read_view(rendering);
		finish(rendering);
	} else if (renderings->running_count < RENDERINGS_RUNNING_MAX) {
		start(rendering);
	} else if (renderings->is_stopping) {
		refuse(rendering, "caromd stops");
	} else if (renderings->waiting_count == RENDERINGS_WAITING_MAX) {
		refuse(rendering, "too many large answers are waited for already");
	} else {
		wait_for_turn(rendering);
	}
}

void renderings_stop(struct renderings *renderings)
{
	renderings->is_stopping = true;
	while (renderings->first)
		refuse(take_first(renderings), "caromd stops");
}

bool renderings_run(const struct renderings *renderings)
{
	return renderings->running_count > 0;
}
