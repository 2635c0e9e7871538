/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time goes second by second. In each, an event may happen; then SYNs of a flood and of new
 * connections arrive, and every connection that is due sends a packet: at the latest half an idle
 * timeout after its last one. ECMP says which node a packet comes to, and there each method
 * forwards it in its own way, beside the others.
 *
 * A connection is broken when a packet of it reaches another backend than its SYN did, while that
 * one still serves. For the method that broke it, it is over; for the others it goes on. One
 * thread.
 */
#include "fleet_simulation.h"

#include "abi.h"
#include "fleet_node.h"
#include "fleet_pool.h"
#include "fleet_trace.h"

#include <stdlib.h>

#define BACKENDS	 16
#define BACKENDS_MIN	 4
#define RING_BITS	 12
#define RING_BITS_MAX	 16
#define HASH_CHECKS	 64
#define LATE_S		 5
#define FLOOD_S		 20
#define FLOOD_SYNS_PER_S 20000
#define WHEEL_S		 (FLEET_IDLE_S / 2 + 1)
#define NONE		 UINT32_MAX
#define ECMP_SEED	 0xec3b

struct connection {
	struct fleet_flow flow;
	uint32_t ends_s;
	uint32_t next; /* due in the same second, or free */
	uint16_t backends[FLEET_METHOD_COUNT];
	bool over[FLEET_METHOD_COUNT];
	uint8_t node; /* where its SYN came to */
	bool moved;   /* to another node since */
};

struct simulation {
	const struct simulation_options *options;
	struct trace trace;
	struct pool pool;
	struct node nodes[FLEET_NODES_MAX];
	struct carom_hash_key hash_key;	 /* of all nodes */
	bool is_member[FLEET_NODES_MAX]; /* of the ECMP group */
	uint32_t members[FLEET_NODES_MAX];
	uint32_t member_count;

	struct connection *connections;
	uint32_t connection_room, free_connection, alive;
	uint32_t due[WHEEL_S]; /* the first connection of each second */
	uint64_t flow_count;   /* begun so far, the flood's included */
	double arrivals;       /* what is left of a connection that is to begin */

	uint32_t now_s, next_event_s, flood_ends_s, late_s;
	struct node *late; /* to publish at late_s; NULL: none */
	struct tally *tally;
	struct simulation_result result;
};

/* ---- the ECMP group ---- */

static void list_members(struct simulation *simulation)
{
	simulation->member_count = 0;
	for (uint32_t i = 0; i < simulation->options->nodes; i++) {
		if (simulation->is_member[i])
			simulation->members[simulation->member_count++] = i;
	}
}

static uint32_t route_resilient(const struct simulation *simulation, uint64_t flow)
{
	uint64_t highest = 0, score;
	uint32_t chosen = simulation->members[0];

	for (uint32_t i = 0; i < simulation->member_count; i++) {
		score = carom_mix(flow, ECMP_SEED + simulation->members[i]);
		if (score >= highest) {
			highest = score;
			chosen = simulation->members[i];
		}
	}
	return chosen;
}

/* The number of the node that ECMP sends the flow's packets to. */
static uint32_t route(const struct simulation *simulation, uint64_t flow)
{
	if (simulation->options->resilient)
		return route_resilient(simulation, flow);
	return simulation->members[carom_mix(flow, ECMP_SEED) % simulation->member_count];
}

/* Lets the index-th of the nodes that are members, or that are not, change sides. */
static void swap_membership(struct simulation *simulation, bool is_member, uint32_t index)
{
	uint32_t number = 0;

	while (simulation->is_member[number] != is_member || index--)
		number++;
	simulation->is_member[number] = !is_member;
	list_members(simulation);
}

/* ---- connections ---- */

static struct fleet_flow next_flow(struct simulation *simulation)
{
	return fleet_flow(simulation->flow_count++, &simulation->hash_key);
}

static void grow_connections(struct simulation *simulation)
{
	uint32_t room = simulation->connection_room * 2 + simulation->options->connections;

	simulation->connections = fleet_taken(
		realloc(simulation->connections, room * sizeof(simulation->connections[0])));
	for (uint32_t i = simulation->connection_room; i < room; i++)
		simulation->connections[i].next = i + 1 < room ? i + 1 : NONE;
	simulation->free_connection = simulation->connection_room;
	simulation->connection_room = room;
}

