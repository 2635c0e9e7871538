/* SPDX-License-Identifier: BSD-2-Clause */
/* What the balancer puts around a packet, byte for byte, and that it leaves the packet alone. */
#include "check.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OTHER_INTERFACE 77
#define SMALL_MTU	1000
#define RANDOM_PACKETS	5000
#define RANDOM_ROUNDS	20

static const struct backend to_ipv4 = {.address = "10.0.0.4", .weight = 1};
static const struct backend to_ipv6 = {.address = "fd00::6", .weight = 1};
static const struct backend spread_ipv4 = {
	.address = "10.0.1.4",
	.weight = 1,
	.outer_source = "10.200.0.0",
	.source_host_bits = 16,
};
static const struct backend spread_ipv6 = {
	.address = "fd00::1:6",
	.weight = 1,
	.outer_source = "fd00:200::",
	.source_host_bits = 32,
};
static const struct backend elsewhere_ipv4 = {
	.address = "10.0.2.4", .weight = 1, .interface = OTHER_INTERFACE};
static const struct backend elsewhere_ipv6 = {
	.address = "fd00::2:6", .weight = 1, .interface = OTHER_INTERFACE};
static const struct backend narrow_ipv4 = {.address = "10.0.3.4", .weight = 1, .mtu = SMALL_MTU};
static const struct backend narrow_ipv6 = {.address = "fd00::3:6", .weight = 1, .mtu = SMALL_MTU};

#define VIP(text, any_protocol, only_backend)                                                      \
	{                                                                                          \
		.address = text, .port = 80, .protocol = any_protocol, .backends = only_backend,   \
		.backend_count = 1                                                                 \
	}
#define VIP_PAIR(text, only_backend)                                                               \
	VIP(text, IPPROTO_TCP, only_backend), VIP(text, IPPROTO_UDP, only_backend)

static const struct vip vips[] = {
	VIP_PAIR("192.0.2.4", &to_ipv4),	 VIP_PAIR("192.0.2.6", &to_ipv6),
	VIP_PAIR("2001:db8::4", &to_ipv4),	 VIP_PAIR("2001:db8::6", &to_ipv6),
	VIP_PAIR("192.0.2.14", &spread_ipv4),	 VIP_PAIR("192.0.2.16", &spread_ipv6),
	VIP_PAIR("192.0.2.24", &elsewhere_ipv4), VIP_PAIR("2001:db8::26", &elsewhere_ipv6),
	VIP_PAIR("192.0.2.34", &narrow_ipv4),	 VIP_PAIR("192.0.2.36", &narrow_ipv6),
	VIP_PAIR("2001:db8::34", &narrow_ipv4),	 VIP_PAIR("2001:db8::36", &narrow_ipv6),
};

struct row {
	const char *name;
	struct packet packet;
	struct forwarding expected;
};

#define TCP(to)		 .destination = (to), .source_port = 40000, .destination_port = 80
#define UDP(to)		 TCP(to), .protocol = IPPROTO_UDP
#define SYN(to)		 TCP(to), .tcp_flags = TCP_SYN
#define DF_IS_SET	 .dont_fragment = true
#define NUMBERED	 .identification = 0xbeef
#define PAYLOAD(n)	 .payload_bytes = (n)
#define CLASS(n)	 .traffic_class = (n)
#define TO(only_backend) .backend = &(only_backend)
#define OPENS		 .opens = true

