/* SPDX-License-Identifier: BSD-2-Clause */
/* The history: what is found in it, what is forgotten, and what that costs. */
#include "config_documents.h"

#include "revisions.h"

#include <arpa/inet.h>

#define KEPT 3

/* Of backends in the VIP `web` of a config whose revisions are dear. */
#define MANY	      1024
#define FIRST_ADDRESS 0x0a000001 /* 10.0.0.1 */

static void add(struct revisions *revisions, uint64_t number, struct config *config)
{
	struct revision revision = {
		.number = number,
		.time_ms = (int64_t)number * 1000,
		.author = "alice",
		.config = config,
	};

	revisions_add(revisions, &revision);
}

static void an_empty_one_has_nothing(void **state)
{
	struct revisions *revisions = revisions_new(KEPT, REVISIONS_BYTES_MAX);

	(void)state;
	assert_int_equal(revisions_count(revisions), 0);
	assert_null(revisions_newest(revisions));
	assert_null(revisions_oldest(revisions));
	assert_null(revisions_find(revisions, 0));
	assert_null(revisions_find(revisions, 1));
	assert_null(revisions_before(revisions, 0));
	assert_null(revisions_before(revisions, UINT64_MAX));
	revisions_free(revisions);
	revisions_free(NULL);
}

static void the_newest_come_first_and_the_oldest_go(void **state)
{
	struct revisions *revisions = revisions_new(KEPT, REVISIONS_BYTES_MAX);
	struct config *config = config_of(THREE_VIPS);

	(void)state;
	for (uint64_t number = 1; number <= 5; number++)
		add(revisions, number, config);
	assert_int_equal(config->references, 1 + KEPT);
	assert_int_equal(revisions_count(revisions), KEPT);
	assert_int_equal(revisions_at(revisions, 0)->number, 5);
	assert_int_equal(revisions_at(revisions, 2)->number, 3);
	assert_int_equal(revisions_newest(revisions)->number, 5);
	assert_int_equal(revisions_oldest(revisions)->number, 3);
	assert_int_equal(revisions_newest(revisions)->time_ms, 5000);
	assert_string_equal(revisions_newest(revisions)->author, "alice");
	revisions_clear(revisions);
	assert_int_equal(revisions_count(revisions), 0);
	assert_int_equal(config->references, 1);
	add(revisions, 6, config);
	assert_int_equal(revisions_oldest(revisions)->number, 6);
	revisions_free(revisions);
	assert_int_equal(config->references, 1);
	config_unref(config);
}

static void numbers_may_leave_gaps(void **state)
{
	struct revisions *revisions = revisions_new(KEPT, REVISIONS_BYTES_MAX);
	struct config *config = config_of(THREE_VIPS);

	(void)state;
	add(revisions, 1, config);
	add(revisions, 4, config);
	add(revisions, 10, config);
	add(revisions, 11, config);
	assert_null(revisions_find(revisions, 1));
	assert_int_equal(revisions_find(revisions, 4)->number, 4);
	assert_null(revisions_find(revisions, 5));
	assert_int_equal(revisions_find(revisions, 10)->number, 10);
	assert_int_equal(revisions_find(revisions, 11)->number, 11);
	assert_null(revisions_find(revisions, 12));
	assert_int_equal(revisions_before(revisions, 12)->number, 11);
	assert_int_equal(revisions_before(revisions, 11)->number, 10);
	assert_int_equal(revisions_before(revisions, 10)->number, 4);
	assert_int_equal(revisions_before(revisions, 5)->number, 4);
	assert_null(revisions_before(revisions, 4));
	assert_null(revisions_before(revisions, 0));
	revisions_free(revisions);
	config_unref(config);
}

