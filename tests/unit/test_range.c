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

static uint32_t first_fit(const struct model *model, uint32_t length, uint32_t alignment)
{
	for (uint32_t first = 0; first < SIZE; first += alignment)
		if (is_free(model, first, length))
			return first;
	return NOTHING;
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
	uint32_t length = 1 + (uint32_t)rand() % 60;
	uint32_t alignment = 1u << rand() % 7;
	uint32_t expected = first_fit(model, length, alignment);
	uint32_t first = NOTHING;

	errno = 0;
	if (range_take(pool, length, alignment, &first))
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
		assert_int_equal(range_take(pool, 1, 1, &first), 0);
		assert_int_equal(first, unit);
	}
	assert_int_equal(range_take(pool, 1, 1, &first), -1);
	assert_int_equal(errno, ENOSPC);
	for (uint32_t unit = 0; unit < SIZE; unit += 2)
		range_retire(pool, unit, 1, 1);
	for (uint32_t unit = 1; unit < SIZE; unit += 2)
		range_retire(pool, unit, 1, 2);
	range_pool_reclaim(pool, 1);
	assert_int_equal(range_take(pool, 2, 1, &first), -1);
	range_pool_reclaim(pool, 2);
	assert_int_equal(range_take(pool, SIZE, 1, &first), 0);
	assert_int_equal(first, 0);
	range_pool_free(pool);
}

static void test_nothing_is_reused_before_its_epoch(void **state)
{
	struct range_pool *pool = range_pool_new(64);
	uint32_t first;

	(void)state;
	assert_non_null(pool);
	assert_int_equal(range_take(pool, 64, 64, &first), 0);
	range_retire(pool, 0, 64, 7);
	assert_int_equal(range_pool_used(pool), 0);
	assert_int_equal(range_pool_waiting(pool), 64);
	range_pool_reclaim(pool, 6);
	assert_int_equal(range_take(pool, 1, 1, &first), -1);
	range_pool_reclaim(pool, 7);
	assert_int_equal(range_pool_waiting(pool), 0);
	assert_int_equal(range_take(pool, 1, 1, &first), 0);
	range_pool_free(pool);
}

static void expect_room(const struct range_pool *pool, bool reclaimed, uint32_t length,
			bool is_there)
{
	struct range_pool *copy = range_pool_copy(pool, reclaimed);
	uint32_t first;

	assert_non_null(copy);
	if ((range_take(copy, length, 1, &first) == 0) != is_there)
		fail_msg("room for %u: expected %d", length, is_there);
	range_pool_free(copy);
}

static void test_trying_out_changes_nothing(void **state)
{
	struct range_pool *pool = range_pool_new(100);
	uint32_t first;

	(void)state;
	assert_int_equal(range_take(pool, 60, 1, &first), 0);
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
	assert_int_equal(range_take(pool, UINT32_MAX, 1, &first), 0);
	range_retire(pool, 0, UINT32_MAX, 0);
	range_pool_reclaim(pool, 0);
	assert_int_equal(range_take_at(pool, UINT32_MAX - 1, 1), 0);
	assert_int_equal(range_take_at(pool, UINT32_MAX - 1, 2), -1);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(range_take(pool, UINT32_MAX, 1, &first), -1);
	assert_int_equal(range_take(pool, 1u << 31, 1u << 31, &first), 0);
	assert_int_equal(first, 0);
	assert_int_equal(range_take(pool, 1, 1u << 31, &first), 0);
	assert_int_equal(first, 1u << 31);
	assert_int_equal(range_take(empty, 1, 1, &first), -1);
	assert_int_equal(errno, ENOSPC);
	range_pool_free(pool);
	range_pool_free(empty);
	range_pool_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agrees_with_the_model),
		cmocka_unit_test(test_a_pool_can_be_used_up_and_emptied),
		cmocka_unit_test(test_nothing_is_reused_before_its_epoch),
		cmocka_unit_test(test_trying_out_changes_nothing),
		cmocka_unit_test(test_the_ends_of_the_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
