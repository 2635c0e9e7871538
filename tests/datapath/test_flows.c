/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the packets of one TCP flow in a tracked slot come to, by their flags and sequence numbers:
 * packets that somebody made up without having seen the flow take nothing from it, and a port that
 * a client uses again begins a flow of its own.
 */
#include "check.h"

#include <netinet/in.h>

#define SLOTS	       (1u << CAROM_RING_BITS_MIN)
#define IDLE_TIMEOUT_S 600
#define FIRST_PORT     1024
#define REACHED	       0x20000000u /* the sequence number of a connection that goes on */
#define ANOTHER	       0x9abc0000u /* of the next one that has its port */
#define BLIND	       200	   /* packets that are made up */

static const struct backend backends[] = {
	{.address = "10.0.0.1", .weight = 1},
	{.address = "10.0.0.2", .weight = 1},
	{.address = "10.0.0.3", .weight = 1},
};

static uint16_t all_slots[3][SLOTS];
static uint16_t port; /* of the test's client */

/* Every slot is the backend's: 'A', 'B' or 'C'. What it had before, it goes on to serve. */
static void move_to(struct harness *harness, char backend)
{
	const struct vip vip = {.address = "192.0.2.1",
				.port = 80,
				.backends = backends,
				.backend_count = 3,
				.slots = all_slots[backend - 'A'],
				.tracked = true};

	harness_publish(harness, &vip, 1);
}

/* The backend that takes the packet. */
static char taker(const struct harness *harness, uint8_t flags, uint32_t sequence)
{
	struct frame frame = packet_build(&(struct packet){.destination = "192.0.2.1",
							   .destination_port = 80,
							   .source_port = port,
							   .tcp_flags = flags,
							   .sequence = sequence});
	struct harness_result result = harness_run(harness, &frame);

	check_action(&frame, result.action, XDP_TX);
	return (char)('A' + frame_read16(&result.frame, AT_IPV4_DESTINATION + 2) - 1);
}

#define EXPECT(harness, flags, sequence, backend)                                                  \
	assert_int_equal(taker(harness, flags, sequence), backend)

static void wait_for(const struct harness *harness, uint32_t seconds)
{
	flows_set_clock(publish_flows(harness->publish),
			flows_clock(publish_flows(harness->publish)) + seconds);
}

static uint32_t blind_sequence(uint32_t number)
{
	return (uint32_t)carom_mix(number, 7);
}

/* A flow of A's, which two packets have confirmed, when new flows go to B. */
static void confirm(struct harness *harness)
{
	move_to(harness, 'B');
	EXPECT(harness, TCP_ACK, REACHED, 'A');
	EXPECT(harness, TCP_ACK, REACHED + 100, 'A');
}

/* ---- blind packets ---- */

static void test_blind_syn(void **state)
{
	struct harness *harness = *state;

	confirm(harness);
	for (uint32_t i = 0; i < BLIND; i++)
		EXPECT(harness, TCP_SYN, blind_sequence(i), 'A');
	EXPECT(harness, TCP_ACK, REACHED + 200, 'A');
}

/* Between the change and the flow's next packet, nothing is recorded yet. */
static void test_blind_syn_comes_first(void **state)
{
	struct harness *harness = *state;

	move_to(harness, 'B');
	EXPECT(harness, TCP_SYN, ANOTHER, 'B');
	EXPECT(harness, TCP_ACK, REACHED, 'A');
	wait_for(harness, CAROM_FLOW_UNCONFIRMED_S + 1);
	EXPECT(harness, TCP_ACK, REACHED, 'A');
}

static void test_blind_end(void **state)
{
	struct harness *harness = *state;

	confirm(harness);
	for (uint32_t i = 0; i < BLIND; i++) {
		EXPECT(harness, i % 2 ? TCP_FIN | TCP_ACK : TCP_RST, blind_sequence(i), 'A');
		EXPECT(harness, TCP_SYN, blind_sequence(i) + 1, 'A');
	}
	EXPECT(harness, TCP_ACK, REACHED + 200, 'A');
}

/* Nor do they lead the flow's sequence numbers astray, so that its own end is known no more. */
static void test_blind_packets_before_the_end(void **state)
{
	struct harness *harness = *state;

	confirm(harness);
	for (uint32_t i = 0; i < BLIND; i++)
		EXPECT(harness, TCP_ACK, blind_sequence(i), 'A');
	EXPECT(harness, TCP_FIN | TCP_ACK, REACHED + 300, 'A');
	EXPECT(harness, TCP_SYN, ANOTHER, 'B');
}

static void test_blind_packet_in_a_handshake(void **state)
{
	struct harness *harness = *state;

	move_to(harness, 'B');
	EXPECT(harness, TCP_SYN, ANOTHER, 'B');
	EXPECT(harness, TCP_ACK, REACHED, 'A');
	EXPECT(harness, TCP_RST, REACHED, 'A');
	move_to(harness, 'C');
	EXPECT(harness, TCP_ACK, ANOTHER + 1, 'B');
	EXPECT(harness, TCP_ACK, ANOTHER + 100, 'B');
}

/* ---- a client's own ---- */

static void test_repeated_syn(void **state)
{
	struct harness *harness = *state;

	move_to(harness, 'B');
	EXPECT(harness, TCP_SYN, ANOTHER, 'B');
	move_to(harness, 'C');
	for (uint32_t seconds = 1; seconds < CAROM_FLOW_UNCONFIRMED_S; seconds *= 2) {
		wait_for(harness, seconds);
		EXPECT(harness, TCP_SYN, ANOTHER, 'B');
	}
	EXPECT(harness, TCP_ACK, ANOTHER + 1, 'B');
	wait_for(harness, IDLE_TIMEOUT_S);
	EXPECT(harness, TCP_ACK, ANOTHER + 1, 'B');
}

