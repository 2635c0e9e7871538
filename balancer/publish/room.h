/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The room in the maps: slots, backends, the numbers that VIPs count under and those of backends,
 * and next hops. Pure. A commit places its VIPs in a copy of the room, which then takes the room's
 * place; to check an image is to place it in a copy and to throw that away.
 */
#ifndef CAROM_ROOM_H
#define CAROM_ROOM_H

#include "hops.h"
#include "published.h"

#include <stdbool.h>
#include <stdint.h>

struct room;

struct room_sizes {
	uint32_t slot_count;
	uint32_t backend_count;
	uint32_t vip_number_count; /* number 0 is no VIP's */
	/* Backends' numbers come after the VIPs', for both count in one array. */
	uint32_t number_count;
	uint32_t next_hop_count;
};

/* NULL: out of memory. */
struct room *room_new(const struct room_sizes *sizes);
/* reclaimed: as if all that is retired were reusable. NULL: out of memory. */
struct room *room_copy(const struct room *room, bool reclaimed);
void room_free(struct room *room);

/* Takes places for placement->after: its own where it must not touch those of `before`, which
 * packets still use; the same where it may stay. Returns 0, or -1: there is no room. */
int room_place(struct room *room, const struct placement *placement);
/*
 * Backends lie in one half of their array, beside the ones that packets still use. When free places
 * there are too scattered, a commit turns to the other half: all VIPs are placed anew, close
 * together. False: packets may still use the other half.
 */
bool room_turn(struct room *room);
/* Takes the places that an adopted VIP has. Returns NULL, or says which of them is taken. */
const char *room_adopt(struct room *room, const struct placed *placed);

/* Of a number that a placed backend has. Borrowed until the next room_place(). */
const struct carom_next_hop *room_next_hop(const struct room *room, uint32_t number);

/* Gives back the ranges that `gone` has and its heir (NULL: none) does not; a number by itself,
 * once its counts are settled. They are reusable after room_reclaim() of that epoch. */
void room_retire(struct room *room, const struct placed *gone, const struct placed *heir,
		 uint64_t epoch);
void room_retire_number(struct room *room, uint32_t number, bool is_vip, uint64_t epoch);
void room_reclaim(struct room *room, uint64_t epoch);

struct room_fill {
	uint32_t slots_used, slots_waiting, slots_size;
	uint32_t backends_used, backends_waiting, backends_size;
	uint32_t vips_used, vips_size;
	uint32_t numbers_used; /* of VIPs and backends */
};
struct room_fill room_fill(const struct room *room);

#endif
