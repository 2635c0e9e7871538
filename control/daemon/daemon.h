/* SPDX-License-Identifier: BSD-2-Clause */
/* caromd at work: the parts put together, in the order in which they come up and go down. */
#ifndef CAROM_DAEMON_H
#define CAROM_DAEMON_H

#include "access.h"
#include "config.h"
#include "error.h"
#include "privileges.h"

/*
 * Runs until SIGTERM or SIGINT, and leaves the data plane running. SIGHUP reads the file again and
 * takes its `vips` as the new desired state; certificates and tokens are read again, too.
 *
 * access: borrowed. config_path: of the file that `config` came from. user: to run as once the
 * program is attached. Returns 0; -1 if it could not
 * start, with *ret_error described and nothing half done: an interface keeps what it had.
 */
int daemon_run(struct config *config, struct access *access, const char *config_path,
	       const struct privileges_user *user, struct error *ret_error);

#endif
