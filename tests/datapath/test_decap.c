/* SPDX-License-Identifier: BSD-2-Clause */
/* The backend's side, packet by packet: what is unwrapped, and what is not, and why. */
#include "check.h"
#include "decap.skel.h"

#include "address.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define BALANCER4  "10.255.3.4"
#define BALANCER6  "fd00:255::3"
#define HERE4	   "10.0.0.1"
#define HERE6	   "fd00::1"
#define STRANGER4  "10.254.255.255"
#define STRANGER6  "fd00:256::1"
#define NO_RESULT  CAROM_DECAP_REASON_COUNT /* not counted at all */
#define IPV4_BITS  96			    /* of an IPv4-mapped address, before the IPv4 one */
#define NOT_ECT	   0
#define ECT_1	   1
#define ECT_0	   2
#define CE	   3
#define DSCP_CLASS 0xb8

static void allow(const struct decap_bpf *skeleton, const char *address, uint32_t bits)
{
	struct carom_decap_prefix prefix = {.bits = bits, .address = address_of(address)};
	uint32_t value = 1;

	if (bpf_map_update_elem(bpf_map__fd(skeleton->maps.allowed), &prefix, &value, BPF_ANY)) {
		fprintf(stderr, "cannot allow '%s': %s\n", address, strerror(errno));
		exit(EXIT_FAILURE);
	}
}

/* Two prefixes of each family, one of them a single address. */
static struct decap_bpf *open_decap(void)
{
	struct decap_bpf *skeleton = decap_bpf__open_and_load();

	if (!skeleton) {
		fprintf(stderr, "cannot load the decapsulator: %s\n", strerror(errno));
		exit(EXIT_FAILURE);
	}
	allow(skeleton, "10.255.0.0", IPV4_BITS + 16);
	allow(skeleton, "192.0.2.77", IPV4_BITS + 32);
	allow(skeleton, "fd00:255::", 32);
	allow(skeleton, "2001:db8::77", 128);
	return skeleton;
}

/* ---- one frame in, one judged ---- */

struct result {
	uint32_t action;
	struct frame frame;
	uint64_t counted[CAROM_DECAP_REASON_COUNT];
};

static uint64_t read_result(const struct decap_bpf *skeleton, uint32_t reason)
{
	int cpu_count = libbpf_num_possible_cpus();
	uint64_t *values = calloc((size_t)cpu_count, sizeof(values[0])), sum = 0;

	if (values &&
	    bpf_map_lookup_elem(bpf_map__fd(skeleton->maps.results), &reason, values) == 0)
		for (int cpu = 0; cpu < cpu_count; cpu++)
			sum += values[cpu];
	else
		fail_msg("cannot read the counter %u", reason);
	free(values);
	return sum;
}

static struct result run(const struct decap_bpf *skeleton, const struct frame *frame)
{
	uint64_t before[CAROM_DECAP_REASON_COUNT];
	struct result result;

	for (uint32_t i = 0; i < CAROM_DECAP_REASON_COUNT; i++)
		before[i] = read_result(skeleton, i);
	result.action = harness_run_program(bpf_program__fd(skeleton->progs.carom_decap), frame,
					    &result.frame);
	for (uint32_t i = 0; i < CAROM_DECAP_REASON_COUNT; i++)
		result.counted[i] = read_result(skeleton, i) - before[i];
	return result;
}

static uint32_t reason_action(enum carom_decap_reason reason)
{
	static const uint32_t actions[] = {
#define REASON_ACTION(name, number, label, action, help) XDP_##action,
		CAROM_DECAP_REASONS(REASON_ACTION)
#undef REASON_ACTION
			XDP_PASS, /* NO_RESULT */
	};

	return actions[reason];
}

static void check_result(const struct result *result, const struct frame *expected,
			 enum carom_decap_reason reason)
{
	static const char *const labels[] = {
#define REASON_LABEL(name, number, label, action, help) label,
		CAROM_DECAP_REASONS(REASON_LABEL)
#undef REASON_LABEL
	};

	for (unsigned i = 0; i < CAROM_DECAP_REASON_COUNT; i++) {
		if (result->counted[i] != (i == reason))
			fail_msg("a frame of %zu bytes: counted %llu %s, expected %d",
				 expected->length, (unsigned long long)result->counted[i],
				 labels[i], i == reason);
	}
	check_action(expected, result->action, reason_action(reason));
	check_frame(&result->frame, expected);
}

