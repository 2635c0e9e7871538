/* SPDX-License-Identifier: BSD-2-Clause */
/* What somebody may do: each role may all that those before it may. */
#ifndef CAROM_ROLE_H
#define CAROM_ROLE_H

#include <stdbool.h>
#include <stddef.h>

enum role {
	ROLE_UNSET,    /* nobody has thought of it */
	ROLE_ANYBODY,  /* who is not known: whether caromd lives and is ready, and its API's form */
	ROLE_READER,   /* all that can be read */
	ROLE_OPERATOR, /* the backends of the VIPs there are, and looking at packets */
	ROLE_ADMIN,
};

#define ROLE_NAMES "'reader', 'operator' or 'admin'"

const char *role_name(enum role role);
/* Whether the text names a role; the first two cannot be given. */
bool role_parse(const char *text, size_t length, enum role *ret_role);

#endif
