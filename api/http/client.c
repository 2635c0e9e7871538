/* SPDX-License-Identifier: BSD-2-Clause */
#include "client.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

struct phase_limit {
	uint64_t silent_ms; /* without a sign of life; 0: none is to be seen in this phase */
	uint64_t total_ms;  /* 0: no limit */
};

/* What the control plane does takes as long as it takes; all else is the client's doing. */
static const struct phase_limit phase_limits[] = {
	[CLIENT_GREETING] = {.total_ms = 10000},
	[CLIENT_IDLE] = {.silent_ms = 10000},
	[CLIENT_RECEIVING] = {.silent_ms = 10000, .total_ms = 60000},
	[CLIENT_WAITING] = {0},
	[CLIENT_SENDING] = {.total_ms = 60000},
	[CLIENT_STREAMING] = {.silent_ms = 30000},
	[CLIENT_LISTENING] = {0},
	[CLIENT_LINGERING] = {.total_ms = 5000},
};

/* Until then, nobody is cut off for taking an answer slowly. */
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
	client->next = clients->first;
	if (clients->first)
		clients->first->previous = client;
	clients->first = client;
	clients->count++;
	client->phase = CLIENT_IDLE;
	client_enter(client, CLIENT_IDLE, now_ms);
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
	if (client->next)
		client->next->previous = client->previous;
	if (client->previous)
		client->previous->next = client->next;
	else
		client->clients->first = client->next;
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
	char byte;

	switch (client->phase) {
	case CLIENT_GREETING:
	case CLIENT_IDLE:
	case CLIENT_RECEIVING:
	case CLIENT_LISTENING:
		return recv(client->peer.socket, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) == 0;
	case CLIENT_WAITING:
	case CLIENT_SENDING:
	case CLIENT_STREAMING:
	case CLIENT_LINGERING: break;
	}
	return false;
}

void client_enter(struct client *client, enum client_phase phase, uint64_t now_ms)
{
	client->clients->greeting_count -= client->phase == CLIENT_GREETING;
	client->clients->greeting_count += phase == CLIENT_GREETING;
	client->phase = phase;
	client->entered_ms = now_ms;
	client->active_ms = now_ms;
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
	const struct phase_limit *limit = &phase_limits[client->phase];

	return has_passed(limit->silent_ms, client->active_ms, now_ms) ||
	       has_passed(limit->total_ms, client->entered_ms, now_ms);
}

void client_suspend(struct client *client, uint64_t now_ms)
{
	client_enter(client, CLIENT_WAITING, now_ms);
	MHD_suspend_connection(client->connection);
}

void client_listen(struct client *client, uint64_t now_ms)
{
	client_enter(client, CLIENT_LISTENING, now_ms);
	MHD_suspend_connection(client->connection);
}

void client_resume(struct client *client, uint64_t now_ms)
{
	bool was_listening = client->phase == CLIENT_LISTENING;

	client_enter(client, was_listening ? CLIENT_STREAMING : CLIENT_SENDING, now_ms);
	MHD_resume_connection(client->connection);
	uv_async_send(client->wake);
}

/* ---- memory ---- */

/* The one that has been taking its answer for longest; NULL: none has for long. */
static struct client *find_slowest(const struct clients *clients, uint64_t now_ms)
{
	struct client *slowest = NULL;

	for (struct client *client = clients->first; client; client = client->next)
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

/* What one that is cut off holds is free in this turn of the loop, or the next. */
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
	response_send_last(response, &client->peer);
	client_enter(client, CLIENT_LINGERING, now_ms);
}

void client_cut(struct client *client, uint64_t now_ms)
{
	client->is_cut = true;
	shutdown(client->peer.socket, SHUT_RDWR);
	if (client->phase == CLIENT_LISTENING)
		client_resume(client, now_ms);
}
