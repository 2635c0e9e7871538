/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the data plane is to look like: an immutable value that a plan makes and publish.h puts into
 * the maps. Successive images share what did not change, and sharing is how a change is found: the
 * same pointer is the same content. One thread counts the references.
 */
#ifndef CAROM_IMAGE_H
#define CAROM_IMAGE_H

#include "abi.h"
#include "nexthop.h"
#include "tracking.h"

#include <stddef.h>
#include <stdint.h>

/* A sweep may be half over when a backend goes; the next one sees all of its flows. */
#define IMAGE_SWEEPS_TO_FORGET 2

/* A ring: the ordinal of each slot's backend, or CAROM_ORDINAL_NONE. */
struct image_ring {
	unsigned references;
	unsigned bits;
	uint64_t digest;  /* the same on every node that has the same backends */
	uint16_t slots[]; /* 1 << bits */
};

/* One ordinal of a VIP. A backend (a name and an address) keeps its ordinal from image to image. */
struct image_backend {
	char name[CAROM_NAME_BYTES];
	struct carom_address address;
	uint32_t weight;
	enum carom_backend_state state; /* UNUSED: the ordinal is not held */
	/* Of an UNUSED ordinal: not to be given away before so many sweeps, as flows may name it.
	 */
	uint64_t free_after_sweep;
	bool keeps_flows; /* while it has no next hop: on_down keep */
	struct next_hop next_hop;
	struct carom_address outer_source;
	__be32 source_host_mask; /* bits of its last word that the flow's hash fills */
};

struct image_vip {
	unsigned references;
	char name[CAROM_NAME_BYTES];
	struct carom_address address;
	uint16_t port; /* host order; 0: any */
	uint8_t protocol;
	enum tracking_mode tracking;
	struct image_ring *ring;
	size_t backend_count; /* of ordinals, held or not */
	struct image_backend backends[];
};

struct image {
	unsigned references;
	uint64_t revision;
	size_t vip_count;
	struct image_vip *vips[]; /* sorted by name; each holds a reference */
};

/* Values with one reference, which their maker fills in. NULL: out of memory. */
struct image_ring *image_ring_new(unsigned bits);
struct image_vip *image_vip_new(size_t backend_count);
struct image *image_new(size_t vip_count);

struct image_ring *image_ring_ref(struct image_ring *ring);
struct image_vip *image_vip_ref(struct image_vip *vip);
struct image *image_ref(struct image *image);
/* Each takes NULL. */
void image_ring_unref(struct image_ring *ring);
void image_vip_unref(struct image_vip *vip);
void image_unref(struct image *image);

/* The index of the VIP with this name, or -1. */
int image_find_index(const struct image *image, const char *name);
/* NULL: not there. */
struct image_vip *image_find(const struct image *image, const char *name);
/* The ordinal of the backend with this name and address, or -1. */
int image_find_ordinal(const struct image_vip *vip, const char *name,
		       const struct carom_address *address);

/* How many slots each ordinal has; the caller frees it. NULL: out of memory. */
uint32_t *image_count_slots(const struct image_vip *vip);

/* As packets see it. One that cannot be reached keeps its flows only if it is to, and ever could
 * be. */
enum carom_backend_state image_backend_state(const struct image_backend *backend);
/* Whether the flows that a backend has stay with it. */
bool image_backend_serves(const struct image_backend *backend);

/* Whether flows hash to the same slots as before: else the slots before tell nothing. */
bool image_has_same_flows(const struct image_vip *before, const struct image_vip *after);
/* How many ordinals packets know: up to the last that is held. */
uint32_t image_placed_count(const struct image_vip *vip);
/* Whether the backends can stay where they are: all but what is written in place is as before. */
bool image_may_keep_backends(const struct image_vip *before, const struct image_vip *after);
/* Whether the slots can stay what and where they are. */
bool image_may_keep_slots(const struct image_vip *before, const struct image_vip *after);

#endif
