/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recorded flows and tracked slots: the clock they age by, the sweep that forgets them, and what is
 * left of a backend's flows. Packets write the same tables meanwhile, on other CPUs.
 */
#ifndef CAROM_FLOWS_H
#define CAROM_FLOWS_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flows;
struct placed;
struct placement;
struct published;

/* Sets the clock, in seconds. It may stand still, but never goes back. */
void flows_set_clock(struct flows *flows, uint32_t now_s);
uint32_t flows_clock(const struct flows *flows);

/* Expires flows that are idle or whose backend gave them up, counts the others, settles slots and
 * untracks those that nothing depends on any more. Once a second or so, and at least every
 * CAROM_FLOW_IDLE_MAX_S / 2 seconds of the clock. Returns 0, or -1: out of memory, nothing done. */
int flows_sweep(struct flows *flows, struct error *ret_error);
uint64_t flows_sweep_count(const struct flows *flows);

/* How often a flow of a VIP could not be recorded, since the VIP was added. */
struct flows_unrecorded {
	uint64_t share_used; /* the VIP's share is, and what is lent to all, too */
	uint64_t table_full; /* in the flow's places */
	uint64_t rate_limited;
};

/* As of the last sweep. `vip` is an index into the image. */
struct flows_vip {
	uint64_t flows; /* recorded, and living */
	size_t tracked_slots;
	struct flows_unrecorded unrecorded; /* as of now */
};
struct flows_vip flows_vip(const struct flows *flows, size_t vip);

/*
 * What is left of a backend's flows: of a drained one, how its drain gets on. An older slot moved
 * away from the backend, but may still carry its older flows. Such a flow is unknown until it sends
 * a packet and is recorded, or has been silent for so long that it is gone.
 */
struct flows_remainder {
	uint64_t flows; /* recorded, and living */
	uint32_t older_slots;
	uint32_t settles_in_s; /* until there is no older slot, unless another change comes */
	bool is_none;	       /* and sweeps enough have seen so since its state changed */
};
struct flows_remainder flows_remainder(const struct flows *flows, size_t vip, size_t ordinal);

/* A recorded flow that is living. */
struct flows_record {
	uint32_t place; /* 1 + its entry's index in the table */
	uint32_t vip;	/* index into the image */
	uint32_t ordinal;
	uint32_t slot; /* of the VIP's ring */
	uint32_t idle_s;
	bool is_confirmed; /* by a packet after its SYN */
};

/* Returns whether to go on. */
typedef bool flows_visitor(void *context, const struct flows_record *flow);

/* Visits the flows whose places are behind `after`, in the order of their places. Returns 0, or -1:
 * out of memory, nothing visited. */
int flows_visit(const struct flows *flows, uint64_t after, flows_visitor *visitor, void *context);

/* Over all VIPs, and how many flows the table can hold. */
void flows_fill(const struct flows *flows, uint64_t *ret_used, uint64_t *ret_size);

/* Since the maps were made, over all CPUs. */
struct flows_recorder {
	uint64_t recorded;
	uint64_t rate_limited;
	uint64_t table_full;
};
struct flows_recorder flows_recorder(const struct flows *flows);

/* Copies flows that the predecessor's maps have, and these have not. Packets may use both. Returns
 * how many; a flow that finds no place is left out. */
size_t flows_inherit(struct flows *flows, const struct flows *predecessor);

/* ---- for publish ---- */

/* published: borrowed until flows_free(). NULL: out of memory. */
struct flows *flows_new(const struct published *published);
void flows_free(struct flows *flows);

/* Counts anew what of a VIP's slots is whose. */
void flows_count_older(const struct flows *flows, struct placed *placed);
/* Goes on with the counts from before. Until sweeps have counted the flows that a backend began a
 * moment ago, its drain must not look done. */
void flows_keep_counts(const struct flows *flows, const struct placement *placement);
/* Divides the flow table among the published VIPs: half of it is guaranteed, half lent. */
void flows_share_out(const struct flows *flows);
/* Drops the flows of VIPs that are not published, before a new VIP takes a number that they may
 * name. Returns 0, or -1: out of memory. */
int flows_drop_orphans(const struct flows *flows);

#endif
