/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose packets the balancer takes, and for which VIP. Each VIP has one backend, which tells it. */
#include "check.h"

#include <netinet/in.h>
#include <string.h>

#define ETHERTYPE_ARP  0x0806
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_LLDP 0x88cc

static const struct backend web = {.address = "10.0.0.80", .weight = 1};
static const struct backend secure = {.address = "10.0.0.43", .weight = 1};
static const struct backend other = {.address = "10.0.0.99", .weight = 1};
static const struct backend names = {.address = "10.0.0.53", .weight = 1};
static const struct backend all_tcp = {.address = "fd00::10", .weight = 1};
static const struct backend all_udp = {.address = "fd00::11", .weight = 1};
static const struct backend web6 = {.address = "fd00::80", .weight = 1};
static const struct backend names6 = {.address = "fd00::53", .weight = 1};

/* More VIPs than an address's entry lists. */
#define SERVICE(at, at_port, at_protocol, only_backend)                                            \
	{                                                                                          \
		.address = at, .port = at_port, .protocol = at_protocol, .backends = only_backend, \
		.backend_count = 1                                                                 \
	}
#define MANY_PORTS(at)                                                                             \
	SERVICE(at, 1001, IPPROTO_TCP, &web), SERVICE(at, 1002, IPPROTO_TCP, &secure),             \
		SERVICE(at, 1003, IPPROTO_TCP, &other), SERVICE(at, 1004, IPPROTO_TCP, &names),    \
		SERVICE(at, 1005, IPPROTO_TCP, &all_tcp),                                          \
		SERVICE(at, 1001, IPPROTO_UDP, &all_udp), SERVICE(at, 1006, IPPROTO_UDP, &web6),   \
		SERVICE(at, 0, IPPROTO_TCP, &names6)

/* Addresses: .1 has ports only; .2 ports and the rest; .3 the rest of one protocol; .4 of both. */
static const struct vip vips[] = {
	{.address = "192.0.2.1", .port = 80, .backends = &web, .backend_count = 1},
	{.address = "192.0.2.1", .port = 443, .backends = &secure, .backend_count = 1},
	{.address = "192.0.2.1",
	 .port = 53,
	 .protocol = IPPROTO_UDP,
	 .backends = &names,
	 .backend_count = 1},
	{.address = "192.0.2.2", .port = 80, .backends = &web, .backend_count = 1},
	{.address = "192.0.2.2", .port = 0, .backends = &all_tcp, .backend_count = 1},
	{.address = "192.0.2.2",
	 .port = 53,
	 .protocol = IPPROTO_UDP,
	 .backends = &names,
	 .backend_count = 1},
	{.address = "192.0.2.3", .port = 0, .backends = &other, .backend_count = 1},
	{.address = "192.0.2.4", .port = 0, .backends = &all_tcp, .backend_count = 1},
	{.address = "192.0.2.4",
	 .port = 0,
	 .protocol = IPPROTO_UDP,
	 .backends = &all_udp,
	 .backend_count = 1},
	{.address = "192.0.2.5",
	 .port = 0,
	 .protocol = IPPROTO_UDP,
	 .backends = &all_udp,
	 .backend_count = 1},
	{.address = "2001:db8::1", .port = 80, .backends = &web6, .backend_count = 1},
	{.address = "2001:db8::1",
	 .port = 53,
	 .protocol = IPPROTO_UDP,
	 .backends = &names6,
	 .backend_count = 1},
	{.address = "2001:db8::2", .port = 80, .backends = &web6, .backend_count = 1},
	{.address = "2001:db8::2", .port = 0, .backends = &all_tcp, .backend_count = 1},
	{.address = "2001:db8::2",
	 .port = 0,
	 .protocol = IPPROTO_UDP,
	 .backends = &all_udp,
	 .backend_count = 1},
	MANY_PORTS("192.0.2.8"),
	MANY_PORTS("2001:db8::8"),
	{.address = "192.0.2.9", .port = 80},
	{.address = "2001:db8::9", .port = 0, .protocol = IPPROTO_UDP},
};

/* ---- taken ---- */

struct served_row {
	const char *name;
	struct packet packet;
	const struct backend *backend;
};

#define TO(to, port)	 .destination = (to), .source_port = 50000, .destination_port = (port)
#define UDP_TO(to, port) TO(to, port), .protocol = IPPROTO_UDP

