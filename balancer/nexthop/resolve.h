/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of the way to a destination, judged step by step: each step fills its part of the
 * resolution, or refuses it with the reason. Pure. It is all zero before the first step.
 */
#ifndef CAROM_RESOLVE_H
#define CAROM_RESOLVE_H

#include "resolution.h"
#include "rtnetlink.h"

#include <stdbool.h>

/* The kernel refused to name a route. down: some followed link that does not run, which may be why;
 * or NULL. */
void resolve_no_route(const struct carom_address *destination, int route_errno,
		      const struct rtnetlink_link *down, struct resolution *resolution);
/* These return false when they refuse. */
bool resolve_route(const struct carom_address *destination, const struct rtnetlink_route *route,
		   struct resolution *resolution);
bool resolve_link(const struct rtnetlink_link *link, struct resolution *resolution);
/* The route leaves by a link that is not followed. */
void resolve_foreign(const struct carom_address *destination, const char *link_name,
		     struct resolution *resolution);
/* The last step: resolves the next hop, or takes that back. */
void resolve_neighbour(const struct rtnetlink_neighbour *neighbour, bool is_usable,
		       const char *link_name, struct resolution *resolution);
void resolve_out_of_memory(struct resolution *resolution);

/* Whether this errno tells of a route that leads nowhere, rather than of a request that failed. */
bool resolve_is_routing_errno(int error);

bool resolve_is_given(const struct resolution *resolution);
bool resolve_equal(const struct resolution *left, const struct resolution *right);

#endif
