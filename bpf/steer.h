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
#include "track.h"
#include "watch.h"

#include <linux/in.h>
#include <linux/tcp.h>

#define NO_SLOT	  0xffffffff
#define NO_RECORD 0xfffffffe

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

/* A packet of a tracked slot. Without padding: older verifiers (Linux 6.1) ask that all of it is
 * written before steer_tracked() may see it. */
struct tracked {
	__u64 hash;
	__u32 slot;
	__u32 current; /* ordinals */
	__u32 older;   /* that flows without a record belong to */
	__u32 block;   /* of its sequence number */
	__u32 opens;   /* TCP: SYN without ACK */
	__u32 closes;  /* TCP: FIN or RST */
};

/* The record that the packet makes if it is the first of its flow. */
static __always_inline __u64 fresh_record(const struct carom_vip *vip, const struct tracked *packet)
{
	if (packet->opens)
		return carom_flow_record(vip->counter, packet->current, CAROM_FLOW_OPENING,
					 packet->block, control.clock);
	return carom_flow_record(vip->counter, packet->older, CAROM_FLOW_SEEN, packet->block,
				 control.clock);
}

/*
 * Where a SYN goes that cannot be recorded. Its later packets have no record either, and follow
 * `previous`: if that takes new flows, the SYN does so, too. Else it goes nowhere: an older flow
 * must not lose its backend, nor a backend that is drained get a new one. The client tries again.
 */
static __always_inline __u32 unrecorded_open(const struct carom_vip *vip,
					     const struct tracked *packet)
{
	const struct carom_backend *backend = backend_at(vip, packet->older);

	return backend && backend->state == CAROM_BACKEND_ACTIVE ? packet->older : NO_RECORD;
}

/*
 * The ordinal for a packet in a tracked slot, or NO_RECORD. Not inlined: the rare way. Global, so
 * that the verifier follows it once, and not again for each way that leads here; it asks for proof
 * that neither pointer is NULL.
 */
__noinline __u32 steer_tracked(const struct carom_vip *vip, struct tracked *packet)
{
	__u32 previous, known, chosen;
	__u64 seen = 0, next;
	struct carom_flow *flow;
	bool lives, is_recorded = false;

	if (!vip || !packet)
		return NO_SLOT;
	previous = previous_of(packet->slot);
	flow = flow_find(vip->counter, packet->hash, &seen);
	known = flow ? carom_flow_ordinal(seen) : CAROM_ORDINAL_NONE;
	explain_tracked(previous, known, packet->opens);
	packet->older = serves(vip, previous) ? previous : packet->current;
	lives = serves(vip, known) &&
		!carom_flow_expired(seen, control.clock, settings.flow_idle_timeout_s);
	next = carom_track_next(&(struct carom_track){
		.seen = lives ? seen : 0,
		.fresh = fresh_record(vip, packet),
		.opens = packet->opens,
		.closes = packet->closes,
		.idle_timeout_s = settings.flow_idle_timeout_s,
	});
	chosen = next ? carom_flow_ordinal(next) : packet->older;
	if (chosen == CAROM_ORDINAL_NONE)
		return chosen;
	/* Without a record, its next packet goes to the same backend anyway. */
	if (!flow && packet->current == packet->older && !vip->records_all)
		return chosen;
	if (next) {
		is_recorded = flow_record(flow, seen, packet->hash, next);
		explain_flow(!is_recorded ? CAROM_FLOW_UNRECORDED
			     : flow	  ? CAROM_FLOW_RECORDED
					  : CAROM_FLOW_RECORDABLE);
	}
	/* An older flow is not remembered for as long as it may be silent. */
	if (packet->current != packet->older &&
	    (!is_recorded || carom_flow_state(next) == CAROM_FLOW_SEEN))
		stay_unsettled(packet->slot);
	return is_recorded || !packet->opens ? chosen : unrecorded_open(vip, packet);
}

/* Read from the packet here, so that the packets of other slots do without. */
static __always_inline struct tracked tracked_packet(const struct packet *packet, __u32 slot,
						     __u32 current)
{
	struct tracked tracked = {.hash = packet->hash, .slot = slot, .current = current};
	const struct tcphdr *tcp = packet->transport;

	if (packet->protocol != IPPROTO_TCP || (void *)(tcp + 1) > packet_end(packet))
		return tracked;
	tracked.block = carom_flow_block(bpf_ntohl(tcp->seq) + tcp->syn);
	tracked.opens = packet->opens;
	tracked.closes = tcp->fin || tcp->rst;
	return tracked;
}

/* The ordinal of the backend that takes the packet; CAROM_ORDINAL_NONE: there is none; NO_RECORD:
 * none for want of a record; NO_SLOT: the ring does not lie in the slots. */
static __always_inline __u32 steer(struct packet *packet, const struct carom_vip *vip)
{
	const struct carom_slot_line *line;
	struct tracked tracked;
	__u32 slot, line_number, chosen;

	packet->hash = steer_hash(packet);
	slot = steer_slot(packet, vip);
	line_number = slot / CAROM_SLOTS_PER_LINE;
	line = bpf_map_lookup_elem(&slots, &line_number);
	if (unlikely(!line))
		return NO_SLOT;
	chosen = line->slots[slot % CAROM_SLOTS_PER_LINE];
	watch_slot(packet, slot - vip->first_slot, chosen);
	if (likely(!(chosen & CAROM_SLOT_TRACKED)))
		return chosen;
	tracked = tracked_packet(packet, slot, chosen & CAROM_SLOT_ORDINAL);
	return steer_tracked(vip, &tracked);
}

#endif