static uint32_t take_connection(struct simulation *simulation)
{
	uint32_t number;

	if (simulation->free_connection == NONE)
		grow_connections(simulation);
	number = simulation->free_connection;
	simulation->free_connection = simulation->connections[number].next;
	simulation->alive++;
	return number;
}

static void end_connection(struct simulation *simulation, uint32_t number)
{
	simulation->connections[number].next = simulation->free_connection;
	simulation->free_connection = number;
	simulation->alive--;
}

/* Its next packet, or its last one. */
static void schedule(struct simulation *simulation, uint32_t number, uint32_t due_s)
{
	struct connection *connection = &simulation->connections[number];
	uint32_t *first;

	if (due_s > connection->ends_s)
		due_s = connection->ends_s;
	first = &simulation->due[due_s % WHEEL_S];
	connection->next = *first;
	*first = number;
}

static void begin_connection(struct simulation *simulation, uint32_t lifetime_s)
{
	uint32_t number = take_connection(simulation);
	struct connection *connection = &simulation->connections[number];

	*connection = (struct connection){
		.flow = next_flow(simulation),
		.ends_s = simulation->now_s + 1 + lifetime_s,
	};
	connection->node = (uint8_t)route(simulation, connection->flow.number);
	for (enum fleet_method method = 0; method < FLEET_METHOD_COUNT; method++)
		connection->backends[method] = node_forward(&simulation->nodes[connection->node],
							    method, &connection->flow, true);
	simulation->result.packets++;
	schedule(simulation, number, simulation->now_s + 1);
}

/* ---- packets, and what breaks ---- */

static enum simulation_cause cause_of(const struct connection *connection, const struct node *node,
				      uint16_t backend)
{
	if (!connection->moved)
		return CAUSE_UNRECORDED;
	return backend == node_ring_choice(node, &connection->flow) ? CAUSE_FORGOTTEN
								    : CAUSE_YOUNGER;
}

/* backend: where the packet went. */
static void judge(struct simulation *simulation, struct connection *connection,
		  enum fleet_method method, const struct node *node, uint16_t backend)
{
	uint16_t own = connection->backends[method];
	struct tally *tally = simulation->tally;

	if (pool_serves(&simulation->pool, own) && backend == own)
		return;
	connection->over[method] = true;
	if (!pool_serves(&simulation->pool, own)) {
		tally->unavoidable += method == FLEET_CAROM;
		return;
	}
	tally->broken[method]++;
	if (method == FLEET_CAROM)
		tally->causes[cause_of(connection, node, backend)]++;
}

static void send_packet(struct simulation *simulation, struct connection *connection)
{
	uint32_t number = route(simulation, connection->flow.number);
	struct node *node = &simulation->nodes[number];

	if (number != connection->node && !connection->moved) {
		connection->moved = true;
		simulation->tally->moved++;
	}
	for (enum fleet_method method = 0; method < FLEET_METHOD_COUNT; method++) {
		if (!connection->over[method])
			judge(simulation, connection, method, node,
			      node_forward(node, method, &connection->flow, false));
	}
	simulation->result.packets++;
}

static void send_due(struct simulation *simulation)
{
	uint32_t *first = &simulation->due[simulation->now_s % WHEEL_S];
	uint32_t number = *first, next;

	*first = NONE;
	for (; number != NONE; number = next) {
		struct connection *connection = &simulation->connections[number];

		next = connection->next;
		send_packet(simulation, connection);
		if (connection->ends_s == simulation->now_s)
			end_connection(simulation, number);
		else
			schedule(simulation, number,
				 simulation->now_s + 1 +
					 trace_draw(&simulation->trace, FLEET_IDLE_S / 2));
	}
}

static void send_flood(struct simulation *simulation)
{
	for (uint32_t i = 0; simulation->now_s < simulation->flood_ends_s && i < FLOOD_SYNS_PER_S;
	     i++) {
		struct fleet_flow flow = next_flow(simulation);
		struct node *node = &simulation->nodes[route(simulation, flow.number)];

		for (enum fleet_method method = 0; method < FLEET_METHOD_COUNT; method++)
			node_forward(node, method, &flow, true);
		simulation->result.packets++;
	}
}

