/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_tracking [--json] [--flows N]
 *
 * What a change costs the flow table. For each kind of change, connections are made to one VIP
 * while nothing is tracked, the change is published, and each connection sends one packet more:
 * how many had to be recorded, beside the share of slots that the change moved; and how many lost
 * their backend, which must be none. Everything goes through the real plan, the real publishing
 * and the real program. One thread, for a data plane that is attached nowhere.
 */
#include "deployment.h"

#include "address.h"

#include <getopt.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define FLOWS	       100000
#define FLOWS_MAX      1000000
#define BACKENDS       64
#define WEIGHT	       10
#define RING_SLOTS     65536
#define FLOW_ENTRIES   (4u << 20) /* so many that their number is no bound */
#define PORTS	       50000	  /* of one client address */
#define FIRST_PORT     10000
#define MTU	       1500
#define IDLE_TIMEOUT_S 600

/* What the VIP is to be; the first backend differs from the others. */
struct shape {
	unsigned backends;
	uint32_t ring_slots;
	uint32_t first_weight;
	const char *first_state;
};

static const struct shape usual = {BACKENDS, RING_SLOTS, WEIGHT, "active"};

#define CHANGES_MAX 2

/* One change after the other, with a packet of each flow after each. */
struct bench_case {
	const char *name, *title;
	struct shape changes[CHANGES_MAX];
	size_t change_count;
};

static const struct bench_case cases[] = {
	{"add", "add one", {{BACKENDS + 1, RING_SLOTS, WEIGHT, "active"}}, 1},
	{"drain", "drain one", {{BACKENDS, RING_SLOTS, WEIGHT, "drain"}}, 1},
	{"weight", "weight of one +10%", {{BACKENDS, RING_SLOTS, WEIGHT * 11 / 10, "active"}}, 1},
	{"drain-undrain",
	 "drain one, and undrain it",
	 {{BACKENDS, RING_SLOTS, WEIGHT, "drain"}, {BACKENDS, RING_SLOTS, WEIGHT, "active"}},
	 2},
	{"resize", "ring twice as large", {{BACKENDS, 2 * RING_SLOTS, WEIGHT, "active"}}, 1},
};

struct bench {
	struct deployment deployment;
	struct frame opening, ordinary;
	uint16_t *backends; /* of each flow: the last two bytes of its address */
	uint32_t flow_count;
	bool json;
};

/* What a case came to. */
struct cost {
	double moved; /* share of slots, by each change */
	uint64_t recorded;
	uint64_t broken;
};

static void __attribute__((noreturn)) give_up(const char *what)
{
	fprintf(stderr, "bench_tracking: %s\n", what);
	exit(EXIT_FAILURE);
}

/* ---- the VIP ---- */

static const struct resolution *find_next_hop(const void *context,
					      const struct carom_address *destination)
{
	static const struct resolution next_hop = {
		.hop = {.resolved = true, .interface = HARNESS_INGRESS, .mtu = MTU},
	};

	(void)context;
	(void)destination;
	return &next_hop;
}

static json_t *backends_of(const struct shape *shape)
{
	json_t *backends = json_object();
	char name[16], address[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < shape->backends; i++) {
		snprintf(name, sizeof(name), "b%u", i);
		snprintf(address, sizeof(address), "10.0.1.%u", i + 1);
		json_object_set_new(backends, name,
				    json_pack("{s:s, s:i, s:s}", "address", address, "weight",
					      i ? WEIGHT : (int)shape->first_weight, "state",
					      i ? "active" : shape->first_state));
	}
	return backends;
}

static struct config_vip *vip_of(const struct shape *shape)
{
	struct error_list errors = {0};
	json_t *json = json_pack("{s:s, s:i, s:s, s:i, s:o}", "address", "192.0.2.1", "port", 80,
				 "protocol", "tcp", "ring_slots", (int)shape->ring_slots,
				 "backends", backends_of(shape));
	struct config_vip *vip = config_vip_from_json(json, "web", "", &errors);

	if (!vip)
		give_up(errors.count ? errors.items[0].message : "out of memory");
	json_decref(json);
	error_list_done(&errors);
	return vip;
}

static void publish_shape(struct bench *bench, const struct shape *shape)
{
	deployment_put_vip(&bench->deployment, vip_of(shape));
	deployment_commit(&bench->deployment);
	deployment_reclaim(&bench->deployment);
}

/* ---- flows ---- */

static struct frame make_frame(uint8_t tcp_flags)
{
	return packet_build(&(struct packet){
		.source = "10.64.0.0",
		.destination = "192.0.2.1",
		.destination_port = 80,
		.tcp_flags = tcp_flags,
	});
}

/* The backend, as the last two bytes of the outer destination. */
static uint16_t send_packet(const struct bench *bench, const struct frame *pattern, uint32_t flow)
{
	struct frame frame = *pattern, outer;

	frame_write16(&frame, AT_IPV4_SOURCE + 2, (uint16_t)(flow / PORTS));
	frame_write16(&frame, AT_IP + IPV4_BYTES, (uint16_t)(FIRST_PORT + flow % PORTS));
	frame_sum_ipv4(&frame);
	if (harness_run_program(bench->deployment.harness.program, &frame, &outer) != XDP_TX)
		give_up("a packet was not forwarded");
	return frame_read16(&outer, AT_IPV4_DESTINATION + 2);
}

