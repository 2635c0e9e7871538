/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nanoseconds a packet, by the number of flows and VIPs.
 *
 * A round runs the floor, the balancer and, for comparison, a constant encapsulation, one after the
 * other, so that whatever disturbs the machine disturbs all three; what is quoted is the balancer's
 * (or the encapsulation's) time less the floor's, by the minimum and by the median of all rounds.
 * See bench.bpf.c for what a run does. One thread, pinned to one CPU.
 */
#include "abi.h"
#include "bench.h"
#include "bench.skel.h"
#include "capture.h"
#include "harness.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <getopt.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ROUNDS		1001
#define ROUNDS_MAX	10000
#define PACKETS		(1 << 16) /* a subject a round */
#define PAYLOAD_BYTES	64
#define SNAP_BYTES	128 /* all of the frame */
#define MAPS_MAX	32
#define VIPS_MAX	4096
#define SLOTS_MAX	(VIPS_MAX << 12)
#define BACKENDS	10 /* of a VIP; with more than 40 its ring outgrows 4,096 slots */
#define BACKENDS_MAX	65536
#define VIP_ADDRESS	0x0a400000 /* 10.64.0.0; in IPv6 the last word */
#define NO_VIP_ADDRESS	0x0a500000
#define BACKEND_ADDRESS 0x0a800000
#define TEXT_BYTES	INET6_ADDRSTRLEN
#define FLOWS_MAX	(4u << 20) /* of the table: four times as many as there are flows */

enum subject { SUBJECT_FLOOR, SUBJECT_BALANCER, SUBJECT_ENCAPSULATION, SUBJECT_COUNT };

/* Of drops there are none: packets are watched, and not copied. */
enum capturing { NOTHING, DROPS, EVERYTHING };

struct bench_case {
	const char *name;
	bool ipv6;
	uint8_t protocol;
	bool passes; /* the packets are for no VIP */
	enum subject quoted;
	bool tracked;	  /* a change has moved the slots, and flows stay where they were */
	bool records_all; /* every flow is recorded, change or not */
	enum capturing capturing;
};

static const struct bench_case cases[] = {
	{"tcp4", false, IPPROTO_TCP, false, SUBJECT_BALANCER, false, false, NOTHING},
	{"tcp6", true, IPPROTO_TCP, false, SUBJECT_BALANCER, false, false, NOTHING},
	{"udp4", false, IPPROTO_UDP, false, SUBJECT_BALANCER, false, false, NOTHING},
	{"udp6", true, IPPROTO_UDP, false, SUBJECT_BALANCER, false, false, NOTHING},
	{"pass4", false, IPPROTO_TCP, true, SUBJECT_BALANCER, false, false, NOTHING},
	{"pass6", true, IPPROTO_TCP, true, SUBJECT_BALANCER, false, false, NOTHING},
	{"encap4", false, IPPROTO_TCP, false, SUBJECT_ENCAPSULATION, false, false, NOTHING},
	{"tracked4", false, IPPROTO_TCP, false, SUBJECT_BALANCER, true, false, NOTHING},
	{"always4", false, IPPROTO_TCP, false, SUBJECT_BALANCER, false, true, NOTHING},
	{"watched4", false, IPPROTO_TCP, false, SUBJECT_BALANCER, false, false, DROPS},
	{"captured4", false, IPPROTO_TCP, false, SUBJECT_BALANCER, false, false, EVERYTHING},
};

static const uint32_t flow_counts[] = {1, 1 << 10, 1 << 16, 1 << 20};
static const uint32_t vip_counts[] = {1, 64, 100, VIPS_MAX};

struct options {
	bool json;
	size_t rounds;
	uint32_t flows;	   /* 0: all */
	uint32_t vips;	   /* 0: all */
	uint32_t backends; /* of a VIP */
	char *const *names;
	size_t name_count; /* 0: all cases */
};

static void __attribute__((noreturn)) give_up(const char *what)
{
	fprintf(stderr, "bench_datapath: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* ---- the bench's programs, on the harness's maps ---- */

/* The map of this program that has this name, or that ends with it. */
static int find_map(int program, const char *name)
{
	uint32_t ids[MAPS_MAX], length;
	struct bpf_prog_info information = {.map_ids = (uintptr_t)ids, .nr_map_ids = MAPS_MAX};

	length = sizeof(information);
	if (bpf_obj_get_info_by_fd(program, &information, &length))
		give_up("the balancer's maps");
	for (uint32_t i = 0; i < information.nr_map_ids && i < MAPS_MAX; i++) {
		struct bpf_map_info map = {0};
		int descriptor = bpf_map_get_fd_by_id(ids[i]);
		size_t name_length;

		length = sizeof(map);
		if (descriptor < 0 || bpf_obj_get_info_by_fd(descriptor, &map, &length))
			give_up("a map of the balancer's");
		name_length = strlen(map.name);
		if (name_length >= strlen(name) &&
		    strcmp(map.name + name_length - strlen(name), name) == 0)
			return descriptor;
		close(descriptor);
	}
	return -1;
}

/* The settings are the only read-only data that the balancer has; the bench has more. */
static void copy_settings(struct bench_bpf *skeleton, int program)
{
	uint32_t key = 0;
	int map = find_map(program, ".rodata");

	if (map < 0 || bpf_map_lookup_elem(map, &key, (void *)&skeleton->rodata->settings))
		give_up("the balancer's settings");
	close(map);
}

static struct bench_bpf *open_bench(const struct harness *harness)
{
	struct bench_bpf *skeleton = bench_bpf__open();
	struct bpf_map *map;

	if (!skeleton)
		give_up("the bench's programs");
	copy_settings(skeleton, harness->program);
	bpf_program__set_autoload(skeleton->progs.carom_balancer, false);
	bpf_object__for_each_map(map, skeleton->obj)
	{
		int shared = find_map(harness->program, bpf_map__name(map));

		if (shared < 0)
			continue;
		if (bpf_map__reuse_fd(map, shared))
			give_up(bpf_map__name(map));
		close(shared);
	}
	if (bench_bpf__load(skeleton))
		give_up("loading the bench's programs");
	return skeleton;
}

static int program_of(const struct bench_bpf *skeleton, enum subject subject, bool ipv6)
{
	const struct bpf_program *const programs[SUBJECT_COUNT][2] = {
		[SUBJECT_FLOOR] = {skeleton->progs.bench_floor4, skeleton->progs.bench_floor6},
		[SUBJECT_BALANCER] = {skeleton->progs.bench_balancer4,
				      skeleton->progs.bench_balancer6},
		[SUBJECT_ENCAPSULATION] = {skeleton->progs.bench_encapsulation4,
					   skeleton->progs.bench_encapsulation6},
	};

	return bpf_program__fd(programs[subject][ipv6]);
}

/* ---- the VIPs ---- */

struct world {
	struct vip *vips;
	struct backend *backends;
	char (*vip_texts)[TEXT_BYTES];
	char (*backend_texts)[TEXT_BYTES];
};

static void *taken(size_t count, size_t bytes)
{
	void *memory = calloc(count, bytes);

	if (!memory)
		give_up("memory");
	return memory;
}

static void write_address(bool ipv6, uint32_t number, char ret_text[TEXT_BYTES])
{
	struct in6_addr address = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8}};
	uint32_t word = htonl(number);

	memcpy(&address.s6_addr[12], &word, sizeof(word));
	inet_ntop(ipv6 ? AF_INET6 : AF_INET, ipv6 ? (void *)&address : (void *)&word, ret_text,
		  TEXT_BYTES);
}

static struct world make_world(const struct bench_case *bench_case, uint32_t vip_count,
			       uint32_t backends_per_vip)
{
	size_t backend_count = (size_t)vip_count * backends_per_vip;
	struct world world = {
		.vips = taken(vip_count, sizeof(world.vips[0])),
		.backends = taken(backend_count, sizeof(world.backends[0])),
		.vip_texts = taken(vip_count, sizeof(world.vip_texts[0])),
		.backend_texts = taken(backend_count, sizeof(world.backend_texts[0])),
	};

	for (size_t i = 0; i < backend_count; i++) {
		write_address(bench_case->ipv6, (uint32_t)(BACKEND_ADDRESS + i),
			      world.backend_texts[i]);
		world.backends[i] =
			(struct backend){.address = world.backend_texts[i], .weight = 1};
	}
	for (uint32_t i = 0; i < vip_count; i++) {
		write_address(bench_case->ipv6, VIP_ADDRESS + i, world.vip_texts[i]);
		world.vips[i] = (struct vip){
			.address = world.vip_texts[i],
			.port = 80,
			.protocol = bench_case->protocol,
			.ring_bits = carom_ring_bits(backends_per_vip),
			.backends = &world.backends[(size_t)i * backends_per_vip],
			.backend_count = backends_per_vip,
			.tracked = bench_case->tracked,
			.records_all = bench_case->records_all,
		};
	}
	return world;
}

/* Every slot was the first backend's: all but its own are tracked after the change. */
static void publish_former(struct harness *harness, const struct world *world, uint32_t vip_count)
{
	uint16_t *slots = taken((size_t)1 << CAROM_RING_BITS_MAX, sizeof(slots[0]));
	struct vip *former = taken(vip_count, sizeof(former[0]));

	for (uint32_t i = 0; i < vip_count; i++) {
		former[i] = world->vips[i];
		former[i].slots = slots;
	}
	harness_publish(harness, former, vip_count);
	free(former);
	free(slots);
}

static void publish_world(struct harness *harness, const struct bench_case *bench_case,
			  uint32_t vip_count, uint32_t backends_per_vip)
{
	struct world world = make_world(bench_case, vip_count, backends_per_vip);

	if (bench_case->tracked)
		publish_former(harness, &world, vip_count);
	harness_publish(harness, world.vips, vip_count);
	free(world.vips);
	free(world.backends);
	free(world.vip_texts);
	free(world.backend_texts);
}

/* ---- measuring ---- */

struct measurement {
	const struct bench_case *bench_case;
	struct frame frame;
	struct publish *publish;
	struct capture *capture;
	int programs[SUBJECT_COUNT];
};

static void start_capture(struct capture *capture, enum capturing capturing)
{
	uint32_t verdict = capturing == DROPS ? CAROM_REASON_NO_BACKEND : CAROM_VERDICT_TX;

	if (capturing != NOTHING)
		capture_start(capture, &(struct capture_order){1ull << verdict, 0, SNAP_BYTES});
}

static bool take_all(void *context, const struct capture_packet *packet)
{
	(void)context, (void)packet;
	return true;
}

/* A new second, in which a CPU may copy again, and room in the ring. */
static void renew_capture(const struct measurement *measurement)
{
	flows_set_clock(publish_flows(measurement->publish),
			flows_clock(publish_flows(measurement->publish)) + 1);
	capture_read(measurement->capture, BENCH_PACKETS_PER_RUN, take_all, NULL);
}

/* Returns nanoseconds a packet. */
static double run_packets(const struct measurement *measurement, enum subject subject)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = measurement->frame.bytes,
		    .data_size_in = (uint32_t)measurement->frame.length);
	bool passes = measurement->bench_case->passes && subject == SUBJECT_BALANCER;

	if (measurement->bench_case->capturing == EVERYTHING)
		renew_capture(measurement);
	if (bpf_prog_test_run_opts(measurement->programs[subject], &options))
		give_up("BPF_PROG_TEST_RUN");
	if (options.retval != (passes ? XDP_PASS : XDP_TX)) {
		fprintf(stderr, "bench_datapath: %s: XDP action %u\n",
			measurement->bench_case->name, options.retval);
		exit(EXIT_FAILURE);
	}
	return (double)options.duration / BENCH_PACKETS_PER_RUN;
}

