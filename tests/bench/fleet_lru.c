/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries lie in one array, each in two lists: the chain of its bucket, and the ring of all entries
 * by the time they were seen, which closes in a head that is no entry.
 */
#include "fleet_lru.h"

#include "abi.h"
#include "fleet.h"

#include <stdlib.h>

#define NONE	    UINT32_MAX
#define BUCKET_SEED 0x10c0ffee

struct entry {
	uint64_t flow;
	uint32_t chained; /* the next of its bucket, or NONE */
	uint32_t newer, older;
	uint16_t backend;
};

struct lru {
	uint32_t capacity, count;
	uint32_t *buckets;     /* capacity of them: each its first entry, or NONE */
	struct entry *entries; /* the last one, entries[capacity], is the head of the ring */
};

struct lru *lru_new(uint32_t capacity)
{
	struct lru *lru = fleet_taken(malloc(sizeof(*lru)));

	*lru = (struct lru){
		.capacity = capacity,
		.buckets = fleet_taken(malloc(capacity * sizeof(lru->buckets[0]))),
		.entries = fleet_taken(calloc(capacity + 1, sizeof(lru->entries[0]))),
	};
	for (uint32_t i = 0; i < capacity; i++)
		lru->buckets[i] = NONE;
	lru->entries[capacity].newer = lru->entries[capacity].older = capacity;
	return lru;
}

void lru_free(struct lru *lru)
{
	if (!lru)
		return;
	free(lru->buckets);
	free(lru->entries);
	free(lru);
}

uint32_t lru_count(const struct lru *lru)
{
	return lru->count;
}

static uint32_t *bucket_of(const struct lru *lru, uint64_t flow)
{
	return &lru->buckets[carom_mix(flow, BUCKET_SEED) & (lru->capacity - 1)];
}

static void leave_ring(struct lru *lru, uint32_t number)
{
	const struct entry *entry = &lru->entries[number];

	lru->entries[entry->newer].older = entry->older;
	lru->entries[entry->older].newer = entry->newer;
}

static void enter_ring_newest(struct lru *lru, uint32_t number)
{
	struct entry *head = &lru->entries[lru->capacity];

	lru->entries[number].newer = lru->capacity;
	lru->entries[number].older = head->older;
	lru->entries[head->older].newer = number;
	head->older = number;
}

/* Returns its number, or NONE. */
static uint32_t find_entry(const struct lru *lru, uint64_t flow)
{
	uint32_t number = *bucket_of(lru, flow);

	while (number != NONE && lru->entries[number].flow != flow)
		number = lru->entries[number].chained;
	return number;
}

bool lru_find(struct lru *lru, uint64_t flow, uint16_t *ret_backend)
{
	uint32_t number = find_entry(lru, flow);

	if (number == NONE)
		return false;
	leave_ring(lru, number);
	enter_ring_newest(lru, number);
	*ret_backend = lru->entries[number].backend;
	return true;
}

static uint32_t evict_oldest(struct lru *lru)
{
	uint32_t number = lru->entries[lru->capacity].newer;
	uint32_t *link = bucket_of(lru, lru->entries[number].flow);

	while (*link != number)
		link = &lru->entries[*link].chained;
	*link = lru->entries[number].chained;
	leave_ring(lru, number);
	return number;
}

void lru_put(struct lru *lru, uint64_t flow, uint16_t backend)
{
	uint32_t *bucket = bucket_of(lru, flow);
	uint32_t number = lru->count < lru->capacity ? lru->count++ : evict_oldest(lru);

	lru->entries[number] = (struct entry){
		.flow = flow,
		.chained = *bucket,
		.backend = backend,
	};
	*bucket = number;
	enter_ring_newest(lru, number);
}
