/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * IP in IP (RFC 2003, RFC 2473, RFC 4213), for all four pairings of families: the packet itself is
 * not touched. DSCP and ECN are copied outward (RFC 2983, RFC 6040 normal mode), DF too; the TTL is
 * fresh. An IPv6 outer header carries the flow's hash as its flow label (RFC 6438), so that routers
 * between balancer and backends spread flows.
 */
#ifndef CAROM_ENCAP_H
#define CAROM_ENCAP_H

#include "count.h"
#include "packet.h"

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <stddef.h>

#define FLOW_LABEL_MASK 0xfffff

/* Both addresses lie side by side on both sides. The alignment is what drivers give to frames; the
 * compiler, which would not count on it, would copy byte by byte. */
static __always_inline void write_ethernet(void *frame, const struct carom_next_hop *next_hop,
					   __be16 protocol)
{
	__builtin_memcpy(__builtin_assume_aligned(frame, 4),
			 __builtin_assume_aligned(next_hop->destination_mac, 4), 2 * ETH_ALEN);
	*(__be16 *)(frame + offsetof(struct ethhdr, h_proto)) = protocol;
}

/* Fields of the inner header that the outer one copies. */
struct inherited {
	__u8 traffic_class;
	__be16 identification;
	__be16 dont_fragment; /* IP_DF or 0 */
};

static __always_inline struct inherited inherit(const struct packet *packet, const void *inner)
{
	const struct iphdr *ipv4 = inner;

	if (packet->family == CAROM_IPV4)
		return (struct inherited){
			.traffic_class = ipv4->tos,
			.identification = ipv4->id,
			.dont_fragment = ipv4->frag_off & bpf_htons(IP_DF),
		};
	return (struct inherited){
		.traffic_class = bpf_ntohs(*(const __be16 *)inner) >> 4,
		.dont_fragment = bpf_htons(IP_DF),
	};
}

static __always_inline __u8 inner_protocol(const struct packet *packet)
{
	return packet->family == CAROM_IPV4 ? IPPROTO_IPIP : IPPROTO_IPV6;
}

/* The bits of the outer source address that are the flow's own. */
static __always_inline __be32 source_bits(const struct packet *packet,
					  const struct carom_backend *backend)
{
	return (__u32)packet->hash & backend->source_host_mask;
}

/* Userspace summed what is fixed for the backend; the rest is added here (RFC 1624). */
static __always_inline __u16 ipv4_checksum(const struct iphdr *ip, __be32 flow_bits,
					   const struct carom_backend *backend)
{
	return ~carom_fold_checksum(backend->header_checksum + bpf_htons(ip->tos) + ip->tot_len +
				    ip->id + ip->frag_off + (flow_bits & 0xffff) +
				    (flow_bits >> 16));
}

static __always_inline void write_ipv4(struct iphdr *ip, const struct packet *packet,
				       const struct carom_backend *backend)
{
	struct inherited inner = inherit(packet, ip + 1);
	__be32 flow_bits = source_bits(packet, backend);

	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->tos = inner.traffic_class;
	ip->tot_len = bpf_htons(packet->bytes + sizeof(*ip));
	ip->id = inner.identification;
	ip->frag_off = inner.dont_fragment;
	ip->ttl = CAROM_OUTER_TTL;
	ip->protocol = inner_protocol(packet);
	ip->saddr = backend->outer_source.words[3] | flow_bits;
	ip->daddr = backend->outer_destination.words[3];
	ip->check = ipv4_checksum(ip, flow_bits, backend);
}

static __always_inline void write_ipv6(struct ipv6hdr *ip, const struct packet *packet,
				       const struct carom_backend *backend)
{
	struct inherited inner = inherit(packet, ip + 1);
	/* Odd, for a label of 0 would say that there is none. */
	__u32 label = (packet->hash >> 32 & FLOW_LABEL_MASK) | 1;
	__u64 *addresses = (__u64 *)&ip->saddr;
	struct address_halves source = halves_of(backend->outer_source.words);
	struct address_halves destination = halves_of(backend->outer_destination.words);

	*(__be32 *)ip = bpf_htonl(6u << 28 | (__u32)inner.traffic_class << 20 | label);
	ip->payload_len = bpf_htons(packet->bytes);
	ip->nexthdr = inner_protocol(packet);
	ip->hop_limit = CAROM_OUTER_TTL;
	addresses[0] = source.high;
	addresses[1] = source.low | (__u64)source_bits(packet, backend) << 32;
	addresses[2] = destination.high;
	addresses[3] = destination.low;
}

/* The shortest that the inner header can be. */
static __always_inline __u32 inner_bytes(const struct packet *packet)
{
	return packet->family == CAROM_IPV4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
}

/* Makes room for an outer header before the packet. */
static __always_inline int grow(struct packet *packet, const struct carom_next_hop *next_hop,
				__u32 bytes)
{
	if (unlikely(packet->bytes + bytes > next_hop->mtu))
		return refuse(packet, CAROM_REASON_TOO_BIG);
	if (unlikely(bpf_xdp_adjust_head(packet->context, -(int)bytes)))
		return refuse(packet, CAROM_REASON_NO_HEADROOM);
	return CONTINUE;
}

static __always_inline int encapsulate_ipv4(struct packet *packet,
					    const struct carom_backend *backend,
					    const struct carom_next_hop *next_hop)
{
	int verdict = grow(packet, next_hop, sizeof(struct iphdr));
	struct ethhdr *ethernet;
	struct iphdr *ip;

	if (unlikely(verdict != CONTINUE))
		return verdict;
	ethernet = packet_data(packet);
	ip = (void *)(ethernet + 1);
	if (unlikely((void *)(ip + 1) + inner_bytes(packet) > packet_end(packet)))
		return refuse(packet, CAROM_REASON_INCONSISTENT);
	write_ethernet(ethernet, next_hop, bpf_htons(ETH_P_IP));
	write_ipv4(ip, packet, backend);
	return CONTINUE;
}

static __always_inline int encapsulate_ipv6(struct packet *packet,
					    const struct carom_backend *backend,
					    const struct carom_next_hop *next_hop)
{
	int verdict = grow(packet, next_hop, sizeof(struct ipv6hdr));
	struct ethhdr *ethernet;
	struct ipv6hdr *ip;

	if (unlikely(verdict != CONTINUE))
		return verdict;
	ethernet = packet_data(packet);
	ip = (void *)(ethernet + 1);
	if (unlikely((void *)(ip + 1) + inner_bytes(packet) > packet_end(packet)))
		return refuse(packet, CAROM_REASON_INCONSISTENT);
	write_ethernet(ethernet, next_hop, bpf_htons(ETH_P_IPV6));
	write_ipv6(ip, packet, backend);
	return CONTINUE;
}

static __always_inline int encapsulate(struct packet *packet, const struct carom_backend *backend,
				       const struct carom_next_hop *next_hop)
{
	return backend->outer_family == CAROM_IPV4 ? encapsulate_ipv4(packet, backend, next_hop)
						   : encapsulate_ipv6(packet, backend, next_hop);
}

#endif