static void establish(struct bench *bench)
{
	for (uint32_t i = 0; i < bench->flow_count; i++) {
		bench->backends[i] = send_packet(bench, &bench->opening, i);
		if (send_packet(bench, &bench->ordinary, i) != bench->backends[i])
			give_up("a flow left its backend without any change");
	}
}

static uint64_t count_broken(struct bench *bench)
{
	uint64_t broken = 0;

	for (uint32_t i = 0; i < bench->flow_count; i++)
		broken += send_packet(bench, &bench->ordinary, i) != bench->backends[i];
	return broken;
}

/* ---- costs ---- */

static struct image_ring *ring_of(const struct bench *bench)
{
	return publish_image(bench->deployment.harness.publish)->vips[0]->ring;
}

static double share_moved(const struct image_ring *before, const struct image_ring *after)
{
	size_t count = (size_t)1 << after->bits, moved = 0;

	for (size_t i = 0; i < count; i++)
		moved += after->slots[i] != before->slots[i >> (after->bits - before->bits)];
	return (double)moved / (double)count;
}

static struct cost measure(struct bench *bench, const struct bench_case *bench_case)
{
	struct cost cost = {0};

	deployment_begin(&bench->deployment, 1);
	publish_shape(bench, &usual);
	establish(bench);
	for (size_t i = 0; i < bench_case->change_count; i++) {
		struct image_ring *before = image_ring_ref(ring_of(bench));

		publish_shape(bench, &bench_case->changes[i]);
		cost.moved += share_moved(before, ring_of(bench));
		cost.broken += count_broken(bench);
		image_ring_unref(before);
	}
	cost.recorded = flows_recorder(publish_flows(bench->deployment.harness.publish)).recorded;
	return cost;
}

static void print_text(const struct bench *bench, const struct bench_case *bench_case,
		       const struct cost *cost)
{
	double share = (double)cost->recorded / bench->flow_count;

	printf("%-26s %9.2f%% %10" PRIu64 " %8.2f%% %12.2f %8" PRIu64 "\n", bench_case->title,
	       100 * cost->moved, cost->recorded, 100 * share, share * sizeof(struct carom_flow),
	       cost->broken);
}

static void print_json(const struct bench *bench, const struct bench_case *bench_case,
		       const struct cost *cost, bool is_first)
{
	printf("%s\n  {\"change\": \"%s\", \"slots_moved\": %.6f, \"flows\": %" PRIu32
	       ", \"flows_recorder\": %" PRIu64 ", \"bytes_per_flow\": %.4f"
	       ", \"flows_broken\": %" PRIu64 "}",
	       is_first ? "" : ",", bench_case->name, cost->moved, bench->flow_count,
	       cost->recorded,
	       (double)cost->recorded * sizeof(struct carom_flow) / bench->flow_count,
	       cost->broken);
}

static void print_heading(const struct bench *bench)
{
	if (bench->json) {
		printf("[");
		return;
	}
	printf("%" PRIu32 " connections to one VIP of %d backends and %d slots\n\n",
	       bench->flow_count, BACKENDS, RING_SLOTS);
	printf("%-26s %10s %10s %9s %12s %8s\n", "", "slots", "flows", "of all", "bytes a",
	       "flows");
	printf("%-26s %10s %10s %9s %12s %8s\n", "change", "moved", "recorded", "flows",
	       "connection", "broken");
}

/* Returns how many flows lost their backend. */
static uint64_t run(struct bench *bench)
{
	uint64_t broken = 0;

	print_heading(bench);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cost cost = measure(bench, &cases[i]);

		broken += cost.broken;
		if (bench->json)
			print_json(bench, &cases[i], &cost, i == 0);
		else
			print_text(bench, &cases[i], &cost);
	}
	if (bench->json)
		printf("\n]\n");
	return broken;
}

static uint32_t parse_flows(const char *text)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (end == text || *end || number < 1 || number > FLOWS_MAX)
		give_up("--flows is a number from 1 to 1000000");
	return (uint32_t)number;
}

static void parse_options(int count, char **arguments, struct bench *bench)
{
	static const struct option known[] = {
		{"json", no_argument, NULL, 'j'},
		{"flows", required_argument, NULL, 'f'},
		{0},
	};
	int option;

	while ((option = getopt_long(count, arguments, "", known, NULL)) != -1) {
		switch (option) {
		case 'j': bench->json = true; break;
		case 'f': bench->flow_count = parse_flows(optarg); break;
		default: exit(EXIT_FAILURE);
		}
	}
}

int main(int count, char **arguments)
{
	static const struct dataplane_limits limits = {
		.vips = 4,
		.backends = 4 * BACKENDS,
		.slots = 8 * RING_SLOTS,
		.flows = FLOW_ENTRIES,
		.flow_inserts_per_s = FLOWS_MAX,
		.flow_idle_timeout_s = IDLE_TIMEOUT_S,
	};
	struct bench bench = {.flow_count = FLOWS};
	uint64_t broken;

	parse_options(count, arguments, &bench);
	bench.backends = calloc(bench.flow_count, sizeof(bench.backends[0]));
	if (!bench.backends)
		give_up("out of memory");
	bench.deployment = deployment_open(&limits, find_next_hop, NULL);
	bench.opening = make_frame(TCP_SYN);
	bench.ordinary = make_frame(TCP_ACK);
	broken = run(&bench);
	deployment_close(&bench.deployment);
	free(bench.backends);
	return broken ? EXIT_FAILURE : EXIT_SUCCESS;
}
