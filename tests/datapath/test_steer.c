/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which backend takes a flow: always the same, by weight, and spread evenly whatever pattern the
 * clients' addresses and ports follow. The outer destination tells the backend.
 */
#include "check.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define BACKENDS_MAX 512
#define KEY_FIRST    0x0123456789abcdef
#define KEY_SECOND   0xfedcba9876543210

/* Backends 10.1.0.0, 10.1.0.1, …, so that the last two bytes are the ordinal. */
struct pool {
	char addresses[BACKENDS_MAX][16];
	struct backend backends[BACKENDS_MAX];
	uint16_t slots[BACKENDS_MAX];
};

static const struct pool *make_pool(void)
{
	static struct pool pool;

	for (unsigned i = 0; i < BACKENDS_MAX; i++) {
		snprintf(pool.addresses[i], sizeof(pool.addresses[i]), "10.1.%u.%u", i >> 8,
			 i & 0xff);
		pool.backends[i] = (struct backend){.address = pool.addresses[i], .weight = 1};
		pool.slots[i] = (uint16_t)i;
	}
	return &pool;
}

/* Both families and protocols, every port. */
static void publish_everywhere(struct harness *harness, const struct vip *ring)
{
	struct vip vips[] = {*ring, *ring, *ring, *ring};

	vips[0].address = vips[1].address = "192.0.2.1";
	vips[2].address = vips[3].address = "2001:db8::1";
	vips[1].protocol = vips[3].protocol = IPPROTO_UDP;
	harness_publish(harness, vips, 4);
}

/* Slot n is backend n's. */
static void publish_slots(struct harness *harness, unsigned ring_bits)
{
	const struct pool *pool = make_pool();

	publish_everywhere(harness, &(struct vip){
					    .ring_bits = ring_bits,
					    .backends = pool->backends,
					    .backend_count = 1u << ring_bits,
					    .slots = pool->slots,
				    });
}

static unsigned steered_to(const struct harness *harness, const struct packet *packet)
{
	struct frame frame = packet_build(packet), outer;

	check_action(&frame, harness_run_program(harness->program, &frame, &outer), XDP_TX);
	return frame_read16(&outer, AT_IPV4_DESTINATION + 2);
}

/* ---- patterns that clients follow: the n-th flow of each ---- */

#define SOURCE_TEXT_BYTES 48

typedef void pattern_vary(unsigned n, struct packet *packet, char source[SOURCE_TEXT_BYTES]);

static void vary_source_port(unsigned n, struct packet *packet, char source[SOURCE_TEXT_BYTES])
{
	(void)source;
	packet->source_port = (uint16_t)n;
}

static void vary_both_ports(unsigned n, struct packet *packet, char source[SOURCE_TEXT_BYTES])
{
	(void)source;
	packet->source_port = packet->destination_port = (uint16_t)n;
}

static void vary_destination_port(unsigned n, struct packet *packet, char source[SOURCE_TEXT_BYTES])
{
	(void)source;
	packet->destination_port = (uint16_t)n;
}

static void vary_ipv4(unsigned n, struct packet *packet, char source[SOURCE_TEXT_BYTES])
{
	snprintf(source, SOURCE_TEXT_BYTES, "10.20.%u.%u", n >> 8 & 0xff, n & 0xff);
	packet->source = source;
}

static void vary_ipv4_network(unsigned n, struct packet *packet, char source[SOURCE_TEXT_BYTES])
{
	snprintf(source, SOURCE_TEXT_BYTES, "%u.%u.0.1", 1 + (n >> 8 & 0x7f), n & 0xff);
	packet->source = source;
	packet->source_port = (uint16_t)(40000 + (n >> 15));
}

static void vary_address_and_port(unsigned n, struct packet *packet, char source[SOURCE_TEXT_BYTES])
{
	vary_ipv4(n & 0xff, packet, source);
	packet->source_port = (uint16_t)(1024 + (n >> 8));
}

static void vary_ipv6(unsigned n, struct packet *packet, char source[SOURCE_TEXT_BYTES])
{
	snprintf(source, SOURCE_TEXT_BYTES, "2001:db8:c::%x", n + 1);
	packet->source = source;
}

static void vary_ipv6_network(unsigned n, struct packet *packet, char source[SOURCE_TEXT_BYTES])
{
	snprintf(source, SOURCE_TEXT_BYTES, "2001:db8:%x::1", n + 1);
	packet->source = source;
}

struct pattern_row {
	const char *name;
	const char *destination;
	uint8_t protocol;
	pattern_vary *vary;
};

