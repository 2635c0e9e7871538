/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server's life: it starts the listeners, cuts off clients that are overdue, and stops.
 *
 * Everything is on the event loop's thread. Memory: the listeners and the timer are part of the
 * server, which is freed when libuv has given all their handles back.
 */
#include "server.h"

#include "common.h"
#include "listener.h"
#include "log.h"

#include <stdlib.h>

#define SWEEP_INTERVAL_MS 1000
#define STOP_INTERVAL_MS  20
#define STOP_LIMIT_MS	  5000

struct server {
	struct common common;
	uv_timer_t timer; /* sweeps; and, once stopping, looks whether all clients have gone */
	unsigned open_handle_count;
	uint64_t stop_deadline_ms;
	server_stopped *stopped;
	void *stopped_context;
	size_t listener_count; /* started, or half started */
	struct listener listeners[];
};

static void dismiss_slow(struct client *client, uint64_t now_ms)
{
	struct response response = {0};

	response_set_problem(
		&response, PROBLEM_TIMEOUT,
		"the request has not come in whole, and nothing of it came for too long");
	client_dismiss(client, &response, now_ms);
	response_done(&response);
}

static void server_sweep(uv_timer_t *timer)
{
	struct server *server = timer->data;
	uint64_t now_ms = uv_now(server->common.loop);
	struct client *client;

	LIST_FOREACH (client, &server->common.clients.list, link) {
		bool is_receiving = client->phase == CLIENT_HEADER || client->phase == CLIENT_BODY;

		if (client_has_left(client))
			client_cut(client, now_ms);
		else if (client_is_overdue(client, now_ms) && is_receiving)
			dismiss_slow(client, now_ms);
		else if (client_is_overdue(client, now_ms))
			client_cut(client, now_ms);
	}
}

static void start_timer(struct server *server)
{
	uv_timer_init(server->common.loop, &server->timer);
	server->timer.data = server;
	uv_timer_start(&server->timer, server_sweep, SWEEP_INTERVAL_MS, SWEEP_INTERVAL_MS);
}

static int start_listeners(struct server *server, const struct server_options *options,
			   struct error *error)
{
	for (size_t i = 0; i < options->address_count; i++) {
		server->listener_count++;
		if (listener_start(&server->listeners[i], &server->common, &options->addresses[i],
				   error))
			return -1;
	}
	return 0;
}

/* ---- stopping ---- */

static void server_closed(uv_handle_t *handle)
{
	struct server *server = handle->data;
	server_stopped *stopped = server->stopped;
	void *context = server->stopped_context;

	if (--server->open_handle_count > 0)
		return;
	free(server);
	if (stopped)
		stopped(context);
}

/* Suspended connections must not be stopped. Their requests learn on closing that something is
 * still under way, and leave themselves to it. */
static void resume_clients(struct server *server)
{
	uint64_t now_ms = uv_now(server->common.loop);
	struct client *client;

	LIST_FOREACH (client, &server->common.clients.list, link) {
		client_resume(client, now_ms);
	}
}

static void close_all(struct server *server)
{
	resume_clients(server);
	server->open_handle_count = 1;
	for (size_t i = 0; i < server->listener_count; i++)
		server->open_handle_count +=
			listener_close(&server->listeners[i], server_closed, server);
	uv_close((uv_handle_t *)&server->timer, server_closed);
}

static void close_when_quiet(uv_timer_t *timer)
{
	struct server *server = timer->data;
	uint64_t now_ms = uv_now(server->common.loop);
	struct client *client;

	server_sweep(timer);
	LIST_FOREACH (client, &server->common.clients.list, link) {
		if (client->phase == CLIENT_IDLE || client->phase == CLIENT_GREETING)
			client_cut(client, now_ms);
	}
	if (renderings_run(&server->common.renderings))
		return;
	if (server->common.clients.count == 0 || now_ms >= server->stop_deadline_ms)
		close_all(server);
}

/* ---- public ---- */

static void warn_if_open(const struct access *access)
{
	if (access_is_open(access))
		log_line(LOG_LEVEL_WARNING,
			 "api: it listens on loopback TCP without api.tokens and api.tls.client_ca,"
			 " so everybody on this host may change everything");
}

struct server *server_new(const struct server_options *options, struct error *error)
{
	struct server *server =
		calloc(1, sizeof(*server) + options->address_count * sizeof(server->listeners[0]));

	if (!server) {
		error_set(error, ERROR_SYSTEM, "api: out of memory");
		return NULL;
	}
	server->common.loop = options->loop;
	server->common.routes = options->routes;
	server->common.access = options->access;
	LIST_INIT(&server->common.clients.list);
	renderings_init(&server->common.renderings, options->loop, options->routes.view_free);
	start_timer(server);
	if (start_listeners(server, options, error)) {
		close_all(server);
		return NULL;
	}
	warn_if_open(options->access);
	return server;
}

void server_stop(struct server *server, server_stopped *stopped, void *context)
{
	server->stopped = stopped;
	server->stopped_context = context;
	server->common.is_stopping = true;
	server->common.routes.stop(server->common.routes.context);
	renderings_stop(&server->common.renderings);
	server->stop_deadline_ms = uv_now(server->common.loop) + STOP_LIMIT_MS;
	for (size_t i = 0; i < server->listener_count; i++)
		listener_quiesce(&server->listeners[i]);
	uv_timer_start(&server->timer, close_when_quiet, 0, STOP_INTERVAL_MS);
}
