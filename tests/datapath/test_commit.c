/* SPDX-License-Identifier: BSD-2-Clause */
/* Many VIPs at once, and one state of the world after another: a packet sees one of them, whole. */
#include "check.h"

#include "grace.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- 4,096 VIPs ---- */

#define MANY_VIPS     4096
#define PER_ADDRESS   4 /* two TCP ports, one UDP port, and any other TCP port */
#define ADDRESS_BYTES 48

/* Each VIP has a backend of its own. */
struct many {
	char addresses[MANY_VIPS][ADDRESS_BYTES];
	char backend_addresses[MANY_VIPS][ADDRESS_BYTES];
	struct backend backends[MANY_VIPS];
	struct vip vips[MANY_VIPS];
};

/* IPv4 and IPv6 by turns; number: of the address. */
static void write_vip_address(unsigned number, char ret_text[ADDRESS_BYTES])
{
	if (number % 2)
		snprintf(ret_text, ADDRESS_BYTES, "2001:db8:%x::%x", number / 16, number % 16 + 1);
	else
		snprintf(ret_text, ADDRESS_BYTES, "192.%u.%u.1", number >> 8, number & 0xff);
}

static void fill_many(struct many *many)
{
	static const uint16_t ports[PER_ADDRESS] = {80, 443, 53, 0};

	for (unsigned i = 0; i < MANY_VIPS; i++) {
		write_vip_address(i / PER_ADDRESS, many->addresses[i]);
		snprintf(many->backend_addresses[i], ADDRESS_BYTES, "10.7.%u.%u", i >> 8, i & 0xff);
		many->backends[i] =
			(struct backend){.address = many->backend_addresses[i], .weight = 1};
		many->vips[i] = (struct vip){
			.address = many->addresses[i],
			.port = ports[i % PER_ADDRESS],
			.protocol = ports[i % PER_ADDRESS] == 53 ? IPPROTO_UDP : IPPROTO_TCP,
			.backends = &many->backends[i],
			.backend_count = 1,
		};
	}
}

static struct frame packet_to(const char *address, uint16_t port, uint8_t protocol)
{
	return packet_build(&(struct packet){
		.destination = address,
		.source_port = 33333,
		.destination_port = port,
		.protocol = protocol,
	});
}

static void check_found(const struct harness *harness, const struct many *many, unsigned i)
{
	const struct vip *vip = &many->vips[i];
	struct frame outer,
		frame = packet_to(vip->address, vip->port ? vip->port : 7777, vip->protocol);

	check_action(&frame, harness_run_program(harness->program, &frame, &outer), XDP_TX);
	if (frame_read16(&outer, AT_IPV4_DESTINATION + 2) != i)
		fail_msg("VIP %u, %s port %u: its packet went to the backend of VIP %u", i,
			 vip->address, vip->port, frame_read16(&outer, AT_IPV4_DESTINATION + 2));
}

static void test_many(void **state)
{
	struct harness *harness = *state;
	struct many *many = calloc(1, sizeof(*many));
	struct frame frame, after;
	char address[ADDRESS_BYTES];

	assert_non_null(many);
	fill_many(many);
	harness_publish(harness, many->vips, MANY_VIPS);
	for (unsigned i = 0; i < MANY_VIPS; i++)
		check_found(harness, many, i);
	for (unsigned i = 0; i < MANY_VIPS; i++) {
		write_vip_address(MANY_VIPS / PER_ADDRESS + i, address);
		frame = packet_to(address, 80, IPPROTO_TCP);
		check_action(&frame, harness_run_program(harness->program, &frame, &after),
			     XDP_PASS);
	}
	free(many);
}

/* ---- one state after another ---- */

static const struct backend first = {.address = "10.0.0.1", .weight = 1};
static const struct backend second = {.address = "fd00::2", .weight = 1, .interface = 99};
static const struct backend third = {.address = "10.0.0.3", .weight = 1};

/* The address stays and its backends change; another comes and goes; a third turns any-port. */
static const struct vip state_a[] = {
	{.address = "192.0.2.1", .port = 80, .backends = &first, .backend_count = 1},
	{.address = "192.0.2.2", .port = 80, .backends = &third, .backend_count = 1},
	{.address = "2001:db8::3", .port = 80, .backends = &third, .backend_count = 1},
};
static const struct vip state_b[] = {
	{.address = "192.0.2.1",
	 .port = 80,
	 .backends = &second,
	 .backend_count = 1,
	 .ring_bits = 10},
	{.address = "2001:db8::3", .port = 0, .backends = &first, .backend_count = 1},
};

static void check_state(const struct harness *harness, bool is_a)
{
	struct frame stays = packet_to("192.0.2.1", 80, IPPROTO_TCP);
	struct frame comes_and_goes = packet_to("192.0.2.2", 80, IPPROTO_TCP);
	struct frame exact = packet_to("2001:db8::3", 80, IPPROTO_TCP);
	struct frame any = packet_to("2001:db8::3", 81, IPPROTO_TCP);

	check_forwarded(harness, &stays, &(struct forwarding){.backend = is_a ? &first : &second});
	check_forwarded(
		harness, &exact,
		&(struct forwarding){.backend = is_a ? &third : &first, .dont_fragment = true});
	if (is_a) {
		check_forwarded(harness, &comes_and_goes, &(struct forwarding){.backend = &third});
		check_refused(harness, &any, CAROM_REASON_NOT_SERVED, OF_NO_VIP);
	} else {
		check_passed(harness, &comes_and_goes);
		check_forwarded(harness, &any,
				&(struct forwarding){.backend = &first, .dont_fragment = true});
	}
}

