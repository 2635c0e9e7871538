/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two kinds of takers never share a pool. Those of any length get the first fit. Those of blocks,
 * whose lengths are powers of two, get multiples of their length, so that a block that is given
 * back leaves room for any that is not longer, and its buddy with it for one twice as long
 * (Knowlton 1965); of all places, one where the least is broken up.
 *
 * A pool is three kinds of ranges: taken ones, which only their takers know; free ones, sorted and
 * never touching each other; and retired ones, in the order of their epochs. Publishing owns one
 * pool for each array that packets read, and calls this in the event loop.
 *
 * Retiring cannot fail, because taking is what allocates: `room` always covers a free or a waiting
 * range for each one that is free, waiting or taken.
 */
#include "range.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 16

struct range {
	uint32_t first;
	uint32_t length;
};

struct waiting_range {
	struct range range;
	uint64_t epoch;
};

struct range_pool {
	struct range *free;	       /* owned, sorted */
	struct waiting_range *waiting; /* owned */
	size_t free_count;
	size_t waiting_count;
	size_t taken_count;
	size_t room; /* of each array, in ranges */
	uint32_t size;
	uint32_t used_units;
	uint32_t waiting_units;
};

static bool grow(struct range_pool *pool, size_t room)
{
	struct range *free_ranges = reallocarray(pool->free, room, sizeof(*pool->free));
	struct waiting_range *waiting;

	if (!free_ranges)
		return false;
	pool->free = free_ranges;
	waiting = reallocarray(pool->waiting, room, sizeof(*pool->waiting));
	if (!waiting)
		return false;
	pool->waiting = waiting;
	pool->room = room;
	return true;
}

/* Taking from the middle of a free range makes one free range and one taken range more. */
static bool reserve(struct range_pool *pool)
{
	size_t needed = pool->free_count + pool->waiting_count + pool->taken_count + 2;

	return needed <= pool->room || grow(pool, pool->room * 2);
}

struct range_pool *range_pool_new(uint32_t size)
{
	struct range_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->size = size;
	if (!grow(pool, ROOM_MIN)) {
		range_pool_free(pool);
		return NULL;
	}
	if (size > 0)
		pool->free[pool->free_count++] = (struct range){.length = size};
	return pool;
}

void range_pool_free(struct range_pool *pool)
{
	if (!pool)
		return;
	free(pool->free);
	free(pool->waiting);
	free(pool);
}

static uint64_t end_of(const struct range *range)
{
	return (uint64_t)range->first + range->length;
}

/* Puts 0 to 2 ranges in the place of the free range at `index`. */
static void replace_free(struct range_pool *pool, size_t index, const struct range *parts,
			 size_t part_count)
{
	memmove(&pool->free[index + part_count], &pool->free[index + 1],
		(pool->free_count - index - 1) * sizeof(*pool->free));
	memcpy(&pool->free[index], parts, part_count * sizeof(*parts));
	pool->free_count = pool->free_count - 1 + part_count;
}

/* taken: a part of the free range at `index`. */
static void take_from(struct range_pool *pool, size_t index, struct range taken)
{
	struct range whole = pool->free[index];
	struct range parts[2];
	size_t part_count = 0;

	if (taken.first > whole.first)
		parts[part_count++] = (struct range){whole.first, taken.first - whole.first};
	if (end_of(&taken) < end_of(&whole))
		parts[part_count++] = (struct range){taken.first + taken.length,
						     (uint32_t)(end_of(&whole) - end_of(&taken))};
	replace_free(pool, index, parts, part_count);
	pool->taken_count++;
	pool->used_units += taken.length;
}

static int range_take_free(struct range_pool *pool, size_t index, struct range taken,
			   uint32_t *ret_first)
{
	if (index == pool->free_count) {
		errno = ENOSPC;
		return -1;
	}
	if (!reserve(pool))
		return -1;
	take_from(pool, index, taken);
	*ret_first = taken.first;
	return 0;
}

int range_take(struct range_pool *pool, uint32_t length, uint32_t *ret_first)
{
	size_t index = 0;
	uint32_t first = 0;

	assert(length > 0);
	while (index < pool->free_count && pool->free[index].length < length)
		index++;
	if (index < pool->free_count)
		first = pool->free[index].first;
	return range_take_free(pool, index, (struct range){first, length}, ret_first);
}

/* ---- blocks ---- */

/* A block, in numbers that do not overflow. */
struct block {
	uint64_t first;
	uint64_t length;
};

