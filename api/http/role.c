/* SPDX-License-Identifier: BSD-2-Clause */
#include "role.h"

#include <string.h>

static const char *const names[] = {
	[ROLE_UNSET] = "unset",	      [ROLE_ANYBODY] = "anybody", [ROLE_READER] = "reader",
	[ROLE_OPERATOR] = "operator", [ROLE_ADMIN] = "admin",
};

const char *role_name(enum role role)
{
	return names[role];
}

bool role_parse(const char *text, size_t length, enum role *ret_role)
{
	for (enum role role = ROLE_READER; role <= ROLE_ADMIN; role++) {
		if (strlen(names[role]) == length && memcmp(names[role], text, length) == 0) {
			*ret_role = role;
			return true;
		}
	}
	return false;
}
