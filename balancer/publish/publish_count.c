/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the counters: sums over the lanes of all CPUs and the one that userspace writes. Numbers
 * that a commit retired are settled once no packet counts on them: the VIP inherits, so that its
 * totals never fall.
 */
#include "publish_parts.h"

#include <stdlib.h>
#include <string.h>

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

static void add(struct carom_counter *sum, const struct carom_counter *counter)
{
	sum->packets += __atomic_load_n(&counter->packets, __ATOMIC_RELAXED);
	sum->bytes += __atomic_load_n(&counter->bytes, __ATOMIC_RELAXED);
	sum->connections += __atomic_load_n(&counter->connections, __ATOMIC_RELAXED);
}

struct carom_counter publish_sum_counter(const struct dataplane_memory *memory, uint32_t number)
{
	struct carom_counter sum = {0};

	for (uint32_t lane = 0; lane < memory->lane_count; lane++)
		add(&sum, counter_in_lane(memory, lane, number));
	return sum;
}

struct carom_reason_counter publish_sum_reasons(const struct dataplane_memory *memory,
						uint32_t number)
{
	struct carom_reason_counter sum = {0};

	for (uint32_t lane = 0; lane < memory->lane_count; lane++) {
		const struct carom_reason_counter *counter = reasons_in_lane(memory, lane, number);

		for (size_t i = 0; i < CAROM_REASON_COUNT; i++)
			sum.packets[i] += __atomic_load_n(&counter->packets[i], __ATOMIC_RELAXED);
	}
	return sum;
}

struct carom_counter publish_count_backend(const struct publish *publish, size_t vip,
					   size_t ordinal)
{
	return publish_sum_counter(publish->memory, publish->vips[vip]->counters[ordinal]);
}

struct carom_counter publish_count_vip(const struct publish *publish, size_t vip)
{
	const struct published_vip *published = publish->vips[vip];
	struct carom_counter part, sum = publish_sum_counter(publish->memory, published->counter);

	for (size_t i = 0; i < published->vip->backend_count; i++) {
		if (!published->counters[i])
			continue;
		part = publish_sum_counter(publish->memory, published->counters[i]);
		add(&sum, &part);
	}
	return sum;
}

struct carom_reason_counter publish_count_reasons(const struct publish *publish, size_t vip)
{
	return publish_sum_reasons(publish->memory, publish->vips[vip]->counter);
}

struct carom_reason_counter publish_count_unattributed(const struct publish *publish)
{
	return publish_sum_reasons(publish->memory, 0);
}

static void clear(const struct dataplane_memory *memory, const struct retired_counter *retired)
{
	for (uint32_t lane = 0; lane < memory->lane_count; lane++) {
		memset(counter_in_lane(memory, lane, retired->number), 0,
		       sizeof(struct carom_counter));
		if (retired->is_vip)
			memset(reasons_in_lane(memory, lane, retired->number), 0,
			       sizeof(struct carom_reason_counter));
	}
}

static void settle(const struct publish *publish, const struct retired_counter *retired)
{
	const struct dataplane_memory *memory = publish->memory;
	struct carom_counter sum;

	if (retired->heir) {
		sum = publish_sum_counter(memory, retired->number);
		add(counter_in_lane(memory, memory->lane_count - 1, retired->heir), &sum);
	}
	clear(memory, retired);
	range_retire(retired->is_vip ? publish->vip_counters : publish->backend_counters,
		     retired->number, 1, retired->epoch);
}

void publish_settle_counters(struct publish *publish, uint64_t epoch)
{
	size_t settled = 0;

	while (settled < publish->retired_count && publish->retired[settled].epoch <= epoch)
		settle(publish, &publish->retired[settled++]);
	if (!settled)
		return;
	publish->retired_count -= settled;
	memmove(publish->retired, publish->retired + settled,
		publish->retired_count * sizeof(publish->retired[0]));
}

static bool *list_used(const struct publish *publish)
{
	bool *used = calloc(publish->memory->counters_per_lane, sizeof(used[0]));

	for (size_t i = 0; used && i < publish->image->vip_count; i++) {
		const struct published_vip *published = publish->vips[i];

		used[published->counter] = true;
		for (size_t j = 0; j < published->vip->backend_count; j++)
			used[published->counters[j]] = true;
	}
	if (used)
		used[0] = true;
	return used;
}

void publish_clear_unused(const struct publish *publish)
{
	const struct dataplane_memory *memory = publish->memory;
	bool *used = list_used(publish);
	struct retired_counter unused;

	for (uint32_t i = 0; used && i < memory->counters_per_lane; i++) {
		unused = (struct retired_counter){
			.number = i,
			.is_vip = i < memory->reasons_per_lane,
		};
		if (!used[i])
			clear(memory, &unused);
	}
	free(used);
}
