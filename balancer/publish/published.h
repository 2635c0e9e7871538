/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is published: the image, and where each of its VIPs lies in the maps. Private to publish and
 * its parts: room takes the places, generations and encode write them, flows and counters read
 * them, and publish replaces the whole.
 */
#ifndef CAROM_PUBLISHED_H
#define CAROM_PUBLISHED_H

#include "dataplane.h"
#include "image.h"
#include "tracking.h"

#include <stddef.h>
#include <stdint.h>

/* Of a range: it is not taken. */
#define PLACED_NOWHERE UINT32_MAX

struct placed_backend {
	uint32_t counter;    /* its number in counters; 0: the ordinal is not held */
	uint32_t next_hop;   /* its next hop's number, or HOPS_NONE */
	uint32_t flow_count; /* recorded and living, as of the last sweep */
	uint64_t certain_at; /* the sweep that has seen all flows of before its last change */
};

/* A VIP in the maps. It goes from one commit to the next while the VIP is the same. */
struct placed {
	struct image_vip *vip; /* a reference */
	uint32_t first_slot;
	uint32_t first_backend;
	uint32_t counter;     /* its number: in reasons, and in counters of the userspace lane */
	size_t tracked_count; /* of its slots */
	struct tracking_older *older;	  /* by ordinal, as of the last sweep */
	struct placed_backend backends[]; /* by ordinal */
};

/* A VIP of the next image. A VIP that did not change at all stays as it is placed. */
struct placement {
	struct placed *before; /* NULL: the published image has no such VIP */
	struct placed *after;
};

struct published {
	const struct dataplane_memory *memory; /* borrowed */
	struct image *image;		       /* a reference; NULL: nothing is published yet */
	struct placed **vips;		       /* owned; parallel to image->vips */
};

/* Placed nowhere yet. Takes a reference; NULL: out of memory. */
struct placed *placed_new(struct image_vip *vip);
void placed_free(struct placed *placed);
/* The number of this backend, if it held the ordinal already; else 0. placed: NULL: no such VIP. */
uint32_t placed_counter(const struct placed *placed, const struct image_backend *backend,
			size_t ordinal);
/* The VIP's part of the slots. */
struct tracking_slots placed_slots(const struct placed *placed,
				   const struct dataplane_memory *memory);

void published_done(struct published *published);
size_t published_count(const struct published *published);
/* By number: 1 + the VIP's index in the image, or 0. The caller frees it; NULL: out of memory. */
uint32_t *published_index(const struct published *published);
/* Fills in where the VIPs of another image are placed now. */
void published_pair(const struct published *published, const struct image *image,
		    struct placement *placements);

/* ---- readback.c ---- */

/* Fills in image and vips from the active generation of published->memory. Returns 0; -1 and
 * nothing is filled in: CONFLICT if the maps contradict themselves. */
int readback(struct published *published, struct error *ret_error);
/* The same error, for what only comes out later. */
int readback_contradict(struct error *ret_error, const char *what);

#endif
