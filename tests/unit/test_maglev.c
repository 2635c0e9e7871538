/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rings as properties; that each slot is the right one, tests/oracle compares for random rings.
 * The golden digests below are the oracle's too: a ring that changes breaks a fleet in upgrade.
 */
#include "maglev.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BACKEND_COUNT_MAX 4096
#define SLOT_COUNT_MAX	  (1u << CAROM_RING_BITS_MAX)
#define UNTOUCHED	  0xffff

static struct maglev_backend backends[BACKEND_COUNT_MAX];
static uint16_t ring[SLOT_COUNT_MAX];
static uint16_t other_ring[SLOT_COUNT_MAX];
static uint32_t shares[BACKEND_COUNT_MAX];

/* Equal weights, and identities that depend on the set. */
static void make_backends(size_t count, uint32_t weight, uint64_t set)
{
	for (size_t index = 0; index < count; index++)
		backends[index] = (struct maglev_backend){
			.identity = carom_mix(index, set),
			.weight = weight,
			.ordinal = (uint16_t)index,
		};
}

static void make_random_weights(size_t count, uint32_t weight_max, uint64_t set)
{
	make_backends(count, 1, set);
	for (size_t index = 0; index < count; index++)
		backends[index].weight =
			1 + (uint32_t)(carom_mix(backends[index].identity, set) % weight_max);
}

static void fill(size_t count, unsigned bits, uint16_t *slots)
{
	assert_int_equal(maglev_fill(backends, count, bits, slots), 0);
}

static void count_shares(unsigned bits)
{
	memset(shares, 0, sizeof(shares));
	for (size_t slot = 0; slot < (size_t)1 << bits; slot++) {
		assert_in_range(ring[slot], 0, BACKEND_COUNT_MAX - 1);
		shares[ring[slot]]++;
	}
}

static size_t count_moved(unsigned bits)
{
	size_t moved = 0;

	for (size_t slot = 0; slot < (size_t)1 << bits; slot++)
		moved += ring[slot] != other_ring[slot];
	return moved;
}

static void test_equal_weights_share_equally(void **state)
{
	static const size_t counts[] = {1, 2, 3, 10, 100, 255, 256};

	(void)state;
	for (unsigned bits = CAROM_RING_BITS_MIN; bits <= CAROM_RING_BITS_MAX; bits++)
		for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
			uint32_t least = (1u << bits) / (uint32_t)counts[i];

			make_backends(counts[i], 7, bits);
			fill(counts[i], bits, ring);
			count_shares(bits);
			for (size_t index = 0; index < counts[i]; index++)
				assert_in_range(shares[index], least,
						least + ((1u << bits) % counts[i] != 0));
		}
}

/* With at most 8 slots for the lightest of 100, nobody falls below one slot. */
static void test_shares_are_ideals_rounded(void **state)
{
	const size_t count = 100;
	const unsigned bits = 16;

	(void)state;
	for (uint64_t set = 0; set < 20; set++) {
		uint64_t total = 0;

		make_random_weights(count, 100, set);
		for (size_t index = 0; index < count; index++)
			total += backends[index].weight;
		fill(count, bits, ring);
		count_shares(bits);
		for (size_t index = 0; index < count; index++) {
			uint64_t ideal = (uint64_t)backends[index].weight << bits;

			assert_in_range(shares[index], ideal / total, (ideal + total - 1) / total);
		}
	}
}

/* 9 of weight 1 beside 1,000: the ideal of 256 * 1 / 1,009 is below one slot. */
static void test_light_backends_have_one_slot(void **state)
{
	(void)state;
	make_backends(10, 1, 0);
	backends[4].weight = 1000;
	fill(10, 8, ring);
	count_shares(8);
	for (size_t index = 0; index < 10; index++)
		assert_int_equal(shares[index], index == 4 ? 256 - 9 : 1);
}

/* Of a weight of 512, 2 is one slot of 256; once 100 of weight 1 have one each, it is less. */
static void test_a_minimum_makes_others_fall_below_one(void **state)
{
	(void)state;
	make_backends(111, 1, 0);
	for (size_t index = 0; index < 10; index++)
		backends[index].weight = 2;
	backends[10].weight = 392;
	fill(111, 8, ring);
	count_shares(8);
	for (size_t index = 0; index < 111; index++)
		assert_int_equal(shares[index], index == 10 ? 256 - 110 : 1);
}

static void test_any_weight_has_a_slot(void **state)
{
	(void)state;
	for (uint64_t set = 0; set < 10; set++) {
		make_random_weights(BACKEND_COUNT_MAX, set % 2 ? 65535 : 2, set);
		for (size_t index = 0; index < BACKEND_COUNT_MAX; index += 3)
			backends[index].weight = set % 3 ? 65535 : 0;
		fill(BACKEND_COUNT_MAX, 12 + (unsigned)set % 4, ring);
		count_shares(12 + (unsigned)set % 4);
		for (size_t index = 0; index < BACKEND_COUNT_MAX; index++)
			if ((shares[index] > 0) != (backends[index].weight > 0))
				fail_msg("set %lu: weight %u has %u slots", (unsigned long)set,
					 backends[index].weight, shares[index]);
	}
}