static void test_states(void **state)
{
	struct harness *harness = *state;

	for (unsigned i = 0; i < 50; i++) {
		harness_publish(harness, state_a, COUNT(state_a));
		check_state(harness, true);
		harness_publish(harness, state_b, COUNT(state_b));
		check_state(harness, false);
	}
}

/* The published generation is untouched by commits that fill all the idle ones. */
static void test_back_to_back(void **state)
{
	struct harness *harness = *state;
	bool is_a = false;

	while (publish_is_ready(harness->publish)) {
		is_a = !is_a;
		harness_commit(harness, is_a ? state_a : state_b,
			       is_a ? COUNT(state_a) : COUNT(state_b));
		check_state(harness, is_a);
	}
	publish_reclaim(harness->publish, publish_epoch(harness->publish));
	check_state(harness, is_a);
}

static void test_nothing_published(void **state)
{
	struct harness *harness = *state;
	struct frame frame = packet_to("192.0.2.1", 80, IPPROTO_TCP);

	harness_publish(harness, NULL, 0);
	check_passed(harness, &frame);
}

static void test_totals_never_fall(void **state)
{
	struct harness *harness = *state;
	struct frame frame = packet_to("192.0.2.1", 80, IPPROTO_TCP);
	uint64_t total = 0, counted;

	harness_publish(harness, NULL, 0);
	for (unsigned i = 0; i < 10; i++) {
		harness_publish(harness, i % 2 ? state_a : state_b, i % 2 ? COUNT(state_a) : 2);
		for (unsigned n = 0; n <= i; n++, total++)
			harness_run(harness, &frame);
		counted = counters_vip(publish_counters(harness->publish),
				       harness_find_vip(harness, &state_a[0]))
				  .packets;
		assert_int_equal(counted, total);
	}
}

/* ---- packets while states change ---- */

#define COMMITS_MEANWHILE 60

struct traffic {
	const struct harness *harness;
	atomic_bool stop;
	unsigned of_a, of_b, of_neither;
};

/* The frame is the one of either state, in every byte. */
static void *run_traffic(void *context)
{
	struct traffic *traffic = context;
	struct frame frame = packet_to("192.0.2.1", 80, IPPROTO_TCP), found;
	struct tunnel to_first = harness_tunnel(&first), to_second = harness_tunnel(&second);
	struct frame of_a = packet_wrap(&frame, &to_first), of_b;

	while (!atomic_load(&traffic->stop)) {
		uint32_t action = harness_run_program(traffic->harness->program, &frame, &found);

		to_second.flow_label =
			(found.bytes[AT_IP + 1] & 0xfu) << 16 | frame_read16(&found, AT_IP + 2);
		of_b = packet_wrap(&frame, &to_second);
		if (action == XDP_TX && memcmp(found.bytes, of_a.bytes, of_a.length) == 0)
			traffic->of_a++;
		else if (action == XDP_REDIRECT &&
			 memcmp(found.bytes, of_b.bytes, of_b.length) == 0)
			traffic->of_b++;
		else
			traffic->of_neither++;
	}
	return NULL;
}

static void commit_and_wait(struct harness *harness, struct grace *grace, bool is_a)
{
	struct error error;
	uint64_t epoch;

	harness_commit(harness, is_a ? state_a : state_b, is_a ? COUNT(state_a) : COUNT(state_b));
	epoch = publish_epoch(harness->publish);
	if (grace_wait(grace, &error))
		fail_msg("%s", error.message);
	publish_reclaim(harness->publish, epoch);
}

static void test_traffic_meanwhile(void **state)
{
	struct harness *harness = *state;
	struct traffic traffic = {.harness = harness};
	struct error error;
	struct grace *grace = grace_new(&error);
	pthread_t thread;

	assert_non_null(grace);
	harness_publish(harness, state_a, COUNT(state_a));
	assert_int_equal(pthread_create(&thread, NULL, run_traffic, &traffic), 0);
	for (unsigned i = 0; i < COMMITS_MEANWHILE; i++)
		commit_and_wait(harness, grace, i % 2);
	atomic_store(&traffic.stop, true);
	pthread_join(thread, NULL);
	grace_free(grace);
	assert_int_equal(traffic.of_neither, 0);
	assert_true(traffic.of_a > 0);
	assert_true(traffic.of_b > 0);
}

int main(void)
{
	struct harness harness = harness_open(
		&(struct harness_options){.limits = {.vips = MANY_VIPS,
						     .backends = MANY_VIPS,
						     .slots = MANY_VIPS << CAROM_RING_BITS_MIN}});
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_many, &harness),
		cmocka_unit_test_prestate(test_nothing_published, &harness),
		cmocka_unit_test_prestate(test_states, &harness),
		cmocka_unit_test_prestate(test_back_to_back, &harness),
		cmocka_unit_test_prestate(test_totals_never_fall, &harness),
		cmocka_unit_test_prestate(test_traffic_meanwhile, &harness),
	};
	int failed = cmocka_run_group_tests_name("commit", tests, NULL, NULL);

	harness_close(&harness);
	return failed != 0;
}