static const struct pattern_row pattern_rows[] = {
	{"source ports", "192.0.2.1", IPPROTO_TCP, vary_source_port},
	{"destination ports", "192.0.2.1", IPPROTO_TCP, vary_destination_port},
	{"both ports alike", "192.0.2.1", IPPROTO_UDP, vary_both_ports},
	{"IPv4 clients of one network", "192.0.2.1", IPPROTO_TCP, vary_ipv4},
	{"IPv4 networks", "192.0.2.1", IPPROTO_TCP, vary_ipv4_network},
	{"clients and ports", "192.0.2.1", IPPROTO_UDP, vary_address_and_port},
	{"source ports, IPv6", "2001:db8::1", IPPROTO_TCP, vary_source_port},
	{"destination ports, IPv6", "2001:db8::1", IPPROTO_UDP, vary_destination_port},
	{"both ports alike, IPv6", "2001:db8::1", IPPROTO_TCP, vary_both_ports},
	{"IPv6 clients of one network", "2001:db8::1", IPPROTO_TCP, vary_ipv6},
	{"IPv6 networks", "2001:db8::1", IPPROTO_UDP, vary_ipv6_network},
};

static unsigned steer_pattern(const struct harness *harness, const struct pattern_row *row,
			      unsigned n)
{
	char source[SOURCE_TEXT_BYTES];
	struct packet packet = {
		.destination = row->destination,
		.protocol = row->protocol,
		.source_port = 40000,
		.destination_port = 443,
	};

	row->vary(n, &packet, source);
	return steered_to(harness, &packet);
}

#define SPREAD_SLOTS 256
#define SPREAD_FLOWS (SPREAD_SLOTS * 200)
/* Chance gives 255 on average; more than this it gives once in ten million tests. */
#define CHI_SQUARE_MAX 390

static void test_spread(void **state)
{
	const struct trial *trial = *state;
	double expected = (double)SPREAD_FLOWS / SPREAD_SLOTS, chi_square = 0;
	unsigned counts[SPREAD_SLOTS] = {0};

	for (unsigned n = 0; n < SPREAD_FLOWS; n++)
		counts[steer_pattern(trial->subject, trial->row, n)]++;
	for (unsigned slot = 0; slot < SPREAD_SLOTS; slot++)
		chi_square += (counts[slot] - expected) * (counts[slot] - expected) / expected;
	if (chi_square > CHI_SQUARE_MAX)
		fail_msg("chi-square over %u slots: expected at most %d, found %.0f", SPREAD_SLOTS,
			 CHI_SQUARE_MAX, chi_square);
}

/* ---- a flow stays ---- */

/* Whatever of a packet is not of the 5-tuple. */
static void test_flow_stays(void **state)
{
	const struct harness *harness = *state;
	const char *const destinations[] = {"192.0.2.1", "2001:db8::1"};

	for (unsigned i = 0; i < 2000; i++) {
		struct packet packet = {
			.destination = destinations[i % 2],
			.protocol = i % 4 < 2 ? IPPROTO_TCP : IPPROTO_UDP,
			.source_port = (uint16_t)(1024 + i),
			.destination_port = 443,
		};
		unsigned first = steered_to(harness, &packet);

		packet.tcp_flags = TCP_ACK;
		packet.payload_bytes = (uint16_t)(i % 1000);
		packet.traffic_class = (uint8_t)i;
		packet.identification = (uint16_t)i;
		packet.options_bytes = 4 * (i % 11);
		packet.extension_count = i % 7;
		packet.padding_bytes = i % 20;
		assert_int_equal(steered_to(harness, &packet), first);
	}
}

/* How many of these flows go elsewhere when one field of the 5-tuple differs. */
static unsigned count_moved(const struct harness *harness, const struct packet *changed)
{
	unsigned moved = 0;

	for (unsigned i = 0; i < 1000; i++) {
		struct packet packet = {
			.source = "198.51.100.7",
			.destination = "192.0.2.1",
			.protocol = IPPROTO_TCP,
			.source_port = (uint16_t)(1024 + i),
			.destination_port = 443,
		};
		unsigned before = steered_to(harness, &packet);

		packet.source = changed->source ? changed->source : packet.source;
		packet.protocol = changed->protocol ? changed->protocol : packet.protocol;
		packet.destination_port += changed->destination_port;
		packet.source_port += changed->source_port;
		moved += steered_to(harness, &packet) != before;
	}
	return moved;
}

static void test_every_field_counts(void **state)
{
	const struct harness *harness = *state;

	assert_in_range(count_moved(harness, &(struct packet){.source = "198.51.100.6"}), 950,
			1000);
	assert_in_range(count_moved(harness, &(struct packet){.protocol = IPPROTO_UDP}), 950, 1000);
	assert_in_range(count_moved(harness, &(struct packet){.source_port = 1}), 950, 1000);
	assert_in_range(count_moved(harness, &(struct packet){.destination_port = 1}), 950, 1000);
}

/* A slot is the parent of two in a ring of twice the size. */
static void test_doubled_ring(void **state)
{
	struct harness *harness = *state;
	unsigned before[1000];

	publish_slots(harness, 8);
	for (unsigned n = 0; n < 1000; n++)
		before[n] = steer_pattern(harness, &pattern_rows[0], n);
	publish_slots(harness, 9);
	for (unsigned n = 0; n < 1000; n++)
		assert_int_equal(steer_pattern(harness, &pattern_rows[0], n) / 2, before[n]);
}

