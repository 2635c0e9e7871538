/* SPDX-License-Identifier: BSD-2-Clause */
#include "hops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT 100 /* of numbers, 0 included */

static struct carom_next_hop hop_of(uint8_t gateway)
{
	return (struct carom_next_hop){.destination_mac = {2, gateway}, .interface = 1};
}

static uint32_t take(struct hops *hops, uint8_t gateway)
{
	struct carom_next_hop hop = hop_of(gateway);
	uint32_t number;

	return hops_take(hops, &hop, &number) ? HOPS_NONE : number;
}

static void the_same_next_hop_has_one_number(void **state)
{
	struct hops *hops = hops_new(COUNT);
	uint32_t first = take(hops, 1), second = take(hops, 2);

	(void)state;
	assert_int_not_equal(first, HOPS_NONE);
	assert_int_not_equal(second, first);
	assert_int_equal(take(hops, 1), first);
	assert_int_equal(hops_at(hops, second)->destination_mac[1], 2);
	hops_free(hops);
}

static void a_number_is_free_when_its_last_user_and_the_grace_period_have_gone(void **state)
{
	struct hops *hops = hops_new(3);
	uint32_t first = take(hops, 1), second = take(hops, 2);

	(void)state;
	assert_int_equal(take(hops, 1), first);
	assert_int_equal(take(hops, 3), HOPS_NONE);
	hops_release(hops, first, 1);
	hops_reclaim(hops, 1);
	assert_int_equal(take(hops, 3), HOPS_NONE);
	hops_release(hops, first, 2);
	assert_int_equal(take(hops, 3), HOPS_NONE);
	hops_reclaim(hops, 2);
	assert_int_equal(take(hops, 3), first);
	assert_int_equal(take(hops, 2), second);
	hops_release(hops, HOPS_NONE, 3);
	hops_free(hops);
}

static void many_are_found_after_growth_and_in_a_copy(void **state)
{
	struct hops *hops = hops_new(COUNT), *copy;
	uint32_t numbers[COUNT - 1];

	(void)state;
	for (uint8_t i = 0; i < COUNT - 1; i++)
		numbers[i] = take(hops, i);
	assert_int_equal(take(hops, COUNT), HOPS_NONE);
	copy = hops_copy(hops, false);
	for (uint8_t i = 0; i < COUNT - 1; i++) {
		assert_int_equal(take(hops, i), numbers[i]);
		assert_int_equal(take(copy, i), numbers[i]);
	}
	hops_free(copy);
	hops_free(hops);
}

static void what_is_adopted_keeps_its_number(void **state)
{
	struct hops *hops = hops_new(COUNT);
	struct carom_next_hop one = hop_of(1), two = hop_of(2);

	(void)state;
	assert_int_equal(hops_take_at(hops, &one, 40), 0);
	assert_int_equal(hops_take_at(hops, &one, 40), 0);
	assert_int_equal(take(hops, 1), 40);
	assert_int_not_equal(hops_take_at(hops, &two, 40), 0);
	assert_int_not_equal(hops_take_at(hops, &one, 41), 0);
	assert_int_not_equal(hops_take_at(hops, &two, HOPS_NONE), 0);
	assert_int_not_equal(hops_take_at(hops, &two, COUNT), 0);
	hops_free(hops);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_next_hop_has_one_number),
		cmocka_unit_test(
			a_number_is_free_when_its_last_user_and_the_grace_period_have_gone),
		cmocka_unit_test(many_are_found_after_growth_and_in_a_copy),
		cmocka_unit_test(what_is_adopted_keeps_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
