/* SPDX-License-Identifier: BSD-2-Clause */
#include "displace.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY_COUNT_MAX 16384

static uint64_t keys[KEY_COUNT_MAX];

enum key_kind { KEYS_RANDOM, KEYS_VIP, KEYS_IPV4, KEYS_DENSE, KEY_KIND_COUNT };

static uint64_t make_key(enum key_kind kind, size_t index)
{
	switch (kind) {
	case KEYS_RANDOM: return carom_mix(index, 77);
	case KEYS_VIP: return carom_vip_key((uint32_t)index / 2, (__be16)(index % 2 * 443), 6);
	case KEYS_IPV4: return carom_address_key(0, 0xffff0000u | (uint64_t)index << 48, 1);
	case KEYS_DENSE:
	case KEY_KIND_COUNT: break;
	}
	return index;
}

static void make_keys(enum key_kind kind, size_t count)
{
	for (size_t index = 0; index < count; index++)
		keys[index] = make_key(kind, index);
}

static void build(size_t count, uint64_t seed, struct displace *ret_displace)
{
	if (displace_build(keys, count, seed, ret_displace))
		fail_msg("no layout of %zu keys: errno %d", count, errno);
}

/* Each key has an entry of its own, and finds it. */
static void check_layout(const struct displace *displace, size_t count)
{
	bool *taken = calloc((size_t)displace->entry_mask + 1, sizeof(*taken));

	assert_non_null(taken);
	assert_int_equal(displace->count, count);
	for (size_t index = 0; index < count; index++) {
		uint32_t entry = displace->entries[index];

		assert_in_range(entry, 0, displace->entry_mask);
		assert_false(taken[entry]);
		taken[entry] = true;
		assert_int_equal(displace_find(displace, keys[index]), entry);
	}
	free(taken);
}

static void test_every_key_finds_its_own_entry(void **state)
{
	static const size_t counts[] = {1, 2, 31, 32, 33, 1000, 4096, KEY_COUNT_MAX};

	(void)state;
	for (enum key_kind kind = 0; kind < KEY_KIND_COUNT; kind++)
		for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
			struct displace displace;

			make_keys(kind, counts[i]);
			build(counts[i], i, &displace);
			check_layout(&displace, counts[i]);
			displace_done(&displace);
		}
}

static void test_no_keys_find_nothing(void **state)
{
	struct displace displace;

	(void)state;
	build(0, 1, &displace);
	for (uint64_t key = 0; key < 1000; key++)
		assert_int_equal(displace_find(&displace, key), UINT32_MAX);
	displace_done(&displace);
	displace_done(NULL);
}

static void test_displacements_mark_the_buckets_in_use(void **state)
{
	static bool used[1 << 16];
	struct displace displace;

	(void)state;
	make_keys(KEYS_VIP, 4096);
	build(4096, 5, &displace);
	assert_in_range(displace.displacement_mask, 0, (1 << 16) - 1);
	for (size_t index = 0; index < 4096; index++) {
		uint64_t hash = carom_mix(keys[index], displace.seed);

		used[carom_bucket(hash, displace.displacement_mask)] = true;
	}
	for (size_t bucket = 0; bucket <= displace.displacement_mask; bucket++)
		assert_int_equal(displace.displacements[bucket] != 0, used[bucket]);
	displace_done(&displace);
}

/* Eight buckets a key: of strangers, more than 7 in 8 end at an empty one. */
static void test_strangers_mostly_find_nothing(void **state)
{
	struct displace displace;
	size_t found = 0;

	(void)state;
	make_keys(KEYS_RANDOM, 4096);
	build(4096, 9, &displace);
	for (size_t index = 0; index < 100000; index++) {
		uint32_t entry = displace_find(&displace, carom_mix(index, 1ull << 40));

		found += entry != UINT32_MAX;
		assert_true(entry == UINT32_MAX || entry <= displace.entry_mask);
	}
	assert_in_range(found, 1, 100000 / 8);
	displace_done(&displace);
}