/* The longest free block around one. */
static struct block widen(const struct range *whole, struct block block)
{
	for (;;) {
		uint64_t length = 2 * block.length;
		uint64_t first = block.first & ~(length - 1);

		if (first < whole->first || first + length > end_of(whole))
			return block;
		block = (struct block){first, length};
	}
}

/* The shortest of the blocks that a free range is made of and that hold `length`; they get longer
 * from either end. Its length is 0 if there is none. */
static struct block shortest_block(const struct range *whole, uint64_t length)
{
	uint64_t low = (whole->first + length - 1) & ~(length - 1);
	uint64_t high = end_of(whole) & ~(length - 1);
	struct block left, right;

	if (low + length > end_of(whole))
		return (struct block){0, 0};
	left = widen(whole, (struct block){low, length});
	right = widen(whole, (struct block){high - length, length});
	return right.length < left.length ? right : left;
}

int range_take_block(struct range_pool *pool, uint32_t length, uint32_t *ret_first)
{
	struct block best = {0, 0};
	size_t best_index = pool->free_count;

	assert(length > 0 && (length & (length - 1)) == 0);
	for (size_t index = 0; index < pool->free_count; index++) {
		struct block block = shortest_block(&pool->free[index], length);

		if (block.length == 0 || (best.length > 0 && best.length <= block.length))
			continue;
		best = block;
		best_index = index;
	}
	return range_take_free(pool, best_index, (struct range){(uint32_t)best.first, length},
			       ret_first);
}

/* ---- as told ---- */

int range_take_at(struct range_pool *pool, uint32_t first, uint32_t length)
{
	struct range taken = {first, length};

	if (length == 0 || end_of(&taken) > pool->size) {
		errno = ERANGE;
		return -1;
	}
	for (size_t index = 0; index < pool->free_count; index++) {
		const struct range *whole = &pool->free[index];

		if (first < whole->first || end_of(&taken) > end_of(whole))
			continue;
		if (!reserve(pool))
			return -1;
		take_from(pool, index, taken);
		return 0;
	}
	errno = EEXIST;
	return -1;
}

void range_retire(struct range_pool *pool, uint32_t first, uint32_t length, uint64_t epoch)
{
	assert(pool->taken_count > 0 && length <= pool->used_units);
	assert(pool->waiting_count == 0 || pool->waiting[pool->waiting_count - 1].epoch <= epoch);
	pool->waiting[pool->waiting_count++] = (struct waiting_range){{first, length}, epoch};
	pool->taken_count--;
	pool->used_units -= length;
	pool->waiting_units += length;
}

static int compare_first(const void *left, const void *right)
{
	const struct range *one = left;
	const struct range *other = right;

	return (one->first > other->first) - (one->first < other->first);
}

/* Sorts the free ranges and joins those that touch. */
static void join_free(struct range_pool *pool)
{
	size_t kept = 0;

	qsort(pool->free, pool->free_count, sizeof(*pool->free), compare_first);
	for (size_t index = 1; index < pool->free_count; index++) {
		assert(end_of(&pool->free[kept]) <= pool->free[index].first);
		if (end_of(&pool->free[kept]) == pool->free[index].first)
			pool->free[kept].length += pool->free[index].length;
		else
			pool->free[++kept] = pool->free[index];
	}
	pool->free_count = kept + 1;
}

void range_pool_reclaim(struct range_pool *pool, uint64_t epoch)
{
	size_t count = 0;

	for (; count < pool->waiting_count && pool->waiting[count].epoch <= epoch; count++) {
		pool->free[pool->free_count++] = pool->waiting[count].range;
		pool->waiting_units -= pool->waiting[count].range.length;
	}
	if (count == 0)
		return;
	pool->waiting_count -= count;
	memmove(pool->waiting, &pool->waiting[count], pool->waiting_count * sizeof(*pool->waiting));
	join_free(pool);
}

uint32_t range_pool_size(const struct range_pool *pool)
{
	return pool->size;
}

uint32_t range_pool_used(const struct range_pool *pool)
{
	return pool->used_units;
}

uint32_t range_pool_waiting(const struct range_pool *pool)
{
	return pool->waiting_units;
}

struct range_pool *range_pool_copy(const struct range_pool *pool, bool reclaimed)
{
	struct range_pool *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *pool;
	copy->free = NULL;
	copy->waiting = NULL;
	if (!grow(copy, pool->room)) {
		range_pool_free(copy);
		return NULL;
	}
	memcpy(copy->free, pool->free, pool->free_count * sizeof(copy->free[0]));
	memcpy(copy->waiting, pool->waiting, pool->waiting_count * sizeof(copy->waiting[0]));
	if (reclaimed)
		range_pool_reclaim(copy, UINT64_MAX);
	return copy;
}