static struct frame client_frame(const struct bench_case *bench_case)
{
	return packet_build(&(struct packet){
		.destination = bench_case->ipv6 ? "2001:db8::" : "192.0.2.1",
		.source = bench_case->ipv6 ? "2001:db8:c::" : "198.51.0.0",
		.protocol = bench_case->protocol,
		.tcp_flags = TCP_ACK,
		.payload_bytes = PAYLOAD_BYTES,
	});
}

static int compare_times(const void *left, const void *right)
{
	double difference = *(const double *)left - *(const double *)right;

	return (difference > 0) - (difference < 0);
}

struct result {
	double floor_median;
	double own_min;
	double own_median;
};

static struct result measure(const struct measurement *measurement, size_t rounds)
{
	enum subject quoted = measurement->bench_case->quoted;
	double *times[SUBJECT_COUNT];
	struct result result;

	for (size_t subject = 0; subject < SUBJECT_COUNT; subject++)
		times[subject] = taken(rounds, sizeof(times[subject][0]));
	for (size_t round = 0; round < rounds; round++) {
		for (enum subject subject = 0; subject < SUBJECT_COUNT; subject++)
			times[subject][round] = run_packets(measurement, subject);
	}
	for (size_t subject = 0; subject < SUBJECT_COUNT; subject++)
		qsort(times[subject], rounds, sizeof(times[subject][0]), compare_times);
	result.floor_median = times[SUBJECT_FLOOR][rounds / 2];
	result.own_min = times[quoted][0] - times[SUBJECT_FLOOR][0];
	result.own_median = times[quoted][rounds / 2] - result.floor_median;
	for (size_t subject = 0; subject < SUBJECT_COUNT; subject++)
		free(times[subject]);
	return result;
}

