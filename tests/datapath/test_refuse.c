/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the balancer refuses, and the reason that it names: truncated, contradictory, fragmented
 * packets, too many extension headers, no room for the outer header, maps that contradict each
 * other. The reasons NOT_SERVED and NO_BACKEND are in test_serve.c, TOO_BIG in test_encapsulate.c.
 */
#include "check.h"

#include <netinet/in.h>

static const struct backend to_ipv4 = {.address = "10.0.0.4", .weight = 1};
static const struct backend to_ipv6 = {.address = "fd00::6", .weight = 1};

static const struct vip vips[] = {
	{.address = "192.0.2.1", .port = 80, .backends = &to_ipv4, .backend_count = 1},
	{.address = "192.0.2.2",
	 .port = 0,
	 .protocol = IPPROTO_UDP,
	 .backends = &to_ipv6,
	 .backend_count = 1},
	{.address = "2001:db8::1", .port = 80, .backends = &to_ipv6, .backend_count = 1},
	{.address = "2001:db8::2",
	 .port = 0,
	 .protocol = IPPROTO_UDP,
	 .backends = &to_ipv4,
	 .backend_count = 1},
};

#define TCP4	    .destination = "192.0.2.1", .source_port = 1025, .destination_port = 80
#define TCP6	    .destination = "2001:db8::1", .source_port = 1025, .destination_port = 80
#define UDP4	    .destination = "192.0.2.2", .source_port = 53, .protocol = IPPROTO_UDP
#define UDP6	    .destination = "2001:db8::2", .source_port = 53, .protocol = IPPROTO_UDP
#define FORWARDED4  .backend = &to_ipv4
#define FORWARDED6  .backend = &to_ipv6
#define OUTER_DF_IS .dont_fragment = true

/* ---- cut short, at every length ---- */

struct truncated_row {
	const char *name;
	struct packet packet;
	size_t told_bytes; /* of the frame, from which on it is told whom it is for */
	struct forwarding whole;
};

#define TOLD4 (ETHERNET_BYTES + IPV4_BYTES)
#define TOLD6 (ETHERNET_BYTES + IPV6_BYTES)

static const struct truncated_row truncated_rows[] = {
	{"TCP over IPv4, cut at every length", {TCP4, .payload_bytes = 9}, TOLD4, {FORWARDED4}},
	{"UDP over IPv4, cut at every length", {UDP4, .payload_bytes = 9}, TOLD4, {FORWARDED6}},
	{"TCP over IPv6, cut at every length", {TCP6, .payload_bytes = 9}, TOLD6, {FORWARDED6}},
	{"UDP over IPv6, cut at every length",
	 {UDP6, .payload_bytes = 9},
	 TOLD6,
	 {FORWARDED4, OUTER_DF_IS}},
	{"IPv4 options, cut at every length", {TCP4, .options_bytes = 40}, TOLD4, {FORWARDED4}},
	{"IPv6 extension headers, cut at every length",
	 {TCP6, .extension_count = 6},
	 TOLD6,
	 {FORWARDED6}},
};

/* The kernel runs no test on less than an Ethernet header. */
static void test_truncated(void **state)
{
	const struct trial *trial = *state;
	const struct truncated_row *row = trial->row;
	struct frame frame = packet_build(&row->packet);
	size_t whole_bytes = frame.length;

	for (frame.length = ETHERNET_BYTES; frame.length < whole_bytes; frame.length++) {
		if (frame.length < row->told_bytes)
			check_passed(trial->subject, &frame);
		else
			check_refused(trial->subject, &frame, CAROM_REASON_TRUNCATED, OF_NO_VIP);
	}
	check_forwarded(trial->subject, &frame, &row->whole);
}

/* ---- headers that contradict themselves ---- */

struct patch {
	size_t offset; /* 0: none */
	uint8_t value;
};

struct malformed_row {
	const char *name;
	struct packet packet;
	enum carom_reason reason;
	struct patch patches[3];
};

