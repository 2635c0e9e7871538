/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is left of a drained backend's flows, from the change to the last flow's end. The maps are
 * plain memory here, and the test records the flows that packets would.
 */
#include "address.h"
#include "displace.h"
#include "publish.h"
#include "record.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RING_BITS      8
#define RING_SLOTS     (1 << RING_BITS)
#define IDLE_TIMEOUT_S 10
#define START_S	       100

enum { VIP_COUNT = 4, SLOT_COUNT = 8 * RING_SLOTS, BACKEND_COUNT = 64, FLOW_COUNT = 64, LANES = 2 };

/* Ordinals, and how the rings below deal out the slots. */
enum { FIRST, SECOND, ORDINAL_COUNT };

static struct dataplane_memory memory;
static struct publish *publish;

#define MAKE(member, count) assert_non_null(memory.member = calloc((count), sizeof(*memory.member)))

static int set_up(void **state)
{
	struct error error;

	(void)state;
	memory = (struct dataplane_memory){
		.displacement_count = displace_bucket_count(VIP_COUNT),
		.entry_count = displace_entry_count(VIP_COUNT),
		.slot_count = SLOT_COUNT,
		.backend_count = BACKEND_COUNT,
		.next_hop_count = 1 + BACKEND_COUNT,
		.flow_count = FLOW_COUNT,
		.flow_idle_timeout_s = IDLE_TIMEOUT_S,
		.counters_per_lane = VIP_COUNT + BACKEND_COUNT,
		.reasons_per_lane = VIP_COUNT,
		.lane_count = LANES,
	};
	MAKE(page, 1);
	MAKE(page->mapped, 1);
	memory.control = &memory.page->copy;
	MAKE(displacements, memory.displacement_count * 2 * CAROM_GENERATION_COUNT);
	MAKE(addresses, memory.entry_count * CAROM_GENERATION_COUNT);
	MAKE(vips, memory.entry_count * CAROM_GENERATION_COUNT);
	MAKE(slots, SLOT_COUNT);
	MAKE(previous, SLOT_COUNT);
	MAKE(changed_at, SLOT_COUNT);
	MAKE(flows, FLOW_COUNT);
	MAKE(recorders, LANES);
	MAKE(shares, VIP_COUNT);
	MAKE(backends, BACKEND_COUNT);
	MAKE(next_hops, memory.next_hop_count);
	MAKE(vip_labels, VIP_COUNT);
	MAKE(backend_labels, BACKEND_COUNT);
	MAKE(counters, memory.counters_per_lane * LANES);
	MAKE(reasons, VIP_COUNT * LANES);
	publish = publish_new(&memory, &error);
	assert_non_null(publish);
	flows_set_clock(publish_flows(publish), START_S);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	publish_free(publish);
	free(memory.page->mapped);
	free(memory.page);
	free(memory.displacements);
	free(memory.addresses);
	free(memory.vips);
	free(memory.slots);
	free(memory.previous);
	free(memory.changed_at);
	free(memory.flows);
	free(memory.recorders);
	free(memory.shares);
	free(memory.backends);
	free(memory.next_hops);
	free(memory.vip_labels);
	free(memory.backend_labels);
	free(memory.counters);
	free(memory.reasons);
	return 0;
}

/* ---- what happens ---- */

static bool takes_flows(const enum carom_backend_state states[ORDINAL_COUNT], int ordinal)
{
	return states[ordinal] == CAROM_BACKEND_ACTIVE;
}

/* Even slots are the first backend's and odd ones the second's, unless one takes all. */
static struct image_ring *make_ring(const enum carom_backend_state states[ORDINAL_COUNT])
{
	struct image_ring *ring = image_ring_new(RING_BITS);

	assert_non_null(ring);
	for (int i = 0; i < RING_SLOTS; i++)
		ring->slots[i] =
			takes_flows(states, i % 2) ? (uint16_t)(i % 2) : (uint16_t)(1 - i % 2);
	return ring;
}

static struct image *make_image(const enum carom_backend_state states[ORDINAL_COUNT])
{
	struct image_vip *vip = image_vip_new(ORDINAL_COUNT);
	struct image *image = image_new(1);

	assert_non_null(vip);
	assert_non_null(image);
	strcpy(vip->name, "web");
	vip->address = address_from_ipv4(htonl(0xc0000201));
	vip->port = 80;
	vip->protocol = IPPROTO_TCP;
	vip->ring = make_ring(states);
	for (uint32_t i = 0; i < ORDINAL_COUNT; i++) {
		snprintf(vip->backends[i].name, sizeof(vip->backends[i].name), "web-%u", i);
		vip->backends[i].address = address_from_ipv4(htonl(0x0a000001 + i));
		vip->backends[i].state = states[i];
		vip->backends[i].weight = 1;
		vip->backends[i].next_hop.resolved = true;
	}
	image->vips[0] = vip;
	return image;
}

static void commit(enum carom_backend_state first, enum carom_backend_state second)
{
	struct image *image = make_image((enum carom_backend_state[]){first, second});
	struct error error = {0};

	if (publish_commit(publish, image, &error))
		fail_msg("%s", error.message);
	image_unref(image);
	publish_reclaim(publish, publish_epoch(publish));
}

static void sweep_at(uint32_t now_s)
{
	flows_set_clock(publish_flows(publish), now_s);
	assert_int_equal(flows_sweep(publish_flows(publish), NULL), 0);
}

/* As if a flow of this slot had just sent a packet to the backend. The first VIP is number 1. */
static void see_flow(uint64_t slot, uint32_t ordinal)
{
	uint64_t hash = slot << (64 - RING_BITS) | 0x123;

	memory.flows[slot % FLOW_COUNT] = (struct carom_flow){
		.hash = hash,
		.record = carom_flow_record(1, ordinal, CAROM_FLOW_CONFIRMED, 0,
					    flows_clock(publish_flows(publish))),
	};
}

