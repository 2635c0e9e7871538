/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * By which rules the predecessor's maps are adopted, and what came of it. Pure.
 *
 * Maps are adopted one by one. What would lead nowhere without its content must be there: else all
 * maps are refused, and made anew. Any other map may start empty, as it must when the predecessor
 * had none. A map that came with a minor version of the ABI is stale where a caromd that did not
 * know it was the last to keep the maps: its pin is not believed, but replaced.
 */
#ifndef CAROM_ADOPTION_H
#define CAROM_ADOPTION_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum adoption_result {
	ADOPTION_NO_PREDECESSOR, /* nothing is pinned */
	ADOPTION_ADOPTED,
	ADOPTION_INHERITED, /* maps of other sizes, which are copied from */
	ADOPTION_REFUSED,
};

#define ADOPTION_MAP_BYTES    32
#define ADOPTION_REASON_BYTES 64
#define ADOPTION_LEFT_OUT_MAX 32

struct adoption_left_out {
	char map[ADOPTION_MAP_BYTES];
	char reason[ADOPTION_REASON_BYTES];
};

struct adoption {
	enum adoption_result result;
	uint16_t abi_major; /* the predecessor's; 0: not known */
	uint16_t abi_minor;
	char reason[ERROR_MESSAGE_BYTES]; /* why the maps are refused; else empty */
	size_t left_out_count;
	struct adoption_left_out left_out[ADOPTION_LEFT_OUT_MAX];
};

/* "none", "adopted", "inherited", "refused" */
const char *adoption_result_name(enum adoption_result result);

/* More than ADOPTION_LEFT_OUT_MAX are not kept. */
void adoption_leave_out(struct adoption *adoption, const char *map, const char *reason);

struct adoption_shape {
	uint32_t type;
	uint32_t value_bytes;
	uint32_t entries;
	uint32_t flags;
};

struct adoption_rule {
	struct adoption_shape shape;
	uint16_t since_minor; /* of the ABI, which brought the map */
	bool may_start_empty;
	bool copies_sizes; /* what only has another size is to be copied: it may not start empty */
};

enum adoption_step { ADOPTION_USE, ADOPTION_START_EMPTY, ADOPTION_REFUSE };

/* found: what is pinned; NULL: nothing. minor: the predecessor's. *ret_reason: why it is not used;
 * static. */
enum adoption_step adoption_judge(const struct adoption_rule *rule,
				  const struct adoption_shape *found, uint16_t minor,
				  const char **ret_reason);

#endif
