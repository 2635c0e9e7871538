/* SPDX-License-Identifier: BSD-2-Clause */
/* The maps of one instance: made or adopted, mapped into memory, pinned. Private to dataplane. */
#ifndef CAROM_ARRAYS_H
#define CAROM_ARRAYS_H

#include "adoption.h"
#include "dataplane_memory.h"
#include "error.h"

#include <bpf/libbpf.h>

struct arrays;

struct arrays_options {
	const char *bpf_dir; /* borrowed */
	struct dataplane_limits limits;
	uint32_t slot_count;   /* 0: as the limits have it */
	bool has_pinned_sizes; /* of arrays_use_pinned_sizes() */
	uint64_t hash_key[2];
};

/* New ones, pinned nowhere. NULL on failure, described. */
struct arrays *arrays_make(const struct arrays_options *options, struct error *ret_error);
/* The pinned ones; empty ones where adoption.h allows it. NULL with NOT_FOUND if none are pinned,
 * CONFLICT if they do not fit. Fills in the predecessor's ABI, and what is left out. */
struct arrays *arrays_adopt(const struct arrays_options *options, struct adoption *ret_adoption,
			    struct error *ret_error);
void arrays_free(struct arrays *arrays);

const struct dataplane_memory *arrays_memory(const struct arrays *arrays);
const struct bpf_object *arrays_object(const struct arrays *arrays);
struct dataplane_capture_maps arrays_capture_maps(const struct arrays *arrays);

/* Pins the maps that are not adopted in the place of what is pinned. Returns 0 or -1. */
int arrays_pin(const struct arrays *arrays, struct error *ret_error);
/* Removes the pins of the maps that this version knows, and their folder if it is empty then. */
int arrays_unpin(const char *bpf_dir, struct error *ret_error);

/* See dataplane_pinned_hash_key(). */
bool arrays_pinned_hash_key(const char *bpf_dir, uint64_t ret_key[2]);

/* Puts the sizes of the pinned maps, whichever version made them, in the place of the limits. */
void arrays_use_pinned_sizes(struct arrays_options *options);

#endif
