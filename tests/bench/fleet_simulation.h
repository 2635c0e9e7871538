/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the whole trace over one fleet, and counts what breaks. */
#ifndef CAROM_TESTS_FLEET_SIMULATION_H
#define CAROM_TESTS_FLEET_SIMULATION_H

#include "fleet.h"

#include <stdbool.h>
#include <stdint.h>

struct simulation_options {
	uint32_t nodes;
	uint32_t connections; /* alive at a time, on average */
	uint32_t events;
	uint32_t flows; /* that a node's table has room for */
	uint64_t seed;
	/* ECMP by rendezvous hashing: only the flows of the node that leaves move. */
	bool resilient;
};

/* Why carom broke a connection. */
enum simulation_cause {
	/* ECMP moved it to a node that took it for older than the last change of its slot. */
	CAUSE_YOUNGER,
	/* ECMP moved it to a node that no longer knows where it began. */
	CAUSE_FORGOTTEN,
	/* ECMP did not move it: it could not be recorded. */
	CAUSE_UNRECORDED,
	CAUSE_COUNT
};

/* What happened from events of one kind to the event that came next. */
struct tally {
	uint32_t events;
	uint64_t alive; /* connections at each event, added up */
	uint64_t broken[FLEET_METHOD_COUNT];
	uint64_t causes[CAUSE_COUNT]; /* add up to what carom broke */
	uint64_t moved;		      /* by ECMP, from their first node, for the first time */
	/* Their backend was removed: no method could have kept them. */
	uint64_t unavoidable;
	/* The most flow entries in use at a time, over all nodes. */
	uint64_t entries[FLEET_METHOD_COUNT];
};

struct simulation_result {
	uint32_t capacity; /* of a node's table, in flows */
	uint64_t packets;
	struct tally tallies[FLEET_EVENT_COUNT];
};

struct simulation_result simulation_run(const struct simulation_options *options);

/* Adds one more tally to a sum. */
void simulation_add(const struct tally *tally, struct tally *sum);

#endif