/* ---- the table ---- */

struct report {
	bool json;
	size_t row_count; /* printed so far */
};

struct row {
	const char *name;
	uint32_t flows;
	uint32_t vips;
	struct result result;
};

static void print_json(const struct report *report, const struct row *row)
{
	printf("%s\n  {\"case\": \"%s\", \"flows\": %u, \"vips\": %u, \"floor_ns\": %.1f, "
	       "\"own_ns_min\": %.1f, \"own_ns_median\": %.1f}",
	       report->row_count ? "," : "[", row->name, row->flows, row->vips,
	       row->result.floor_median, row->result.own_min, row->result.own_median);
}

static void print_text(const struct report *report, const struct row *row)
{
	if (report->row_count == 0)
		printf("%-8s%9s%8s%12s%12s%15s\n", "case", "flows", "vips", "floor_ns",
		       "own_ns_min", "own_ns_median");
	printf("%-8s%9u%8u%12.1f%12.1f%15.1f\n", row->name, row->flows, row->vips,
	       row->result.floor_median, row->result.own_min, row->result.own_median);
}

static void print_row(struct report *report, const struct row *row)
{
	if (report->json)
		print_json(report, row);
	else
		print_text(report, row);
	report->row_count++;
	fflush(stdout);
}

struct bench {
	const struct options *options;
	struct harness *harness;
	struct bench_bpf *skeleton;
	struct capture *capture;
	struct report report;
};