/* An outer IPv4 header over IPv6 has DF set, for IPv6 is not fragmented on its way. */
static const struct row rows[] = {
	{"TCP, IPv4 in IPv4", {TCP("192.0.2.4"), PAYLOAD(100)}, {TO(to_ipv4)}},
	{"TCP, IPv4 in IPv6", {TCP("192.0.2.6"), PAYLOAD(100)}, {TO(to_ipv6)}},
	{"TCP, IPv6 in IPv4", {TCP("2001:db8::4"), PAYLOAD(100)}, {TO(to_ipv4), DF_IS_SET}},
	{"TCP, IPv6 in IPv6", {TCP("2001:db8::6"), PAYLOAD(100)}, {TO(to_ipv6)}},
	{"UDP, IPv4 in IPv4", {UDP("192.0.2.4"), PAYLOAD(100)}, {TO(to_ipv4)}},
	{"UDP, IPv4 in IPv6", {UDP("192.0.2.6"), PAYLOAD(100)}, {TO(to_ipv6)}},
	{"UDP, IPv6 in IPv4", {UDP("2001:db8::4"), PAYLOAD(100)}, {TO(to_ipv4), DF_IS_SET}},
	{"UDP, IPv6 in IPv6", {UDP("2001:db8::6"), PAYLOAD(100)}, {TO(to_ipv6)}},
	{"UDP without payload, IPv4", {UDP("192.0.2.4")}, {TO(to_ipv4)}},
	{"UDP without payload, IPv6", {UDP("2001:db8::6")}, {TO(to_ipv6)}},

	{"SYN opens a connection, IPv4", {SYN("192.0.2.4")}, {TO(to_ipv4), OPENS}},
	{"SYN opens a connection, IPv6", {SYN("2001:db8::6")}, {TO(to_ipv6), OPENS}},
	{"SYN with ACK opens none",
	 {TCP("192.0.2.4"), .tcp_flags = TCP_SYN | TCP_ACK},
	 {TO(to_ipv4)}},
	{"ACK opens none", {TCP("192.0.2.4"), .tcp_flags = TCP_ACK}, {TO(to_ipv4)}},
	{"all flags but ACK open one",
	 {TCP("192.0.2.4"), .tcp_flags = 0xff & ~TCP_ACK},
	 {TO(to_ipv4), OPENS}},

	{"DSCP EF, IPv4 in IPv4", {TCP("192.0.2.4"), CLASS(0xb8)}, {TO(to_ipv4), CLASS(0xb8)}},
	{"DSCP EF, IPv4 in IPv6", {TCP("192.0.2.6"), CLASS(0xb8)}, {TO(to_ipv6), CLASS(0xb8)}},
	{"DSCP EF, IPv6 in IPv4",
	 {TCP("2001:db8::4"), CLASS(0xb8)},
	 {TO(to_ipv4), CLASS(0xb8), DF_IS_SET}},
	{"DSCP EF, IPv6 in IPv6", {TCP("2001:db8::6"), CLASS(0xb8)}, {TO(to_ipv6), CLASS(0xb8)}},
	{"ECT(1), IPv4", {TCP("192.0.2.4"), CLASS(1)}, {TO(to_ipv4), CLASS(1)}},
	{"ECT(0), IPv4", {TCP("192.0.2.4"), CLASS(2)}, {TO(to_ipv4), CLASS(2)}},
	{"CE, IPv4", {TCP("192.0.2.4"), CLASS(3)}, {TO(to_ipv4), CLASS(3)}},
	{"ECT(1), IPv6", {TCP("2001:db8::6"), CLASS(1)}, {TO(to_ipv6), CLASS(1)}},
	{"ECT(0), IPv6", {TCP("2001:db8::6"), CLASS(2)}, {TO(to_ipv6), CLASS(2)}},
	{"CE, IPv6", {TCP("2001:db8::6"), CLASS(3)}, {TO(to_ipv6), CLASS(3)}},
	{"every bit of the traffic class, IPv4 in IPv6",
	 {TCP("192.0.2.6"), CLASS(0xff)},
	 {TO(to_ipv6), CLASS(0xff)}},
	{"every bit of the traffic class, IPv6 in IPv4",
	 {TCP("2001:db8::4"), CLASS(0xff)},
	 {TO(to_ipv4), CLASS(0xff), DF_IS_SET}},

	{"DF, IPv4 in IPv4", {TCP("192.0.2.4"), DF_IS_SET}, {TO(to_ipv4), DF_IS_SET}},
	{"no DF: the identification goes along, IPv4 in IPv4",
	 {TCP("192.0.2.4"), NUMBERED},
	 {TO(to_ipv4), NUMBERED}},
	{"DF and an identification, IPv4 in IPv4",
	 {TCP("192.0.2.4"), DF_IS_SET, NUMBERED},
	 {TO(to_ipv4), DF_IS_SET, NUMBERED}},
	{"DF has no place in an IPv6 header", {TCP("192.0.2.6"), DF_IS_SET}, {TO(to_ipv6)}},

	{"IPv4 options, 4 bytes", {TCP("192.0.2.4"), .options_bytes = 4}, {TO(to_ipv4)}},
	{"IPv4 options, 40 bytes", {SYN("192.0.2.4"), .options_bytes = 40}, {TO(to_ipv4), OPENS}},
	{"IPv4 options, 40 bytes, UDP", {UDP("192.0.2.6"), .options_bytes = 40}, {TO(to_ipv6)}},
	{"1 extension header", {SYN("2001:db8::6"), .extension_count = 1}, {TO(to_ipv6), OPENS}},
	{"2 extension headers", {UDP("2001:db8::6"), .extension_count = 2}, {TO(to_ipv6)}},
	{"6 extension headers", {SYN("2001:db8::6"), .extension_count = 6}, {TO(to_ipv6), OPENS}},
	{"6 extension headers, in IPv4",
	 {UDP("2001:db8::4"), .extension_count = 6},
	 {TO(to_ipv4), DF_IS_SET}},

	{"Ethernet padding after IPv4", {UDP("192.0.2.4"), .padding_bytes = 18}, {TO(to_ipv4)}},
	{"Ethernet padding after IPv6", {UDP("2001:db8::6"), .padding_bytes = 7}, {TO(to_ipv6)}},
	{"Ethernet padding after TCP", {TCP("192.0.2.6"), .padding_bytes = 6}, {TO(to_ipv6)}},

	{"outer IPv4 source filled by the flow", {TCP("192.0.2.14")}, {TO(spread_ipv4)}},
	{"outer IPv6 source filled by the flow", {TCP("192.0.2.16")}, {TO(spread_ipv6)}},

	{"out of another interface, IPv4", {TCP("192.0.2.24")}, {TO(elsewhere_ipv4)}},
	{"out of another interface, IPv6", {SYN("2001:db8::26")}, {TO(elsewhere_ipv6), OPENS}},
	{"out of another interface, UDP", {UDP("192.0.2.24")}, {TO(elsewhere_ipv4)}},

	{"as large as the MTU, IPv4 in IPv4",
	 {TCP("192.0.2.34"), PAYLOAD(SMALL_MTU - 20 - 20 - 20)},
	 {TO(narrow_ipv4)}},
	{"as large as the MTU, IPv4 in IPv6",
	 {TCP("192.0.2.36"), PAYLOAD(SMALL_MTU - 40 - 20 - 20)},
	 {TO(narrow_ipv6)}},
	{"as large as the MTU, IPv6 in IPv4",
	 {TCP("2001:db8::34"), PAYLOAD(SMALL_MTU - 20 - 40 - 20)},
	 {TO(narrow_ipv4), DF_IS_SET}},
	{"as large as the MTU, IPv6 in IPv6",
	 {UDP("2001:db8::36"), PAYLOAD(SMALL_MTU - 40 - 40 - 8)},
	 {TO(narrow_ipv6)}},
	{"padding does not count against the MTU",
	 {TCP("192.0.2.34"), PAYLOAD(SMALL_MTU - 20 - 20 - 20), .padding_bytes = 30},
	 {TO(narrow_ipv4)}},
};

