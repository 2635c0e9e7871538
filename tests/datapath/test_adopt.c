/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Restarts: a second process takes over what the first one published. Flows that a change left with
 * their former backend are the proof, for only slots, their past, flows and ordinals together keep
 * them there.
 */
#include "check.h"

#include <bpf/bpf.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* Nothing that an earlier test left is adopted. */
static void set_up_anew(struct harness *harness)
{
	dataplane_memory(harness->dataplane)->control->abi_major = 0;
	assert_false(harness_restart(harness, &usual));
	set_up(harness);
}

static void check_adoption_refused(const struct harness *harness, const char *reason)
{
	const struct adoption *adoption = dataplane_adoption(harness->dataplane);

	assert_int_equal(adoption->result, ADOPTION_REFUSED);
	assert_string_equal(adoption->reason, reason);
}

static uint64_t count_packets(const struct harness *harness)
{
	return counters_vip(publish_counters(harness->publish), 0).packets;
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
	dataplane_memory(harness->dataplane)->control->abi_major++;
	assert_false(harness_restart(harness, &usual));
	assert_null(publish_image(harness->publish));
	check_adoption_refused(harness, "it has ABI version 5, this is 4");
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

/* ---- other versions' pins ---- */

struct pin {
	const char *name;
	bool may_start_empty;
};

static const struct pin pins[] = {
	{"displacements", false}, {"addresses", false},	     {"vips", false},
	{"slots", false},	  {"previous", false},	     {"changed_at", false},
	{"flows", true},	  {"recorders", true},	     {"backends", false},
	{"vip_labels", false},	  {"backend_labels", false}, {"counters", true},
	{"reasons", true},	  {"data_control", false},
};

static const char *pin_path(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), HARNESS_BPF_DIR "/maps/%s", name);
	return path;
}

/* Pins an array where `name` is, or may be. */
static void pin_other(const char *name, uint32_t value_bytes, uint32_t entries)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "other", 4, value_bytes, entries, &options);

	assert_true(map >= 0);
	unlink(pin_path(name));
	assert_int_equal(bpf_obj_pin(map, pin_path(name)), 0);
	close(map);
}

/* Its pins are all there, and the restart is to find others. */
static void begin_restart(struct harness *harness)
{
	set_up_anew(harness);
	assert_true(harness_restart(harness, &usual));
	assert_int_equal(dataplane_adoption(harness->dataplane)->left_out_count, 0);
}

static void check_left_out(const struct harness *harness, const char *name, const char *reason)
{
	const struct adoption *adoption = dataplane_adoption(harness->dataplane);

	assert_int_equal(adoption->left_out_count, 1);
	assert_string_equal(adoption->left_out[0].map, name);
	assert_string_equal(adoption->left_out[0].reason, reason);
}

/* All that is not in the map that began empty is there. */
static void check_adopted_without(const struct harness *harness, const char *name, uint64_t packets)
{
	bool has_flows = strcmp(name, "flows") != 0, has_counters = strcmp(name, "counters") != 0;

	assert_int_equal(publish_image(harness->publish)->vip_count, 1);
	assert_int_equal(count_packets(harness), has_counters ? packets : 0);
	if (has_flows)
		check_owners(harness, "without a map");
	else /* Without records, flows belong to the slots' previous backend. */
		check_owner(harness, 1, 0, "without records");
}

static void check_refused_for(const struct harness *harness, const char *name, const char *reason)
{
	char expected[128];

	snprintf(expected, sizeof(expected), "map '%s': %s", name, reason);
	check_adoption_refused(harness, expected);
	assert_null(publish_image(harness->publish));
}

/* The restart is to find this pin as it is now, and all others whole. */
static void restart_without(struct harness *harness, const struct pin *pin, const char *reason)
{
	uint64_t packets = count_packets(harness);

	assert_int_equal(harness_restart(harness, &usual), pin->may_start_empty);
	if (pin->may_start_empty) {
		check_left_out(harness, pin->name, reason);
		check_adopted_without(harness, pin->name, packets);
	} else {
		check_refused_for(harness, pin->name, reason);
		set_up(harness);
	}
	assert_true(harness_restart(harness, &usual));
	assert_int_equal(dataplane_adoption(harness->dataplane)->left_out_count, 0);
}

/* As after a version that did not have it. */
static void test_map_missing(void **state)
{
	const struct trial *trial = *state;
	const struct pin *pin = trial->row;

	begin_restart(trial->subject);
	assert_int_equal(unlink(pin_path(pin->name)), 0);
	restart_without(trial->subject, pin, "it is not pinned");
}

static void test_map_of_other_layout(void **state)
{
	const struct trial *trial = *state;
	const struct pin *pin = trial->row;

	begin_restart(trial->subject);
	pin_other(pin->name, 8, 1);
	restart_without(trial->subject, pin, "it has another layout");
}

/* Sizes that go with no limits: the rest is inherited. */
static void test_map_of_impossible_size(void **state)
{
	struct harness *harness = *state;
	uint64_t packets;

	begin_restart(harness);
	packets = count_packets(harness);
	pin_other("flows", sizeof(struct carom_flow_line), 3);
	assert_true(harness_restart(harness, &usual));
	assert_int_equal(dataplane_adoption(harness->dataplane)->result, ADOPTION_INHERITED);
	check_left_out(harness, "flows", "it has another size");
	check_adopted_without(harness, "flows", packets);
}

static void test_newer_map(void **state)
{
	struct harness *harness = *state;

	begin_restart(harness);
	pin_other("of_the_future", 8, 1);
	assert_true(harness_restart(harness, &usual));
	check_left_out(harness, "of_the_future", "this version has no such map");
	check_owners(harness, "beside a newer map");
	assert_true(harness_restart(harness, &usual));
	assert_int_equal(unlink(pin_path("of_the_future")), 0);
}

/* What it keeps from then on is its own version's. */
static void test_newer_minor(void **state)
{
	struct harness *harness = *state;

	set_up_anew(harness);
	dataplane_memory(harness->dataplane)->control->abi_minor = CAROM_ABI_MINOR + 1;
	assert_true(harness_restart(harness, &usual));
	assert_int_equal(dataplane_adoption(harness->dataplane)->abi_minor, CAROM_ABI_MINOR + 1);
	check_owners(harness, "after a newer version");
	assert_true(harness_restart(harness, &usual));
	assert_int_equal(dataplane_adoption(harness->dataplane)->abi_minor, CAROM_ABI_MINOR);
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
		cmocka_unit_test_prestate(test_map_of_impossible_size, &harness),
		cmocka_unit_test_prestate(test_newer_map, &harness),
		cmocka_unit_test_prestate(test_newer_minor, &harness),
	};
	int failed = cmocka_run_group_tests_name("restarts", tests, NULL, NULL);

	failed += CHECK_ROWS("contradicting maps", &harness, broken_rows, test_broken);
	failed += CHECK_ROWS("a map missing", &harness, pins, test_map_missing);
	failed += CHECK_ROWS("a map of another layout", &harness, pins, test_map_of_other_layout);
	harness_close(&harness);
	return failed;
}
