/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The balancer: a packet's way, top to bottom.
 *
 *   parse_network     whom is it for?           too short to tell: PASS
 *   vip_find_address  a VIP's address?          no: PASS, and this is all that it cost
 *   parse_transport   which flow is it of?      malformed: DROP
 *   vip_find          which VIP has the port?   none: PASS
 *   steer             which backend?            none: DROP
 *   encapsulate       wrap it towards there     too big: DROP
 *   send              bounce it: out of the NIC that it came from, or of another
 *
 * While packets are watched, each takes a second copy of that way: see watch.h.
 *
 * Each step is one header. A step returns CONTINUE, or the XDP action that ends the way; one that
 * ends it after the packet was found to be for a VIP's address names a reason (abi.h), and that is
 * counted.
 */
#include "abi.h"
#include "count.h"
#include "encap.h"
#include "maps.h"
#include "packet.h"
#include "parse.h"
#include "steer.h"
#include "tap.h"
#include "vip.h"
#include "watch.h"

static __always_inline const struct carom_next_hop *next_hop_of(const struct carom_backend *backend)
{
	/* Read once: it may be exchanged meanwhile. */
	__u32 number = *(const volatile __u32 *)&backend->next_hop;

	return bpf_map_lookup_elem(&next_hops, &number);
}

static __always_inline int send(const struct packet *packet, const struct carom_backend *backend,
				const struct carom_next_hop *next_hop)
{
	count_forwarded(packet, backend);
	if (likely(next_hop->interface == packet->context->ingress_ifindex)) {
		watch_verdict(packet, CAROM_VERDICT_TX);
		return XDP_TX;
	}
	watch_verdict(packet, CAROM_VERDICT_REDIRECT);
	return bpf_redirect(next_hop->interface, 0);
}

static __always_inline int forward(struct packet *packet, const struct carom_vip *vip)
{
	__u32 ordinal = steer(packet, vip);
	const struct carom_next_hop *next_hop;
	const struct carom_backend *backend;
	int verdict;

	if (unlikely(ordinal == CAROM_ORDINAL_NONE))
		return refuse(packet, CAROM_REASON_NO_BACKEND);
	if (unlikely(ordinal == NO_RECORD))
		return refuse(packet, CAROM_REASON_UNRECORDED);
	backend = backend_at(vip, ordinal);
	next_hop = backend ? next_hop_of(backend) : NULL;
	if (unlikely(!next_hop))
		return refuse(packet, CAROM_REASON_INCONSISTENT);
	watch_backend(packet, vip, ordinal, backend);
	verdict = encapsulate(packet, backend, next_hop);
	if (unlikely(verdict != CONTINUE))
		return verdict;
	return send(packet, backend, next_hop);
}

/* Compiled once for each family, which is a constant in each copy. */
static __always_inline int balance_family(struct xdp_md *context, const enum carom_family family,
					  struct watch *watch)
{
	struct packet packet = {.context = context, .family = family, .watch = watch};
	const struct carom_generation *generation = vip_generation();
	const struct carom_address_entry *address;
	const struct carom_vip *vip;
	int verdict;

	verdict = parse_network(&packet);
	if (verdict != CONTINUE)
		return verdict;
	address = vip_find_address(&packet, generation);
	if (!address)
		return XDP_PASS;
	verdict = parse_transport(&packet);
	if (unlikely(verdict != CONTINUE))
		return verdict;
	vip = vip_find(&packet, generation, address);
	if (unlikely(!vip))
		return refuse(&packet, CAROM_REASON_NOT_SERVED);
	return forward(&packet, vip);
}

static __always_inline int balance_packet(struct xdp_md *context, struct watch *watch)
{
	switch (parse_ethernet(context)) {
	case bpf_htons(ETH_P_IP): return balance_family(context, CAROM_IPV4, watch);
	case bpf_htons(ETH_P_IPV6): return balance_family(context, CAROM_IPV6, watch);
	}
	return XDP_PASS;
}

/* Not inlined: the code that packets take unwatched stays together. */
static __noinline int balance_watched(struct xdp_md *context)
{
	struct watch watch = {0};
	int verdict;

	watch_begin(&watch, context);
	verdict = balance_packet(context, &watch);
	if (settings.explains)
		watch_explain(&watch);
	else
		tap_packet(context, &watch);
	return verdict;
}

static __always_inline int balance(struct xdp_md *context)
{
	if (watch_is_wanted())
		return balance_watched(context);
	return balance_packet(context, NULL);
}

SEC("xdp")
int carom_balancer(struct xdp_md *context)
{
	return balance(context);
}

char carom_license[] SEC("license") = "Dual BSD/GPL";
