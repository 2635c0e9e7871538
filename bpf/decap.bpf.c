/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The backend's side, for hosts that would rather not configure tunnels: unwraps IP-in-IP of both
 * families that comes from a balancer on the allow-list, and hands the inner packet to the kernel,
 * where the VIP is an address of the loopback interface.
 *
 *   read_outer   IP in IP, and for us to judge?   no: PASS, untouched
 *   is_allowed   from a balancer?                 no: DROP
 *   read_inner   whole, and what it claims to be? no: DROP
 *                what was marked on the way is carried inward (RFC 6040, section 4.2)
 *   unwrap       cut the outer header, keep the Ethernet addresses
 */
#include "abi.h"

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include <stdbool.h>

#define CONTINUE      (-1)
#define IP_FRAGMENTED 0x3fff
#define ECN_MASK      3
#define ECN_NONE      0
#define ECN_ECT_1     1
#define ECN_CE	      3

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, CAROM_DECAP_PREFIXES_MAX);
	__type(key, struct carom_decap_prefix);
	__type(value, __u32);
} allowed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CAROM_DECAP_REASON_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} results SEC(".maps");

/* Only userspace reads it, to tell whose program this is. */
const volatile struct carom_decap_settings settings SEC(".rodata");

struct tunnel {
	struct xdp_md *context;
	struct carom_address source;
	__u32 outer_bytes;   /* of the outer IP header */
	__u32 payload_bytes; /* what the outer header says is inside */
	__u8 inner_protocol; /* IPPROTO_IPIP or IPPROTO_IPV6 */
	__u8 ecn;
};

static __always_inline void *frame_at(const struct tunnel *tunnel, __u32 offset)
{
	return (void *)(long)tunnel->context->data + offset;
}

static __always_inline void *frame_end(const struct tunnel *tunnel)
{
	return (void *)(long)tunnel->context->data_end;
}

static __always_inline int finish(const enum carom_decap_reason reason)
{
	__u32 number = reason;
	__u64 *count = bpf_map_lookup_elem(&results, &number);

	if (count)
		(*count)++;
	switch (reason) {
#define REASON_ACTION(name, number, label, action, help)                                           \
	case CAROM_DECAP_##name: return XDP_##action;
		CAROM_DECAP_REASONS(REASON_ACTION)
#undef REASON_ACTION
	case CAROM_DECAP_REASON_COUNT: break;
	}
	return XDP_ABORTED;
}

static __always_inline bool is_tunnel(__u8 protocol)
{
	return protocol == IPPROTO_IPIP || protocol == IPPROTO_IPV6;
}

static __always_inline int read_outer_ipv4(struct tunnel *tunnel)
{
	const struct iphdr *outer = frame_at(tunnel, sizeof(struct ethhdr));

	if ((void *)(outer + 1) > frame_end(tunnel) || !is_tunnel(outer->protocol))
		return XDP_PASS;
	tunnel->outer_bytes = outer->ihl * 4;
	if (outer->version != 4 || tunnel->outer_bytes < sizeof(*outer) ||
	    bpf_ntohs(outer->tot_len) < tunnel->outer_bytes)
		return finish(CAROM_DECAP_BAD_HEADER);
	if (outer->frag_off & bpf_htons(IP_FRAGMENTED))
		return finish(CAROM_DECAP_FRAGMENT);
	tunnel->payload_bytes = bpf_ntohs(outer->tot_len) - tunnel->outer_bytes;
	tunnel->source = (struct carom_address){{0, 0, bpf_htonl(0xffff), outer->saddr}};
	tunnel->inner_protocol = outer->protocol;
	tunnel->ecn = outer->tos & ECN_MASK;
	return CONTINUE;
}

static __always_inline int read_outer_ipv6(struct tunnel *tunnel)
{
	const struct ipv6hdr *outer = frame_at(tunnel, sizeof(struct ethhdr));

	if ((void *)(outer + 1) > frame_end(tunnel) || !is_tunnel(outer->nexthdr))
		return XDP_PASS;
	if (outer->version != 6)
		return finish(CAROM_DECAP_BAD_HEADER);
	tunnel->outer_bytes = sizeof(*outer);
	tunnel->payload_bytes = bpf_ntohs(outer->payload_len);
	__builtin_memcpy(&tunnel->source, &outer->saddr, sizeof(tunnel->source));
	tunnel->inner_protocol = outer->nexthdr;
	tunnel->ecn = bpf_ntohs(*(const __be16 *)outer) >> 4 & ECN_MASK;
	return CONTINUE;
}

static __always_inline bool is_allowed(const struct tunnel *tunnel)
{
	struct carom_decap_prefix prefix = {.bits = 128, .address = tunnel->source};

	return bpf_map_lookup_elem(&allowed, &prefix);
}

/* What the inner field becomes: figure 4 of RFC 6040. */
static __always_inline __u8 decapsulated_ecn(__u8 outer, __u8 inner)
{
	if (inner == ECN_NONE || inner == ECN_CE)
		return inner;
	return outer == ECN_CE || outer == ECN_ECT_1 ? outer : inner;
}