/* At the turn of a block, and of all sequence numbers. */
static void test_sequence_numbers_turn(void **state)
{
	static const uint32_t firsts[] = {UINT32_MAX - 0x20000, UINT32_MAX - 1, 0x3ffff, 0x40000};
	struct harness *harness = *state;

	move_to(harness, 'B');
	for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++, port++) {
		EXPECT(harness, TCP_SYN, firsts[i], 'B');
		EXPECT(harness, TCP_ACK, firsts[i] + 1, 'B');
		EXPECT(harness, TCP_ACK, firsts[i] + 0x30001, 'B');
		EXPECT(harness, TCP_ACK, firsts[i] + 0x60001, 'B');
		EXPECT(harness, TCP_FIN | TCP_ACK, firsts[i] + 0x80001, 'B');
		move_to(harness, 'C');
		EXPECT(harness, TCP_SYN, REACHED, 'C');
		move_to(harness, 'B');
	}
}

static void test_port_is_used_again(void **state)
{
	static const uint8_t ends[] = {TCP_FIN | TCP_ACK, TCP_RST, TCP_RST | TCP_ACK};
	struct harness *harness = *state;

	for (size_t i = 0; i < sizeof(ends); i++, port++) {
		move_to(harness, 'A');
		confirm(harness);
		EXPECT(harness, ends[i], REACHED + 200, 'A');
		EXPECT(harness, TCP_ACK, REACHED + 201, 'A');
		EXPECT(harness, TCP_SYN, ANOTHER, 'B');
		EXPECT(harness, TCP_ACK, ANOTHER + 1, 'B');
		EXPECT(harness, TCP_ACK, ANOTHER + 100, 'B');
		harness_publish(harness, NULL, 0);
	}
}

/* Its last packets are the first that come after the change. */
static void test_port_of_an_older_flow_is_used_again(void **state)
{
	struct harness *harness = *state;

	move_to(harness, 'B');
	EXPECT(harness, TCP_FIN | TCP_ACK, REACHED, 'A');
	EXPECT(harness, TCP_ACK, REACHED + 1, 'A');
	EXPECT(harness, TCP_SYN, ANOTHER, 'B');
	EXPECT(harness, TCP_ACK, ANOTHER + 1, 'B');
}

/* The client has lost its connection: the backend's challenge makes it say so. */
static void test_client_that_forgot(void **state)
{
	struct harness *harness = *state;

	confirm(harness);
	EXPECT(harness, TCP_SYN, ANOTHER, 'A');
	EXPECT(harness, TCP_RST, REACHED + 100, 'A');
	EXPECT(harness, TCP_SYN, ANOTHER, 'B');
	EXPECT(harness, TCP_ACK, ANOTHER + 1, 'B');
}

/* A try that nothing came of does not hold its port. */
static void test_another_try(void **state)
{
	struct harness *harness = *state;

	move_to(harness, 'B');
	EXPECT(harness, TCP_SYN, REACHED, 'B');
	move_to(harness, 'C');
	EXPECT(harness, TCP_SYN, ANOTHER, 'C');
	EXPECT(harness, TCP_ACK, ANOTHER + 1, 'C');
}

/* A half-closed connection goes on for as long as the client acknowledges. */
static void test_half_closed(void **state)
{
	struct harness *harness = *state;

	confirm(harness);
	EXPECT(harness, TCP_FIN | TCP_ACK, REACHED + 200, 'A');
	move_to(harness, 'C');
	for (int i = 0; i < 3; i++) {
		wait_for(harness, IDLE_TIMEOUT_S);
		EXPECT(harness, TCP_ACK, REACHED + 201, 'A');
	}
}

static int begin(void **state)
{
	struct harness *harness = *state;

	harness_publish(harness, NULL, 0);
	wait_for(harness, 1);
	port = FIRST_PORT;
	move_to(harness, 'A');
	return 0;
}

#define TEST(test)                                                                                 \
	{                                                                                          \
#test, test, begin, NULL, &harness                                                 \
	}

int main(void)
{
	struct harness harness = harness_open(
		&(struct harness_options){.limits = {.vips = 8,
						     .backends = 16,
						     .slots = 8 * SLOTS,
						     .flows = 256,
						     .flow_inserts_per_s = 1000,
						     .flow_idle_timeout_s = IDLE_TIMEOUT_S}});
	const struct CMUnitTest tests[] = {
		TEST(test_blind_syn),
		TEST(test_blind_syn_comes_first),
		TEST(test_blind_end),
		TEST(test_blind_packets_before_the_end),
		TEST(test_blind_packet_in_a_handshake),
		TEST(test_repeated_syn),
		TEST(test_sequence_numbers_turn),
		TEST(test_port_is_used_again),
		TEST(test_port_of_an_older_flow_is_used_again),
		TEST(test_client_that_forgot),
		TEST(test_another_try),
		TEST(test_half_closed),
	};
	int failed;

	harness_stay_on_this_cpu();
	for (uint16_t backend = 0; backend < 3; backend++) {
		for (size_t i = 0; i < SLOTS; i++)
			all_slots[backend][i] = backend;
	}
	failed = cmocka_run_group_tests_name("flows", tests, NULL, NULL);
	harness_close(&harness);
	return failed != 0;
}