static void test_order_does_not_matter(void **state)
{
	(void)state;
	srand(1);
	for (unsigned bits = 8; bits <= 14; bits++) {
		size_t count = 1 + (size_t)rand() % 200;

		make_random_weights(count, 20, bits);
		fill(count, bits, ring);
		for (size_t left = count; left > 1; left--) {
			size_t chosen = (size_t)rand() % left;
			struct maglev_backend held = backends[left - 1];

			backends[left - 1] = backends[chosen];
			backends[chosen] = held;
		}
		fill(count, bits, other_ring);
		assert_memory_equal(ring, other_ring, sizeof(uint16_t) << bits);
	}
}

struct golden {
	size_t count;
	uint32_t weight_step; /* backend i has weight 1 + i * weight_step */
	unsigned bits;
	uint64_t digest;
};

static void test_golden_rings(void **state)
{
	static const struct golden goldens[] = {
		{1, 0, 8, 0x804fd09756407597},	   {3, 0, 8, 0x4c35a9bf26c11531},
		{10, 0, 12, 0x3961084fe7dc688c},   {100, 1, 14, 0x657f51ff608bf438},
		{256, 0, 8, 0xfa32a426e87a7897},   {1000, 0, 16, 0x61d3618c84b80312},
		{1000, 7, 17, 0x2e034da26213aabd},
	};
	static uint64_t identities[BACKEND_COUNT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
		make_backends(goldens[i].count, 1, 0);
		for (size_t index = 0; index < goldens[i].count; index++) {
			backends[index].weight += (uint32_t)index * goldens[i].weight_step;
			identities[index] = backends[index].identity;
		}
		fill(goldens[i].count, goldens[i].bits, ring);
		assert_int_equal(maglev_digest(ring, goldens[i].bits, identities),
				 goldens[i].digest);
	}
}

struct movement {
	size_t count;
	double times_max; /* moved slots, of those that had to move, on average over sets */
};

/* Plain Maglev moves 1.03, 1.6 and 6.7 times as many. */
static const struct movement movements[] = {{10, 1.04}, {100, 1.35}, {1000, 4.6}};

#define MOVEMENT_SETS 8
#define MOVEMENT_BITS 16

static void check_movement(const struct movement *movement, size_t had_to, size_t moved,
			   const char *what)
{
	double times = (double)moved / (double)had_to;

	if (times > movement->times_max)
		fail_msg("%s one of %zu moves %.2f times its slots, expected at most %.2f", what,
			 movement->count, times, movement->times_max);
}

/* Read backwards, it is an addition. */
static void test_removal_moves_few_slots(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(movements) / sizeof(movements[0]); i++) {
		size_t had_to = 0;
		size_t moved = 0;

		for (uint64_t set = 0; set < MOVEMENT_SETS; set++) {
			size_t removed = carom_mix(set, i) % movements[i].count;

			make_backends(movements[i].count, 10, set);
			fill(movements[i].count, MOVEMENT_BITS, ring);
			count_shares(MOVEMENT_BITS);
			backends[removed].weight = 0;
			fill(movements[i].count, MOVEMENT_BITS, other_ring);
			had_to += shares[removed];
			moved += count_moved(MOVEMENT_BITS);
		}
		check_movement(&movements[i], had_to, moved, "removing");
	}
}

static void test_reweighting_moves_few_slots(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(movements) / sizeof(movements[0]); i++) {
		size_t had_to = 0;
		size_t moved = 0;

		for (uint64_t set = 0; set < MOVEMENT_SETS; set++) {
			make_backends(movements[i].count, 10, set);
			fill(movements[i].count, MOVEMENT_BITS, other_ring);
			backends[0].weight = 20;
			fill(movements[i].count, MOVEMENT_BITS, ring);
			count_shares(MOVEMENT_BITS);
			had_to += shares[0] - (1u << MOVEMENT_BITS) / movements[i].count;
			moved += count_moved(MOVEMENT_BITS);
		}
		check_movement(&movements[i], had_to, moved, "doubling");
	}
}

static void test_refusals_leave_the_ring(void **state)
{
	(void)state;
	make_backends(257, 1, 0);
	memset(ring, 0xff, sizeof(ring));
	errno = 0;
	assert_int_equal(maglev_fill(backends, 257, 8, ring), -1);
	assert_int_equal(errno, EINVAL);
	errno = 0;
	assert_int_equal(maglev_fill(backends, 0, 8, ring), -1);
	assert_int_equal(errno, EINVAL);
	errno = 0;
	assert_int_equal(maglev_fill(backends, 1, CAROM_RING_BITS_MIN - 1, ring), -1);
	assert_int_equal(errno, EINVAL);
	errno = 0;
	assert_int_equal(maglev_fill(backends, 1, CAROM_RING_BITS_MAX + 1, ring), -1);
	assert_int_equal(errno, EINVAL);
	make_backends(3, 0, 0);
	errno = 0;
	assert_int_equal(maglev_fill(backends, 3, 8, ring), -1);
	assert_int_equal(errno, EINVAL);
	for (size_t slot = 0; slot < SLOT_COUNT_MAX; slot++)
		assert_int_equal(ring[slot], UNTOUCHED);
}