#define IPV4_TOTAL(n)                                                                              \
	{AT_IPV4_LENGTH, (n) >> 8},                                                                \
	{                                                                                          \
		AT_IPV4_LENGTH + 1, (n)&0xff                                                       \
	}
#define IPV6_PAYLOAD(n)                                                                            \
	{AT_IPV6_LENGTH, (n) >> 8},                                                                \
	{                                                                                          \
		AT_IPV6_LENGTH + 1, (n)&0xff                                                       \
	}
#define BAD_HEADER CAROM_REASON_BAD_HEADER
#define TRUNCATED  CAROM_REASON_TRUNCATED
#define FRAGMENT   CAROM_REASON_FRAGMENT
#define EXTENSIONS CAROM_REASON_EXTENSIONS

static const struct malformed_row malformed_rows[] = {
	{"IPv4 version 0", {TCP4}, BAD_HEADER, {{AT_IP, 0x05}}},
	{"IPv4 version 5", {TCP4}, BAD_HEADER, {{AT_IP, 0x55}}},
	{"IPv4 version 6", {TCP4}, BAD_HEADER, {{AT_IP, 0x65}}},
	{"IPv4 header length 0", {TCP4}, BAD_HEADER, {{AT_IP, 0x40}}},
	{"IPv4 header length 4 words", {TCP4}, BAD_HEADER, {{AT_IP, 0x44}}},
	{"IPv4 header longer than the packet", {UDP4}, BAD_HEADER, {{AT_IP, 0x4f}}},
	{"IPv4 header takes all of the packet", {TCP4}, BAD_HEADER, {{AT_IP, 0x4a}}},
	{"IPv4 total length 0", {TCP4}, BAD_HEADER, {IPV4_TOTAL(0)}},
	{"IPv4 total length below the header", {TCP4}, BAD_HEADER, {IPV4_TOTAL(19)}},
	{"IPv4 total length is the header", {TCP4}, BAD_HEADER, {IPV4_TOTAL(20)}},
	{"IPv4 total length cuts the TCP header", {TCP4}, BAD_HEADER, {IPV4_TOTAL(39)}},
	{"IPv4 total length cuts the UDP header", {UDP4}, BAD_HEADER, {IPV4_TOTAL(27)}},
	{"IPv4 total length one over the frame", {TCP4}, TRUNCATED, {IPV4_TOTAL(41)}},
	{"IPv4 total length 65,535", {TCP4}, TRUNCATED, {IPV4_TOTAL(0xffff)}},
	{"IPv4 options cut the TCP header",
	 {TCP4, .options_bytes = 40},
	 BAD_HEADER,
	 {IPV4_TOTAL(79)}},

	{"IPv6 version 4", {TCP6}, BAD_HEADER, {{AT_IP, 0x40}}},
	{"IPv6 version 0", {TCP6}, BAD_HEADER, {{AT_IP, 0x00}}},
	{"IPv6 version 15", {UDP6}, BAD_HEADER, {{AT_IP, 0xf0}}},
	{"IPv6 payload length 0", {TCP6}, BAD_HEADER, {IPV6_PAYLOAD(0)}},
	{"IPv6 payload length cuts the TCP header", {TCP6}, BAD_HEADER, {IPV6_PAYLOAD(19)}},
	{"IPv6 payload length cuts the UDP header", {UDP6}, BAD_HEADER, {IPV6_PAYLOAD(7)}},
	{"IPv6 payload length one over the frame", {TCP6}, TRUNCATED, {IPV6_PAYLOAD(21)}},
	{"IPv6 payload length 65,535", {UDP6}, TRUNCATED, {IPV6_PAYLOAD(0xffff)}},
	{"IPv6 payload ends within the extension headers",
	 {TCP6, .extension_count = 2},
	 BAD_HEADER,
	 {IPV6_PAYLOAD(12)}},
	{"IPv6 payload is the extension headers",
	 {UDP6, .extension_count = 2},
	 BAD_HEADER,
	 {IPV6_PAYLOAD(16)}},
	{"IPv6 extension header longer than the packet",
	 {TCP6, .extension_count = 1},
	 BAD_HEADER,
	 {{AT_IPV6_EXTENSION + 1, 255}}},
	{"IPv6 extension header takes the TCP header",
	 {TCP6, .extension_count = 1},
	 BAD_HEADER,
	 {{AT_IPV6_EXTENSION + 1, 1}}},
	{"IPv6 extension header leads to another outside the frame",
	 {TCP6, .extension_count = 2},
	 TRUNCATED,
	 {{AT_IPV6_EXTENSION + 1, 9}}},

	{"IPv4, first fragment", {TCP4, .fragment = FRAGMENT_MORE}, FRAGMENT, {{0}}},
	{"IPv4, middle fragment", {UDP4, .fragment = FRAGMENT_MORE | 185}, FRAGMENT, {{0}}},
	{"IPv4, last fragment", {UDP4, .fragment = 370}, FRAGMENT, {{0}}},
	{"IPv4, the highest offset", {TCP4, .fragment = 0x1fff}, FRAGMENT, {{0}}},
	{"IPv4, fragment with DF", {TCP4, .fragment = 1, .dont_fragment = true}, FRAGMENT, {{0}}},
	{"IPv6, first fragment", {TCP6, .fragment = FRAGMENT_MORE}, FRAGMENT, {{0}}},
	{"IPv6, middle fragment", {UDP6, .fragment = FRAGMENT_MORE | 185}, FRAGMENT, {{0}}},
	{"IPv6, last fragment", {UDP6, .fragment = 370}, FRAGMENT, {{0}}},
	{"IPv6, fragment behind extension headers",
	 {UDP6, .fragment = 1, .extension_count = 3},
	 FRAGMENT,
	 {{0}}},
	{"IPv6, fragment behind 6 extension headers",
	 {TCP6, .fragment = 1, .extension_count = 6},
	 FRAGMENT,
	 {{0}}},

	{"7 extension headers", {TCP6, .extension_count = 7}, EXTENSIONS, {{0}}},
	{"7 extension headers, UDP", {UDP6, .extension_count = 7}, EXTENSIONS, {{0}}},
	{"40 extension headers", {UDP6, .extension_count = 40}, EXTENSIONS, {{0}}},
	{"6 extension headers and a routing header",
	 {TCP6, .extension_count = 7},
	 EXTENSIONS,
	 {{AT_IPV6_EXTENSION + 40, IPPROTO_ROUTING}}},
};