/* The frame stays as it is. */
static void check_kept(const struct decap_bpf *skeleton, const struct frame *frame,
		       enum carom_decap_reason reason)
{
	struct result result = run(skeleton, frame);

	check_result(&result, frame, reason);
}

/* The Ethernet addresses are those of the outer frame. */
static void check_unwrapped(const struct decap_bpf *skeleton, const struct frame *outer,
			    const struct frame *inner)
{
	struct result result = run(skeleton, outer);
	struct frame expected = *inner;

	memcpy(expected.bytes, outer->bytes, AT_ETHERTYPE);
	check_result(&result, &expected, CAROM_DECAP_DECAPSULATED);
}

/* ---- packets in tunnels ---- */

static struct frame inner_packet(bool ipv6, uint8_t traffic_class)
{
	return packet_build(&(struct packet){
		.destination = ipv6 ? "2001:db8::80" : "198.51.100.80",
		.source_port = 40000,
		.destination_port = 80,
		.traffic_class = traffic_class,
		.payload_bytes = 30,
	});
}

static struct tunnel tunnel_from(const char *source, uint8_t traffic_class)
{
	struct carom_address address = address_of(source);

	return (struct tunnel){
		.source = address,
		.destination = address_of(address_is_ipv4(&address) ? HERE4 : HERE6),
		.source_mac = {0x02, 1, 2, 3, 4, 5},
		.destination_mac = {0x02, 5, 4, 3, 2, 1},
		.traffic_class = traffic_class,
		.flow_label = 0x12345,
	};
}

static struct frame wrap_from(const struct frame *inner, const char *source, uint8_t traffic_class)
{
	struct tunnel tunnel = tunnel_from(source, traffic_class);

	return packet_wrap(inner, &tunnel);
}

struct pairing {
	const char *name;
	bool inner_is_ipv6;
	const char *source; /* its family is the outer one */
	size_t outer_bytes;
};

static const struct pairing pairings[] = {
	{"IPv4 in IPv4", false, BALANCER4, IPV4_BYTES},
	{"IPv4 in IPv6", false, BALANCER6, IPV6_BYTES},
	{"IPv6 in IPv4", true, BALANCER4, IPV4_BYTES},
	{"IPv6 in IPv6", true, BALANCER6, IPV6_BYTES},
};

static void test_pairing(void **state)
{
	const struct trial *trial = *state;
	const struct pairing *pairing = trial->row;
	struct frame inner = inner_packet(pairing->inner_is_ipv6, 0);
	struct frame outer = wrap_from(&inner, pairing->source, 0);

	check_unwrapped(trial->subject, &outer, &inner);
}

/* Too short for an outer header, it is nobody's tunnel. */
static void test_truncated(void **state)
{
	const struct trial *trial = *state;
	const struct pairing *pairing = trial->row;
	struct frame inner = inner_packet(pairing->inner_is_ipv6, 0);
	struct frame outer = wrap_from(&inner, pairing->source, 0);
	size_t whole_bytes = outer.length;

	for (outer.length = ETHERNET_BYTES; outer.length < whole_bytes; outer.length++)
		check_kept(trial->subject, &outer,
			   outer.length < ETHERNET_BYTES + pairing->outer_bytes
				   ? NO_RESULT
				   : CAROM_DECAP_TRUNCATED);
	check_unwrapped(trial->subject, &outer, &inner);
}

static void test_padding(void **state)
{
	const struct trial *trial = *state;
	const struct pairing *pairing = trial->row;
	struct frame inner = inner_packet(pairing->inner_is_ipv6, 0), outer;

	memset(inner.bytes + inner.length, 0xee, 9);
	inner.length += 9;
	outer = wrap_from(&inner, pairing->source, 0);
	check_unwrapped(trial->subject, &outer, &inner);
}

/* An inner packet that is longer than the outer header says. */
static void test_overlong(void **state)
{
	const struct trial *trial = *state;
	const struct pairing *pairing = trial->row;
	struct frame inner = inner_packet(pairing->inner_is_ipv6, 0);
	struct frame outer = wrap_from(&inner, pairing->source, 0);
	size_t at = pairing->outer_bytes == IPV4_BYTES ? AT_IPV4_LENGTH : AT_IPV6_LENGTH;

	frame_write16(&outer, at, (uint16_t)(frame_read16(&outer, at) - 1));
	check_kept(trial->subject, &outer, CAROM_DECAP_BAD_HEADER);
}

