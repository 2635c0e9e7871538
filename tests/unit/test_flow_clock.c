/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TICK_MS 500

static void it_goes_on_from_where_it_stood(void **state)
{
	struct flow_clock clock;

	(void)state;
	flow_clock_init(&clock, 77, 10000);
	assert_int_equal(flow_clock_advance(&clock, 10000), 77);
	assert_int_equal(flow_clock_advance(&clock, 10999), 77);
	assert_int_equal(flow_clock_advance(&clock, 11000), 78);
}

static void it_counts_each_tick(void **state)
{
	struct flow_clock clock;
	uint32_t now_s = 0;

	(void)state;
	flow_clock_init(&clock, 0, 0);
	for (uint64_t now_ms = TICK_MS; now_ms <= 3600 * 1000; now_ms += TICK_MS)
		now_s = flow_clock_advance(&clock, now_ms);
	assert_int_equal(now_s, 3600);
}

static void a_standstill_does_not_make_it_jump(void **state)
{
	struct flow_clock clock;

	(void)state;
	flow_clock_init(&clock, 5, 0);
	assert_int_equal(flow_clock_advance(&clock, 13000), 6);
	assert_int_equal(flow_clock_advance(&clock, 13000 + TICK_MS), 6);
	assert_int_equal(flow_clock_advance(&clock, 14000), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_goes_on_from_where_it_stood),
		cmocka_unit_test(it_counts_each_tick),
		cmocka_unit_test(a_standstill_does_not_make_it_jump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
