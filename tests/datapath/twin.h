/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The balancer's twin beside it: whatever packet a test runs, the twin is run on it first, must say
 * what the balancer then does, and must leave everything as it was.
 */
#ifndef CAROM_TESTS_TWIN_H
#define CAROM_TESTS_TWIN_H

#include "dataplane.h"
#include "explain.h"
#include "packet.h"

/* A packet as the twin sees it, coming in by the loopback interface. Ends the program with a
 * message when the twin cannot be run. */
struct explain_result twin_run(const struct explain *twin, const struct frame *frame);

/* The same; ends the program, too, when a byte of the maps that a packet may change has changed. */
struct explain_result twin_run_guarded(const struct explain *twin,
				       const struct dataplane_memory *memory,
				       const struct frame *frame);

/* What the balancer did: ends the program with both when the twin said something else. */
void twin_compare(const struct explain_result *said, uint32_t action, const struct frame *frame);

#endif