/* The sum over an IPv4 header changes by what its one changed word does (RFC 1624, equation 3). */
static __always_inline void set_ipv4_ecn(struct iphdr *inner, __u8 ecn)
{
	__u16 before = *(__u16 *)inner;
	__u32 sum;

	inner->tos = (inner->tos & ~ECN_MASK) | ecn;
	sum = (__u16)~inner->check + (__u16)~before + *(__u16 *)inner;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	inner->check = ~sum;
}

static __always_inline void set_ipv6_ecn(struct ipv6hdr *inner, __u8 ecn)
{
	__be16 *word = (__be16 *)inner;

	*word = (*word & ~bpf_htons(ECN_MASK << 4)) | bpf_htons(ecn << 4);
}

static __always_inline int read_inner_ipv4(struct tunnel *tunnel)
{
	struct iphdr *inner = frame_at(tunnel, sizeof(struct ethhdr) + tunnel->outer_bytes);
	__u8 ecn, carried;

	if ((void *)(inner + 1) > frame_end(tunnel))
		return finish(CAROM_DECAP_TRUNCATED);
	if (inner->version != 4 || bpf_ntohs(inner->tot_len) > tunnel->payload_bytes)
		return finish(CAROM_DECAP_BAD_HEADER);
	if ((void *)inner + bpf_ntohs(inner->tot_len) > frame_end(tunnel))
		return finish(CAROM_DECAP_TRUNCATED);
	ecn = inner->tos & ECN_MASK;
	if (tunnel->ecn == ECN_CE && ecn == ECN_NONE)
		return finish(CAROM_DECAP_CONGESTION);
	carried = decapsulated_ecn(tunnel->ecn, ecn);
	if (carried != ecn)
		set_ipv4_ecn(inner, carried);
	return CONTINUE;
}

static __always_inline int read_inner_ipv6(struct tunnel *tunnel)
{
	struct ipv6hdr *inner = frame_at(tunnel, sizeof(struct ethhdr) + tunnel->outer_bytes);
	__u32 bytes;
	__u8 ecn, carried;

	if ((void *)(inner + 1) > frame_end(tunnel))
		return finish(CAROM_DECAP_TRUNCATED);
	bytes = sizeof(*inner) + bpf_ntohs(inner->payload_len);
	if (inner->version != 6 || bytes > tunnel->payload_bytes)
		return finish(CAROM_DECAP_BAD_HEADER);
	if ((void *)inner + bytes > frame_end(tunnel))
		return finish(CAROM_DECAP_TRUNCATED);
	ecn = bpf_ntohs(*(__be16 *)inner) >> 4 & ECN_MASK;
	if (tunnel->ecn == ECN_CE && ecn == ECN_NONE)
		return finish(CAROM_DECAP_CONGESTION);
	carried = decapsulated_ecn(tunnel->ecn, ecn);
	if (carried != ecn)
		set_ipv6_ecn(inner, carried);
	return CONTINUE;
}

static __always_inline int unwrap(struct tunnel *tunnel)
{
	struct ethhdr *ethernet = frame_at(tunnel, 0);
	struct ethhdr outer;

	if ((void *)(ethernet + 1) > frame_end(tunnel))
		return finish(CAROM_DECAP_TRUNCATED);
	outer = *ethernet;
	if (bpf_xdp_adjust_head(tunnel->context, tunnel->outer_bytes))
		return finish(CAROM_DECAP_NO_HEADROOM);
	ethernet = frame_at(tunnel, 0);
	if ((void *)(ethernet + 1) > frame_end(tunnel))
		return finish(CAROM_DECAP_TRUNCATED);
	outer.h_proto = tunnel->inner_protocol == IPPROTO_IPIP ? bpf_htons(ETH_P_IP)
							       : bpf_htons(ETH_P_IPV6);
	*ethernet = outer;
	return finish(CAROM_DECAP_DECAPSULATED);
}

static __always_inline int read_outer(struct tunnel *tunnel)
{
	const struct ethhdr *ethernet = frame_at(tunnel, 0);

	if ((void *)(ethernet + 1) > frame_end(tunnel))
		return XDP_PASS;
	switch (ethernet->h_proto) {
	case bpf_htons(ETH_P_IP): return read_outer_ipv4(tunnel);
	case bpf_htons(ETH_P_IPV6): return read_outer_ipv6(tunnel);
	}
	return XDP_PASS;
}

SEC("xdp")
int carom_decap(struct xdp_md *context)
{
	struct tunnel tunnel = {.context = context};
	int verdict = read_outer(&tunnel);

	if (verdict != CONTINUE)
		return verdict;
	if (!is_allowed(&tunnel))
		return finish(CAROM_DECAP_FORBIDDEN_SOURCE);
	verdict = tunnel.inner_protocol == IPPROTO_IPIP ? read_inner_ipv4(&tunnel)
							: read_inner_ipv6(&tunnel);
	if (verdict != CONTINUE)
		return verdict;
	return unwrap(&tunnel);
}

char carom_license[] SEC("license") = "Dual BSD/GPL";