static void expect(uint64_t flows, uint32_t older_slots, uint32_t settles_in_s, bool is_none)
{
	struct flows_remainder found = flows_remainder(publish_flows(publish), 0, FIRST);

	if (found.flows != flows || found.older_slots != older_slots ||
	    found.settles_in_s != settles_in_s || found.is_none != is_none)
		fail_msg("at %u s: %llu flows, %u older slots for %u s, none: %d; "
			 "expected %llu, %u, %u, %d",
			 flows_clock(publish_flows(publish)), (unsigned long long)found.flows,
			 found.older_slots, found.settles_in_s, found.is_none,
			 (unsigned long long)flows, older_slots, settles_in_s, is_none);
}

static void expect_older_of_second(uint32_t older_slots)
{
	assert_int_equal(flows_remainder(publish_flows(publish), 0, SECOND).older_slots,
			 older_slots);
}

#define ACTIVE CAROM_BACKEND_ACTIVE
#define DRAIN  CAROM_BACKEND_DRAIN

/* ---- tests ---- */

static void test_silent_flows_are_waited_for(void **state)
{
	(void)state;
	commit(ACTIVE, ACTIVE);
	expect(0, 0, 0, false);
	commit(DRAIN, ACTIVE);
	expect(0, RING_SLOTS / 2, IDLE_TIMEOUT_S + 1, false);
	sweep_at(START_S + 4);
	expect(0, RING_SLOTS / 2, IDLE_TIMEOUT_S - 3, false);
	sweep_at(START_S + IDLE_TIMEOUT_S);
	expect(0, RING_SLOTS / 2, 1, false);
	sweep_at(START_S + IDLE_TIMEOUT_S + 1);
	expect(0, 0, 0, true);
}

static void test_recorded_flows_are_waited_for(void **state)
{
	(void)state;
	commit(ACTIVE, ACTIVE);
	commit(DRAIN, ACTIVE);
	see_flow(0, FIRST);
	see_flow(2, FIRST);
	see_flow(4, SECOND);
	sweep_at(START_S + 1);
	expect(2, RING_SLOTS / 2, IDLE_TIMEOUT_S, false);
	see_flow(2, FIRST);
	sweep_at(START_S + 1 + IDLE_TIMEOUT_S);
	expect(1, 0, 0, false);
	sweep_at(START_S + 2 + IDLE_TIMEOUT_S);
	expect(0, 0, 0, true);
}

static void test_other_backends_slots_are_not_its(void **state)
{
	(void)state;
	commit(ACTIVE, ACTIVE);
	commit(ACTIVE, DRAIN);
	expect(0, 0, 0, false);
	sweep_at(START_S + 1);
	sweep_at(START_S + 2);
	expect(0, 0, 0, true);
	expect_older_of_second(RING_SLOTS / 2);
}

/* Its slots were another's not long ago, so all flows that it has are recorded; but those that
 * began after the last sweep have not been counted when it is drained again. */
static void test_flows_of_a_moment_ago_are_not_missed(void **state)
{
	(void)state;
	commit(DRAIN, ACTIVE);
	sweep_at(START_S + 1);
	sweep_at(START_S + 2);
	expect(0, 0, 0, true);
	commit(ACTIVE, ACTIVE);
	expect_older_of_second(RING_SLOTS / 2);
	see_flow(0, FIRST);
	commit(DRAIN, ACTIVE);
	expect_older_of_second(0);
	expect(0, 0, 0, false);
	sweep_at(START_S + 3);
	expect(1, 0, 0, false);
	sweep_at(START_S + 3 + IDLE_TIMEOUT_S);
	expect(0, 0, 0, true);
}

static void test_other_changes_leave_it_certain(void **state)
{
	(void)state;
	commit(DRAIN, ACTIVE);
	sweep_at(START_S + 1);
	sweep_at(START_S + 2);
	expect(0, 0, 0, true);
	commit(DRAIN, ACTIVE); /* of another weight, say: it is not the same VIP any more */
	expect(0, 0, 0, true);
	commit(ACTIVE, ACTIVE);
	expect(0, 0, 0, false);
}

static void test_a_new_process_counts_first(void **state)
{
	struct error error = {0};

	(void)state;
	commit(ACTIVE, ACTIVE);
	commit(DRAIN, ACTIVE);
	see_flow(0, FIRST);
	publish_free(publish);
	publish = publish_new(&memory, &error);
	assert_non_null(publish);
	if (publish_adopt(publish, &error))
		fail_msg("%s", error.message);
	expect(0, RING_SLOTS / 2, IDLE_TIMEOUT_S + 1, false);
	sweep_at(START_S + 1);
	expect(1, RING_SLOTS / 2, IDLE_TIMEOUT_S, false);
}

/* The new process has been told of a shorter timeout. */
static void test_a_timeout_that_is_over_already(void **state)
{
	(void)state;
	commit(ACTIVE, ACTIVE);
	commit(DRAIN, ACTIVE);
	memory.flow_idle_timeout_s = 3;
	flows_set_clock(publish_flows(publish), START_S + 8);
	expect(0, RING_SLOTS / 2, 1, false);
	sweep_at(START_S + 8);
	expect(0, 0, 0, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_silent_flows_are_waited_for, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_recorded_flows_are_waited_for, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_other_backends_slots_are_not_its, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_flows_of_a_moment_ago_are_not_missed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_other_changes_leave_it_certain, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_a_new_process_counts_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_timeout_that_is_over_already, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
