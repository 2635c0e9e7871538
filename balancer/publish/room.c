/* SPDX-License-Identifier: BSD-2-Clause */
#include "room.h"

#include "range.h"

#include <stdlib.h>

struct room {
	struct range_pool *slots;
	struct range_pool *backends;
	struct range_pool *vip_numbers;
	struct range_pool *backend_numbers;
};

void room_free(struct room *room)
{
	if (!room)
		return;
	range_pool_free(room->slots);
	range_pool_free(room->backends);
	range_pool_free(room->vip_numbers);
	range_pool_free(room->backend_numbers);
	free(room);
}

/* Returns the room; NULL, and frees it, if it has not all pools. */
static struct room *room_whole(struct room *room)
{
	if (room->slots && room->backends && room->vip_numbers && room->backend_numbers)
		return room;
	room_free(room);
	return NULL;
}

struct room *room_new(const struct room_sizes *sizes)
{
	struct room *room = calloc(1, sizeof(*room));

	if (!room)
		return NULL;
	room->slots = range_pool_new(sizes->slot_count);
	room->backends = range_pool_new(sizes->backend_count);
	room->vip_numbers = range_pool_new(sizes->vip_number_count);
	room->backend_numbers = range_pool_new(sizes->number_count);
	room = room_whole(room);
	if (!room)
		return NULL;
	if (range_take_at(room->vip_numbers, 0, 1) == 0 &&
	    range_take_at(room->backend_numbers, 0, sizes->vip_number_count) == 0)
		return room;
	room_free(room);
	return NULL;
}

struct room *room_copy(const struct room *room, bool reclaimed)
{
	struct room *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return NULL;
	copy->slots = range_pool_copy(room->slots, reclaimed);
	copy->backends = range_pool_copy(room->backends, reclaimed);
	copy->vip_numbers = range_pool_copy(room->vip_numbers, reclaimed);
	copy->backend_numbers = range_pool_copy(room->backend_numbers, reclaimed);
	return room_whole(copy);
}

/* ---- placing ---- */

/* VIPs and backends that were there before go on counting where they did. */
static int place_numbers(struct room *room, const struct placement *placement)
{
	const struct placed *before = placement->before;
	struct placed *after = placement->after;

	if (before)
		after->counter = before->counter;
	else if (range_take(room->vip_numbers, 1, &after->counter))
		return -1;
	for (size_t i = 0; i < after->vip->backend_count; i++) {
		const struct image_backend *backend = &after->vip->backends[i];
		uint32_t *number = &after->backends[i].counter;

		if (backend->state == CAROM_BACKEND_UNUSED)
			continue;
		*number = placed_counter(before, backend, i);
		if (!*number && range_take(room->backend_numbers, 1, number))
			return -1;
	}
	return 0;
}

static int place_slots(struct room *room, const struct placement *placement)
{
	const struct placed *before = placement->before;
	struct placed *after = placement->after;

	if (before && image_may_keep_slots(before->vip, after->vip)) {
		after->first_slot = before->first_slot;
		return 0;
	}
	return range_take_block(room->slots, 1u << after->vip->ring->bits, &after->first_slot);
}

static int place_backends(struct room *room, struct placed *after)
{
	uint32_t count = (uint32_t)after->vip->backend_count;

	return count ? range_take(room->backends, count, &after->first_backend) : 0;
}

int room_place(struct room *room, const struct placement *placement)
{
	if (place_numbers(room, placement) || place_slots(room, placement))
		return -1;
	return place_backends(room, placement->after);
}

const char *room_adopt(struct room *room, const struct placed *placed)
{
	const struct image_vip *vip = placed->vip;

	if (range_take_at(room->slots, placed->first_slot, 1u << vip->ring->bits))
		return "two VIPs share slots";
	if (vip->backend_count &&
	    range_take_at(room->backends, placed->first_backend, (uint32_t)vip->backend_count))
		return "two VIPs share backends";
	if (range_take_at(room->vip_numbers, placed->counter, 1))
		return "two VIPs count in one place";
	for (size_t i = 0; i < vip->backend_count; i++) {
		if (vip->backends[i].state != CAROM_BACKEND_UNUSED &&
		    range_take_at(room->backend_numbers, placed->backends[i].counter, 1))
			return "two backends count in one place";
	}
	return NULL;
}

/* ---- giving back: none of it needs memory, for it must not fail ---- */

void room_retire(struct room *room, const struct placed *gone, const struct placed *heir,
		 uint64_t epoch)
{
	if (!heir || heir->first_slot != gone->first_slot)
		range_retire(room->slots, gone->first_slot, 1u << gone->vip->ring->bits, epoch);
	if (gone->vip->backend_count)
		range_retire(room->backends, gone->first_backend,
			     (uint32_t)gone->vip->backend_count, epoch);
}

void room_retire_number(struct room *room, uint32_t number, bool is_vip, uint64_t epoch)
{
	range_retire(is_vip ? room->vip_numbers : room->backend_numbers, number, 1, epoch);
}

void room_reclaim(struct room *room, uint64_t epoch)
{
	range_pool_reclaim(room->slots, epoch);
	range_pool_reclaim(room->backends, epoch);
	range_pool_reclaim(room->vip_numbers, epoch);
	range_pool_reclaim(room->backend_numbers, epoch);
}

struct room_fill room_fill(const struct room *room)
{
	uint32_t vips = range_pool_used(room->vip_numbers) - 1;

	return (struct room_fill){
		.slots_used = range_pool_used(room->slots),
		.slots_waiting = range_pool_waiting(room->slots),
		.slots_size = range_pool_size(room->slots),
		.backends_used = range_pool_used(room->backends),
		.backends_waiting = range_pool_waiting(room->backends),
		.backends_size = range_pool_size(room->backends),
		.vips_used = vips,
		.vips_size = range_pool_size(room->vip_numbers) - 1,
		.numbers_used = vips + range_pool_used(room->backend_numbers) -
				range_pool_size(room->vip_numbers),
	};
}
