/* SPDX-License-Identifier: BSD-2-Clause */
/* Where clients connect: a Unix socket, which is a file too, or a TCP port. */
#ifndef CAROM_LISTEN_SOCKET_H
#define CAROM_LISTEN_SOCKET_H

#include "address.h"
#include "error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LISTEN_PATH_BYTES 108 /* as sun_path */

struct listen_address {
	bool is_unix;
	char path[LISTEN_PATH_BYTES];
	struct carom_address address;
	uint16_t port; /* host order */
};

struct listen_socket {
	int descriptor; /* owned; -1: closed */
	struct listen_address address;
	dev_t device; /* with inode: the file that we made, and no other's */
	ino_t inode;
	bool made_folder;
};

/* Of a Unix socket's file. */
struct listen_rights {
	mode_t mode;
	gid_t group; /* -1: as it comes */
};

/* Takes the place of a socket file only if no process answers on it. */
int listen_socket_open(const struct listen_address *where, const struct listen_rights *rights,
		       struct listen_socket *ret_socket, struct error *error);
void listen_socket_close(struct listen_socket *socket);

#endif
