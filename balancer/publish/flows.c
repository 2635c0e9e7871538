/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sweep over the flow table and the tracked slots.
 *
 * An entry is freed only by exchanging the very record that was judged, so a flow that has just
 * sent a packet stays. Runs on the event loop's thread, without a system call: the tables are
 * memory. Owns the sweeps' count, and what they have found in the published VIPs.
 */
#include "flows.h"

#include "published.h"
#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct flows {
	const struct published *published;
	uint64_t sweep_count;
	uint64_t total; /* as of the last sweep */
};

struct flows *flows_new(const struct published *published)
{
	struct flows *flows = calloc(1, sizeof(*flows));

	if (!flows)
		return NULL;
	flows->published = published;
	if (!published->memory->control->clock)
		flows_set_clock(flows, 1);
	return flows;
}

void flows_free(struct flows *flows)
{
	free(flows);
}

void flows_set_clock(struct flows *flows, uint32_t now_s)
{
	flows->published->memory->control->clock = now_s;
	control_page_put(flows->published->memory->page);
}

uint32_t flows_clock(const struct flows *flows)
{
	return flows->published->memory->control->clock;
}

uint64_t flows_sweep_count(const struct flows *flows)
{
	return flows->sweep_count;
}

void flows_count_older(const struct flows *flows, struct placed *placed)
{
	const struct tracking_slots slots = placed_slots(placed, flows->published->memory);

	tracking_count_older(&slots, flows_clock(flows), placed->vip->backend_count, placed->older);
}

void flows_keep_counts(const struct flows *flows, const struct placement *placement)
{
	const struct placed *before = placement->before;
	struct placed *after = placement->after;

	for (size_t i = 0; i < after->vip->backend_count; i++) {
		const struct image_backend *backend = &after->vip->backends[i];
		struct placed_backend *placed = &after->backends[i];
		bool was_there = placed_counter(before, backend, i) != 0;

		if (was_there)
			placed->flow_count = before->backends[i].flow_count;
		if (was_there && before->vip->backends[i].state == backend->state)
			placed->certain_at = before->backends[i].certain_at;
		else
			placed->certain_at = flows->sweep_count + IMAGE_SWEEPS_TO_FORGET;
	}
}

/* ---- the sweep ---- */

struct sweep {
	struct flows *flows;
	uint32_t *index;  /* of published_index() */
	bool **disagrees; /* by the VIP's index: of each slot; NULL: nothing is tracked */
	uint32_t now_s;
};

static int sweep_init(struct sweep *sweep)
{
	const struct published *published = sweep->flows->published;
	size_t count = published_count(published);

	sweep->now_s = flows_clock(sweep->flows);
	sweep->index = published_index(published);
	sweep->disagrees = calloc(count + 1, sizeof(sweep->disagrees[0]));
	if (!sweep->index || !sweep->disagrees)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct placed *placed = published->vips[i];

		if (!placed->tracked_count)
			continue;
		sweep->disagrees[i] = calloc((size_t)1 << placed->vip->ring->bits, sizeof(bool));
		if (!sweep->disagrees[i])
			return -1;
	}
	return 0;
}

static void sweep_done(struct sweep *sweep)
{
	size_t count = published_count(sweep->flows->published);

	for (size_t i = 0; sweep->disagrees && i < count; i++)
		free(sweep->disagrees[i]);
	free(sweep->disagrees);
	free(sweep->index);
}

static void forget_counts(const struct published *published)
{
	for (size_t i = 0; i < published_count(published); i++) {
		struct placed *placed = published->vips[i];

		for (size_t j = 0; j < placed->vip->backend_count; j++)
			placed->backends[j].flow_count = 0;
	}
}

/* 1 + the index of the VIP that a record names, or 0. */
static uint32_t flows_find_vip(const struct published *published, const uint32_t *index,
			       uint64_t record)
{
	uint32_t number = carom_flow_vip(record);

	return number < published->memory->reasons_per_lane ? index[number] : 0;
}