/* As many as keep the number of connections, on average. */
static void send_arrivals(struct simulation *simulation)
{
	simulation->arrivals += simulation->options->connections / trace_mean_lifetime_s();
	for (; simulation->arrivals >= 1; simulation->arrivals--)
		begin_connection(simulation, trace_lifetime_s(&simulation->trace));
}

/* ---- events ---- */

static void publish_pool(struct simulation *simulation, struct node *late)
{
	struct config_vip *vip = pool_make_vip(&simulation->pool);

	for (uint32_t i = 0; i < simulation->options->nodes; i++) {
		node_learn(&simulation->nodes[i], config_vip_ref(vip));
		if (&simulation->nodes[i] != late)
			node_publish(&simulation->nodes[i]);
	}
	config_vip_unref(vip);
	simulation->late = late;
	simulation->late_s = simulation->now_s + LATE_S;
}

static struct pool_backend *draw_active(struct simulation *simulation)
{
	struct pool *pool = &simulation->pool;
	uint32_t index = trace_draw(&simulation->trace, (uint32_t)pool_count(pool, POOL_ACTIVE));

	return &pool->backends[pool_find(pool, POOL_ACTIVE, index)];
}

static void change_weight(struct simulation *simulation)
{
	struct pool_backend *backend = draw_active(simulation);
	bool doubles = trace_draw(&simulation->trace, 2);

	if (backend->weight != POOL_WEIGHT)
		backend->weight = POOL_WEIGHT;
	else
		backend->weight = doubles ? 2 * POOL_WEIGHT : POOL_WEIGHT / 2;
}

static void change_members(struct simulation *simulation, bool leaves)
{
	uint32_t nodes = simulation->options->nodes, members = simulation->member_count;

	swap_membership(simulation, leaves,
			trace_draw(&simulation->trace, leaves ? members : nodes - members));
}

static void apply_event(struct simulation *simulation, enum fleet_event event)
{
	struct pool *pool = &simulation->pool;

	switch (event) {
	case FLEET_EVENT_FLOOD: simulation->flood_ends_s = simulation->now_s + FLOOD_S;
	/* fall through */
	case FLEET_EVENT_ADD: pool_add(pool); break;
	case FLEET_EVENT_LATE:
	case FLEET_EVENT_WEIGHT: change_weight(simulation); break;
	case FLEET_EVENT_DRAIN: draw_active(simulation)->state = POOL_DRAINED; break;
	case FLEET_EVENT_REMOVE:
		pool->backends[pool_find(pool, POOL_DRAINED, 0)].state = POOL_REMOVED;
		break;
	case FLEET_EVENT_DIE: draw_active(simulation)->state = POOL_REMOVED; break;
	case FLEET_EVENT_RESIZE: pool->ring_bits++; break;
	case FLEET_EVENT_LEAVE: change_members(simulation, true); break;
	case FLEET_EVENT_JOIN: change_members(simulation, false); break;
	case FLEET_EVENT_COUNT: break;
	}
}

static enum fleet_event draw_event(struct simulation *simulation)
{
	const struct pool *pool = &simulation->pool;
	bool has_spare = pool_count(pool, POOL_ACTIVE) > BACKENDS_MIN;
	const bool possible[FLEET_EVENT_COUNT] = {
		[FLEET_EVENT_ADD] = true,
		[FLEET_EVENT_WEIGHT] = true,
		[FLEET_EVENT_DRAIN] = has_spare,
		[FLEET_EVENT_REMOVE] = pool_count(pool, POOL_DRAINED) > 0,
		[FLEET_EVENT_DIE] = has_spare,
		[FLEET_EVENT_LATE] = true,
		[FLEET_EVENT_FLOOD] = true,
		[FLEET_EVENT_RESIZE] =
			pool->ring_bits<RING_BITS_MAX, [FLEET_EVENT_LEAVE] =
							       simulation->member_count> 1,
		[FLEET_EVENT_JOIN] = simulation->member_count < simulation->options->nodes,
	};

	return trace_event(&simulation->trace, possible);
}