/* The outer header announces one family, the inner packet is of the other. */
static void test_wrong_family(void **state)
{
	const struct trial *trial = *state;
	const struct pairing *pairing = trial->row;
	struct frame inner = inner_packet(pairing->inner_is_ipv6, 0);
	struct frame outer = wrap_from(&inner, pairing->source, 0);
	size_t at = pairing->outer_bytes == IPV4_BYTES ? AT_IPV4_PROTOCOL : AT_IPV6_NEXT_HEADER;

	outer.bytes[at] = pairing->inner_is_ipv6 ? IPPROTO_IPIP : IPPROTO_IPV6;
	check_kept(trial->subject, &outer, CAROM_DECAP_BAD_HEADER);
}

/* Expected after decapsulation, by outer and inner field: figure 4 of RFC 6040. */
static const int ecn_table[4][4] = {
	[NOT_ECT] = {[NOT_ECT] = NOT_ECT, [ECT_1] = ECT_1, [ECT_0] = ECT_0, [CE] = CE},
	[ECT_1] = {[NOT_ECT] = NOT_ECT, [ECT_1] = ECT_1, [ECT_0] = ECT_1, [CE] = CE},
	[ECT_0] = {[NOT_ECT] = NOT_ECT, [ECT_1] = ECT_1, [ECT_0] = ECT_0, [CE] = CE},
	[CE] = {[NOT_ECT] = -1 /* dropped */, [ECT_1] = CE, [ECT_0] = CE, [CE] = CE},
};

/* The inner DSCP stays, whatever the outer one is. The expected inner checksum is summed anew. */
static void test_ecn(void **state)
{
	const struct trial *trial = *state;
	const struct pairing *pairing = trial->row;
	for (unsigned i = 0; i < 16; i++) {
		uint8_t outer_ecn = (uint8_t)(i / 4), inner_ecn = (uint8_t)(i % 4);
		int carried = ecn_table[outer_ecn][inner_ecn];
		struct frame inner = inner_packet(pairing->inner_is_ipv6, DSCP_CLASS | inner_ecn);
		struct frame outer = wrap_from(&inner, pairing->source, outer_ecn);

		if (carried < 0) {
			check_kept(trial->subject, &outer, CAROM_DECAP_CONGESTION);
			continue;
		}
		inner = inner_packet(pairing->inner_is_ipv6, (uint8_t)(DSCP_CLASS | carried));
		check_unwrapped(trial->subject, &outer, &inner);
	}
}

/* The checksum is mended, not made: a wrong one stays as wrong. Every value of it is tried. */
static void test_inner_checksum(void **state)
{
	const struct decap_bpf *skeleton = *state;
	struct frame inner, outer;

	for (unsigned identification = 0; identification < 0x10000; identification += 13) {
		struct packet packet = {
			.destination = "198.51.100.80",
			.traffic_class = ECT_0,
			.identification = (uint16_t)identification,
		};

		inner = packet_build(&packet);
		outer = wrap_from(&inner, BALANCER4, CE);
		harness_run_program(bpf_program__fd(skeleton->progs.carom_decap), &outer, &inner);
		assert_int_equal(inner.bytes[AT_IPV4_TOS], CE);
		assert_int_equal(frame_checksum(inner.bytes + AT_IP, IPV4_BYTES), 0);
	}
}

/* ---- who may send ---- */

struct source_row {
	const char *name;
	const char *source;
	bool allowed;
};

static const struct source_row source_rows[] = {
	{"in an IPv4 prefix, the first", "10.255.0.0", true},
	{"in an IPv4 prefix, the last", "10.255.255.255", true},
	{"below an IPv4 prefix", STRANGER4, false},
	{"above an IPv4 prefix", "11.0.0.0", false},
	{"a single IPv4 address", "192.0.2.77", true},
	{"next to a single IPv4 address", "192.0.2.76", false},
	{"in an IPv6 prefix, the first", "fd00:255::", true},
	{"in an IPv6 prefix, the last", "fd00:255:ffff:ffff:ffff:ffff:ffff:ffff", true},
	{"below an IPv6 prefix", "fd00:254:ffff:ffff:ffff:ffff:ffff:ffff", false},
	{"above an IPv6 prefix", STRANGER6, false},
	{"a single IPv6 address", "2001:db8::77", true},
	{"next to a single IPv6 address", "2001:db8::76", false},
};

