/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the fleet simulation share: what is compared, what happens, and to whom. */
#ifndef CAROM_TESTS_FLEET_H
#define CAROM_TESTS_FLEET_H

#include "abi.h"

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#define FLEET_NODES_MAX 16
/* The flow table's idle timeout. Events are half of it to two of it apart, so that some meet slots
 * that are still tracked. */
#define FLEET_IDLE_S 60

enum fleet_method { FLEET_CAROM, FLEET_LRU, FLEET_STATELESS, FLEET_METHOD_COUNT };

/* X(NAME, label, what happens) */
#define FLEET_EVENTS(X)                                                                            \
	X(ADD, "add", "a backend is added")                                                        \
	X(WEIGHT, "weight", "a backend's weight is halved or doubled")                             \
	X(DRAIN, "drain", "a backend is drained")                                                  \
	X(REMOVE, "remove", "a drained backend is removed")                                        \
	X(DIE, "die", "a backend that takes new connections is removed")                           \
	X(LATE, "late", "a weight changes, and one node learns of it 5 s after the others")        \
	X(FLOOD, "flood", "a SYN flood of 20 s begins, and a backend is added")                    \
	X(RESIZE, "resize", "the ring is doubled")                                                 \
	X(LEAVE, "leave", "a node leaves the ECMP group, but keeps up with the config")            \
	X(JOIN, "join", "a node that left comes back")

enum fleet_event {
#define FLEET_EVENT_ENUM(name, label, help) FLEET_EVENT_##name,
	FLEET_EVENTS(FLEET_EVENT_ENUM)
#undef FLEET_EVENT_ENUM
		FLEET_EVENT_COUNT
};

/* A TCP connection's 5-tuple, or that of a SYN of the flood. */
struct fleet_flow {
	uint64_t number; /* in the order of their beginning */
	uint64_t hash;	 /* as the program computes it */
	__be32 source;
	__be16 source_port;
};

#define FLEET_VIP_ADDRESS "192.0.2.1"
#define FLEET_VIP_PORT	  80

void __attribute__((noreturn, format(printf, 1, 2))) fleet_give_up(const char *format, ...);
/* Passes memory on; gives up on NULL. */
void *fleet_taken(void *memory);

/* The flow with this number; no two of 2^38 share a 5-tuple. */
struct fleet_flow fleet_flow(uint64_t number, const struct carom_hash_key *key);

#endif
