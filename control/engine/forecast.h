/* SPDX-License-Identifier: BSD-2-Clause */
/* What publishing one image after another does to connections, told beforehand. Pure. */
#ifndef CAROM_FORECAST_H
#define CAROM_FORECAST_H

#include "image.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of one VIP. */
struct forecast_slots {
	uint32_t count;	   /* of the ring that is to be; of a VIP that goes, of the one that was */
	uint32_t moved;	   /* slots of it whose new connections will go elsewhere than before */
	uint32_t given_up; /* slots of it whose backend stops serving: their connections end */
};

/* from, to: the VIP before and after; NULL: it is not there, but not both. */
struct forecast_slots forecast_slots(const struct image_vip *from, const struct image_vip *to);

/* Whether this backend of `from`, by its ordinal, serves its connections no more in `to` (NULL: the
 * VIP goes). */
bool forecast_gives_up(const struct image_vip *from, const struct image_vip *to, size_t ordinal);

#endif
