/* SPDX-License-Identifier: BSD-2-Clause */
#include "room.h"

#include "encode.h"
#include "range.h"

#include <stdlib.h>

enum pool {
	POOL_SLOTS,
	POOL_BACKENDS, /* of either half */
	POOL_BACKENDS_TURNED,
	POOL_VIP_NUMBERS,
	POOL_BACKEND_NUMBERS,
	POOL_COUNT
};

struct room {
	struct range_pool *pools[POOL_COUNT];
	struct hops *hops;
	uint32_t half_size; /* of backends */
	bool is_turned;	    /* backends are placed in the second half */
};

void room_free(struct room *room)
{
	if (!room)
		return;
	for (size_t i = 0; i < POOL_COUNT; i++)
		range_pool_free(room->pools[i]);
	hops_free(room->hops);
	free(room);
}

/* Whether there was memory for all of it. */
static bool room_is_whole(const struct room *room)
{
	for (size_t i = 0; i < POOL_COUNT; i++) {
		if (!room->pools[i])
			return false;
	}
	return room->hops;
}

struct room *room_new(const struct room_sizes *sizes)
{
	const uint32_t counts[POOL_COUNT] = {
		[POOL_SLOTS] = sizes->slot_count,
		[POOL_BACKENDS] = sizes->backend_count / 2,
		[POOL_BACKENDS_TURNED] = sizes->backend_count / 2,
		[POOL_VIP_NUMBERS] = sizes->vip_number_count,
		[POOL_BACKEND_NUMBERS] = sizes->number_count,
	};
	struct room *room = calloc(1, sizeof(*room));

	if (!room)
		return NULL;
	for (size_t i = 0; i < POOL_COUNT; i++)
		room->pools[i] = range_pool_new(counts[i]);
	room->half_size = sizes->backend_count / 2;
	room->hops = hops_new(sizes->next_hop_count);
	if (room_is_whole(room) && range_take_at(room->pools[POOL_VIP_NUMBERS], 0, 1) == 0 &&
	    range_take_at(room->pools[POOL_BACKEND_NUMBERS], 0, sizes->vip_number_count) == 0)
		return room;
	room_free(room);
	return NULL;
}

struct room *room_copy(const struct room *room, bool reclaimed)
{
	struct room *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return NULL;
	for (size_t i = 0; i < POOL_COUNT; i++)
		copy->pools[i] = range_pool_copy(room->pools[i], reclaimed);
	copy->half_size = room->half_size;
	copy->is_turned = room->is_turned;
	copy->hops = hops_copy(room->hops, reclaimed);
	if (room_is_whole(copy))
		return copy;
	room_free(copy);
	return NULL;
}

/* ---- placing ---- */

