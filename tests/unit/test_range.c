/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools against a naive model: a byte a unit, searched from the start. */
#include "range.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIZE		4000
#define OPERATION_COUNT 20000
#define NOTHING		UINT32_MAX

enum unit_state { UNIT_FREE, UNIT_TAKEN, UNIT_WAITING };

struct held {
	uint32_t first;
	uint32_t length;
	uint64_t epoch; /* of its retiring */
};

struct model {
	unsigned char units[SIZE];
	struct held taken[SIZE];
	struct held waiting[SIZE];
	size_t taken_count;
	size_t waiting_count;
	uint64_t epoch;
};

static void mark(struct model *model, uint32_t first, uint32_t length, enum unit_state state)
{
	memset(model->units + first, state, length);
}

static bool is_free(const struct model *model, uint32_t first, uint32_t length)
{
	for (uint32_t unit = first; unit < first + length; unit++)
		if (unit >= SIZE || model->units[unit] != UNIT_FREE)
			return false;
	return true;
}

static uint32_t first_fit(const struct model *model, uint32_t length)
{
	for (uint32_t first = 0; first < SIZE; first++)
		if (is_free(model, first, length))
			return first;
	return NOTHING;
}

/* The start of the shortest free block that holds a block of this length. */
static uint32_t best_block(const struct model *model, uint32_t length)
{
	uint32_t best = NOTHING, best_length = NOTHING;

	for (uint32_t first = 0; first < SIZE; first += length) {
		uint32_t block = length;

		if (!is_free(model, first, length))
			continue;
		while (is_free(model, first & ~(2 * block - 1), 2 * block))
			block *= 2;
		if (block < best_length) {
			best_length = block;
			best = first & ~(block - 1);
		}
	}
	return best;
}

static void check_counts(const struct range_pool *pool, const struct model *model)
{
	uint32_t counts[3] = {0};

	for (size_t unit = 0; unit < SIZE; unit++)
		counts[model->units[unit]]++;
	assert_int_equal(range_pool_used(pool), counts[UNIT_TAKEN]);
	assert_int_equal(range_pool_waiting(pool), counts[UNIT_WAITING]);
}

static void hold(struct model *model, uint32_t first, uint32_t length)
{
	mark(model, first, length, UNIT_TAKEN);
	model->taken[model->taken_count++] = (struct held){first, length, 0};
}

static void try_take(struct range_pool *pool, struct model *model)
{
	bool is_block = rand() % 2;
	uint32_t length = is_block ? 1u << rand() % 7 : 1 + (uint32_t)rand() % 60;
	uint32_t expected = is_block ? best_block(model, length) : first_fit(model, length);
	uint32_t first = NOTHING;

	errno = 0;
	if (is_block ? range_take_block(pool, length, &first) : range_take(pool, length, &first))
		assert_int_equal(errno, ENOSPC);
	assert_int_equal(first, expected);
	if (first != NOTHING)
		hold(model, first, length);
}

static void try_take_at(struct range_pool *pool, struct model *model)
{
	uint32_t first = (uint32_t)rand() % (SIZE + 10);
	uint32_t length = (uint32_t)rand() % 30;
	int expected = 0;

	if (length == 0 || first + length > SIZE)
		expected = ERANGE;
	else if (!is_free(model, first, length))
		expected = EEXIST;
	errno = 0;
	assert_int_equal(range_take_at(pool, first, length), expected ? -1 : 0);
	assert_int_equal(errno, expected);
	if (!expected)
		hold(model, first, length);
}

static void try_retire(struct range_pool *pool, struct model *model)
{
	size_t chosen;
	struct held held;

	if (model->taken_count == 0)
		return;
	chosen = (size_t)rand() % model->taken_count;
	held = model->taken[chosen];
	held.epoch = model->epoch += (uint64_t)rand() % 2;
	range_retire(pool, held.first, held.length, held.epoch);
	mark(model, held.first, held.length, UNIT_WAITING);
	model->taken[chosen] = model->taken[--model->taken_count];
	model->waiting[model->waiting_count++] = held;
}

