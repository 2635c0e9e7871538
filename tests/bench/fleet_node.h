/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A node of the fleet: carom, by the real plan, the real maps and the real program; and beside it
 * its rivals, which read the very ring that carom publishes: one with an LRU table of as many flows
 * before it, one with nothing.
 */
#ifndef CAROM_TESTS_FLEET_NODE_H
#define CAROM_TESTS_FLEET_NODE_H

#include "deployment.h"
#include "fleet.h"
#include "fleet_lru.h"

#include <stddef.h>
#include <stdint.h>

struct node {
	struct deployment deployment;
	struct frame frame; /* a client's packet, to be made each flow's own */
	uint16_t *ring;	    /* the numbers of the backends, slot by slot */
	unsigned ring_bits;
	struct lru *lru;
};

/* flows: how many the table has room for; rounded up to a power of two. */
void node_init(struct node *node, uint32_t flows);
void node_done(struct node *node);

/* Learns the desired state, but publishes nothing yet. */
void node_learn(struct node *node, struct config_vip *vip); /* takes it over */
void node_publish(struct node *node);
/* A second has passed. */
void node_tick(struct node *node, uint32_t now_s);

struct carom_hash_key node_hash_key(const struct node *node);
/* How many flows the table of either kind has room for. */
uint32_t node_capacity(const struct node *node);
uint64_t node_entries(const struct node *node, enum fleet_method method);

/* The number of the backend that gets the flow's packet; opens: it is the SYN. */
uint16_t node_forward(struct node *node, enum fleet_method method, const struct fleet_flow *flow,
		      bool opens);
/* The backend to which the ring sends new flows now. */
uint16_t node_ring_choice(const struct node *node, const struct fleet_flow *flow);

#endif
