/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which backend takes the packet: 5-tuple to hash, hash to slot, slot to backend.
 *
 * A slot that has not changed lately sends every packet to its one backend, and that is all. Only
 * in a tracked slot, which a change has moved from one backend to another, flows differ: those that
 * began before the change belong to the previous backend, those that begin now to the current one,
 * and the flow table remembers which is which. README.md has the algorithm with an example.
 */
#ifndef CAROM_STEER_H
#define CAROM_STEER_H

#include "flow.h"
#include "hash.h"
#include "maps.h"
#include "packet.h"
#include "watch.h"

#include <linux/in.h>
#include <linux/tcp.h>

#define NO_SLOT 0xffffffff

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

	return backend &&
	       (backend->state == CAROM_BACKEND_ACTIVE || backend->state == CAROM_BACKEND_DRAIN ||
		backend->state == CAROM_BACKEND_DOWN);
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

/* A packet of a tracked slot. */
struct tracked {
	__u64 hash;
	__u32 slot;
	__u32 current; /* ordinals */
	__u32 older;   /* that flows without a record belong to */
	__u32 block;   /* of its sequence number */
	bool opens;    /* TCP: SYN without ACK */
	bool closes;   /* TCP: FIN or RST */
};

/* What is known of a packet's flow, and what is to be known after it. */
struct flow_step {
	__u32 chosen;
	bool records; /* else the table stays as it is */
	enum carom_flow_state state;
	__u32 block;
	__u32 age_s; /* of the record, when it is written */
};

/* A SYN to a living record leaves it time for a handshake, but does not keep it alive for long. */
static __always_inline __u32 step_age(__u64 seen)
{
	__u32 age_s = carom_flow_age(seen, control.clock);
	__u32 most_s = settings.flow_idle_timeout_s - CAROM_FLOW_UNCONFIRMED_S;

	if (settings.flow_idle_timeout_s <= CAROM_FLOW_UNCONFIRMED_S)
		return 0;
	return age_s < most_s ? age_s : most_s;
}

static __always_inline bool step_repeats(__u64 seen, const struct tracked *packet)
{
	return carom_flow_state(seen) == CAROM_FLOW_OPENING &&
	       carom_flow_blocks_on(seen, packet->block) == 0;
}

/*
 * A SYN opens a flow, unless its flow has a confirmed record, or it repeats the SYN that made the
 * record. A SYN that is made up must not take a connection away: the recorded backend's kernel
 * answers it (RFC 5961), and a client that did lose its connection ends it by the RST that this
 * answer brings. seen: the flow's record, or 0.
 */
static __always_inline struct flow_step step_open(__u64 seen, const struct tracked *packet)
{
	struct flow_step step = {packet->current, true, CAROM_FLOW_OPENING, packet->block, 0};

	if (!seen || carom_flow_expired(seen, control.clock, settings.flow_idle_timeout_s))
		return step;
	if (step_repeats(seen, packet))
		step.chosen = carom_flow_ordinal(seen);
	if (carom_flow_state(seen) == CAROM_FLOW_CONFIRMED)
		step = (struct flow_step){carom_flow_ordinal(seen), true, CAROM_FLOW_CONFIRMED,
					  seen >> 50, step_age(seen)};
	return step;
}

static __always_inline struct flow_step step_known(__u64 seen, const struct tracked *packet)
{
	enum carom_flow_state state = carom_flow_state(seen);
	bool fits = carom_flow_fits(seen, packet->block);
	struct flow_step step = {carom_flow_ordinal(seen), true, state, packet->block, 0};

	/* Of an older connection, which a SYN that was made up must not take. */
	if (state == CAROM_FLOW_OPENING && !fits)
		return (struct flow_step){.chosen = packet->older};
	if (!fits && state != CAROM_FLOW_SEEN)
		step.block = seen >> 50;
	if (fits && state != CAROM_FLOW_CLOSED)
		step.state = packet->closes ? CAROM_FLOW_CLOSED : CAROM_FLOW_CONFIRMED;
	return step;
}

/* The last packet of an older connection leaves no record that would meet the port's next one. */
static __always_inline struct flow_step step_unknown(const struct tracked *packet)
{
	return (struct flow_step){packet->older, !packet->closes, CAROM_FLOW_SEEN, packet->block,
				  0};
}

static __always_inline struct flow_step step_of(__u64 seen, const struct tracked *packet)
{
	if (packet->opens)
		return step_open(seen, packet);
	return seen ? step_known(seen, packet) : step_unknown(packet);
}

/* Whether an older flow is remembered for as long as it may be silent. */
static __always_inline bool step_lasts(const struct flow_step *step, bool is_recorded, bool opens)
{
	return step->records ? is_recorded && step->state != CAROM_FLOW_SEEN : opens;
}

/*
 * The ordinal for a packet in a tracked slot. Not inlined: the rare way.
 *
 * A flow that cannot be recorded follows `previous`, its SYN included: its later packets have no
 * record either, and go there.
 */
static __noinline __u32 steer_tracked(const struct carom_vip *vip, struct tracked *packet)
{
	__u32 previous = previous_of(packet->slot);
	__u64 seen = 0, record;
	struct carom_flow *flow = flow_find(vip->counter, packet->hash, &seen);
	__u32 known = flow ? carom_flow_ordinal(seen) : CAROM_ORDINAL_NONE;
	struct flow_step step;
	bool is_recorded = true;

	explain_tracked(previous, known, packet->opens);
	packet->older = serves(vip, previous) ? previous : packet->current;
	step = step_of(serves(vip, known) ? seen : 0, packet);
	if (step.chosen == CAROM_ORDINAL_NONE)
		return step.chosen;
	/* Without a record, its next packet goes to the same backend anyway. */
	if (!flow && packet->current == packet->older && !vip->records_all)
		return step.chosen;
	if (step.records) {
		record = carom_flow_record(vip->counter, step.chosen, step.state, step.block,
					   control.clock - step.age_s);
		is_recorded = flow_record(flow, seen, packet->hash, record);
		explain_flow(!is_recorded ? CAROM_FLOW_UNRECORDED
			     : flow	  ? CAROM_FLOW_RECORDED
					  : CAROM_FLOW_RECORDABLE);
	}
	if (packet->current != packet->older && !step_lasts(&step, is_recorded, packet->opens))
		stay_unsettled(packet->slot);
	return is_recorded || !packet->opens ? step.chosen : packet->older;
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

/* The ordinal of the backend that takes the packet; CAROM_ORDINAL_NONE: there is none; NO_SLOT: the
 * ring does not lie in the slots. */
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