static void what_changed_is_counted_against_the_one_before(void **state)
{
	struct revisions *revisions = revisions_new(KEPT, REVISIONS_BYTES_MAX);
	struct config *three = config_of(THREE_VIPS);
	struct config *other = config_of("{" NODE ", 'vips': {'web': {" WEB "}, 'all': {'address':"
					 " '192.0.2.20', 'port': 0, 'protocol': 'tcp'}}}");
	const struct revision *newest;

	(void)state;
	add(revisions, 1, three);
	assert_false(revisions_newest(revisions)->has_changes);
	add(revisions, 2, other);
	newest = revisions_newest(revisions);
	assert_true(newest->has_changes);
	assert_int_equal(newest->changes.added, 0);
	assert_int_equal(newest->changes.changed, 1);
	assert_int_equal(newest->changes.removed, 1);
	add(revisions, 3, three);
	newest = revisions_newest(revisions);
	assert_int_equal(newest->changes.added, 1);
	assert_int_equal(newest->changes.changed, 1);
	assert_int_equal(newest->changes.removed, 0);
	revisions_free(revisions);
	config_unref(other);
	config_unref(three);
}

static void one_that_has_no_room_for_two_keeps_the_newest(void **state)
{
	struct revisions *revisions = revisions_new(1, REVISIONS_BYTES_MAX);
	struct config *config = config_of(THREE_VIPS);

	(void)state;
	for (uint64_t number = 1; number <= 5; number++)
		add(revisions, number, config);
	assert_int_equal(revisions_count(revisions), 1);
	assert_int_equal(revisions_newest(revisions)->number, 5);
	revisions_free(revisions);
	assert_int_equal(config->references, 1);
	config_unref(config);
}

/* One VIP of MANY backends, all with this weight. */
static struct config *dear_config(uint32_t weight)
{
	struct config *base = config_of("{" NODE ", 'vips': {'web': {" WEB "}}}"), *config;
	struct config_backend *backends = calloc(MANY, sizeof(backends[0]));
	struct error_list errors = {0};
	struct config_vip *vip;

	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(backends[i].name, sizeof(backends[i].name), "b%u", i);
		backends[i].address = address_from_ipv4(htonl(FIRST_ADDRESS + i));
		backends[i].weight = weight;
	}
	vip = config_vip_with_backends(base->vips[0], backends, MANY, &errors);
	if (!vip)
		fail_msg("refused:\n%s", errors_text(&errors));
	config = config_with_vip(base, vip, &errors);
	assert_non_null(config);
	config_vip_unref(vip);
	config_unref(base);
	free(backends);
	return config;
}

static void dear_revisions_are_forgotten_earlier(void **state)
{
	size_t vip_bytes = sizeof(struct config_vip) + MANY * sizeof(struct config_backend);
	struct revisions *revisions = revisions_new(100, 10 * vip_bytes);
	struct config *config;

	(void)state;
	for (uint32_t number = 1; number <= 20; number++) {
		config = dear_config(number);
		add(revisions, number, config);
		config_unref(config);
	}
	/* The newest one's VIP is not the history's alone, and the configs cost something, too. */
	assert_int_equal(revisions_count(revisions), 10);
	assert_int_equal(revisions_newest(revisions)->number, 20);
	config = config_ref(revisions_newest(revisions)->config);
	revisions_clear(revisions);
	for (uint32_t number = 1; number <= 20; number++)
		add(revisions, number, config);
	assert_int_equal(revisions_count(revisions), 20);
	config_unref(config);
	revisions_free(revisions);
}

static void one_too_dear_for_the_bound_is_kept_alone(void **state)
{
	struct revisions *revisions = revisions_new(KEPT, 0);
	struct config *config;

	(void)state;
	for (uint32_t number = 1; number <= 5; number++) {
		config = dear_config(number);
		add(revisions, number, config);
		config_unref(config);
	}
	assert_int_equal(revisions_count(revisions), 1);
	assert_int_equal(revisions_newest(revisions)->number, 5);
	revisions_free(revisions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_one_has_nothing),
		cmocka_unit_test(the_newest_come_first_and_the_oldest_go),
		cmocka_unit_test(numbers_may_leave_gaps),
		cmocka_unit_test(what_changed_is_counted_against_the_one_before),
		cmocka_unit_test(one_that_has_no_room_for_two_keeps_the_newest),
		cmocka_unit_test(dear_revisions_are_forgotten_earlier),
		cmocka_unit_test(one_too_dear_for_the_bound_is_kept_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
