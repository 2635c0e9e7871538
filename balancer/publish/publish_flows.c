/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sweep over the flow table and the tracked slots.
 *
 * Packets write the same entries meanwhile, on other CPUs. An entry is freed only by exchanging the
 * very record that was judged, so a flow that has just sent a packet stays. Runs on the event
 * loop's thread, without a system call: the tables are memory.
 */
#include "publish_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct sweep {
	struct publish *publish;
	struct published_vip **by_number; /* by what a VIP counts under */
	bool **disagrees;		  /* by the same: of each slot; NULL: nothing is tracked */
	uint32_t now_s;
};

void publish_set_clock(struct publish *publish, uint32_t now_s)
{
	__atomic_store_n(&publish->memory->control->clock, now_s, __ATOMIC_RELAXED);
}

uint32_t publish_clock(const struct publish *publish)
{
	return publish->memory->control->clock;
}

uint64_t publish_sweep_count(const struct publish *publish)
{
	return publish->sweep_count;
}

static size_t slot_count(const struct published_vip *published)
{
	return (size_t)1 << published->vip->ring->bits;
}

static size_t vip_count(const struct publish *publish)
{
	return publish->image ? publish->image->vip_count : 0;
}

void publish_count_older(const struct publish *publish, struct published_vip *published)
{
	const struct tracking_slots slots = publish_slots(publish, published);

	tracking_count_older(&slots, publish_clock(publish), published->vip->backend_count,
			     published->older);
}

static int sweep_init(struct sweep *sweep)
{
	struct publish *publish = sweep->publish;
	uint32_t numbers = publish->memory->reasons_per_lane;

	sweep->now_s = publish_clock(publish);
	sweep->by_number = calloc(numbers, sizeof(sweep->by_number[0]));
	sweep->disagrees = calloc(numbers, sizeof(sweep->disagrees[0]));
	if (!sweep->by_number || !sweep->disagrees)
		return -1;
	for (size_t i = 0; i < vip_count(publish); i++) {
		struct published_vip *published = publish->vips[i];

		sweep->by_number[published->counter] = published;
		memset(published->flow_counts, 0,
		       published->vip->backend_count * sizeof(published->flow_counts[0]));
		if (!published->tracked_count)
			continue;
		sweep->disagrees[published->counter] = calloc(slot_count(published), sizeof(bool));
		if (!sweep->disagrees[published->counter])
			return -1;
	}
	return 0;
}

static void sweep_done(struct sweep *sweep)
{
	for (uint32_t i = 0; sweep->disagrees && i < sweep->publish->memory->reasons_per_lane; i++)
		free(sweep->disagrees[i]);
	free(sweep->disagrees);
	free(sweep->by_number);
}

/* The VIP of a record that is still worth keeping, or NULL. */
static struct published_vip *owner(const struct sweep *sweep, uint64_t record)
{
	uint32_t number = carom_flow_vip(record), ordinal = carom_flow_ordinal(record);
	const struct dataplane_memory *memory = sweep->publish->memory;
	struct published_vip *published =
		number < memory->reasons_per_lane ? sweep->by_number[number] : NULL;

	if (!published || ordinal >= published->vip->backend_count ||
	    !image_backend_serves(&published->vip->backends[ordinal]) ||
	    carom_flow_expired(record, sweep->now_s, memory->flow_idle_timeout_s))
		return NULL;
	return published;
}

static void note_disagreement(const struct sweep *sweep, const struct published_vip *published,
			      uint64_t hash, uint64_t record)
{
	const struct tracking_slots slots = publish_slots(sweep->publish, published);
	bool *disagrees = sweep->disagrees[published->counter];
	size_t slot = hash >> (64 - slots.bits);

	if (disagrees && (slots.slots[slot] & CAROM_SLOT_ORDINAL) != carom_flow_ordinal(record))
		disagrees[slot] = true;
}

/* 0: the entry is free, or a packet is just writing it. */
static uint64_t read_record(const struct carom_flow *flow)
{
	uint64_t record = __atomic_load_n(&flow->record, __ATOMIC_ACQUIRE);

	return record == CAROM_FLOW_BUSY ? 0 : record;
}

static void drop(struct carom_flow *flow, uint64_t record)
{
	__atomic_compare_exchange_n(&flow->record, (__u64 *)&record, 0, false, __ATOMIC_ACQ_REL,
				    __ATOMIC_RELAXED);
}

static void sweep_flow(struct sweep *sweep, struct carom_flow *flow)
{
	uint64_t record = read_record(flow);
	struct published_vip *published;

	if (!record)
		return;
	published = owner(sweep, record);
	if (!published) {
		drop(flow, record);
		return;
	}
	published->flow_counts[carom_flow_ordinal(record)]++;
	sweep->publish->flow_total++;
	note_disagreement(sweep, published, flow->hash, record);
}

static void sweep_slots(const struct sweep *sweep, struct published_vip *published)
{
	struct tracking_slots slots = publish_slots(sweep->publish, published);
	struct tracking_sweep history = {
		.disagrees = sweep->disagrees[published->counter],
		.now_s = sweep->now_s,
		.idle_timeout_s = sweep->publish->memory->flow_idle_timeout_s,
		.tracking = published->vip->tracking,
	};

	published->tracked_count = tracking_sweep(&history, &slots);
	publish_count_older(sweep->publish, published);
}

