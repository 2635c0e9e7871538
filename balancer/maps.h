/* SPDX-License-Identifier: BSD-2-Clause */
/* The maps of one instance: made or taken over, mapped into memory, pinned. Private to dataplane.
 */
#ifndef CAROM_BALANCER_MAPS_H
#define CAROM_BALANCER_MAPS_H

#include "dataplane.h"

#include <bpf/libbpf.h>

struct maps;

struct maps_options {
	const char *bpf_dir; /* borrowed */
	struct dataplane_limits limits;
	uint64_t hash_key[2];
};

/* New ones, pinned nowhere. NULL on failure, described. */
struct maps *maps_make(const struct maps_options *options, struct error *ret_error);
/* Those that are pinned. NULL with NOT_FOUND if there are none, CONFLICT if they do not fit. */
struct maps *maps_adopt(const struct maps_options *options, struct error *ret_error);
void maps_free(struct maps *maps);

const struct dataplane_memory *maps_memory(const struct maps *maps);
const struct bpf_object *maps_object(const struct maps *maps);

/* Pins them in the place of what is pinned. Returns 0 or -1. */
int maps_pin(const struct maps *maps, struct error *ret_error);
int maps_unpin(const char *bpf_dir, struct error *ret_error);

/* The limits that the pinned maps were made with; zeros: there are none. */
struct dataplane_limits maps_pinned_limits(const char *bpf_dir);

#endif
