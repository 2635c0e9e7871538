/* SPDX-License-Identifier: BSD-2-Clause */
#include "destination.h"

#include <stdlib.h>
#include <string.h>

#define IPV4_MAPPED_BITS 96

static int destination_compare(const void *left, const void *right)
{
	return address_compare(left, right);
}

/* How many destinations come before the address. */
static size_t set_rank(const struct destination_set *set, const struct carom_address *address)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (address_compare(&set->items[middle]->address, address) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct destination *destination_set_find(const struct destination_set *set,
					 const struct carom_address *address)
{
	size_t rank = set_rank(set, address);

	if (rank == set->count || !address_equal(&set->items[rank]->address, address))
		return NULL;
	return set->items[rank];
}

void destination_set_done(struct destination_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		free(set->items[i]);
	free(set->items);
}

static struct destination *destination_new(const struct carom_address *address)
{
	struct destination *destination = calloc(1, sizeof(*destination));

	if (destination)
		destination->address = *address;
	return destination;
}

/* Those of the sorted addresses that `set` does not have. -1: `missing` has a part of them. */
static int set_fill(struct destination_set *missing, const struct destination_set *set,
		    const struct carom_address *sorted, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool is_repeated = i > 0 && address_equal(&sorted[i - 1], &sorted[i]);
		struct destination *destination;

		if (is_repeated || destination_set_find(set, &sorted[i]))
			continue;
		destination = destination_new(&sorted[i]);
		if (!destination)
			return -1;
		missing->items[missing->count++] = destination;
	}
	return 0;
}

static int find_missing(const struct destination_set *set, const struct carom_address *addresses,
			size_t count, struct destination_set *ret_missing)
{
	struct carom_address *sorted = calloc(count + 1, sizeof(*sorted));
	struct destination_set missing = {.items = calloc(count + 1, sizeof(struct destination *))};
	int status = -1;

	if (sorted && missing.items) {
		if (count > 0)
			memcpy(sorted, addresses, count * sizeof(*sorted));
		qsort(sorted, count, sizeof(*sorted), destination_compare);
		status = set_fill(&missing, set, sorted, count);
	}
	if (status)
		destination_set_done(&missing);
	else
		*ret_missing = missing;
	free(sorted);
	return status;
}

/* Merges from the end, so that nothing is overwritten before it is moved. */
static void merge(struct destination_set *set, const struct destination_set *added)
{
	size_t left = set->count, right = added->count;

	set->count += added->count;
	while (right > 0) {
		if (left > 0 && address_compare(&set->items[left - 1]->address,
						&added->items[right - 1]->address) > 0) {
			set->items[left + right - 1] = set->items[left - 1];
			left--;
		} else {
			set->items[left + right - 1] = added->items[right - 1];
			right--;
		}
	}
}

static int add_missing(struct destination_set *set, const struct carom_address *addresses,
		       size_t count)
{
	struct destination_set missing;
	struct destination **items;

	if (find_missing(set, addresses, count, &missing))
		return -1;
	items = reallocarray(set->items, set->count + missing.count + 1, sizeof(set->items[0]));
	if (!items) {
		destination_set_done(&missing);
		return -1;
	}
	set->items = items;
	merge(set, &missing);
	free(missing.items);
	return 0;
}

int destination_set_follow(struct destination_set *set, const struct carom_address *addresses,
			   size_t count)
{
	if (add_missing(set, addresses, count))
		return -1;
	for (size_t i = 0; i < count; i++)
		destination_set_find(set, &addresses[i])->follow_count++;
	return 0;
}

void destination_set_prune(struct destination_set *set)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (set->items[i]->follow_count > 0)
			set->items[kept++] = set->items[i];
		else
			free(set->items[i]);
	}
	set->count = kept;
}

static bool prefix_covers(const struct prefix *prefix, const struct carom_address *address)
{
	unsigned bits = prefix->bits;
	unsigned char differing;

	if (address_is_ipv4(&prefix->address))
		bits += IPV4_MAPPED_BITS;
	if (memcmp(&prefix->address, address, bits / 8) != 0)
		return false;
	if (bits % 8 == 0)
		return true;
	differing = ((const unsigned char *)&prefix->address)[bits / 8] ^
		    ((const unsigned char *)address)[bits / 8];
	return differing >> (8 - bits % 8) == 0;
}

bool destination_set_meets(const struct destination_set *set, const struct prefix *prefix)
{
	size_t rank = set_rank(set, &prefix->address);

	return rank < set->count && prefix_covers(prefix, &set->items[rank]->address);
}
