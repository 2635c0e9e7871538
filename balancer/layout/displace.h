/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A perfect hash of a set of 64-bit keys by displacement. Pure.
 *
 * A key's bucket holds one displacement, which leads to the key's one candidate entry: two loads,
 * no probing, whatever the number of keys. Most buckets are empty (displacement 0), so that a key
 * which is not in the set usually costs one load.
 *
 * Source: Belazzougui, Botelho, Dietzfelbinger, "Hash, displace, and compress", ESA 2009.
 */
#ifndef CAROM_DISPLACE_H
#define CAROM_DISPLACE_H

#include "abi.h"

#include <stddef.h>
#include <stdint.h>

struct displace {
	uint64_t seed;
	uint16_t *displacements; /* owned, displacement_mask + 1 of them */
	uint32_t displacement_mask;
	uint32_t entry_mask;
	uint32_t *entries; /* owned: entries[i] is the entry of keys[i] */
	size_t count;
};

/* What displace_build() needs at most for so many keys: powers of two. */
uint32_t displace_bucket_count(size_t key_count); /* 8 a key, at least 256 */
uint32_t displace_entry_count(size_t key_count);  /* 2 a key, at least 64 */

/*
 * Lays out distinct keys; the same keys in the same order and the same first seed give the same
 * layout. ret_displace is to be freed with displace_done().
 *
 * Returns 0; -1 with errno EEXIST if two keys are equal, ENOMEM, EOVERFLOW if a bounded number of
 * seeds found no layout. On failure ret_displace is untouched.
 */
int displace_build(const uint64_t *keys, size_t count, uint64_t first_seed,
		   struct displace *ret_displace);
void displace_done(struct displace *displace);

/* The candidate entry of a key, or UINT32_MAX if its bucket is empty: what the BPF program does. */
uint32_t displace_find(const struct displace *displace, uint64_t key);

#endif
