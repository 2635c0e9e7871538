/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One sequence after the other on one data plane, each from a bare table of VIPs and an empty flow
 * table. One thread, on one CPU, for the flow table is paced by CPU.
 */
#include "world.h"

#include "address.h"
#include "twin.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_PORT    1024
#define MTU	      1500
#define PAYLOAD_BYTES 1000

static const struct dataplane_limits roomy = {
	.vips = 16,
	.backends = 256,
	.slots = 32768,
	.flows = 1024,
	.flow_inserts_per_s = 1000000,
	.flow_idle_timeout_s = SEQUENCE_IDLE_TIMEOUT_S,
};

static const struct dataplane_limits cramped = {
	.vips = 16,
	.backends = 256,
	.slots = 32768,
	.flows = 32,
	.flow_inserts_per_s = 6,
	.flow_idle_timeout_s = SEQUENCE_IDLE_TIMEOUT_S,
};

struct world {
	struct deployment deployment;
	bool is_cramped;
	struct intent intent;
	struct model model;
	uint32_t now_s;
	struct frame frames[INTENT_FLOWS];
	uint32_t sequences[INTENT_FLOWS]; /* of TCP: of the flow's next byte */
	FILE *trace;
	struct world_result result;
};

static void __attribute__((format(printf, 2, 3)))
tell(const struct world *world, const char *format, ...)
{
	va_list arguments;

	if (!world->trace)
		return;
	va_start(arguments, format);
	vfprintf(world->trace, format, arguments);
	va_end(arguments);
}

static void __attribute__((format(printf, 2, 3)))
refute(struct world *world, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(world->result.verdict, sizeof(world->result.verdict), format, arguments);
	va_end(arguments);
	world->result.is_kept = false;
}

/* ---- the network around ---- */

static const struct resolution *find_next_hop(const void *intent,
					      const struct carom_address *address)
{
	static const struct resolution up = {
		.hop =
			{
				.resolved = true,
				.interface = HARNESS_INGRESS,
				.mtu = MTU,
				.destination_mac = {0x02, 0xd0},
				.source_mac = {0x02, 0x50},
			},
	};
	static const struct resolution down = {.reason = "down"};
	const struct intent *now = intent;
	size_t vip, backend;

	if (!intent_find_backend((uint16_t)ntohl(address->words[3]), &vip, &backend))
		return NULL;
	return now->vips[vip].backends[backend].is_up ? &up : &down;
}

static struct frame make_frame(size_t flow)
{
	const struct intent_service *service = intent_service(intent_flow_vip(flow));

	return packet_build(&(struct packet){
		.destination = service->address,
		.source_port = (uint16_t)(FIRST_PORT + flow),
		.destination_port = service->port,
		.protocol = service->protocol,
	});
}

struct world *world_new(bool is_cramped)
{
	struct world *world = calloc(1, sizeof(*world));

	if (!world) {
		fputs("property: out of memory\n", stderr);
		exit(EXIT_FAILURE);
	}
	world->is_cramped = is_cramped;
	world->deployment =
		deployment_open(is_cramped ? &cramped : &roomy, find_next_hop, &world->intent);
	for (size_t i = 0; i < INTENT_FLOWS; i++)
		world->frames[i] = make_frame(i);
	return world;
}

void world_free(struct world *world)
{
	if (!world)
		return;
	deployment_close(&world->deployment);
	free(world);
}

/* ---- what the operator does ---- */

/* Writes the VIP as it is wanted now. */
static void write_vip(struct world *world, size_t vip)
{
	if (world->intent.vips[vip].is_there)
		deployment_put_vip(&world->deployment, intent_to_config(&world->intent, vip));
	else if (config_find_vip(world->deployment.desired, intent_service(vip)->name))
		deployment_remove_vip(&world->deployment, intent_service(vip)->name);
}

static void commit(struct world *world)
{
	deployment_commit(&world->deployment);
	model_commit(&world->model, &world->intent);
}

