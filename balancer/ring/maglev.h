/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maglev consistent hashing with power-of-two rings and exact weights. Pure: weights to slots.
 *
 * Source: Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016,
 * section 3.4; an odd skip walks every slot of a power-of-two ring.
 */
#ifndef CAROM_MAGLEV_H
#define CAROM_MAGLEV_H

#include "abi.h"
#include "address.h"

#include <stddef.h>
#include <stdint.h>

struct maglev_backend {
	uint64_t identity; /* of maglev_identity(); distinct within a ring */
	uint32_t weight;   /* 0: owns no slot */
	uint16_t ordinal;  /* what its slots will say */
};

/* What a backend's slots depend on: its name and its address, on every node the same. */
uint64_t maglev_identity(const char *name, const struct carom_address *address);

/*
 * Fills ret_slots[0 … (1 << bits) - 1] with ordinals. The result depends on the set of backends
 * only, not on their order. Each backend's share is its ideal, rounded down or up; one whose ideal
 * is below one slot has one slot, and the others share the rest.
 *
 * Returns 0; -1 with errno EINVAL if no backend has weight, if more have than there are slots, or
 * if bits is not between CAROM_RING_BITS_MIN and CAROM_RING_BITS_MAX; ENOMEM. On failure ret_slots
 * is untouched.
 */
int maglev_fill(const struct maglev_backend *backends, size_t count, unsigned bits,
		uint16_t *ret_slots);

/* A fingerprint of a ring by the identities in it, so that nodes can be compared. identities is
 * indexed by ordinal; slots may carry CAROM_SLOT_TRACKED, which is ignored. */
uint64_t maglev_digest(const uint16_t *slots, unsigned bits, const uint64_t *identities);

#endif
