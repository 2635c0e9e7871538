/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The flow table, which only packets of tracked slots come to. No confirmed entry is ever evicted:
 * a flow for which there is no place, or no time left in this second, is simply not recorded. Each
 * VIP has a guaranteed share of the table, so that a flood at one takes nothing from others; what
 * no guarantee covers is lent to whichever comes first. A SYN may replace what one packet has made.
 */
#ifndef CAROM_FLOW_H
#define CAROM_FLOW_H

#include "maps.h"
#include "packet.h"
#include "record.h"

static __always_inline struct carom_flow_line *flow_line(__u64 hash, int choice)
{
	__u32 number = carom_flow_line_number(hash, choice, settings.flow_line_mask);

	return bpf_map_lookup_elem(&flows, &number);
}

/* The entry's record; 0: it is not this flow's. */
static __always_inline __u64 flow_read(const struct carom_flow *flow, __u32 vip_number, __u64 hash)
{
	__u64 record;

	if (*(volatile __u64 *)&flow->hash != hash)
		return 0;
	record = *(volatile __u64 *)&flow->record;
	return carom_flow_belongs(record, vip_number) && *(volatile __u64 *)&flow->hash == hash
		       ? record
		       : 0;
}

/* The flow's entry, and what it says in *ret_record; NULL: not recorded. */
static __always_inline struct carom_flow *flow_find(__u32 vip_number, __u64 hash, __u64 *ret_record)
{
	for (int choice = 0; choice < CAROM_FLOW_CHOICES; choice++) {
		struct carom_flow_line *line = flow_line(hash, choice);

		for (int i = 0; line && i < CAROM_FLOWS_PER_LINE; i++) {
			*ret_record = flow_read(&line->flows[i], vip_number, hash);
			if (*ret_record)
				return &line->flows[i];
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

static __always_inline bool flow_is_free(__u64 seen)
{
	return seen != CAROM_FLOW_BUSY &&
	       (!seen || carom_flow_expired(seen, control.clock, settings.flow_idle_timeout_s));
}

/*
 * Whether a SYN may have the place of a record of its own VIP that one packet alone has made: of an
 * older flow, which will be found to belong where it does, or of a SYN that nothing has followed.
 */
static __always_inline bool flow_gives_way(__u64 seen, __u32 vip_number)
{
	if (!carom_flow_belongs(seen, vip_number))
		return false;
	return carom_flow_state(seen) == CAROM_FLOW_SEEN ||
	       (carom_flow_state(seen) == CAROM_FLOW_OPENING &&
		carom_flow_age(seen, control.clock) >= CAROM_FLOW_HANDSHAKE_S);
}

static __always_inline bool flow_suits(__u64 seen, __u64 record, __u32 replaces)
{
	return replaces ? flow_gives_way(seen, carom_flow_vip(record)) : flow_is_free(seen);
}

/* 1 or 0, as flow_is_free() but for a BUSY entry; without a branch, of which the verifier would
 * follow every combination. */
static __always_inline __u32 flow_looks_free(__u64 seen)
{
	__u64 is_confirmed = carom_flow_state(seen) >> 1;
	__u64 patience_s = is_confirmed * settings.flow_idle_timeout_s +
			   (1 - is_confirmed) * CAROM_FLOW_UNCONFIRMED_S;
	__u64 is_expired = (patience_s - carom_flow_age(seen, control.clock)) >> 63;
	__u64 is_used = (seen | -seen) >> 63;

	return is_expired | (1 - is_used);
}

/* How many places of the line a new record could have. */
static __always_inline __u32 flow_count_free(const struct carom_flow_line *line)
{
	__u32 count = 0;

	for (int i = 0; line && i < CAROM_FLOWS_PER_LINE; i++)
		count += flow_looks_free(*(volatile __u64 *)&line->flows[i].record);
	return count;
}

/*
 * In the emptier line first, so that the table fills evenly: else a flow would soon find both of
 * its lines full (Azar et al., "Balanced Allocations", 1994). Returns 1 or 0. Global, so that the
 * verifier follows it once. Calls are few here: Linux 6.1 counts 512 bytes of stack for all of
 * them.
 */
__noinline int flow_put(__u64 hash, __u64 record, __u32 replaces)
{
	int first = flow_count_free(flow_line(hash, 1)) > flow_count_free(flow_line(hash, 0));

	for (int choice = 0; choice < CAROM_FLOW_CHOICES; choice++) {
		struct carom_flow_line *line = flow_line(hash, choice ^ first);

		for (int i = 0; line && i < CAROM_FLOWS_PER_LINE; i++) {
			struct carom_flow *flow = &line->flows[i];
			__u64 seen = *(volatile __u64 *)&flow->record;

			if (flow_suits(seen, record, replaces) &&
			    flow_take(flow, seen, hash, record))
				return 1;
		}
	}
	return 0;
}

/* ---- shares ---- */

static __always_inline struct carom_share *flow_share(__u32 vip_number)
{
	return bpf_map_lookup_elem(&shares, &vip_number);
}

/* Takes part of what is guaranteed to the VIP, or else lent to all. */
static __always_inline bool flow_share_take(struct carom_share *share)
{
	struct carom_share *lent = flow_share(0);
	bool borrows = share->held >= control.flows_guaranteed;

	if (!lent || (borrows && lent->held >= control.flows_lendable))
		return false;
	if (settings.explains)
		return true;
	if (borrows)
		__sync_fetch_and_add(&lent->held, 1);
	__sync_fetch_and_add(&share->held, 1);
	return true;
}

/* The sweep counts anew what was borrowed. */
static __always_inline void flow_share_return(struct carom_share *share)
{
	if (!settings.explains)
		__sync_fetch_and_add(&share->held, -1);
}

static __always_inline void flow_count(__u64 *counter)
{
	if (!settings.explains)
		__sync_fetch_and_add(counter, 1);
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

static __always_inline bool flow_insert(struct carom_share *share, __u64 hash, __u64 record)
{
	if (!flow_share_take(share)) {
		flow_count(&share->share_used);
		return false;
	}
	if (flow_put(hash, record, 0))
		return true;
	flow_share_return(share);
	flow_count(&share->table_full);
	return false;
}

static __always_inline bool flow_record_new(__u64 hash, __u64 record)
{
	__u32 lane = bpf_get_smp_processor_id();
	struct carom_recorder *recorder = bpf_map_lookup_elem(&recorders, &lane);
	struct carom_share *share = flow_share(carom_flow_vip(record));

	if (!recorder || !share)
		return false;
	if (!flow_may_insert(recorder)) {
		flow_count(&share->rate_limited);
		return false;
	}
	if (!flow_insert(share, hash, record) &&
	    !(carom_flow_state(record) == CAROM_FLOW_OPENING && flow_put(hash, record, 1))) {
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
