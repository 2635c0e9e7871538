/* SPDX-License-Identifier: BSD-2-Clause */
/* What a caller may do: each role includes the ones before it. */
#ifndef CAROM_ROLE_H
#define CAROM_ROLE_H

#include <stdbool.h>
#include <stddef.h>

enum role {
	ROLE_UNSET,    /* forgotten: treated as ROLE_ADMIN */
	ROLE_ANYBODY,  /* unknown callers, too: liveness, readiness, the API's description */
	ROLE_READER,   /* all that can be read */
	ROLE_OPERATOR, /* the backends of the VIPs there are, and looking at packets */
	ROLE_ADMIN,
};

#define ROLE_NAMES "'reader', 'operator' or 'admin'"

const char *role_name(enum role role);
/* Whether the text names a role; the first two cannot be given. */
bool role_parse(const char *text, size_t length, enum role *ret_role);

#endif
