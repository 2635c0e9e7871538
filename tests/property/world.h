/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Performs sequences on a real balancer, with the model watching: what an operator does to the
 * intent, what the network does to next hops, and clients' packets.
 */
#ifndef CAROM_TESTS_WORLD_H
#define CAROM_TESTS_WORLD_H

#include "deployment.h"
#include "model.h"
#include "sequence.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct world; /* one balancer, one sequence after the other */

/* is_cramped: its flow table is too small, and takes few flows a second. Ends the program with a
 * message when it fails. */
struct world *world_new(bool is_cramped);
void world_free(struct world *world);

struct world_result {
	bool is_kept; /* the promise */
	size_t done;  /* operations, the one that broke it included */
	uint64_t packets;
	char verdict[MODEL_VERDICT_BYTES];
};

/* From the beginning; to the end, or until the promise is broken. trace: where each operation is
 * told to, and what came of it; NULL: nowhere. */
struct world_result world_perform(struct world *world, const struct sequence *sequence,
				  FILE *trace);

#endif