/* VIPs and backends that were there before go on counting where they did. */
static int place_numbers(struct room *room, const struct placement *placement)
{
	const struct placed *before = placement->before;
	struct placed *after = placement->after;

	if (before)
		after->counter = before->counter;
	else if (range_take(room->pools[POOL_VIP_NUMBERS], 1, &after->counter))
		return -1;
	for (size_t i = 0; i < after->vip->backend_count; i++) {
		const struct image_backend *backend = &after->vip->backends[i];
		uint32_t *number = &after->backends[i].counter;

		if (backend->state == CAROM_BACKEND_UNUSED)
			continue;
		*number = placed_counter(before, backend, i);
		if (!*number && range_take(room->pools[POOL_BACKEND_NUMBERS], 1, number))
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
	return range_take_block(room->pools[POOL_SLOTS], 1u << after->vip->ring->bits,
				&after->first_slot);
}

static int place_next_hops(struct room *room, struct placed *after)
{
	for (size_t i = 0; i < after->vip->backend_count; i++) {
		struct carom_next_hop hop;

		if (encode_next_hop(&after->vip->backends[i], &hop) &&
		    hops_take(room->hops, &hop, &after->backends[i].next_hop))
			return -1;
	}
	return 0;
}

/* ---- halves ---- */

static bool is_in_second_half(const struct room *room, uint32_t first_backend)
{
	return first_backend >= room->half_size;
}

static struct range_pool *half_of(const struct room *room, bool is_second)
{
	return room->pools[is_second ? POOL_BACKENDS_TURNED : POOL_BACKENDS];
}

bool room_turn(struct room *room)
{
	const struct range_pool *other = half_of(room, !room->is_turned);

	if (range_pool_used(other) || range_pool_waiting(other))
		return false;
	room->is_turned = !room->is_turned;
	return true;
}

static int take_backends(struct room *room, uint32_t count, uint32_t *ret_first)
{
	/* Rapid exchanges of a large set: ordinals that sweeps have not set free yet. */
	if (count >= CAROM_ORDINAL_NONE ||
	    range_take(half_of(room, room->is_turned), count, ret_first))
		return -1;
	if (room->is_turned)
		*ret_first += room->half_size;
	return 0;
}

static void retire_backends(struct room *room, const struct placed *gone, uint64_t epoch)
{
	bool is_second = is_in_second_half(room, gone->first_backend);
	uint32_t count = image_placed_count(gone->vip);

	if (count)
		range_retire(half_of(room, is_second),
			     gone->first_backend - (is_second ? room->half_size : 0), count, epoch);
}

static int adopt_backends(struct room *room, const struct placed *placed)
{
	uint32_t count = image_placed_count(placed->vip);

	if (!count)
		return 0;
	room->is_turned = is_in_second_half(room, placed->first_backend);
	return range_take_at(half_of(room, room->is_turned),
			     placed->first_backend - (room->is_turned ? room->half_size : 0),
			     count);
}

static int place_backends(struct room *room, const struct placement *placement)
{
	const struct placed *before = placement->before;
	struct placed *after = placement->after;
	uint32_t count = image_placed_count(after->vip);

	if (!count)
		return 0;
	if (before && image_may_keep_backends(before->vip, after->vip) &&
	    is_in_second_half(room, before->first_backend) == room->is_turned) {
		after->first_backend = before->first_backend;
		return 0;
	}
	return take_backends(room, count, &after->first_backend);
}

int room_place(struct room *room, const struct placement *placement)
{
	if (place_numbers(room, placement) || place_slots(room, placement) ||
	    place_next_hops(room, placement->after))
		return -1;
	return place_backends(room, placement);
}

static int adopt_next_hops(struct room *room, const struct placed *placed)
{
	for (size_t i = 0; i < placed->vip->backend_count; i++) {
		uint32_t number = placed->backends[i].next_hop;
		struct carom_next_hop hop;

		if (number && (!encode_next_hop(&placed->vip->backends[i], &hop) ||
			       hops_take_at(room->hops, &hop, number)))
			return -1;
	}
	return 0;
}

const char *room_adopt(struct room *room, const struct placed *placed)
{
	const struct image_vip *vip = placed->vip;

	if (range_take_at(room->pools[POOL_SLOTS], placed->first_slot, 1u << vip->ring->bits))
		return "two VIPs share slots";
	if (adopt_backends(room, placed))
		return "two VIPs share backends";
	if (range_take_at(room->pools[POOL_VIP_NUMBERS], placed->counter, 1))
		return "two VIPs count in one place";
	for (size_t i = 0; i < vip->backend_count; i++) {
		if (vip->backends[i].state != CAROM_BACKEND_UNUSED &&
		    range_take_at(room->pools[POOL_BACKEND_NUMBERS], placed->backends[i].counter,
				  1))
			return "two backends count in one place";
	}
	return adopt_next_hops(room, placed) ? "a next hop's number" : NULL;
}

/* ---- giving back: none of it needs memory, for it must not fail ---- */

void room_retire(struct room *room, const struct placed *gone, const struct placed *heir,
		 uint64_t epoch)
{
	if (!heir || heir->first_slot != gone->first_slot)
		range_retire(room->pools[POOL_SLOTS], gone->first_slot, 1u << gone->vip->ring->bits,
			     epoch);
	for (size_t i = 0; i < gone->vip->backend_count; i++)
		hops_release(room->hops, gone->backends[i].next_hop, epoch);
	if (!heir || heir->first_backend != gone->first_backend)
		retire_backends(room, gone, epoch);
}

void room_retire_number(struct room *room, uint32_t number, bool is_vip, uint64_t epoch)
{
	range_retire(room->pools[is_vip ? POOL_VIP_NUMBERS : POOL_BACKEND_NUMBERS], number, 1,
		     epoch);
}

void room_reclaim(struct room *room, uint64_t epoch)
{
	for (size_t i = 0; i < POOL_COUNT; i++)
		range_pool_reclaim(room->pools[i], epoch);
	hops_reclaim(room->hops, epoch);
}

const struct carom_next_hop *room_next_hop(const struct room *room, uint32_t number)
{
	return hops_at(room->hops, number);
}

struct room_fill room_fill(const struct room *room)
{
	const struct range_pool *slots = room->pools[POOL_SLOTS];
	const struct range_pool *first = room->pools[POOL_BACKENDS];
	const struct range_pool *second = room->pools[POOL_BACKENDS_TURNED];
	const struct range_pool *vips = room->pools[POOL_VIP_NUMBERS];
	struct room_fill fill = {
		.slots_used = range_pool_used(slots),
		.slots_waiting = range_pool_waiting(slots),
		.slots_size = range_pool_size(slots),
		.backends_used = range_pool_used(first) + range_pool_used(second),
		.backends_waiting = range_pool_waiting(first) + range_pool_waiting(second),
		.backends_size = range_pool_size(first) + range_pool_size(second),
		.vips_used = range_pool_used(vips) - 1,
		.vips_size = range_pool_size(vips) - 1,
	};

	fill.numbers_used = fill.vips_used + range_pool_used(room->pools[POOL_BACKEND_NUMBERS]) -
			    range_pool_size(vips);
	return fill;
}
