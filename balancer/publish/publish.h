/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Puts an image into the maps as one generation: a packet sees the one before or this one, whole.
 *
 * Nothing that a packet may be reading is written. Changed VIPs get new slots and backends beside
 * the ones before, an idle generation is filled, one word is flipped, and what the flip replaced
 * becomes reusable once a grace period that began after it is over. The caller runs the grace
 * periods (grace.h), for they block: publish_epoch() before, publish_reclaim() after.
 */
#ifndef CAROM_PUBLISH_H
#define CAROM_PUBLISH_H

#include "counters.h"
#include "dataplane.h"
#include "error.h"
#include "flows.h"
#include "image.h"
#include "room.h"

#include <stdbool.h>
#include <stdint.h>

struct publish;

/* memory: borrowed until publish_free(). NULL: out of memory, described. */
struct publish *publish_new(const struct dataplane_memory *memory, struct error *ret_error);
void publish_free(struct publish *publish);

/*
 * Adopts what the predecessor published in these maps, before the first commit: the image, and what
 * of the arrays is in use. One grace period must pass before the first commit. Returns 0; -1 if the
 * maps contradict themselves, and then publish is only good for publish_free().
 */
int publish_adopt(struct publish *publish, struct error *ret_error);

/*
 * Inherits from `predecessor`, which has adopted maps of other sizes: VIPs, slots with their past,
 * counts, and flows. Before the first commit, and before a packet reads these maps. Packets go on
 * using the predecessor's until the program is exchanged; after that, flows_inherit() copies what
 * they recorded meanwhile. Returns 0; -1 if it does not fit, and then publish is only good for
 * publish_free().
 */
int publish_inherit(struct publish *publish, const struct publish *predecessor,
		    struct error *ret_error);

/* Whether a generation is idle, so that a commit need not wait for a grace period. */
bool publish_is_ready(const struct publish *publish);

enum publish_room {
	PUBLISH_ROOM_NOW,
	PUBLISH_ROOM_RECLAIMED, /* when all that is retired now is reusable */
};

/*
 * Whether an image that was planned from what is published has room in the maps, so that it can be
 * told before anything depends on it. Nothing is written. Returns 0; -1: ERROR_LIMIT, as
 * publish_commit() would fail.
 */
int publish_check(const struct publish *publish, const struct image *image, enum publish_room room,
		  struct error *ret_error);

/*
 * Publishes an image, and takes a reference to it. Only when publish_is_ready(). Returns 0; -1 and
 * packets go on seeing the generation before: ERROR_LIMIT if the maps have no room (if
 * publish_is_waiting(), there may be some after the next publish_reclaim()).
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
/* The number that a VIP counts under, and that programs call it by; and back, or -1. */
uint32_t publish_vip_number(const struct publish *publish, size_t vip);
int publish_find_vip(const struct publish *publish, uint32_t number);

/* Of the key that flows are hashed with: equal on all nodes of a fleet. */
uint64_t publish_hash_fingerprint(const struct publish *publish);

/* How full the maps are. */
struct room_fill publish_fill(const struct publish *publish);

/* Parts that speak for themselves; borrowed until publish_free(). */
struct flows *publish_flows(const struct publish *publish);
const struct counters *publish_counters(const struct publish *publish);

#endif
