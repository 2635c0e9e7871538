/* SPDX-License-Identifier: BSD-2-Clause */
#include "role.h"

#include <string.h>

const char *role_name(enum role role)
{
	switch (role) {
	case ROLE_UNSET: return "unset";
	case ROLE_ANYBODY: return "anybody";
	case ROLE_READER: return "reader";
	case ROLE_OPERATOR: return "operator";
	case ROLE_ADMIN: return "admin";
	}
	return "";
}

bool role_parse(const char *text, size_t length, enum role *ret_role)
{
	for (enum role role = ROLE_READER; role <= ROLE_ADMIN; role++) {
		const char *name = role_name(role);

		if (strlen(name) == length && memcmp(name, text, length) == 0) {
			*ret_role = role;
			return true;
		}
	}
	return false;
}
