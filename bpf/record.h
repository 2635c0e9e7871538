/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a record of the flow table says. Part of the contract of abi.h. */
#ifndef CAROM_RECORD_H
#define CAROM_RECORD_H

#include "abi.h"

/* What the client's packets have said. README.md has the table of what leads to what. */
enum carom_flow_state {
	CAROM_FLOW_OPENING,   /* a SYN, and nothing since */
	CAROM_FLOW_SEEN,      /* one packet without SYN */
	CAROM_FLOW_CONFIRMED, /* a second packet, whose sequence number fits */
	CAROM_FLOW_CLOSED,    /* a FIN or RST, likewise: the next SYN begins another flow */
};

/*
 * A record keeps of TCP's sequence numbers which block of 256 KiB the client has reached. A packet
 * fits if it is of that block or of the next: one that is made up without having seen the flow fits
 * once in 2^13 times, about as often as it would meet the server's receive window.
 */
#define CAROM_FLOW_BLOCK_SHIFT 18
#define CAROM_FLOW_BLOCK_MASK  0x3fff

/* sequence: in host order; of a SYN, that of the byte after it. Of UDP: 0. */
static inline __u32 carom_flow_block(__u32 sequence)
{
	return sequence >> CAROM_FLOW_BLOCK_SHIFT;
}

/* block: 14 bits, VIP: 17, state: 2, ordinal: 15, clock: 16. */
static inline __u64 carom_flow_record(__u32 vip_number, __u32 ordinal, enum carom_flow_state state,
				      __u32 block, __u32 clock)
{
	return (__u64)(block & CAROM_FLOW_BLOCK_MASK) << 50 | (__u64)(vip_number & 0x1ffff) << 33 |
	       (__u64)state << 31 | (ordinal & CAROM_SLOT_ORDINAL) << 16 | (clock & 0xffff);
}

static inline __u32 carom_flow_ordinal(__u64 record)
{
	return record >> 16 & CAROM_SLOT_ORDINAL;
}

static inline enum carom_flow_state carom_flow_state(__u64 record)
{
	return record >> 31 & 3;
}

static inline int carom_flow_confirmed(__u64 record)
{
	return carom_flow_state(record) >= CAROM_FLOW_CONFIRMED;
}

/* The number that the VIP counts under. */
static inline __u32 carom_flow_vip(__u64 record)
{
	return record >> 33 & 0x1ffff;
}

/* The same of another number. */
static inline __u64 carom_flow_of_vip(__u64 record, __u32 vip_number)
{
	return (record & ~(0x1ffffULL << 33)) | (__u64)vip_number << 33;
}

/* How many blocks further a packet's is. */
static inline __u32 carom_flow_blocks_on(__u64 record, __u32 block)
{
	return (block - (__u32)(record >> 50)) & CAROM_FLOW_BLOCK_MASK;
}

static inline int carom_flow_fits(__u64 record, __u32 block)
{
	return carom_flow_blocks_on(record, block) <= 1;
}

/* Whether it is of this VIP: one that was added anew has flows of its own. */
static inline int carom_flow_belongs(__u64 record, __u32 vip_number)
{
	return record && record != CAROM_FLOW_BUSY && carom_flow_vip(record) == vip_number;
}

/* Seconds since a packet of the flow was seen. They wrap at 65,536: sweeps are more frequent. */
static inline __u32 carom_flow_age(__u64 record, __u32 clock)
{
	return (clock - (__u32)record) & 0xffff;
}

static inline int carom_flow_expired(__u64 record, __u32 clock, __u32 idle_timeout_s)
{
	return carom_flow_age(record, clock) >
	       (carom_flow_confirmed(record) ? idle_timeout_s : CAROM_FLOW_UNCONFIRMED_S);
}

#endif