static void begin_event(struct simulation *simulation)
{
	enum fleet_event event = draw_event(simulation);
	uint32_t late = trace_draw(&simulation->trace, simulation->member_count);

	simulation->tally = &simulation->result.tallies[event];
	simulation->tally->events++;
	simulation->tally->alive += simulation->alive;
	apply_event(simulation, event);
	publish_pool(simulation, event == FLEET_EVENT_LATE
					 ? &simulation->nodes[simulation->members[late]]
					 : NULL);
	simulation->next_event_s = simulation->now_s + trace_pause_s(&simulation->trace);
}

/* ---- the run ---- */

static void note_entries(struct simulation *simulation)
{
	for (enum fleet_method method = 0; method < FLEET_METHOD_COUNT; method++) {
		uint64_t *most = &simulation->tally->entries[method], sum = 0;

		for (uint32_t i = 0; i < simulation->options->nodes; i++)
			sum += node_entries(&simulation->nodes[i], method);
		if (sum > *most)
			*most = sum;
	}
}

static void tick(struct simulation *simulation)
{
	simulation->now_s++;
	for (uint32_t i = 0; i < simulation->options->nodes; i++)
		node_tick(&simulation->nodes[i], simulation->now_s);
	note_entries(simulation);
	if (simulation->late && simulation->now_s == simulation->late_s) {
		node_publish(simulation->late);
		simulation->late = NULL;
	}
}

static void send_all(struct simulation *simulation)
{
	send_flood(simulation);
	send_arrivals(simulation);
	send_due(simulation);
}

/* While no slot is tracked, the ring alone decides. */
static void check_hash(struct simulation *simulation)
{
	for (uint32_t i = 0; i < HASH_CHECKS; i++) {
		struct fleet_flow flow = next_flow(simulation);
		struct node *node = &simulation->nodes[0];

		if (node_forward(node, FLEET_CAROM, &flow, true) != node_ring_choice(node, &flow))
			fleet_give_up("the program hashes flows in another way than bpf/hash.h");
	}
}

static void begin_run(struct simulation *simulation)
{
	const struct simulation_options *options = simulation->options;

	for (uint32_t i = 0; i < options->nodes; i++) {
		node_init(&simulation->nodes[i], options->flows);
		simulation->is_member[i] = true;
	}
	simulation->hash_key = node_hash_key(&simulation->nodes[0]);
	list_members(simulation);
	for (uint32_t i = 0; i < WHEEL_S; i++)
		simulation->due[i] = NONE;
	for (uint32_t i = 0; i < BACKENDS; i++)
		pool_add(&simulation->pool);
	publish_pool(simulation, NULL);
	check_hash(simulation);
	for (uint32_t i = 0; i < options->connections; i++)
		begin_connection(simulation, trace_remaining_s(&simulation->trace));
}

struct simulation_result simulation_run(const struct simulation_options *options)
{
	struct simulation *simulation = fleet_taken(calloc(1, sizeof(*simulation)));
	struct tally before = {0};
	struct simulation_result result;

	simulation->options = options;
	simulation->trace.seed = options->seed;
	simulation->pool.ring_bits = RING_BITS;
	simulation->free_connection = NONE;
	simulation->tally = &before;
	begin_run(simulation);
	simulation->next_event_s = trace_pause_s(&simulation->trace);
	for (uint32_t left = options->events;; tick(simulation)) {
		if (simulation->now_s == simulation->next_event_s) {
			if (left-- == 0)
				break;
			begin_event(simulation);
		}
		send_all(simulation);
	}
	result = simulation->result;
	result.capacity = node_capacity(&simulation->nodes[0]);
	for (uint32_t i = 0; i < options->nodes; i++)
		node_done(&simulation->nodes[i]);
	free(simulation->connections);
	free(simulation);
	return result;
}

void simulation_add(const struct tally *tally, struct tally *sum)
{
	sum->events += tally->events;
	sum->alive += tally->alive;
	sum->moved += tally->moved;
	sum->unavoidable += tally->unavoidable;
	for (size_t i = 0; i < CAUSE_COUNT; i++)
		sum->causes[i] += tally->causes[i];
	for (size_t i = 0; i < FLEET_METHOD_COUNT; i++) {
		sum->broken[i] += tally->broken[i];
		if (tally->entries[i] > sum->entries[i])
			sum->entries[i] = tally->entries[i];
	}
}