static const struct served_row served_rows[] = {
	{"one port", {TO("192.0.2.1", 80)}, &web},
	{"another port of the address", {TO("192.0.2.1", 443)}, &secure},
	{"UDP beside TCP", {UDP_TO("192.0.2.1", 53)}, &names},
	{"an exact port goes before any port", {TO("192.0.2.2", 80)}, &web},
	{"any port", {TO("192.0.2.2", 81)}, &all_tcp},
	{"any port, the first", {TO("192.0.2.2", 1)}, &all_tcp},
	{"any port, the last", {TO("192.0.2.2", 65535)}, &all_tcp},
	{"any port, port 0 itself", {TO("192.0.2.2", 0)}, &all_tcp},
	{"an exact UDP port where any TCP port is taken", {UDP_TO("192.0.2.2", 53)}, &names},
	{"TCP to the port of a UDP VIP goes to any port", {TO("192.0.2.2", 53)}, &all_tcp},
	{"any TCP port, no other VIP", {TO("192.0.2.3", 53)}, &other},
	{"any TCP port beside any UDP port", {TO("192.0.2.4", 80)}, &all_tcp},
	{"any UDP port beside any TCP port", {UDP_TO("192.0.2.4", 80)}, &all_udp},
	{"any UDP port, no other VIP", {UDP_TO("192.0.2.5", 5060)}, &all_udp},
	{"IPv6, one port", {TO("2001:db8::1", 80)}, &web6},
	{"IPv6, UDP", {UDP_TO("2001:db8::1", 53)}, &names6},
	{"IPv6, an exact port goes before any port", {TO("2001:db8::2", 80)}, &web6},
	{"IPv6, any port", {TO("2001:db8::2", 8080)}, &all_tcp},
	{"IPv6, any UDP port", {UDP_TO("2001:db8::2", 80)}, &all_udp},
	{"the 1st of many ports", {TO("192.0.2.8", 1001)}, &web},
	{"the 2nd of many ports", {TO("192.0.2.8", 1002)}, &secure},
	{"the 3rd of many ports", {TO("192.0.2.8", 1003)}, &other},
	{"the 4th of many ports", {TO("192.0.2.8", 1004)}, &names},
	{"the 5th of many ports", {TO("192.0.2.8", 1005)}, &all_tcp},
	{"the 6th of many ports", {UDP_TO("192.0.2.8", 1001)}, &all_udp},
	{"the 7th of many ports", {UDP_TO("192.0.2.8", 1006)}, &web6},
	{"any port beside many", {TO("192.0.2.8", 1006)}, &names6},
	{"IPv6, the 1st of many ports", {TO("2001:db8::8", 1001)}, &web},
	{"IPv6, the 5th of many ports", {TO("2001:db8::8", 1005)}, &all_tcp},
	{"IPv6, the 6th of many ports", {UDP_TO("2001:db8::8", 1001)}, &all_udp},
	{"IPv6, any port beside many", {TO("2001:db8::8", 7)}, &names6},
	{"the source is of no matter", {.source = "192.0.2.1", TO("192.0.2.1", 80)}, &web},
};

static void test_served(void **state)
{
	const struct trial *trial = *state;
	const struct served_row *row = trial->row;
	struct frame frame = packet_build(&row->packet);
	bool from_ipv6 = frame_read16(&frame, AT_ETHERTYPE) == ETHERTYPE_IPV6;

	check_forwarded(trial->subject, &frame,
			&(struct forwarding){.backend = row->backend, .dont_fragment = from_ipv6});
}

/* ---- not served: to a VIP's address ---- */

struct row {
	const char *name;
	struct packet packet;
};

static const struct row not_served_rows[] = {
	{"a port without a VIP", {TO("192.0.2.1", 81)}},
	{"port 0 without a VIP", {TO("192.0.2.1", 0)}},
	{"TCP to a UDP VIP's port", {TO("192.0.2.1", 53)}},
	{"UDP to a TCP VIP's port", {UDP_TO("192.0.2.1", 80)}},
	{"the port with its bytes swapped", {TO("192.0.2.1", 80 << 8)}},
	{"UDP where any TCP port is taken", {UDP_TO("192.0.2.3", 80)}},
	{"TCP where any UDP port is taken", {TO("192.0.2.5", 80)}},
	{"ICMP to a VIP", {.destination = "192.0.2.1", .protocol = IPPROTO_ICMP}},
	{"ICMP where any port is taken", {.destination = "192.0.2.4", .protocol = IPPROTO_ICMP}},
	{"SCTP to a VIP", {.destination = "192.0.2.1", .protocol = IPPROTO_SCTP}},
	{"ESP to a VIP", {.destination = "192.0.2.1", .protocol = IPPROTO_ESP}},
	{"IPIP to a VIP", {.destination = "192.0.2.1", .protocol = IPPROTO_IPIP}},
	{"none of many ports", {UDP_TO("192.0.2.8", 1005)}},
	{"IPv6, none of many ports", {UDP_TO("2001:db8::8", 1002)}},
	{"IPv6, a port without a VIP", {TO("2001:db8::1", 443)}},
	{"IPv6, TCP to a UDP VIP's port", {TO("2001:db8::1", 53)}},
	{"ICMPv6 to a VIP", {.destination = "2001:db8::1", .protocol = IPPROTO_ICMPV6}},
	{"ICMPv6 to a VIP, behind extension headers",
	 {.destination = "2001:db8::1", .protocol = IPPROTO_ICMPV6, .extension_count = 3}},
	{"no next header, IPv6", {.destination = "2001:db8::1", .protocol = IPPROTO_NONE}},
};

