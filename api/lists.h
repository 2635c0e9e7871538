/* SPDX-License-Identifier: BSD-2-Clause */
/* What lists and reports say: JSON for programs, a table for people (Accept: text/plain), and where
 * the next page is (Link, RFC 8288). */
#ifndef CAROM_LISTS_H
#define CAROM_LISTS_H

#include "route.h"

/* Their queries. */
extern const struct parameter lists_vips_parameters[];
extern const struct parameter lists_backends_parameters[];
extern const struct parameter lists_flows_parameters[];

route_view lists_view_flows;
route_size lists_size_of_flows;
route_read lists_get_vips, lists_get_backends, lists_get_flows, lists_get_ring, lists_get_status;

#endif
