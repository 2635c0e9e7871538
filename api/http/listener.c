/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libmicrohttpd in external-epoll mode inside the event loop: all its sockets are behind one epoll
 * descriptor, which the loop polls like any other; `wake` is for what does not show there. All of
 * it is on the loop's thread.
 */
#include "listener.h"

#include "log.h"
#include "quirks.h"
#include "request.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Of one connection, for the header of a request, that of its response, and a piece of a body. */
#define CONNECTION_MEMORY_BYTES ((size_t)64 << 10)
#define LOG_INTERVAL_MS		10000
#define TURNS_MAX		32
#define LOG_LINE_BYTES		256

/* ---- libmicrohttpd's callbacks ---- */

/* Nearly all that it has to tell is of clients that broke off: so a line now and then is enough. */
__attribute__((format(printf, 2, 0))) static void log_message(void *context, const char *format,
							      va_list arguments)
{
	struct listener *listener = context;
	uint64_t now_ms = uv_now(listener->common->loop);
	char line[LOG_LINE_BYTES];

	if (quirks_is_own_doing(format))
		return;
	if (listener->logged_ms > 0 && now_ms - listener->logged_ms < LOG_INTERVAL_MS) {
		listener->unlogged_count++;
		return;
	}
	vsnprintf(line, sizeof(line), format, arguments);
	line[strcspn(line, "\n")] = '\0';
	if (listener->unlogged_count > 0)
		log_line(LOG_LEVEL_WARNING, "api: libmicrohttpd: %" PRIu64 " messages left out",
			 listener->unlogged_count);
	log_line(LOG_LEVEL_WARNING, "api: libmicrohttpd: %s", line);
	listener->logged_ms = now_ms;
	listener->unlogged_count = 0;
}

/* The place for limits of a listener or of an address, beside the one of all. */
static enum MHD_Result admit(void *context, const struct sockaddr *address, socklen_t length)
{
	const struct listener *listener = context;

	(void)address, (void)length;
	return listener->common->clients.count < COMMON_CLIENTS_MAX ? MHD_YES : MHD_NO;
}

/* A client without credentials cannot go on: its handshake would fail, too. */
static struct client *welcome(struct listener *listener, struct MHD_Connection *connection)
{
	struct common *common = listener->common;
	uint64_t now_ms = uv_now(common->loop);
	struct client *client = client_new(&common->clients, connection, &listener->wake, now_ms);

	if (client && client->peer.session && client_secure(client, access_tls(common->access)))
		client_cut(client, now_ms);
	return client;
}

static void follow_connection(void *context, struct MHD_Connection *connection,
			      void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	switch (code) {
	case MHD_CONNECTION_NOTIFY_STARTED: *socket_context = welcome(context, connection); break;
	case MHD_CONNECTION_NOTIFY_CLOSED:
		client_free(*socket_context);
		*socket_context = NULL;
		break;
	}
}

/* ---- the loop ---- */

static void listener_run(struct listener *listener);

static void run_by_timer(uv_timer_t *timer)
{
	listener_run(timer->data);
}

static void run_by_wake(uv_async_t *wake)
{
	listener_run(wake->data);
}

static void run_by_poll(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events;
	listener_run(poll->data);
}

static bool has_tls(const struct listener *listener)
{
	return !listener->socket.address.is_unix && access_tls(listener->common->access);
}

/* What is left to be done after some turns waits for the loop's next one, so that one busy client
 * does not keep all else from its own. */
static void listener_run(struct listener *listener)
{
	static const size_t none;
	const size_t *greeting_count =
		has_tls(listener) ? &listener->common->clients.greeting_count : &none;
	bool has_more = true;
	uint64_t timeout_ms = 0;

	for (unsigned i = 0; i < TURNS_MAX && has_more && timeout_ms == 0; i++)
		has_more = quirks_run(listener->daemon, greeting_count, &timeout_ms);
	uv_timer_stop(&listener->timer);
	if (has_more && timeout_ms > 0)
		uv_timer_start(&listener->timer, run_by_timer, timeout_ms, 0);
	else if (has_more)
		uv_async_send(&listener->wake);
}

static struct MHD_Daemon *start_daemon(struct listener *listener)
{
	struct common *common = listener->common;
	struct MHD_OptionItem options[] = {
		{MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)log_message, listener},
		{MHD_OPTION_LISTEN_SOCKET, listener->socket.descriptor, NULL},
		{MHD_OPTION_CONNECTION_LIMIT, COMMON_CLIENTS_MAX + 1, NULL}, /* admit() decides */
		{MHD_OPTION_CONNECTION_TIMEOUT, 0, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY_BYTES, NULL},
		{MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)follow_connection, listener},
		{MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)request_open, common},
		{MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)quirks_leave_escaped, NULL},
		{MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)request_close, common},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem tls_options[] = {
		{MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)TLS_PRIORITIES},
		{MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)quirks_offer_no_certificate},
		{MHD_OPTION_END, 0, NULL},
	};
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;

	if (!has_tls(listener))
		return MHD_start_daemon(flags, 0, admit, listener, request_continue, common,
					MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	return MHD_start_daemon(flags | MHD_USE_TLS, 0, admit, listener, request_continue, common,
				MHD_OPTION_ARRAY, options, MHD_OPTION_ARRAY, tls_options,
				MHD_OPTION_END);
}

static int listener_start_handles(struct listener *listener)
{
	uv_loop_t *loop = listener->common->loop;
	int epoll = MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	int result;

	uv_timer_init(loop, &listener->timer);
	listener->timer.data = listener;
	result = uv_async_init(loop, &listener->wake, run_by_wake);
	if (result)
		return result;
	listener->wake.data = listener;
	result = uv_poll_init(loop, &listener->poll, epoll);
	if (result)
		return result;
	listener->poll.data = listener;
	return uv_poll_start(&listener->poll, UV_READABLE, run_by_poll);
}

int listener_start(struct listener *listener, struct common *common,
		   const struct listen_address *address, struct error *error)
{
	struct listen_rights rights = {access_socket_mode(common->access),
				       access_socket_group(common->access)};
	int result;

	listener->common = common;
	listener->socket.descriptor = -1;
	if (listen_socket_open(address, &rights, &listener->socket, error))
		return -1;
	listener->daemon = start_daemon(listener);
	if (!listener->daemon)
		return error_set(error, ERROR_SYSTEM, "api: libmicrohttpd could not be started");
	result = listener_start_handles(listener);
	if (result)
		return error_set_errno(error, -result, "api: follow the clients' sockets");
	return 0;
}

void listener_quiesce(struct listener *listener)
{
	if (listener->daemon)
		MHD_quiesce_daemon(listener->daemon);
	listen_socket_close(&listener->socket);
}

static unsigned close_handle(uv_handle_t *handle, uv_close_cb closed, void *data)
{
	if (!handle->data)
		return 0;
	handle->data = data;
	uv_close(handle, closed);
	return 1;
}

unsigned listener_close(struct listener *listener, uv_close_cb closed, void *data)
{
	unsigned closing;

	listener_quiesce(listener);
	closing = close_handle((uv_handle_t *)&listener->poll, closed, data) +
		  close_handle((uv_handle_t *)&listener->timer, closed, data) +
		  close_handle((uv_handle_t *)&listener->wake, closed, data);
	MHD_stop_daemon(listener->daemon);
	listener->daemon = NULL;
	return closing;
}
