/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Floods that fill the flow table: what they cost, and whom. A new connection never goes to the
 * drained backend, an older one never leaves it, and a flood at one VIP takes nothing from another.
 */
#include "check.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define SLOTS	     (1u << CAROM_RING_BITS_MIN)
#define FLOWS	     4096 /* of the table */
#define FLOOD	     (4 * FLOWS)
#define CONNECTIONS  300
#define PER_S	     437
#define IDLE_S	     600
#define SOURCE_BYTES 16

enum { WEB_OLD = 1, WEB_NEW = 2, DNS = 3 };

static const struct backend web[] = {
	{.address = "10.0.0.1", .weight = 1, .is_drained = true},
	{.address = "10.0.0.2", .weight = 1},
};
static const struct backend active[] = {
	{.address = "10.0.0.1", .weight = 1},
	{.address = "10.0.0.2", .weight = 1},
};
static const struct backend dns = {.address = "10.0.0.3", .weight = 1};
static uint16_t old_slots[SLOTS], new_slots[SLOTS];

static void publish(struct harness *harness, const struct backend *backends, const uint16_t *slots)
{
	const struct vip vips[] = {
		{.address = "192.0.2.1",
		 .port = 80,
		 .backends = backends,
		 .backend_count = 2,
		 .slots = slots,
		 .tracked = true},
		{.address = "192.0.2.1",
		 .port = 53,
		 .protocol = IPPROTO_UDP,
		 .ring_bits = CAROM_RING_BITS_MIN,
		 .backends = &dns,
		 .backend_count = 1,
		 .tracked = true,
		 .records_all = true},
	};

	harness_publish(harness, vips, 2);
}

static struct frame frame_of(uint32_t client, uint8_t tcp_flags)
{
	char source[SOURCE_BYTES];

	snprintf(source, sizeof(source), "10.%u.%u.%u", client >> 16 & 0xff, client >> 8 & 0xff,
		 client & 0xff);
	return packet_build(&(struct packet){
		.source = source,
		.destination = "192.0.2.1",
		.source_port = 40000,
		.destination_port = tcp_flags ? 80 : 53,
		.protocol = tcp_flags ? IPPROTO_TCP : IPPROTO_UDP,
		.tcp_flags = tcp_flags,
	});
}

/* The backend that takes the packet; 0: it is dropped. tcp_flags: 0: a packet of UDP. */
static unsigned taker(const struct harness *harness, uint32_t client, uint8_t tcp_flags)
{
	struct frame frame = frame_of(client, tcp_flags), outer;

	return harness_run_program(harness->program, &frame, &outer) == XDP_TX
		       ? outer.bytes[AT_IPV4_DESTINATION + 3]
		       : 0;
}

/* Each from other clients. */
static void flood(const struct harness *harness, uint8_t tcp_flags, unsigned packets_each)
{
	static uint32_t client = 1u << 20;

	for (uint32_t last = client + FLOOD; client < last; client++) {
		for (unsigned i = 0; i < packets_each; i++)
			taker(harness, client, tcp_flags);
	}
}

struct counts {
	unsigned by_backend[4];
};

/* New connections, each with the handshake's third packet. */
static struct counts open_connections(const struct harness *harness)
{
	struct counts counts = {0};

	for (uint32_t i = 0; i < CONNECTIONS; i++) {
		unsigned opened = taker(harness, i, TCP_SYN);

		counts.by_backend[opened]++;
		if (opened)
			assert_int_equal(taker(harness, i, TCP_ACK), opened);
	}
	return counts;
}

static void tick(struct harness *harness, uint32_t seconds)
{
	struct error error;

	flows_set_clock(publish_flows(harness->publish),
			flows_clock(publish_flows(harness->publish)) + seconds);
	assert_int_equal(flows_sweep(publish_flows(harness->publish), &error), 0);
}

static struct flows_unrecorded unrecorded(const struct harness *harness, size_t vip)
{
	return flows_vip(publish_flows(harness->publish), vip).unrecorded;
}

static size_t index_of(const struct harness *harness, uint8_t protocol)
{
	return publish_image(harness->publish)->vips[0]->protocol == protocol ? 0 : 1;
}

/* ---- new connections ---- */

static void test_udp_flood(void **state)
{
	struct harness *harness = *state;
	struct counts counts;

	flood(harness, 0, 1);
	tick(harness, 1);
	flood(harness, 0, 2);
	counts = open_connections(harness);
	assert_int_equal(counts.by_backend[WEB_NEW], CONNECTIONS);
	assert_true(unrecorded(harness, index_of(harness, IPPROTO_UDP)).share_used > 0);
	assert_int_equal(unrecorded(harness, index_of(harness, IPPROTO_TCP)).share_used, 0);
}

/* A few find no record of their VIP in their places that would give way, and must try again. */
static void assert_nearly_all(const struct counts *counts)
{
	assert_int_equal(counts->by_backend[WEB_OLD], 0);
	assert_in_range(counts->by_backend[WEB_NEW], CONNECTIONS * 95 / 100, CONNECTIONS);
}

static void test_flood_of_other_packets(void **state)
{
	struct harness *harness = *state;
	struct counts counts;

	flood(harness, TCP_ACK, 1);
	tick(harness, 1);
	flood(harness, TCP_ACK, 1);
	counts = open_connections(harness);
	assert_nearly_all(&counts);
}

