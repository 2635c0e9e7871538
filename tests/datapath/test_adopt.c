/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Restarts: a second process takes over what the first one published. Flows that a change left with
 * their former backend are the proof, for only slots, their past, flows and ordinals together keep
 * them there.
 */
#include "check.h"

#include <linux/tcp.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define FLOWS	   64
#define FIRST_PORT 20000
#define TCP_SYN	   0x02
#define TCP_ACK	   0x10

static const struct harness_options usual = {
	.limits = {.vips = 16,
		   .backends = 64,
		   .slots = 8192,
		   .flows = 1024,
		   .flow_inserts_per_s = 100000,
		   .flow_idle_timeout_s = 100},
	.hash_key = {11, 22},
};

/* Before the change A has every slot, after it B has: flows of A are older ones, and stay. */
static const struct backend before_change[] = {{.address = "10.1.0.1", .weight = 1},
					       {.address = "10.1.0.2", .weight = 0}};
static const struct backend after_change[] = {{.address = "10.1.0.1", .weight = 0},
					      {.address = "10.1.0.2", .weight = 1}};

static struct vip vip_with(const struct backend *backends)
{
	return (struct vip){
		.address = "192.0.2.1",
		.port = 80,
		.ring_bits = 8,
		.backends = backends,
		.backend_count = COUNT(before_change),
		.tracked = true,
	};
}

/* Which of the two took the packet: 0 or 1. */
static int send_packet(const struct harness *harness, unsigned flow, uint8_t tcp_flags)
{
	struct frame outer, frame = packet_build(&(struct packet){
				    .destination = "192.0.2.1",
				    .source_port = (uint16_t)(FIRST_PORT + flow),
				    .destination_port = 80,
				    .tcp_flags = tcp_flags,
			    });

	check_action(&frame, harness_run_program(harness->program, &frame, &outer), XDP_TX);
	return outer.bytes[AT_IPV4_DESTINATION + 3] - 1;
}

static void check_owner(const struct harness *harness, unsigned flow, int expected,
			const char *when)
{
	int found = send_packet(harness, flow, TCP_ACK);

	if (found != expected)
		fail_msg("%s: flow %u went to backend %d, expected %d", when, flow, found,
			 expected);
}

/* Even flows began before the change, odd ones after it. */
static void check_owners(const struct harness *harness, const char *when)
{
	for (unsigned flow = 0; flow < FLOWS; flow++)
		check_owner(harness, flow, flow % 2, when);
}

static void set_up(struct harness *harness)
{
	struct vip vip = vip_with(before_change);

	harness_publish(harness, &vip, 1);
	for (unsigned flow = 0; flow < FLOWS; flow += 2)
		send_packet(harness, flow, TCP_SYN);
	vip = vip_with(after_change);
	harness_publish(harness, &vip, 1);
	for (unsigned flow = 1; flow < FLOWS; flow += 2)
		send_packet(harness, flow, TCP_SYN);
	check_owners(harness, "before the restart");
}

/* Whatever an earlier test left is not taken over. */
static void set_up_anew(struct harness *harness)
{
	dataplane_memory(harness->dataplane)->control->abi_version = 0;
	assert_false(harness_restart(harness, &usual));
	set_up(harness);
}

static uint64_t count_packets(const struct harness *harness)
{
	return publish_count_vip(harness->publish, 0).packets;
}

static void test_same_maps(void **state)
{
	struct harness *harness = *state;
	uint64_t packets;

	set_up(harness);
	packets = count_packets(harness);
	assert_true(harness_restart(harness, &usual));
	assert_int_equal(count_packets(harness), packets);
	check_owners(harness, "after the restart");
	assert_int_equal(count_packets(harness), packets + FLOWS);
}

static void test_commits_go_on(void **state)
{
	struct harness *harness = *state;
	struct vip vip = vip_with(before_change);

	assert_true(harness_restart(harness, &usual));
	check_owners(harness, "before a commit");
	harness_publish(harness, &vip, 1);
	check_owners(harness, "after a commit by the second process");
	vip = vip_with(after_change);
	harness_publish(harness, &vip, 1);
	check_owners(harness, "after another one");
}

/* A process that died in the middle of a commit left rubbish where nobody reads. */
static void test_half_a_commit(void **state)
{
	struct harness *harness = *state;
	const struct dataplane_memory *memory = dataplane_memory(harness->dataplane);
	uint32_t idle = (memory->control->active + 1) % CAROM_GENERATION_COUNT;

	memset(&memory->control->generations[idle], 0xff, sizeof(struct carom_generation));
	memset(memory->vips + (size_t)idle * memory->entry_count, 0xff,
	       memory->entry_count * sizeof(memory->vips[0]));
	assert_true(harness_restart(harness, &usual));
	check_owners(harness, "after half a commit");
}