/* Whether a record of this VIP is still worth keeping. */
static bool is_living(const struct sweep *sweep, const struct placed *placed, uint64_t record)
{
	uint32_t idle_timeout_s = sweep->flows->published->memory->flow_idle_timeout_s;
	uint32_t ordinal = carom_flow_ordinal(record);

	return ordinal < placed->vip->backend_count &&
	       image_backend_serves(&placed->vip->backends[ordinal]) &&
	       !carom_flow_expired(record, sweep->now_s, idle_timeout_s);
}

static void note_disagreement(const struct sweep *sweep, uint32_t vip, uint64_t hash,
			      uint64_t record)
{
	const struct published *published = sweep->flows->published;
	const struct tracking_slots slots = placed_slots(published->vips[vip], published->memory);
	bool *disagrees = sweep->disagrees[vip];
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

static void flows_drop(struct carom_flow *flow, uint64_t record)
{
	__atomic_compare_exchange_n(&flow->record, (__u64 *)&record, 0, false, __ATOMIC_ACQ_REL,
				    __ATOMIC_RELAXED);
}

static void sweep_flow(const struct sweep *sweep, struct carom_flow *flow)
{
	const struct published *published = sweep->flows->published;
	uint64_t record = read_record(flow);
	uint32_t found;

	if (!record)
		return;
	found = flows_find_vip(published, sweep->index, record);
	if (!found || !is_living(sweep, published->vips[found - 1], record)) {
		flows_drop(flow, record);
		return;
	}
	published->vips[found - 1]->backends[carom_flow_ordinal(record)].flow_count++;
	sweep->flows->total++;
	note_disagreement(sweep, found - 1, flow->hash, record);
}

static void sweep_slots(const struct sweep *sweep, size_t vip)
{
	const struct published *published = sweep->flows->published;
	struct placed *placed = published->vips[vip];
	struct tracking_slots slots = placed_slots(placed, published->memory);
	struct tracking_sweep tracking = {
		.disagrees = sweep->disagrees[vip],
		.now_s = sweep->now_s,
		.idle_timeout_s = published->memory->flow_idle_timeout_s,
		.tracking = placed->vip->tracking,
	};

	if (!placed->tracked_count)
		return;
	placed->tracked_count = tracking_sweep(&tracking, &slots);
	flows_count_older(sweep->flows, placed);
}

/*
 * Without a tracked slot, no packet meets the record any more: what becomes of the flow, and
 * whether its port is used again, would not be seen. Its backend is the slot's.
 */
static void drop_untracked(const struct sweep *sweep, struct carom_flow *flow)
{
	const struct published *published = sweep->flows->published;
	uint64_t record = read_record(flow);
	uint32_t found = record ? flows_find_vip(published, sweep->index, record) : 0;
	struct tracking_slots slots;

	if (!found || !is_living(sweep, published->vips[found - 1], record))
		return;
	slots = placed_slots(published->vips[found - 1], published->memory);
	if (slots.slots[flow->hash >> (64 - slots.bits)] & CAROM_SLOT_TRACKED)
		return;
	published->vips[found - 1]->backends[carom_flow_ordinal(record)].flow_count--;
	sweep->flows->total--;
	flows_drop(flow, record);
}

void flows_share_out(const struct flows *flows)
{
	const struct dataplane_memory *memory = flows->published->memory;
	uint32_t count = (uint32_t)published_count(flows->published);
	uint32_t usable = carom_flows_usable(memory->flow_count);
	uint32_t guaranteed = count > 1 ? usable / 2 / count : usable;

	memory->control->flows_guaranteed = guaranteed;
	memory->control->flows_lendable = usable - guaranteed * (count ? count : 1);
	control_page_put(memory->page);
}

/* What packets record meanwhile is counted by the next sweep. */
static void sweep_shares(const struct flows *flows)
{
	const struct published *published = flows->published;
	struct carom_share *shares = published->memory->shares;
	uint32_t guaranteed = published->memory->control->flows_guaranteed, lent = 0;

	for (size_t i = 0; i < published_count(published); i++) {
		const struct placed *placed = published->vips[i];
		uint32_t held = 0;

		for (size_t j = 0; j < placed->vip->backend_count; j++)
			held += placed->backends[j].flow_count;
		__atomic_store_n(&shares[placed->counter].held, held, __ATOMIC_RELAXED);
		lent += held > guaranteed ? held - guaranteed : 0;
	}
	__atomic_store_n(&shares[0].held, lent, __ATOMIC_RELAXED);
}

int flows_sweep(struct flows *flows, struct error *ret_error)
{
	const struct published *published = flows->published;
	struct sweep sweep = {.flows = flows};
	int result = sweep_init(&sweep);

	if (result) {
		error_set_errno(ret_error, ENOMEM, "no memory to sweep the flow table");
	} else {
		flows->total = 0;
		forget_counts(published);
		for (uint32_t i = 0; i < published->memory->flow_count; i++)
			sweep_flow(&sweep, &published->memory->flows[i]);
		for (size_t i = 0; i < published_count(published); i++)
			sweep_slots(&sweep, i);
		for (uint32_t i = 0; i < published->memory->flow_count; i++)
			drop_untracked(&sweep, &published->memory->flows[i]);
		sweep_shares(flows);
		flows->sweep_count++;
	}
	sweep_done(&sweep);
	return result;
}

int flows_drop_orphans(const struct flows *flows)
{
	const struct published *published = flows->published;
	uint32_t *index = published_index(published);

	if (!index)
		return -1;
	for (uint32_t i = 0; i < published->memory->flow_count; i++) {
		struct carom_flow *flow = &published->memory->flows[i];
		uint64_t record = read_record(flow);

		if (record && !flows_find_vip(published, index, record))
			flows_drop(flow, record);
	}
	free(index);
	return 0;
}

/* ---- what there is ---- */

static bool visit_entry(const struct published *published, const uint32_t *index, uint32_t entry,
			flows_visitor *visitor, void *context)
{
	const struct dataplane_memory *memory = published->memory;
	uint64_t record = read_record(&memory->flows[entry]);
	uint32_t clock = memory->control->clock;
	uint32_t found = flows_find_vip(published, index, record);
	struct flows_record flow = {
		.place = entry + 1,
		.vip = found - 1,
		.ordinal = carom_flow_ordinal(record),
		.idle_s = carom_flow_age(record, clock),
		.is_confirmed = carom_flow_confirmed(record),
	};
	const struct image_vip *vip;

	if (!record || !found)
		return true;
	vip = published->vips[flow.vip]->vip;
	if (flow.ordinal >= vip->backend_count ||
	    carom_flow_expired(record, clock, memory->flow_idle_timeout_s))
		return true;
	flow.slot = (uint32_t)(memory->flows[entry].hash >> (64 - vip->ring->bits));
	return visitor(context, &flow);
}

int flows_visit(const struct flows *flows, uint64_t after, flows_visitor *visitor, void *context)
{
	const struct published *published = flows->published;
	uint32_t *index = published_index(published);

	if (!index)
		return -1;
	for (uint64_t i = after; i < published->memory->flow_count; i++)
		if (!visit_entry(published, index, (uint32_t)i, visitor, context))
			break;
	free(index);
	return 0;
}

struct flows_vip flows_vip(const struct flows *flows, size_t vip)
{
	const struct placed *placed = flows->published->vips[vip];
	const struct carom_share *share = &flows->published->memory->shares[placed->counter];
	struct flows_vip found = {
		.tracked_slots = placed->tracked_count,
		.unrecorded =
			{
				.share_used = share->share_used,
				.table_full = share->table_full,
				.rate_limited = share->rate_limited,
			},
	};

	for (size_t i = 0; i < placed->vip->backend_count; i++)
		found.flows += placed->backends[i].flow_count;
	return found;
}

static uint32_t settles_in_s(const struct flows *flows, const struct tracking_older *older)
{
	uint32_t idle_timeout_s = flows->published->memory->flow_idle_timeout_s;
	uint32_t age_s = flows_clock(flows) - older->last_change_s;

	if (!older->slot_count)
		return 0;
	/* The timeout may be another than when the predecessor last swept. */
	return age_s > idle_timeout_s ? 1 : idle_timeout_s + 1 - age_s;
}

struct flows_remainder flows_remainder(const struct flows *flows, size_t vip, size_t ordinal)
{
	const struct placed *placed = flows->published->vips[vip];
	const struct placed_backend *backend = &placed->backends[ordinal];
	const struct tracking_older *older = &placed->older[ordinal];

	return (struct flows_remainder){
		.flows = backend->flow_count,
		.older_slots = older->slot_count,
		.settles_in_s = settles_in_s(flows, older),
		.is_none = !backend->flow_count && !older->slot_count &&
			   flows->sweep_count >= backend->certain_at,
	};
}

void flows_fill(const struct flows *flows, uint64_t *ret_used, uint64_t *ret_size)
{
	*ret_used = flows->total;
	*ret_size = carom_flows_usable(flows->published->memory->flow_count);
}

struct flows_recorder flows_recorder(const struct flows *flows)
{
	const struct dataplane_memory *memory = flows->published->memory;
	struct flows_recorder sum = {0};

	for (uint32_t i = 0; i < memory->lane_count; i++) {
		const struct carom_recorder *recorder = &memory->recorders[i];

		sum.recorded += recorder->recorded;
		sum.rate_limited += recorder->rate_limited;
		sum.table_full += recorder->table_full;
	}
	return sum;
}

/* ---- inheriting: names of VIPs and ordinals of backends stay, numbers do not ---- */

/* By a VIP's number in the predecessor's maps: its number in these, or 0. */
static uint32_t *map_numbers(const struct published *here, const struct published *there)
{
	uint32_t *numbers = calloc(there->memory->reasons_per_lane, sizeof(numbers[0]));
	int index;

	for (size_t i = 0; numbers && i < published_count(there); i++) {
		index = image_find_index(here->image, there->vips[i]->vip->name);
		if (index >= 0)
			numbers[there->vips[i]->counter] = here->vips[index]->counter;
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

			if (flows[i].hash == hash && carom_flow_belongs(record, number))
				return &flows[i];
			if (!record && !place)
				place = &flows[i];
		}
	}
	return place;
}

