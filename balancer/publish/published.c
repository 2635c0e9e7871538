/* SPDX-License-Identifier: BSD-2-Clause */
#include "published.h"

#include "address.h"

#include <stdlib.h>
#include <string.h>

struct placed *placed_new(struct image_vip *vip)
{
	size_t count = vip->backend_count;
	struct placed *placed = calloc(1, sizeof(*placed) + count * sizeof(placed->backends[0]) +
						  count * sizeof(placed->older[0]));

	if (!placed)
		return NULL;
	placed->vip = image_vip_ref(vip);
	placed->first_slot = PLACED_NOWHERE;
	placed->first_backend = PLACED_NOWHERE;
	placed->older = (struct tracking_older *)&placed->backends[count];
	/* As for a process that adopts, and has not swept yet. */
	for (size_t i = 0; i < count; i++)
		placed->backends[i].certain_at = IMAGE_SWEEPS_TO_FORGET;
	return placed;
}

void placed_free(struct placed *placed)
{
	if (!placed)
		return;
	image_vip_unref(placed->vip);
	free(placed);
}

uint32_t placed_counter(const struct placed *placed, const struct image_backend *backend,
			size_t ordinal)
{
	const struct image_backend *holder;

	if (!placed || ordinal >= placed->vip->backend_count)
		return 0;
	holder = &placed->vip->backends[ordinal];
	return address_equal(&holder->address, &backend->address) &&
			       strcmp(holder->name, backend->name) == 0
		       ? placed->backends[ordinal].counter
		       : 0;
}

struct tracking_slots placed_slots(const struct placed *placed,
				   const struct dataplane_memory *memory)
{
	return (struct tracking_slots){
		.bits = placed->vip->ring->bits,
		.slots = memory->slots + placed->first_slot,
		.previous = memory->previous + placed->first_slot,
		.changed_at = memory->changed_at + placed->first_slot,
	};
}

void published_done(struct published *published)
{
	for (size_t i = 0; i < published_count(published); i++)
		placed_free(published->vips[i]);
	free(published->vips);
	image_unref(published->image);
}

size_t published_count(const struct published *published)
{
	return published->image ? published->image->vip_count : 0;
}

uint32_t *published_index(const struct published *published)
{
	uint32_t *index = calloc(published->memory->reasons_per_lane, sizeof(index[0]));

	for (size_t i = 0; index && i < published_count(published); i++)
		index[published->vips[i]->counter] = (uint32_t)i + 1;
	return index;
}

/* Most often they are one and the same. */
static int published_compare(const struct image_vip *left, const struct image_vip *right)
{
	return left == right ? 0 : strcmp(left->name, right->name);
}

void published_pair(const struct published *published, const struct image *image,
		    struct placement *placements)
{
	size_t count = published_count(published), next = 0;

	for (size_t i = 0; i < image->vip_count; i++) {
		const struct image_vip *vip = image->vips[i];

		while (next < count && published_compare(published->vips[next]->vip, vip) < 0)
			next++;
		if (next < count && published_compare(published->vips[next]->vip, vip) == 0)
			placements[i].before = published->vips[next++];
	}
}
