/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server's life: it starts the listeners, cuts off clients that are overdue, and stops.
 *
 * Everything is on the event loop's thread. Memory: the listeners and the timer are part of the
 * server, which is freed when libuv has given all their handles back.
 *
 * What a client can make libmicrohttpd itself refuse (a first line that is not HTTP, a header that
 * overflows even the connection's whole memory) is answered by libmicrohttpd in HTML; everything
 * else is answered by us, in problem+json.
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
	struct listener listeners[CONFIG_LISTENS_MAX];
	size_t listener_count; /* those that were started, or half started */
	uv_timer_t timer;      /* sweeps; and, once stopping, looks whether all clients have gone */
	unsigned open_handle_count;
	uint64_t stop_deadline_ms;
	server_stopped *stopped;
	void *stopped_context;
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

static void sweep(uv_timer_t *timer)
{
	struct server *server = timer->data;
	uint64_t now_ms = uv_now(server->common.loop);

	for (struct client *client = server->common.clients.first; client; client = client->next) {
		bool is_overdue = client_is_overdue(client, now_ms);

		if (client_has_left(client))
			client_cut(client, now_ms);
		else if (is_overdue && client->phase == CLIENT_RECEIVING)
			dismiss_slow(client, now_ms);
		else if (is_overdue)
			client_cut(client, now_ms);
	}
}

static void start_timer(struct server *server)
{
	uv_timer_init(server->common.loop, &server->timer);
	server->timer.data = server;
	uv_timer_start(&server->timer, sweep, SWEEP_INTERVAL_MS, SWEEP_INTERVAL_MS);
}

static int start_listeners(struct server *server, const struct config_api *listen,
			   struct error *error)
{
	for (size_t i = 0; i < listen->listen_count; i++) {
		server->listener_count++;
		if (listener_start(&server->listeners[i], &server->common, &listen->listens[i],
				   error))
			return -1;
	}
	return 0;
}

/* ---- stopping ---- */

static void free_when_closed(uv_handle_t *handle)
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

/* libmicrohttpd must not be stopped with suspended connections. Their requests learn on closing
 * that the write is still under way, and leave themselves to it. */
static void resume_clients(struct server *server)
{
	uint64_t now_ms = uv_now(server->common.loop);

	for (struct client *client = server->common.clients.first; client; client = client->next)
		if (client->phase == CLIENT_WAITING || client->phase == CLIENT_LISTENING)
			client_resume(client, now_ms);
}

static void close_all(struct server *server)
{
	resume_clients(server);
	server->open_handle_count = 1;
	for (size_t i = 0; i < server->listener_count; i++)
		server->open_handle_count +=
			listener_close(&server->listeners[i], free_when_closed, server);
	uv_close((uv_handle_t *)&server->timer, free_when_closed);
}

static void close_when_quiet(uv_timer_t *timer)
{
	struct server *server = timer->data;
	uint64_t now_ms = uv_now(server->common.loop);

	sweep(timer);
	for (struct client *client = server->common.clients.first; client; client = client->next)
		if (client->phase == CLIENT_IDLE || client->phase == CLIENT_GREETING)
			client_cut(client, now_ms);
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
	struct server *server = calloc(1, sizeof(*server));

	if (!server) {
		error_set(error, ERROR_SYSTEM, "api: out of memory");
		return NULL;
	}
	server->common.loop = options->loop;
	server->common.renderings.loop = options->loop;
	server->common.commands = options->commands;
	server->common.access = options->access;
	start_timer(server);
	if (start_listeners(server, options->listen, error)) {
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
	commands_end_waits(server->common.commands);
	renderings_stop(&server->common.renderings);
	server->stop_deadline_ms = uv_now(server->common.loop) + STOP_LIMIT_MS;
	for (size_t i = 0; i < server->listener_count; i++)
		listener_quiesce(&server->listeners[i]);
	uv_timer_start(&server->timer, close_when_quiet, 0, STOP_INTERVAL_MS);
}
