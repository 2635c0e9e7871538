/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which backend takes the packet: 5-tuple to hash, hash to slot, slot to backend. */
#ifndef CAROM_STEER_H
#define CAROM_STEER_H

#include "maps.h"
#include "packet.h"

#define ODD_MULTIPLIER 0x9e3779b97f4a7c15ULL /* 2^64 divided by the golden ratio */

static __always_inline __u64 hash_step(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * ODD_MULTIPLIER;
	return hash ^ hash >> 32;
}

/* Keyed, so that nobody outside can aim flows at one slot; the key is the same across a fleet. */
static __always_inline __u64 steer_hash(const struct packet *packet)
{
	__u64 hash = settings.hash_key[0];

	if (packet->family == CAROM_IPV4) {
		hash = hash_step(hash, (packet->source.low >> 32) |
					       (packet->destination.low & 0xffffffff00000000));
	} else {
		hash = hash_step(hash, packet->source.high);
		hash = hash_step(hash, packet->source.low);
		hash = hash_step(hash, packet->destination.high);
		hash = hash_step(hash, packet->destination.low);
	}
	hash = hash_step(hash, (__u64)packet->protocol << 32 | packet->ports);
	return (hash ^ settings.hash_key[1]) * ODD_MULTIPLIER;
}

/* The top bits of the hash, so that a slot of a ring is the parent of two in a doubled ring. */
static __always_inline __u32 steer_slot(const struct packet *packet, const struct carom_vip *vip)
{
	return vip->first_slot + (packet->hash >> (64 - (vip->ring_bits & 31)));
}

static __always_inline const struct carom_backend *steer(struct packet *packet,
							 const struct carom_vip *vip)
{
	const struct carom_slot_line *line;
	__u32 slot, line_number, number;

	packet->hash = steer_hash(packet);
	slot = steer_slot(packet, vip);
	line_number = slot / CAROM_SLOTS_PER_LINE;
	line = bpf_map_lookup_elem(&slots, &line_number);
	if (unlikely(!line))
		return NULL;
	number = line->slots[slot % CAROM_SLOTS_PER_LINE] & CAROM_SLOT_ORDINAL;
	if (unlikely(number >= vip->backend_count))
		return NULL;
	number += vip->first_backend;
	return bpf_map_lookup_elem(&backends, &number);
}

#endif