static void test_row(void **state)
{
	const struct trial *trial = *state;
	const struct row *row = trial->row;
	struct frame frame = packet_build(&row->packet);

	check_forwarded(trial->subject, &frame, &row->expected);
}

/* ---- what it has no business to look at ---- */

struct wrong_row {
	const char *name;
	const char *destination;
	uint8_t protocol;
	size_t offset; /* of the 16 bits that are made wrong */
	const struct backend *backend;
};

static const struct wrong_row wrong_rows[] = {
	{"a wrong IPv4 header checksum is left", "192.0.2.4", IPPROTO_TCP, AT_IPV4_CHECKSUM,
	 &to_ipv4},
	{"a wrong TCP checksum is left, IPv4", "192.0.2.4", IPPROTO_TCP, AT_IP + IPV4_BYTES + 16,
	 &to_ipv4},
	{"a wrong TCP checksum is left, IPv6", "2001:db8::6", IPPROTO_TCP, AT_IP + IPV6_BYTES + 16,
	 &to_ipv6},
	{"a wrong UDP checksum is left, IPv4", "192.0.2.4", IPPROTO_UDP, AT_IP + IPV4_BYTES + 6,
	 &to_ipv4},
	{"a wrong UDP checksum is left, IPv6", "2001:db8::6", IPPROTO_UDP, AT_IP + IPV6_BYTES + 6,
	 &to_ipv6},
	{"a wrong UDP length is left", "192.0.2.4", IPPROTO_UDP, AT_IP + IPV4_BYTES + 4, &to_ipv4},
	{"a used-up TTL is left", "192.0.2.4", IPPROTO_TCP, AT_IPV4_TTL, &to_ipv4},
};

