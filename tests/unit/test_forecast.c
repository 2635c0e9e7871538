/* SPDX-License-Identifier: BSD-2-Clause */
/* What a change will do to connections, told from the plans before and after it. */
#include "plan_support.h"

#include "forecast.h"

#define HALF (SLOT_COUNT / 2)

struct row {
	const char *before, *after; /* members of the VIP; NULL: it is not there */
	struct forecast_slots expected;
};

static const struct row rows[] = {
	{B1_B2, B1_B2, {SLOT_COUNT, 0, 0}},
	{NULL, B1_B2, {SLOT_COUNT, 0, 0}},
	{B1_B2, NULL, {SLOT_COUNT, SLOT_COUNT, SLOT_COUNT}},
	/* drained: its slots move, its connections stay */
	{B1_B2,
	 "'backends': {" B1 ", 'b2': {'address': '10.0.0.2', 'state': 'drain'}}",
	 {SLOT_COUNT, HALF, 0}},
	{B1_B2,
	 "'backends': {" B1 ", 'b2': {'address': '10.0.0.2', 'state': 'disabled'}}",
	 {SLOT_COUNT, HALF, HALF}},
	{B1_B2, "'backends': {" B1 "}", {SLOT_COUNT, HALF, HALF}},
	{"'backends': {}", B1_B2, {SLOT_COUNT, SLOT_COUNT, 0}},
};

static struct image_vip *plan_members(struct planning *planning, const char *members)
{
	struct image *image;

	if (members)
		return image_vip_ref(plan_web(planning, members));
	image = plan(planning, "");
	assert_int_equal(image->vip_count, 0);
	return NULL;
}

static void expect_slots(const char *what, struct forecast_slots found,
			 struct forecast_slots expected)
{
	if (found.count != expected.count || found.moved != expected.moved ||
	    found.given_up != expected.given_up)
		fail_msg("%s: of %u slots %u move, %u are given up; expected %u, %u, %u", what,
			 found.count, found.moved, found.given_up, expected.count, expected.moved,
			 expected.given_up);
}

static void changes_of_one_vip(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct planning planning = {0};
		struct image_vip *before = plan_members(&planning, rows[i].before);
		struct image_vip *after = plan_members(&planning, rows[i].after);

		expect_slots(rows[i].after ? rows[i].after : "gone", forecast_slots(before, after),
			     rows[i].expected);
		image_vip_unref(before);
		image_vip_unref(after);
		planning_done(&planning);
	}
}

/* It has another permutation, too, so that slots of others may move. */
static void another_address_is_another_backend(void **state)
{
	struct planning planning = {0};
	struct image_vip *before = plan_members(&planning, B1_B2);
	struct image_vip *after =
		plan_members(&planning, "'backends': {" B1 ", 'b2': {'address': '10.0.0.3'}}");
	struct forecast_slots found = forecast_slots(before, after);

	(void)state;
	assert_in_range(found.moved, HALF, SLOT_COUNT - 1);
	assert_int_equal(found.given_up, HALF);
	image_vip_unref(before);
	image_vip_unref(after);
	planning_done(&planning);
}

static void another_port_gives_all_up(void **state)
{
	struct planning planning = {0};
	struct image_vip *before = plan_members(&planning, B1_B2);
	struct image *image = plan(&planning, "'web': {'address': '192.0.2.1', 'port': 81, "
					      "'protocol': 'tcp', 'ring_slots': 256, " B1_B2 "}");

	(void)state;
	expect_slots("another port", forecast_slots(before, image->vips[0]),
		     (struct forecast_slots){SLOT_COUNT, SLOT_COUNT, SLOT_COUNT});
	assert_true(forecast_gives_up(before, image->vips[0], 0));
	image_vip_unref(before);
	planning_done(&planning);
}

static void a_ring_that_grows_is_compared_slot_by_slot(void **state)
{
	struct planning planning = {0};
	struct image_vip *before = plan_members(&planning, B1_B2);
	struct image_vip *after = image_vip_ref(
		plan(&planning, "'web': {'address': '192.0.2.1', 'port': 80, 'protocol': 'tcp', "
				"'ring_slots': 512, " B1_B2 "}")
			->vips[0]);
	struct forecast_slots expected = {.count = 2 * SLOT_COUNT};

	(void)state;
	for (size_t i = 0; i < expected.count; i++)
		expected.moved += after->ring->slots[i] != before->ring->slots[i / 2];
	expect_slots("growth", forecast_slots(before, after), expected);
	image_vip_unref(before);
	image_vip_unref(after);
	planning_done(&planning);
}

static void an_unreachable_backend_gives_up_if_it_is_to(void **state)
{
	struct planning planning = {0};
	struct image_vip *before, *after;

	(void)state;
	before = plan_members(&planning, "'on_down': 'reset', " B1_B2);
	planning.down[0] = "10.0.0.2";
	after = image_vip_ref(plan_again(&planning)->vips[0]);
	assert_false(forecast_gives_up(before, after, (size_t)ordinal_of(before, "b1")));
	assert_true(forecast_gives_up(before, after, (size_t)ordinal_of(before, "b2")));
	expect_slots("reset", forecast_slots(before, after),
		     (struct forecast_slots){SLOT_COUNT, HALF, HALF});
	image_vip_unref(before);
	image_vip_unref(after);
	planning_done(&planning);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_of_one_vip),
		cmocka_unit_test(another_address_is_another_backend),
		cmocka_unit_test(another_port_gives_all_up),
		cmocka_unit_test(a_ring_that_grows_is_compared_slot_by_slot),
		cmocka_unit_test(an_unreachable_backend_gives_up_if_it_is_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
