/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The API's guard: who somebody is, and what role that gives. Made of the files that the config's
 * `api` names, which can be read again while connections are open.
 *
 * Who shows a token is who the token says, wherever it comes from. Else, who comes by a Unix socket
 * is admin, for the socket's mode and group have let it in; who shows a client certificate is whom
 * the token file names for it, or, without a token file, admin; and on loopback without tokens and
 * client certificates everybody is admin.
 */
#ifndef CAROM_ACCESS_H
#define CAROM_ACCESS_H

#include "config.h"
#include "error.h"
#include "opener.h"
#include "peer.h"
#include "role.h"
#include "tls.h"

#include <sys/types.h>

#define ACCESS_NAME_BYTES 288

struct access;

/* NULL on failure, with all faults: files that cannot be read or used, an unknown group. */
struct access *access_new(const struct config_api *api, const struct opener *opener,
			  struct error_list *faults);
void access_free(struct access *access);

/* Whether there is anything to be read again. */
bool access_has_files(const struct access *access);
/* Certificates and tokens anew, for connections and requests to come. -1 with all faults, and
 * everything is as it was. */
int access_reload(struct access *access, const struct opener *opener, struct error_list *faults);

/* What TCP listeners serve now; NULL: no TLS. Borrowed. */
struct tls *access_tls(const struct access *access);
/* Whether everybody who can connect by TCP may do everything. */
bool access_is_open(const struct access *access);
/* Of Unix sockets. The group is -1 for as it comes. */
mode_t access_socket_mode(const struct access *access);
gid_t access_socket_group(const struct access *access);

struct caller {
	enum role role;
	char name[ACCESS_NAME_BYTES]; /* "token deploy", "certificate alice", "uid 0", "anyone" */
};

/* authorization: the header's value, or NULL. -1: nobody that is known; error says what is missing,
 * and ret_caller's name is "nobody". */
int access_identify(const struct access *access, const struct peer *peer, const char *authorization,
		    struct caller *ret_caller, struct error *error);

#endif
