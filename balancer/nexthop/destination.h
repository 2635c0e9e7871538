/* SPDX-License-Identifier: BSD-2-Clause */
/* The followed destinations and their next hops, found by address and by prefix. Pure. */
#ifndef CAROM_DESTINATION_H
#define CAROM_DESTINATION_H

#include "address.h"
#include "resolution.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

struct neighbour;

struct destination {
	struct carom_address address;
	struct resolution resolution; /* unresolved without a reason: not yet looked up */
	struct neighbour *neighbour;  /* NULL: the route leads nowhere, or is not yet looked up */
	uint32_t follow_count;
	LIST_ENTRY(destination) entry; /* on the neighbour's list */
};

/* Sorted by address, without duplicates. */
struct destination_set {
	struct destination **items; /* owned, as is each of them */
	size_t count;
};

/* Counts one follower more of each address (duplicates allowed), and makes those that are not
 * there. Returns 0; -1 when out of memory, and the set is untouched. */
int destination_set_follow(struct destination_set *set, const struct carom_address *addresses,
			   size_t count);
/* Frees the destinations that have no follower left. */
void destination_set_prune(struct destination_set *set);
void destination_set_done(struct destination_set *set);

/* NULL: not in the set. */
struct destination *destination_set_find(const struct destination_set *set,
					 const struct carom_address *address);
/* Whether a destination lies within the prefix. An IPv6 prefix may count IPv4-mapped ones in. */
bool destination_set_meets(const struct destination_set *set, const struct prefix *prefix);

#endif
