/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which backend takes the packet: 5-tuple to hash, hash to slot, slot to backend.
 *
 * A slot that has not changed lately sends every packet to its one backend, and that is all. Only
 * in a tracked slot, which a change has moved from one backend to another, flows differ: those that
 * began before the change belong to the previous backend, those that begin now to the current one,
 * and the flow table remembers which is which. bpf/README.md has the algorithm with an example.
 */
#ifndef CAROM_STEER_H
#define CAROM_STEER_H

#include "flow.h"
#include "hash.h"
#include "maps.h"
#include "packet.h"
#include "watch.h"

#define NO_SLOT 0xffffffff

/* Keyed, so that no outsider can aim flows at one slot; the key is the same across a fleet. */
static __always_inline __u64 steer_hash(const struct packet *packet)
{
	const __u64 source[] = {packet->source.high, packet->source.low};
	const __u64 destination[] = {packet->destination.high, packet->destination.low};

	if (packet->family == CAROM_IPV4)
		return carom_hash_ipv4(&settings.hash_key, source[1] >> 32, destination[1] >> 32,
				       packet->ports, packet->protocol);
	return carom_hash_ipv6(&settings.hash_key, source, destination, packet->ports,
			       packet->protocol);
}

/* The top bits of the hash, so that a slot of a ring is the parent of two in a doubled ring. */
static __always_inline __u32 steer_slot(const struct packet *packet, const struct carom_vip *vip)
{
	return vip->first_slot + (packet->hash >> (64 - (vip->ring_bits & 31)));
}

static __always_inline const struct carom_backend *backend_at(const struct carom_vip *vip,
							      __u32 ordinal)
{
	__u32 number = vip->first_backend + ordinal;

	return ordinal < vip->backend_count ? bpf_map_lookup_elem(&backends, &number) : NULL;
}

/* Whether the flows that a backend has may stay with it. */
static __always_inline bool serves(const struct carom_vip *vip, __u32 ordinal)
{
	const struct carom_backend *backend = backend_at(vip, ordinal);

	return backend && CAROM_STATE_SERVES(backend->state);
}

static __always_inline __u32 previous_of(__u32 slot)
{
	__u32 line_number = slot / CAROM_SLOTS_PER_LINE;
	const struct carom_slot_line *line = bpf_map_lookup_elem(&previous, &line_number);

	return line ? line->slots[slot % CAROM_SLOTS_PER_LINE] & CAROM_SLOT_ORDINAL
		    : CAROM_ORDINAL_NONE;
}

/* Lets the slot forget its previous backend one idle timeout from now, and not before. */
static __always_inline void stay_unsettled(__u32 slot)
{
	__u32 line_number = slot / CAROM_SLOTS_PER_LINE;
	struct carom_slot_line *line = bpf_map_lookup_elem(&changed_at, &line_number);
	__u16 now = (__u16)control.clock;

	/* Read first: in a flood, all CPUs come here. */
	if (line && !settings.explains && line->slots[slot % CAROM_SLOTS_PER_LINE] != now)
		line->slots[slot % CAROM_SLOTS_PER_LINE] = now;
}

/*
 * The ordinal for a packet in a tracked slot. Not inlined: the rare way.
 *
 * A flow that cannot be recorded follows `previous`, its SYN included: that is where its later
 * packets, unrecorded as they are, will be taken to belong, for as long as it sends any.
 */
static __noinline __u32 steer_tracked(const struct carom_vip *vip, __u64 hash, __u32 slot,
				      __u32 current, bool opens)
{
	__u64 seen = 0, record;
	struct carom_flow *flow = flow_find(vip->counter, hash, &seen);
	__u32 older = previous_of(slot), chosen = current;

	explain_tracked(older, flow ? carom_flow_ordinal(seen) : CAROM_ORDINAL_NONE, opens);
	if (!serves(vip, older))
		older = current;
	if (!opens)
		chosen = flow && serves(vip, carom_flow_ordinal(seen)) ? carom_flow_ordinal(seen)
								       : older;
	if (chosen == CAROM_ORDINAL_NONE)
		return chosen;
	/* Without a record, the flow's next packet goes to the same backend anyway. */
	if (!flow && current == older && !vip->records_all)
		return chosen;
	record = carom_flow_record(vip->counter, chosen, !opens, control.clock, hash);
	if (flow_record(flow, seen, hash, record)) {
		explain_flow(flow ? CAROM_FLOW_RECORDED : CAROM_FLOW_RECORDABLE);
		return chosen;
	}
	explain_flow(CAROM_FLOW_UNRECORDED);
	stay_unsettled(slot);
	return opens ? older : chosen;
}

/* The ordinal of the backend that takes the packet; CAROM_ORDINAL_NONE: there is none; NO_SLOT: the
 * ring does not lie in the slots. */
static __always_inline __u32 steer(struct packet *packet, const struct carom_vip *vip)
{
	const struct carom_slot_line *line;
	__u32 slot, line_number, chosen;

	packet->hash = steer_hash(packet);
	slot = steer_slot(packet, vip);
	line_number = slot / CAROM_SLOTS_PER_LINE;
	line = bpf_map_lookup_elem(&slots, &line_number);
	if (unlikely(!line))
		return NO_SLOT;
	chosen = line->slots[slot % CAROM_SLOTS_PER_LINE];
	watch_slot(packet, slot - vip->first_slot, chosen);
	if (unlikely(chosen & CAROM_SLOT_TRACKED))
		return steer_tracked(vip, packet->hash, slot, chosen & CAROM_SLOT_ORDINAL,
				     packet->opens);
	return chosen;
}

#endif
