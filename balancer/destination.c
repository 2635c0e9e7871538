/* SPDX-License-Identifier: BSD-2-Clause */
#include "destination.h"

#include <stdlib.h>
#include <string.h>

#define IPV4_MAPPED_BITS 96

static int compare_addresses(const void *left, const void *right)
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

void destination_set_done(struct destination_set *set, const struct destination_set *heir)
{
	for (size_t i = 0; i < set->count; i++) {
		if (!destination_set_find(heir, &set->items[i]->address))
			free(set->items[i]);
	}
	free(set->items);
}

static struct destination *destination_new(const struct carom_address *address)
{
	struct destination *destination = calloc(1, sizeof(*destination));

	if (destination)
		destination->address = *address;
	return destination;
}

/* From sorted addresses; takes over the destinations that `former` has. */
static int set_fill(struct destination_set *set, const struct destination_set *former,
		    const struct carom_address *sorted, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct destination *destination = destination_set_find(former, &sorted[i]);

		if (i > 0 && address_equal(&sorted[i - 1], &sorted[i]))
			continue;
		if (!destination)
			destination = destination_new(&sorted[i]);
		if (!destination)
			return -1;
		set->items[set->count++] = destination;
	}
	return 0;
}

int destination_set_build(const struct destination_set *former,
			  const struct carom_address *addresses, size_t count,
			  struct destination_set *ret_set)
{
	struct carom_address *sorted = calloc(count + 1, sizeof(*sorted));
	struct destination_set set = {.items = calloc(count + 1, sizeof(struct destination *))};
	int status = -1;

	if (sorted && set.items) {
		if (count > 0)
			memcpy(sorted, addresses, count * sizeof(*sorted));
		qsort(sorted, count, sizeof(*sorted), compare_addresses);
		status = set_fill(&set, former, sorted, count);
	}
	if (status)
		destination_set_done(&set, former);
	else
		*ret_set = set;
	free(sorted);
	return status;
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
