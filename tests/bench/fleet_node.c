/* SPDX-License-Identifier: BSD-2-Clause */
#include "fleet_node.h"

#include "fleet_pool.h"
#include "hash_key.h"

#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#define BACKENDS_MAX   512
#define OUTER_SOURCE   "10.255.0.1"
#define MTU	       1500
#define INSERTS_PER_S  100000 /* as caromd's default */
#define AT_SOURCE_PORT (AT_IP + IPV4_BYTES)
#define AT_TCP_FLAGS   (AT_SOURCE_PORT + 13)

/* Every backend is behind the loopback interface, where test runs come in. */
static const struct resolution *find_next_hop(const void *next_hop,
					      const struct carom_address *destination)
{
	(void)destination;
	return next_hop;
}

static const struct resolution *the_next_hop(void)
{
	static struct resolution next_hop = {
		.hop = {.resolved = true, .interface = HARNESS_INGRESS, .mtu = MTU},
	};

	next_hop.hop.source = address_of(OUTER_SOURCE);
	return &next_hop;
}

void node_init(struct node *node, uint32_t flows)
{
	const struct dataplane_limits limits = {
		.vips = 1,
		.backends = BACKENDS_MAX,
		.slots = 1u << CAROM_RING_BITS_MAX,
		.flows = flows,
		.flow_inserts_per_s = INSERTS_PER_S,
		.flow_idle_timeout_s = FLEET_IDLE_S,
	};

	*node = (struct node){
		.deployment = deployment_open(&limits, find_next_hop, the_next_hop()),
		.frame = packet_build(&(struct packet){
			.destination = FLEET_VIP_ADDRESS,
			.destination_port = FLEET_VIP_PORT,
		}),
	};
	node->lru = lru_new(node_capacity(node));
}

void node_done(struct node *node)
{
	deployment_close(&node->deployment);
	lru_free(node->lru);
	free(node->ring);
}

void node_learn(struct node *node, struct config_vip *vip)
{
	deployment_put_vip(&node->deployment, vip);
}

static const struct image_vip *published_vip(const struct node *node)
{
	return publish_image(node->deployment.harness.publish)->vips[0];
}

void node_publish(struct node *node)
{
	const struct image_vip *vip;
	size_t slot_count;

	deployment_commit(&node->deployment);
	vip = published_vip(node);
	slot_count = (size_t)1 << vip->ring->bits;
	free(node->ring);
	node->ring = fleet_taken(malloc(slot_count * sizeof(node->ring[0])));
	node->ring_bits = vip->ring->bits;
	for (size_t i = 0; i < slot_count; i++)
		node->ring[i] = pool_number(&vip->backends[vip->ring->slots[i]].address);
}

void node_tick(struct node *node, uint32_t now_s)
{
	flows_set_clock(publish_flows(node->deployment.harness.publish), now_s);
	deployment_sweep(&node->deployment);
}

static const struct dataplane_memory *memory_of(const struct node *node)
{
	return dataplane_memory(node->deployment.harness.dataplane);
}

struct carom_hash_key node_hash_key(const struct node *node)
{
	return hash_key_expand((const uint64_t *)memory_of(node)->control->hash_key);
}

uint32_t node_capacity(const struct node *node)
{
	return carom_flows_usable(memory_of(node)->flow_count);
}

uint64_t node_entries(const struct node *node, enum fleet_method method)
{
	uint64_t used = 0, size;

	if (method == FLEET_CAROM)
		flows_fill(publish_flows(node->deployment.harness.publish), &used, &size);
	return method == FLEET_LRU ? lru_count(node->lru) : used;
}

/* ---- one packet, by each method ---- */

uint16_t node_ring_choice(const struct node *node, const struct fleet_flow *flow)
{
	return node->ring[flow->hash >> (64 - node->ring_bits)];
}

/* The IPv4 checksum is left wrong: routers before the balancer have seen to it. */
static uint16_t forward_carom(struct node *node, const struct fleet_flow *flow, bool opens)
{
	struct frame *frame = &node->frame, outer;
	uint32_t action;

	memcpy(&frame->bytes[AT_IPV4_SOURCE], &flow->source, sizeof(flow->source));
	memcpy(&frame->bytes[AT_SOURCE_PORT], &flow->source_port, sizeof(flow->source_port));
	frame->bytes[AT_TCP_FLAGS] = opens ? TCP_SYN : TCP_ACK;
	action = harness_run_program(node->deployment.harness.program, frame, &outer);
	if (action != XDP_TX)
		fleet_give_up("a packet was not forwarded: XDP action %u", action);
	return frame_read16(&outer, AT_IPV4_DESTINATION + 2);
}

static uint16_t forward_lru(struct node *node, const struct fleet_flow *flow, bool opens)
{
	uint16_t backend;

	if (!opens && lru_find(node->lru, flow->number, &backend))
		return backend;
	backend = node_ring_choice(node, flow);
	lru_put(node->lru, flow->number, backend);
	return backend;
}

uint16_t node_forward(struct node *node, enum fleet_method method, const struct fleet_flow *flow,
		      bool opens)
{
	switch (method) {
	case FLEET_CAROM: return forward_carom(node, flow, opens);
	case FLEET_LRU: return forward_lru(node, flow, opens);
	case FLEET_STATELESS:
	case FLEET_METHOD_COUNT: break;
	}
	return node_ring_choice(node, flow);
}