static void measure_flows(struct bench *bench, const struct bench_case *bench_case, uint32_t flows,
			  uint32_t vips)
{
	struct measurement measurement = {
		.bench_case = bench_case,
		.frame = client_frame(bench_case),
		.publish = bench->harness->publish,
		.capture = bench->capture,
	};
	struct row row = {.name = bench_case->name, .flows = flows, .vips = vips};

	for (enum subject subject = 0; subject < SUBJECT_COUNT; subject++)
		measurement.programs[subject] =
			program_of(bench->skeleton, subject, bench_case->ipv6);
	bench->skeleton->bss->bench = (struct bench_settings){
		.flow_mask = flows - 1,
		.destination = bench_case->passes ? NO_VIP_ADDRESS : VIP_ADDRESS,
		.destination_count = vips,
	};
	start_capture(bench->capture, bench_case->capturing);
	/* Every flow once, unmeasured: pages and caches are as they will be. */
	for (uint32_t flow = 0; flow < flows; flow += BENCH_PACKETS_PER_RUN)
		run_packets(&measurement, SUBJECT_BALANCER);
	row.result = measure(&measurement, bench->options->rounds);
	capture_stop(bench->capture);
	print_row(&bench->report, &row);
}

static void measure_vips(struct bench *bench, const struct bench_case *bench_case, uint32_t vips)
{
	uint32_t only = bench->options->flows;

	publish_world(bench->harness, bench_case, vips, bench->options->backends);
	for (size_t i = 0; i < COUNT(flow_counts); i++) {
		if (!only || only == flow_counts[i])
			measure_flows(bench, bench_case, flow_counts[i], vips);
	}
}

static void measure_case(struct bench *bench, const struct bench_case *bench_case)
{
	uint32_t only = bench->options->vips;

	for (size_t i = 0; i < COUNT(vip_counts); i++) {
		if (!only || only == vip_counts[i])
			measure_vips(bench, bench_case, vip_counts[i]);
	}
}