static void test_malformed(void **state)
{
	const struct trial *trial = *state;
	const struct malformed_row *row = trial->row;
	struct frame frame = packet_build(&row->packet);

	for (size_t i = 0; i < sizeof(row->patches) / sizeof(row->patches[0]); i++) {
		if (row->patches[i].offset)
			frame.bytes[row->patches[i].offset] = row->patches[i].value;
	}
	check_refused(trial->subject, &frame, row->reason, OF_NO_VIP);
}

/* ---- well formed, if unusual ---- */

struct accepted_row {
	const char *name;
	struct packet packet;
	struct patch patch;
	struct forwarding expected;
};

static const struct accepted_row accepted_rows[] = {
	{"a hop-by-hop header first",
	 {TCP6, .extension_count = 1},
	 {AT_IPV6_NEXT_HEADER, IPPROTO_HOPOPTS},
	 {FORWARDED6}},
	{"a routing header",
	 {TCP6, .extension_count = 1},
	 {AT_IPV6_NEXT_HEADER, IPPROTO_ROUTING},
	 {FORWARDED6}},
	{"a TCP header that claims a wrong length",
	 {TCP4},
	 {AT_IP + IPV4_BYTES + 12, 0xf0},
	 {FORWARDED4}},
	{"the reserved flag of the IPv4 header", {TCP4}, {AT_IPV4_FRAGMENT, 0x80}, {FORWARDED4}},
};

static void test_accepted(void **state)
{
	const struct trial *trial = *state;
	const struct accepted_row *row = trial->row;
	struct frame frame = packet_build(&row->packet);

	frame.bytes[row->patch.offset] = row->patch.value;
	check_forwarded(trial->subject, &frame, &row->expected);
}

