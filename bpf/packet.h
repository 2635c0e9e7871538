/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the steps of the pipeline know of the packet, and how a step says what is next. */
#ifndef CAROM_PACKET_H
#define CAROM_PACKET_H

#include "abi.h"

#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include <stdbool.h>

/* A step returns this, or the XDP action that ends the packet's way. */
#define CONTINUE (-1)

#define likely(condition)   __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

/* An address as two words, in the memory order of struct carom_address: cheap to compare and mix.
 */
struct address_halves {
	__u64 high;
	__u64 low;
};

/* Notes on a watched packet: see watch.h. */
struct watch {
	__u32 length; /* of the frame, as it came */
	__u32 verdict;
	__u32 slot; /* within the ring */
	__u16 current;
	__u16 chosen;
	__u32 vip;
	__u32 backend;
	__u32 backend_counter;
	__u8 ethernet[ETH_HLEN]; /* as it came, for an outer header goes over it */
};

/*
 * Lives in registers: every step is inlined, and `family` and `watch` are constants in each copy of
 * the pipeline, so that the branches on them cost nothing.
 */
struct packet {
	struct xdp_md *context;
	enum carom_family family;
	struct watch *watch; /* NULL: it is not watched */
	const void *network; /* the IP header */
	const void *transport;
	struct address_halves source;
	struct address_halves destination;
	__u32 ports; /* source and destination, as they lie on the wire */
	__u32 bytes; /* of the IP packet */
	__u8 protocol;
	bool opens;	   /* TCP: SYN without ACK */
	__u32 vip_counter; /* 0 until the VIP is known */
	__u64 hash;
};

#define IP_DF	       0x4000
#define IP_FRAGMENTED  0x3fff /* the more-fragments flag and the offset */
#define IPV4_MIN_BYTES 20
#define IPV6_BYTES     40

static __always_inline void *packet_data(const struct packet *packet)
{
	return (void *)(long)packet->context->data;
}

static __always_inline void *packet_end(const struct packet *packet)
{
	return (void *)(long)packet->context->data_end;
}

static __always_inline struct address_halves halves_of(const __be32 words[4])
{
	const __u64 *halves = (const __u64 *)words;

	return (struct address_halves){halves[0], halves[1]};
}

static __always_inline bool halves_equal(struct address_halves left, struct address_halves right)
{
	return left.low == right.low && left.high == right.high;
}

#endif