int publish_sweep(struct publish *publish, struct error *ret_error)
{
	struct sweep sweep = {.publish = publish};
	int result = sweep_init(&sweep);

	if (result) {
		error_set_errno(ret_error, ENOMEM, "no memory to sweep the flow table");
	} else {
		publish->flow_total = 0;
		for (uint32_t i = 0; i < publish->memory->flow_count; i++)
			sweep_flow(&sweep, &publish->memory->flows[i]);
		for (size_t i = 0; i < vip_count(publish); i++) {
			if (publish->vips[i]->tracked_count)
				sweep_slots(&sweep, publish->vips[i]);
		}
		publish->sweep_count++;
	}
	sweep_done(&sweep);
	return result;
}

int publish_drop_orphans(const struct publish *publish)
{
	uint32_t numbers = publish->memory->reasons_per_lane;
	bool *is_published = calloc(numbers, sizeof(is_published[0]));

	if (!is_published)
		return -1;
	for (size_t i = 0; i < vip_count(publish); i++)
		is_published[publish->vips[i]->counter] = true;
	for (uint32_t i = 0; i < publish->memory->flow_count; i++) {
		struct carom_flow *flow = &publish->memory->flows[i];
		uint64_t record = read_record(flow);
		uint32_t number = carom_flow_vip(record);

		if (record && (number >= numbers || !is_published[number]))
			drop(flow, record);
	}
	free(is_published);
	return 0;
}

/* 1 + the VIP's index in the image, by the number that it counts under; 0: nobody's. */
static uint32_t *index_vips(const struct publish *publish)
{
	uint32_t *places = calloc(publish->memory->reasons_per_lane, sizeof(places[0]));

	for (size_t i = 0; places && i < vip_count(publish); i++)
		places[publish->vips[i]->counter] = (uint32_t)i + 1;
	return places;
}

static bool visit_flow(const struct publish *publish, const uint32_t *places, uint32_t index,
		       publish_flow_visitor *visitor, void *context)
{
	const struct carom_flow *entry = &publish->memory->flows[index];
	uint64_t record = read_record(entry);
	uint32_t number = carom_flow_vip(record), clock = publish_clock(publish);
	uint32_t place = number < publish->memory->reasons_per_lane ? places[number] : 0;
	struct publish_flow flow = {
		.place = index + 1,
		.vip = place - 1,
		.ordinal = carom_flow_ordinal(record),
		.idle_s = carom_flow_age(record, clock),
		.is_confirmed = carom_flow_confirmed(record),
	};
	const struct published_vip *published;

	if (!record || !place)
		return true;
	published = publish->vips[flow.vip];
	if (flow.ordinal >= published->vip->backend_count ||
	    carom_flow_expired(record, clock, publish->memory->flow_idle_timeout_s))
		return true;
	flow.slot = (uint32_t)(entry->hash >> (64 - published->vip->ring->bits));
	return visitor(context, &flow);
}

int publish_visit_flows(const struct publish *publish, uint64_t after,
			publish_flow_visitor *visitor, void *context)
{
	uint32_t *places = index_vips(publish);

	if (!places)
		return -1;
	for (uint64_t i = after; i < publish->memory->flow_count; i++)
		if (!visit_flow(publish, places, (uint32_t)i, visitor, context))
			break;
	free(places);
	return 0;
}

struct publish_tracking publish_tracking_vip(const struct publish *publish, size_t vip)
{
	const struct published_vip *published = publish->vips[vip];
	struct publish_tracking tracking = {.tracked_slots = published->tracked_count};

	for (size_t i = 0; i < published->vip->backend_count; i++)
		tracking.flows += published->flow_counts[i];
	return tracking;
}

static uint32_t settles_in_s(const struct publish *publish, const struct tracking_older *older)
{
	uint32_t idle_timeout_s = publish->memory->flow_idle_timeout_s;
	uint32_t age_s = publish_clock(publish) - older->last_change_s;

	if (!older->slot_count)
		return 0;
	/* The timeout may be another than when the former process last swept. */
	return age_s > idle_timeout_s ? 1 : idle_timeout_s + 1 - age_s;
}

struct publish_remainder publish_remainder(const struct publish *publish, size_t vip,
					   size_t ordinal)
{
	const struct published_vip *published = publish->vips[vip];
	const struct tracking_older *older = &published->older[ordinal];

	return (struct publish_remainder){
		.flows = published->flow_counts[ordinal],
		.older_slots = older->slot_count,
		.settles_in_s = settles_in_s(publish, older),
		.is_none = !published->flow_counts[ordinal] && !older->slot_count &&
			   publish->sweep_count >= published->certain_at[ordinal],
	};
}

void publish_flow_fill(const struct publish *publish, uint64_t *ret_used, uint64_t *ret_size)
{
	*ret_used = publish->flow_total;
	*ret_size = publish->memory->flow_count;
}

struct publish_recorded publish_recorded(const struct publish *publish)
{
	struct publish_recorded sum = {0};

	for (uint32_t i = 0; i < publish->memory->lane_count; i++) {
		const struct carom_recorder *recorder = &publish->memory->recorders[i];

		sum.recorded += recorder->recorded;
		sum.rate_limited += recorder->rate_limited;
		sum.table_full += recorder->table_full;
	}
	return sum;
}