static void try_reclaim(struct range_pool *pool, struct model *model)
{
	uint64_t epoch = model->epoch - (uint64_t)rand() % 5;
	size_t kept = 0;

	range_pool_reclaim(pool, epoch);
	for (size_t i = 0; i < model->waiting_count; i++)
		if (model->waiting[i].epoch <= epoch)
			mark(model, model->waiting[i].first, model->waiting[i].length, UNIT_FREE);
		else
			model->waiting[kept++] = model->waiting[i];
	model->waiting_count = kept;
}

/* Times of growth and of shrinking alternate, so that the pool is both full and fragmented. */
static void test_agrees_with_the_model(void **state)
{
	struct model *model = calloc(1, sizeof(*model));
	struct range_pool *pool = range_pool_new(SIZE);

	(void)state;
	assert_non_null(model);
	assert_non_null(pool);
	srand(3);
	model->epoch = 10;
	for (int i = 0; i < OPERATION_COUNT; i++) {
		int takes_of_ten = i / 1000 % 2 ? 3 : 7;

		if (rand() % 10 < takes_of_ten) {
			if (rand() % 4)
				try_take(pool, model);
			else
				try_take_at(pool, model);
		} else {
			try_retire(pool, model);
		}
		if (rand() % 8 == 0)
			try_reclaim(pool, model);
		check_counts(pool, model);
	}
	range_pool_free(pool);
	free(model);
}

static void test_a_pool_can_be_used_up_and_emptied(void **state)
{
	struct range_pool *pool = range_pool_new(SIZE);
	uint32_t first;

	(void)state;
	assert_non_null(pool);
	for (uint32_t unit = 0; unit < SIZE; unit++) {
		assert_int_equal(range_take(pool, 1, &first), 0);
		assert_int_equal(first, unit);
	}
	assert_int_equal(range_take(pool, 1, &first), -1);
	assert_int_equal(errno, ENOSPC);
	for (uint32_t unit = 0; unit < SIZE; unit += 2)
		range_retire(pool, unit, 1, 1);
	for (uint32_t unit = 1; unit < SIZE; unit += 2)
		range_retire(pool, unit, 1, 2);
	range_pool_reclaim(pool, 1);
	assert_int_equal(range_take(pool, 2, &first), -1);
	range_pool_reclaim(pool, 2);
	assert_int_equal(range_take(pool, SIZE, &first), 0);
	assert_int_equal(first, 0);
	range_pool_free(pool);
}

static void test_nothing_is_reused_before_its_epoch(void **state)
{
	struct range_pool *pool = range_pool_new(64);
	uint32_t first;

	(void)state;
	assert_non_null(pool);
	assert_int_equal(range_take_block(pool, 64, &first), 0);
	range_retire(pool, 0, 64, 7);
	assert_int_equal(range_pool_used(pool), 0);
	assert_int_equal(range_pool_waiting(pool), 64);
	range_pool_reclaim(pool, 6);
	assert_int_equal(range_take(pool, 1, &first), -1);
	range_pool_reclaim(pool, 7);
	assert_int_equal(range_pool_waiting(pool), 0);
	assert_int_equal(range_take(pool, 1, &first), 0);
	range_pool_free(pool);
}

static void expect_room(const struct range_pool *pool, bool reclaimed, uint32_t length,
			bool is_there)
{
	struct range_pool *copy = range_pool_copy(pool, reclaimed);
	uint32_t first;

	assert_non_null(copy);
	if ((range_take(copy, length, &first) == 0) != is_there)
		fail_msg("room for %u: expected %d", length, is_there);
	range_pool_free(copy);
}

static void test_trying_out_changes_nothing(void **state)
{
	struct range_pool *pool = range_pool_new(100);
	uint32_t first;

	(void)state;
	assert_int_equal(range_take(pool, 60, &first), 0);
	expect_room(pool, false, 40, true);
	expect_room(pool, false, 40, true);
	expect_room(pool, true, 41, false);
	range_retire(pool, first, 60, 1);
	expect_room(pool, false, 41, false);
	expect_room(pool, true, 100, true);
	assert_int_equal(range_pool_waiting(pool), 60);
	range_pool_free(pool);
}