static void test_same_input_same_layout(void **state)
{
	struct displace first;
	struct displace second;

	(void)state;
	make_keys(KEYS_RANDOM, 3000);
	build(3000, 3, &first);
	build(3000, 3, &second);
	assert_int_equal(first.seed, second.seed);
	assert_memory_equal(first.entries, second.entries, 3000 * sizeof(uint32_t));
	assert_memory_equal(first.displacements, second.displacements,
			    (first.displacement_mask + 1) * sizeof(uint16_t));
	displace_done(&first);
	displace_done(&second);
}

static void test_equal_keys_are_refused(void **state)
{
	struct displace displace = {.seed = 4711};

	(void)state;
	make_keys(KEYS_VIP, 1000);
	keys[999] = keys[17];
	errno = 0;
	assert_int_equal(displace_build(keys, 1000, 1, &displace), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(displace.seed, 4711);
	assert_null(displace.entries);
}

static void test_counts_are_powers_of_two(void **state)
{
	(void)state;
	assert_int_equal(displace_bucket_count(0), 256);
	assert_int_equal(displace_bucket_count(32), 256);
	assert_int_equal(displace_bucket_count(33), 512);
	assert_int_equal(displace_bucket_count(4096), 32768);
	assert_int_equal(displace_entry_count(0), 64);
	assert_int_equal(displace_entry_count(32), 64);
	assert_int_equal(displace_entry_count(33), 128);
	assert_int_equal(displace_entry_count(4096), 8192);
}

static uint64_t inverse_of(uint64_t odd)
{
	uint64_t inverse = odd;

	for (int i = 0; i < 6; i++)
		inverse *= 2 - odd * inverse;
	return inverse;
}

/* Step by step backwards: so it is a bijection, and no two keys share a hash. */
static void test_mix_can_be_undone(void **state)
{
	(void)state;
	for (uint64_t key = 0; key < 10000; key++) {
		uint64_t seed = key * key;
		uint64_t hash = carom_mix(key << 40 | key, seed);

		hash = (hash ^ hash >> 32) * inverse_of(CAROM_MIX_SECOND);
		hash = (hash ^ hash >> 32) * inverse_of(CAROM_MIX_FIRST);
		hash ^= hash >> 32;
		assert_int_equal(hash ^ seed, key << 40 | key);
	}
}

/* 4,000 fair coins fall outside 45 to 55 % once in a billion times. */
static void test_mix_spreads_every_bit(void **state)
{
	const int tries = 4000;

	(void)state;
	for (unsigned in = 0; in < 64; in++) {
		int flips[64] = {0};

		for (int i = 0; i < tries; i++) {
			uint64_t key = (uint64_t)i;
			uint64_t changed = carom_mix(key, 1) ^ carom_mix(key ^ 1ull << in, 1);

			for (unsigned out = 0; out < 64; out++)
				flips[out] += changed >> out & 1;
		}
		for (unsigned out = 0; out < 64; out++)
			if (flips[out] < tries * 45 / 100 || flips[out] > tries * 55 / 100)
				fail_msg("bit %u flips bit %u in %d of %d keys", in, out,
					 flips[out], tries);
	}
}

static void test_address_keys_differ(void **state)
{
	(void)state;
	for (uint64_t i = 1; i < 1000; i++) {
		assert_int_not_equal(carom_address_key(0, i, 3), carom_address_key(0, i - 1, 3));
		assert_int_not_equal(carom_address_key(i, 0, 3), carom_address_key(i - 1, 0, 3));
		assert_int_not_equal(carom_address_key(i, i, 3), carom_address_key(0, 0, 3));
		assert_int_not_equal(carom_address_key(i, 0, 3), carom_address_key(0, i, 3));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key_finds_its_own_entry),
		cmocka_unit_test(test_no_keys_find_nothing),
		cmocka_unit_test(test_displacements_mark_the_buckets_in_use),
		cmocka_unit_test(test_strangers_mostly_find_nothing),
		cmocka_unit_test(test_same_input_same_layout),
		cmocka_unit_test(test_equal_keys_are_refused),
		cmocka_unit_test(test_counts_are_powers_of_two),
		cmocka_unit_test(test_mix_can_be_undone),
		cmocka_unit_test(test_mix_spreads_every_bit),
		cmocka_unit_test(test_address_keys_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
