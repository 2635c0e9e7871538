/* SPDX-License-Identifier: BSD-2-Clause */
/* What publishing a desired state would do, for a dry run. */
#ifndef CAROM_FORETELL_H
#define CAROM_FORETELL_H

#include "config.h"

#include <jansson.h>

struct engine;

/* On the event loop's thread. A new reference; NULL on failure, described: ERROR_LIMIT if the maps
 * have no room for it. */
json_t *foretell(const struct engine *engine, const struct config *desired,
		 struct error *ret_error);

#endif
