/* SPDX-License-Identifier: BSD-2-Clause */
/*
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

int range_take(struct range_pool *pool, uint32_t length, uint32_t alignment, uint32_t *ret_first)
{
	assert(length > 0 && alignment > 0 && (alignment & (alignment - 1)) == 0);
	for (size_t index = 0; index < pool->free_count; index++) {
		const struct range *whole = &pool->free[index];
		uint64_t first = ((uint64_t)whole->first + alignment - 1) / alignment * alignment;

		if (first + length > end_of(whole))
			continue;
		if (!reserve(pool))
			return -1;
		take_from(pool, index, (struct range){(uint32_t)first, length});
		*ret_first = (uint32_t)first;
		return 0;
	}
	errno = ENOSPC;
	return -1;
}

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
