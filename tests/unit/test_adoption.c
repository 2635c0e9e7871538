/* SPDX-License-Identifier: BSD-2-Clause */
/* Which pinned maps are used, which start empty, and which refuse all: one row a case. */
#include "adoption.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SHAPE                                                                                      \
	{                                                                                          \
		2, 64, 100, 1024                                                                   \
	}

static const struct adoption_shape same = SHAPE, other_type = {3, 64, 100, 1024},
				   other_value = {2, 32, 100, 1024}, other_flags = {2, 64, 100, 0},
				   other_size = {2, 64, 99, 1024}, other_all = {3, 32, 99, 0};

struct row {
	const char *name;
	struct adoption_rule rule;
	const struct adoption_shape *found;
	uint16_t minor;
	enum adoption_step step;
	const char *reason; /* NULL: none */
};

static const struct row rows[] = {
	{"the same", {SHAPE, 0, false, true}, &same, 0, ADOPTION_USE, NULL},
	{"kept by a newer version", {SHAPE, 0, false, true}, &same, 7, ADOPTION_USE, NULL},
	{"missing", {SHAPE, 0, false, true}, NULL, 0, ADOPTION_REFUSE, "it is not pinned"},
	{"missing, may be",
	 {SHAPE, 0, true, true},
	 NULL,
	 0,
	 ADOPTION_START_EMPTY,
	 "it is not pinned"},
	{"newer than the predecessor",
	 {SHAPE, 2, true, true},
	 NULL,
	 1,
	 ADOPTION_START_EMPTY,
	 "it is not pinned"},
	{"stale",
	 {SHAPE, 2, true, true},
	 &same,
	 1,
	 ADOPTION_START_EMPTY,
	 "the predecessor did not know it, so it is stale"},
	{"as new as the predecessor", {SHAPE, 2, true, true}, &same, 2, ADOPTION_USE, NULL},
	{"other type",
	 {SHAPE, 0, false, true},
	 &other_type,
	 0,
	 ADOPTION_REFUSE,
	 "it has another layout"},
	{"other value",
	 {SHAPE, 0, true, true},
	 &other_value,
	 0,
	 ADOPTION_START_EMPTY,
	 "it has another layout"},
	{"other flags",
	 {SHAPE, 0, true, false},
	 &other_flags,
	 0,
	 ADOPTION_START_EMPTY,
	 "it has another layout"},
	{"another map altogether",
	 {SHAPE, 0, false, false},
	 &other_all,
	 0,
	 ADOPTION_REFUSE,
	 "it has another layout"},
	{"other size, to be copied",
	 {SHAPE, 0, true, true},
	 &other_size,
	 0,
	 ADOPTION_REFUSE,
	 "it has another size"},
	{"other size than its own",
	 {SHAPE, 0, true, false},
	 &other_size,
	 0,
	 ADOPTION_START_EMPTY,
	 "it has another size"},
	{"other size than its own, needed",
	 {SHAPE, 0, false, false},
	 &other_size,
	 0,
	 ADOPTION_REFUSE,
	 "it has another size"},
};

static void each_case_has_its_step(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		const char *reason = NULL;
		enum adoption_step step =
			adoption_judge(&row->rule, row->found, row->minor, &reason);

		if (step != row->step || !reason != !row->reason)
			fail_msg("%s: step %d, %s", row->name, step, reason ? reason : "no reason");
		if (reason)
			assert_string_equal(reason, row->reason);
	}
}

static void only_so_many_are_kept(void **state)
{
	struct adoption adoption = {0};

	(void)state;
	for (size_t i = 0; i < 2 * ADOPTION_LEFT_OUT_MAX; i++)
		adoption_leave_out(&adoption, "a map whose name is longer than the room for it",
				   "for a reason that goes on and on, until nothing more is left"
				   " of the room for it");
	assert_int_equal(adoption.left_out_count, ADOPTION_LEFT_OUT_MAX);
	assert_int_equal(strlen(adoption.left_out[0].map), ADOPTION_MAP_BYTES - 1);
	assert_int_equal(strlen(adoption.left_out[0].reason), ADOPTION_REASON_BYTES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case_has_its_step),
		cmocka_unit_test(only_so_many_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
