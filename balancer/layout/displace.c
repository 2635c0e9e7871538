/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lays out the tables that the BPF program looks its keys up in. Pure; publishing calls it for each
 * generation, on any thread.
 *
 * Keys fall into buckets by one half of their hash. The fullest buckets choose first: each takes
 * the lowest displacement that leads all its keys to free entries. With eight buckets and two
 * entries a key, buckets hold few keys and half the entries stay free, so the first seed fails only
 * if keys of one bucket agree in start and stride. The arithmetic is abi.h's, shared with the
 * program.
 */
#include "displace.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_PER_KEY	 8
#define BUCKET_COUNT_MIN 256
#define ENTRIES_PER_KEY	 2
#define ENTRY_COUNT_MIN	 64
#define KEY_COUNT_MAX	 (1u << 24)
#define SEED_TRIES	 64
#define DISPLACEMENT_MAX UINT16_MAX
#define BITS_PER_WORD	 64

struct building {
	const uint64_t *keys; /* borrowed */
	uint64_t *hashes;     /* owned, grouped by bucket */
	uint32_t *numbers;    /* owned: whose hash each is */
	uint32_t *starts; /* owned: bucket b's hashes are those from starts[b] to starts[b + 1] */
	uint64_t *taken;  /* owned, a bit an entry */
	struct displace *displace; /* borrowed, its arrays allocated */
};

static uint32_t power_of_two(size_t least, uint32_t minimum)
{
	uint32_t power = minimum;

	while (power < least)
		power *= 2;
	return power;
}

static size_t bounded(size_t key_count)
{
	return key_count < KEY_COUNT_MAX ? key_count : KEY_COUNT_MAX;
}

uint32_t displace_bucket_count(size_t key_count)
{
	return power_of_two(bounded(key_count) * BUCKETS_PER_KEY, BUCKET_COUNT_MIN);
}

uint32_t displace_entry_count(size_t key_count)
{
	return power_of_two(bounded(key_count) * ENTRIES_PER_KEY, ENTRY_COUNT_MIN);
}

/* A counting sort: starts[] first holds each bucket's end, which each of its keys lowers by one. */
static void group_by_bucket(struct building *building, uint64_t seed)
{
	uint32_t mask = building->displace->displacement_mask;
	size_t count = building->displace->count;
	uint32_t *starts = building->starts;

	memset(starts, 0, ((size_t)mask + 2) * sizeof(*starts));
	for (size_t number = 0; number < count; number++)
		starts[carom_bucket(carom_mix(building->keys[number], seed), mask)]++;
	for (size_t bucket = 1; bucket <= (size_t)mask + 1; bucket++)
		starts[bucket] += starts[bucket - 1];
	for (size_t number = 0; number < count; number++) {
		uint64_t hash = carom_mix(building->keys[number], seed);
		uint32_t place = --starts[carom_bucket(hash, mask)];

		building->hashes[place] = hash;
		building->numbers[place] = (uint32_t)number;
	}
}

static uint32_t bucket_size(const struct building *building, size_t bucket)
{
	return building->starts[bucket + 1] - building->starts[bucket];
}

static bool take_entry(struct building *building, uint32_t entry)
{
	uint64_t *word = &building->taken[entry / BITS_PER_WORD];
	uint64_t bit = 1ull << entry % BITS_PER_WORD;

	if (*word & bit)
		return false;
	*word |= bit;
	return true;
}

static void give_entry_back(struct building *building, uint32_t entry)
{
	building->taken[entry / BITS_PER_WORD] &= ~(1ull << entry % BITS_PER_WORD);
}

/* All keys of a bucket, or none. */
static bool try_displacement(struct building *building, size_t bucket, uint32_t displacement)
{
	uint32_t *entries = building->displace->entries;
	uint32_t start = building->starts[bucket];
	uint32_t end = building->starts[bucket + 1];

	for (uint32_t place = start; place < end; place++) {
		uint32_t entry = carom_entry(building->hashes[place], displacement,
					     building->displace->entry_mask);

		if (take_entry(building, entry)) {
			entries[building->numbers[place]] = entry;
			continue;
		}
		while (place-- > start)
			give_entry_back(building, entries[building->numbers[place]]);
		return false;
	}
	building->displace->displacements[bucket] = (uint16_t)displacement;
	return true;
}

