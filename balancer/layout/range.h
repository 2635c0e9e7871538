/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hands out ranges of an array that a BPF program reads; a freed range is reusable only once its
 * grace period is over. Pure: the caller says which grace periods have passed.
 */
#ifndef CAROM_RANGE_H
#define CAROM_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range_pool;

/*
 * How many times as long as all blocks together a pool of them is to be. A change has both
 * sides beside each other, and free ranges lie scattered. Of random changes with many sizes one
 * in 600 found no room in one piece in a pool twice as long, and none of a million in one three
 * times as long. That none ever fails would take one six times as long or more (Robson 1971).
 */
#define RANGE_BLOCKS_ROOM 3

/*
 * The same for backends, which are ranges of any length. A set that is exchanged whole lies beside
 * the one before. And the ordinal of a backend that went is not given away before sweeps have
 * forgotten its flows, so that each of the two sets may have as many ordinals once more.
 */
#define RANGE_ROOM 4

/* size: of the array, counted in its units. NULL with errno ENOMEM. */
struct range_pool *range_pool_new(uint32_t size);
void range_pool_free(struct range_pool *pool);
/* One to try things out on, with the same free ranges; reclaimed: and the retired ones as if they
 * were reusable. NULL with errno ENOMEM. */
struct range_pool *range_pool_copy(const struct range_pool *pool, bool reclaimed);

/* Takes `length` units (> 0), where they fit first. Returns 0; -1 with errno ENOSPC if nothing free
 * is long enough, ENOMEM. */
int range_take(struct range_pool *pool, uint32_t length, uint32_t *ret_first);
/* The same for a power of two, whose first will be a multiple of it. A pool of blocks alone, in
 * which nothing was retired yet, is used up to the last block. */
int range_take_block(struct range_pool *pool, uint32_t length, uint32_t *ret_first);
/* Takes exactly this range, to adopt what the predecessor left. Returns 0; -1 with errno
 * EEXIST if any part is taken, ERANGE if it is empty or lies outside, ENOMEM. */
int range_take_at(struct range_pool *pool, uint32_t first, uint32_t length);

/* Gives a range back, whole as it was taken; it is reusable once range_pool_reclaim() was told of a
 * later epoch. It needs no memory, so it cannot fail. epoch: never lower than in earlier calls. */
void range_retire(struct range_pool *pool, uint32_t first, uint32_t length, uint64_t epoch);
/* Everything retired in an epoch <= `epoch` may be reused. */
void range_pool_reclaim(struct range_pool *pool, uint64_t epoch);

uint32_t range_pool_size(const struct range_pool *pool);
uint32_t range_pool_used(const struct range_pool *pool);    /* taken and not retired */
uint32_t range_pool_waiting(const struct range_pool *pool); /* retired and not yet reusable */

#endif
