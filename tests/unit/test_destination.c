/* SPDX-License-Identifier: BSD-2-Clause */
/* The set of followed destinations: found by address, and by the prefix of a route. */
#include "destination.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct carom_address parse_address(const char *text)
{
	struct carom_address address;

	if (!address_parse(text, &address))
		fail_msg("'%s' is not an address", text);
	return address;
}

static void add(struct destination_set *set, const char *const *texts, size_t count)
{
	struct carom_address *addresses = calloc(count + 1, sizeof(*addresses));

	for (size_t i = 0; i < count; i++)
		addresses[i] = parse_address(texts[i]);
	assert_int_equal(destination_set_follow(set, addresses, count), 0);
	free(addresses);
}

static struct destination_set build(const char *const *texts, size_t count)
{
	struct destination_set set = {0};

	add(&set, texts, count);
	return set;
}

static struct destination *find(const struct destination_set *set, const char *text)
{
	struct carom_address address = parse_address(text);

	return destination_set_find(set, &address);
}

static void expect_meets(const struct destination_set *set, const char *text, bool expected)
{
	struct prefix prefix;

	assert_true(prefix_parse(text, &prefix));
	if (destination_set_meets(set, &prefix) != expected)
		fail_msg("%s: expected %d, found %d", text, expected, !expected);
}

static void holds_each_address_once(void **state)
{
	static const char *const texts[] = {"10.0.0.2", "2001:db8::1", "10.0.0.1", "10.0.0.2"};
	struct destination_set set = build(texts, 4);

	(void)state;
	assert_int_equal(set.count, 3);
	assert_non_null(find(&set, "10.0.0.1"));
	assert_non_null(find(&set, "10.0.0.2"));
	assert_non_null(find(&set, "2001:db8::1"));
	assert_null(find(&set, "10.0.0.3"));
	assert_null(find(&set, "::1"));
	destination_set_done(&set);
}

static void counts_watches(void **state)
{
	static const char *const texts[] = {"10.0.0.2", "10.0.0.3", "10.0.0.2", "10.0.0.1"};
	struct destination_set set = build(texts, 3);
	struct destination *second = find(&set, "10.0.0.2");

	(void)state;
	assert_int_equal(second->follow_count, 2);
	assert_int_equal(find(&set, "10.0.0.3")->follow_count, 1);
	add(&set, texts + 2, 2);
	assert_int_equal(set.count, 3);
	assert_ptr_equal(find(&set, "10.0.0.2"), second);
	assert_int_equal(second->follow_count, 3);
	assert_int_equal(find(&set, "10.0.0.1")->follow_count, 1);
	destination_set_done(&set);
}

static void drops_what_nobody_watches(void **state)
{
	static const char *const texts[] = {"10.0.0.1", "10.0.0.2", "10.0.0.3"};
	struct destination_set set = build(texts, 3);
	struct destination *last = find(&set, "10.0.0.3");

	(void)state;
	destination_set_prune(&set);
	assert_int_equal(set.count, 3);
	find(&set, "10.0.0.2")->follow_count--;
	destination_set_prune(&set);
	assert_int_equal(set.count, 2);
	assert_null(find(&set, "10.0.0.2"));
	assert_non_null(find(&set, "10.0.0.1"));
	assert_ptr_equal(find(&set, "10.0.0.3"), last);
	destination_set_done(&set);
}

static void stays_sorted(void **state)
{
	static const char *const texts[] = {"10.0.0.5", "10.0.0.3", "10.0.0.9",
					    "10.0.0.1", "10.0.0.4", "10.0.0.9",
					    "10.0.0.6", "10.0.0.2", "10.0.0.8"};
	struct destination_set set = build(texts, 3);

	(void)state;
	add(&set, texts + 3, 3);
	add(&set, texts + 6, 3);
	assert_int_equal(set.count, 8);
	for (size_t i = 1; i < set.count; i++)
		assert_true(address_compare(&set.items[i - 1]->address, &set.items[i]->address) <
			    0);
	destination_set_done(&set);
}

static void meets_the_prefixes_of_its_own(void **state)
{
	static const char *const texts[] = {"10.1.128.7", "10.200.0.1", "2001:db8:0:8000::1"};
	struct destination_set set = build(texts, 3);

	(void)state;
	expect_meets(&set, "0.0.0.0/0", true);
	expect_meets(&set, "10.1.0.0/16", true);
	expect_meets(&set, "10.1.128.0/17", true);
	expect_meets(&set, "10.1.128.7/32", true);
	expect_meets(&set, "10.1.0.0/17", false);
	expect_meets(&set, "10.1.128.6/32", false);
	expect_meets(&set, "10.1.128.8/32", false);
	expect_meets(&set, "10.2.0.0/15", false);
	expect_meets(&set, "192.168.0.0/16", false);
	expect_meets(&set, "::/0", true);
	expect_meets(&set, "2001:db8::/48", true);
	expect_meets(&set, "2001:db8:0:8000::/49", true);
	expect_meets(&set, "2001:db8::/49", false);
	expect_meets(&set, "2001:db9::/32", false);
	destination_set_done(&set);
}

static void may_be_empty(void **state)
{
	struct destination_set set = build(NULL, 0);

	(void)state;
	assert_int_equal(set.count, 0);
	assert_null(find(&set, "10.0.0.1"));
	expect_meets(&set, "0.0.0.0/0", false);
	destination_set_done(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_each_address_once),	 cmocka_unit_test(counts_watches),
		cmocka_unit_test(drops_what_nobody_watches),	 cmocka_unit_test(stays_sorted),
		cmocka_unit_test(meets_the_prefixes_of_its_own), cmocka_unit_test(may_be_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
