/* SPDX-License-Identifier: BSD-2-Clause */
/* What the API says of the history, and how to go back in it. */
#ifndef CAROM_REVISION_ROUTES_H
#define CAROM_REVISION_ROUTES_H

#include "route.h"

extern const struct parameter revision_routes_list_parameters[];
extern const struct parameter revision_routes_diff_parameters[];

route_read revision_routes_list, revision_routes_get, revision_routes_diff;
route_view revision_routes_view, revision_routes_view_both;
route_size revision_routes_size;
route_write revision_routes_restore;

#endif
