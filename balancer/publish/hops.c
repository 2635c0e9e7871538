/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers come from a range pool, the lowest first, so that the entries up to the highest number in
 * use are all that a copy takes. The entries of next hops in use are found by value through chains
 * of entries with one hash.
 */
#include "hops.h"

#include "range.h"

#include <stdlib.h>
#include <string.h>

#define HOPS_ROOM_MIN 16

struct hops_entry {
	struct carom_next_hop hop;
	uint32_t users;
	uint32_t next; /* of its chain; 0: it is the last */
};

struct hops {
	struct range_pool *numbers;
	uint32_t room;		    /* of entries, and of chains; a power of two */
	struct hops_entry *entries; /* by number; 0 is not used */
	uint32_t *chains;	    /* first of each */
};

static uint32_t hops_hash(const struct hops *hops, const struct carom_next_hop *hop)
{
	uint64_t words[sizeof(*hop) / sizeof(uint64_t)], hash = 0;

	memcpy(words, hop, sizeof(*hop));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		hash = carom_mix(words[i], hash);
	return (uint32_t)hash & (hops->room - 1);
}

static void hops_link(struct hops *hops, uint32_t number)
{
	uint32_t *first = &hops->chains[hops_hash(hops, &hops->entries[number].hop)];

	hops->entries[number].next = *first;
	*first = number;
}

static void hops_unlink(struct hops *hops, uint32_t number)
{
	uint32_t *link = &hops->chains[hops_hash(hops, &hops->entries[number].hop)];

	while (*link != number)
		link = &hops->entries[*link].next;
	*link = hops->entries[number].next;
}

static int hops_grow(struct hops *hops, uint32_t room)
{
	struct hops_entry *entries = reallocarray(hops->entries, room, sizeof(entries[0]));
	uint32_t *chains;

	if (!entries)
		return -1;
	memset(entries + hops->room, 0, (room - hops->room) * sizeof(entries[0]));
	hops->entries = entries;
	chains = calloc(room, sizeof(chains[0]));
	if (!chains)
		return -1;
	free(hops->chains);
	hops->chains = chains;
	hops->room = room;
	for (uint32_t i = 1; i < room; i++) {
		if (entries[i].users)
			hops_link(hops, i);
	}
	return 0;
}

struct hops *hops_new(uint32_t count)
{
	struct hops *hops = calloc(1, sizeof(*hops));

	if (hops) {
		hops->numbers = range_pool_new(count);
		if (hops->numbers && hops_grow(hops, HOPS_ROOM_MIN) == 0 &&
		    range_take_at(hops->numbers, HOPS_NONE, 1) == 0)
			return hops;
	}
	hops_free(hops);
	return NULL;
}

struct hops *hops_copy(const struct hops *hops, bool reclaimed)
{
	struct hops *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return NULL;
	copy->numbers = range_pool_copy(hops->numbers, reclaimed);
	copy->entries = calloc(hops->room, sizeof(copy->entries[0]));
	copy->chains = calloc(hops->room, sizeof(copy->chains[0]));
	if (!copy->numbers || !copy->entries || !copy->chains) {
		hops_free(copy);
		return NULL;
	}
	copy->room = hops->room;
	memcpy(copy->entries, hops->entries, hops->room * sizeof(copy->entries[0]));
	memcpy(copy->chains, hops->chains, hops->room * sizeof(copy->chains[0]));
	return copy;
}

void hops_free(struct hops *hops)
{
	if (!hops)
		return;
	range_pool_free(hops->numbers);
	free(hops->entries);
	free(hops->chains);
	free(hops);
}

static int hops_add(struct hops *hops, const struct carom_next_hop *hop, uint32_t number)
{
	uint32_t room = hops->room;

	while (number >= room)
		room *= 2;
	if (room > hops->room && hops_grow(hops, room))
		return -1;
	hops->entries[number] = (struct hops_entry){.hop = *hop, .users = 1};
	hops_link(hops, number);
	return 0;
}

static uint32_t hops_find(const struct hops *hops, const struct carom_next_hop *hop)
{
	uint32_t number = hops->chains[hops_hash(hops, hop)];

	while (number && memcmp(&hops->entries[number].hop, hop, sizeof(*hop)) != 0)
		number = hops->entries[number].next;
	return number;
}

int hops_take(struct hops *hops, const struct carom_next_hop *hop, uint32_t *ret_number)
{
	uint32_t number = hops_find(hops, hop);

	if (number) {
		hops->entries[number].users++;
	} else if (range_take(hops->numbers, 1, &number) || hops_add(hops, hop, number)) {
		return -1;
	}
	*ret_number = number;
	return 0;
}

int hops_take_at(struct hops *hops, const struct carom_next_hop *hop, uint32_t number)
{
	uint32_t found = hops_find(hops, hop);

	if (found == number && number) {
		hops->entries[number].users++;
		return 0;
	}
	return !found && range_take_at(hops->numbers, number, 1) == 0 ? hops_add(hops, hop, number)
								      : -1;
}

void hops_release(struct hops *hops, uint32_t number, uint64_t epoch)
{
	if (number == HOPS_NONE || --hops->entries[number].users > 0)
		return;
	hops_unlink(hops, number);
	range_retire(hops->numbers, number, 1, epoch);
}

void hops_reclaim(struct hops *hops, uint64_t epoch)
{
	range_pool_reclaim(hops->numbers, epoch);
}

const struct carom_next_hop *hops_at(const struct hops *hops, uint32_t number)
{
	return &hops->entries[number].hop;
}