static void test_weightless_backends_do_not_count(void **state)
{
	(void)state;
	make_backends(300, 0, 0);
	for (size_t index = 0; index < 256; index++)
		backends[index].weight = 1;
	fill(300, 8, ring);
	make_backends(256, 1, 0);
	fill(256, 8, other_ring);
	assert_memory_equal(ring, other_ring, sizeof(uint16_t) << 8);
}

static void test_digest_tells_rings_apart(void **state)
{
	uint64_t identities[8];
	uint64_t digest;

	(void)state;
	make_backends(8, 1, 0);
	for (size_t index = 0; index < 8; index++)
		identities[index] = backends[index].identity;
	fill(8, 10, ring);
	digest = maglev_digest(ring, 10, identities);
	for (size_t slot = 0; slot < 1 << 10; slot++) {
		uint16_t held = ring[slot];

		ring[slot] = (held + 1) % 8;
		assert_int_not_equal(maglev_digest(ring, 10, identities), digest);
		ring[slot] = held | CAROM_SLOT_TRACKED;
		assert_int_equal(maglev_digest(ring, 10, identities), digest);
	}
	assert_int_not_equal(maglev_digest(ring, 9, identities), digest);
}

/* Ordinals are this node's own affair. */
static void test_digest_does_not_see_ordinals(void **state)
{
	uint64_t identities[8];
	uint64_t digest;

	(void)state;
	make_backends(8, 1, 0);
	for (size_t index = 0; index < 8; index++)
		identities[index] = backends[index].identity;
	fill(8, 10, ring);
	digest = maglev_digest(ring, 10, identities);
	for (size_t index = 0; index < 8; index++) {
		backends[index].ordinal = (uint16_t)(7 - index);
		identities[7 - index] = backends[index].identity;
	}
	fill(8, 10, ring);
	assert_int_equal(maglev_digest(ring, 10, identities), digest);
}

static uint64_t identity_of(const char *name, const char *text)
{
	struct carom_address address;

	assert_true(address_parse(text, &address));
	return maglev_identity(name, &address);
}

static void test_identity_depends_on_name_and_address(void **state)
{
	static const char *const names[] = {"",
					    "a",
					    "b",
					    "ab",
					    "ba",
					    "web-1",
					    "web-2",
					    "a-name-of-16-chr",
					    "a-name-of-16-chs",
					    "a-name-of-16-chr-and-more"};
	static const char *const addresses[] = {"10.0.0.1", "10.0.0.2", "2001:db8::1"};
	uint64_t seen[30];
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < 10; i++)
		for (size_t j = 0; j < 3; j++) {
			seen[count] = identity_of(names[i], addresses[j]);
			for (size_t earlier = 0; earlier < count; earlier++)
				assert_int_not_equal(seen[earlier], seen[count]);
			assert_int_equal(identity_of(names[i], addresses[j]), seen[count]);
			count++;
		}
	/* The same on every node, of every version. */
	assert_int_equal(identity_of("web-1", "10.0.1.11"), 0xe3964f848cea19c5);
}

static void test_default_bits(void **state)
{
	(void)state;
	assert_int_equal(carom_ring_bits(0), 12);
	assert_int_equal(carom_ring_bits(40), 12);
	assert_int_equal(carom_ring_bits(41), 13);
	assert_int_equal(carom_ring_bits(655), 16);
	assert_int_equal(carom_ring_bits(656), 17);
	assert_int_equal(carom_ring_bits(4096), 17);
	assert_int_equal(carom_ring_bits(SIZE_MAX), 17);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_weights_share_equally),
		cmocka_unit_test(test_shares_are_ideals_rounded),
		cmocka_unit_test(test_light_backends_have_one_slot),
		cmocka_unit_test(test_a_minimum_makes_others_fall_below_one),
		cmocka_unit_test(test_any_weight_has_a_slot),
		cmocka_unit_test(test_order_does_not_matter),
		cmocka_unit_test(test_golden_rings),
		cmocka_unit_test(test_removal_moves_few_slots),
		cmocka_unit_test(test_reweighting_moves_few_slots),
		cmocka_unit_test(test_refusals_leave_the_ring),
		cmocka_unit_test(test_weightless_backends_do_not_count),
		cmocka_unit_test(test_digest_tells_rings_apart),
		cmocka_unit_test(test_digest_does_not_see_ordinals),
		cmocka_unit_test(test_identity_depends_on_name_and_address),
		cmocka_unit_test(test_default_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