static void test_not_served(void **state)
{
	const struct trial *trial = *state;
	const struct row *row = trial->row;
	struct frame frame = packet_build(&row->packet);

	check_refused(trial->subject, &frame, CAROM_REASON_NOT_SERVED, OF_NO_VIP);
}

/* ---- nobody's: other addresses ---- */

static const struct row passed_rows[] = {
	{"another address", {TO("192.0.2.100", 80)}},
	{"another address, UDP", {UDP_TO("192.0.2.100", 53)}},
	{"an address one bit off", {TO("192.0.3.1", 80)}},
	{"an address with its bytes turned round", {TO("1.2.0.192", 80)}},
	{"a backend's address", {TO("10.0.0.80", 80)}},
	{"a VIP as the source", {.source = "192.0.2.1", TO("203.0.113.5", 40000)}},
	{"broadcast", {UDP_TO("255.255.255.255", 67)}},
	{"0.0.0.0", {TO("0.0.0.0", 80)}},
	{"ICMP to another address", {.destination = "192.0.2.100", .protocol = IPPROTO_ICMP}},
	{"a fragment to another address", {TO("192.0.2.100", 80), .fragment = FRAGMENT_MORE}},
	{"IPv6, another address", {TO("2001:db8::100", 80)}},
	{"IPv6, an address that differs in its first half", {TO("2001:db9::1", 80)}},
	{"IPv6, an address that differs in its last bit", {TO("2001:db8::3", 80)}},
	{"IPv6, a VIP's halves exchanged", {TO("0:0:0:1:2001:db8::", 80)}},
	{"IPv6, multicast", {UDP_TO("ff02::fb", 5353)}},
	{"IPv6, ::", {TO("::", 80)}},
	{"IPv6, 7 extension headers to another address",
	 {TO("2001:db8::100", 80), .extension_count = 7}},
	{"a packet in a tunnel", {.destination = "192.0.2.100", .protocol = IPPROTO_IPIP}},
};

static void test_passed(void **state)
{
	const struct trial *trial = *state;
	const struct row *row = trial->row;
	struct frame frame = packet_build(&row->packet);

	check_passed(trial->subject, &frame);
}

/* ---- not IP at all, or not at the place where IP should be ---- */

struct ethertype_row {
	const char *name;
	uint16_t ethertype;
};

static const struct ethertype_row ethertype_rows[] = {
	{"ARP", ETHERTYPE_ARP},
	{"LLDP", ETHERTYPE_LLDP},
	{"an unknown EtherType", 0x1234},
	{"EtherType 0", 0},
	{"an 802.3 length in place of the EtherType", 46},
	{"IPv4's EtherType with its bytes swapped", 0x0008},
	{"IPv6's EtherType on an IPv4 packet", ETHERTYPE_IPV6},
};

static void test_ethertype(void **state)
{
	const struct trial *trial = *state;
	const struct ethertype_row *row = trial->row;
	struct frame frame = packet_build(&(struct packet){TO("192.0.2.1", 80)});

	frame_write16(&frame, AT_ETHERTYPE, row->ethertype);
	check_passed(trial->subject, &frame);
}

static void test_vlan(void **state)
{
	const struct harness *harness = *state;
	struct frame frame = packet_build(&(struct packet){TO("192.0.2.1", 80)});

	memmove(frame.bytes + AT_ETHERTYPE + 4, frame.bytes + AT_ETHERTYPE,
		frame.length - AT_ETHERTYPE);
	frame.length += 4;
	frame_write16(&frame, AT_ETHERTYPE, ETHERTYPE_VLAN);
	frame_write16(&frame, AT_ETHERTYPE + 2, 100);
	check_passed(harness, &frame);
}

