/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters lie in one lane a CPU, and one that only userspace writes. A number that a commit
 * retired is settled once no packet counts on it: what it has counted goes to its heir, and it is
 * cleared.
 *
 * Owns the list of retired numbers, in the order of their epochs. On the event loop's thread.
 */
#include "counters.h"

#include "published.h"
#include "room.h"

#include <stdlib.h>
#include <string.h>

struct retired_number {
	uint64_t epoch;
	uint32_t number;
	uint32_t heir; /* the VIP's number that the counts go to; 0: none */
	bool is_vip;
};

struct counters {
	const struct published *published;
	struct retired_number *retired;
	size_t retired_count, retired_room;
};

struct counters *counters_new(const struct published *published)
{
	struct counters *counters = calloc(1, sizeof(*counters));

	if (counters)
		counters->published = published;
	return counters;
}

void counters_free(struct counters *counters)
{
	if (!counters)
		return;
	free(counters->retired);
	free(counters);
}

/* ---- reading ---- */

static struct carom_counter *counter_in_lane(const struct dataplane_memory *memory, uint32_t lane,
					     uint32_t number)
{
	return &memory->counters[(size_t)lane * memory->counters_per_lane + number];
}

static struct carom_reason_counter *reasons_in_lane(const struct dataplane_memory *memory,
						    uint32_t lane, uint32_t number)
{
	return &memory->reasons[(size_t)lane * memory->reasons_per_lane + number];
}

static void counters_add(struct carom_counter *sum, const struct carom_counter *counter)
{
	sum->packets += __atomic_load_n(&counter->packets, __ATOMIC_RELAXED);
	sum->bytes += __atomic_load_n(&counter->bytes, __ATOMIC_RELAXED);
	sum->connections += __atomic_load_n(&counter->connections, __ATOMIC_RELAXED);
}

static struct carom_counter sum_counter(const struct counters *counters, uint32_t number)
{
	const struct dataplane_memory *memory = counters->published->memory;
	struct carom_counter sum = {0};

	for (uint32_t lane = 0; lane < memory->lane_count; lane++)
		counters_add(&sum, counter_in_lane(memory, lane, number));
	return sum;
}

static struct carom_reason_counter sum_reasons(const struct counters *counters, uint32_t number)
{
	const struct dataplane_memory *memory = counters->published->memory;
	struct carom_reason_counter sum = {0};

	for (uint32_t lane = 0; lane < memory->lane_count; lane++) {
		const struct carom_reason_counter *counter = reasons_in_lane(memory, lane, number);

		for (size_t i = 0; i < CAROM_REASON_COUNT; i++)
			sum.packets[i] += __atomic_load_n(&counter->packets[i], __ATOMIC_RELAXED);
	}
	return sum;
}

struct carom_counter counters_backend(const struct counters *counters, size_t vip, size_t ordinal)
{
	return sum_counter(counters, counters->published->vips[vip]->backends[ordinal].counter);
}

struct carom_counter counters_vip(const struct counters *counters, size_t vip)
{
	const struct placed *placed = counters->published->vips[vip];
	struct carom_counter part, sum = sum_counter(counters, placed->counter);

	for (size_t i = 0; i < placed->vip->backend_count; i++) {
		if (!placed->backends[i].counter)
			continue;
		part = sum_counter(counters, placed->backends[i].counter);
		counters_add(&sum, &part);
	}
	return sum;
}

struct carom_reason_counter counters_reasons(const struct counters *counters, size_t vip)
{
	return sum_reasons(counters, counters->published->vips[vip]->counter);
}

struct carom_reason_counter counters_unattributed(const struct counters *counters)
{
	return sum_reasons(counters, 0);
}

/* ---- retiring ---- */

int counters_reserve(struct counters *counters, size_t number_count)
{
	size_t wanted = counters->retired_count + number_count;
	struct retired_number *retired;

	if (wanted <= counters->retired_room)
		return 0;
	retired = reallocarray(counters->retired, wanted, sizeof(retired[0]));
	if (!retired)
		return -1;
	counters->retired = retired;
	counters->retired_room = wanted;
	return 0;
}

