/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's connection: in which phase it is, and for how long it may be. So that nobody holds a
 * connection by saying nothing, by sending a byte now and then, or by not reading the answer.
 */
#ifndef CAROM_CLIENT_H
#define CAROM_CLIENT_H

#include "peer.h"
#include "response.h"
#include "tls.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum client_phase {
	CLIENT_GREETING,  /* a TLS handshake, and up to the first line of the first request */
	CLIENT_IDLE,	  /* between requests, or before the first line of one */
	CLIENT_RECEIVING, /* a request is coming in */
	CLIENT_WAITING,	  /* suspended, while a write is under way */
	CLIENT_SENDING,	  /* an answer is going out */
	CLIENT_STREAMING, /* likewise, without an end in sight */
	CLIENT_LISTENING, /* suspended, until there is more to stream */
	CLIENT_LINGERING, /* refused in mid-request: what it still sends is thrown away */
};

struct client {
	struct client *previous, *next;
	struct clients *clients;
	struct MHD_Connection
		*connection; /* borrowed; owns the client through its socket context */
	uv_async_t *wake;    /* borrowed; makes libmicrohttpd look at its work */
	struct peer peer;
	struct tls *tls; /* what its session began with; NULL: no TLS */
	enum client_phase phase;
	bool is_cut;
	size_t held_bytes;   /* of its request's body and answer; counted in clients->held_bytes */
	uint64_t entered_ms; /* the phase */
	uint64_t active_ms;  /* when something last came in, as far as it shows */
};

struct clients {
	struct client *first;
	size_t count;
	size_t greeting_count; /* of CLIENT_GREETING ones */
	size_t held_bytes;
};

/* Of bodies that have come and answers that have not left yet, over all clients. */
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
 * for it. libmicrohttpd overlooks an end that comes together with the last bytes. */
bool client_has_left(const struct client *client);

void client_enter(struct client *client, enum client_phase phase, uint64_t now_ms);
void client_touch(struct client *client, uint64_t now_ms);
bool client_is_overdue(const struct client *client, uint64_t now_ms);

/* Only from within a request's callback. */
void client_suspend(struct client *client, uint64_t now_ms);
/* Only from within a stream's callback. */
void client_listen(struct client *client, uint64_t now_ms);
/* Of a CLIENT_WAITING or CLIENT_LISTENING one. */
void client_resume(struct client *client, uint64_t now_ms);

/* Answers in mid-request. The connection stays until the client closes it, or is overdue: closing
 * it at once, with unread input, could reset it before the client has read the answer. */
void client_dismiss(struct client *client, const struct response *response, uint64_t now_ms);
/* Counts bytes for it. If there are too many, those that have been taking their answers for longest
 * are cut off, if it is longer than a few seconds. Returns false if there are too many still. */
bool client_hold(struct client *client, size_t bytes, uint64_t now_ms);
void client_release(struct client *client);

/* Ends the connection; libmicrohttpd sees that, and cleans up. */
void client_cut(struct client *client, uint64_t now_ms);

#endif
