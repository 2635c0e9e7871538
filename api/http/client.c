/* SPDX-License-Identifier: BSD-2-Clause */
#include "client.h"

#include "log.h"
#include "quirks.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Until then, no client is cut off for taking a response slowly. */
#define SLOW_AFTER_MS 2000

static int socket_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

static gnutls_session_t session_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	return info ? info->tls_session : NULL;
}

struct client *client_new(struct clients *clients, struct MHD_Connection *connection,
			  uv_async_t *wake, uint64_t now_ms)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client || peer_init(&client->peer, socket_of(connection), session_of(connection))) {
		free(client);
		return NULL;
	}
	client->clients = clients;
	client->connection = connection;
	client->wake = wake;
	client->phase = CLIENT_IDLE;
	client->entered_ms = client->active_ms = now_ms;
	LIST_INSERT_HEAD(&clients->list, client, link);
	clients->count++;
	return client;
}

int client_secure(struct client *client, struct tls *tls)
{
	client->tls = tls_ref(tls);
	client_enter(client, CLIENT_GREETING, client->entered_ms);
	return tls_serve(tls, client->peer.session);
}

bool client_is_outdated(const struct client *client, const struct tls *tls)
{
	return client->tls && client->tls != tls;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	LIST_REMOVE(client, link);
	client->clients->count--;
	client->clients->greeting_count -= client->phase == CLIENT_GREETING;
	tls_unref(client->tls);
	free(client);
}

struct client *client_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		->socket_context;
}

bool client_has_hung_up(const struct client *client)
{
	struct pollfd end = {.fd = client->peer.socket, .events = POLLRDHUP};

	return poll(&end, 1, 0) > 0;
}

bool client_has_left(const struct client *client)
{
	switch (client->phase) {
	case CLIENT_GREETING:
	case CLIENT_IDLE:
	case CLIENT_HEADER:
	case CLIENT_BODY:
	case CLIENT_LISTENING: return quirks_has_ended(client->peer.socket);
	case CLIENT_WAITING:
	case CLIENT_RESUMED:
	case CLIENT_SENDING:
	case CLIENT_STREAMING:
	case CLIENT_LINGERING:
	case CLIENT_CUT: break;
	}
	return false;
}

void client_enter(struct client *client, enum client_phase phase, uint64_t now_ms)
{
	if (!phase_may_follow(client->phase, phase))
		log_line(LOG_LEVEL_ERROR, "api: client %s: phase '%s' follows '%s', which is a bug",
			 client->peer.text, phase_of(phase)->name, phase_of(client->phase)->name);
	client->clients->greeting_count -= client->phase == CLIENT_GREETING;
	client->clients->greeting_count += phase == CLIENT_GREETING;
	client->phase = phase;
	client->active_ms = now_ms;
	if (!phase_of(phase)->goes_on)
		client->entered_ms = now_ms;
}

void client_touch(struct client *client, uint64_t now_ms)
{
	client->active_ms = now_ms;
}

static bool has_passed(uint64_t limit_ms, uint64_t since_ms, uint64_t now_ms)
{
	return limit_ms > 0 && now_ms - since_ms >= limit_ms;
}

bool client_is_overdue(const struct client *client, uint64_t now_ms)
{
	const struct phase *phase = phase_of(client->phase);

	return has_passed(phase->silent_ms, client->active_ms, now_ms) ||
	       has_passed(phase->total_ms, client->entered_ms, now_ms);
}

bool client_is_done(const struct client *client)
{
	return client->phase == CLIENT_LINGERING || client->phase == CLIENT_CUT;
}

void client_suspend(struct client *client, enum client_phase phase, uint64_t now_ms)
{
	client_enter(client, phase, now_ms);
	MHD_suspend_connection(client->connection);
}

static void resume_into(struct client *client, enum client_phase phase, uint64_t now_ms)
{
	client_enter(client, phase, now_ms);
	quirks_resume(client->connection, client->wake);
}

void client_resume(struct client *client, uint64_t now_ms)
{
	if (client->phase == CLIENT_WAITING)
		resume_into(client, CLIENT_RESUMED, now_ms);
	else if (client->phase == CLIENT_LISTENING)
		resume_into(client, CLIENT_STREAMING, now_ms);
}

/* ---- memory ---- */

/* Of the clients that have been taking a response for long; NULL: there is none. */
static struct client *find_slowest(const struct clients *clients, uint64_t now_ms)
{
	struct client *client, *slowest = NULL;

	LIST_FOREACH (client, &clients->list, link)
		if (client->phase == CLIENT_SENDING && client->held_bytes > 0 &&
		    now_ms - client->entered_ms >= SLOW_AFTER_MS &&
		    (!slowest || client->entered_ms < slowest->entered_ms))
			slowest = client;
	return slowest;
}

static bool has_room(const struct clients *clients, size_t bytes)
{
	return bytes <= CLIENTS_HELD_BYTES_MAX - clients->held_bytes;
}

/* The memory of a client that is cut off is free in this turn of the loop, or the next. */
bool client_hold(struct client *client, size_t bytes, uint64_t now_ms)
{
	struct clients *clients = client->clients;
	struct client *slowest;

	while (!has_room(clients, bytes) && (slowest = find_slowest(clients, now_ms))) {
		client_release(slowest);
		client_cut(slowest, now_ms);
	}
	if (!has_room(clients, bytes))
		return false;
	clients->held_bytes += bytes;
	client->held_bytes += bytes;
	return true;
}

void client_release(struct client *client)
{
	client->clients->held_bytes -= client->held_bytes;
	client->held_bytes = 0;
}

void client_dismiss(struct client *client, const struct response *response, uint64_t now_ms)
{
	quirks_send_last(response, &client->peer);
	client_enter(client, CLIENT_LINGERING, now_ms);
}

/* Again, if libmicrohttpd has not seen it. */
void client_cut(struct client *client, uint64_t now_ms)
{
	shutdown(client->peer.socket, SHUT_RDWR);
	if (client->phase == CLIENT_LISTENING)
		resume_into(client, CLIENT_CUT, now_ms);
	else if (client->phase == CLIENT_CUT)
		client->entered_ms = now_ms;
	else
		client_enter(client, CLIENT_CUT, now_ms);
}
