/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From intent to data plane. Pure: it reads the desired state, the facts and what is published, and
 * makes the image to publish next. What did not change is shared with the
 * published image, which is how publish.h knows it.
 */
#ifndef CAROM_PLAN_H
#define CAROM_PLAN_H

#include "config.h"
#include "facts.h"
#include "image.h"

struct plan_input {
	const struct config *desired;
	uint64_t revision; /* of desired */
	/* What the image was planned from; NULL: nothing, or not known. */
	const struct config *published;
	const struct image *image; /* what is published; NULL: nothing yet */
	struct facts facts;
	bool facts_changed;   /* since the image was planned */
	uint64_t sweep_count; /* of the flow table, so far */
};

/* NULL on failure, described: out of memory. */
struct image *plan_make(const struct plan_input *input, struct error *ret_error);

/* The same in two steps, for filling rings takes the most time. */
struct plan {
	struct image *image;	     /* a reference */
	struct image_vip **unfilled; /* owned; those of the image whose rings are to be filled */
	size_t unfilled_count;
	size_t unfilled_slots; /* of all of them */
};

/* Returns 0, or -1: out of memory. To be ended by plan_done(). */
int plan_start(const struct plan_input *input, struct plan *ret_plan, struct error *ret_error);
/* Fills the rings. Any thread, for it touches nothing else. Returns 0, or -1: out of memory. */
int plan_fill(const struct plan *plan, struct error *ret_error);
/* Makes it all zero; may be called then, too. */
void plan_done(struct plan *plan);

/* Whether a backend of an image is in its VIP's ring. */
bool plan_is_eligible(const struct image_backend *backend);
#endif