/* IPv4's EtherType on an IPv6 packet: an IPv4 destination is read out of the IPv6 source. */
static void test_ipv6_as_ipv4(void **state)
{
	const struct harness *harness = *state;
	struct frame frame = packet_build(&(struct packet){TO("2001:db8::1", 80)});

	frame_write16(&frame, AT_ETHERTYPE, ETHERTYPE_IPV4);
	check_passed(harness, &frame);
}

/* An IPv4-mapped IPv6 destination has the key of an IPv4 VIP, but is no packet to it. */
static void test_mapped(void **state)
{
	const struct harness *harness = *state;
	const struct carom_address mapped = address_of("192.0.2.1");
	struct frame frame = packet_build(&(struct packet){TO("2001:db8::1", 80)});

	memcpy(frame.bytes + AT_IPV6_DESTINATION, &mapped, sizeof(mapped));
	check_passed(harness, &frame);
}

/* ---- VIPs without backends ---- */

static void test_no_backend(void **state)
{
	const struct harness *harness = *state;
	struct frame tcp = packet_build(&(struct packet){TO("192.0.2.9", 80)});
	struct frame udp = packet_build(&(struct packet){UDP_TO("2001:db8::9", 999)});

	check_refused(harness, &tcp, CAROM_REASON_NO_BACKEND, OF_VIP);
	check_refused(harness, &udp, CAROM_REASON_NO_BACKEND, OF_VIP);
}

/* ---- the counters that userspace reads ---- */

static uint64_t count_no_backend(const struct harness *harness, const struct vip *vip)
{
	return counters_reasons(publish_counters(harness->publish), harness_find_vip(harness, vip))
		.packets[CAROM_REASON_NO_BACKEND];
}

static void test_reason_of_the_vip(void **state)
{
	const struct harness *harness = *state;
	const struct vip *ipv4 = &vips[sizeof(vips) / sizeof(vips[0]) - 2], *ipv6 = ipv4 + 1;
	uint64_t before4 = count_no_backend(harness, ipv4),
		 before6 = count_no_backend(harness, ipv6);
	struct frame frame = packet_build(&(struct packet){TO("192.0.2.9", 80)});

	harness_run(harness, &frame);
	harness_run(harness, &frame);
	assert_int_equal(count_no_backend(harness, ipv4) - before4, 2);
	assert_int_equal(count_no_backend(harness, ipv6) - before6, 0);
}

static void test_count_of_the_backend(void **state)
{
	const struct harness *harness = *state;
	size_t vip = harness_find_vip(harness, &vips[0]);
	struct carom_counter before = counters_backend(publish_counters(harness->publish), vip, 0),
			     after;
	struct frame frame = packet_build(
		&(struct packet){TO("192.0.2.1", 80), .tcp_flags = TCP_SYN, .payload_bytes = 60});

	harness_run(harness, &frame);
	after = counters_backend(publish_counters(harness->publish), vip, 0);
	assert_int_equal(after.packets - before.packets, 1);
	assert_int_equal(after.bytes - before.bytes, IPV4_BYTES + TCP_BYTES + 60);
	assert_int_equal(after.connections - before.connections, 1);
}

int main(void)
{
	struct harness harness = harness_open(&(struct harness_options){
		.limits = {.vips = 64, .backends = 64, .slots = 64 << CAROM_RING_BITS_MIN}});
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_vlan, &harness),
		cmocka_unit_test_prestate(test_ipv6_as_ipv4, &harness),
		cmocka_unit_test_prestate(test_mapped, &harness),
		cmocka_unit_test_prestate(test_no_backend, &harness),
		cmocka_unit_test_prestate(test_reason_of_the_vip, &harness),
		cmocka_unit_test_prestate(test_count_of_the_backend, &harness),
	};
	int failed = 0;

	harness_publish(&harness, vips, sizeof(vips) / sizeof(vips[0]));
	failed |= CHECK_ROWS("serve/served", &harness, served_rows, test_served);
	failed |= CHECK_ROWS("serve/not served", &harness, not_served_rows, test_not_served);
	failed |= CHECK_ROWS("serve/passed", &harness, passed_rows, test_passed);
	failed |= CHECK_ROWS("serve/EtherType", &harness, ethertype_rows, test_ethertype);
	failed |= cmocka_run_group_tests_name("serve", tests, NULL, NULL);
	harness_close(&harness);
	return failed != 0;
}