static struct intent_vip *vip_of(struct world *world, const struct operation *operation)
{
	return &world->intent.vips[operation->vip];
}

static struct intent_backend *backend_of(struct world *world, const struct operation *operation)
{
	return &vip_of(world, operation)->backends[operation->backend];
}

static void add(struct world *world, const struct operation *operation)
{
	struct intent_backend *backend = backend_of(world, operation);

	backend->is_there = true;
	backend->weight = operation->value;
	backend->state = CONFIG_STATE_ACTIVE;
	write_vip(world, operation->vip);
}

static void take_away(struct world *world, const struct operation *operation)
{
	backend_of(world, operation)->is_there = false;
	write_vip(world, operation->vip);
}

static void weigh(struct world *world, const struct operation *operation)
{
	backend_of(world, operation)->weight = operation->value;
	write_vip(world, operation->vip);
}

static void set_state(struct world *world, const struct operation *operation,
		      enum config_state state)
{
	backend_of(world, operation)->state = state;
	write_vip(world, operation->vip);
}

static void drain(struct world *world, const struct operation *operation)
{
	set_state(world, operation, CONFIG_STATE_DRAIN);
}

static void undrain(struct world *world, const struct operation *operation)
{
	set_state(world, operation, CONFIG_STATE_ACTIVE);
}

static void disable(struct world *world, const struct operation *operation)
{
	set_state(world, operation, CONFIG_STATE_DISABLED);
}

static void resize(struct world *world, const struct operation *operation)
{
	vip_of(world, operation)->ring_bits = operation->value;
	write_vip(world, operation->vip);
}

static void set_on_down(struct world *world, const struct operation *operation)
{
	vip_of(world, operation)->on_down = (enum config_on_down)operation->value;
	write_vip(world, operation->vip);
}

static void track(struct world *world, const struct operation *operation)
{
	if (intent_service(operation->vip)->protocol != IPPROTO_TCP)
		return;
	vip_of(world, operation)->tracking = (enum config_tracking)operation->value;
	write_vip(world, operation->vip);
}

static void add_vip(struct world *world, const struct operation *operation)
{
	vip_of(world, operation)->is_there = true;
	write_vip(world, operation->vip);
}

static void remove_vip(struct world *world, const struct operation *operation)
{
	vip_of(world, operation)->is_there = false;
	write_vip(world, operation->vip);
}

/* ---- what the network does ---- */

static void set_next_hop(struct world *world, const struct operation *operation, bool is_up)
{
	backend_of(world, operation)->is_up = is_up;
	world->deployment.facts_changed = true;
}

static void lose_next_hop(struct world *world, const struct operation *operation)
{
	set_next_hop(world, operation, false);
}

static void find_next_hop_again(struct world *world, const struct operation *operation)
{
	set_next_hop(world, operation, true);
}

/* ---- time ---- */

static void wait_for(struct world *world, uint32_t seconds)
{
	world->now_s += seconds;
	flows_set_clock(publish_flows(world->deployment.harness.publish), world->now_s);
}

/* ---- packets ---- */

static uint64_t count_refused(const struct world *world)
{
	struct flows_recorder recorded =
		flows_recorder(publish_flows(world->deployment.harness.publish));

	return recorded.rate_limited + recorded.table_full;
}

static struct model_seen run(const struct world *world, const struct frame *frame)
{
	const struct harness *harness = &world->deployment.harness;
	struct explain_result said = twin_run(harness->twin, frame);
	uint64_t refused_before = count_refused(world);
	struct frame outer;
	uint32_t action = harness_run_program(harness->program, frame, &outer);
	struct model_seen seen = {.was_refused = count_refused(world) != refused_before};
	bool is_ipv4 = outer.bytes[AT_IP] >> 4 == 4;

	twin_compare(&said, action, &outer);
	if (action == XDP_PASS)
		seen.fate = MODEL_PASSED;
	else if (action != XDP_TX ||
		 !intent_find_backend(frame_read16(&outer, is_ipv4 ? AT_IPV4_DESTINATION + 2
								   : AT_IPV6_DESTINATION + 14),
				      &seen.vip, &seen.backend))
		seen.fate = MODEL_DROPPED;
	return seen;
}

