/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads what a predecessor published back from its maps. */
#ifndef CAROM_READBACK_H
#define CAROM_READBACK_H

#include "error.h"
#include "published.h"

/* Fills in image and vips from the active generation of published->memory. Returns 0; -1 and
 * nothing is filled in: CONFLICT if the maps contradict themselves. */
int readback(struct published *published, struct error *ret_error);
/* The same error, for what only comes out later. */
int readback_contradict(struct error *ret_error, const char *what);

#endif
