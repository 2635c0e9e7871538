/* SPDX-License-Identifier: BSD-2-Clause */
/* Verdicts by name. The labels of reasons are written down once more: in pinned counters a number
 * keeps its meaning for ever, so this list is appended to, and never changed. */
#include "verdict.h"

#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *const labels[] = {"not_served",   "truncated",  "bad_header", "fragment",
				     "extensions",   "no_backend", "too_big",	 "no_headroom",
				     "inconsistent", "unrecorded"};

static const char *const decap_labels[] = {"decapsulated", "forbidden_source", "truncated",
					   "bad_header",   "fragment",	       "congestion",
					   "no_headroom"};

static void numbers_keep_their_labels(void **state)
{
	(void)state;
	assert_int_equal(CAROM_REASON_COUNT, sizeof(labels) / sizeof(labels[0]));
	for (uint32_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		assert_string_equal(verdict_reason(i), labels[i]);
}

static void numbers_of_decap_keep_their_labels(void **state)
{
	static const char *const found[] = {
#define REASON_LABEL(name, number, label, action, help) [number] = label,
		CAROM_DECAP_REASONS(REASON_LABEL)
#undef REASON_LABEL
	};

	(void)state;
	assert_int_equal(CAROM_DECAP_REASON_COUNT, sizeof(decap_labels) / sizeof(decap_labels[0]));
	for (size_t i = 0; i < CAROM_DECAP_REASON_COUNT; i++)
		assert_string_equal(found[i], decap_labels[i]);
}

static void what_is_no_reason_has_no_label(void **state)
{
	(void)state;
	assert_null(verdict_reason(CAROM_REASON_COUNT));
	assert_null(verdict_reason(CAROM_VERDICT_TX));
	assert_int_equal(verdict_action(CAROM_VERDICT_TX), XDP_TX);
	assert_int_equal(verdict_action(CAROM_VERDICT_REDIRECT), XDP_REDIRECT);
	assert_int_equal(verdict_action(CAROM_VERDICT_FOREIGN), XDP_PASS);
	assert_int_equal(verdict_action(CAROM_REASON_NO_BACKEND), XDP_DROP);
	assert_int_equal(verdict_action(VERDICT_COUNT), XDP_ABORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_keep_their_labels),
		cmocka_unit_test(numbers_of_decap_keep_their_labels),
		cmocka_unit_test(what_is_no_reason_has_no_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
