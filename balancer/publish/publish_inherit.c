/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moving into maps of other sizes, when node.limits changed. VIPs get new numbers and new places;
 * slots, with what they remember, and counts are copied; so are flows, as names of VIPs and
 * ordinals of backends stay what they are.
 *
 * Packets go on using the former maps until the program is exchanged, so flows are copied a second
 * time after that.
 */
#include "publish_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct inheritance {
	struct publish *publish;
	const struct publish *former;
};

static void add_counts(const struct inheritance *inheritance, uint32_t from, uint32_t to)
{
	const struct dataplane_memory *memory = inheritance->publish->memory;
	const struct carom_counter sum = publish_sum_counter(inheritance->former->memory, from);

	memory->counters[(size_t)(memory->lane_count - 1) * memory->counters_per_lane + to] = sum;
}

static void add_reasons(const struct inheritance *inheritance, uint32_t from, uint32_t to)
{
	const struct dataplane_memory *memory = inheritance->publish->memory;
	const struct carom_reason_counter sum =
		publish_sum_reasons(inheritance->former->memory, from);

	memory->reasons[(size_t)(memory->lane_count - 1) * memory->reasons_per_lane + to] = sum;
}

static void inherit_counts(const struct inheritance *inheritance, const struct published_vip *old,
			   const struct published_vip *new)
{
	add_counts(inheritance, old->counter, new->counter);
	add_reasons(inheritance, old->counter, new->counter);
	for (size_t i = 0; i < old->vip->backend_count; i++) {
		if (old->counters[i])
			add_counts(inheritance, old->counters[i], new->counters[i]);
	}
}

static int inherit_slots(const struct inheritance *inheritance, const struct published_vip *old,
			 struct published_vip *new)
{
	size_t bytes = sizeof(uint16_t) << old->vip->ring->bits;
	struct tracking_slots from, to;

	if (range_take_block(inheritance->publish->slots, 1u << old->vip->ring->bits,
			     &new->first_slot))
		return -1;
	from = publish_slots(inheritance->former, old);
	to = publish_slots(inheritance->publish, new);
	memcpy(to.slots, from.slots, bytes);
	memcpy(to.previous, from.previous, bytes);
	memcpy(to.changed_at, from.changed_at, bytes);
	new->tracked_count = old->tracked_count;
	return 0;
}

static int inherit_vip(const struct inheritance *inheritance, const struct published_vip *old,
		       struct published_vip **ret_new)
{
	struct placement placement = {.now = published_vip_new(old->vip)};

	if (!placement.now)
		return -1;
	*ret_new = placement.now;
	if (publish_place_counters(inheritance->publish, &placement) ||
	    inherit_slots(inheritance, old, placement.now) ||
	    publish_place_backends(inheritance->publish, placement.now))
		return -1;
	inherit_counts(inheritance, old, placement.now);
	return 0;
}

static int inherit_vips(const struct inheritance *inheritance, struct published_vip **vips,
			struct error *ret_error)
{
	const struct publish *former = inheritance->former;
	struct publish *publish = inheritance->publish;

	for (size_t i = 0; i < former->image->vip_count; i++) {
		if (inherit_vip(inheritance, former->vips[i], &vips[i]))
			return error_set(ret_error, ERROR_CONFLICT,
					 "vip '%s' does not fit into the new node.limits",
					 former->vips[i]->vip->name);
	}
	publish->memory->control->clock = former->memory->control->clock;
	return publish_write_generation(publish, publish->memory->control->active, former->image,
					vips, ret_error);
}

int publish_inherit(struct publish *publish, const struct publish *former, struct error *ret_error)
{
	struct inheritance inheritance = {.publish = publish, .former = former};
	size_t count = former->image->vip_count;
	struct published_vip **vips = calloc(count + 1, sizeof(vips[0]));

	if (!vips)
		return error_set_errno(ret_error, ENOMEM, "taking over");
	if (inherit_vips(&inheritance, vips, ret_error)) {
		for (size_t i = 0; i < count; i++) {
			if (vips[i])
				published_vip_free(vips[i]);
		}
		free(vips);
		return -1;
	}
	add_reasons(&inheritance, 0, 0);
	publish->image = image_ref(former->image);
	publish->vips = vips;
	publish_inherit_flows(publish, former);
	return 0;
}

/* ---- flows ---- */

/* By the VIP's number in the former maps: its number in these, or 0. */
static uint32_t *map_numbers(const struct publish *publish, const struct publish *former)
{
	uint32_t *numbers = calloc(former->memory->reasons_per_lane, sizeof(numbers[0]));
	size_t here = 0;

	for (size_t i = 0; numbers && i < former->image->vip_count; i++) {
		const char *name = former->vips[i]->vip->name;

		while (here < publish->image->vip_count &&
		       strcmp(publish->vips[here]->vip->name, name) < 0)
			here++;
		if (here < publish->image->vip_count &&
		    strcmp(publish->vips[here]->vip->name, name) == 0)
			numbers[former->vips[i]->counter] = publish->vips[here]->counter;
	}
	return numbers;
}

/* As bpf/flow.h does it: take, write the hash, write the record. */
static bool put_flow(struct carom_flow *flow, uint64_t hash, uint64_t record)
{
	__u64 free_record = 0;

	if (!__atomic_compare_exchange_n(&flow->record, &free_record, CAROM_FLOW_BUSY, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return false;
	flow->hash = hash;
	__atomic_store_n(&flow->record, record, __ATOMIC_RELEASE);
	return true;
}

/* The flow's place: where it is recorded already, or else a free one; NULL: there is none. */
static struct carom_flow *find_place(const struct dataplane_memory *memory, uint32_t number,
				     uint64_t hash)
{
	uint32_t line_mask = memory->flow_count / CAROM_FLOWS_PER_LINE - 1;
	struct carom_flow *place = NULL;

	for (int choice = 0; choice < CAROM_FLOW_CHOICES; choice++) {
		uint32_t line = carom_flow_line_number(hash, choice, line_mask);
		struct carom_flow *flows = memory->flows + (size_t)line * CAROM_FLOWS_PER_LINE;

		for (int i = 0; i < CAROM_FLOWS_PER_LINE; i++) {
			uint64_t record = __atomic_load_n(&flows[i].record, __ATOMIC_ACQUIRE);

			if (flows[i].hash == hash && carom_flow_belongs(record, number, hash))
				return &flows[i];
			if (!record && !place)
				place = &flows[i];
		}
	}
	return place;
}

static bool inherit_flow(const struct dataplane_memory *memory, const struct carom_flow *old,
			 uint64_t record, uint32_t number)
{
	struct carom_flow *place = find_place(memory, number, old->hash);
	uint64_t new;

	if (!place || place->record)
		return false;
	new = carom_flow_record(number, carom_flow_ordinal(record), carom_flow_confirmed(record),
				(uint32_t)record, old->hash);
	return put_flow(place, old->hash, new);
}

size_t publish_inherit_flows(struct publish *publish, const struct publish *former)
{
	uint32_t *numbers = map_numbers(publish, former);
	size_t count = 0;

	for (uint32_t i = 0; numbers && i < former->memory->flow_count; i++) {
		const struct carom_flow *old = &former->memory->flows[i];
		uint64_t record = __atomic_load_n(&old->record, __ATOMIC_ACQUIRE);
		uint32_t number = carom_flow_vip(record);

		if (!carom_flow_belongs(record, number, old->hash) ||
		    number >= former->memory->reasons_per_lane || !numbers[number])
			continue;
		count += inherit_flow(publish->memory, old, record, numbers[number]);
	}
	free(numbers);
	return count;
}