/* The mix is a bijection: keys are equal if and only if their hashes are. */
static bool has_equal_keys(const struct building *building, size_t bucket)
{
	uint32_t end = building->starts[bucket + 1];

	for (uint32_t place = building->starts[bucket]; place < end; place++)
		for (uint32_t other = place + 1; other < end; other++)
			if (building->hashes[place] == building->hashes[other])
				return true;
	return false;
}

/* Returns 0 or an errno. */
static int displace_bucket(struct building *building, size_t bucket)
{
	if (has_equal_keys(building, bucket))
		return EEXIST;
	for (uint32_t displacement = 1; displacement <= DISPLACEMENT_MAX; displacement++)
		if (try_displacement(building, bucket, displacement))
			return 0;
	return EOVERFLOW;
}

static uint32_t largest_bucket_size(const struct building *building)
{
	uint32_t largest = 0;

	for (size_t bucket = 0; bucket <= building->displace->displacement_mask; bucket++)
		if (bucket_size(building, bucket) > largest)
			largest = bucket_size(building, bucket);
	return largest;
}

/* Returns 0 or an errno. */
static int try_seed(struct building *building, uint64_t seed)
{
	struct displace *displace = building->displace;
	size_t bucket_count = (size_t)displace->displacement_mask + 1;

	group_by_bucket(building, seed);
	memset(displace->displacements, 0, bucket_count * sizeof(*displace->displacements));
	memset(building->taken, 0, ((size_t)displace->entry_mask + 1) / 8);
	for (uint32_t size = largest_bucket_size(building); size > 0; size--)
		for (size_t bucket = 0; bucket < bucket_count; bucket++) {
			int status = 0;

			if (bucket_size(building, bucket) == size)
				status = displace_bucket(building, bucket);
			if (status != 0)
				return status;
		}
	displace->seed = seed;
	return 0;
}

/* Returns 0 or an errno. */
static int find_seed(struct building *building, uint64_t first_seed)
{
	int status = EOVERFLOW;

	for (uint64_t tries = 0; status == EOVERFLOW && tries < SEED_TRIES; tries++)
		status = try_seed(building, first_seed + tries);
	return status;
}

static void building_done(struct building *building)
{
	free(building->hashes);
	free(building->numbers);
	free(building->starts);
	free(building->taken);
}

/* False: out of memory; what was allocated is still to be freed. */
static bool allocate(struct building *building)
{
	struct displace *displace = building->displace;
	size_t bucket_count = (size_t)displace->displacement_mask + 1;
	size_t entry_count = (size_t)displace->entry_mask + 1;
	size_t key_room = displace->count + 1; /* no array is empty */

	displace->displacements = calloc(bucket_count, sizeof(*displace->displacements));
	displace->entries = calloc(key_room, sizeof(*displace->entries));
	building->hashes = calloc(key_room, sizeof(*building->hashes));
	building->numbers = calloc(key_room, sizeof(*building->numbers));
	building->starts = calloc(bucket_count + 1, sizeof(*building->starts));
	building->taken = calloc(entry_count / BITS_PER_WORD, sizeof(*building->taken));
	return displace->displacements && displace->entries && building->hashes &&
	       building->numbers && building->starts && building->taken;
}

int displace_build(const uint64_t *keys, size_t count, uint64_t first_seed,
		   struct displace *ret_displace)
{
	struct displace displace = {
		.displacement_mask = displace_bucket_count(count) - 1,
		.entry_mask = displace_entry_count(count) - 1,
		.count = count,
	};
	struct building building = {.displace = &displace, .keys = keys};
	int status;

	if (count > KEY_COUNT_MAX)
		status = EOVERFLOW;
	else if (!allocate(&building))
		status = ENOMEM;
	else
		status = find_seed(&building, first_seed);
	building_done(&building);
	if (status == 0) {
		*ret_displace = displace;
		return 0;
	}
	displace_done(&displace);
	errno = status;
	return -1;
}

void displace_done(struct displace *displace)
{
	if (!displace)
		return;
	free(displace->displacements);
	free(displace->entries);
	*displace = (struct displace){0};
}

uint32_t displace_find(const struct displace *displace, uint64_t key)
{
	uint64_t hash = carom_mix(key, displace->seed);
	uint32_t bucket = carom_bucket(hash, displace->displacement_mask);
	uint32_t displacement = displace->displacements[bucket];

	if (displacement == 0)
		return UINT32_MAX;
	return carom_entry(hash, displacement, displace->entry_mask);
}
