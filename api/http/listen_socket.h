/* SPDX-License-Identifier: BSD-2-Clause */
/* Where clients connect: a Unix socket, which is a file too, or a TCP port. */
#ifndef CAROM_LISTEN_SOCKET_H
#define CAROM_LISTEN_SOCKET_H

#include "config.h"
#include "error.h"

#include <stdbool.h>
#include <sys/types.h>

struct listen_socket {
	int descriptor; /* owned; -1: closed */
	struct config_listen listen;
	dev_t device; /* with inode: the file that we made, and no other's */
	ino_t inode;
	bool made_folder;
};

/* Of a Unix socket's file. */
struct listen_rights {
	mode_t mode;
	gid_t group; /* -1: as it comes */
};

/* Takes the place of a socket file only if nobody answers on it. */
int listen_socket_open(const struct config_listen *listen, const struct listen_rights *rights,
		       struct listen_socket *ret_socket, struct error *error);
void listen_socket_close(struct listen_socket *socket);

#endif