static void tell_seen(const struct world *world, const struct model_seen *seen)
{
	switch (seen->fate) {
	case MODEL_FORWARDED: tell(world, ": to %s", intent_backend_name(seen->backend)); break;
	case MODEL_DROPPED: tell(world, ": dropped"); break;
	case MODEL_PASSED: tell(world, ": left to the kernel"); break;
	}
	tell(world, seen->was_refused ? ", not recorded" : "");
}

/* The checksums are left wrong: backends would see to them. */
static const struct frame *frame_with(struct world *world, size_t flow, uint8_t tcp_flags,
				      uint32_t sequence)
{
	const struct intent_service *service = intent_service(intent_flow_vip(flow));
	struct frame *frame = &world->frames[flow];
	size_t tcp = frame_read16(frame, AT_ETHERTYPE) == ETHERTYPE_IPV4
			     ? ETHERNET_BYTES + IPV4_BYTES
			     : ETHERNET_BYTES + IPV6_BYTES;

	if (service->protocol == IPPROTO_TCP) {
		frame_write16(frame, tcp + 4, (uint16_t)(sequence >> 16));
		frame_write16(frame, tcp + 6, (uint16_t)sequence);
		frame->bytes[tcp + 13] = tcp_flags;
	}
	return frame;
}

static void judge(struct world *world, const struct model_packet *packet, const struct frame *frame)
{
	struct model_seen seen = run(world, frame);

	world->result.packets++;
	world->result.is_kept = model_judge(&world->model, packet, &seen, world->result.verdict);
	tell_seen(world, &seen);
}

/* Each connection begins somewhere else, and gets on a little with each packet. */
static void open_flow(struct world *world, const struct operation *operation)
{
	struct model_packet packet = {
		.flow = operation->flow,
		.opens = intent_flow_is_tcp(operation->flow),
		.now_s = world->now_s,
	};
	uint32_t *next = &world->sequences[packet.flow];
	uint32_t first = (uint32_t)carom_mix(*next, packet.flow);

	*next = first + 1;
	judge(world, &packet, frame_with(world, packet.flow, TCP_SYN, first));
}

static void send_packet(struct world *world, const struct operation *operation)
{
	struct model_packet packet = {.flow = operation->flow, .now_s = world->now_s};

	judge(world, &packet,
	      frame_with(world, packet.flow, TCP_ACK, world->sequences[packet.flow]));
	world->sequences[packet.flow] += PAYLOAD_BYTES;
}

static void end_flow(struct world *world, const struct operation *operation)
{
	struct model_packet packet = {
		.flow = operation->flow,
		.closes = intent_flow_is_tcp(operation->flow),
		.now_s = world->now_s,
	};

	judge(world, &packet,
	      frame_with(world, packet.flow, operation->value ? TCP_RST : TCP_FIN | TCP_ACK,
			 world->sequences[packet.flow]++));
}

/* Its number is out of the flow's reach. */
static void send_blind(struct world *world, const struct operation *operation)
{
	struct model_packet packet = {
		.flow = operation->flow,
		.opens = true,
		.is_blind = true,
		.now_s = world->now_s,
	};
	uint32_t sequence =
		world->sequences[packet.flow] + (1u << 30) + (operation->value & INT32_MAX);

	if (intent_flow_is_tcp(packet.flow))
		judge(world, &packet, frame_with(world, packet.flow, TCP_SYN, sequence));
}

/* ---- all together ---- */

typedef void perform(struct world *world, const struct operation *operation);

static void perform_commit(struct world *world, const struct operation *operation)
{
	(void)operation;
	commit(world);
}

static void perform_reclaim(struct world *world, const struct operation *operation)
{
	(void)operation;
	deployment_reclaim(&world->deployment);
}

static void perform_restart(struct world *world, const struct operation *operation)
{
	(void)operation;
	deployment_restart(&world->deployment);
}

