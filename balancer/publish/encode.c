/* SPDX-License-Identifier: BSD-2-Clause */
#include "encode.h"

#include "address.h"

#include <linux/in.h>
#include <linux/ip.h>
#include <string.h>

/* The ones' complement sum of the fields that no packet changes. */
static uint16_t fixed_checksum(const struct image_vip *vip, const struct carom_backend *backend)
{
	struct iphdr header = {
		.version = 4,
		.ihl = sizeof(header) / 4,
		.ttl = CAROM_OUTER_TTL,
		.protocol = address_is_ipv4(&vip->address) ? IPPROTO_IPIP : IPPROTO_IPV6,
		.saddr = backend->outer_source.words[3],
		.daddr = backend->outer_destination.words[3],
	};
	uint16_t words[sizeof(header) / sizeof(uint16_t)];
	uint32_t sum = 0;

	memcpy(words, &header, sizeof(header));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		sum += words[i];
	return carom_fold_checksum(sum);
}

struct carom_backend encode_backend(const struct image_vip *vip,
				    const struct image_backend *backend, uint32_t counter,
				    uint32_t next_hop)
{
	struct carom_backend encoded = {
		.outer_source = backend->outer_source,
		.outer_destination = backend->address,
		.source_host_mask = backend->source_host_mask,
		.counter = counter,
		.next_hop = next_hop,
		.state = (uint8_t)image_backend_state(backend),
		.outer_family = (uint8_t)address_family(&backend->address),
	};

	encoded.header_checksum = fixed_checksum(vip, &encoded);
	return encoded;
}

bool encode_next_hop(const struct image_backend *backend, struct carom_next_hop *ret_hop)
{
	const struct next_hop *hop = &backend->next_hop;

	if (backend->state == CAROM_BACKEND_UNUSED || !hop->interface)
		return false;
	*ret_hop = (struct carom_next_hop){.interface = hop->interface, .mtu = hop->mtu};
	memcpy(ret_hop->destination_mac, hop->destination_mac, sizeof(ret_hop->destination_mac));
	memcpy(ret_hop->source_mac, hop->source_mac, sizeof(ret_hop->source_mac));
	return true;
}

struct carom_backend_label encode_label(const struct image_backend *backend)
{
	struct carom_backend_label label = {
		.weight = backend->weight,
		.state = (uint8_t)backend->state,
		.is_resolved = backend->next_hop.resolved,
		.keeps_flows = backend->keeps_flows,
	};

	memcpy(label.name, backend->name, sizeof(label.name));
	return label;
}

struct image_backend encode_read_backend(const struct carom_backend *encoded,
					 const struct carom_next_hop *hop,
					 const struct carom_backend_label *label)
{
	struct image_backend backend = {
		.address = encoded->outer_destination,
		.weight = label->weight,
		.state = (enum carom_backend_state)label->state,
		.keeps_flows = label->keeps_flows,
		.next_hop =
			{
				.resolved = label->is_resolved,
				.interface = hop->interface,
				.mtu = hop->mtu,
				.source = encoded->outer_source,
			},
		.outer_source = encoded->outer_source,
		.source_host_mask = encoded->source_host_mask,
	};

	memcpy(backend.name, label->name, sizeof(backend.name));
	memcpy(backend.next_hop.destination_mac, hop->destination_mac,
	       sizeof(hop->destination_mac));
	memcpy(backend.next_hop.source_mac, hop->source_mac, sizeof(hop->source_mac));
	return backend;
}