static void test_larger_and_smaller_maps(void **state)
{
	struct harness *harness = *state;
	struct harness_options other = usual;
	uint64_t packets = count_packets(harness);

	other.limits.vips = 100;
	other.limits.slots = 65536;
	other.limits.flows = 4096;
	assert_true(harness_restart(harness, &other));
	assert_int_equal(count_packets(harness), packets);
	check_owners(harness, "in larger maps");
	other.limits.vips = 8;
	other.limits.backends = 8;
	other.limits.slots = 4096;
	other.limits.flows = 512;
	assert_true(harness_restart(harness, &other));
	check_owners(harness, "in smaller maps");
	assert_int_equal(count_packets(harness), packets + (uint64_t)2 * FLOWS);
}

static void test_too_small_maps(void **state)
{
	struct harness *harness = *state;
	struct harness_options other = usual;

	other.limits.slots = 64;
	assert_false(harness_restart(harness, &other));
}

static void test_other_hash(void **state)
{
	struct harness *harness = *state;
	struct harness_options other = usual;

	set_up_anew(harness);
	other.hash_key[1]++;
	assert_false(harness_restart(harness, &other));
	assert_null(publish_image(harness->publish));
}

static void test_other_abi(void **state)
{
	struct harness *harness = *state;

	set_up_anew(harness);
	dataplane_memory(harness->dataplane)->control->abi_version++;
	assert_false(harness_restart(harness, &usual));
	assert_null(publish_image(harness->publish));
}

/* ---- maps that contradict themselves are told, and lead nowhere ---- */

static struct carom_vip *only_vip(const struct dataplane_memory *memory)
{
	const struct carom_table *table =
		&memory->control->generations[memory->control->active].vips;

	for (uint32_t i = 0; i <= table->entry_mask; i++) {
		if (memory->vips[table->first_entry + i].key)
			return &memory->vips[table->first_entry + i];
	}
	fail_msg("no VIP is published");
	return NULL;
}

static void break_slots(const struct dataplane_memory *memory)
{
	only_vip(memory)->first_slot = memory->slot_count;
}

static void break_backends(const struct dataplane_memory *memory)
{
	only_vip(memory)->first_backend = UINT32_MAX;
}

static void break_bits(const struct dataplane_memory *memory)
{
	only_vip(memory)->ring_bits = 40;
}

static void break_counter(const struct dataplane_memory *memory)
{
	only_vip(memory)->counter = 0;
}

static void break_address(const struct dataplane_memory *memory)
{
	only_vip(memory)->key |= 5ull << 32;
}

static void break_ordinal(const struct dataplane_memory *memory)
{
	memory->slots[only_vip(memory)->first_slot + 7] = 1000;
}

static void break_name(const struct dataplane_memory *memory)
{
	memset(memory->vip_labels[only_vip(memory)->counter].name, 'x', CAROM_NAME_BYTES);
}

static void break_state(const struct dataplane_memory *memory)
{
	memory->backend_labels[only_vip(memory)->first_backend].state = 99;
}

static void break_backend_counter(const struct dataplane_memory *memory)
{
	memory->backends[only_vip(memory)->first_backend].counter = UINT32_MAX;
}

static void break_active(const struct dataplane_memory *memory)
{
	memory->control->active = 77;
}

static void break_table(const struct dataplane_memory *memory)
{
	memory->control->generations[memory->control->active].vips.first_entry = UINT32_MAX;
}

struct broken {
	const char *name;
	void (*break_it)(const struct dataplane_memory *memory);
};

static const struct broken broken_rows[] = {
	{"slots beyond the array", break_slots},
	{"backends beyond the array", break_backends},
	{"an impossible ring", break_bits},
	{"the counter of nobody", break_counter},
	{"an address that is not there", break_address},
	{"a slot of no backend", break_ordinal},
	{"a name without an end", break_name},
	{"an unknown state", break_state},
	{"a counter beyond the array", break_backend_counter},
	{"no active generation", break_active},
	{"a table beyond the array", break_table},
};

static void test_broken(void **state)
{
	const struct trial *trial = *state;
	const struct broken *broken = trial->row;
	struct harness *harness = trial->subject;

	set_up_anew(harness);
	broken->break_it(dataplane_memory(harness->dataplane));
	assert_false(harness_restart(harness, &usual));
}

int main(void)
{
	struct harness harness = harness_open(&usual);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_same_maps, &harness),
		cmocka_unit_test_prestate(test_commits_go_on, &harness),
		cmocka_unit_test_prestate(test_half_a_commit, &harness),
		cmocka_unit_test_prestate(test_larger_and_smaller_maps, &harness),
		cmocka_unit_test_prestate(test_too_small_maps, &harness),
		cmocka_unit_test_prestate(test_other_hash, &harness),
		cmocka_unit_test_prestate(test_other_abi, &harness),
	};
	int failed = cmocka_run_group_tests_name("restarts", tests, NULL, NULL);

	failed += CHECK_ROWS("contradicting maps", &harness, broken_rows, test_broken);
	harness_close(&harness);
	return failed;
}
