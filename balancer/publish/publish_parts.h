/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of publish share, and nobody else sees. */
#ifndef CAROM_PUBLISH_PARTS_H
#define CAROM_PUBLISH_PARTS_H

#include "publish.h"
#include "range.h"

/* Where a VIP lies in the maps. Owned by one commit after the other, while the VIP is the same. */
struct published_vip {
	struct image_vip *vip; /* a reference */
	uint32_t first_slot;
	uint32_t first_backend;
	uint32_t counter;     /* in reasons; in counters, of the userspace lane */
	size_t tracked_count; /* of its slots */
	/* Owned, each by ordinal, as of the last sweep: */
	uint32_t *flow_counts;
	struct tracking_older *older;
	uint64_t *certain_at; /* the sweep that has seen all flows of before its last change */
	uint32_t counters[];  /* by ordinal; 0: not held */
};

/* A number in the counters arrays that packets of older generations may still be counting on. */
struct retired_counter {
	uint64_t epoch;
	uint32_t number;
	uint32_t heir; /* the VIP's number that takes over what was counted; 0: nobody */
	bool is_vip;
};

struct publish {
	const struct dataplane_memory *memory;
	struct range_pool *slots;
	struct range_pool *backends;
	struct range_pool *vip_counters;
	struct range_pool *backend_counters;
	struct image *image;
	struct published_vip **vips; /* parallel to image->vips */
	struct retired_counter *retired;
	size_t retired_count, retired_room;
	uint64_t epoch;
	uint64_t reclaimed;
	uint64_t generation_epoch[CAROM_GENERATION_COUNT]; /* of the flip that retired it */
	struct publish_layout *layout; /* of the image's services; NULL: not known */
	uint64_t layout_count;	       /* made so far */
	/* The number of the layout that each generation's tables have; 0: not known. */
	uint64_t generation_layouts[CAROM_GENERATION_COUNT];
	uint64_t sweep_count;
	uint64_t flow_total; /* as of the last sweep */
};

/* A VIP that is placed nowhere yet. Takes a reference; NULL: out of memory. */
struct published_vip *published_vip_new(struct image_vip *vip);
void published_vip_free(struct published_vip *published);

/* A VIP of the new image: where it is placed now, and where the old image had it (NULL: nowhere).
 * The two are the same when nothing about it changed. */
struct placement {
	struct published_vip *now;
	struct published_vip *before;
};

/* Parts of placing a VIP. Each returns 0, or -1: there is no room. */
int publish_place_counters(struct publish *publish, const struct placement *placement);
int publish_place_backends(struct publish *publish, struct published_vip *now);

/* Where a VIP's backend counted before, or 0. From image to image a backend keeps its ordinal. */
uint32_t publish_counter_before(const struct published_vip *before, const struct image_vip *vip,
				size_t ordinal);
/* Whether the slots can stay where they are. before: NULL: there was no such VIP. */
bool publish_may_keep_slots(const struct published_vip *before, const struct image_vip *now);
int publish_set_no_room(struct error *error, const struct image_vip *vip);
/* Fills in where the published image has the VIPs of this one. */
void publish_pair(const struct publish *publish, const struct image *image,
		  struct placement *placements);

/* Of a range or a number: not placed. */
#define NOWHERE UINT32_MAX

/* A published VIP's slots in the maps. */
struct tracking_slots publish_slots(const struct publish *publish,
				    const struct published_vip *published);

/* ---- publish_flows.c ---- */

/* Counts anew what of a VIP's slots is whose. */
void publish_count_older(const struct publish *publish, struct published_vip *published);
/* Drops the flows of VIPs that are not published, before a new VIP takes a number that they may
 * name. Returns 0, or -1: out of memory. */
int publish_drop_orphans(const struct publish *publish);

/* ---- publish_tables.c ---- */

/* Fills an idle generation's tables for these VIPs; the caller flips to it and puts them in the
 * place of the former ones. Returns 0, or -1: the generation stays idle. */
int publish_write_generation(struct publish *publish, uint32_t generation,
			     const struct image *image, struct published_vip *const *vips,
			     struct error *ret_error);
/* Takes NULL. */
void publish_layout_free(struct publish_layout *layout);

/* ---- publish_encode.c ---- */

/* What packets read of one backend. */
struct carom_backend publish_encode_backend(const struct image_vip *vip,
					    const struct image_backend *backend, uint32_t counter);

/* What packets do not read, and an adoption does; and back from both. */
struct carom_backend_label publish_encode_label(const struct image_backend *backend);
struct image_backend publish_decode_backend(const struct carom_backend *encoded,
					    const struct carom_backend_label *label);

/* ---- publish_count.c ---- */

/* Over all lanes. */
struct carom_counter publish_sum_counter(const struct dataplane_memory *memory, uint32_t number);
struct carom_reason_counter publish_sum_reasons(const struct dataplane_memory *memory,
						uint32_t number);

/* Hands what retired numbers have counted to their heirs and clears them, up to this epoch. */
void publish_settle_counters(struct publish *publish, uint64_t epoch);
/* Clears the counters of all numbers that nobody has. */
void publish_clear_unused(const struct publish *publish);

#endif
