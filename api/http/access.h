/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guard: a caller's name and role. Made of files that can be read again while connections are
 * open.
 *
 * A token gives its holder a name and a role, wherever the request comes from. Without one, a
 * caller on a Unix socket is admin, for the socket's mode and group have let it in; a client
 * certificate has the role that the token file gives it, or, without a token file, admin; and on
 * loopback without tokens and client certificates every caller is admin.
 */
#ifndef CAROM_ACCESS_H
#define CAROM_ACCESS_H

#include "error.h"
#include "opener.h"
#include "peer.h"
#include "role.h"
#include "tls.h"

#include <sys/types.h>

#define ACCESS_NAME_BYTES 288

struct access;

/* Messages name these as the config does: api.tls.certificate … Borrowed, while there is a guard.
 */
struct access_options {
	struct tls_files tls;
	const char *tokens;	  /* path of the token file; empty: none */
	const char *socket_group; /* of Unix sockets; empty: as it comes */
	mode_t socket_mode;
	bool has_tcp; /* it is listened on TCP, too */
};

/* NULL on failure, with all errors: files that cannot be read or used, an unknown group. */
struct access *access_new(const struct access_options *options, const struct opener *opener,
			  struct error_list *errors);
void access_free(struct access *access);

/* Whether there is anything to be read again. */
bool access_has_files(const struct access *access);
/* Certificates and tokens anew, for connections and requests to come. -1 with all errors, and
 * everything is as it was. */
int access_reload(struct access *access, const struct opener *opener, struct error_list *errors);

/* What TCP listeners serve now; NULL: no TLS. Borrowed. */
struct tls *access_tls(const struct access *access);
/* Whether every client that can connect by TCP may do everything. */
bool access_is_open(const struct access *access);
/* Of Unix sockets. The group is -1 for as it comes. */
mode_t access_socket_mode(const struct access *access);
gid_t access_socket_group(const struct access *access);

struct caller {
	enum role role;
	char name[ACCESS_NAME_BYTES]; /* "token deploy", "certificate alice", "uid 0", "anyone" */
};

/* authorization: the header's value, or NULL. -1: the caller is not known; error says what is
 * missing, and ret_caller's name is "nobody". */
int access_identify(const struct access *access, const struct peer *peer, const char *authorization,
		    struct caller *ret_caller, struct error *error);

#endif
