/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the twin says about a packet. That it agrees with the balancer and changes nothing is tested
 * with every packet that any test runs: see twin.h.
 */
#include "check.h"
#include "explain.h"
#include "publish.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define SLOTS	      (1u << CAROM_RING_BITS_MIN)
#define NO_INTERFACE  4242
#define INSERTS_PER_S 2
#define FIRST_PORT    1024
#define NONE	      CAROM_ORDINAL_NONE

static const struct backend pair[] = {
	{.address = "10.0.0.1", .weight = 1},
	{.address = "10.0.0.2", .weight = 1},
};
static const struct backend narrow = {.address = "10.0.0.8", .weight = 1, .mtu = 50};

/* All slots are one backend's. */
static uint16_t all_first[SLOTS], all_second[SLOTS];

static struct vip pair_vip(const uint16_t *slots)
{
	return (struct vip){.address = "192.0.2.1",
			    .port = 80,
			    .backends = pair,
			    .backend_count = COUNT(pair),
			    .slots = slots,
			    .tracked = true};
}

static void publish_pair(struct harness *harness, const uint16_t *slots)
{
	const struct vip vips[] = {
		pair_vip(slots),
		{.address = "192.0.2.8", .port = 80, .backends = &narrow, .backend_count = 1},
	};

	harness_publish(harness, vips, COUNT(vips));
}

/* A flow for each port, so that tests do not share them. */
static struct frame frame_of(uint16_t flow, uint8_t tcp_flags)
{
	return packet_build(&(struct packet){.destination = "192.0.2.1",
					     .destination_port = 80,
					     .source_port = (uint16_t)(FIRST_PORT + flow),
					     .tcp_flags = tcp_flags});
}

static struct carom_explanation ask(const struct harness *harness, const struct frame *frame)
{
	struct explain_packet packet = {frame->bytes, frame->length, HARNESS_INGRESS};
	struct explain_result result;
	struct error error;

	if (explain_run(harness->twin, &packet, &result, &error))
		fail_msg("%s", error.message);
	return result.decided;
}

static void check_number(const char *what, uint32_t found, uint32_t expected)
{
	if (found != expected)
		fail_msg("the %s is %u, expected %u", what, found, expected);
}

/* What of an explanation differs from test to test. */
struct expected {
	enum carom_flow_fate flow;
	uint16_t current, previous, recorded, chosen;
};

static void check_steering(const struct harness *harness, const struct frame *frame,
			   const struct expected *expected)
{
	struct carom_explanation decided = ask(harness, frame);
	struct vip vip = pair_vip(NULL);

	check_number("verdict", decided.verdict, CAROM_VERDICT_TX);
	check_number("VIP", decided.vip,
		     publish_vip_number(harness->publish, harness_find_vip(harness, &vip)));
	check_number("flow's fate", decided.flow, expected->flow);
	check_number("current ordinal", decided.current, expected->current);
	check_number("previous ordinal", decided.previous, expected->previous);
	check_number("recorded ordinal", decided.recorded, expected->recorded);
	check_number("chosen ordinal", decided.chosen, expected->chosen);
	assert_in_range(decided.slot, 0, SLOTS - 1);
}

/* ---- steering ---- */

static int begin(void **state)
{
	struct harness *harness = *state;

	/* Untracked: what there was is gone, its past and its flows with it. */
	harness_publish(harness, NULL, 0);
	flows_set_clock(publish_flows(harness->publish),
			flows_clock(publish_flows(harness->publish)) + 1);
	publish_pair(harness, all_first);
	return 0;
}

static void test_untracked(void **state)
{
	struct frame opening = frame_of(1, TCP_SYN), ordinary = frame_of(1, TCP_ACK);
	const struct expected expected = {CAROM_FLOW_UNTRACKED, 0, NONE, NONE, 0};

	check_steering(*state, &opening, &expected);
	check_steering(*state, &ordinary, &expected);
}

static void test_new_flow_in_a_tracked_slot(void **state)
{
	struct harness *harness = *state;
	struct frame opening = frame_of(2, TCP_SYN), ordinary = frame_of(2, TCP_ACK);

	publish_pair(harness, all_second);
	check_steering(harness, &opening, &(struct expected){CAROM_FLOW_RECORDABLE, 1, 0, NONE, 1});
	harness_run(harness, &opening);
	check_steering(harness, &ordinary, &(struct expected){CAROM_FLOW_RECORDED, 1, 0, 1, 1});
	check_steering(harness, &opening, &(struct expected){CAROM_FLOW_RECORDED, 1, 0, 1, 1});
}

static void test_older_flow_in_a_tracked_slot(void **state)
{
	struct harness *harness = *state;
	struct frame ordinary = frame_of(3, TCP_ACK);

	publish_pair(harness, all_second);
	check_steering(harness, &ordinary,
		       &(struct expected){CAROM_FLOW_RECORDABLE, 1, 0, NONE, 0});
	harness_run(harness, &ordinary);
	check_steering(harness, &ordinary, &(struct expected){CAROM_FLOW_RECORDED, 1, 0, 0, 0});
}

static void test_slot_that_moved_back(void **state)
{
	struct harness *harness = *state;
	struct frame ordinary = frame_of(4, TCP_ACK);

	publish_pair(harness, all_second);
	publish_pair(harness, all_first);
	check_steering(harness, &ordinary, &(struct expected){CAROM_FLOW_UNNEEDED, 0, 0, NONE, 0});
}

