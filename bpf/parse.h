/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Parsing, in two steps, so that a packet that is not for a VIP costs the first only:
 *
 *   parse_network()    who it is for. Too short to tell: not ours.
 *   parse_transport()  which flow it is of. From here on the packet is for a VIP's address, and
 *                      whatever does not add up is refused with a reason.
 */
#ifndef CAROM_PARSE_H
#define CAROM_PARSE_H

#include "count.h"
#include "packet.h"

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <stddef.h>

#define EXTENSION_HEADERS_MAX 6

struct ipv6_extension {
	__u8 next_header;
	__u8 length; /* in 8 bytes, the first 8 not counted */
	__u8 options[6];
};

static __always_inline __be16 parse_ethernet(const struct xdp_md *context)
{
	const void *frame = (void *)(long)context->data;

	if (frame + ETH_HLEN > (void *)(long)context->data_end)
		return 0;
	return *(const __be16 *)(frame + offsetof(struct ethhdr, h_proto));
}

static __always_inline struct address_halves halves_from_ipv4(__be32 address)
{
	/* As ::ffff:a.b.c.d lies in the memory of a little-endian machine. */
	return (struct address_halves){0, (__u64)address << 32 | bpf_htonl(0xffff)};
}

static __always_inline int parse_network(struct packet *packet)
{
	void *network = packet_data(packet) + sizeof(struct ethhdr);
	const struct iphdr *ipv4 = network;
	const struct ipv6hdr *ipv6 = network;

	packet->network = network;
	if (packet->family == CAROM_IPV4) {
		if ((void *)(ipv4 + 1) > packet_end(packet))
			return XDP_PASS;
		packet->destination = halves_from_ipv4(ipv4->daddr);
	} else {
		if ((void *)(ipv6 + 1) > packet_end(packet))
			return XDP_PASS;
		packet->destination = halves_of(ipv6->daddr.s6_addr32);
	}
	return CONTINUE;
}

/* Ports and flags. `transport` is what the IP header announced; it is checked against the frame
 * here, and against the IP packet's own length through `available`, the bytes it has left. */
static __always_inline int parse_ports(struct packet *packet, const void *transport,
				       __u32 available)
{
	const struct tcphdr *tcp = transport;
	const struct udphdr *udp = transport;

	if (packet->protocol == IPPROTO_TCP) {
		if (available < sizeof(*tcp))
			return refuse(packet, CAROM_REASON_BAD_HEADER);
		if ((void *)(tcp + 1) > packet_end(packet))
			return refuse(packet, CAROM_REASON_TRUNCATED);
		packet->opens = tcp->syn && !tcp->ack;
	} else {
		if (available < sizeof(*udp))
			return refuse(packet, CAROM_REASON_BAD_HEADER);
		if ((void *)(udp + 1) > packet_end(packet))
			return refuse(packet, CAROM_REASON_TRUNCATED);
	}
	packet->transport = transport;
	packet->ports = *(const __u32 *)transport;
	return CONTINUE;
}

static __always_inline bool is_carried(__u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

static __always_inline int parse_transport_ipv4(struct packet *packet)
{
	const struct iphdr *ipv4 = packet->network;
	__u32 header_bytes;

	header_bytes = ipv4->ihl * 4;
	packet->bytes = bpf_ntohs(ipv4->tot_len);
	packet->protocol = ipv4->protocol;
	if (!is_carried(packet->protocol))
		return refuse(packet, CAROM_REASON_NOT_SERVED);
	if (ipv4->version != 4 || header_bytes < IPV4_MIN_BYTES || packet->bytes < header_bytes)
		return refuse(packet, CAROM_REASON_BAD_HEADER);
	if ((void *)ipv4 + packet->bytes > packet_end(packet))
		return refuse(packet, CAROM_REASON_TRUNCATED);
	if (ipv4->frag_off & bpf_htons(IP_FRAGMENTED))
		return refuse(packet, CAROM_REASON_FRAGMENT);
	packet->source = halves_from_ipv4(ipv4->saddr);
	return parse_ports(packet, (void *)ipv4 + header_bytes, packet->bytes - header_bytes);
}

static __always_inline bool is_extension(__u8 next_header)
{
	return next_header == IPPROTO_HOPOPTS || next_header == IPPROTO_ROUTING ||
	       next_header == IPPROTO_DSTOPTS;
}

/* Rare, and needs no speed. On CONTINUE, *offset is that of the transport header. */
static __always_inline int skip_extensions(struct packet *packet, const void *network,
					   __u32 *offset)
{
	const struct ipv6_extension *extension;

#pragma clang loop unroll(full)
	for (int i = 0; i < EXTENSION_HEADERS_MAX; i++) {
		if (!is_extension(packet->protocol))
			return CONTINUE;
		extension = network + *offset;
		if ((void *)(extension + 1) > packet_end(packet))
			return refuse(packet, CAROM_REASON_TRUNCATED);
		packet->protocol = extension->next_header;
		*offset += 8 * (extension->length + 1);
	}
	return is_extension(packet->protocol) ? refuse(packet, CAROM_REASON_EXTENSIONS) : CONTINUE;
}

static __always_inline int parse_transport_ipv6(struct packet *packet)
{
	const struct ipv6hdr *ipv6 = packet->network;
	__u32 offset = IPV6_BYTES;
	int verdict;

	packet->bytes = IPV6_BYTES + bpf_ntohs(ipv6->payload_len);
	packet->protocol = ipv6->nexthdr;
	packet->source = halves_of(ipv6->saddr.s6_addr32);
	if (ipv6->version != 6)
		return refuse(packet, CAROM_REASON_BAD_HEADER);
	if (unlikely(!is_carried(packet->protocol))) {
		verdict = skip_extensions(packet, ipv6, &offset);
		if (verdict != CONTINUE)
			return verdict;
		if (packet->protocol == IPPROTO_FRAGMENT)
			return refuse(packet, CAROM_REASON_FRAGMENT);
		if (!is_carried(packet->protocol))
			return refuse(packet, CAROM_REASON_NOT_SERVED);
	}
	if (packet->bytes < offset)
		return refuse(packet, CAROM_REASON_BAD_HEADER);
	if ((void *)ipv6 + packet->bytes > packet_end(packet))
		return refuse(packet, CAROM_REASON_TRUNCATED);
	return parse_ports(packet, (void *)ipv6 + offset, packet->bytes - offset);
}

static __always_inline int parse_transport(struct packet *packet)
{
	return packet->family == CAROM_IPV4 ? parse_transport_ipv4(packet)
					    : parse_transport_ipv6(packet);
}

#endif
