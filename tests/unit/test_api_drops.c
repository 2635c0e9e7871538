/* SPDX-License-Identifier: BSD-2-Clause */
/* What was not forwarded, as JSON and as a table, of counts that are made up here. */
#include "drops.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NO_BACKEND, NOT_SERVED, FRAGMENT, REASON_COUNT };

static const struct stats_reason reasons[REASON_COUNT] = {
	[NO_BACKEND] = {"no_backend", "drop", "the VIP has no backend"},
	[NOT_SERVED] = {"not_served", "pass", "no VIP has this port"},
	[FRAGMENT] = {"fragment", "drop", "an IP fragment"},
};
static const uint64_t unattributed[REASON_COUNT] = {[NOT_SERVED] = 7};
static const uint64_t web_reasons[REASON_COUNT] = {[NO_BACKEND] = 1234567, [NOT_SERVED] = 2};
static const uint64_t mail_reasons[REASON_COUNT] = {[NOT_SERVED] = 3};
static const struct stats_vip vips[] = {
	{.name = "mail-and-more", .reasons = mail_reasons},
	{.name = "web", .reasons = web_reasons},
};
static const struct stats stats = {
	.vips = vips,
	.vip_count = 2,
	.unattributed = unattributed,
};
static const struct metrics metrics = {
	.stats = &stats,
	.reasons = reasons,
	.reason_count = REASON_COUNT,
	.version = "",
};

static void expect_text(struct text text, const char *expected)
{
	char *found = strndup(text.bytes, text.length);

	assert_non_null(found);
	assert_string_equal(found, expected);
	free(found);
	text_done(&text);
}

static void test_table(void **state)
{
	(void)state;
	expect_text(drops_text(&metrics),
		    "PACKETS  ACTION  REASON      VIP            MEANING\n"
		    "1234567  drop    no_backend  web            the VIP has no backend\n"
		    "      3  pass    not_served  mail-and-more  no VIP has this port\n"
		    "      2  pass    not_served  web            no VIP has this port\n"
		    "      7  pass    not_served  -              no VIP has this port\n");
}

static void test_table_of_nothing(void **state)
{
	static const uint64_t none[REASON_COUNT];
	static const struct stats no_stats = {.unattributed = none};
	struct metrics nothing = metrics;

	(void)state;
	nothing.stats = &no_stats;
	expect_text(drops_text(&nothing), "PACKETS  ACTION  REASON  VIP  MEANING\n");
}

static void expect_reason(const json_t *json, size_t reason, json_int_t packets, json_int_t unknown,
			  size_t vip_count)
{
	const json_t *found = json_object_get(json, reasons[reason].name);

	assert_string_equal(json_string_value(json_object_get(found, "action")),
			    reasons[reason].action);
	assert_string_equal(json_string_value(json_object_get(found, "help")),
			    reasons[reason].help);
	assert_int_equal(json_integer_value(json_object_get(found, "packets")), packets);
	assert_int_equal(json_integer_value(json_object_get(found, "unattributed")), unknown);
	assert_int_equal(json_object_size(json_object_get(found, "vips")), vip_count);
}

static void test_json(void **state)
{
	struct text text = drops_json(&metrics);
	json_t *json = json_loadb(text.bytes, text.length, JSON_REJECT_DUPLICATES, NULL);
	const json_t *served = json_object_get(json_object_get(json, "not_served"), "vips");

	(void)state;
	assert_int_equal(json_object_size(json), REASON_COUNT);
	expect_reason(json, NO_BACKEND, 1234567, 0, 1);
	expect_reason(json, NOT_SERVED, 12, 7, 2);
	expect_reason(json, FRAGMENT, 0, 0, 0);
	assert_int_equal(json_integer_value(json_object_get(served, "mail-and-more")), 3);
	assert_int_equal(json_integer_value(json_object_get(served, "web")), 2);
	json_decref(json);
	text_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_of_nothing),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
