/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters as Prometheus and JSON text, of a reading that is made up here. */
#include "metrics.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct stats_reason reasons[] = {
	{"no_backend", "drop", "the VIP has no backend"},
	{"not_served", "pass", "no VIP has this port"},
};
static const uint64_t vip_reasons[] = {4, 0};
static const uint64_t unattributed[] = {0, INT64_MAX};
static const struct stats_backend backends[] = {
	{"web-1", {10, 1000, 1}, 5},
	{"web-2", {20, 2000, 2}, 0},
};
static const struct stats_vip vips[] = {
	{"web", {30, 3000, 3}, 5, 6, vip_reasons, backends, 2},
	{"a\"b\\c\nd", {0, 0, 0}, 0, 0, vip_reasons, NULL, 0},
};
static const struct stats stats = {vips, 2, unattributed, {11, 12, 13, 14, 15}};
static const struct metrics metrics = {
	.stats = &stats,
	.reasons = reasons,
	.reason_count = 2,
	.revision = 42,
	.is_ready = true,
	.version = "1.2.3",
};

static char *terminated(struct text text)
{
	char *copy;

	assert_false(text.failed);
	copy = strndup(text.bytes, text.length);
	text_done(&text);
	assert_non_null(copy);
	return copy;
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (const char *found = strstr(text, part); found; found = strstr(found + 1, part))
		count++;
	return count;
}

static const char *end_of_line(const char *line)
{
	return line + strcspn(line, "\n");
}

static void expect_line(const char *text, const char *expected)
{
	for (const char *line = text; *line; line = end_of_line(line) + 1) {
		size_t length = (size_t)(end_of_line(line) - line);

		assert_int_equal(line[length], '\n');
		if (length == strlen(expected) && memcmp(line, expected, length) == 0)
			return;
	}
	fail_msg("expected the line '%s' in:\n%s", expected, text);
}

static void test_samples(void **state)
{
	char *text = terminated(metrics_prometheus(&metrics));

	(void)state;
	expect_line(text, "carom_build_info{version=\"1.2.3\"} 1");
	expect_line(text, "carom_revision 42");
	expect_line(text, "carom_ready 1");
	expect_line(text, "carom_vip_packets_total{vip=\"web\"} 30");
	expect_line(text, "carom_vip_bytes_total{vip=\"web\"} 3000");
	expect_line(text, "carom_vip_connections_total{vip=\"web\"} 3");
	expect_line(text, "carom_backend_packets_total{vip=\"web\",backend=\"web-2\"} 20");
	expect_line(text, "carom_backend_bytes_total{vip=\"web\",backend=\"web-1\"} 1000");
	expect_line(text, "carom_backend_connections_total{vip=\"web\",backend=\"web-1\"} 1");
	expect_line(text, "carom_vip_tracked_slots{vip=\"web\"} 6");
	expect_line(text, "carom_backend_flows{vip=\"web\",backend=\"web-1\"} 5");
	expect_line(text, "carom_flows 11");
	expect_line(text, "carom_flows_limit 12");
	expect_line(text, "carom_flows_recorded_total 13");
	expect_line(text, "carom_flows_unrecorded_total{reason=\"rate_limited\"} 14");
	expect_line(text, "carom_flows_unrecorded_total{reason=\"table_full\"} 15");
	expect_line(text, "carom_not_forwarded_packets_total"
			  "{vip=\"web\",reason=\"no_backend\",action=\"drop\"} 4");
	expect_line(text, "carom_not_forwarded_packets_total"
			  "{vip=\"\",reason=\"not_served\",action=\"pass\"} 9223372036854775807");
	free(text);
}

static void test_labels_are_escaped(void **state)
{
	char *text = terminated(metrics_prometheus(&metrics));

	(void)state;
	expect_line(text, "carom_vip_packets_total{vip=\"a\\\"b\\\\c\\nd\"} 0");
	free(text);
}

/* Each family: HELP, TYPE, and all of its samples at once; nowhere else. */
static void test_families_are_whole(void **state)
{
	char *text = terminated(metrics_prometheus(&metrics));
	char family[128] = "";

	(void)state;
	for (const char *line = text; *line; line = end_of_line(line) + 1) {
		char help[160];
		size_t length = strcspn(line, "{ ");

		assert_int_equal(*end_of_line(line), '\n');
		if (sscanf(line, "# HELP %127s ", family) == 1) {
			snprintf(help, sizeof(help), "# HELP %s ", family);
			assert_int_equal(count_of(text, help), 1);
			snprintf(help, sizeof(help), "\n# TYPE %s ", family);
			assert_int_equal(strncmp(end_of_line(line), help, strlen(help)), 0);
		} else if (*line != '#' &&
			   (strlen(family) != length || strncmp(line, family, length) != 0)) {
			fail_msg("in family '%s': %.*s", family, (int)length, line);
		}
	}
	assert_int_equal(count_of(text, "# HELP "), 16);
	free(text);
}

static json_int_t number(const json_t *json, const char *key)
{
	const json_t *found = json_object_get(json, key);

	if (!json_is_integer(found))
		fail_msg("'%s' is not a number", key);
	return json_integer_value(found);
}

static void test_json(void **state)
{
	struct text text = metrics_json(&metrics);
	json_t *json = json_loadb(text.bytes, text.length, JSON_REJECT_DUPLICATES, NULL);
	json_t *all = json_object_get(json, "vips");
	json_t *web = json_object_get(all, "web");
	json_t *backend = json_object_get(json_object_get(web, "backends"), "web-2");

	(void)state;
	assert_int_equal(json_object_size(all), 2);
	assert_non_null(json_object_get(all, "a\"b\\c\nd"));
	assert_int_equal(number(web, "packets"), 30);
	assert_int_equal(number(web, "bytes"), 3000);
	assert_int_equal(number(web, "connections"), 3);
	assert_int_equal(number(json_object_get(web, "not_forwarded"), "no_backend"), 4);
	assert_int_equal(number(web, "flows"), 5);
	assert_int_equal(number(web, "tracked_slots"), 6);
	assert_int_equal(number(backend, "flows"), 0);
	assert_int_equal(number(json_object_get(json, "flow_table"), "used"), 11);
	assert_int_equal(number(json_object_get(json, "flow_table"), "limit"), 12);
	assert_int_equal(number(json_object_get(json, "flow_table"), "recorded"), 13);
	assert_int_equal(number(json_object_get(json, "flow_table"), "rate_limited"), 14);
	assert_int_equal(number(json_object_get(json, "flow_table"), "table_full"), 15);
	assert_int_equal(number(backend, "packets"), 20);
	assert_int_equal(number(backend, "bytes"), 2000);
	assert_int_equal(number(backend, "connections"), 2);
	assert_int_equal(number(json_object_get(json, "unattributed"), "not_served"), INT64_MAX);
	json_decref(json);
	text_done(&text);
}

static void test_nothing_to_count(void **state)
{
	static const char expected[] = "{\n  \"vips\": {},\n  \"unattributed\": {},\n"
				       "  \"flow_table\": {\n    \"used\": 0,\n    \"limit\": 0,\n"
				       "    \"recorded\": 0,\n    \"rate_limited\": 0,\n"
				       "    \"table_full\": 0\n  }\n}\n";
	const struct stats none = {.unattributed = unattributed};
	const struct metrics empty = {.stats = &none, .version = ""};
	char *text = terminated(metrics_json(&empty));

	(void)state;
	assert_string_equal(text, expected);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_labels_are_escaped),
		cmocka_unit_test(test_families_are_whole),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_nothing_to_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
