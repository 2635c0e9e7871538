/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the caromd before this one left in the kernel: maps that are adopted as they are, or maps of
 * other sizes, out of which VIPs, slots, counts and flows are inherited. Those stay in use by
 * packets until this process has exchanged the program.
 */
#ifndef CAROM_PREDECESSOR_H
#define CAROM_PREDECESSOR_H

#include "dataplane.h"
#include "grace.h"
#include "publish.h"

struct predecessor {
	struct dataplane *dataplane; /* borrowed */
	struct publish *publish;     /* of maps to inherit from, until they are forgotten; NULL */
};

/* Brings what it had published into `publish`, before the first commit. Blocks for one grace
 * period. Returns 0, also if there was nothing; -1 with ERROR_CONFLICT if there is something, and
 * it contradicts itself or does not fit. */
int predecessor_adopt(struct predecessor *predecessor, struct publish *publish, struct grace *grace,
		      struct error *ret_error);

/* The program is exchanged: brings the flows that packets recorded in maps of other sizes
 * meanwhile, and lets go of those. */
void predecessor_forget(struct predecessor *predecessor, struct publish *publish);
void predecessor_free(struct predecessor *predecessor);

#endif
