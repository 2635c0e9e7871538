/* SPDX-License-Identifier: BSD-2-Clause */
/* What caromd needs of the host it runs on. */
#ifndef CAROM_HOST_H
#define CAROM_HOST_H

#include "error.h"

/* Lets this process open as many files as the API has clients, and more. Where that is not allowed,
 * it says so and goes on with as many as there may be. */
void host_raise_file_limit(void);

/* Whether this process has the capabilities to load and attach programs. Returns 0, or -1 and names
 * those that are missing. */
int host_check_capabilities(struct error *ret_error);

#endif
