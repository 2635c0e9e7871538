/* SPDX-License-Identifier: BSD-2-Clause */
/* All that the API offers, as a table. */
#ifndef CAROM_ROUTES_H
#define CAROM_ROUTES_H

#include "route.h"

const struct route *routes_table(size_t *ret_count);

#endif
