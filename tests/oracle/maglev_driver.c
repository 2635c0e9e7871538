/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fills one ring for maglev_oracle.py. Input: "bits count", then "identity weight ordinal" a
 * backend; output: an ordinal a slot, a line each.
 */
#include "maglev.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int fail(const char *what)
{
	fprintf(stderr, "maglev_driver: %s\n", what);
	return EXIT_FAILURE;
}

int main(void)
{
	static struct maglev_backend backends[CAROM_BACKENDS_PER_VIP_MAX];
	static uint16_t slots[1 << CAROM_RING_BITS_MAX];
	unsigned bits;
	size_t count;

	if (scanf("%u %zu", &bits, &count) != 2 || count > CAROM_BACKENDS_PER_VIP_MAX)
		return fail("expected bits and a count of backends");
	for (size_t index = 0; index < count; index++) {
		struct maglev_backend *backend = &backends[index];

		if (scanf("%" SCNu64 " %" SCNu32 " %" SCNu16, &backend->identity, &backend->weight,
			  &backend->ordinal) != 3)
			return fail("expected identity, weight and ordinal");
	}
	if (maglev_fill(backends, count, bits, slots))
		return fail("no ring can be filled from this");
	for (size_t slot = 0; slot < (size_t)1 << bits; slot++)
		printf("%u\n", slots[slot]);
	return EXIT_SUCCESS;
}
