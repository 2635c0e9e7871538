/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits for an RCU grace period: after it, no packet that began before is still being processed, so
 * what a flip retired may be written again.
 *
 * The portable way to ask for one: an update of a map of maps makes the kernel wait before it
 * returns, so that "programs see the new map" holds. It takes 8 to 16 ms: not for the event loop.
 */
#ifndef CAROM_GRACE_H
#define CAROM_GRACE_H

#include "error.h"

struct grace;

struct grace *grace_new(struct error *ret_error);
void grace_free(struct grace *grace);

/* Blocks for one grace period. Any thread, one at a time. Returns 0 or -1. */
int grace_wait(struct grace *grace, struct error *ret_error);

#endif
