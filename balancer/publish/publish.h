/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Puts an image into the maps as one generation: a packet sees the one before or this one, whole.
 *
 * Nothing that a packet may be reading is written. Changed VIPs get new slots and backends beside
 * the old ones, an idle generation is filled, one word is flipped, and what the flip replaced
 * becomes reusable once a grace period that began after it is over. The caller runs the grace
 * periods (grace.h), for they block: publish_epoch() before, publish_reclaim() after.
 */
#ifndef CAROM_PUBLISH_H
#define CAROM_PUBLISH_H

#include "dataplane.h"
#include "error.h"
#include "image.h"

#include <stdbool.h>
#include <stdint.h>

struct publish;

/* memory: borrowed until publish_free(). NULL: out of memory, described. */
struct publish *publish_new(const struct dataplane_memory *memory, struct error *ret_error);
void publish_free(struct publish *publish);

/*
 * Takes over what a former process published in these maps, before the first commit: the image, and
 * what of the arrays is in use. One grace period must pass before the first commit. Returns 0; -1
 * if the maps contradict themselves, and then publish is only good for publish_free().
 */
int publish_adopt(struct publish *publish, struct error *ret_error);

/*
 * Takes over what `former`, which has adopted maps of other sizes, has: VIPs, slots with their
 * past, counts, and flows. Before the first commit, and before a packet reads these maps. Returns
 * 0; -1 if it does not fit, and then publish is only good for publish_free().
 */
int publish_inherit(struct publish *publish, const struct publish *former, struct error *ret_error);
/* Takes over the flows that packets went on to record with the former maps meanwhile. Packets may
 * use both. Returns how many it copied; those that found no place are left out. */
size_t publish_inherit_flows(struct publish *publish, const struct publish *former);

/* Whether a generation is idle, so that a commit need not wait for a grace period. */
bool publish_is_ready(const struct publish *publish);

/*
 * Publishes an image, and takes a reference to it. Only when publish_is_ready().
 * Returns 0; -1 and packets go on seeing the former generation: ERROR_LIMIT if the maps have no
 * room (if publish_is_waiting(), there may be some after the next publish_reclaim()).
 */
int publish_commit(struct publish *publish, struct image *image, struct error *ret_error);

/* Of the last commit; 0 before the first. */
uint64_t publish_epoch(const struct publish *publish);
/* Whether anything is retired and not yet reusable. */
bool publish_is_waiting(const struct publish *publish);
/* A grace period that began when publish_epoch() was `epoch` is over. */
void publish_reclaim(struct publish *publish, uint64_t epoch);

/* What is published; NULL before the first commit. Borrowed until the next one. */
struct image *publish_image(const struct publish *publish);

/* How full the maps are. */
struct publish_fill {
	uint32_t slots_used, slots_waiting, slots_size;
	uint32_t backends_used, backends_waiting, backends_size;
	uint32_t vips_used, vips_size;
};
void publish_fill(const struct publish *publish, struct publish_fill *ret_fill);

/* ---- flows and tracked slots (publish_flows.c) ---- */

/* Sets the flow table's clock, in seconds. It may stand still, but never goes back. */
void publish_set_clock(struct publish *publish, uint32_t now_s);
uint32_t publish_clock(const struct publish *publish);

/* Expires flows that are idle or whose backend gave them up, counts the others, settles slots and
 * untracks those that nothing depends on any more. Once a second or so, and at least every
 * CAROM_FLOW_IDLE_MAX_S / 2 seconds of the clock. Returns 0, or -1: out of memory, nothing done. */
int publish_sweep(struct publish *publish, struct error *ret_error);
uint64_t publish_sweep_count(const struct publish *publish);

/* As of the last sweep. `vip` is an index into the image. */
struct publish_tracking {
	uint64_t flows; /* recorded, and living */
	size_t tracked_slots;
};
struct publish_tracking publish_tracking_vip(const struct publish *publish, size_t vip);

/*
 * What is left of a backend's flows: of a drained one, how its drain gets on. Older slots are those
 * that are now another's while their older flows are still its own; of such a flow nothing is known
 * until it sends a packet, and is recorded, or until it has been silent for so long that it is
 * gone.
 */
struct publish_remainder {
	uint64_t flows; /* recorded, and living */
	uint32_t older_slots;
	uint32_t settles_in_s; /* until there is no older slot, unless another change comes */
	bool is_none;	       /* and sweeps enough have seen so since its state changed */
};
struct publish_remainder publish_remainder(const struct publish *publish, size_t vip,
					   size_t ordinal);
/* A recorded flow that is living. */
struct publish_flow {
	uint32_t place; /* 1 + its entry's index in the table */
	uint32_t vip;	/* index into the image */
	uint32_t ordinal;
	uint32_t slot; /* of the VIP's ring */
	uint32_t idle_s;
	bool is_confirmed; /* by a packet after its SYN */
};

/* Returns whether to go on. */
typedef bool publish_flow_visitor(void *context, const struct publish_flow *flow);

/* Visits the flows whose places are behind `after`, in the order of their places, while packets
 * record others. Returns 0, or -1: out of memory, nothing visited. */
int publish_visit_flows(const struct publish *publish, uint64_t after,
			publish_flow_visitor *visitor, void *context);

/* Over all VIPs, and how many flows the table can hold. */
void publish_flow_fill(const struct publish *publish, uint64_t *ret_used, uint64_t *ret_size);

/* Since the maps were made, over all CPUs. */
struct publish_recorded {
	uint64_t recorded;
	uint64_t rate_limited;
	uint64_t table_full;
};
struct publish_recorded publish_recorded(const struct publish *publish);

/* ---- counters ---- */

/* The number that a VIP counts under, and that programs call it by; and back, or -1. */
uint32_t publish_vip_number(const struct publish *publish, size_t vip);
int publish_find_vip(const struct publish *publish, uint32_t number);
/* Sums over all lanes; bytes are of the clients' IP packets. `vip` is an index into the image. */
struct carom_counter publish_count_backend(const struct publish *publish, size_t vip,
					   size_t ordinal);
/* What its backends count, and what removed ones had counted. */
struct carom_counter publish_count_vip(const struct publish *publish, size_t vip);
struct carom_reason_counter publish_count_reasons(const struct publish *publish, size_t vip);
/* Of packets to a VIP's address for which no VIP was found. */
struct carom_reason_counter publish_count_unattributed(const struct publish *publish);

#endif