/* ---- the hash is keyed ---- */

#define LIMITS                                                                                     \
	{                                                                                          \
		.vips = 16, .backends = 4 * BACKENDS_MAX, .slots = 4 * BACKENDS_MAX                \
	}

static unsigned count_agreements(const struct harness *left, uint64_t key_first)
{
	struct harness right = harness_open(
		&(struct harness_options){.limits = LIMITS, .hash_key = {key_first, KEY_SECOND}});
	unsigned agreements = 0;

	publish_slots(&right, 8);
	for (unsigned n = 0; n < 1000; n++)
		agreements += steer_pattern(left, &pattern_rows[0], n) ==
			      steer_pattern(&right, &pattern_rows[0], n);
	harness_close(&right);
	return agreements;
}

static void test_same_key(void **state)
{
	assert_int_equal(count_agreements(*state, KEY_FIRST), 1000);
}

static void test_other_key(void **state)
{
	assert_in_range(count_agreements(*state, KEY_FIRST + 1), 0, 30);
}

/* ---- weights ---- */

#define WEIGHT_BACKENDS 3
#define WEIGHT_FLOWS	20000

/* Shares in per mille of the flows. */
static void measure_shares(struct harness *harness, const uint32_t weights[WEIGHT_BACKENDS],
			   unsigned ret_shares[WEIGHT_BACKENDS])
{
	struct backend backends[WEIGHT_BACKENDS];
	unsigned counts[WEIGHT_BACKENDS] = {0};

	memcpy(backends, make_pool()->backends, sizeof(backends));
	for (unsigned i = 0; i < WEIGHT_BACKENDS; i++)
		backends[i].weight = weights[i];
	publish_everywhere(harness, &(struct vip){.backends = backends,
						  .backend_count = WEIGHT_BACKENDS,
						  .ring_bits = 8});
	for (unsigned n = 0; n < WEIGHT_FLOWS; n++)
		counts[steer_pattern(harness, &pattern_rows[n % 2 ? 0 : 8], n)]++;
	for (unsigned i = 0; i < WEIGHT_BACKENDS; i++)
		ret_shares[i] = counts[i] * 1000 / WEIGHT_FLOWS;
}

struct weights_row {
	const char *name;
	uint32_t weights[WEIGHT_BACKENDS];
	unsigned shares[WEIGHT_BACKENDS]; /* in per mille */
};

/* In this order, a weight is raised, lowered, and taken away. */
static const struct weights_row weights_rows[] = {
	{"weights 1:1:2", {1, 1, 2}, {250, 250, 500}},
	{"weights 1:1:6, the last raised", {1, 1, 6}, {125, 125, 750}},
	{"weights 2:1:1, the first raised, the last lowered", {2, 1, 1}, {500, 250, 250}},
	{"weights 0:1:1, the first without", {0, 1, 1}, {0, 500, 500}},
	{"weights 0:0:1, one only", {0, 0, 1}, {0, 0, 1000}},
	{"weights 100:1:100", {100, 1, 100}, {498, 5, 498}},
};

/* 20 per mille are five standard deviations of chance and what a ring of 256 slots rounds off. */
#define SHARE_TOLERANCE 20

static void test_weights(void **state)
{
	const struct trial *trial = *state;
	const struct weights_row *row = trial->row;
	unsigned shares[WEIGHT_BACKENDS];

	measure_shares(trial->subject, row->weights, shares);
	for (unsigned i = 0; i < WEIGHT_BACKENDS; i++) {
		if (shares[i] > row->shares[i] + SHARE_TOLERANCE ||
		    shares[i] + SHARE_TOLERANCE < row->shares[i] || !shares[i] != !row->weights[i])
			fail_msg("backend %u: expected a share of %u per mille, found %u", i,
				 row->shares[i], shares[i]);
	}
}

int main(void)
{
	struct harness harness = harness_open(
		&(struct harness_options){.limits = LIMITS, .hash_key = {KEY_FIRST, KEY_SECOND}});
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_flow_stays, &harness),
		cmocka_unit_test_prestate(test_every_field_counts, &harness),
		cmocka_unit_test_prestate(test_same_key, &harness),
		cmocka_unit_test_prestate(test_other_key, &harness),
		cmocka_unit_test_prestate(test_doubled_ring, &harness),
	};
	int failed = 0;

	publish_slots(&harness, 8);
	failed |= CHECK_ROWS("steer/spread", &harness, pattern_rows, test_spread);
	failed |= cmocka_run_group_tests_name("steer", tests, NULL, NULL);
	failed |= CHECK_ROWS("steer/weights", &harness, weights_rows, test_weights);
	harness_close(&harness);
	return failed != 0;
}