static void test_the_ends_of_the_numbers(void **state)
{
	struct range_pool *pool = range_pool_new(UINT32_MAX);
	struct range_pool *empty = range_pool_new(0);
	uint32_t first;

	(void)state;
	assert_non_null(pool);
	assert_non_null(empty);
	assert_int_equal(range_pool_size(pool), UINT32_MAX);
	assert_int_equal(range_take(pool, UINT32_MAX, &first), 0);
	range_retire(pool, 0, UINT32_MAX, 0);
	range_pool_reclaim(pool, 0);
	assert_int_equal(range_take_at(pool, UINT32_MAX - 1, 1), 0);
	assert_int_equal(range_take_at(pool, UINT32_MAX - 1, 2), -1);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(range_take(pool, UINT32_MAX, &first), -1);
	assert_int_equal(range_take_block(pool, 1u << 31, &first), 0);
	assert_int_equal(first, 0);
	assert_int_equal(range_take_block(pool, 1, &first), 0);
	assert_int_equal(first, UINT32_MAX - 3);
	assert_int_equal(range_take(empty, 1, &first), -1);
	assert_int_equal(errno, ENOSPC);
	range_pool_free(pool);
	range_pool_free(empty);
	range_pool_free(NULL);
}

/* ---- rings, as VIPs have them: within a limit, in a map of a few times that ---- */

#define LIMIT	      262144
#define RING_BITS_MIN 8
#define RING_BITS_MAX 17
#define RINGS_MAX     200
#define CHANGES	      60000

struct rings {
	struct range_pool *pool;
	struct held held[RINGS_MAX]; /* length 0: there is no such VIP */
	uint64_t total;
	uint64_t epoch;
};

static struct rings *rings_new(void)
{
	struct rings *rings = calloc(1, sizeof(*rings));

	assert_non_null(rings);
	rings->pool = range_pool_new(RANGE_BLOCKS_ROOM * LIMIT);
	assert_non_null(rings->pool);
	return rings;
}

static void rings_free(struct rings *rings)
{
	range_pool_free(rings->pool);
	free(rings);
}

static void lay(const struct rings *rings, struct held *ring, uint32_t length)
{
	ring->length = length;
	if (length && range_take_block(rings->pool, length, &ring->first))
		fail_msg("no room for %u slots beside %llu; in use: %u of %u", length,
			 (unsigned long long)rings->total, range_pool_used(rings->pool),
			 range_pool_size(rings->pool));
}

static void give_up(struct rings *rings, const struct held *ring)
{
	if (ring->length)
		range_retire(rings->pool, ring->first, ring->length, rings->epoch);
}

/* One commit, the old beside the new, and the time until packets have left the old. */
static void change_all(struct rings *rings, const uint32_t *lengths, size_t count)
{
	struct held new[RINGS_MAX] = {0};

	for (size_t i = 0; i < count; i++)
		lay(rings, &new[i], lengths[i]);
	rings->total = 0;
	for (size_t i = 0; i < RINGS_MAX; i++) {
		give_up(rings, &rings->held[i]);
		rings->held[i] = new[i];
		rings->total += new[i].length;
	}
	range_pool_reclaim(rings->pool, rings->epoch++);
}

static void change_one(struct rings *rings, size_t index, uint32_t length)
{
	struct held new = {0};

	if (rings->total - rings->held[index].length + length > LIMIT)
		return;
	lay(rings, &new, length);
	give_up(rings, &rings->held[index]);
	rings->total = rings->total - rings->held[index].length + length;
	rings->held[index] = new;
	range_pool_reclaim(rings->pool, rings->epoch++);
}