static void retire(struct counters *counters, struct retired_number retired)
{
	counters->retired[counters->retired_count++] = retired;
}

void counters_retire(struct counters *counters, const struct placed *gone,
		     const struct placed *heir, uint64_t epoch)
{
	uint32_t heir_number = heir ? heir->counter : 0;

	for (size_t i = 0; i < gone->vip->backend_count; i++) {
		uint32_t number = gone->backends[i].counter;

		if (number && !placed_counter(heir, &gone->vip->backends[i], i))
			retire(counters,
			       (struct retired_number){epoch, number, heir_number, false});
	}
	if (!heir)
		retire(counters, (struct retired_number){epoch, gone->counter, 0, true});
}

static void clear(const struct dataplane_memory *memory, uint32_t number, bool is_vip)
{
	if (is_vip)
		memory->shares[number] = (struct carom_share){0};
	for (uint32_t lane = 0; lane < memory->lane_count; lane++) {
		memset(counter_in_lane(memory, lane, number), 0, sizeof(struct carom_counter));
		if (is_vip)
			memset(reasons_in_lane(memory, lane, number), 0,
			       sizeof(struct carom_reason_counter));
	}
}

static void settle_number(const struct counters *counters, struct room *room,
			  const struct retired_number *retired)
{
	const struct dataplane_memory *memory = counters->published->memory;
	struct carom_counter sum;

	if (retired->heir) {
		sum = sum_counter(counters, retired->number);
		counters_add(counter_in_lane(memory, memory->lane_count - 1, retired->heir), &sum);
	}
	clear(memory, retired->number, retired->is_vip);
	room_retire_number(room, retired->number, retired->is_vip, retired->epoch);
}

void counters_settle(struct counters *counters, struct room *room, uint64_t epoch)
{
	size_t settled = 0;

	while (settled < counters->retired_count && counters->retired[settled].epoch <= epoch)
		settle_number(counters, room, &counters->retired[settled++]);
	if (!settled)
		return;
	counters->retired_count -= settled;
	memmove(counters->retired, counters->retired + settled,
		counters->retired_count * sizeof(counters->retired[0]));
}

static bool *list_used(const struct published *published)
{
	bool *used = calloc(published->memory->counters_per_lane, sizeof(used[0]));

	for (size_t i = 0; used && i < published_count(published); i++) {
		const struct placed *placed = published->vips[i];

		used[placed->counter] = true;
		for (size_t j = 0; j < placed->vip->backend_count; j++)
			used[placed->backends[j].counter] = true;
	}
	if (used)
		used[0] = true;
	return used;
}

void counters_clear_unused(const struct counters *counters)
{
	const struct dataplane_memory *memory = counters->published->memory;
	bool *used = list_used(counters->published);

	for (uint32_t i = 0; used && i < memory->counters_per_lane; i++) {
		if (!used[i])
			clear(memory, i, i < memory->reasons_per_lane);
	}
	free(used);
}

/* ---- inheriting ---- */

static void inherit_counter(const struct counters *counters, const struct counters *predecessor,
			    uint32_t from, uint32_t to)
{
	const struct dataplane_memory *memory = counters->published->memory;

	*counter_in_lane(memory, memory->lane_count - 1, to) = sum_counter(predecessor, from);
}

void counters_inherit(const struct counters *counters, const struct counters *predecessor,
		      const struct placed *from, const struct placed *to)
{
	const struct dataplane_memory *memory = counters->published->memory;
	uint32_t lane = memory->lane_count - 1;

	if (!from) {
		*reasons_in_lane(memory, lane, 0) = sum_reasons(predecessor, 0);
		return;
	}
	*reasons_in_lane(memory, lane, to->counter) = sum_reasons(predecessor, from->counter);
	inherit_counter(counters, predecessor, from->counter, to->counter);
	for (size_t i = 0; i < from->vip->backend_count; i++) {
		if (from->backends[i].counter)
			inherit_counter(counters, predecessor, from->backends[i].counter,
					to->backends[i].counter);
	}
}
