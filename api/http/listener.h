/* SPDX-License-Identifier: BSD-2-Clause */
/* One address that is listened on: its socket, and a libmicrohttpd daemon that the loop drives. */
#ifndef CAROM_LISTENER_H
#define CAROM_LISTENER_H

#include "common.h"
#include "listen_socket.h"

#include <microhttpd.h>
#include <uv.h>

struct listener {
	struct common *common; /* borrowed */
	struct listen_socket socket;
	struct MHD_Daemon *daemon;
	/* Handles that are initialised have their data set. */
	uv_poll_t poll;	  /* on the daemon's epoll descriptor */
	uv_timer_t timer; /* for what the daemon has still to do, though nothing is readable */
	uv_async_t wake;  /* for connections that are resumed */
	uint64_t logged_ms;
	uint64_t unlogged_count;
};

/* listener: all zeroes. On failure it is still to be closed. */
int listener_start(struct listener *listener, struct common *common,
		   const struct listen_address *address, struct error *error);
/* Takes no more connections. */
void listener_quiesce(struct listener *listener);
/* Closes the connections, none of which may be suspended. `closed` is called from the loop for each
 * handle; returns for how many. Until then the listener must stay where it is. */
unsigned listener_close(struct listener *listener, uv_close_cb closed, void *data);

#endif