/* The TTL is followed by the protocol, which must stay. */
static void make_wrong(struct frame *frame, size_t offset)
{
	if (offset == AT_IPV4_TTL)
		frame->bytes[offset] = 0;
	else
		frame_write16(frame, offset, (uint16_t)~frame_read16(frame, offset));
}

static void test_wrong_row(void **state)
{
	const struct trial *trial = *state;
	const struct wrong_row *row = trial->row;
	struct frame frame =
		packet_build(&(struct packet){TCP(row->destination), .protocol = row->protocol});

	make_wrong(&frame, row->offset);
	check_forwarded(trial->subject, &frame, &(struct forwarding){.backend = row->backend});
}

/* ---- the MTU ---- */

struct large_row {
	const char *name;
	struct packet packet;
};

static const struct large_row large_rows[] = {
	{"one byte over the MTU, IPv4 in IPv4", {TCP("192.0.2.34"), PAYLOAD(SMALL_MTU - 59)}},
	{"one byte over the MTU, IPv4 in IPv6", {TCP("192.0.2.36"), PAYLOAD(SMALL_MTU - 79)}},
	{"one byte over the MTU, IPv6 in IPv4", {TCP("2001:db8::34"), PAYLOAD(SMALL_MTU - 79)}},
	{"one byte over the MTU, IPv6 in IPv6", {UDP("2001:db8::36"), PAYLOAD(SMALL_MTU - 87)}},
	{"far over the MTU", {TCP("192.0.2.34"), PAYLOAD(1900)}},
};

static void test_large_row(void **state)
{
	const struct trial *trial = *state;
	const struct large_row *row = trial->row;
	struct frame frame = packet_build(&row->packet);

	check_refused(trial->subject, &frame, CAROM_REASON_TOO_BIG, OF_VIP);
}

/* ---- the flow's own bits ---- */

struct flow_row {
	const char *name;
	const char *destination;
	size_t offset; /* in the outer header, of the 16 bits that are the flow's own */
};

static const struct flow_row flow_rows[] = {
	{"the IPv6 flow label is the flow's", "192.0.2.6", AT_IP + 2},
	{"the IPv6 flow label is the flow's, IPv6 in IPv6", "2001:db8::6", AT_IP + 2},
	{"the outer IPv4 source is the flow's", "192.0.2.14", AT_IPV4_SOURCE + 2},
	{"the outer IPv6 source is the flow's", "192.0.2.16", AT_IPV6_SOURCE + 14},
};