static void test_source(void **state)
{
	const struct trial *trial = *state;
	const struct source_row *row = trial->row;
	struct frame inner = inner_packet(false, 0);
	struct frame outer = wrap_from(&inner, row->source, 0);

	if (row->allowed)
		check_unwrapped(trial->subject, &outer, &inner);
	else
		check_kept(trial->subject, &outer, CAROM_DECAP_FORBIDDEN_SOURCE);
}

/* ---- outer headers one byte away from good ---- */

struct outer_row {
	const char *name;
	const char *source;
	size_t offset;
	uint8_t value;
	enum carom_decap_reason reason;
};

static const struct outer_row outer_rows[] = {
	{"IPv4 version 5", BALANCER4, AT_IP, 0x55, CAROM_DECAP_BAD_HEADER},
	{"IPv4 header length 4 words", BALANCER4, AT_IP, 0x44, CAROM_DECAP_BAD_HEADER},
	{"IPv4 header length 0", BALANCER4, AT_IP, 0x40, CAROM_DECAP_BAD_HEADER},
	{"IPv4 header swallows the inner one", BALANCER4, AT_IP, 0x4a, CAROM_DECAP_BAD_HEADER},
	{"IPv4 total length below the header", BALANCER4, AT_IPV4_LENGTH + 1, 19,
	 CAROM_DECAP_BAD_HEADER},
	{"IPv4 total length is the header", BALANCER4, AT_IPV4_LENGTH + 1, 20,
	 CAROM_DECAP_BAD_HEADER},
	{"IPv4 first fragment", BALANCER4, AT_IPV4_FRAGMENT, 0x20, CAROM_DECAP_FRAGMENT},
	{"IPv4 last fragment", BALANCER4, AT_IPV4_FRAGMENT + 1, 1, CAROM_DECAP_FRAGMENT},
	{"IPv4 TCP", BALANCER4, AT_IPV4_PROTOCOL, IPPROTO_TCP, NO_RESULT},
	{"IPv4 ICMP", BALANCER4, AT_IPV4_PROTOCOL, IPPROTO_ICMP, NO_RESULT},
	{"IPv4 GRE", BALANCER4, AT_IPV4_PROTOCOL, IPPROTO_GRE, NO_RESULT},
	{"IPv6 version 4", BALANCER6, AT_IP, 0x40, CAROM_DECAP_BAD_HEADER},
	{"IPv6 payload length 0", BALANCER6, AT_IPV6_LENGTH + 1, 0, CAROM_DECAP_BAD_HEADER},
	{"IPv6 UDP", BALANCER6, AT_IPV6_NEXT_HEADER, IPPROTO_UDP, NO_RESULT},
	{"IPv6 fragment", BALANCER6, AT_IPV6_NEXT_HEADER, IPPROTO_FRAGMENT, NO_RESULT},
	{"IPv6 destination options", BALANCER6, AT_IPV6_NEXT_HEADER, IPPROTO_DSTOPTS, NO_RESULT},
	{"ARP", BALANCER4, AT_ETHERTYPE + 1, 0x06, NO_RESULT},
	{"a VLAN tag", BALANCER4, AT_ETHERTYPE, 0x81, NO_RESULT},
};

static void test_outer(void **state)
{
	const struct trial *trial = *state;
	const struct outer_row *row = trial->row;
	struct frame inner = inner_packet(false, 0);
	struct frame outer = wrap_from(&inner, row->source, 0);

	outer.bytes[row->offset] = row->value;
	check_kept(trial->subject, &outer, row->reason);
}

/* A packet for the host itself, not in a tunnel. */
static void test_no_tunnel(void **state)
{
	const struct decap_bpf *skeleton = *state;
	struct frame ipv4 = inner_packet(false, 0), ipv6 = inner_packet(true, 0);

	check_kept(skeleton, &ipv4, NO_RESULT);
	check_kept(skeleton, &ipv6, NO_RESULT);
}

static void test_outer_options(void **state)
{
	const struct decap_bpf *skeleton = *state;
	struct frame inner = inner_packet(false, 0), outer = wrap_from(&inner, BALANCER4, 0);
	size_t after = ETHERNET_BYTES + IPV4_BYTES;

	memmove(outer.bytes + after + 8, outer.bytes + after, outer.length - after);
	memset(outer.bytes + after, 1, 8);
	outer.length += 8;
	outer.bytes[AT_IP] = 0x47;
	frame_write16(&outer, AT_IPV4_LENGTH, (uint16_t)(outer.length - ETHERNET_BYTES));
	frame_sum_ipv4(&outer);
	check_unwrapped(skeleton, &outer, &inner);
}

