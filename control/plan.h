/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one function from intent to data plane. Pure: it reads the desired state, what is known of
 * the next hops and what is published, and makes the image to publish next. What did not change is
 * shared with the published image, which is how publish.h knows it.
 */
#ifndef CAROM_PLAN_H
#define CAROM_PLAN_H

#include "config.h"
#include "image.h"

/* NULL: nothing is known of this destination. Borrowed during the plan. */
typedef const struct next_hop *plan_find_next_hop(const void *context,
						  const struct carom_address *destination);

struct plan_input {
	const struct config *desired;
	uint64_t revision; /* of desired */
	const struct config
		*published;	   /* what the image was planned from; NULL: nothing, not known */
	const struct image *image; /* what is published; NULL: nothing yet */
	bool next_hops_changed;	   /* since the image was planned */
	uint64_t sweep_count;	   /* of the flow table, so far */
	plan_find_next_hop *find_next_hop;
	const void *next_hops; /* context of find_next_hop */
};

/* NULL on failure, described: out of memory. */
struct image *plan_make(const struct plan_input *input, struct error *ret_error);

/* Whether a backend of an image is in its VIP's ring. */
bool plan_is_eligible(const struct image_backend *backend);
/* Why it is not, for people: "drained", "neighbour …". Borrowed from the backend or static. */
const char *plan_ineligible_reason(const struct image_backend *backend);

#endif