static bool inherit_flow(const struct dataplane_memory *memory, const struct carom_flow *from,
			 uint64_t record, uint32_t number)
{
	struct carom_flow *place = find_place(memory, number, from->hash);

	if (!place || place->record)
		return false;
	return put_flow(place, from->hash, carom_flow_of_vip(record, number));
}

/* A record that names no backend must not come to name one that is added later. */
static bool is_held(const struct image_vip *vip, uint32_t ordinal)
{
	return ordinal < vip->backend_count && vip->backends[ordinal].state != CAROM_BACKEND_UNUSED;
}

size_t flows_inherit(struct flows *flows, const struct flows *predecessor)
{
	const struct published *there = predecessor->published;
	uint32_t *numbers = map_numbers(flows->published, there), *index = published_index(there);
	size_t count = 0;

	for (uint32_t i = 0; numbers && index && i < there->memory->flow_count; i++) {
		const struct carom_flow *from = &there->memory->flows[i];
		uint64_t record = __atomic_load_n(&from->record, __ATOMIC_ACQUIRE);
		uint32_t number = carom_flow_vip(record);

		if (!carom_flow_belongs(record, number) ||
		    number >= there->memory->reasons_per_lane || !numbers[number] ||
		    !is_held(there->vips[index[number] - 1]->vip, carom_flow_ordinal(record)))
			continue;
		count += inherit_flow(flows->published->memory, from, record, numbers[number]);
	}
	free(index);
	free(numbers);
	return count;
}