/* What first fit, aligned to less, leaves no room for, once it has had the small ones. */
static void test_few_large_rings_after_many_small_ones(void **state)
{
	uint32_t small[40], large[2] = {1u << RING_BITS_MAX, 1u << RING_BITS_MAX};
	struct rings *rings = rings_new();

	(void)state;
	for (size_t i = 0; i < 40; i++)
		small[i] = 4096;
	for (int round = 0; round < 3; round++) {
		change_all(rings, small, 40);
		change_all(rings, large, 2);
		change_all(rings, large, 2);
	}
	rings_free(rings);
}

/* Whatever the order: from an empty map on, no slot is lost. */
static void test_an_empty_map_is_used_to_the_last_slot(void **state)
{
	(void)state;
	srand(5);
	for (int round = 0; round < 100; round++) {
		struct range_pool *pool =
			range_pool_new(2 * LIMIT + 32 * (uint32_t)(rand() % 9999));
		uint32_t left = range_pool_size(pool), first;

		while (left >= 1u << RING_BITS_MIN) {
			uint32_t length = 1u << (RING_BITS_MIN + rand() % 10);

			if (length > left)
				continue;
			assert_int_equal(range_take_block(pool, length, &first), 0);
			assert_int_equal(first % length, 0);
			left -= length;
		}
		range_pool_free(pool);
	}
}

/* If all are of one size, everything may change at once, ever again. */
static void test_rings_of_one_size_can_all_change_at_once(void **state)
{
	uint32_t lengths[RINGS_MAX];

	(void)state;
	for (unsigned bits = RING_BITS_MAX; bits > 10; bits--) {
		struct rings *rings = rings_new();
		size_t most = LIMIT >> bits;

		for (size_t i = 0; i < RINGS_MAX; i++)
			lengths[i] = 1u << bits;
		srand(bits);
		for (int round = 0; round < 100; round++) {
			change_all(rings, lengths, most < RINGS_MAX ? most : RINGS_MAX);
			for (size_t i = 0; i < most && i < RINGS_MAX; i++)
				change_one(rings, (size_t)rand() % most % RINGS_MAX,
					   rand() % 2 ? 1u << bits : 0);
		}
		rings_free(rings);
	}
}

static void change_all_at_random(struct rings *rings)
{
	uint32_t lengths[RINGS_MAX], left = LIMIT;

	for (size_t i = 0; i < RINGS_MAX; i++) {
		lengths[i] = 1u << (RING_BITS_MIN + rand() % 10);
		if (lengths[i] > left)
			lengths[i] = 0;
		left -= lengths[i];
	}
	change_all(rings, lengths, RINGS_MAX);
}

/* One after the other, and now and then all. Sizes come in times, so that those of one time are
 * left scattered over the next. */
static void test_rings_of_many_sizes_can_change(void **state)
{
	struct rings *rings = rings_new();
	size_t most = 0;

	(void)state;
	srand(7);
	for (int i = 0; i < CHANGES; i++) {
		unsigned bits = RING_BITS_MIN + (unsigned)(i / 1000) % 10;

		if (i % 1000 == 0)
			change_all_at_random(rings);

		if (rand() % 20 == 0)
			bits = RING_BITS_MIN + (unsigned)rand() % 10;
		change_one(rings, (size_t)rand() % RINGS_MAX, rand() % 8 ? 1u << bits : 0);
		most = rings->total > most ? rings->total : most;
	}
	assert_int_equal(most, LIMIT); /* else it was too easy */
	rings_free(rings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agrees_with_the_model),
		cmocka_unit_test(test_a_pool_can_be_used_up_and_emptied),
		cmocka_unit_test(test_nothing_is_reused_before_its_epoch),
		cmocka_unit_test(test_trying_out_changes_nothing),
		cmocka_unit_test(test_the_ends_of_the_numbers),
		cmocka_unit_test(test_few_large_rings_after_many_small_ones),
		cmocka_unit_test(test_an_empty_map_is_used_to_the_last_slot),
		cmocka_unit_test(test_rings_of_one_size_can_all_change_at_once),
		cmocka_unit_test(test_rings_of_many_sizes_can_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
