/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's connection: in which phase it is, and for how long it may stay there; and how much
 * memory all clients together hold.
 */
#ifndef CAROM_CLIENT_H
#define CAROM_CLIENT_H

#include "peer.h"
#include "phase.h"
#include "response.h"
#include "tls.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <uv.h>

struct client {
	LIST_ENTRY(client) link;
	struct clients *clients;
	struct MHD_Connection
		*connection; /* borrowed; owns the client through its socket context */
	uv_async_t *wake;    /* borrowed; makes libmicrohttpd look at its work */
	struct peer peer;
	struct tls *tls; /* what its session began with; NULL: no TLS */
	enum client_phase phase;
	size_t held_bytes; /* of its request's body and response; counted in clients->held_bytes */
	uint64_t entered_ms; /* the phase, or the one with which its time in all began */
	uint64_t active_ms;  /* when something last came in, as far as it shows */
};

LIST_HEAD(client_list, client);

struct clients {
	struct client_list list;
	size_t count;
	size_t greeting_count; /* of CLIENT_GREETING ones */
	size_t held_bytes;
};

/* Of bodies that have come and responses that have not left yet, over all clients. */
#define CLIENTS_HELD_BYTES_MAX ((size_t)256 << 20)

/* NULL if there is no memory for it, or it has gone already. */
struct client *client_new(struct clients *clients, struct MHD_Connection *connection,
			  uv_async_t *wake, uint64_t now_ms);
/* Before its handshake. Takes a reference. Returns 0 or -1. */
int client_secure(struct client *client, struct tls *tls);
void client_free(struct client *client);
/* Whether its session began with other certificates than tls, which are to be used now. */
bool client_is_outdated(const struct client *client, const struct tls *tls);
/* NULL: see client_new(). */
struct client *client_of(struct MHD_Connection *connection);

/* Whether its end of the connection is closed, if only for sending: it asks nothing more. */
bool client_has_hung_up(const struct client *client);

/* Whether its end is closed in the midst of a request, or between two: nothing is left to be done
 * for it. */
bool client_has_left(const struct client *client);

/* The one place that changes the phase. */
void client_enter(struct client *client, enum client_phase phase, uint64_t now_ms);
void client_touch(struct client *client, uint64_t now_ms);
bool client_is_overdue(const struct client *client, uint64_t now_ms);
/* Whether it was refused or cut: no request of it is served any more. */
bool client_is_done(const struct client *client);

/* phase: CLIENT_WAITING, only from within a request's callback; CLIENT_LISTENING, only from within
 * a stream's. */
void client_suspend(struct client *client, enum client_phase phase, uint64_t now_ms);
/* Of a suspended one; nothing happens to others. */
void client_resume(struct client *client, uint64_t now_ms);

/* Responds in mid-request. The connection stays until the client closes it, or is overdue: closing
 * it at once, with unread input, could reset it before the client has read the response. */
void client_dismiss(struct client *client, const struct response *response, uint64_t now_ms);
/* Counts bytes for it. If there are too many, the clients that have been taking their responses for
 * longest are cut off, if it is longer than a few seconds. False: there are too many still. */
bool client_hold(struct client *client, size_t bytes, uint64_t now_ms);
void client_release(struct client *client);

/* Ends the connection; libmicrohttpd sees that, and cleans up. Not of a CLIENT_WAITING one. */
void client_cut(struct client *client, uint64_t now_ms);

#endif
