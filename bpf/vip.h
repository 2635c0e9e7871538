/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whose packet it is, in two steps: is the destination a VIP's address (most packets of others end
 * here, after one load), and which VIP of that address has the port. An exact port goes before a
 * VIP that takes every port.
 */
#ifndef CAROM_VIP_H
#define CAROM_VIP_H

#include "count.h"
#include "maps.h"
#include "packet.h"

#include <linux/in.h>

#define NO_ENTRY 0xffffffff

static __always_inline const struct carom_generation *vip_generation(void)
{
	/* Read once: the packet's one decision about which state of the world it sees. */
	__u32 active = *(volatile __u32 *)&control.active;

	return &control.generations[active & (CAROM_GENERATION_COUNT - 1)];
}

static __always_inline __u32 table_find(const struct carom_table *table, __u64 key)
{
	__u64 hash = carom_mix(key, table->seed);
	__u32 position = table->first_displacement + carom_bucket(hash, table->displacement_mask);
	__u32 line_number = position / CAROM_DISPLACEMENTS_PER_LINE;
	const struct carom_displacement_line *line =
		bpf_map_lookup_elem(&displacements, &line_number);
	__u16 displacement;

	if (unlikely(!line))
		return NO_ENTRY;
	displacement = line->displacements[position % CAROM_DISPLACEMENTS_PER_LINE];
	if (!displacement)
		return NO_ENTRY;
	return table->first_entry + carom_entry(hash, displacement, table->entry_mask);
}

/*
 * IPv6 addresses that never are a packet's destination, and yet would be found: :: is what an empty
 * entry says, and ::ffff:a.b.c.d has the key of the IPv4 VIP that it maps.
 */
static __always_inline bool has_no_vip(const struct packet *packet)
{
	struct address_halves address = packet->destination;

	return packet->family == CAROM_IPV6 && address.high == 0 &&
	       (address.low == 0 || (__u32)address.low == bpf_htonl(0xffff));
}

static __always_inline const struct carom_address_entry *
vip_find_address(const struct packet *packet, const struct carom_generation *generation)
{
	__u64 key = carom_address_key(packet->destination.high, packet->destination.low,
				      generation->address_seed);
	__u32 number = table_find(&generation->addresses, key);
	const struct carom_address_entry *entry;

	if (number == NO_ENTRY)
		return NULL;
	entry = bpf_map_lookup_elem(&addresses, &number);
	if (!entry || !halves_equal(halves_of(entry->address.words), packet->destination))
		return NULL;
	if (unlikely(has_no_vip(packet)))
		return NULL;
	return entry;
}

static __always_inline const struct carom_vip *vip_at(__u32 number)
{
	return bpf_map_lookup_elem(&vips, &number);
}

static __always_inline const struct carom_vip *
vip_find_listed(const struct carom_address_entry *address, __u64 key)
{
	for (int i = 0; i < CAROM_LISTED_PER_ADDRESS; i++) {
		if (address->listed[i].key == (__u32)key)
			return vip_at(address->listed[i].vip);
	}
	return NULL;
}

static __always_inline const struct carom_vip *
vip_find_in_table(const struct carom_generation *generation, __u64 key)
{
	__u32 number = table_find(&generation->vips, key);
	const struct carom_vip *vip;

	if (number == NO_ENTRY)
		return NULL;
	vip = vip_at(number);
	return vip && vip->key == key ? vip : NULL;
}

static __always_inline const struct carom_vip *
vip_find_exact(const struct packet *packet, const struct carom_generation *generation,
	       const struct carom_address_entry *address)
{
	__be16 destination_port = packet->ports >> 16;
	__u64 key = carom_vip_key(address->number, destination_port, packet->protocol);
	const struct carom_vip *vip = vip_find_listed(address, key);

	if (!vip && unlikely(address->port_count > CAROM_LISTED_PER_ADDRESS))
		vip = vip_find_in_table(generation, key);
	return vip;
}

static __always_inline const struct carom_vip *
vip_find_any_port(const struct packet *packet, const struct carom_address_entry *address)
{
	__u32 number = packet->protocol == IPPROTO_TCP ? address->any_port[CAROM_PROTOCOL_TCP]
						       : address->any_port[CAROM_PROTOCOL_UDP];

	if (!number--)
		return NULL;
	return vip_at(number);
}

static __always_inline const struct carom_vip *vip_find(struct packet *packet,
							const struct carom_generation *generation,
							const struct carom_address_entry *address)
{
	const struct carom_vip *vip = vip_find_exact(packet, generation, address);

	if (!vip)
		vip = vip_find_any_port(packet, address);
	if (vip)
		packet->vip_counter = vip->counter;
	return vip;
}

#endif
