/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of the world that is not intent: whether and how each backend can be reached. A
 * plan takes facts, whatever they come from. Pure.
 */
#ifndef CAROM_FACTS_H
#define CAROM_FACTS_H

#include "image.h"
#include "nexthop.h"

/* NULL: nothing is known of this destination yet. Borrowed until the event loop goes on. */
typedef const struct resolution *facts_find_next_hop(const void *source,
						     const struct carom_address *destination);

struct facts {
	facts_find_next_hop *find_next_hop;
	const void *next_hops; /* source of find_next_hop; borrowed */
};

static inline const struct resolution *facts_next_hop(const struct facts *facts,
						      const struct carom_address *destination)
{
	return facts->find_next_hop(facts->next_hops, destination);
}

/* Why a backend of an image is in no ring, for people: "drained", "neighbour …". Borrowed until the
 * event loop goes on, or static. Not for an eligible one. */
const char *facts_why_ineligible(const struct facts *facts, const struct image_backend *backend);

#endif