/* Only a flood that confirms every flow holds its own VIP's share; it costs new tries time. */
static void test_flood_of_pairs(void **state)
{
	struct harness *harness = *state;
	struct counts counts;

	flood(harness, TCP_ACK, 2);
	tick(harness, 1);
	counts = open_connections(harness);
	assert_int_equal(counts.by_backend[WEB_OLD], 0);
	assert_int_equal(counts.by_backend[WEB_NEW] + counts.by_backend[0], CONNECTIONS);
	assert_int_equal(taker(harness, 3u << 20, 0), DNS);
	assert_int_equal(taker(harness, CONNECTIONS, TCP_ACK), WEB_OLD);
}

static void test_syn_flood(void **state)
{
	struct harness *harness = *state;
	struct counts counts;

	flood(harness, TCP_SYN, 1);
	counts = open_connections(harness);
	assert_int_equal(counts.by_backend[WEB_OLD], 0);
	tick(harness, 2);
	flood(harness, TCP_SYN, 1);
	tick(harness, 2);
	counts = open_connections(harness);
	assert_nearly_all(&counts);
}

/* While the previous backend takes new flows, nothing is refused. */
static void test_no_drain(void **state)
{
	struct harness *harness = *state;
	struct counts counts;

	publish(harness, active, old_slots);
	publish(harness, active, new_slots);
	flood(harness, TCP_ACK, 2);
	counts = open_connections(harness);
	assert_int_equal(counts.by_backend[0], 0);
}

static void test_refusal_is_counted(void **state)
{
	struct harness *harness = *state;
	unsigned refused = 0;

	flood(harness, TCP_ACK, 2);
	for (uint32_t i = 0; i < CONNECTIONS && !refused; i++) {
		struct frame frame = frame_of(i, TCP_SYN);
		struct harness_result result = harness_run(harness, &frame);

		if (result.action == XDP_TX)
			continue;
		check_result_refused(&result, &frame, CAROM_REASON_UNRECORDED, OF_VIP);
		refused++;
	}
	assert_int_equal(refused, 1);
}

/* ---- the table ---- */

/* Single packets are forgotten after ten seconds, however long they come. */
static void test_single_packets_leave(void **state)
{
	struct harness *harness = *state;
	uint64_t used, size;

	for (uint32_t second = 0; second < 60; second++) {
		for (uint32_t i = 0; i < PER_S / 4; i++)
			taker(harness, 1u << 20 | (second * PER_S + i), second % 2 ? TCP_ACK : 0);
		tick(harness, 1);
	}
	flows_fill(publish_flows(harness->publish), &used, &size);
	assert_in_range(used, 1, PER_S / 4 * (CAROM_FLOW_UNCONFIRMED_S + 1));
}

/* A guarantee stands whoever came first, and what is lent goes to whoever asks. */
static void test_guarantee(void **state)
{
	struct harness *harness = *state;
	uint32_t recorded = 0;
	uint64_t used, size;

	flood(harness, 0, 2);
	tick(harness, 1);
	flows_fill(publish_flows(harness->publish), &used, &size);
	assert_int_equal(size, FLOWS);
	assert_in_range(used, FLOWS * 3 / 4 - 64, FLOWS * 3 / 4);
	for (uint32_t i = 0; i < FLOWS / 4; i++) {
		struct flows_unrecorded before =
			unrecorded(harness, index_of(harness, IPPROTO_TCP));

		taker(harness, i, TCP_ACK);
		recorded += unrecorded(harness, index_of(harness, IPPROTO_TCP)).table_full ==
			    before.table_full;
		assert_int_equal(unrecorded(harness, index_of(harness, IPPROTO_TCP)).share_used, 0);
	}
	/* Some flows' eight places are all taken: one in a thousand at most. */
	assert_in_range(recorded, FLOWS / 4 * 999 / 1000, FLOWS / 4);
}

static int begin(void **state)
{
	struct harness *harness = *state;
	struct error error;

	harness_publish(harness, NULL, 0);
	flows_set_clock(publish_flows(harness->publish),
			flows_clock(publish_flows(harness->publish)) + 1);
	if (flows_sweep(publish_flows(harness->publish), &error))
		return -1;
	publish(harness, active, old_slots);
	publish(harness, web, new_slots);
	return 0;
}

#define TEST(test)                                                                                 \
	{                                                                                          \
#test, test, begin, NULL, &harness                                                 \
	}

int main(void)
{
	struct harness harness =
		harness_open(&(struct harness_options){.limits = {.vips = 8,
								  .backends = 16,
								  .slots = 16 * SLOTS,
								  .flows = FLOWS,
								  .flow_inserts_per_s = 1000000,
								  .flow_idle_timeout_s = IDLE_S}});
	const struct CMUnitTest tests[] = {
		TEST(test_udp_flood),
		TEST(test_flood_of_other_packets),
		TEST(test_flood_of_pairs),
		TEST(test_syn_flood),
		TEST(test_no_drain),
		TEST(test_refusal_is_counted),
		TEST(test_single_packets_leave),
		TEST(test_guarantee),
	};
	int failed;

	harness_stay_on_this_cpu();
	for (size_t i = 0; i < SLOTS; i++)
		new_slots[i] = 1;
	failed = cmocka_run_group_tests_name("floods", tests, NULL, NULL);
	harness_close(&harness);
	return failed != 0;
}