static void test_too_many_new_flows(void **state)
{
	struct harness *harness = *state;
	struct frame opening = frame_of(7, TCP_SYN), ordinary = frame_of(7, TCP_ACK), frame;

	publish_pair(harness, all_second);
	for (uint16_t flow = 5; flow < 5 + INSERTS_PER_S; flow++) {
		frame = frame_of(flow, TCP_SYN);
		harness_run(harness, &frame);
	}
	check_steering(harness, &opening, &(struct expected){CAROM_FLOW_UNRECORDED, 1, 0, NONE, 0});
	check_steering(harness, &ordinary,
		       &(struct expected){CAROM_FLOW_UNRECORDED, 1, 0, NONE, 0});
	flows_set_clock(publish_flows(harness->publish),
			flows_clock(publish_flows(harness->publish)) + 1);
	check_steering(harness, &opening, &(struct expected){CAROM_FLOW_RECORDABLE, 1, 0, NONE, 1});
}

/* ---- what is not forwarded ---- */

static void check_end(const struct harness *harness, const struct packet *packet, uint32_t verdict)
{
	struct frame frame = packet_build(packet);

	check_number("verdict", ask(harness, &frame).verdict, verdict);
}

static void test_not_forwarded(void **state)
{
	struct harness *harness = *state;

	check_end(harness, &(struct packet){.destination = "192.0.2.99", .destination_port = 80},
		  CAROM_VERDICT_FOREIGN);
	check_end(harness, &(struct packet){.destination = "192.0.2.1", .destination_port = 81},
		  CAROM_REASON_NOT_SERVED);
	check_end(harness,
		  &(struct packet){.destination = "192.0.2.1",
				   .destination_port = 80,
				   .fragment = FRAGMENT_MORE},
		  CAROM_REASON_FRAGMENT);
}

/* It got as far as a backend, and says so. */
static void test_too_big(void **state)
{
	struct frame frame =
		packet_build(&(struct packet){.destination = "192.0.2.8", .destination_port = 80});
	struct carom_explanation decided = ask(*state, &frame);

	check_number("verdict", decided.verdict, CAROM_REASON_TOO_BIG);
	check_number("chosen ordinal", decided.chosen, 0);
	assert_int_not_equal(decided.vip, 0);
	assert_int_not_equal(decided.slot, CAROM_NONE);
}

/* What one packet decided does not show in the next one's explanation. */
static void test_nothing_is_left(void **state)
{
	struct harness *harness = *state;
	struct frame frame = frame_of(2, TCP_SYN);
	struct frame foreign = packet_build(&(struct packet){.destination = "192.0.2.99"});
	struct carom_explanation decided;

	publish_pair(harness, all_second);
	ask(harness, &frame);
	decided = ask(harness, &foreign);
	check_number("VIP", decided.vip, 0);
	check_number("slot", decided.slot, CAROM_NONE);
	check_number("backend", decided.backend, CAROM_NONE);
	check_number("chosen ordinal", decided.chosen, NONE);
	check_number("current ordinal", decided.current, NONE);
	check_number("previous ordinal", decided.previous, NONE);
	check_number("flow's fate", decided.flow, CAROM_FLOW_UNTRACKED);
}

/* ---- what can be run ---- */

static void test_lengths(void **state)
{
	static const uint8_t zeros[EXPLAIN_FRAME_BYTES_MAX];
	const struct harness *harness = *state;
	struct explain_packet packet = {zeros, EXPLAIN_FRAME_BYTES_MIN, HARNESS_INGRESS};
	struct explain_result result;
	struct error error;

	for (; packet.length <= EXPLAIN_FRAME_BYTES_MAX; packet.length++) {
		if (explain_run(harness->twin, &packet, &result, &error))
			fail_msg("%zu bytes: %s", packet.length, error.message);
		assert_int_equal(result.length, packet.length);
	}
}

static void test_interface_that_is_not_there(void **state)
{
	const struct harness *harness = *state;
	struct frame frame = frame_of(1, TCP_SYN);
	struct explain_packet packet = {frame.bytes, frame.length, NO_INTERFACE};
	struct explain_result result;
	struct error error = {0};

	assert_int_equal(explain_run(harness->twin, &packet, &result, &error), -1);
	assert_int_not_equal(error.kind, ERROR_NONE);
}

#define TEST(function)                                                                             \
	{                                                                                          \
#function, function, begin, NULL, &harness                                         \
	}

int main(void)
{
	struct harness harness = harness_open(
		&(struct harness_options){.limits = {.vips = 8,
						     .backends = 16,
						     .slots = 8 * SLOTS,
						     .flows = 256,
						     .flow_inserts_per_s = INSERTS_PER_S,
						     .flow_idle_timeout_s = 600}});
	const struct CMUnitTest tests[] = {
		TEST(test_untracked),
		TEST(test_new_flow_in_a_tracked_slot),
		TEST(test_older_flow_in_a_tracked_slot),
		TEST(test_slot_that_moved_back),
		TEST(test_too_many_new_flows),
		TEST(test_not_forwarded),
		TEST(test_too_big),
		TEST(test_nothing_is_left),
		TEST(test_lengths),
		TEST(test_interface_that_is_not_there),
	};
	int failed;

	harness_stay_on_this_cpu();
	for (size_t i = 0; i < SLOTS; i++)
		all_second[i] = 1;
	failed = cmocka_run_group_tests_name("explain", tests, NULL, NULL);
	harness_close(&harness);
	return failed != 0;
}
