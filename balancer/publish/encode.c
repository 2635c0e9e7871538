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
				    const struct image_backend *backend, uint32_t counter)
{
	const struct next_hop *next_hop = &backend->next_hop;
	struct carom_backend encoded = {
		.outer_source = backend->outer_source,
		.outer_destination = backend->address,
		.interface = next_hop->interface,
		.source_host_mask = backend->source_host_mask,
		.counter = counter,
		.mtu = next_hop->mtu,
		.state = (uint8_t)image_backend_state(backend),
		.outer_family = (uint8_t)address_family(&backend->address),
	};

	memcpy(encoded.destination_mac, next_hop->destination_mac, sizeof(encoded.destination_mac));
	memcpy(encoded.source_mac, next_hop->source_mac, sizeof(encoded.source_mac));
	encoded.header_checksum = fixed_checksum(vip, &encoded);
	return encoded;
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
				.interface = encoded->interface,
				.mtu = encoded->mtu,
				.source = encoded->outer_source,
			},
		.outer_source = encoded->outer_source,
		.source_host_mask = encoded->source_host_mask,
	};

	memcpy(backend.name, label->name, sizeof(backend.name));
	memcpy(backend.next_hop.destination_mac, encoded->destination_mac,
	       sizeof(encoded->destination_mac));
	memcpy(backend.next_hop.source_mac, encoded->source_mac, sizeof(encoded->source_mac));
	return backend;
}
