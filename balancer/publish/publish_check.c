/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether an image has room in the maps: takes what publishing would take, in the same order, out
 * of copies of the pools. What costs is what changes, and the free ranges.
 */
#include "publish_check.h"

#include "publish_parts.h"

#include <errno.h>
#include <stdlib.h>

struct trial {
	struct range_pool *slots, *backends, *vip_counters, *backend_counters;
};

static void trial_done(struct trial *trial)
{
	range_pool_free(trial->slots);
	range_pool_free(trial->backends);
	range_pool_free(trial->vip_counters);
	range_pool_free(trial->backend_counters);
}

static int trial_init(struct trial *trial, const struct publish *publish, bool reclaimed)
{
	trial->slots = range_pool_copy(publish->slots, reclaimed);
	trial->backends = range_pool_copy(publish->backends, reclaimed);
	trial->vip_counters = range_pool_copy(publish->vip_counters, reclaimed);
	trial->backend_counters = range_pool_copy(publish->backend_counters, reclaimed);
	return trial->slots && trial->backends && trial->vip_counters && trial->backend_counters
		       ? 0
		       : -1;
}

static int try_counters(struct trial *trial, const struct published_vip *before,
			const struct image_vip *vip)
{
	uint32_t first;

	if (!before && range_take(trial->vip_counters, 1, &first))
		return -1;
	for (size_t i = 0; i < vip->backend_count; i++) {
		if (vip->backends[i].state != CAROM_BACKEND_UNUSED &&
		    !publish_counter_before(before, vip, i) &&
		    range_take(trial->backend_counters, 1, &first))
			return -1;
	}
	return 0;
}

static int try_vip(struct trial *trial, const struct published_vip *before,
		   const struct image_vip *vip)
{
	uint32_t first;

	if (try_counters(trial, before, vip))
		return -1;
	if (!publish_may_keep_slots(before, vip) &&
	    range_take_block(trial->slots, 1u << vip->ring->bits, &first))
		return -1;
	if (!vip->backend_count)
		return 0;
	return range_take(trial->backends, (uint32_t)vip->backend_count, &first);
}

static int try_all(struct trial *trial, const struct image *image,
		   const struct placement *placements, struct error *ret_error)
{
	for (size_t i = 0; i < image->vip_count; i++) {
		const struct published_vip *before = placements[i].before;

		if (before && before->vip == image->vips[i])
			continue;
		if (try_vip(trial, before, image->vips[i]))
			return publish_set_no_room(ret_error, image->vips[i]);
	}
	return 0;
}

int publish_check(const struct publish *publish, const struct image *image, enum publish_room room,
		  struct error *ret_error)
{
	struct placement *placements = calloc(image->vip_count + 1, sizeof(placements[0]));
	struct trial trial = {0};
	int result;

	if (!placements || trial_init(&trial, publish, room == PUBLISH_ROOM_RECLAIMED)) {
		result = error_set_errno(ret_error, ENOMEM, "publishing");
	} else {
		publish_pair(publish, image, placements);
		result = try_all(&trial, image, placements, ret_error);
	}
	trial_done(&trial);
	free(placements);
	return result;
}