static uint16_t flow_bits(const struct trial *trial, uint16_t source_port, uint16_t payload_bytes)
{
	const struct flow_row *row = trial->row;
	struct frame frame = packet_build(&(struct packet){
		.destination = row->destination,
		.source_port = source_port,
		.destination_port = 80,
		.payload_bytes = payload_bytes,
	});
	struct harness_result result = harness_run(trial->subject, &frame);

	check_action(&frame, result.action, XDP_TX);
	return frame_read16(&result.frame, row->offset);
}

/* Constant within a flow, and hardly ever the same in two. */
static void test_flow_row(void **state)
{
	const struct trial *trial = *state;
	uint8_t seen[1 << 16] = {0};
	unsigned distinct = 0;

	for (unsigned port = 1; port <= 1000; port++) {
		uint16_t bits = flow_bits(trial, (uint16_t)port, 0);

		assert_int_equal(flow_bits(trial, (uint16_t)port, 555), bits);
		distinct += !seen[bits];
		seen[bits] = 1;
	}
	assert_in_range(distinct, 950, 1000);
}

/* ---- the outer IPv4 header's checksum, whatever is in the header ---- */

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Writes a text: the harness takes addresses as people do. */
static const char *random_ipv4(uint32_t *random, const char *network, char ret_text[16])
{
	snprintf(ret_text, 16, "%s.%u.%u", network, next_random(random) & 0xff,
		 next_random(random) & 0xff);
	return ret_text;
}

static void check_random_packet(const struct harness *harness, const struct backend *backend,
				uint32_t *random)
{
	char client[16];
	struct packet packet = {
		.source = random_ipv4(random, "198.51", client),
		.destination = "192.0.2.1",
		.source_port = (uint16_t)next_random(random),
		.destination_port = (uint16_t)next_random(random),
		.protocol = next_random(random) & 1 ? IPPROTO_TCP : IPPROTO_UDP,
		.traffic_class = (uint8_t)next_random(random),
		.dont_fragment = next_random(random) & 1,
		.identification = (uint16_t)next_random(random),
		.payload_bytes = (uint16_t)(next_random(random) % 1400),
	};
	struct frame frame = packet_build(&packet);

	check_forwarded(harness, &frame,
			&(struct forwarding){
				.backend = backend,
				.traffic_class = packet.traffic_class,
				.dont_fragment = packet.dont_fragment,
				.identification = packet.identification,
			});
}

static void test_checksum(void **state)
{
	struct harness *harness = *state;
	char address[16], source[16];
	uint32_t random = 20240229;

	for (unsigned round = 0; round < RANDOM_ROUNDS; round++) {
		const struct backend backend = {
			.address = random_ipv4(&random, "10.99", address),
			.weight = 1,
			.outer_source = random_ipv4(&random, "172.16", source),
		};
		const struct vip any[] = {
			{.address = "192.0.2.1", .backends = &backend, .backend_count = 1},
			{.address = "192.0.2.1",
			 .protocol = IPPROTO_UDP,
			 .backends = &backend,
			 .backend_count = 1},
		};

		harness_publish(harness, any, 2);
		for (unsigned i = 0; i < RANDOM_PACKETS / RANDOM_ROUNDS; i++)
			check_random_packet(harness, &backend, &random);
	}
}

int main(void)
{
	struct harness harness = harness_open(&(struct harness_options){
		.limits = {.vips = 64, .backends = 64, .slots = 64 << CAROM_RING_BITS_MIN}});
	const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(test_checksum, &harness)};
	int failed = 0;

	harness_publish(&harness, vips, sizeof(vips) / sizeof(vips[0]));
	failed |= CHECK_ROWS("encapsulate", &harness, rows, test_row);
	failed |= CHECK_ROWS("encapsulate/wrong", &harness, wrong_rows, test_wrong_row);
	failed |= CHECK_ROWS("encapsulate/large", &harness, large_rows, test_large_row);
	failed |= CHECK_ROWS("encapsulate/flow", &harness, flow_rows, test_flow_row);
	failed |= cmocka_run_group_tests_name("encapsulate/random", tests, NULL, NULL);
	harness_close(&harness);
	return failed != 0;
}