static void perform_wait(struct world *world, const struct operation *operation)
{
	wait_for(world, operation->value);
}

static void perform_sweep(struct world *world, const struct operation *operation)
{
	(void)operation;
	deployment_sweep(&world->deployment);
}

static perform *const performers[OPERATION_KINDS] = {
	[OPERATION_ADD] = add,
	[OPERATION_REMOVE] = take_away,
	[OPERATION_WEIGHT] = weigh,
	[OPERATION_DRAIN] = drain,
	[OPERATION_UNDRAIN] = undrain,
	[OPERATION_DISABLE] = disable,
	[OPERATION_DOWN] = lose_next_hop,
	[OPERATION_UP] = find_next_hop_again,
	[OPERATION_RESIZE] = resize,
	[OPERATION_ON_DOWN] = set_on_down,
	[OPERATION_TRACK] = track,
	[OPERATION_ADD_VIP] = add_vip,
	[OPERATION_REMOVE_VIP] = remove_vip,
	[OPERATION_COMMIT] = perform_commit,
	[OPERATION_RECLAIM] = perform_reclaim,
	[OPERATION_RESTART] = perform_restart,
	[OPERATION_WAIT] = perform_wait,
	[OPERATION_SWEEP] = perform_sweep,
	[OPERATION_OPEN] = open_flow,
	[OPERATION_SEND] = send_packet,
	[OPERATION_END] = end_flow,
	[OPERATION_BLIND] = send_blind,
};

static void begin(struct world *world, const struct sequence *sequence)
{
	world->result = (struct world_result){.is_kept = true};
	world->now_s = sequence->start_s;
	world->intent = intent_initial();
	deployment_begin(&world->deployment, sequence->start_s);
	model_init(&world->model, SEQUENCE_IDLE_TIMEOUT_S, world->is_cramped);
	for (size_t i = 0; i < INTENT_VIPS; i++)
		write_vip(world, i);
	commit(world);
}

/* Once nobody sends any more, nothing is to be remembered, and no memory to be held. */
static void end(struct world *world)
{
	const struct publish *publish = world->deployment.harness.publish;
	const struct image *image = publish_image(publish);
	uint64_t flows, flows_size, slots = 0;
	struct room_fill fill;

	wait_for(world, SEQUENCE_IDLE_TIMEOUT_S + 1);
	deployment_sweep(&world->deployment);
	deployment_sweep(&world->deployment);
	deployment_reclaim(&world->deployment);
	for (size_t i = 0; i < image->vip_count; i++) {
		slots += 1u << image->vips[i]->ring->bits;
		if (image->vips[i]->tracking == TRACKING_CHANGES &&
		    flows_vip(publish_flows(publish), i).tracked_slots)
			refute(world, "slots of %s stay tracked", image->vips[i]->name);
	}
	flows_fill(publish_flows(publish), &flows, &flows_size);
	fill = publish_fill(publish);
	if (flows)
		refute(world, "%" PRIu64 " flows stay in the table", flows);
	if (fill.slots_used != slots || fill.slots_waiting || fill.vips_used != image->vip_count)
		refute(world,
		       "%u slots and %u VIPs are in use, of which %" PRIu64 " and %zu should",
		       fill.slots_used, fill.vips_used, slots, image->vip_count);
}

static void tell_operation(const struct world *world, const struct operation *operation)
{
	char text[OPERATION_TEXT_BYTES];

	if (world->trace)
		tell(world, "  %6u s  %s", world->now_s, operation_format(operation, text));
}

struct world_result world_perform(struct world *world, const struct sequence *sequence, FILE *trace)
{
	world->trace = trace;
	begin(world, sequence);
	for (size_t i = 0; i < sequence->count && world->result.is_kept; i++) {
		const struct operation *operation = &sequence->operations[i];

		tell_operation(world, operation);
		performers[operation->kind](world, operation);
		tell(world, "\n");
		world->result.done++;
	}
	if (world->result.is_kept)
		end(world);
	return world->result;
}