static bool is_wanted(const struct options *options, const struct bench_case *bench_case)
{
	for (size_t i = 0; i < options->name_count; i++) {
		if (strcmp(options->names[i], bench_case->name) == 0)
			return true;
	}
	return options->name_count == 0;
}

static void measure_all(struct bench *bench)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (is_wanted(bench->options, &cases[i]))
			measure_case(bench, &cases[i]);
	}
	if (bench->report.json)
		puts("\n]");
}

/* ---- the command line ---- */

static void __attribute__((noreturn)) usage(void)
{
	fputs("usage: bench_datapath [--json] [--rounds N] [--flows N] [--vips N] [--backends N]\n"
	      "       [CASE…]\ncases:",
	      stderr);
	for (size_t i = 0; i < COUNT(cases); i++)
		fprintf(stderr, " %s", cases[i].name);
	fputs("\nflows: 1, 1024, 65536, 1048576; VIPs: 1, 64, 100, 4096; default: all\n", stderr);
	exit(EXIT_FAILURE);
}

static uint32_t parse_number(const char *text, uint32_t highest)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*end || !number || number > highest)
		usage();
	return (uint32_t)number;
}

static bool is_listed(uint32_t number, const uint32_t *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i] == number)
			return true;
	}
	return number == 0;
}

static void check_options(const struct options *options)
{
	bool known;

	if (!is_listed(options->flows, flow_counts, COUNT(flow_counts)) ||
	    !is_listed(options->vips, vip_counts, COUNT(vip_counts)))
		usage();
	for (size_t i = 0; i < options->name_count; i++) {
		known = false;
		for (size_t j = 0; j < COUNT(cases); j++)
			known |= strcmp(options->names[i], cases[j].name) == 0;
		if (!known)
			usage();
	}
}

static struct options parse_options(int argument_count, char **arguments)
{
	static const struct option known[] = {
		{"json", no_argument, NULL, 'j'},
		{"rounds", required_argument, NULL, 'r'},
		{"flows", required_argument, NULL, 'f'},
		{"vips", required_argument, NULL, 'v'},
		{"backends", required_argument, NULL, 'b'},
		{NULL, 0, NULL, 0},
	};
	struct options options = {.rounds = ROUNDS, .backends = BACKENDS};
	int option;

	while ((option = getopt_long(argument_count, arguments, "", known, NULL)) >= 0) {
		if (option == 'j')
			options.json = true;
		else if (option == 'r')
			options.rounds = parse_number(optarg, ROUNDS_MAX);
		else if (option == 'f')
			options.flows = parse_number(optarg, UINT32_MAX);
		else if (option == 'v')
			options.vips = parse_number(optarg, UINT32_MAX);
		else if (option == 'b')
			options.backends = parse_number(optarg, CAROM_BACKENDS_PER_VIP_MAX);
		else
			usage();
	}
	options.names = arguments + optind;
	options.name_count = (size_t)(argument_count - optind);
	check_options(&options);
	return options;
}

/* The last CPU that may be used: the first is where most interrupts go. */
static void pin(void)
{
	cpu_set_t allowed, one;
	int last = 0;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		give_up("sched_getaffinity");
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		last = CPU_ISSET(cpu, &allowed) ? cpu : last;
	CPU_ZERO(&one);
	CPU_SET(last, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		give_up("sched_setaffinity");
}

int main(int argument_count, char **arguments)
{
	struct options options = parse_options(argument_count, arguments);
	struct harness harness = harness_open(&(struct harness_options){
		.limits = {.vips = VIPS_MAX,
			   .backends = BACKENDS_MAX,
			   .slots = SLOTS_MAX,
			   .flows = FLOWS_MAX,
			   .flow_inserts_per_s = UINT32_MAX,
			   .flow_idle_timeout_s = CAROM_FLOW_IDLE_MAX_S},
		.hash_key = {0x0123456789abcdef, 0xfedcba9876543210},
	});
	struct bench bench = {
		.options = &options,
		.harness = &harness,
		.skeleton = open_bench(&harness),
		.capture = capture_new(harness.dataplane, NULL),
		.report = {.json = options.json},
	};

	if (!bench.capture)
		give_up("the ring of captured packets");
	pin();
	measure_all(&bench);
	capture_free(bench.capture);
	bench_bpf__destroy(bench.skeleton);
	harness_close(&harness);
	return EXIT_SUCCESS;
}
