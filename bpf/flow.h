/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The flow table, which only packets of tracked slots come to. No living entry is ever evicted: a
 * flow for which there is no place, or no time left in this second, is simply not recorded.
 */
#ifndef CAROM_FLOW_H
#define CAROM_FLOW_H

#include "maps.h"
#include "packet.h"

static __always_inline struct carom_flow_line *flow_line(__u64 hash, int choice)
{
	__u32 number = carom_flow_line_number(hash, choice, settings.flow_line_mask);

	return bpf_map_lookup_elem(&flows, &number);
}

/* The flow's entry, and what it says in *ret_record; NULL: not recorded. */
static __always_inline struct carom_flow *flow_find(__u32 vip_number, __u64 hash, __u64 *ret_record)
{
	for (int choice = 0; choice < CAROM_FLOW_CHOICES; choice++) {
		struct carom_flow_line *line = flow_line(hash, choice);

		for (int i = 0; line && i < CAROM_FLOWS_PER_LINE; i++) {
			struct carom_flow *flow = &line->flows[i];

			if (flow->hash != hash)
				continue;
			*ret_record = *(volatile __u64 *)&flow->record;
			if (carom_flow_belongs(*ret_record, vip_number, hash))
				return flow;
		}
	}
	return NULL;
}

/*
 * Takes an entry that said `seen` for another flow. False: another CPU was faster. Here and below
 * the twin, which explains, writes nothing, and says what would have come of it.
 */
static __always_inline bool flow_take(struct carom_flow *flow, __u64 seen, __u64 hash, __u64 record)
{
	if (settings.explains)
		return true;
	if (__sync_val_compare_and_swap(&flow->record, seen, CAROM_FLOW_BUSY) != seen)
		return false;
	flow->hash = hash;
	/* Exchanged, not stored: a full barrier, so that no CPU sees the record before the hash. */
	__sync_lock_test_and_set(&flow->record, record);
	return true;
}

static __always_inline bool flow_insert(__u64 hash, __u64 record)
{
	for (int choice = 0; choice < CAROM_FLOW_CHOICES; choice++) {
		struct carom_flow_line *line = flow_line(hash, choice);

		for (int i = 0; line && i < CAROM_FLOWS_PER_LINE; i++) {
			struct carom_flow *flow = &line->flows[i];
			__u64 seen = *(volatile __u64 *)&flow->record;

			if (seen && (seen == CAROM_FLOW_BUSY ||
				     !carom_flow_expired(seen, control.clock,
							 settings.flow_idle_timeout_s)))
				continue;
			if (flow_take(flow, seen, hash, record))
				return true;
		}
	}
	return false;
}

/* Whether this CPU may record one flow more in this second. */
static __always_inline bool flow_may_insert(struct carom_recorder *recorder)
{
	if (settings.explains)
		return recorder->second != control.clock ||
		       recorder->inserts < settings.flow_inserts_per_s;
	if (recorder->second != control.clock) {
		recorder->second = control.clock;
		recorder->inserts = 0;
	}
	if (recorder->inserts >= settings.flow_inserts_per_s) {
		recorder->rate_limited++;
		return false;
	}
	recorder->inserts++;
	return true;
}

static __always_inline bool flow_record_new(__u64 hash, __u64 record)
{
	__u32 lane = bpf_get_smp_processor_id();
	struct carom_recorder *recorder = bpf_map_lookup_elem(&recorders, &lane);

	if (!recorder || !flow_may_insert(recorder))
		return false;
	if (!flow_insert(hash, record)) {
		recorder->table_full += !settings.explains;
		return false;
	}
	recorder->recorded += !settings.explains;
	return true;
}

/* flow, seen: what flow_find() said; NULL if the flow is new. Returns whether it is recorded. */
static __always_inline bool flow_record(struct carom_flow *flow, __u64 seen, __u64 hash,
					__u64 record)
{
	if (!flow)
		return flow_record_new(hash, record);
	/* Once a second at most, for all that changes from packet to packet is the time. */
	if (seen == record || settings.explains)
		return true;
	return __sync_val_compare_and_swap(&flow->record, seen, record) == seen ||
	       flow_record_new(hash, record);
}

#endif
