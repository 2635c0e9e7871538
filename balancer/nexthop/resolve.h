/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of the way to a destination, judged step by step: each step fills its part of the
 * next hop, or refuses it with the reason. Pure. `hop` is all zero before the first step.
 */
#ifndef CAROM_RESOLVE_H
#define CAROM_RESOLVE_H

#include "nexthop.h"
#include "rtnetlink.h"

#include <stdbool.h>

/* The kernel refused to name a route. down: some followed link that does not run, which may be why;
 * or NULL. */
void resolve_no_route(const struct carom_address *destination, int route_errno,
		      const struct rtnetlink_link *down, struct next_hop *hop);
/* These return false when they refuse. */
bool resolve_route(const struct carom_address *destination, const struct rtnetlink_route *route,
		   struct next_hop *hop);
bool resolve_link(const struct rtnetlink_link *link, struct next_hop *hop);
/* The route leaves by a link that is not followed. */
void resolve_foreign(const struct carom_address *destination, const char *link_name,
		     struct next_hop *hop);
/* The last step: resolves the next hop, or takes that back. */
void resolve_neighbour(const struct rtnetlink_neighbour *neighbour, bool is_usable,
		       const char *link_name, struct next_hop *hop);
void resolve_out_of_memory(struct next_hop *hop);

/* Whether this errno tells of a route that leads nowhere, rather than of a request that failed. */
bool resolve_is_routing_errno(int error);

bool resolve_is_given(const struct next_hop *hop);
bool resolve_equal(const struct next_hop *left, const struct next_hop *right);

#endif
