/* SPDX-License-Identifier: BSD-2-Clause */
/* The other end of a connection, as the kernel and TLS know it. */
#ifndef CAROM_PEER_H
#define CAROM_PEER_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PEER_TEXT_BYTES 64

struct peer {
	int socket;		  /* borrowed */
	gnutls_session_t session; /* borrowed; NULL: no TLS */
	bool is_unix;
	uid_t uid;		    /* of a Unix socket's; when it connected */
	char text[PEER_TEXT_BYTES]; /* "192.0.2.7:40022", "[2001:db8::7]:40022", "pid 4711" */
};

/* Returns 0; -1 if the kernel does not say who it is. */
int peer_init(struct peer *ret_peer, int socket, gnutls_session_t session);

#endif