/* ---- there and back ---- */

/* What the balancer wraps, the backend gets as the client sent it. */
struct journey {
	struct harness harness;
	struct decap_bpf *skeleton;
};

static const struct backend here4 = {.address = HERE4, .weight = 1, .outer_source = BALANCER4};
static const struct backend here6 = {.address = HERE6, .weight = 1, .outer_source = BALANCER6};

static const struct vip journey_vips[] = {
	{.address = "192.0.2.4", .port = 80, .backends = &here4, .backend_count = 1},
	{.address = "192.0.2.6", .port = 80, .backends = &here6, .backend_count = 1},
	{.address = "2001:db8::4", .port = 80, .backends = &here4, .backend_count = 1},
	{.address = "2001:db8::6", .port = 80, .backends = &here6, .backend_count = 1},
};

static struct journey open_journey(struct decap_bpf *skeleton)
{
	struct journey journey = {
		.harness = harness_open(&(struct harness_options){
			.limits = {.vips = 8, .backends = 8, .slots = 8 << CAROM_RING_BITS_MIN}}),
		.skeleton = skeleton,
	};

	harness_publish(&journey.harness, journey_vips, COUNT(journey_vips));
	return journey;
}

struct journey_row {
	const char *name;
	struct packet packet;
};

#define FROM_CLIENT(to) .destination = (to), .source_port = 40000, .destination_port = 80

static const struct journey_row journey_rows[] = {
	{"IPv4 in IPv4", {FROM_CLIENT("192.0.2.4"), .payload_bytes = 700}},
	{"IPv4 in IPv6", {FROM_CLIENT("192.0.2.6"), .payload_bytes = 700}},
	{"IPv6 in IPv4", {FROM_CLIENT("2001:db8::4"), .payload_bytes = 700}},
	{"IPv6 in IPv6", {FROM_CLIENT("2001:db8::6"), .payload_bytes = 700}},
	{"IPv4 options", {FROM_CLIENT("192.0.2.6"), .options_bytes = 40}},
	{"extension headers", {FROM_CLIENT("2001:db8::4"), .extension_count = 6}},
	{"padding", {FROM_CLIENT("192.0.2.4"), .padding_bytes = 6}},
	{"ECT(0)", {FROM_CLIENT("192.0.2.4"), .traffic_class = ECT_0}},
	{"ECT(1)", {FROM_CLIENT("2001:db8::6"), .traffic_class = ECT_1}},
	{"CE", {FROM_CLIENT("192.0.2.6"), .traffic_class = DSCP_CLASS | CE}},
};

static void test_journey(void **state)
{
	const struct trial *trial = *state;
	const struct journey *journey = trial->subject;
	const struct journey_row *row = trial->row;
	struct frame frame = packet_build(&row->packet);
	struct harness_result wrapped = harness_run(&journey->harness, &frame);

	check_action(&frame, wrapped.action, XDP_TX);
	check_unwrapped(journey->skeleton, &wrapped.frame, &frame);
}

int main(void)
{
	struct decap_bpf *skeleton = open_decap();
	struct journey journey = open_journey(skeleton);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_inner_checksum, skeleton),
		cmocka_unit_test_prestate(test_no_tunnel, skeleton),
		cmocka_unit_test_prestate(test_outer_options, skeleton),
	};
	int failed = 0;

	failed |= CHECK_ROWS("decap/pairing", skeleton, pairings, test_pairing);
	failed |= CHECK_ROWS("decap/truncated", skeleton, pairings, test_truncated);
	failed |= CHECK_ROWS("decap/padding", skeleton, pairings, test_padding);
	failed |= CHECK_ROWS("decap/overlong", skeleton, pairings, test_overlong);
	failed |= CHECK_ROWS("decap/family", skeleton, pairings, test_wrong_family);
	failed |= CHECK_ROWS("decap/ECN", skeleton, pairings, test_ecn);
	failed |= CHECK_ROWS("decap/source", skeleton, source_rows, test_source);
	failed |= CHECK_ROWS("decap/outer", skeleton, outer_rows, test_outer);
	failed |= CHECK_ROWS("decap/there and back", &journey, journey_rows, test_journey);
	failed |= cmocka_run_group_tests_name("decap", tests, NULL, NULL);
	harness_close(&journey.harness);
	decap_bpf__destroy(skeleton);
	return failed != 0;
}