/* ---- no room before the frame ---- */

struct cramped_row {
	const char *name;
	struct packet packet;
};

static const struct cramped_row cramped_rows[] = {
	{"no headroom, IPv4 in IPv4", {TCP4}},
	{"no headroom, IPv4 in IPv6", {UDP4}},
	{"no headroom, IPv6 in IPv6", {TCP6}},
	{"no headroom, IPv6 in IPv4", {UDP6}},
};

static void test_cramped(void **state)
{
	const struct trial *trial = *state;
	const struct cramped_row *row = trial->row;
	struct frame frame = packet_build(&row->packet);
	struct harness_result result;

	if (!harness_run_cramped(trial->subject, &frame, &result)) {
		print_message("this kernel runs no test on a frame without headroom\n");
		skip();
	}
	check_result_refused(&result, &frame, CAROM_REASON_NO_HEADROOM, OF_VIP);
}

/* ---- maps that contradict each other: they are spoiled here by hand ---- */

static void publish_all(struct harness *harness)
{
	harness_publish(harness, vips, sizeof(vips) / sizeof(vips[0]));
}

static int repair(void **state)
{
	publish_all(*state);
	return 0;
}

static void check_inconsistent(const struct harness *harness)
{
	struct frame ipv4 = packet_build(&(struct packet){TCP4});
	struct frame ipv6 = packet_build(&(struct packet){UDP6});

	check_refused(harness, &ipv4, CAROM_REASON_INCONSISTENT, OF_VIP);
	check_refused(harness, &ipv6, CAROM_REASON_INCONSISTENT, OF_VIP);
}

static struct carom_vip *active_vips(const struct dataplane_memory *memory, uint32_t *ret_count)
{
	const struct carom_generation *generation =
		&memory->page->mapped->generations[memory->page->mapped->active];

	*ret_count = generation->vips.entry_mask + 1;
	return memory->vips + generation->vips.first_entry;
}

static void test_ordinal_outside(void **state)
{
	const struct harness *harness = *state;
	const struct dataplane_memory *memory = dataplane_memory(harness->dataplane);

	for (uint32_t i = 0; i < memory->slot_count; i++)
		memory->slots[i] = 1;
	check_inconsistent(harness);
}

static void test_slot_outside(void **state)
{
	const struct harness *harness = *state;
	uint32_t count;
	struct carom_vip *vip = active_vips(dataplane_memory(harness->dataplane), &count);

	while (count--)
		vip++->first_slot = 0x80000000;
	check_inconsistent(harness);
}

static void test_backend_outside(void **state)
{
	const struct harness *harness = *state;
	uint32_t count;
	struct carom_vip *vip = active_vips(dataplane_memory(harness->dataplane), &count);

	while (count--)
		vip++->first_backend = 0x80000000;
	check_inconsistent(harness);
}

int main(void)
{
	struct harness harness = harness_open(&(struct harness_options){
		.limits = {.vips = 64, .backends = 64, .slots = 64 << CAROM_RING_BITS_MIN}});
	const struct CMUnitTest tests[] = {
		{"an ordinal beyond the backends", test_ordinal_outside, NULL, repair, &harness},
		{"a ring beyond the slots", test_slot_outside, NULL, repair, &harness},
		{"a block beyond the backends", test_backend_outside, NULL, repair, &harness},
	};
	int failed = 0;

	publish_all(&harness);
	failed |= CHECK_ROWS("refuse/truncated", &harness, truncated_rows, test_truncated);
	failed |= CHECK_ROWS("refuse/malformed", &harness, malformed_rows, test_malformed);
	failed |= CHECK_ROWS("refuse/accepted", &harness, accepted_rows, test_accepted);
	failed |= CHECK_ROWS("refuse/cramped", &harness, cramped_rows, test_cramped);
	failed |= cmocka_run_group_tests_name("refuse/inconsistent", tests, NULL, NULL);
	harness_close(&harness);
	return failed != 0;
}
